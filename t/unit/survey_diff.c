/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/diff.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "milter/cli/survey/survey.h"
#include "t/unit/tap.h"

/* In place of the command's. */
static char said[400];

int
cli_fail(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
	return status;
}

/* Then and now: protection, TLSA, DANE, mode, MTA-STS, auto, depth; NULL: it
 * was not in it. */
static const struct {
	const char *domain;
	int64_t weight;
	const char *then, *now;
	const char *change, *what;
} domains[] = {
    {"queued.example", 1, "sts none na enforce ok d probe",
	"sts none na enforce broken q probe", "worse",
	"auto d -> q, MTA-STS ok -> broken"},
    {"heavy.example", 9, "both full ok enforce ok d probe",
	"both full broken enforce ok q probe", "worse",
	"auto d -> q, DANE ok -> broken"},
    {"unknown-queued.example", 2, "sts none na enforce unknown u dns",
	"sts none na enforce broken q dns", "worse",
	"auto u -> q, MTA-STS unknown -> broken"},
    {"lost.example", 5, "both full ok enforce ok d probe",
	"dane full ok - na d probe", "worse",
	"protection both -> dane, mode enforce -> none, MTA-STS ok -> na"},
    {"degraded.example", 4, "dane full ok - na d probe",
	"dane full degraded - na d probe", "worse", "DANE ok -> degraded"},
    {"better.example", 3, "sts none na enforce broken q probe",
	"sts none na enforce ok d probe", "better",
	"auto q -> d, MTA-STS broken -> ok"},
    {"gained.example", 2, "neither none na - na d probe",
	"sts-testing none na testing ok d probe", "better",
	"protection neither -> sts-testing, mode none -> testing, MTA-STS na "
	"-> ok"},
    {"other.example", 1, "neither none na - na d probe",
	"neither unusable na - na d probe", "other", "TLSA none -> unusable"},
    {"new.example", 7, NULL, "sts none na enforce ok d probe", "new", "sts"},
    {"gone.example", 6, "both full ok enforce ok d probe", NULL, "gone",
	"both"},
    {"same.example", 8, "sts none na enforce ok d probe",
	"sts none na enforce ok d probe", "same", NULL},
    /* what only a probe knows is no change */
    {"depth.example", 8, "dane full unknown - na u dns",
	"dane full broken - na q probe", "same", NULL},
    {"deeper.example", 8, "both full unknown enforce unknown u dns",
	"dane full ok - na d probe", "worse",
	"protection both -> dane, mode enforce -> none"},
};

enum { FIRST_OF = 4 };

/* As it must be told: worse by auto, worse, better, other, new, gone, each by
 * weight. */
static const char *const order[] = {"heavy.example", "unknown-queued.example",
    "queued.example", "deeper.example", "lost.example", "degraded.example",
    "better.example", "gained.example", "other.example", "new.example",
    "gone.example"};

static void
put_domain(struct store_survey *survey, const char *domain, int64_t weight,
    const char *words)
{
	struct survey_row row = {.domain = domain, .time = 1800000000};
	char *copy = xstrdup(words), *rest = copy;

	for (int i = 0; i < SURVEY_FIELDS; i++)
		row.fields[i] = "";
	row.fields[SURVEY_MX_COUNT] = "1";
	row.fields[SURVEY_STS_MAX_AGE] = "0";
	for (int i = 0; i < COMPARED_FIELDS; i++) {
		const char *word = strsep(&rest, " ");

		assert_non_null(word);
		row.fields[store_survey_compared((enum survey_compared)i)] =
		    strcmp(word, "-") == 0 ? "" : word;
	}
	assert_int_equal(store_survey_add(survey, domain, weight, 0, NULL), 0);
	assert_int_equal(store_survey_put(survey, &row, NULL), 0);
	free(copy);
}

static struct store_survey *
make_survey(bool now)
{
	struct store_survey *survey =
	    store_survey_open("", STORE_SURVEY_SCAN, NULL);

	assert_non_null(survey);
	for (size_t i = 0; i < COUNT(domains); i++) {
		const char *words = now ? domains[i].now : domains[i].then;

		if (words != NULL)
			put_domain(survey, domains[i].domain, domains[i].weight,
			    words);
	}
	/* that nobody asked about are in none of them */
	store_survey_add(survey, "unasked.example", 1, 0, NULL);
	return survey;
}

struct told {
	size_t count;
	char domains[COUNT(domains)][LIMIT_DOMAIN_SIZE];
	char what[COUNT(domains)][240];
	const char *change[COUNT(domains)];
};

