/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/pacing.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "t/unit/tap.h"

enum { TURNS = 100, PLACES = 50, GAP_MS = 50, SLACK_MS = 3, WAIT_MS = 20000 };

static struct {
	_Atomic unsigned count;
	int64_t at_ms[TURNS];
	struct pacing_turn *turns[TURNS];
} gone;

/* The thread of pacing: whoever it is, it goes at once, and is not done. */
static void
take_note(void *arg, struct pacing_turn *turn)
{
	unsigned at = gone.count;

	(void)arg;
	gone.at_ms[at] = clock_mono_ms();
	gone.turns[at] = turn;
	gone.count = at + 1;
}

static int
forget_gone(void **state)
{
	(void)state;
	memset(&gone, 0, sizeof(gone));
	return 0;
}

static void
await_gone(unsigned count)
{
	int64_t end_ms = clock_mono_ms() + WAIT_MS;

	while (gone.count < count) {
		assert_true(clock_mono_ms() < end_ms);
		usleep(1000);
	}
	assert_int_equal(gone.count, count);
}

static struct pacing *
pacing_with(int gap_ms, unsigned rate, bool back_off)
{
	struct pacing_options options = {.per_address = 1,
	    .gap_ms = gap_ms,
	    .rate = rate,
	    .back_off = back_off};
	struct pacing *pacing = pacing_new(&options, take_note, NULL, NULL);

	assert_non_null(pacing);
	return pacing;
}

static struct pacing_turn
turn_at(const char *address)
{
	struct pacing_turn turn = {.address = ""};

	text_copy(turn.address, sizeof(turn.address), address);
	return turn;
}

static void
enter_as(struct pacing *pacing, struct pacing_turn *turn, const char *address,
    enum pacing_place place)
{
	*turn = turn_at(address);
	assert_int_equal(pacing_enter(pacing, turn), place);
}

/* As mail goes: so many at once, the rest in turn, and nothing remembered. */
static void
without_a_pace_the_next_goes_when_one_leaves(void **state)
{
	struct pacing_options options = {.per_address = 2};
	struct pacing *pacing = pacing_new(&options, take_note, NULL, NULL);
	struct pacing_turn turns[5];

	(void)state;
	enter_as(pacing, &turns[0], "192.0.2.1", PACING_GOES);
	enter_as(pacing, &turns[1], "192.0.2.1", PACING_GOES);
	enter_as(pacing, &turns[2], "192.0.2.1", PACING_WAITS);
	enter_as(pacing, &turns[3], "192.0.2.1", PACING_WAITS);
	enter_as(pacing, &turns[4], "192.0.2.2", PACING_GOES);
	assert_ptr_equal(
	    pacing_leave(pacing, "192.0.2.1", PACING_FAILED), &turns[2]);
	assert_ptr_equal(
	    pacing_leave(pacing, "192.0.2.1", PACING_FAILED), &turns[3]);
	for (int i = 0; i < 2; i++)
		assert_null(pacing_leave(pacing, "192.0.2.1", PACING_FAILED));
	assert_int_equal(pacing_mood(pacing, "192.0.2.1"), PACING_NOW);
	assert_null(pacing_leave(pacing, "192.0.2.2", PACING_ANSWERED));
	assert_int_equal(gone.count, 0);
	pacing_free(pacing);
}

/* G6 */
static void
an_address_has_a_gap_between_two(void **state)
{
	struct pacing *pacing = pacing_with(GAP_MS, 0, false);
	struct pacing_turn turns[3], other;
	int64_t begun_ms = clock_mono_ms();

	(void)state;
	enter_as(pacing, &turns[0], "192.0.2.1", PACING_GOES);
	enter_as(pacing, &turns[1], "192.0.2.1", PACING_WAITS);
	enter_as(pacing, &turns[2], "192.0.2.1", PACING_WAITS);
	enter_as(pacing, &other, "192.0.2.2", PACING_GOES);
	/* never two at once, however long it takes */
	usleep(2 * GAP_MS * 1000);
	assert_int_equal(gone.count, 0);
	assert_ptr_equal(
	    pacing_leave(pacing, "192.0.2.1", PACING_ANSWERED), &turns[1]);
	assert_true(clock_mono_ms() - begun_ms >= GAP_MS);
	begun_ms = clock_mono_ms();
	assert_null(pacing_leave(pacing, "192.0.2.1", PACING_ANSWERED));
	await_gone(1);
	assert_ptr_equal(gone.turns[0], &turns[2]);
	assert_true(gone.at_ms[0] - begun_ms >= GAP_MS - SLACK_MS);
	/* a connection that was not made leaves no gap */
	assert_null(pacing_leave(pacing, "192.0.2.1", PACING_UNUSED));
	assert_null(pacing_leave(pacing, "192.0.2.2", PACING_ANSWERED));
	pacing_free(pacing);
}

