/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/parking.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "t/unit/tap.h"

enum { AMPLE_MS = 10000 };

/* What went on, as digits in order. */
static struct {
	struct lock lock;
	struct cond changed;
	char went[16];
	size_t count;
} seen;

static struct pool *pool;
static struct parking *parking;

static bool
note_job(void *arg, int64_t until_ms)
{
	(void)until_ms;
	lock_take(&seen.lock);
	seen.went[seen.count++] = *(char *)arg;
	cond_broadcast(&seen.changed);
	lock_drop(&seen.lock);
	return true;
}

/* Those that went on, when they are so many. */
static const char *
await_jobs(size_t count)
{
	int64_t deadline_ms = clock_mono_ms() + AMPLE_MS;

	lock_take(&seen.lock);
	while (seen.count < count)
		if (!cond_wait_until(&seen.changed, &seen.lock, deadline_ms))
			break;
	lock_drop(&seen.lock);
	return seen.went;
}

static int
open_parking(void **state)
{
	(void)state;
	lock_init(&seen.lock);
	cond_init(&seen.changed);
	memset(seen.went, 0, sizeof(seen.went));
	seen.count = 0;
	pool = pool_new("test", 1, UINT_MAX, NULL);
	parking = parking_new(pool, NULL);
	return pool == NULL || parking == NULL ? -1 : 0;
}

static int
close_parking(void **state)
{
	(void)state;
	parking_free(parking);
	pool_free(pool);
	cond_fini(&seen.changed);
	lock_fini(&seen.lock);
	return 0;
}

static char names[5][2] = {"0", "1", "2", "3", "4"};

static struct parking_ticket *
take_ticket(size_t number, int wait_ms)
{
	return parking_ticket(
	    parking, note_job, names[number], clock_mono_ms() + wait_ms);
}

static void
what_came_before_is_not_waited_for(void **state)
{
	struct parking_ticket *ticket = take_ticket(1, AMPLE_MS);

	(void)state;
	parking_note(ticket, NULL);
	parking_note(ticket, NULL);
	assert_false(parking_park(ticket, 2));
	assert_false(parking_park(take_ticket(2, AMPLE_MS), 0));
	assert_int_equal(seen.count, 0);
}

static void
the_last_thing_that_comes_lets_it_go_on(void **state)
{
	struct parking_ticket *ticket = take_ticket(1, AMPLE_MS);

	(void)state;
	parking_note(ticket, NULL);
	assert_true(parking_park(ticket, 3));
	parking_note(ticket, NULL);
	assert_int_equal(seen.count, 0);
	parking_note(ticket, NULL);
	assert_string_equal(await_jobs(1), "1");
}

static void
at_the_deadline_it_goes_on_and_later_notes_are_no_harm(void **state)
{
	struct parking_ticket *late = take_ticket(1, 20);
	struct parking_ticket *past = take_ticket(2, -1000);

	(void)state;
	assert_true(parking_park(late, 2));
	assert_string_equal(await_jobs(1), "1");
	assert_true(parking_park(past, 1));
	assert_string_equal(await_jobs(2), "12");
	parking_note(late, NULL);
	parking_note(late, NULL);
	parking_note(past, NULL);
	pool_free(pool);
	pool = NULL;
	assert_int_equal(seen.count, 2);
}

/* Parked in another order than that of their deadlines. */
static void
whose_deadline_is_first_goes_first(void **state)
{
	static const struct {
		size_t number;
		int wait_ms;
	} rows[] = {{3, 300}, {1, 100}, {4, 400}, {2, 200}};
	struct parking_ticket *tickets[COUNT(rows)];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		tickets[i] = take_ticket(rows[i].number, rows[i].wait_ms);
		assert_true(parking_park(tickets[i], 1));
	}
	assert_string_equal(await_jobs(COUNT(rows)), "1234");
	for (size_t i = 0; i < COUNT(rows); i++)
		parking_note(tickets[i], NULL);
}

