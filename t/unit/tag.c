/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/tag.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* The promised grammar, written anew. */
#define LABELS "[a-z0-9_-]+(\\.[a-z0-9_-]+)*"
#define RESULT "(pass|none|softfail|fail|temperror|skip)"
static const char grammar[] =
    "^" LABELS "; v=1; result=" RESULT "; action=(none|tag|hold); "
    "id=[A-Za-z0-9._-]{1,32}"
    "(;\n d=(" LABELS "|\\[[0-9a-z.:]+\\])/" RESULT
    "/(tlsa|sts|local|no-policy-found)/[a-z0-9-]+){0,20}"
    "(;\n more=[0-9]{1,5})?$";

static bool
is_of_the_grammar(const char *value)
{
	regex_t regex;
	bool match;

	assert_int_equal(regcomp(&regex, grammar, REG_EXTENDED | REG_NOSUB), 0);
	match = regexec(&regex, value, 0, NULL, 0) == 0;
	regfree(&regex);
	return match;
}

static void
the_example_is_printed_to_the_letter(void **state)
{
	struct verdict fail = {.result = RESULT_FAIL,
	    .policy = POLICY_TYPE_TLSA,
	    .reason = REASON_CERTIFICATE_HOST_MISMATCH};
	struct verdict pass = {.result = RESULT_PASS,
	    .policy = POLICY_TYPE_STS,
	    .reason = REASON_OK};
	struct tag_item items[] = {
	    {"example.com", &fail}, {"example.net", &pass}};
	struct tag tag = {.authserv_id = "mx1.example.org",
	    .queue_id = "4h5QLG1x3hz2jkk",
	    .result = RESULT_FAIL,
	    .action = ACTION_TAG,
	    .count = 2,
	    .items = items};
	char *value = tag_print(&tag);

	(void)state;
	assert_string_equal(value,
	    "mx1.example.org; v=1; result=fail; action=tag; "
	    "id=4h5QLG1x3hz2jkk;\n"
	    " d=example.com/fail/tlsa/certificate-host-mismatch;\n"
	    " d=example.net/pass/sts/ok");
	assert_true(is_of_the_grammar(value));
	free(value);
}

static void
no_item_leaves_the_first_line(void **state)
{
	struct tag tag = {.authserv_id = "mx1",
	    .queue_id = "NOQUEUE",
	    .result = RESULT_NONE,
	    .action = ACTION_HOLD};
	char *value = tag_print(&tag);

	(void)state;
	assert_string_equal(
	    value, "mx1; v=1; result=none; action=hold; id=NOQUEUE");
	assert_true(is_of_the_grammar(value));
	free(value);
}

/* Longest names, worst words, any count of items. */
static void
print_many(size_t count, const char *more)
{
	static const char label[] =
	    "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0";
	struct verdict verdict = {.result = RESULT_TEMPERROR,
	    .policy = POLICY_TYPE_NONE,
	    .reason = REASON_CERTIFICATE_HOST_MISMATCH};
	struct tag_item *items = xcalloc(count, sizeof(*items));
	char domain[254];
	struct tag tag = {.authserv_id = domain,
	    .queue_id = "12345678901234567890123456789012",
	    .result = RESULT_TEMPERROR,
	    .action = ACTION_NONE,
	    .count = count,
	    .items = items};
	size_t listed = 0;
	char *value;

	snprintf(domain, sizeof(domain), "%s.%s.%s.%.61s", label, label, label,
	    label);
	for (size_t i = 0; i < count; i++)
		items[i] = (struct tag_item){domain, &verdict};
	value = tag_print(&tag);
	assert_true(is_of_the_grammar(value));
	for (const char *d = strstr(value, " d="); d != NULL;
	     d = strstr(d + 1, " d="))
		listed++;
	assert_int_equal(
	    listed, count < LIMIT_TAG_ITEMS ? count : LIMIT_TAG_ITEMS);
	if (more == NULL)
		assert_null(strstr(value, "more="));
	else
		assert_string_equal(strstr(value, "more="), more);
	free(value);
	free(items);
}