static void
what_was_not_used_takes_no_time(void **state)
{
	struct pacing *pacing = pacing_with(WAIT_MS, 1, false);
	struct pacing_turn turns[TURNS];

	(void)state;
	enter_as(pacing, &turns[0], "192.0.2.1", PACING_GOES);
	for (int i = 1; i <= PACING_LINE_MS / WAIT_MS + 1; i++)
		enter_as(pacing, &turns[i], "192.0.2.1", PACING_WAITS);
	/* the line is longer than anybody waits */
	enter_as(pacing, &turns[9], "192.0.2.1", PACING_FULL);
	for (int i = 1; i <= PACING_LINE_MS / WAIT_MS + 1; i++)
		assert_ptr_equal(
		    pacing_leave(pacing, "192.0.2.1", PACING_UNUSED),
		    &turns[i]);
	assert_null(pacing_leave(pacing, "192.0.2.1", PACING_UNUSED));
	pacing_free(pacing);
}

static void
a_network_of_ipv6_is_one_host(void **state)
{
	struct pacing *pacing = pacing_with(WAIT_MS, 0, false);
	struct pacing_turn turns[3];

	(void)state;
	enter_as(pacing, &turns[0], "2001:db8:0:1::1", PACING_GOES);
	enter_as(pacing, &turns[1], "2001:db8:0:1:ffff::2", PACING_WAITS);
	enter_as(pacing, &turns[2], "2001:db8:0:2::1", PACING_GOES);
	assert_ptr_equal(
	    pacing_leave(pacing, "2001:db8:0:1::1", PACING_UNUSED), &turns[1]);
	pacing_leave(pacing, "2001:db8:0:1:ffff::2", PACING_UNUSED);
	pacing_leave(pacing, "2001:db8:0:2::1", PACING_UNUSED);
	pacing_free(pacing);
}

static void
all_together_keep_to_a_rate(void **state)
{
	enum { RATE = 100, MANY = 20 };
	struct pacing *pacing = pacing_with(0, RATE, false);
	struct pacing_turn turns[MANY];
	char address[INET6_ADDRSTRLEN];
	int64_t begun_ms = clock_mono_ms();

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(address, sizeof(address), "192.0.2.%d", i);
		turns[i] = turn_at(address);
		assert_true(pacing_enter(pacing, &turns[i]) != PACING_FULL);
	}
	await_gone(MANY - 1);
	assert_true(gone.at_ms[MANY - 2] - begun_ms >=
		    (MANY - 1) * 1000 / RATE - SLACK_MS);
	for (int i = 0; i < MANY; i++)
		pacing_leave(pacing, turns[i].address, PACING_ANSWERED);
	pacing_free(pacing);
}

/* So many in a row. */
static void
fail_at(struct pacing *pacing, const char *address, int count)
{
	for (int i = 0; i < count; i++) {
		struct pacing_turn turn;

		assert_int_equal(pacing_mood(pacing, address), PACING_NOW);
		enter_as(pacing, &turn, address, PACING_GOES);
		assert_null(pacing_leave(pacing, address, PACING_FAILED));
	}
}

