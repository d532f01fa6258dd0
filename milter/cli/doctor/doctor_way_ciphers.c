/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/cli/doctor/doctor_ciphers.h"
#include "milter/cli/doctor/doctor_edit.h"
#include "milter/cli/doctor/doctor_way.h"
#include "milter/cli/host/postfix.h"

enum {
	LIST_SIZE = 4096,
	VALUE_SIZE = 300,

	/* A list of more is none that a person reads */
	EXCLUDED_MAX = 24,
};

#define MEDIUM "tls_medium_cipherlist"
#define SEPARATORS ":, \t\r\n"

/* "A, B" of an exclude list as ":!A:!B".  False for what Postfix refuses. */
static bool
add_excluded(struct text *list, const char *excluded)
{
	for (const char *at = excluded + strspn(excluded, SEPARATORS);
	     *at != '\0'; at += strspn(at, SEPARATORS)) {
		size_t length = strcspn(at, SEPARATORS);

		if (strchr("!+-@", *at) != NULL)
			return false;
		text_addf(list, ":!%.*s", (int)length, at);
		at += length;
	}
	return true;
}

/* Those of an exclude list that leave out nothing that is relied on, and
 * whether there are others; false when it cannot be told. */
static bool
keep_harmless(const char *excluded, char value[VALUE_SIZE], bool *others)
{
	struct text kept;
	size_t count = 0;

	*others = false;
	text_init(&kept, value, VALUE_SIZE);
	for (const char *at = excluded + strspn(excluded, SEPARATORS);
	     *at != '\0'; at += strspn(at, SEPARATORS)) {
		size_t length = strcspn(at, SEPARATORS);
		struct doctor_ciphers ciphers;
		char list[VALUE_SIZE];

		snprintf(list, sizeof(list), DOCTOR_CIPHERS_OFFERED ":!%.*s",
		    (int)length, at);
		if (++count > EXCLUDED_MAX ||
		    !doctor_ciphers_compare(list, &ciphers))
			return false;
		if (ciphers.lost > 0)
			*others = true;
		else
			text_addf(&kept, "%s%.*s", kept.len == 0 ? "" : ",",
			    (int)length, at);
		at += length;
	}
	return !kept.cut;
}

/* The parameter to another value, where it has a part in the difference. */
static void
mend_parameter(const struct doctor_way *way,
    const struct doctor_cipher_settings *settings, const char *parameter,
    const char *value)
{
	doctor_edit_parameter(
	    way->doctor, way->found, settings->service, parameter, value);
}

static void
mend_excluded(struct doctor_way *way,
    const struct doctor_cipher_settings *settings, const char *parameter,
    const char *excluded)
{
	char kept[VALUE_SIZE];
	bool others;

	if (!keep_harmless(excluded, kept, &others))
		doctor_mend(way->found,
		    "# take out of %s what leaves out AES or CHACHA20",
		    parameter);
	else if (others)
		mend_parameter(way, settings, parameter, kept);
}

static void
mend_ciphers(struct doctor_way *way,
    const struct doctor_cipher_settings *settings, const char *medium)
{
	struct doctor_ciphers alone;

	if (!doctor_ciphers_compare(settings->list, &alone) || alone.lost > 0)
		mend_parameter(way, settings, settings->list_name, medium);
	mend_excluded(
	    way, settings, "smtp_tls_exclude_ciphers", settings->exclude);
	mend_excluded(way, settings, "smtp_tls_mandatory_exclude_ciphers",
	    settings->mandatory_exclude);
	doctor_mend(way->found,
	    "# or leave it so: hosts with nothing else then pass here, and "
	    "Postfix defers their mail");
	doctor_edit_reload(way->found);
}

/* All as it is by default: whoever has no openssl(1) needs none. */
static bool
is_default(const struct doctor_cipher_settings *settings, const char *medium)
{
	return strcmp(settings->list, medium) == 0 &&
	       settings->exclude[0] == '\0' &&
	       settings->mandatory_exclude[0] == '\0';
}

/* False when it cannot be told. */
static bool
compare_lists(const struct doctor_cipher_settings *settings,
    struct doctor_ciphers *ciphers)
{
	char array[LIST_SIZE];
	struct text list;

	text_init(&list, array, sizeof(array));
	text_addf(&list, "%s:!aNULL", settings->list);
	return add_excluded(&list, settings->exclude) &&
	       add_excluded(&list, settings->mandatory_exclude) && !list.cut &&
	       doctor_ciphers_compare(list.s, ciphers);
}

void
doctor_way_ciphers(
    struct doctor_way *way, const struct doctor_cipher_settings *settings)
{
	char *medium = postfix_default(way->doctor->postfix, MEDIUM);
	struct doctor_ciphers ciphers = {.lost = 0};
	char what[VALUE_SIZE];

	if (medium == NULL || (!is_default(settings, medium) &&
				  !compare_lists(settings, &ciphers))) {
		doctor_way_unknown(way, settings->list_name);
	} else if (ciphers.lost > 0) {
		doctor_ciphers_print(&ciphers, what, sizeof(what));
		doctor_way_other(way, what);
		mend_ciphers(way, settings, medium);
	}
	free(medium);
}
