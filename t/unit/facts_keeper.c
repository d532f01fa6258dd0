/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/facts_keeper.h"

#include <dirent.h>
#include <ftw.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/judge/action.h"
#include "milter/view/facts_name.h"
#include "milter/view/json_facts.h"
#include "t/unit/fact_row.h"
#include "t/unit/tap.h"

enum { NOW = 1795996819 };

static char base[64], path[100];
static struct settings settings = {.on_fail = ACTION_DEFER,
    .on_temperror = ACTION_TAG,
    .on_softfail = ACTION_TAG,
    .facts_directory = path,
    .facts_keep_days = 3650,
    .facts_max_files = 1000,
    .facts_max_mib = 10};

/* In place of milter/serve/report, whose header has another enum dns. */
void report_facts(const char *detail);
static atomic_uint failures, successes;

void
report_facts(const char *detail)
{
	if (detail != NULL)
		failures++;
	else
		successes++;
}

static const struct row failing = {
    "fails", SEC, ONE(SEC, T_BAD, P_GOOD), S_NIL, LEVEL_AUTO, 0, 0, 0, 0, 0, 0};
static const struct row passing = {
    "passes", SEC, ONE(SEC, T_OK, P_GOOD), S_NIL, LEVEL_AUTO, 0, 0, 0, 0, 0, 0};

static struct facts *failing_facts;
static struct judge_terms terms = {.level = LEVEL_AUTO};

static struct check
check_of(const struct row *row)
{
	return (struct check){.domain = "d.example",
	    .verdict = fact_row_judge(row),
	    .judged_s = NOW};
}

static unsigned
count_files(void)
{
	DIR *entries = opendir(path);
	const struct dirent *entry;
	unsigned count = 0;

	while (entries != NULL && (entry = readdir(entries)) != NULL)
		count += facts_name_read(entry->d_name, NULL);
	if (entries != NULL)
		closedir(entries);
	return count;
}

static void
await_files(unsigned wanted)
{
	for (int i = 0; i < 3000 && count_files() != wanted; i++)
		usleep(10000);
	assert_int_equal(count_files(), wanted);
}

static void
await_number(const atomic_uint *number, unsigned wanted)
{
	for (int i = 0; i < 3000 && *number != wanted; i++)
		usleep(10000);
	assert_int_equal(*number, wanted);
}

static void
a_verdict_that_refuses_no_mail_is_not_kept(void **state)
{
	AUTO(facts) struct facts *facts = fact_row_make(&passing);
	struct check check = check_of(&passing);

	(void)state;
	assert_int_equal(
	    facts_keeper_number(&settings, facts, &terms, &check), 0);
	verdict_free(check.verdict);
	check = check_of(&failing);
	settings.on_fail = ACTION_TAG;
	assert_int_equal(
	    facts_keeper_number(&settings, failing_facts, &terms, &check), 0);
	settings.on_fail = ACTION_DEFER;
	failing_facts->trouble = TROUBLE_DEADLINE;
	assert_int_equal(
	    facts_keeper_number(&settings, failing_facts, &terms, &check), 0);
	failing_facts->trouble = TROUBLE_NONE;
	verdict_free(check.verdict);
}

static void
one_that_does_is_there_to_be_judged_again(void **state)
{
	static const enum action actions[] = {
	    ACTION_HOLD, ACTION_DEFER, ACTION_REJECT};
	struct check check = check_of(&failing);
	char name[FACTS_NAME_SIZE], whole[200];

	(void)state;
	for (unsigned i = 0; i < COUNT(actions); i++) {
		settings.on_fail = actions[i];
		check.facts_number = facts_keeper_number(
		    &settings, failing_facts, &terms, &check);
		assert_int_not_equal(check.facts_number, 0);
		facts_keeper_take(failing_facts, &terms, &check);
		await_files(i + 1);
	}
	settings.on_fail = ACTION_DEFER;
	assert_true(facts_name_print(NOW, check.facts_number, name));
	snprintf(whole, sizeof(whole), "%s/%s", path, name);
	{
		FILE *in = fopen(whole, "re");
		static char text[256 * 1024];
		size_t used, length = fread(text, 1, sizeof(text) - 1, in);
		AUTO(facts_file)
		struct facts_file *file =
		    facts_file_read(text, length, &used, NULL);
		AUTO(verdict) struct verdict *again = NULL;

		fclose(in);
		assert_non_null(file);
		assert_int_equal(file->judged_s, NOW);
		again = judge(file->facts, &file->terms, file->judged_s);
		assert_int_equal(again->result, check.verdict->result);
		assert_int_equal(again->reason, check.verdict->reason);
		assert_string_equal(again->mx, check.verdict->mx);
	}
	assert_int_equal(failures, 0);
	verdict_free(check.verdict);
}

static void
mail_under_requiretls_that_is_refused_counts_as_well(void **state)
{
	AUTO(facts) struct facts *facts = fact_row_make(&passing);
	struct judge_terms required = terms;
	struct check check = check_of(&passing);

	(void)state;
	required.requiretls = true;
	check.verdict->requiretls = REQUIRETLS_MET;
	assert_int_equal(
	    facts_keeper_number(&settings, facts, &required, &check), 0);
	check.verdict->requiretls = REQUIRETLS_NOT_OFFERED;
	check.facts_number =
	    facts_keeper_number(&settings, facts, &required, &check);
	assert_int_not_equal(check.facts_number, 0);
	facts_keeper_take(facts, &required, &check);
	await_files(4);
	verdict_free(check.verdict);
}

