/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/cli/survey/survey.h"
#include "t/unit/tap.h"

/* In place of the command's. */
int
cli_fail(int status, const char *format, ...)
{
	(void)format;
	return status;
}

/* V81, V82 */
static void
a_share_is_never_without_its_count(void **state)
{
	static const struct {
		int64_t part, whole;
		const char *share;
	} rows[] = {
	    {30, 5499028, "<0.1 %"},
	    {15997, 5499028, "0.3 %"},
	    {0, 5499028, "0.0 %"},
	    {1, 1, "100.0 %"},
	    {9990, 10000, "99.9 %"},
	    {9999, 10000, ">99.9 %"},
	    {0, 0, "-"},
	};
	char share[SURVEY_SHARE_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW_TEXT(rows[i].share,
		    survey_share(rows[i].part, rows[i].whole, share),
		    rows[i].share);
}

static void
add_row(struct store_survey *survey, const char *domain, int64_t weight,
    const char *protection, const char *automatic)
{
	struct survey_row row = {.domain = domain, .time = 1800000000};

	for (int i = 0; i < SURVEY_FIELDS; i++)
		row.fields[i] = "";
	row.fields[SURVEY_MX_STATE] =
	    strcmp(protection, "na") == 0 ? "null-mx" : "mx";
	row.fields[SURVEY_PROTECTION] = protection;
	row.fields[SURVEY_AUTO] = automatic;
	row.fields[SURVEY_REASON] = "sts-mx-mismatch";
	row.fields[SURVEY_SITE] = "<script>";
	row.fields[SURVEY_TLD] = strrchr(domain, '.') + 1;
	row.fields[SURVEY_DNSSEC] = "secure";
	assert_int_equal(store_survey_add(survey, domain, weight, 0, NULL), 0);
	assert_int_equal(store_survey_put(survey, &row, NULL), 0);
}

static bool brief;
static struct cli_options options = {.at_given = true, .at = 1800000000};

static char *
report_text(
    struct store_survey *survey, void (*form)(const struct sheet *, FILE *))
{
	struct sheet *sheet = NULL;
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_int_equal(survey_report(survey, &options, brief, &sheet), 0);
	form(sheet, out);
	fclose(out);
	sheet_free(sheet);
	return text;
}

static void
wide_text(const struct sheet *sheet, FILE *out)
{
	sheet_text(sheet, out, 80);
}

static struct store_survey *
in_memory(void)
{
	struct store_survey *survey =
	    store_survey_open(NULL, STORE_SURVEY_SCAN, NULL);

	assert_non_null(survey);
	return survey;
}

static void
what_is_not_known_is_in_no_share(void **state)
{
	struct store_survey *survey = in_memory();
	char *text;

	(void)state;
	add_row(survey, "a.example", 10, "both", "d");
	add_row(survey, "b.example", 1, "neither", "q");
	add_row(survey, "c.example", 1, "unknown", "t");
	add_row(survey, "d.example", 1, "na", "b");
	text = report_text(survey, wide_text);
	assert_non_null(strstr(text, "1 (50.0 %) of 2 domains"));
	assert_non_null(
	    strstr(text, "both              1  50.0 %        10  90.9 %"));
	assert_non_null(strstr(text, "unknown           1  -"));
	assert_non_null(strstr(text, "b.example         1  sts-mx-mismatch"));
	free(text);
	store_survey_free(survey);
}

/* V82: nobody said weights; nobody takes mail */
static void
without_weights_there_is_one_column(void **state)
{
	struct store_survey *survey = in_memory();
	char *text;

	(void)state;
	add_row(survey, "d.example", 1, "na", "b");
	text = report_text(survey, wide_text);
	assert_null(strstr(text, "of messages"));
	assert_non_null(strstr(text, "0 (-) of 0 domains"));
	free(text);
	store_survey_free(survey);
}

/* V06: what a log was too large for is said */
static void
lists_are_cut_and_light_domains_left_out(void **state)
{
	struct store_survey *survey = in_memory();
	char *text;

	(void)state;
	add_row(survey, "a.example", 10, "both", "q");
	add_row(survey, "b.example", 7, "neither", "q");
	add_row(survey, "c.example", 6, "neither", "d");
	add_row(survey, "light.example", 2, "neither", "q");
	store_survey_note(survey, SURVEY_NOTE_BY_LINE, "1", NULL);
	store_survey_note(survey, SURVEY_NOTE_SOURCE, "x.log", NULL);
	options.min_weight = 5;
	options.top = 1;
	text = report_text(survey, wide_text);
	options.min_weight = options.top = 0;
	assert_non_null(strstr(text, "Survey of 3 domains"));
	assert_non_null(strstr(text, "1 (33.3 %) of 3 domains"));
	assert_non_null(strstr(text, "a.example "));
	assert_null(strstr(text, "b.example "));
	assert_null(strstr(text, "light.example"));
	assert_non_null(strstr(text, "weigh less than 5"));
	assert_non_null(strstr(text, "weights are deliveries"));
	assert_non_null(strstr(text, "Names from: x.log."));
	free(text);
	store_survey_free(survey);
}

/* V82: nothing to report; V90: nothing runs on the page */
static void
an_empty_file_has_no_report(void **state)
{
	struct store_survey *survey = in_memory();
	struct sheet *sheet = NULL;
	char *text;

	(void)state;
	assert_int_equal(survey_report(survey, &options, false, &sheet), 66);
	add_row(survey, "a.example", 1, "both", "d");
	text = report_text(survey, sheet_html);
	assert_null(strstr(text, "<script"));
	assert_non_null(strstr(text, "&lt;script&gt;"));
	free(text);
	store_survey_free(survey);
}

static void
add_rows(struct store_survey *survey, unsigned from, unsigned to,
    const char *tld, const char *protection)
{
	for (unsigned i = from; i < to; i++) {
		char domain[32];

		snprintf(domain, sizeof(domain), "d%u.%s", i, tld);
		add_row(survey, domain, 1, protection, "d");
	}
}

/* V81: in the words of a report */
static void
a_small_share_stands_beside_its_count(void **state)
{
	struct store_survey *survey = in_memory();
	char *text;

	(void)state;
	add_rows(survey, 0, 1, "example", "both");
	add_rows(survey, 1, 1500, "example", "neither");
	text = report_text(survey, wide_text);
	assert_non_null(strstr(text, "1 (<0.1 %) of 1500 domains"));
	free(text);
	store_survey_free(survey);
}

/* s-dnssec: the 20 TLDs with most domains, with 20 at least */
static void
a_tld_has_twenty_domains_to_be_told(void **state)
{
	struct store_survey *survey = in_memory();
	char *text;

	(void)state;
	add_rows(survey, 0, 20, "enough", "both");
	add_rows(survey, 0, 19, "few", "both");
	text = report_text(survey, wide_text);
	assert_non_null(strstr(text, "enough       20      20  100.0 %"));
	assert_null(strstr(text, "few  "));
	free(text);
	for (unsigned i = 0; i < 21; i++) {
		char tld[16];

		snprintf(tld, sizeof(tld), "tld%02u", i);
		add_rows(survey, 0, i == 20 ? 21 : 22, tld, "both");
	}
	text = report_text(survey, wide_text);
	assert_non_null(strstr(text, "tld19       22      22  100.0 %"));
	assert_null(strstr(text, "tld20  "));
	assert_null(strstr(text, "enough  "));
	free(text);
	store_survey_free(survey);
}

/* s-dnssec: names that are not there are often denied by a signed TLD. */
static void
the_share_of_a_tld_is_of_domains_that_take_mail(void **state)
{
	struct store_survey *survey = in_memory();
	char *text;

	(void)state;
	add_rows(survey, 0, 20, "signed", "both");
	add_rows(survey, 20, 60, "signed", "na");
	text = report_text(survey, wide_text);
	assert_non_null(strstr(text, "signed       20      20  100.0 %"));
	free(text);
	store_survey_free(survey);
}

static void
add_policy(struct store_survey *survey, const char *domain, const char *record,
    const char *policy, const char *mode)
{
	struct survey_row row = {.domain = domain, .time = 1800000000};

	for (int i = 0; i < SURVEY_FIELDS; i++)
		row.fields[i] = "";
	row.fields[SURVEY_MX_STATE] = "mx";
	row.fields[SURVEY_STS_RECORD] = record;
	row.fields[SURVEY_STS_POLICY] = policy;
	row.fields[SURVEY_STS_MODE] = mode;
	row.fields[SURVEY_STS_COVER] = mode[0] == '\0' ? "na" : "all";
	assert_int_equal(store_survey_add(survey, domain, 1, 0, NULL), 0);
	assert_int_equal(store_survey_put(survey, &row, NULL), 0);
}

/* s-sts: a lookup that failed, and a policy that nobody fetched, are no sign
 * that there is none. */
static void
a_mode_that_is_not_known_is_in_no_share(void **state)
{
	struct store_survey *survey = in_memory();
	char *text;

	(void)state;
	add_policy(survey, "a.example", "valid", "fetched", "enforce");
	add_policy(survey, "b.example", "none", "none", "");
	add_policy(survey, "c.example", "error", "none", "");
	add_policy(survey, "d.example", "valid", "skipped", "");
	text = report_text(survey, wide_text);
	assert_non_null(strstr(text, "enforce  all           1  50.0 %"));
	assert_non_null(strstr(text, "-        na            1  50.0 %"));
	free(text);
	brief = true;
	text = report_text(survey, wide_text);
	brief = false;
	assert_non_null(strstr(text, "enforce, all 1 (50.0 %)"));
	free(text);
	store_survey_free(survey);
}

/* Weights as large as a file has them, which no sum may go beyond. */
static void
sums_of_messages_have_an_end(void **state)
{
	enum { LARGEST = 62 };
	struct store_survey *survey = in_memory();
	int64_t weight = INT64_C(1) << LARGEST;
	char *text;

	(void)state;
	add_row(survey, "a.example", weight, "both", "q");
	add_row(survey, "b.example", weight, "dane", "d");
	add_row(survey, "c.example", weight, "sts", "t");
	text = report_text(survey, wide_text);
	assert_non_null(strstr(text, "of messages 9223372036854775807"));
	assert_null(strstr(text, "-9223372036854775"));
	assert_null(strstr(text, " -4611686018427387"));
	free(text);
	store_survey_free(survey);
}

/* Not inline, for gcc 12 sees a dangling pointer then. */
static __attribute__((noinline)) size_t
lines_before(const char *text, const char *end)
{
	const char *to = strstr(text, end);
	size_t count = 0;

	assert_non_null(to);
	for (size_t i = 0; text + i < to; i++)
		count += text[i] == '\n';
	return count;
}

/* What stands in a column for row i: each word in its turn. */
static void
put_words(struct survey_row *row, unsigned i)
{
	static const char *const protection[] = {"both", "dane", "sts",
	    "sts-testing", "partial", "neither", "unknown"};
	static const char *const dane[] = {"full", "half", "partial",
	    "unusable", "insecure", "misplaced", "error", "none"};
	static const char *const health[] = {
	    "ok", "degraded", "broken", "unknown", "na"};
	static const char *const faults[] = {"certificate-host-mismatch",
	    "sts-policy-fetch-error", "starttls-not-supported"};
	static const char *const modes[] = {"enforce", "testing", "none"};
	static const char *const whys[] = {
	    "dnssec-invalid certificate-host-mismatch dns-servfail "
	    "sts-mx-mismatch sts-webpki-invalid dnssec-invalid dns-timeout",
	    "dns-timeout starttls-not-supported validation-failure "
	    "certificate-expired certificate-not-trusted dns-servfail "
	    "certificate-host-mismatch",
	    "dns-servfail validation-failure certificate-expired "
	    "certificate-host-mismatch starttls-not-supported "
	    "validation-failure certificate-not-trusted"};

	row->fields[SURVEY_PROTECTION] = protection[i % COUNT(protection)];
	row->fields[SURVEY_DANE] = dane[i % COUNT(dane)];
	row->fields[SURVEY_DANE_HEALTH] = health[i % COUNT(health)];
	row->fields[SURVEY_DANE_FAULT] = faults[i % COUNT(faults)];
	row->fields[SURVEY_STS_RECORD] = i % 2 == 0 ? "invalid" : "valid";
	row->fields[SURVEY_STS_POLICY] = i % 3 == 0 ? "fetched" : "failed";
	row->fields[SURVEY_STS_MODE] = modes[i % COUNT(modes)];
	row->fields[SURVEY_STS_COVER] = i % 2 == 0 ? "some" : "none";
	row->fields[SURVEY_STS_HEALTH] = health[i % COUNT(health)];
	row->fields[SURVEY_STS_FAULT] = faults[i % COUNT(faults)];
	row->fields[SURVEY_TLSRPT] = i % 2 == 0 ? "invalid" : "valid";
	row->fields[SURVEY_WHYS] = whys[i % COUNT(whys)];
	for (int j = SURVEY_MAY; j <= SURVEY_SECURE; j++)
		row->fields[j] = "q";
}

/* Section 7: 80 columns, and 60 lines without the list. */
static void
a_terminal_has_room_for_the_report(void **state)
{
	struct store_survey *survey = in_memory();
	char *text, *rest, *line;

	(void)state;
	for (unsigned i = 0; i < 420; i++) {
		struct survey_row row = {.time = 1800000000};
		char domain[128], tld[32], site[128];

		snprintf(tld, sizeof(tld), "top-level-domain-%u", i % 7);
		snprintf(domain, sizeof(domain), "domain-%u.%s", i, tld);
		snprintf(site, sizeof(site),
		    "a-mail-hosting-company-of-many-words-%u.%s", i % 9, tld);
		for (int j = 0; j < SURVEY_FIELDS; j++)
			row.fields[j] = "";
		row.domain = domain;
		row.fields[SURVEY_TLD] = tld;
		row.fields[SURVEY_SITE] = site;
		row.fields[SURVEY_MX_STATE] = "mx";
		row.fields[SURVEY_REASON] = "dane-required";
		put_words(&row, i);
		assert_int_equal(
		    store_survey_add(survey, domain, 987654321, 0, NULL), 0);
		assert_int_equal(store_survey_put(survey, &row, NULL), 0);
	}
	brief = true;
	text = report_text(survey, wide_text);
	brief = false;
	assert_true(lines_before(text, "\nDomains that auto would queue") < 60);
	assert_non_null(strstr(text, "and 220 more"));
	assert_non_null(strstr(text, "  sender     delivered  queued  fails  "
				     "bounced  not known  queued  "
				     " messages\n"));
	assert_non_null(
	    strstr(text, "\n  dane-only: q validation-failure 140; 2 more\n"));
	for (rest = text; (line = strsep(&rest, "\n")) != NULL;)
		assert_true(strlen(line) <= 80);
	free(text);
	store_survey_free(survey);
}

int
main(void)
{
	const struct CMUnitTest report[] = {
	    cmocka_unit_test(a_share_is_never_without_its_count),
	    cmocka_unit_test(what_is_not_known_is_in_no_share),
	    cmocka_unit_test(without_weights_there_is_one_column),
	    cmocka_unit_test(lists_are_cut_and_light_domains_left_out),
	    cmocka_unit_test(an_empty_file_has_no_report),
	    cmocka_unit_test(a_small_share_stands_beside_its_count),
	    cmocka_unit_test(a_tld_has_twenty_domains_to_be_told),
	    cmocka_unit_test(the_share_of_a_tld_is_of_domains_that_take_mail),
	    cmocka_unit_test(a_mode_that_is_not_known_is_in_no_share),
	    cmocka_unit_test(sums_of_messages_have_an_end),
	    cmocka_unit_test(a_terminal_has_room_for_the_report),
	};

	return RUN_TESTS(report);
}
