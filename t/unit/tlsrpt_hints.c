/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_hints.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

static void
the_name_of_a_file_tells_four_things(void **state)
{
	static const struct {
		const char *name, *submitter, *domain;
		time_t begin, end;
	} rows[] = {
	    {"b.example!d.ex!1764288000!1764374399!001.json.gz", "b.example",
		"d.ex", 1764288000, 1764374399},
	    {"/tmp/x!y/B.Example!D.ex!1764288000!1764374399.json", "b.example",
		"d.ex", 1764288000, 1764374399},
	    {"b.example!d.ex!1764288000!x.json", "", "", 0, 0},
	    {"b.example!d.ex!1764374399!1764288000!1.json", "b.example", "d.ex",
		0, 0},
	    {"no domain!d.ex!1764288000!1764374399", "", "d.ex", 1764288000,
		1764374399},
	    {"b.zone!d.aero!1764288000!1764288000.json", "b.zone", "d.aero",
		1764288000, 1764288000},
	    {"report.json.gz", "", "", 0, 0},
	    {"report!json", "", "", 0, 0},
	    {"!!!", "", "", 0, 0},
	    {"", "", "", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsrpt_hints hints = {.begin = 0};
		char *name;

		name = xmemdup(rows[i].name, strlen(rows[i].name) + 1);
		tlsrpt_hints_file(&hints, name);
		free(name);
		ROW_TEXT(rows[i].name, hints.submitter, rows[i].submitter);
		ROW_TEXT(rows[i].name, hints.domain, rows[i].domain);
		ROW(rows[i].name, hints.begin == rows[i].begin);
		ROW(rows[i].name, hints.end == rows[i].end);
	}
}

static void
a_header_field_goes_before_the_name(void **state)
{
	struct tlsrpt_hints hints = {.begin = 0};

	(void)state;
	tlsrpt_hints_domain(&hints, " D.Example ");
	tlsrpt_hints_submitter(&hints, "192.0.2.1");
	tlsrpt_hints_file(&hints, "b.example!other.ex!10!20!x.json.gz");
	assert_string_equal(hints.domain, "d.example");
	assert_string_equal(hints.submitter, "b.example");
}

/* T01, T02 */
static void
a_subject_has_a_report_id(void **state)
{
	static const struct {
		const char *subject, *id;
		bool bare;
	} rows[] = {
	    {"Report Domain: d.ex Submitter: s.ex Report-ID: <1.d.ex@s.ex>",
		"1.d.ex@s.ex", false},
	    {"Report Domain: d.ex Submitter: s.ex Report-ID:\r\n 12+d.ex",
		"12+d.ex", true},
	    {"report-id: <cut", "cut", false},
	    {"Report-ID:", "", true},
	    {"Hello", "", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsrpt_hints hints = {.begin = 0};

		tlsrpt_hints_subject(&hints, rows[i].subject);
		ROW_TEXT(rows[i].subject, hints.subject_id, rows[i].id);
		ROW(rows[i].subject, hints.subject_bare == rows[i].bare);
	}
}

static void
a_subjects_id_is_cut(void **state)
{
	struct tlsrpt_hints hints = {.begin = 0};
	char *subject = xcalloc(1, 4 * LIMIT_TLSRPT_ID);

	(void)state;
	memset(stpcpy(subject, "Report-ID: <"), 'x', 2 * LIMIT_TLSRPT_ID);
	tlsrpt_hints_subject(&hints, subject);
	assert_int_equal(strlen(hints.subject_id), LIMIT_TLSRPT_ID - 1);
	free(subject);
}

/* T10 */
static void
a_report_id_may_name_the_domain(void **state)
{
	static const struct {
		const char *id, *domain;
	} rows[] = {
	    {"2025-06-01T00:00:00Z_d.ex", "d.ex"},
	    {"20261128.1f0c22ab.d.ex@example.org", "d.ex"},
	    {"s.ex!d.ex", "d.ex"},
	    {"d.ex", "d.ex"},
	    {"133512345678+d.ex", ""},
	    {"192.0.2.1", ""},
	    {"1f0c22ab", ""},
	    {"@d.ex", ""},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char domain[LIMIT_DOMAIN_SIZE] = "";

		tlsrpt_hints_of_id(rows[i].id, domain);
		ROW_TEXT(rows[i].id, domain, rows[i].domain);
	}
}

/* LIMIT_TLSRPT_ID; what stands behind it stays as it is. */
static void
a_longest_id_leaves_room_for_its_end(void **state)
{
	char subject[LIMIT_TLSRPT_ID + 32] = "Report-ID: ";
	struct tlsrpt_hints hints = {.begin = 0};

	(void)state;
	memset(subject + strlen(subject), 'x', LIMIT_TLSRPT_ID);
	tlsrpt_hints_subject(&hints, subject);
	assert_int_equal(strlen(hints.subject_id), LIMIT_TLSRPT_ID - 1);
	assert_true(hints.subject_bare);
}

/* LIMIT_RAW_DOMAIN_SIZE */
static void
a_piece_of_a_file_name_is_bounded(void **state)
{
	struct tlsrpt_hints hints = {.begin = 0};
	char name[LIMIT_RAW_DOMAIN_SIZE + 32] = "";

	(void)state;
	memset(name, 'x', LIMIT_RAW_DOMAIN_SIZE);
	memcpy(name + LIMIT_RAW_DOMAIN_SIZE, "!d.ex!10!20!x.json",
	    sizeof("!d.ex!10!20!x.json"));
	tlsrpt_hints_file(&hints, name);
	assert_string_equal(hints.domain, "");
	tlsrpt_hints_file(&hints, name + 1);
	assert_string_equal(hints.domain, "d.ex");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_name_of_a_file_tells_four_things),
	    cmocka_unit_test(a_header_field_goes_before_the_name),
	    cmocka_unit_test(a_subject_has_a_report_id),
	    cmocka_unit_test(a_subjects_id_is_cut),
	    cmocka_unit_test(a_longest_id_leaves_room_for_its_end),
	    cmocka_unit_test(a_piece_of_a_file_name_is_bounded),
	    cmocka_unit_test(a_report_id_may_name_the_domain),
	};

	return RUN_TESTS(tests);
}