static void
take_told(void *arg, const struct survey_pair *pair)
{
	struct told *told = arg;

	assert_true(told->count < COUNT(domains));
	snprintf(
	    told->domains[told->count], LIMIT_DOMAIN_SIZE, "%s", pair->domain);
	change_print(
	    pair, told->what[told->count], sizeof(told->what[told->count]));
	told->change[told->count++] = change_text((enum change)pair->kind);
}

/* V83 */
static void
changes_are_told_the_worst_first(void **state)
{
	AUTO(store_survey) struct store_survey *then = make_survey(false);
	AUTO(store_survey) struct store_survey *now = make_survey(true);
	struct comparison comparison;
	struct told told = {.count = 0};

	(void)state;
	assert_int_equal(survey_compare(&comparison, now, then), 0);
	store_survey_diff_each(now, CHANGE_SAME, 0, take_told, &told, NULL);
	assert_int_equal(told.count, COUNT(order));
	for (size_t i = 0; i < COUNT(order); i++)
		ROW_TEXT(order[i], told.domains[i], order[i]);
	for (size_t i = 0; i < told.count; i++)
		for (size_t j = 0; j < COUNT(domains); j++) {
			if (strcmp(told.domains[i], domains[j].domain) != 0)
				continue;
			ROW_TEXT(
			    told.domains[i], told.change[i], domains[j].change);
			ROW_TEXT(
			    told.domains[i], told.what[i], domains[j].what);
		}
	assert_int_equal(comparison.counts[CHANGE_QUEUED].domains, 3);
	assert_int_equal(comparison.counts[CHANGE_QUEUED].messages, 12);
	assert_int_equal(comparison.counts[CHANGE_LOST].domains, 3);
	assert_int_equal(comparison.counts[CHANGE_SAME].domains, 2);
	assert_int_equal(comparison.other_depth, 2);
	told.count = 0;
	store_survey_diff_each(
	    now, CHANGE_BETTER, FIRST_OF, take_told, &told, NULL);
	assert_int_equal(told.count, FIRST_OF);
}

/* --min-weight: counts and lists are of the same domains. */
static void
light_domains_are_not_compared(void **state)
{
	AUTO(store_survey) struct store_survey *then = make_survey(false);
	AUTO(store_survey) struct store_survey *now = make_survey(true);
	struct comparison comparison;
	struct told told = {.count = 0};
	int64_t domains_told = 0;

	(void)state;
	store_survey_least(now, 6);
	assert_int_equal(survey_compare(&comparison, now, then), 0);
	store_survey_diff_each(now, CHANGE_SAME, 0, take_told, &told, NULL);
	/* heavy, deeper; new; gone */
	assert_int_equal(told.count, 4);
	for (int i = 0; i < CHANGE_SAME; i++)
		domains_told += comparison.counts[i].domains;
	assert_int_equal(domains_told, 4);
	assert_int_equal(comparison.counts[CHANGE_QUEUED].messages, 9);
	assert_int_equal(comparison.counts[CHANGE_GONE].messages, 6);
	assert_int_equal(comparison.other_depth, 2);
	store_survey_least(now, 9);
	assert_int_equal(store_survey_diff_count(now, comparison.counts,
			     CHANGES, &comparison.other_depth, NULL),
	    0);
	assert_int_equal(comparison.other_depth, 0);
}

/* Of a scan that is not at its end. */
static void
what_is_to_be_asked_about_is_not_gone(void **state)
{
	AUTO(store_survey) struct store_survey *then = make_survey(false);
	AUTO(store_survey) struct store_survey *now = make_survey(true);
	struct comparison comparison;

	(void)state;
	store_survey_add(now, "gone.example", 6, 0, NULL);
	assert_int_equal(survey_compare(&comparison, now, then), 0);
	assert_int_equal(comparison.counts[CHANGE_GONE].domains, 0);
}

static char *
written(const struct comparison *comparison,
    int (*write)(const struct comparison *, FILE *))
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_int_equal(write(comparison, out), 0);
	fclose(out);
	return text;
}