/* V62 */
static void
who_fails_three_times_is_left_alone_and_after_that_for_good(void **state)
{
	struct pacing *pacing = pacing_with(0, 0, true);
	struct pacing_turn turns[2];

	(void)state;
	fail_at(pacing, "192.0.2.1", PACING_FAILURES - 1);
	enter_as(pacing, &turns[0], "192.0.2.1", PACING_GOES);
	pacing_leave(pacing, "192.0.2.1", PACING_ANSWERED);
	fail_at(pacing, "192.0.2.1", PACING_FAILURES);
	assert_int_equal(pacing_mood(pacing, "192.0.2.1"), PACING_LATER);
	assert_int_equal(pacing_mood(pacing, "192.0.2.2"), PACING_NOW);
	clock_shift(PACING_REST_MS / 1000 - 10);
	assert_int_equal(pacing_mood(pacing, "192.0.2.1"), PACING_LATER);
	clock_shift(11);
	fail_at(pacing, "192.0.2.1", PACING_FAILURES);
	clock_shift(PACING_REST_MS / 1000 + 1);
	assert_int_equal(pacing_mood(pacing, "192.0.2.1"), PACING_NEVER);
	/* turns come, for somebody has to say so */
	enter_as(pacing, &turns[0], "192.0.2.1", PACING_GOES);
	enter_as(pacing, &turns[1], "192.0.2.1", PACING_WAITS);
	assert_ptr_equal(
	    pacing_leave(pacing, "192.0.2.1", PACING_UNUSED), &turns[1]);
	pacing_leave(pacing, "192.0.2.1", PACING_UNUSED);
	pacing_free(pacing);
}

static void
at_the_end_nobody_waits_any_more(void **state)
{
	struct pacing *pacing = pacing_with(WAIT_MS, 0, false);
	struct pacing_turn turns[2 * PLACES];
	char address[INET6_ADDRSTRLEN];

	(void)state;
	for (int i = 0; i < PLACES; i++) {
		snprintf(address, sizeof(address), "192.0.2.%d", i);
		enter_as(pacing, &turns[2 * i], address, PACING_GOES);
		assert_null(pacing_leave(pacing, address, PACING_ANSWERED));
		enter_as(pacing, &turns[2 * i + 1], address, PACING_WAITS);
	}
	pacing_end(pacing);
	assert_int_equal(gone.count, PLACES);
	for (int i = 0; i < PLACES; i++) {
		const char *left = gone.turns[i]->address;

		assert_int_equal(pacing_mood(pacing, left), PACING_LATER);
		assert_null(pacing_leave(pacing, left, PACING_UNUSED));
	}
	pacing_free(pacing);
}

static void
pass_once(struct pacing *pacing, unsigned number)
{
	char address[INET6_ADDRSTRLEN];
	struct pacing_turn turn;

	snprintf(address, sizeof(address), "10.%u.%u.%u", number >> 16,
	    number >> 8 & 255, number & 255);
	enter_as(pacing, &turn, address, PACING_GOES);
	pacing_leave(pacing, address, PACING_ANSWERED);
}

/* LIMIT_PACED_ADDRESSES */
static void
the_oldest_of_very_many_is_forgotten(void **state)
{
	struct pacing *pacing = pacing_with(0, 0, true);

	(void)state;
	fail_at(pacing, "192.0.2.1", PACING_FAILURES);
	for (unsigned i = 1; i < LIMIT_PACED_ADDRESSES; i++)
		pass_once(pacing, i);
	assert_int_equal(pacing_mood(pacing, "192.0.2.1"), PACING_LATER);
	pass_once(pacing, 0);
	assert_int_equal(pacing_mood(pacing, "192.0.2.1"), PACING_NOW);
	pacing_free(pacing);
}

int
main(void)
{
	const struct CMUnitTest pacing[] = {
	    cmocka_unit_test_setup(
		without_a_pace_the_next_goes_when_one_leaves, forget_gone),
	    cmocka_unit_test_setup(
		an_address_has_a_gap_between_two, forget_gone),
	    cmocka_unit_test_setup(
		what_was_not_used_takes_no_time, forget_gone),
	    cmocka_unit_test_setup(a_network_of_ipv6_is_one_host, forget_gone),
	    cmocka_unit_test_setup(all_together_keep_to_a_rate, forget_gone),
	    cmocka_unit_test_setup(
		who_fails_three_times_is_left_alone_and_after_that_for_good,
		forget_gone),
	    cmocka_unit_test_setup(
		at_the_end_nobody_waits_any_more, forget_gone),
	    cmocka_unit_test_setup(
		the_oldest_of_very_many_is_forgotten, forget_gone),
	};

	return RUN_TESTS(pacing);
}
