/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/sts_policy.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/sts_field.h"

enum { MAX_AGE_DIGITS = 10 }; /* sts-policy-max-age */

/* Keys but mx.  Those with a bit stand once; of several the first counts. */
enum key { KEY_UNKNOWN = 0, KEY_VERSION = 1, KEY_MODE = 2, KEY_MAX_AGE = 4 };

/* An mx that is there, but broken: the policy does not lack one. */
enum { BROKEN_MX = 8 };

/* What is wrong with a body, and how much of it is wanted. */
struct mistakes {
	sts_mistake *each;
	void *arg;
	size_t count, most;
};

/* sts-policy-mx: ["*."] Domain */
static const char *
take_mx(struct sts_policy *policy, struct sts_span value)
{
	struct sts_span domain = value;
	char *pattern;

	if (value.length > 2 && memcmp(value.s, "*.", 2) == 0) {
		domain.s += 2;
		domain.length -= 2;
	}
	if (!sts_is_domain(domain))
		return "mx is no host name of A-labels, nor \"*.\" and one";
	if (policy->mx_count == LIMIT_STS_MX)
		return "too many mx";
	pattern = xstrndup(value.s, value.length);
	text_lower(pattern);
	policy->mx =
	    xrealloc(policy->mx, policy->mx_count + 1, sizeof(policy->mx[0]));
	policy->mx[policy->mx_count++] = pattern;
	return NULL;
}

static const char *
take_mode(struct sts_policy *policy, struct sts_span value)
{
	static const enum sts_mode modes[] = {
	    STS_MODE_NONE, STS_MODE_TESTING, STS_MODE_ENFORCE};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (!sts_span_is(value, sts_mode_text(modes[i])))
			continue;
		policy->mode = modes[i];
		return NULL;
	}
	return "mode is not enforce, testing or none";
}

/* sts-policy-max-age: 1*10(DIGIT) */
static const char *
take_max_age(struct sts_policy *policy, struct sts_span value)
{
	uint64_t age_s = 0;

	if (value.length > MAX_AGE_DIGITS || !sts_is_digits(value))
		return "max_age is not 1 to 10 digits";
	for (size_t i = 0; i < value.length; i++)
		age_s = age_s * 10 + (uint64_t)(value.s[i] - '0');
	if (age_s > LIMIT_STS_MAX_AGE_S) {
		age_s = LIMIT_STS_MAX_AGE_S;
		policy->notes |= STS_NOTE_MAX_AGE_CLAMPED;
	}
	policy->max_age_s = (uint32_t)age_s;
	return NULL;
}

static const char *
take_version(struct sts_span value)
{
	return sts_span_is(value, "STSv1") ? NULL : "version is not STSv1";
}

static const char *
take_key(struct sts_policy *policy, enum key key, struct sts_span value)
{
	switch (key) {
	case KEY_UNKNOWN:
		policy->notes |= STS_NOTE_UNKNOWN_KEY;
		return NULL;
	case KEY_VERSION:
		return take_version(value);
	case KEY_MODE:
		return take_mode(policy, value);
	case KEY_MAX_AGE:
		return take_max_age(policy, value);
	}
	assert(false); /* every enum value is above */
	return NULL;
}

static enum key
key_of(struct sts_span name)
{
	if (sts_span_is(name, "version"))
		return KEY_VERSION;
	if (sts_span_is(name, "mode"))
		return KEY_MODE;
	return sts_span_is(name, "max_age") ? KEY_MAX_AGE : KEY_UNKNOWN;
}

/* What a name that is none was meant to be: one mistake is told once. */
static unsigned
meant_key(struct sts_span name)
{
	if (name.length >= 3 && memcmp(name.s, "\xef\xbb\xbf", 3) == 0) {
		name.s += 3;
		name.length -= 3;
	}
	name = sts_span_trim_end(sts_span_trim_front(name));
	return sts_span_is(name, "mx") ? BROKEN_MX : key_of(name);
}

/*
 * name ":" *WSP value *WSP.  seen collects the keys.  Gives the rule broken,
 * or NULL.
 */
static const char *
take_policy_field(
    struct sts_policy *policy, unsigned *seen, struct sts_span line)
{
	const char *colon = memchr(line.s, ':', line.length);
	struct sts_span name = {.s = line.s};
	struct sts_span value;
	enum key key;

	if (colon == NULL)
		return "field without \":\"";
	name.length = (size_t)(colon - line.s);
	value.s = colon + 1;
	value.length = line.length - name.length - 1;
	value = sts_span_trim_end(sts_span_trim_front(value));
	if (!sts_is_field_name(name)) {
		*seen |= meant_key(name);
		return sts_name_fault(name, line);
	}
	if (!sts_is_value(value))
		return sts_value_fault(value);
	if (sts_span_is(name, "mx"))
		return take_mx(policy, value);
	key = key_of(name);
	if (*seen & key) {
		policy->notes |= STS_NOTE_DUPLICATE_KEY;
		return NULL;
	}
	*seen |= key;
	return take_key(policy, key, value);
}

/*
 * Cut the next line off the body, without its LF or CRLF.  A CR elsewhere
 * stays in the line, where no rule takes it.
 */
static struct sts_span
next_policy_line(struct sts_span *body)
{
	const char *lf = memchr(body->s, '\n', body->length);
	struct sts_span line = *body;

	if (lf != NULL)
		line.length = (size_t)(lf - body->s);
	body->s += line.length + (lf != NULL);
	body->length -= line.length + (lf != NULL);
	if (lf != NULL && line.length > 0 && line.s[line.length - 1] == '\r')
		line.length--;
	return line;
}