static void
let_go(size_t number, int wait_ms)
{
	struct parking_ticket *ticket = take_ticket(number, wait_ms);

	assert_true(parking_park(ticket, 1));
	parking_note(ticket, NULL);
}

/* Whatever the deadlines were of those that went before theirs. */
static void
a_deadline_is_kept_after_others_were_taken_back(void **state)
{
	struct parking_ticket *sooner, *later;

	(void)state;
	let_go(0, AMPLE_MS);
	sooner = take_ticket(1, 20);
	assert_true(parking_park(sooner, 1));
	assert_string_equal(await_jobs(2), "01");
	let_go(2, 20);
	usleep(100 * 1000); /* it finds that there is nothing to wait for */
	later = take_ticket(3, 20);
	assert_true(parking_park(later, 1));
	assert_string_equal(await_jobs(4), "0123");
	parking_note(sooner, NULL);
	parking_note(later, NULL);
}

static void
a_clock_that_is_moved_makes_nobody_late(void **state)
{
	struct parking_ticket *ticket;

	(void)state;
	let_go(0, 10 * AMPLE_MS);
	usleep(20 * 1000); /* it sleeps for that one */
	clock_shift(1000);
	ticket = take_ticket(1, 20);
	assert_true(parking_park(ticket, 1));
	assert_string_equal(await_jobs(2), "01");
	parking_note(ticket, NULL);
}

/* Very many, by number, and the order in which they went on. */
enum { MANY = 500 };
static struct {
	unsigned went; /* with seen.lock */
	unsigned order[MANY];
	unsigned numbers[MANY];
} many;

static bool
note_number(void *arg, int64_t until_ms)
{
	const unsigned *number = arg;

	(void)until_ms;
	lock_take(&seen.lock);
	many.order[many.went++] = *number;
	cond_broadcast(&seen.changed);
	lock_drop(&seen.lock);
	return true;
}

static void
await_many(unsigned count)
{
	lock_take(&seen.lock);
	while (many.went < count)
		cond_wait(&seen.changed, &seen.lock);
	lock_drop(&seen.lock);
}

/* Parked in another order, and every third is let go before. */
static void
the_order_stays_when_some_go_before(void **state)
{
	enum { LET_GO = (MANY + 2) / 3 };
	struct parking_ticket *tickets[MANY];
	int64_t due_ms = clock_mono_ms() + 1000 * 1000;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		unsigned number = i * 7919 % MANY;

		many.numbers[number] = number;
		tickets[number] = parking_ticket(parking, note_number,
		    &many.numbers[number], due_ms + number);
		assert_true(parking_park(tickets[number], 1));
	}
	for (unsigned i = LET_GO; i > 0; i--)
		parking_note(tickets[3 * (i - 1)], NULL);
	await_many(LET_GO);
	assert_int_equal(many.went, LET_GO);
	clock_shift(1001);
	/* a new one that is first wakes the parking, to see that the time has
	 * come: however long all this took */
	tickets[0] = take_ticket(0, -500 * 1000);
	assert_true(parking_park(tickets[0], 1));
	await_many(MANY);
	for (unsigned i = LET_GO + 1; i < MANY; i++)
		assert_true(many.order[i] > many.order[i - 1]);
	for (unsigned i = 0; i < MANY; i++)
		if (i == 0 || i % 3 != 0)
			parking_note(tickets[i], NULL);
}

#define PARKED(name) \
	cmocka_unit_test_setup_teardown(name, open_parking, close_parking)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PARKED(what_came_before_is_not_waited_for),
	    PARKED(the_last_thing_that_comes_lets_it_go_on),
	    PARKED(at_the_deadline_it_goes_on_and_later_notes_are_no_harm),
	    PARKED(whose_deadline_is_first_goes_first),
	    PARKED(a_deadline_is_kept_after_others_were_taken_back),
	    PARKED(a_clock_that_is_moved_makes_nobody_late),
	    PARKED(the_order_stays_when_some_go_before),
	};

	return RUN_TESTS(tests);
}
