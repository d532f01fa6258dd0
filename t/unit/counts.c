/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/counts.h"

#include "t/unit/tap.h"

static void
the_most_that_waited_and_ran_are_kept(void **state)
{
	struct counts counts = {0};

	(void)state;
	for (int i = 0; i < 3; i++)
		counts_wait(&counts);
	counts_begin(&counts);
	counts_begin(&counts);
	assert_int_equal(counts.waiting, 1);
	assert_int_equal(counts.running, 2);
	counts_end(&counts);
	counts_begin(&counts);
	counts_end(&counts);
	counts_end(&counts);
	assert_int_equal(counts.waiting, 0);
	assert_int_equal(counts.waiting_max, 3);
	assert_int_equal(counts.running, 0);
	assert_int_equal(counts.running_max, 2);
	assert_int_equal(counts.checks, 3);
}

static void
one_that_is_refused_neither_waits_nor_runs(void **state)
{
	struct counts counts = {0};

	(void)state;
	counts_wait(&counts);
	counts_wait(&counts);
	counts_refuse(&counts, false);
	counts_begin(&counts);
	counts_refuse(&counts, true);
	assert_int_equal(counts.waiting, 0);
	assert_int_equal(counts.running, 0);
	assert_int_equal(counts.queue_full, 2);
	assert_int_equal(counts.checks, 1);
}

static void
fetches_that_failed_are_fetches(void **state)
{
	struct counts counts = {0};

	(void)state;
	counts_probe(&counts);
	for (int i = 0; i < COUNTS_FETCHES; i++)
		counts_fetched(&counts, (enum counts_fetch)i);
	assert_int_equal(counts.probes, 1);
	assert_int_equal(counts_fetches(&counts), 8);
	assert_int_equal(counts_fetches_failed(&counts), 6);
	assert_int_equal(counts.fetched[COUNTS_FETCH_TLS], 1);
}

static void
without_counts_nothing_is_counted(void **state)
{
	(void)state;
	counts_wait(NULL);
	counts_begin(NULL);
	counts_end(NULL);
	counts_refuse(NULL, true);
	counts_probe(NULL);
	counts_fetched(NULL, COUNTS_FETCH_OK);
	counts_looked_up(NULL, COUNTS_LOOKUP_MX, COUNTS_STATUS_SECURE);
}

int
main(void)
{
	const struct CMUnitTest counts[] = {
	    cmocka_unit_test(the_most_that_waited_and_ran_are_kept),
	    cmocka_unit_test(one_that_is_refused_neither_waits_nor_runs),
	    cmocka_unit_test(fetches_that_failed_are_fetches),
	    cmocka_unit_test(without_counts_nothing_is_counted),
	};

	return RUN_TESTS(counts);
}