static bool
all_blank(struct sts_span body)
{
	while (body.length > 0)
		if (sts_span_trim_front(next_policy_line(&body)).length > 0)
			return false;
	return true;
}

__attribute__((format(printf, 2, 3))) static void
add_mistake(struct mistakes *mistakes, const char *format, ...)
{
	char text[sizeof(((struct err *)NULL)->text)];
	va_list args;

	if (mistakes->count == mistakes->most)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	mistakes->count++;
	mistakes->each(mistakes->arg, text);
}

static void
find_missing_keys(
    const struct sts_policy *policy, unsigned seen, struct mistakes *mistakes)
{
	if (!(seen & KEY_VERSION))
		add_mistake(mistakes, "no version");
	if (!(seen & KEY_MODE))
		add_mistake(mistakes, "no mode");
	if (!(seen & KEY_MAX_AGE))
		add_mistake(mistakes, "no max_age");
	if (policy->mode != STS_MODE_NONE && policy->mx_count == 0 &&
	    !(seen & BROKEN_MX))
		add_mistake(mistakes, "no mx");
}

/* Up to the last mistake that is wanted. */
static void
read_policy_body(
    struct sts_policy *policy, struct sts_span body, struct mistakes *mistakes)
{
	unsigned seen = 0;

	for (unsigned number = 1;
	     body.length > 0 && mistakes->count < mistakes->most; number++) {
		struct sts_span rest = body;
		struct sts_span line = next_policy_line(&body);
		const char *why = take_policy_field(policy, &seen, line);

		if (why == NULL)
			continue;
		if (sts_span_trim_front(line).length > 0) {
			add_mistake(mistakes, "line %u: %s", number, why);
		} else if (number == 1 || !all_blank(rest)) {
			add_mistake(mistakes, "line %u: blank", number);
		} else {
			policy->notes |= STS_NOTE_TRAILING_BLANK_LINES;
			break;
		}
	}
	find_missing_keys(policy, seen, mistakes);
}

static void
release_policy(struct sts_policy *policy)
{
	for (size_t i = 0; i < policy->mx_count; i++)
		free(policy->mx[i]);
	free(policy->mx);
	free(policy);
}

static struct sts_policy *
read_policy(const char *body, size_t length, struct mistakes *mistakes)
{
	struct sts_span span = {body, length};
	struct sts_policy *policy;

	if (length > LIMIT_STS_BODY) {
		add_mistake(mistakes, "longer than 64 KiB");
		return NULL;
	}
	policy = xcalloc(1, sizeof(*policy));
	read_policy_body(policy, span, mistakes);
	if (mistakes->count == 0)
		return policy;
	release_policy(policy);
	return NULL;
}

static void
keep_first_mistake(void *arg, const char *text)
{
	err_set(arg, ERR_DATA, "%s", text);
}

struct sts_policy *
sts_policy_parse(const char *body, size_t length, struct err *err)
{
	struct mistakes first = {keep_first_mistake, err, 0, 1};

	return read_policy(body, length, &first);
}

size_t
sts_policy_lint(const char *body, size_t length, sts_mistake *each, void *arg)
{
	struct mistakes all = {each, arg, 0, LIMIT_CONF_FAULTS};

	sts_policy_free(read_policy(body, length, &all));
	return all.count;
}

void
sts_policy_free(struct sts_policy *policy)
{
	if (policy != NULL)
		release_policy(policy);
}

bool
sts_policy_names(const struct sts_policy *policy, const char *host)
{
	const char *parent = strchr(host, '.');

	for (size_t i = 0; i < policy->mx_count; i++) {
		const char *pattern = policy->mx[i];

		if (strcmp(pattern, host) == 0)
			return true;
		if (parent != NULL && strncmp(pattern, "*.", 2) == 0 &&
		    strcmp(pattern + 1, parent) == 0)
			return true;
	}
	return false;
}

bool
sts_media_type(const char *content_type)
{
	static const char wanted[] = "text/plain";
	const size_t length = sizeof(wanted) - 1;

	if (content_type == NULL)
		return false;
	while (sts_is_wsp(*content_type))
		content_type++;
	if (strncasecmp(content_type, wanted, length) != 0)
		return false;
	content_type += length;
	while (sts_is_wsp(*content_type))
		content_type++;
	return *content_type == '\0' || *content_type == ';';
}

char *
sts_policy_print(const struct sts_policy *policy)
{
	size_t size = 128;
	struct text text;
	char *body;

	for (size_t i = 0; i < policy->mx_count; i++)
		size += strlen(policy->mx[i]) + sizeof("mx: \n");
	body = xmalloc(size);
	text_init(&text, body, size);
	text_addf(
	    &text, "version: STSv1\nmode: %s\n", sts_mode_text(policy->mode));
	for (size_t i = 0; i < policy->mx_count; i++)
		text_addf(&text, "mx: %s\n", policy->mx[i]);
	text_addf(&text, "max_age: %u\n", policy->max_age_s);
	return body;
}

const char *
sts_mode_text(enum sts_mode mode)
{
	switch (mode) {
	case STS_MODE_NONE:
		return "none";
	case STS_MODE_TESTING:
		return "testing";
	case STS_MODE_ENFORCE:
		return "enforce";
	}
	assert(false); /* every enum value is above */
	return "";
}
