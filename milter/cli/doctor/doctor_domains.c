/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/proto/domain.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/host/askers.h"
#include "milter/cli/host/postfix.h"

enum {
	WORD_SIZE = 300,
	MISSING_SIZE = 2000,
	TABLES_SIZE = 160,
	SHOWN = 100, /* octets of names, where they are seen only */
	LINE_SIZE = 1024,
};

#define SEPARATORS ", \t\r\n"

/* Domains that Postfix keeps, and that posternd does not know of. */
struct kept {
	const struct doctor *doctor;
	struct text missing, tables;
	char missing_array[MISSING_SIZE], tables_array[TABLES_SIZE];
};

static bool
is_noted(const struct text *list, const char *item)
{
	size_t length = strlen(item);

	for (const char *at = list->s; *at != '\0';) {
		size_t size = strcspn(at, SEPARATORS);

		if (size == length && strncmp(at, item, size) == 0)
			return true;
		at += size;
		at += strspn(at, SEPARATORS);
	}
	return false;
}

static void
note_domain(struct kept *kept, char *word)
{
	const struct doctor *doctor = kept->doctor;
	const char *dotless = word + (word[0] == '.');
	char name[LIMIT_DOMAIN_SIZE];
	char item[WORD_SIZE];

	if (domain_normalise(dotless, name, NULL) != 0)
		return;
	if (strcasecmp(word, postfix_get(doctor->postfix, "myhostname")) == 0 ||
	    settings_lists_domain(&doctor->settings->internal_domains, name))
		return;
	snprintf(item, sizeof(item), "%s%s", word[0] == '.' ? "." : "", name);
	if (!is_noted(&kept->missing, item))
		text_addf(&kept->missing, "%s%s",
		    kept->missing.len == 0 ? "" : ", ", item);
}

static void note_words(struct kept *kept, const char *list, bool in_file);

/* A file of names, a line each. */
static void
read_names(struct kept *kept, const char *path)
{
	FILE *in = fopen(path, "re");
	char line[LINE_SIZE];

	if (in == NULL) {
		text_addf(&kept->tables, " %s", path);
		return;
	}
	while (fgets(line, sizeof(line), in) != NULL) {
		line[strcspn(line, "#")] = '\0';
		note_words(kept, line, true);
	}
	fclose(in);
}

/* Patterns and tables are not looked into. */
static void
note_words(struct kept *kept, const char *list, bool in_file)
{
	for (const char *at = list + strspn(list, SEPARATORS); *at != '\0';) {
		size_t length = strcspn(at, SEPARATORS);
		char word[WORD_SIZE];

		snprintf(word, sizeof(word), "%.*s", (int)length, at);
		if (length >= sizeof(word) || strchr(word, ':') != NULL ||
		    word[0] == '!' || word[0] == '{')
			text_addf(&kept->tables, " %s", word);
		else if (word[0] == '/' && !in_file)
			read_names(kept, word);
		else
			note_domain(kept, word);
		at += length;
		at += strspn(at, SEPARATORS);
	}
}

/* Mail by sendmail(1) is looked at: nothing then says which mailer it is for.
 */
static bool
sees_local_mail(const struct doctor *doctor)
{
	struct askers askers;

	askers_cleanup(doctor->postfix, doctor->settings->socket, &askers);
	return askers.count > 0 && (askers.items[0].asks == ASKER_US ||
				       askers.items[0].asks == ASKER_SHUT_OUT);
}

static void
say_domains(
    const struct kept *kept, struct doctor_finding *found, const char *conf)
{
	const struct doctor *doctor = kept->doctor;

	if (doctor->setting != NULL)
		doctor->setting(doctor->setting_arg, "InternalDomains",
		    kept->missing.s, "Postfix keeps their mail");
	doctor_mend(found,
	    "InternalDomains %s    # in %s, then reload posternd",
	    kept->missing.s, conf);
}

static void
say_missing(const struct kept *kept, struct doctor_finding *found)
{
	const struct settings *settings = kept->doctor->settings;
	const char *conf = kept->doctor->conf_file == NULL
			       ? SETTINGS_PATH
			       : kept->doctor->conf_file;

	doctor_say(found, DOCTOR_WARN,
	    "Postfix keeps mail to %.*s%s, which posternd would look at", SHOWN,
	    kept->missing.s, kept->missing.len > SHOWN ? "..." : "");
	if (kept->missing.cut)
		doctor_mend(found,
		    "# name all domains of relay_domains, mydestination and "
		    "virtual_*_domains at InternalDomains in %s",
		    conf);
	else if (settings->internal_domains.count == 0)
		say_domains(kept, found, conf);
	else
		doctor_mend(found, "# add to InternalDomains in %s: %s", conf,
		    kept->missing.s);
}

void
doctor_internal_domains(struct doctor *doctor, struct doctor_finding *found)
{
	static const char *const parameters[] = {"relay_domains",
	    "mydestination", "virtual_mailbox_domains",
	    "virtual_alias_domains"};
	struct kept kept = {.doctor = doctor};
	size_t count = doctor->local_mail || sees_local_mail(doctor)
			   ? sizeof(parameters) / sizeof(parameters[0])
			   : 1;

	text_init(&kept.missing, kept.missing_array, MISSING_SIZE);
	text_init(&kept.tables, kept.tables_array, TABLES_SIZE);
	for (size_t i = 0; i < count; i++)
		note_words(
		    &kept, postfix_get(doctor->postfix, parameters[i]), false);
	if (kept.missing.len > 0)
		say_missing(&kept, found);
	else if (kept.tables.len > 0)
		doctor_blind(found,
		    "cannot tell whether it has all domains that Postfix "
		    "keeps by%s",
		    kept.tables.s);
	else
		doctor_say(found, DOCTOR_OK,
		    "no domain that Postfix keeps is looked at");
}
