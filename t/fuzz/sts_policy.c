/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/sts_policy.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/fuzz/fuzz.h"

enum {
	ALL_NOTES = STS_NOTE_MAX_AGE_CLAMPED | STS_NOTE_TRAILING_BLANK_LINES |
		    STS_NOTE_DUPLICATE_KEY | STS_NOTE_UNKNOWN_KEY,
};

static bool
is_wildcard(const char *pattern)
{
	return strncmp(pattern, "*.", 2) == 0;
}

static void
check_pattern(const char *pattern)
{
	const char *name = is_wildcard(pattern) ? pattern + 2 : pattern;

	fuzz_check_domain(name);
	assert(strchr(name, '_') == NULL);
}

static void
check_policy(const struct sts_policy *policy)
{
	switch (policy->mode) {
	case STS_MODE_NONE:
		break;
	case STS_MODE_TESTING:
	case STS_MODE_ENFORCE:
		assert(policy->mx_count > 0);
		break;
	}
	assert(policy->mx_count <= LIMIT_STS_MX);
	assert(policy->max_age_s <= LIMIT_STS_MAX_AGE_S);
	assert((policy->notes & ~(unsigned)ALL_NOTES) == 0);
	if (policy->notes & STS_NOTE_MAX_AGE_CLAMPED)
		assert(policy->max_age_s == LIMIT_STS_MAX_AGE_S);
	for (size_t i = 0; i < policy->mx_count; i++)
		check_pattern(policy->mx[i]);
}

static void
check_same(const struct sts_policy *a, const struct sts_policy *b)
{
	assert(a->mode == b->mode && a->max_age_s == b->max_age_s);
	assert(a->mx_count == b->mx_count);
	for (size_t i = 0; i < a->mx_count; i++)
		assert(strcmp(a->mx[i], b->mx[i]) == 0);
}

/* Written anew, it reads the same, and there is nothing to note. */
static void
check_printed(const struct sts_policy *policy, const char *end)
{
	size_t size = 256 + policy->mx_count * (LIMIT_DOMAIN + 16);
	char *body = xmalloc(size);
	struct sts_policy *back;
	struct text text;

	text_init(&text, body, size);
	text_addf(&text, "version: STSv1%smode:%s%s", end,
	    sts_mode_text(policy->mode), end);
	for (size_t i = 0; i < policy->mx_count; i++)
		text_addf(&text, "mx:  %s \t%s", policy->mx[i], end);
	text_addf(&text, "max_age: %u", policy->max_age_s);
	assert(!text.cut);
	if (text.len <= LIMIT_STS_BODY) {
		back = sts_policy_parse(body, text.len, NULL);
		assert(back != NULL && back->notes == 0);
		check_same(policy, back);
		sts_policy_free(back);
	}
	free(body);
}

/* RFC 8461 section 4.1, read once more. */
static bool
names(const struct sts_policy *policy, const char *host)
{
	const char *parent = strchr(host, '.');

	for (size_t i = 0; i < policy->mx_count; i++) {
		const char *pattern = policy->mx[i];

		if (!is_wildcard(pattern) && strcmp(pattern, host) == 0)
			return true;
		if (is_wildcard(pattern) && parent != NULL &&
		    strcmp(pattern + 2, parent + 1) == 0)
			return true;
	}
	return false;
}

static void
check_host(const struct sts_policy *policy, const char *host)
{
	bool wanted = names(policy, host);

	assert(sts_policy_names(policy, host) == wanted);
}

/* Hosts at, above and below what each pattern says. */
static void
check_names(const struct sts_policy *policy)
{
	check_host(policy, "mx1.d.example");
	check_host(policy, "d.example");
	check_host(policy, "example");
	for (size_t i = 0; i < policy->mx_count; i++) {
		const char *pattern = policy->mx[i];
		const char *name = pattern + 2 * is_wildcard(pattern);
		const char *parent = strchr(name, '.');
		char host[2 * LIMIT_DOMAIN_SIZE];
		struct text text;

		assert(is_wildcard(pattern) || sts_policy_names(policy, name));
		check_host(policy, name);
		if (parent != NULL)
			check_host(policy, parent + 1);
		text_init(&text, host, sizeof(host));
		text_addf(&text, "x.y.%s", name);
		check_host(policy, host);
		check_host(policy, host + 2);
		if (is_wildcard(pattern))
			assert(sts_policy_names(policy, host + 2));
	}
}

static void
keep_first(void *arg, const char *text)
{
	char *first = arg;

	if (first[0] == '\0')
		snprintf(first, sizeof(((struct err *)NULL)->text), "%s", text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char first[sizeof(((struct err *)NULL)->text)] = "";
	struct sts_policy *policy;
	struct err err;

	fuzz_err_init(&err);
	policy = sts_policy_parse((const char *)data, size, &err);
	assert((sts_policy_lint((const char *)data, size, keep_first, first) ==
		   0) == (policy != NULL));
	assert(policy != NULL || strcmp(first, err.text) == 0);
	if (policy == NULL) {
		fuzz_check_refusal(&err);
		return 0;
	}
	check_policy(policy);
	check_printed(policy, "\n");
	check_printed(policy, "\r\n");
	check_names(policy);
	sts_policy_free(policy);
	return 0;
}
