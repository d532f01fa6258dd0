/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/flips.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "t/unit/state.h"
#include "t/unit/tap.h"

static struct {
	struct store *store;
	struct policy_keep *keep;
	struct flips *flips;
	unsigned told, more;
	char last[128];
} kept;

/* While one is told of, which is while notes are written, more come. */
static void
on_flipped(void *arg, const char *domain, const char *old, const char *result,
    const char *mx)
{
	char name[32];

	(void)arg;
	kept.told++;
	snprintf(kept.last, sizeof(kept.last), "%s %s %s %s", domain, old,
	    result, mx == NULL ? "-" : mx);
	for (; kept.more > 0; kept.more--) {
		snprintf(name, sizeof(name), "m%u.example", kept.more);
		flips_note(kept.flips, name, RESULT_NONE, NULL);
	}
}

static int
open_kept(void **state)
{
	struct policy_keep_options options = {.read_only = false};

	if (state_setup(state) != 0)
		return -1;
	memset(&kept, 0, sizeof(kept));
	kept.store = state_open();
	options.store = kept.store;
	kept.keep = policy_keep_new(&options);
	kept.flips = flips_new(kept.store, kept.keep, on_flipped, NULL);
	return 0;
}

static int
close_kept(void **state)
{
	flips_free(kept.flips);
	policy_keep_free(kept.keep);
	store_free(kept.store);
	return state_teardown(state);
}

static void
a_result_that_differs_is_told_once(void **state)
{
	(void)state;
	flips_note(kept.flips, "a.example", RESULT_PASS, "mx.a.example");
	flips_note(kept.flips, "a.example", RESULT_PASS, "mx.a.example");
	assert_int_equal(kept.told, 0);
	flips_note(kept.flips, "a.example", RESULT_FAIL, "mx.a.example");
	flips_note(kept.flips, "a.example", RESULT_FAIL, NULL);
	assert_int_equal(kept.told, 1);
	assert_string_equal(kept.last, "a.example pass fail mx.a.example");
	flips_note(kept.flips, "a.example", RESULT_NONE, NULL);
	assert_string_equal(kept.last, "a.example fail none -");
}

static void
what_comes_meanwhile_is_written_by_who_writes(void **state)
{
	(void)state;
	flips_note(kept.flips, "a.example", RESULT_PASS, NULL);
	kept.more = 500;
	flips_note(kept.flips, "a.example", RESULT_FAIL, NULL);
	state_assert_answer("SELECT count(*) FROM flip", "501");
}

static void
beyond_the_limit_of_those_that_wait_none_is_noted(void **state)
{
	char wanted[16];

	(void)state;
	flips_note(kept.flips, "a.example", RESULT_PASS, NULL);
	kept.more = LIMIT_FLIPS_WAITING + 7;
	flips_note(kept.flips, "a.example", RESULT_FAIL, NULL);
	snprintf(wanted, sizeof(wanted), "%d", LIMIT_FLIPS_WAITING + 1);
	state_assert_answer("SELECT count(*) FROM flip", wanted);
}

#define KEPT_TEST(name) \
	cmocka_unit_test_setup_teardown(name, open_kept, close_kept)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    KEPT_TEST(a_result_that_differs_is_told_once),
	    KEPT_TEST(what_comes_meanwhile_is_written_by_who_writes),
	    KEPT_TEST(beyond_the_limit_of_those_that_wait_none_is_noted),
	};

	return RUN_TESTS(tests);
}