static void
twenty_items_are_listed_and_the_rest_is_counted(void **state)
{
	(void)state;
	print_many(1, NULL);
	print_many(LIMIT_TAG_ITEMS, NULL);
	print_many(LIMIT_TAG_ITEMS + 1, "more=1");
	print_many(500, "more=480");
	print_many(100019, "more=99999");
	print_many(200000, "more=99999");
}

static void
a_queue_id_is_made_to_fit(void **state)
{
	static const struct {
		const char *text, *id;
	} rows[] = {
	    {"4h5QLG1x3hz2jkk", "4h5QLG1x3hz2jkk"},
	    {"a-b_c.D9", "a-b_c.D9"},
	    {"AZaz09", "AZaz09"},
	    {"", "NOQUEUE"},
	    {NULL, "NOQUEUE"},
	    {"a b;c=d\r\n/%", "a-b-c-d----"},
	    {"\xc3\xa9", "--"},
	    {"1234567890123456789012345678901234567890",
		"12345678901234567890123456789012"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char id[TAG_QUEUE_ID_SIZE];

		tag_queue_id(id, rows[i].text);
		ROW_TEXT(rows[i].id, id, rows[i].id);
	}
}

static void
only_fields_of_recipients_count(void **state)
{
	static const char *const yes[] = {
	    "To", "TO", "cc", "Resent-To", "resent-CC", "To ", "To\t"};
	static const char *const no[] = {"From", "Bcc", "Resent-Bcc", "T",
	    "Tox", "Reply-To", "", "X-To", "Subject"};

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++)
		ROW(yes[i], tag_is_recipients(yes[i]));
	for (size_t i = 0; i < COUNT(no); i++)
		ROW(no[i], !tag_is_recipients(no[i]));
	assert_true(tag_is_field("AZ", "az"));
	assert_true(tag_is_field("az", "AZ"));
	assert_false(tag_is_field("@[", "`{"));
}

static void
gather(void *arg, const char *domain)
{
	struct text *text = arg;

	text_addf(text, "%s|", domain);
}

static const struct {
	const char *value, *domains;
} addresses[] = {
    {"a@b.example", "b.example|"},
    {"a@b.example, c@d.example", "b.example|d.example|"},
    {"<a@b.example>", "b.example|"},
    {"A B <a@b.example>,\r\n\tC <c@d.example>", "b.example|d.example|"},
    {"A\n <a@b.example>", "b.example|"},
    {"\"x@hidden.example\" <a@b.example>", "b.example|"},
    {"\"q\\\"x@hidden.example\" <a@b.example>", "b.example|"},
    {"\"a@b\"@c.example", "c.example|"},
    {"\"a, b\"@c.example", "c.example|"},
    {"a@b.example (x@hidden.example)", "b.example|"},
    {"a@b.example (x (y@h.example) z) , c@d.example", "b.example|d.example|"},
    {"a@(note)b.example", "b.example|"},
    {"a@b(note).example", "b.example|"},
    {"a@b . example", "b.example|"},
    {"a @ b.example", "b.example|"},
    {"(x \\) y@hidden.example, z) a@b.example", "b.example|"},
    {"Team: a@b.example, C <c@d.example>;", "b.example|d.example|"},
    {"Team: a@b.example;, c@d.example", "b.example|d.example|"},
    {"undisclosed-recipients:;", ""},
    {"A: ;, B: x@y.example;", "y.example|"},
    {"<@r.example,@s.example:a@b.example>", "b.example|"},
    {"a@[192.0.2.1], b@[IPv6:2001:db8::1]", "[192.0.2.1]|[IPv6:2001:db8::1]|"},
    {"a@b.example c@d.example", "b.example|d.example|"},
    {"a@b.example junk", "b.example|"},
    {"x@hidden.example <a@b.example>", "b.example|"},
    {"<a@b.example> x@hidden.example, c@d.example", "b.example|d.example|"},
    {"a@m\xc3\xbcller.example", "m\xc3\xbcller.example|"},
    {"a@B.Example.", "B.Example.|"},
    {"a@b@c.example", "c.example|"},
    {"", ""},
    {"   ", ""},
    {"nobody", ""},
    {"a@", ""},
    {"a@, b@c.example", "c.example|"},
    {"@", ""},
    {"<>", ""},
    {"<", ""},
    {"\"", ""},
    {"(", ""},
    {"(x\\", ""},
    {"((((((((", ""},
    {"\\", ""},
    {"a@[", "[|"},
    {"a@b c.example", "b|"},
    {"a@[192.0.2.1],b@c.example", "[192.0.2.1]|c.example|"},
    {"a@b.example: c;", ""},
    {"a@b.example\"c\"", ""},
    {"a@b.example(note)c", "b.example|"},
    {"a@b.example, \"unterminated@c.example", "b.example|"},
    {"a@b.example, (unterminated@c.example", "b.example|"},
    {",,,;;;:::", ""},
};

