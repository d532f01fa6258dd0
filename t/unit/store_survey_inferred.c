/* SPDX-License-Identifier: BSD-2-Clause */
/* What is inferred of names, and is cancelled. */
#include <netinet/in.h>
#include <sqlite3.h>

#include "common/base/text.h"
#include "common/io/store_survey.h"
#include "t/unit/survey_file.h"
#include "t/unit/tap.h"

/* V72 */
static void
names_that_rest_on_inference_are_asked_about_again(void **state)
{
	AUTO(store_survey) struct store_survey *survey = survey_file_open(NULL);
	static const char *const inferred[] = {"192.0.2.1",
	    "192.0.2.3 192.0.2.1", "192.0.2.11", "", "192.0.2.1 192.0.2.3"};
	survey_name names[COUNT(inferred)];
	int64_t reopened = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(inferred); i++) {
		char name[] = "a";
		struct survey_row row = {.domain = name, .time = 1800000000};

		name[0] = (char)('a' + (int)i);
		store_survey_add(survey, name, 1, 0, NULL);
		for (int k = 0; k < SURVEY_FIELDS; k++)
			row.fields[k] = "";
		row.fields[SURVEY_INFERRED_AT] = inferred[i];
		assert_int_equal(store_survey_put(survey, &row, NULL), 0);
	}
	assert_int_equal(
	    store_survey_reopen(survey, "192.0.2.1", &reopened, NULL), 0);
	assert_int_equal(reopened, 3);
	assert_int_equal(
	    store_survey_todo(survey, "", 0, names, COUNT(inferred), NULL), 3);
	assert_string_equal(names[0], "a");
	assert_string_equal(names[1], "b");
	assert_string_equal(names[2], "e");
}

static void
put_inferred(
    struct store_survey *survey, unsigned number, const char *addresses)
{
	char name[32];
	struct survey_row row = {.domain = name, .time = 1800000000};

	snprintf(name, sizeof(name), "n%05u.example", number);
	store_survey_add(survey, name, 1, 0, NULL);
	for (int i = 0; i < SURVEY_FIELDS; i++)
		row.fields[i] = "";
	row.fields[SURVEY_INFERRED_AT] = addresses;
	assert_int_equal(store_survey_put(survey, &row, NULL), 0);
}

/* Of all statements, so far. */
static int
steps_of_sqlite(struct store_survey *survey)
{
	sqlite3 *handle = store_survey_handle(survey);
	sqlite3_stmt *stmt = NULL;
	int steps = 0;

	while ((stmt = sqlite3_next_stmt(handle, stmt)) != NULL)
		steps +=
		    sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
	return steps;
}

/* Else very many that are cancelled take the square of the time of one. */
static void
what_is_cancelled_costs_its_own_names_alone(void **state)
{
	enum { ALL = 20000, STEPS = 1000 };

	AUTO(store_survey) struct store_survey *survey = survey_file_open(NULL);
	int64_t reopened = 0;
	char address[INET6_ADDRSTRLEN];
	int before;

	(void)state;
	for (unsigned i = 0; i < ALL; i++) {
		snprintf(address, sizeof(address), "10.0.%u.%u", i / 4 / 256,
		    i / 4 % 256);
		put_inferred(survey, i, address);
	}
	before = steps_of_sqlite(survey);
	assert_int_equal(
	    store_survey_reopen(survey, "10.0.3.7", &reopened, NULL), 0);
	assert_int_equal(reopened, 4);
	assert_in_range(steps_of_sqlite(survey) - before, 1, STEPS);
	/* nothing is left of it */
	assert_int_equal(
	    store_survey_reopen(survey, "10.0.3.7", &reopened, NULL), 0);
	assert_int_equal(reopened, 0);
}

/* What a name rests on is what was found last. */
static void
what_was_asked_about_since_stays(void **state)
{
	AUTO(store_survey) struct store_survey *survey = survey_file_open(NULL);
	survey_name names[4];
	int64_t reopened = 0;

	(void)state;
	put_inferred(survey, 1, "192.0.2.1 192.0.2.2");
	put_inferred(survey, 1, "192.0.2.2");
	put_inferred(survey, 2, "192.0.2.1 192.0.2.2");
	assert_int_equal(
	    store_survey_reopen(survey, "192.0.2.1", &reopened, NULL), 0);
	assert_int_equal(reopened, 1);
	assert_int_equal(store_survey_todo(survey, "", 0, names, 4, NULL), 1);
	assert_string_equal(names[0], "n00002.example");
	/* one that is open already counts once */
	assert_int_equal(
	    store_survey_reopen(survey, "192.0.2.2", &reopened, NULL), 0);
	assert_int_equal(reopened, 1);
	assert_int_equal(store_survey_todo(survey, "", 0, names, 4, NULL), 2);
}

static void
drop_inferred_table(void)
{
	sqlite3 *handle;

	assert_int_equal(sqlite3_open(survey_file_path, &handle), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(handle, "DROP TABLE inferred", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(handle);
}

/* Of a postern that had no table of it. */
static void
a_file_without_the_table_gets_it(void **state)
{
	struct store_survey *survey = survey_file_open(survey_file_path);
	int64_t reopened = 0;

	(void)state;
	put_inferred(survey, 1, "192.0.2.3 192.0.2.1 2001:db8::1");
	put_inferred(survey, 2, "192.0.2.11");
	put_inferred(survey, 3, "");
	put_inferred(survey, 4, "2001:db8::1");
	store_survey_free(survey);
	drop_inferred_table();
	survey = survey_file_open(survey_file_path);
	assert_int_equal(
	    store_survey_reopen(survey, "192.0.2.1", &reopened, NULL), 0);
	assert_int_equal(reopened, 1);
	assert_int_equal(
	    store_survey_reopen(survey, "2001:db8::1", &reopened, NULL), 0);
	assert_int_equal(reopened, 1);
	store_survey_free(survey);
}

int
main(void)
{
	const struct CMUnitTest store_survey_inferred[] = {
	    cmocka_unit_test(
		names_that_rest_on_inference_are_asked_about_again),
	    cmocka_unit_test(what_is_cancelled_costs_its_own_names_alone),
	    cmocka_unit_test(what_was_asked_about_since_stays),
	    cmocka_unit_test(a_file_without_the_table_gets_it),
	};

	return RUN_TESTS_WITH(
	    store_survey_inferred, survey_file_begin, survey_file_end);
}
