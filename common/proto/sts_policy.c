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

enum {
	MAX_FIELD_NAME = 32, /* sts-policy-ext-name */
	MAX_AGE_DIGITS = 10, /* sts-policy-max-age */
	MAX_LABEL = 63,
};

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

/* Octets of the body, counted. */
struct span {
	const char *s;
	size_t length;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

static bool
span_is(struct span span, const char *text)
{
	return strlen(text) == span.length &&
	       memcmp(span.s, text, span.length) == 0;
}

static struct span
trim_front(struct span span)
{
	while (span.length > 0 && is_wsp(span.s[0])) {
		span.s++;
		span.length--;
	}
	return span;
}

static struct span
trim_end(struct span span)
{
	while (span.length > 0 && is_wsp(span.s[span.length - 1]))
		span.length--;
	return span;
}

/*
 * The length of the UTF-8 sequence at s, 0 if it is none; RFC 3629 section 4:
 * no overlong form, no surrogate, nothing above U+10FFFF.
 */
static size_t
utf8_length(const char *s, size_t left)
{
	uint8_t first = (uint8_t)s[0];
	uint8_t second = left > 1 ? (uint8_t)s[1] : 0;
	uint8_t low = 0x80, high = 0xbf;
	size_t length;

	if (first >= 0xc2 && first <= 0xdf)
		length = 2;
	else if (first >= 0xe0 && first <= 0xef)
		length = 3;
	else if (first >= 0xf0 && first <= 0xf4)
		length = 4;
	else
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (length > left || second < low || second > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (((uint8_t)s[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* sts-policy-ext-value: printable ASCII and UTF-8, blanks within only. */
static bool
is_value(struct span value)
{
	size_t step;

	if (value.length == 0)
		return false;
	for (size_t i = 0; i < value.length; i += step) {
		step = 1;
		if (value.s[i] >= ' ' && value.s[i] <= '~')
			continue;
		step = utf8_length(value.s + i, value.length - i);
		if (step == 0)
			return false;
	}
	return true;
}

/* sts-policy-ext-name, which the known names are of as well. */
static bool
is_field_name(struct span name)
{
	if (name.length == 0 || name.length > MAX_FIELD_NAME ||
	    !text_is_alnum(name.s[0]))
		return false;
	for (size_t i = 1; i < name.length; i++)
		if (!text_is_alnum(name.s[i]) && name.s[i] != '_' &&
		    name.s[i] != '-' && name.s[i] != '.')
			return false;
	return true;
}

/* sub-domain of RFC 5321 section 4.1.2: Let-dig [Ldh-str] */
static bool
is_sub_domain(struct span label)
{
	if (label.length == 0 || label.length > MAX_LABEL)
		return false;
	if (!text_is_alnum(label.s[0]) ||
	    !text_is_alnum(label.s[label.length - 1]))
		return false;
	for (size_t i = 0; i < label.length; i++)
		if (!text_is_alnum(label.s[i]) && label.s[i] != '-')
			return false;
	return true;
}

static bool
all_digits(struct span span)
{
	for (size_t i = 0; i < span.length; i++)
		if (!is_digit(span.s[i]))
			return false;
	return true;
}

/*
 * Domain of RFC 5321 section 4.1.2.  A last label of digits makes an IPv4
 * address of it, which is no Domain.
 */
static bool
is_smtp_domain(struct span domain)
{
	struct span label = {domain.s, 0};

	if (domain.length > LIMIT_DOMAIN)
		return false;
	for (size_t i = 0; i < domain.length; i++) {
		if (domain.s[i] != '.')
			continue;
		label.length = (size_t)(domain.s + i - label.s);
		if (!is_sub_domain(label))
			return false;
		label.s = domain.s + i + 1;
	}
	label.length = (size_t)(domain.s + domain.length - label.s);
	return is_sub_domain(label) && !all_digits(label);
}

/* Why a name is none: editors and shells leave more than they show. */
static const char *
name_fault(struct span name, struct span line)
{
	if (line.length >= 3 && memcmp(line.s, "\xef\xbb\xbf", 3) == 0)
		return "field name: a byte order mark (UTF-8) stands before it";
	if (line.length >= 2 && (memcmp(line.s, "\xff\xfe", 2) == 0 ||
				    memcmp(line.s, "\xfe\xff", 2) == 0))
		return "field name: this is UTF-16, not ASCII";
	if (name.length == 0)
		return "field name: there is none before \":\"";
	if (is_wsp(name.s[0]))
		return "field name: the line is indented";
	if (is_wsp(name.s[name.length - 1]))
		return "field name: white space stands before \":\"";
	return "field name: not 1 to 32 letters, digits, \"_\", \"-\", \".\"";
}

static const char *
value_fault(struct span value)
{
	if (value.length == 0)
		return "field value: there is none behind \":\"";
	if (memchr(value.s, '\r', value.length) != NULL)
		return "field value: a CR without LF stands in it";
	return "field value: it has octets that are no printable text";
}

/* sts-policy-mx: ["*."] Domain */
static const char *
take_mx(struct sts_policy *policy, struct span value)
{
	struct span domain = value;
	char *pattern;

	if (value.length > 2 && memcmp(value.s, "*.", 2) == 0) {
		domain.s += 2;
		domain.length -= 2;
	}
	if (!is_smtp_domain(domain))
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
take_mode(struct sts_policy *policy, struct span value)
{
	static const enum sts_mode modes[] = {
	    STS_MODE_NONE, STS_MODE_TESTING, STS_MODE_ENFORCE};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (!span_is(value, sts_mode_text(modes[i])))
			continue;
		policy->mode = modes[i];
		return NULL;
	}
	return "mode is not enforce, testing or none";
}

/* sts-policy-max-age: 1*10(DIGIT) */
static const char *
take_max_age(struct sts_policy *policy, struct span value)
{
	uint64_t age_s = 0;

	if (value.length > MAX_AGE_DIGITS || !all_digits(value))
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
take_version(struct span value)
{
	return span_is(value, "STSv1") ? NULL : "version is not STSv1";
}

static const char *
take_key(struct sts_policy *policy, enum key key, struct span value)
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
key_of(struct span name)
{
	if (span_is(name, "version"))
		return KEY_VERSION;
	if (span_is(name, "mode"))
		return KEY_MODE;
	return span_is(name, "max_age") ? KEY_MAX_AGE : KEY_UNKNOWN;
}

/* What a name that is none was meant to be: one mistake is told once. */
static unsigned
meant_key(struct span name)
{
	if (name.length >= 3 && memcmp(name.s, "\xef\xbb\xbf", 3) == 0) {
		name.s += 3;
		name.length -= 3;
	}
	name = trim_end(trim_front(name));
	return span_is(name, "mx") ? BROKEN_MX : key_of(name);
}

/*
 * name ":" *WSP value *WSP.  seen collects the keys.  Gives the rule broken,
 * or NULL.
 */
static const char *
take_policy_field(struct sts_policy *policy, unsigned *seen, struct span line)
{
	const char *colon = memchr(line.s, ':', line.length);
	struct span name = {line.s, 0};
	struct span value;
	enum key key;

	if (colon == NULL)
		return "field without \":\"";
	name.length = (size_t)(colon - line.s);
	value.s = colon + 1;
	value.length = line.length - name.length - 1;
	value = trim_end(trim_front(value));
	if (!is_field_name(name)) {
		*seen |= meant_key(name);
		return name_fault(name, line);
	}
	if (!is_value(value))
		return value_fault(value);
	if (span_is(name, "mx"))
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
static struct span
next_policy_line(struct span *body)
{
	const char *lf = memchr(body->s, '\n', body->length);
	struct span line = *body;

	if (lf != NULL)
		line.length = (size_t)(lf - body->s);
	body->s += line.length + (lf != NULL);
	body->length -= line.length + (lf != NULL);
	if (lf != NULL && line.length > 0 && line.s[line.length - 1] == '\r')
		line.length--;
	return line;
}

static bool
all_blank(struct span body)
{
	while (body.length > 0)
		if (trim_front(next_policy_line(&body)).length > 0)
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
    struct sts_policy *policy, struct span body, struct mistakes *mistakes)
{
	unsigned seen = 0;

	for (unsigned number = 1;
	     body.length > 0 && mistakes->count < mistakes->most; number++) {
		struct span rest = body;
		struct span line = next_policy_line(&body);
		const char *why = take_policy_field(policy, &seen, line);

		if (why == NULL)
			continue;
		if (trim_front(line).length > 0) {
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
	struct span span = {body, length};
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
	while (is_wsp(*content_type))
		content_type++;
	if (strncasecmp(content_type, wanted, length) != 0)
		return false;
	content_type += length;
	while (is_wsp(*content_type))
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
