/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "milter/act/requiretls.h"
#include "milter/act/tag.h"
#include "t/fuzz/fuzz.h"

/* The domains that were found in one value. */
struct seen {
	const char *value;
	size_t count;
	size_t octets;
	char first[LIMIT_RAW_DOMAIN_SIZE];
};

/* Whether all octets of text stand in value, in their order. */
static bool
is_taken_from(const char *text, const char *value)
{
	for (; *text != '\0'; text++) {
		value = strchr(value, *text);
		if (value == NULL)
			return false;
		value++;
	}
	return true;
}

/* Nothing is made up, and what a session makes of it is safe. */
static void
check_domain(void *arg, const char *domain)
{
	struct seen *seen = arg;
	char normal[LIMIT_DOMAIN_SIZE];

	assert(domain[0] != '\0' && strlen(domain) < sizeof(seen->first));
	assert(is_taken_from(domain, seen->value));
	if (domain_normalise(domain, normal, NULL) == 0)
		fuzz_check_domain(normal);
	if (seen->count++ == 0)
		text_copy(seen->first, sizeof(seen->first), domain);
	seen->octets += strlen(domain);
}

static size_t
count_ats(const char *value)
{
	size_t count = 0;

	for (; *value != '\0'; value++)
		count += *value == '@';
	return count;
}

/* An address in front changes nothing of what follows. */
static void
check_another(const struct seen *seen)
{
	static const char front[] = "\"x@y\" <a@first.example>, ";
	size_t size = sizeof(front) + strlen(seen->value);
	char *longer = xmalloc(size);
	struct seen more = {.value = longer};
	struct text text;

	text_init(&text, longer, size);
	text_addf(&text, "%s%s", front, seen->value);
	tag_each_domain(longer, check_domain, &more);
	assert(strcmp(more.first, "first.example") == 0);
	assert(more.count == seen->count + 1);
	assert(more.octets == seen->octets + strlen(more.first));
	free(longer);
}

static void
try_recipients(const char *value)
{
	struct seen seen = {.value = value};

	tag_each_domain(value, check_domain, &seen);
	assert(seen.count <= count_ats(value));
	check_another(&seen);
}

/* RFC 8689 section 3: "No" alone, in any case, with white space about it. */
static bool
is_no(const char *value)
{
	size_t length = strlen(value);

	while (length > 0 && strchr(" \t\r\n", value[length - 1]) != NULL)
		length--;
	while (length > 0 && strchr(" \t\r\n", value[0]) != NULL) {
		value++;
		length--;
	}
	return length == 2 && strncasecmp(value, "no", 2) == 0;
}

static void
try_waiver(const char *value)
{
	struct requiretls says = {.required = false};

	requiretls_read(&says, "tls-required", value, true);
	assert(requiretls_is_waived(&says) == is_no(value));
	requiretls_read(&says, "TLS-Required", "No", true);
	assert(!requiretls_is_waived(&says));
}

/* No stranger demands REQUIRETLS, or a name that is another. */
static void
try_demand(const char *name, const char *value)
{
	struct requiretls says = {.required = false};

	requiretls_read(&says, name, value, false);
	assert(!says.required &&
	       (says.fields == 0) == !tag_is_field(name, "TLS-Required"));
	requiretls_read(&says, name, value, true);
	if (says.required)
		assert(strncasecmp(name, "Require-TLS-ESMTP",
			   strlen("Require-TLS-ESMTP")) == 0);
}

/* The input is the value of a field that a sender wrote, or its name. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	char id[TAG_QUEUE_ID_SIZE];

	try_recipients(text);
	try_waiver(text);
	try_demand(text, "yes");
	tag_queue_id(id, text);
	assert(id[0] != '\0' && strpbrk(id, " ;=/\n") == NULL);
	free(text);
	return 0;
}
