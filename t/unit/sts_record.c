/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/sts_record.h"

#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

#define ID32 "abcdefghijklmnopqrstuvwxyz012345"
#define NAME32 "abcdefghijklmnop-rstuvwxyz_123.5"

/* Octets of a record that nothing stands behind. */
static struct sts_record
select_one(const char *text)
{
	size_t length = strlen(text);
	char *octets = xmemdup(text, length);
	struct sts_txt txt = {octets, length};
	struct sts_record record = sts_record_select(&txt, 1);

	free(octets);
	return record;
}

static void
a_valid_record_gives_its_id(void **state)
{
	static const struct {
		const char *id, *text, *policy_id;
	} rows[] = {
	    {"M01", "v=STSv1; id=1;", "1"},
	    {"M08", "v=STSv1; id=2026;", "2026"},
	    {"M09 tight", "v=STSv1;id=a", "a"},
	    {"M09 extension", "v=STSv1; id=a; x=y", "a"},
	    {"M10", "v=STSv1 ; id=a", "a"},
	    {"M13 32 chars", "v=STSv1; id=" ID32, ID32},
	    {"M14", "v=STSv1; id=a; id=b", "a"},
	    {"M14 second malformed", "v=STSv1; id=a; id=b-c", "a"},
	    {"extension first", "v=STSv1; x=y; id=a;", "a"},
	    {"tabs", "v=STSv1\t;\tid=a\t;\t", "a"},
	    {"white space at the end", "v=STSv1; id=a; \t ", "a"},
	    {"extension name of 32", "v=STSv1; " NAME32 "=y; id=a", "a"},
	    {"all value octets",
		"v=STSv1; x=!\"#$%&'()*+,-./:<>?@[\\]^`{|}~;"
		"id=a",
		"a"},
	    {"ID is an extension", "v=STSv1; ID=x; id=a", "a"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sts_record record = select_one(rows[i].text);

		ROW(rows[i].id, record.outcome == STS_RECORD_VALID);
		ROW_TEXT(rows[i].id, record.id, rows[i].policy_id);
		ROW_TEXT(rows[i].id, record.why, "");
	}
}

static void
what_does_not_announce_is_absent(void **state)
{
	static const struct {
		const char *id, *text;
	} rows[] = {
	    {"M02", ""},
	    {"M06", "v=spf1 -all"},
	    {"M11 case", "v=stsv1; id=a"},
	    {"M11 order", "id=a; v=STSv1;"},
	    {"M11 version", "v=STSv10; id=a"},
	    {"no delimiter", "v=STSv1"},
	    {"space only", "v=STSv1 id=a"},
	    {"leading space", " v=STSv1; id=a"},
	    {"space in it", "v = STSv1; id=a"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sts_record record = select_one(rows[i].text);

		ROW(rows[i].id, record.outcome == STS_RECORD_ABSENT);
		ROW_TEXT(rows[i].id, record.id, "");
	}
	assert_int_equal(sts_record_select(NULL, 0).outcome, STS_RECORD_ABSENT);
}

static void
a_broken_record_is_invalid_and_says_why(void **state)
{
	static const struct {
		const char *id, *text;
	} rows[] = {
	    {"M12", "v=STSv1;"},
	    {"M12 extension only", "v=STSv1; x=y"},
	    {"M12 extension like an id", "v=STSv1; idx=y"},
	    {"M13 hyphens", "v=STSv1; id=2026-01-01"},
	    {"M13 hyphen first", "v=STSv1; id=-a"},
	    {"M13 33 chars", "v=STSv1; id=" ID32 "6"},
	    {"empty id", "v=STSv1; id=;"},
	    {"M15", "v=STSv1; id=a; note=has space;"},
	    {"M15 equals", "v=STSv1; id=a; note=a=b;"},
	    {"no equals", "v=STSv1; id=a; note"},
	    {"empty value", "v=STSv1; id=a; note=;"},
	    {"empty field", "v=STSv1;; id=a"},
	    {"two at the end", "v=STSv1; id=a;;"},
	    {"white space without delimiter", "v=STSv1; id=a "},
	    {"white space before equals", "v=STSv1; id =a"},
	    {"white space behind equals", "v=STSv1; id= a"},
	    {"name begins with dot", "v=STSv1; .x=y; id=a"},
	    {"name of 33", "v=STSv1; " NAME32 "6=y; id=a"},
	    {"UTF-8", "v=STSv1; id=a; x=\u00fc"},
	    {"control", "v=STSv1; id=a; x=\x7f"},
	    {"ID only", "v=STSv1; ID=a"},
	    {"newline", "v=STSv1; id=a\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sts_record record = select_one(rows[i].text);

		ROW(rows[i].id, record.outcome == STS_RECORD_INVALID);
		ROW_TEXT(rows[i].id, record.id, "");
		ROW(rows[i].id, record.why[0] != '\0');
	}
}

static void
a_nul_octet_is_no_end(void **state)
{
	static const char text[] = "v=STSv1; id=a;\0";
	struct sts_txt txt = {text, sizeof(text)};

	(void)state;
	assert_int_equal(
	    sts_record_select(&txt, 1).outcome, STS_RECORD_INVALID);
}

static struct sts_record
select_two(const char *a, const char *b)
{
	struct sts_txt txt[] = {{a, strlen(a)}, {b, strlen(b)}};

	return sts_record_select(txt, 2);
}

static void
exactly_one_of_the_records_may_announce(void **state)
{
	struct sts_record record;

	(void)state;
	record = select_two("v=STSv1; id=a", "unrelated"); /* M06 */
	assert_int_equal(record.outcome, STS_RECORD_VALID);
	assert_string_equal(record.id, "a");
	record = select_two("unrelated", "v=STSv1; id=a");
	assert_int_equal(record.outcome, STS_RECORD_VALID);
	record = select_two("v=STSv1; id=a", "v=STSv1; id=a"); /* M07 */
	assert_int_equal(record.outcome, STS_RECORD_MANY);
	assert_string_equal(record.id, "");
	assert_string_equal(record.why, "more than one v=STSv1 record");
	/* discarding comes before syntax: the broken one counts */
	record = select_two("v=STSv1; id=a", "v=STSv1; broken");
	assert_int_equal(record.outcome, STS_RECORD_MANY);
	record = select_two("unrelated", "V=STSV1; id=a");
	assert_int_equal(record.outcome, STS_RECORD_ABSENT);
	assert_string_not_equal(record.why, "");
	record = select_two("v=STSv1; id=a", "v=STSv2; id=b");
	assert_int_equal(record.outcome, STS_RECORD_VALID);
}

static void
join_mistake(void *arg, const char *text)
{
	char *out = arg;
	size_t length = strlen(out);

	snprintf(
	    out + length, 500 - length, "%s%s", length == 0 ? "" : "|", text);
}

static void
lint_tells_all_mistakes(void **state)
{
	static const struct {
		const char *text, *mistakes;
	} rows[] = {
	    {"v=STSv1; id=a;", ""},
	    {"unrelated", ""},
	    {"v=STSv1", "no \";\" behind v=STSv1"},
	    {"v=STSv1 id=a", "no \";\" behind v=STSv1"},
	    {"\"v=STSv1; id=a;\"",
		"white space, a quote or a byte order mark stands before "
		"v=STSv1"},
	    {"\xef\xbb\xbfv=STSv1; id=a;",
		"white space, a quote or a byte order mark stands before "
		"v=STSv1"},
	    {"V=STSV1; id=a;",
		"v=STSv1 is written in other letters: case counts"},
	    {"v=STSv1; .x=y; id=2026-01-01; z",
		"field name|id is not 1 to 32 letters and digits|field "
		"without \"=\""},
	    {"v=STSv1;; id=a b; x=y", "field name|no \";\" behind a field"},
	    {"v=STSv1; x=y", "no id"},
	    {"v=STSv1; x=y z", "no \";\" behind a field|no id"},
	    {"v=STSv1; id", "field without \"=\""},
	    {"v=STSv1; zz", "field without \"=\"|no id"},
	    {"v=STSv2; id=a", ""},
	    {"1234v=STSv1; id=a;",
		"white space, a quote or a byte order mark stands before "
		"v=STSv1"},
	    {"12345v=STSv1; id=a;", ""},
	    {"V=STSV1", "v=STSv1 is written in other letters: case counts"},
	    {"v=STSv1; idx=y", "no id"},
	    {"v=STSv1; id; x=y", "field without \"=\""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sts_txt txt = {rows[i].text, strlen(rows[i].text)};
		char found[500] = "", first[500];
		struct sts_record told =
		    sts_record_lint(&txt, 1, join_mistake, found);
		struct sts_record record = sts_record_select(&txt, 1);

		ROW_TEXT(rows[i].text, found, rows[i].mistakes);
		ROW(rows[i].text, told.outcome == record.outcome);
		ROW_TEXT(rows[i].text, told.id, record.id);
		snprintf(first, sizeof(first), "%.*s", (int)strcspn(found, "|"),
		    found);
		ROW_TEXT(rows[i].text, record.why, first);
	}
}

int
main(void)
{
	static const struct CMUnitTest sts_record[] = {
	    cmocka_unit_test(a_valid_record_gives_its_id),
	    cmocka_unit_test(what_does_not_announce_is_absent),
	    cmocka_unit_test(a_broken_record_is_invalid_and_says_why),
	    cmocka_unit_test(a_nul_octet_is_no_end),
	    cmocka_unit_test(exactly_one_of_the_records_may_announce),
	    cmocka_unit_test(lint_tells_all_mistakes),
	};

	return RUN_TESTS(sts_record);
}
