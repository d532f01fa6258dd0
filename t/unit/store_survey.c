/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_survey.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/survey_file.h"
#include "t/unit/tap.h"

static void
put(struct store_survey *survey, const char *domain, const char *mx,
    const char *automatic, bool failing)
{
	struct survey_row row = {
	    .domain = domain, .time = 1800000000, .failing = failing};

	for (int i = 0; i < SURVEY_FIELDS; i++)
		row.fields[i] = "";
	row.fields[SURVEY_MX_STATE] = mx;
	row.fields[SURVEY_AUTO] = automatic;
	assert_int_equal(store_survey_put(survey, &row, NULL), 0);
}

/* V01, V08 */
static void
doubles_add_their_weights(void **state)
{
	AUTO(store_survey) struct store_survey *survey = survey_file_open(NULL);
	struct survey_totals totals;
	int64_t count;

	(void)state;
	assert_int_equal(store_survey_notes(survey, "source", &count, NULL), 0);
	assert_int_equal(count, 0);
	store_survey_add(survey, "a.example", 2, 0, NULL);
	store_survey_add(survey, "a.example", 3, 12, NULL);
	store_survey_add(survey, "b.example", INT64_MAX / 2, 0, NULL);
	store_survey_add(survey, "b.example", INT64_MAX / 2, 0, NULL);
	store_survey_note(survey, "source", "x", NULL);
	assert_int_equal(store_survey_notes(survey, "source", &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_int_equal(store_survey_total(survey, &totals, NULL), 0);
	assert_int_equal(totals.names, 2);
	assert_int_equal(totals.done, 0);
	assert_true(totals.weighted);
	assert_true(totals.weight > 0);
}

struct seen {
	size_t count;
	char text[512];
};

static void
see_row(void *arg, const struct survey_row *row)
{
	struct seen *seen = arg;

	seen->count++;
	strncat(seen->text, row->domain,
	    sizeof(seen->text) - strlen(seen->text) - 1);
	strncat(seen->text, " ", sizeof(seen->text) - strlen(seen->text) - 1);
}

static void
see_count(void *arg, const struct survey_count *count)
{
	struct seen *seen = arg;
	size_t used = strlen(seen->text);

	seen->count++;
	snprintf(seen->text + used, sizeof(seen->text) - used, "%s/%s=%d/%d ",
	    count->words[0], count->words[1], (int)count->domains,
	    (int)count->messages);
}

static void
names_are_asked_about_once_and_failures_again(void **state)
{
	AUTO(store_survey) struct store_survey *survey = survey_file_open(NULL);
	survey_name names[4];
	struct survey_totals totals;
	struct seen seen = {.count = 0};
	int count;

	(void)state;
	for (const char *c = "dbca"; *c != '\0'; c++)
		store_survey_add(survey, (char[]){*c, '\0'}, 1, 0, NULL);
	count = store_survey_todo(survey, "", 0, names, 3, NULL);
	assert_int_equal(count, 3);
	assert_string_equal(names[0], "a");
	count = store_survey_todo(survey, "c", 0, names, 3, NULL);
	assert_int_equal(count, 1);
	put(survey, "a", "mx", "d", false);
	put(survey, "b", "error", "t", true);
	put(survey, "d", "mx", "q", false);
	count = store_survey_todo(survey, "", 0, names, 4, NULL);
	assert_int_equal(count, 1);
	assert_string_equal(names[0], "c");
	count = store_survey_todo(survey, "", 1, names, 4, NULL);
	assert_int_equal(count, 1);
	assert_string_equal(names[0], "b");
	put(survey, "b", "error", "t", true);
	count = store_survey_todo(survey, "", 1, names, 4, NULL);
	assert_int_equal(count, 0); /* it had two tries */
	store_survey_total(survey, &totals, NULL);
	assert_int_equal(totals.done, 3);
	assert_int_equal(totals.failing, 1);
	assert_false(totals.weighted);
	assert_int_equal(totals.began, 1800000000);
	store_survey_each(survey, false, 0, see_row, &seen, NULL);
	assert_string_equal(seen.text, "a b d ");
	seen = (struct seen){.count = 0};
	store_survey_each(survey, true, 5, see_row, &seen, NULL);
	assert_string_equal(seen.text, "d ");
	assert_int_equal(store_survey_undo(survey, 1800000000, NULL), 0);
	count = store_survey_todo(survey, "", 0, names, 4, NULL);
	assert_int_equal(count, 2);
}

static void
counts_are_by_words_and_filters(void **state)
{
	AUTO(store_survey) struct store_survey *survey = survey_file_open(NULL);
	struct survey_question question = {.by = SURVEY_MX_STATE};
	struct seen seen = {.count = 0};

	(void)state;
	store_survey_add(survey, "a", 5, 0, NULL);
	store_survey_add(survey, "b", 1, 0, NULL);
	store_survey_add(survey, "c", 1, 0, NULL);
	store_survey_add(survey, "never", 1, 0, NULL);
	put(survey, "a", "mx", "d", false);
	put(survey, "b", "mx", "q", false);
	put(survey, "c", "null-mx", "b", false);
	store_survey_count(survey, &question, see_count, &seen, NULL);
	assert_string_equal(seen.text, "mx/=2/6 null-mx/=1/1 ");
	seen = (struct seen){.count = 0};
	question.filter = SURVEY_MAIL;
	question.by_two = true;
	question.and_by = SURVEY_AUTO;
	store_survey_count(survey, &question, see_count, &seen, NULL);
	assert_string_equal(seen.text, "mx/d=1/5 mx/q=1/1 ");
	question.most = 1;
	seen = (struct seen){.count = 0};
	store_survey_count(survey, &question, see_count, &seen, NULL);
	assert_int_equal(seen.count, 1);
}

static void
put_words(struct store_survey *survey, const char *domain, const char *site,
    const char *dnssec)
{
	struct survey_row row = {.domain = domain, .time = 1800000000};

	for (int i = 0; i < SURVEY_FIELDS; i++)
		row.fields[i] = "";
	row.fields[SURVEY_TLD] = strchr(domain, '.') + 1;
	row.fields[SURVEY_SITE] = site;
	row.fields[SURVEY_PROVIDER] = "p";
	row.fields[SURVEY_DNSSEC] = dnssec;
	row.fields[SURVEY_STS_MAX_AGE] = "86400";
	store_survey_add(survey, domain, 1, 0, NULL);
	assert_int_equal(store_survey_put(survey, &row, NULL), 0);
}

/* Also of fields that stand in several tables, and of what came since. */
static void
counts_are_of_what_there_is_now(void **state)
{
	AUTO(store_survey) struct store_survey *survey = survey_file_open(NULL);
	static const struct {
		enum survey_field by, and_by;
		const char *before, *after;
	} rows[] = {
	    {SURVEY_DNSSEC, SURVEY_MAY, "secure/=2/2 insecure/=1/1 ",
		"insecure/=2/4 secure/=2/2 "},
	    {SURVEY_TLD, SURVEY_DNSSEC, "b/secure=2/2 c/insecure=1/1 ",
		"b/secure=2/2 c/insecure=2/4 "},
	    {SURVEY_SITE, SURVEY_PROVIDER, "s/p=2/2 other/p=1/1 ",
		"other/p=2/4 s/p=2/2 "},
	    {SURVEY_STS_MAX_AGE, SURVEY_SITE, "86400/s=2/2 86400/other=1/1 ",
		"86400/other=2/4 86400/s=2/2 "},
	    {SURVEY_SITE, SURVEY_TLD, "s/b=2/2 other/c=1/1 ",
		"other/c=2/4 s/b=2/2 "},
	};

	(void)state;
	put_words(survey, "a.b", "s", "secure");
	put_words(survey, "b.b", "s", "secure");
	put_words(survey, "c.c", "other", "insecure");
	for (int after = 0; after < 2; after++) {
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct survey_question question = {.by = rows[i].by,
			    .by_two = true,
			    .and_by = rows[i].and_by};
			struct seen seen = {.count = 0};

			store_survey_count(
			    survey, &question, see_count, &seen, NULL);
			ROW_TEXT(rows[i].before, seen.text,
			    after ? rows[i].after : rows[i].before);
		}
		if (after)
			break;
		store_survey_add(survey, "d.c", 2, 0, NULL);
		put_words(survey, "d.c", "other", "insecure");
	}
	store_survey_least(survey, 2);
	for (size_t i = 0; i < 2; i++) {
		struct survey_question question = {.by = rows[i].by};
		struct seen seen = {.count = 0};

		store_survey_count(survey, &question, see_count, &seen, NULL);
		ROW_TEXT(
		    "least", seen.text, i == 0 ? "insecure/=1/3 " : "c/=1/3 ");
	}
}

static int64_t
number_of(struct store_survey *survey, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t number;

	assert_int_equal(sqlite3_prepare_v2(
			     store_survey_handle(survey), sql, -1, &stmt, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return number;
}

/* G4 */
static void
what_many_share_stands_once(void **state)
{
	enum { NAMES = 20000, HOSTS = 200, OCTETS = 150 };
	AUTO(store_survey)
	struct store_survey *survey = survey_file_open(survey_file_path);
	struct stat st;

	(void)state;
	store_survey_begin(survey, NULL);
	for (int i = 0; i < NAMES; i++) {
		char domain[32], site[32];

		snprintf(domain, sizeof(domain), "at-%d.example", i);
		snprintf(site, sizeof(site), "h%d.example", i % HOSTS);
		put_words(
		    survey, domain, site, i % 10 == 0 ? "secure" : "insecure");
	}
	store_survey_commit(survey, NULL);
	assert_int_equal(number_of(survey, "SELECT count(*) FROM finding"), 2);
	assert_int_equal(
	    number_of(survey, "SELECT count(*) FROM mxset"), HOSTS);
	assert_int_equal(number_of(survey, "SELECT count(*) FROM policy"), 1);
	assert_int_equal(
	    number_of(survey, "SELECT count(*) FROM answer"), NAMES);
	store_survey_free(survey);
	survey = NULL;
	assert_int_equal(stat(survey_file_path, &st), 0);
	ROW("octets", st.st_size < (off_t)OCTETS * NAMES);
	survey_file_drop();
}

/* V75 */
static void
a_file_is_one_scans_and_stays_whole(void **state)
{
	struct store_survey *survey = survey_file_open(survey_file_path);
	struct store_survey *other;
	struct survey_totals totals;
	struct err err = {.text = ""};
	struct stat st;
	int status;
	pid_t child;

	(void)state;
	store_survey_add(survey, "a", 1, 0, NULL);
	assert_int_equal(stat(survey_file_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_null(
	    store_survey_open(survey_file_path, STORE_SURVEY_SCAN, &err));
	assert_int_equal(err.kind, ERR_TEMP);
	other = store_survey_open(survey_file_path, STORE_SURVEY_READ, &err);
	assert_non_null(other);
	store_survey_total(other, &totals, NULL);
	assert_int_equal(totals.names, 1);
	store_survey_free(other);
	store_survey_free(survey);
	child = fork();
	if (child == 0) { /* dies in a transaction */
		survey = survey_file_open(survey_file_path);
		store_survey_begin(survey, NULL);
		store_survey_add(survey, "b", 1, 0, NULL);
		_exit(0);
	}
	waitpid(child, &status, 0);
	survey = survey_file_open(survey_file_path);
	store_survey_total(survey, &totals, NULL);
	assert_int_equal(totals.names, 1);
	store_survey_free(survey);
	survey_file_drop();
}

static void
a_file_of_others_stays_as_it_is(void **state)
{
	static const char text[] = "this is no database, and long enough to be "
				   "seen as none by anybody who looks at it";
	struct err err = {.text = ""};
	char again[sizeof(text)];
	int fd = open(survey_file_path, O_CREAT | O_RDWR, 0600);

	(void)state;
	assert_true(write(fd, text, sizeof(text)) == sizeof(text));
	assert_null(
	    store_survey_open(survey_file_path, STORE_SURVEY_SCAN, &err));
	assert_int_equal(err.kind, ERR_DATA);
	assert_int_equal(pread(fd, again, sizeof(again), 0), sizeof(text));
	assert_memory_equal(again, text, sizeof(text));
	close(fd);
	survey_file_drop();
	assert_null(
	    store_survey_open(survey_file_path, STORE_SURVEY_READ, &err));
	assert_int_equal(err.kind, ERR_LOCAL);
}

static void
a_file_of_another_version_is_told_and_stays(void **state)
{
	static const struct {
		const char *sql, *words;
	} rows[] = {
	    {"PRAGMA user_version = 1", "older postern: scan anew"},
	    {"PRAGMA user_version = 3", "newer postern"},
	    {"PRAGMA application_id = 1", "no survey's file"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct store_survey *survey =
		    survey_file_open(survey_file_path);
		struct err err = {.text = ""};

		sqlite3_exec(
		    store_survey_handle(survey), rows[i].sql, NULL, NULL, NULL);
		store_survey_free(survey);
		for (int mode = STORE_SURVEY_READ; mode <= STORE_SURVEY_SCAN;
		     mode++) {
			ROW(rows[i].sql,
			    store_survey_open(survey_file_path,
				(enum store_survey_mode)mode, &err) == NULL);
			ROW(rows[i].sql, err.kind == ERR_DATA);
			ROW(err.text, strstr(err.text, rows[i].words) != NULL);
		}
		survey_file_drop();
	}
}

/* LIMIT_SURVEY_ROW */
static void
a_word_has_a_limit(void **state)
{
	AUTO(store_survey) struct store_survey *survey = survey_file_open(NULL);
	char *word = xmalloc(LIMIT_SURVEY_ROW + 2);
	struct err err;

	(void)state;
	memset(word, 'x', LIMIT_SURVEY_ROW + 1);
	word[LIMIT_SURVEY_ROW + 1] = '\0';
	assert_int_equal(store_survey_note(survey, "k", word, &err), -1);
	free(word);
}

static void
each_field_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < SURVEY_FIELDS; i++)
		assert_non_null(survey_field_name((enum survey_field)i));
	assert_string_equal(
	    survey_field_name(SURVEY_CSV_FIELDS - 1), "inferred");
}

int
main(void)
{
	const struct CMUnitTest store_survey[] = {
	    cmocka_unit_test(doubles_add_their_weights),
	    cmocka_unit_test(names_are_asked_about_once_and_failures_again),
	    cmocka_unit_test(counts_are_by_words_and_filters),
	    cmocka_unit_test(counts_are_of_what_there_is_now),
	    cmocka_unit_test(what_many_share_stands_once),
	    cmocka_unit_test(a_file_is_one_scans_and_stays_whole),
	    cmocka_unit_test(a_file_of_others_stays_as_it_is),
	    cmocka_unit_test(a_file_of_another_version_is_told_and_stays),
	    cmocka_unit_test(a_word_has_a_limit),
	    cmocka_unit_test(each_field_has_a_name),
	};

	return RUN_TESTS_WITH(store_survey, survey_file_begin, survey_file_end);
}