static void
each_form_has_all_changes(void **state)
{
	AUTO(store_survey) struct store_survey *then = make_survey(false);
	AUTO(store_survey) struct store_survey *now = make_survey(true);
	AUTO(sheet) struct sheet *sheet = sheet_new("x");
	struct comparison comparison;
	char *text;
	size_t length;
	FILE *out;

	(void)state;
	survey_compare(&comparison, now, then);
	text = written(&comparison, survey_diff_csv);
	assert_non_null(strstr(text,
	    "\"heavy.example\",9,worse,\"both\",\"both\",\"full\",\"full\","
	    "\"ok\",\"broken\",\"enforce\",\"enforce\",\"ok\",\"ok\",\"d\","
	    "\"q\",\"probe\",\"probe\"\r\n"));
	assert_non_null(
	    strstr(text, "\"new.example\",7,new,\"\",\"sts\",\"\",\"none\""));
	free(text);
	text = written(&comparison, survey_diff_ndjson);
	assert_non_null(strstr(text, "\"change\":\"gone\",\"then\":{"));
	assert_non_null(strstr(text, "\"now\":null}"));
	assert_non_null(strstr(text,
	    "{\"schema\":1,\"kind\":\"summary\",\"worse\":6,\"better\":2,"
	    "\"other\":1,\"new\":1,\"gone\":1,\"same\":2,\"queued\":3,"
	    "\"other_depth\":2}\n"));
	free(text);
	assert_int_equal(survey_put_comparison(sheet, &comparison), 0);
	out = open_memstream(&text, &length);
	sheet_text(sheet, out, 80);
	fclose(out);
	assert_non_null(strstr(text, "The mail of 3 domains would be queued"));
	assert_non_null(strstr(text, "2 domains were looked at with another"));
	assert_non_null(strstr(text, "auto d -> q, DANE ok -> broken"));
	free(text);
}

/* --- exports that are read back --- */

static char path[] = "/tmp/survey-diff-XXXXXX";

static struct store_survey *
read_export(const char *text, int *status)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return survey_open_either(path, status);
}

#define LINE(domain, weight, word)                                      \
	"{\"schema\":1,\"kind\":\"domain\",\"domain\":" domain          \
	",\"weight\":" weight ",\"protection\":" word                   \
	",\"dane\":{\"adoption\":\"none\","                             \
	"\"health\":\"na\"},\"sts\":{\"mode\":\"\",\"health\":\"na\"}," \
	"\"out\":{\"auto\":\"d\"},\"depth\":\"dns\"}\n"

static void
an_export_is_read_back(void **state)
{
	AUTO(store_survey) struct store_survey *now = make_survey(true);
	struct comparison comparison;
	struct store_survey *then;
	int status;

	(void)state;
	then = read_export("{\"kind\":\"head\",\"schema\":1}\n" LINE(
			       "\"other.example\"", "3", "\"both\""),
	    &status);
	assert_non_null(then);
	assert_int_equal(survey_compare(&comparison, now, then), 0);
	assert_int_equal(comparison.counts[CHANGE_LOST].domains, 1);
	assert_int_equal(comparison.counts[CHANGE_NEW].domains, 11);
	store_survey_free(then);
}

static void
what_is_no_export_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *wrong;
	} rows[] = {
	    {"{\n", "line 1: it is no line of an export"},
	    {"{}\n", "line 1: it is no line of an export"},
	    {"{\"kind\":\"head\"}\n[]\n", "line 2: it is no line"},
	    {LINE("7", "1", "\"both\""), "line 1: it has no domain"},
	    {LINE("\"a..b\"", "1", "\"both\""), "it has no domain"},
	    {LINE("\"a.example\"", "0", "\"both\""), "it has no weight"},
	    {LINE("\"a.example\"", "1", "\"<script>\""), "a word is missing"},
	    {LINE("\"a.example\"", "1", "null"), "a word is missing"},
	};
	char *line = xmalloc(LIMIT_SURVEY_EXPORT_LINE + 2);
	int status;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_null(read_export(rows[i].text, &status));
		ROW(rows[i].text, status == 65);
		ROW(rows[i].text, strstr(said, rows[i].wrong) != NULL);
	}
	/* LIMIT_SURVEY_EXPORT_LINE */
	memset(line, ' ', LIMIT_SURVEY_EXPORT_LINE + 1);
	line[0] = '{';
	line[LIMIT_SURVEY_EXPORT_LINE + 1] = '\0';
	assert_null(read_export(line, &status));
	assert_int_equal(status, 65);
	assert_non_null(strstr(said, "too long"));
	free(line);
	assert_null(survey_open_either("/nonexistent", &status));
	assert_int_equal(status, 66);
	assert_null(read_export("", &status));
	assert_int_equal(status, 78);
}

static int
make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
drop_path(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest diff[] = {
	    cmocka_unit_test(changes_are_told_the_worst_first),
	    cmocka_unit_test(light_domains_are_not_compared),
	    cmocka_unit_test(what_is_to_be_asked_about_is_not_gone),
	    cmocka_unit_test(each_form_has_all_changes),
	    cmocka_unit_test(an_export_is_read_back),
	    cmocka_unit_test(what_is_no_export_is_told_with_its_line),
	};

	return RUN_TESTS_WITH(diff, make_path, drop_path);
}