/* LIMIT_FACTS_WAITING, LIMIT_FACTS_WAITING_OCTETS: those that have a place and
 * are not written yet. */
static void
no_more_than_so_many_wait_to_be_written(void **state)
{
	AUTO(facts) struct facts *large = fact_row_make(&failing);
	struct check check = check_of(&failing);
	static uint8_t octets[LIMIT_FACTS_WAITING_OCTETS / 2];
	struct der huge = {.data = octets, .size = sizeof(octets)};
	uint32_t numbers[LIMIT_FACTS_WAITING];

	(void)state;
	for (size_t i = 0; i < LIMIT_FACTS_WAITING; i++) {
		numbers[i] = facts_keeper_number(
		    &settings, failing_facts, &terms, &check);
		assert_int_not_equal(numbers[i], 0);
		assert_true(i == 0 || numbers[i] != numbers[i - 1]);
	}
	assert_int_equal(
	    facts_keeper_number(&settings, failing_facts, &terms, &check), 0);
	for (size_t i = 0; i < LIMIT_FACTS_WAITING; i++) {
		check.facts_number = numbers[i];
		facts_keeper_take(failing_facts, &terms, &check);
	}
	await_files(4 + LIMIT_FACTS_WAITING);
	probe_facts_free(large->hosts[0].addresses[0].probe);
	large->hosts[0].addresses[0].probe = probe_facts_new(PROBE_TLS);
	probe_facts_set_certs(large->hosts[0].addresses[0].probe, &huge, 1);
	assert_int_not_equal(
	    facts_keeper_number(&settings, large, &terms, &check), 0);
	assert_int_equal(
	    facts_keeper_number(&settings, large, &terms, &check), 0);
	verdict_free(check.verdict);
}

static void
a_folder_that_cannot_be_had_is_told_once_and_tried_again(void **state)
{
	struct check check = check_of(&failing);
	char moved[120];

	(void)state;
	snprintf(moved, sizeof(moved), "%s.moved", path);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	for (int i = 0; i < 2; i++) {
		check.facts_number = facts_keeper_number(
		    &settings, failing_facts, &terms, &check);
		assert_int_not_equal(check.facts_number, 0);
		facts_keeper_take(failing_facts, &terms, &check);
		await_number(&failures, 1);
		/* until the thread has said that it rests */
		for (int k = 0;
		     k < 3000 &&
		     (check.facts_number = facts_keeper_number(
			  &settings, failing_facts, &terms, &check)) != 0;
		     k++) {
			facts_keeper_take(failing_facts, &terms, &check);
			usleep(10000);
		}
		assert_int_equal(check.facts_number, 0);
		clock_shift(61);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(moved, path), 0);
	check.facts_number =
	    facts_keeper_number(&settings, failing_facts, &terms, &check);
	assert_int_not_equal(check.facts_number, 0);
	facts_keeper_take(failing_facts, &terms, &check);
	await_number(&successes, 1);
	assert_int_equal(failures, 1);
	verdict_free(check.verdict);
}

static void
at_the_end_all_is_written_and_nothing_more_is_taken(void **state)
{
	struct check check = check_of(&failing);
	unsigned before = count_files();

	(void)state;
	check.facts_number =
	    facts_keeper_number(&settings, failing_facts, &terms, &check);
	facts_keeper_take(failing_facts, &terms, &check);
	facts_keeper_stop(clock_mono_ms() + 30 * 1000);
	assert_int_equal(count_files(), before + 1);
	assert_int_equal(
	    facts_keeper_number(&settings, failing_facts, &terms, &check), 0);
	verdict_free(check.verdict);
}

static int
remove_file(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(name);
}

static int
keeper_setup(void **state)
{
	struct settings none = settings;

	umask(022);
	if (fact_pki_make(state) != 0)
		return -1;
	snprintf(base, sizeof(base), "/tmp/postern-facts-XXXXXX");
	if (mkdtemp(base) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/facts", base);
	terms.store = fact_pki.store;
	failing_facts = fact_row_make(&failing);
	none.facts_directory = NULL;
	return facts_keeper_start(&none, NULL) != 0 ||
		       facts_keeper_start(&settings, NULL) != 0
		   ? -1
		   : 0;
}

static int
keeper_teardown(void **state)
{
	facts_free(failing_facts);
	nftw(base, remove_file, 8, FTW_DEPTH | FTW_PHYS);
	return fact_pki_drop(state);
}

int
main(void)
{
	const struct CMUnitTest facts_keeper[] = {
	    cmocka_unit_test(a_verdict_that_refuses_no_mail_is_not_kept),
	    cmocka_unit_test(one_that_does_is_there_to_be_judged_again),
	    cmocka_unit_test(
		mail_under_requiretls_that_is_refused_counts_as_well),
	    cmocka_unit_test(no_more_than_so_many_wait_to_be_written),
	    cmocka_unit_test(
		a_folder_that_cannot_be_had_is_told_once_and_tried_again),
	    cmocka_unit_test(
		at_the_end_all_is_written_and_nothing_more_is_taken),
	};

	return RUN_TESTS_WITH(facts_keeper, keeper_setup, keeper_teardown);
}