static void
domains_of_addresses_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		char found[256];
		struct text text;

		text_init(&text, found, sizeof(found));
		tag_each_domain(addresses[i].value, gather, &text);
		ROW_TEXT(addresses[i].value, found, addresses[i].domains);
	}
}

static void
hostile_values_cost_no_more_than_their_length(void **state)
{
	static const char *const parts[] = {"a@b.example,", "(", "\"", "<a@",
	    "@", "a@x", "[", "\\", ",", ":;", "a@b (", "\r\n "};
	enum { SIZE = 1 << 16 };
	char *value = xmalloc(SIZE + 16);
	char *sink = xmalloc(4 * SIZE);

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++) {
		size_t length = strlen(parts[i]);
		struct text text;
		size_t used = 0;

		while (used < SIZE) {
			memcpy(value + used, parts[i], length);
			used += length;
		}
		value[used] = '\0';
		text_init(&text, sink, 4 * SIZE);
		tag_each_domain(value, gather, &text);
		ROW(parts[i], !text.cut);
	}
	free(sink);
	free(value);
}

static void
a_domain_that_is_too_long_is_none(void **state)
{
	char value[LIMIT_RAW_DOMAIN_SIZE + 64] = "a@";
	char *end = value + 2 + LIMIT_RAW_DOMAIN_SIZE - 1;
	char found[2 * LIMIT_RAW_DOMAIN_SIZE];
	struct text text;

	(void)state;
	memset(value + 2, 'x', LIMIT_RAW_DOMAIN_SIZE);
	text_copy(end, 32, ", c@d.example");
	text_init(&text, found, sizeof(found));
	tag_each_domain(value, gather, &text);
	assert_int_equal(strspn(found, "x"), LIMIT_RAW_DOMAIN_SIZE - 1);
	assert_string_equal(found + LIMIT_RAW_DOMAIN_SIZE - 1, "|d.example|");
	text_copy(end, 32, "x, c@d.example");
	text_init(&text, found, sizeof(found));
	tag_each_domain(value, gather, &text);
	assert_string_equal(found, "d.example|");
}

int
main(void)
{
	static const struct CMUnitTest tag[] = {
	    cmocka_unit_test(the_example_is_printed_to_the_letter),
	    cmocka_unit_test(no_item_leaves_the_first_line),
	    cmocka_unit_test(twenty_items_are_listed_and_the_rest_is_counted),
	    cmocka_unit_test(a_queue_id_is_made_to_fit),
	    cmocka_unit_test(only_fields_of_recipients_count),
	    cmocka_unit_test(domains_of_addresses_are_found),
	    cmocka_unit_test(hostile_values_cost_no_more_than_their_length),
	    cmocka_unit_test(a_domain_that_is_too_long_is_none),
	};

	return RUN_TESTS(tag);
}
