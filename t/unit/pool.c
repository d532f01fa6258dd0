/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/pool.h"

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "t/unit/tap.h"

/* A gate that keeps the jobs of a test from ending before it wants. */
struct gate {
	struct lock lock;
	struct cond changed;
	bool open;
	unsigned inside;
	unsigned done;
};

static void
gate_init(struct gate *gate)
{
	lock_init(&gate->lock);
	cond_init(&gate->changed);
	gate->open = false;
	gate->inside = gate->done = 0;
}

static bool
pass(void *arg, int64_t until_ms)
{
	struct gate *gate = arg;

	(void)until_ms;
	lock_take(&gate->lock);
	gate->inside++;
	cond_broadcast(&gate->changed);
	while (!gate->open)
		cond_wait(&gate->changed, &gate->lock);
	gate->done++;
	cond_broadcast(&gate->changed);
	lock_drop(&gate->lock);
	return true;
}

static void
await_inside(struct gate *gate, unsigned count)
{
	lock_take(&gate->lock);
	while (gate->inside < count)
		cond_wait(&gate->changed, &gate->lock);
	lock_drop(&gate->lock);
}

static void
open_gate(struct gate *gate)
{
	lock_take(&gate->lock);
	gate->open = true;
	cond_broadcast(&gate->changed);
	lock_drop(&gate->lock);
}

static void
a_full_queue_refuses_and_the_rest_is_done(void **state)
{
	struct gate gate;
	struct pool *pool;

	(void)state;
	gate_init(&gate);
	pool = pool_new("test", 2, 3, NULL);
	assert_non_null(pool);
	assert_true(pool_submit(pool, POOL_NEW, pass, &gate));
	assert_true(pool_submit(pool, POOL_NEW, pass, &gate));
	await_inside(&gate, 2);
	for (int i = 0; i < 3; i++)
		assert_true(pool_submit(pool, POOL_NEW, pass, &gate));
	assert_false(pool_submit(pool, POOL_NEW, pass, &gate));
	open_gate(&gate);
	pool_free(pool);
	assert_int_equal(gate.done, 5);
}

/* One thread at a time is woken, and each has to wake the next: all jobs wait
 * for the last of them to be begun. */
static void
jobs_that_come_at_once_get_a_thread_each(void **state)
{
	enum { THREADS = 16, ROUNDS = 20 };
	struct gate gate;
	AUTO(pool) struct pool *pool = pool_new("test", THREADS, THREADS, NULL);

	(void)state;
	gate_init(&gate);
	for (unsigned round = 1; round <= ROUNDS; round++) {
		for (int i = 0; i < THREADS; i++)
			assert_true(pool_submit(pool,
			    i % 2 == 0 ? POOL_AGAIN : POOL_FIRST, pass, &gate));
		await_inside(&gate, round * THREADS);
		open_gate(&gate);
		lock_take(&gate.lock);
		while (gate.done < round * THREADS)
			cond_wait(&gate.changed, &gate.lock);
		gate.open = false;
		lock_drop(&gate.lock);
	}
}

/* Whether a job was told to hurry, and what it made of it. */
struct run {
	struct gate *gate;
	unsigned hurried;
	unsigned unhurried;
};

static bool
run_slowly(void *arg, int64_t until_ms)
{
	struct run *run = arg;
	bool hurried = until_ms != INT64_MAX;

	lock_take(&run->gate->lock);
	run->hurried += hurried;
	run->unhurried += !hurried;
	cond_broadcast(&run->gate->changed);
	lock_drop(&run->gate->lock);
	return !hurried;
}

/* One of two threads is stuck, and the other is for what is quick. */
static void
what_is_not_quick_is_run_again_when_there_is_room(void **state)
{
	struct gate gate;
	struct run run = {.gate = &gate};
	AUTO(pool) struct pool *pool = pool_new("test", 2, 3, NULL);

	(void)state;
	gate_init(&gate);
	assert_true(pool_submit(pool, POOL_NEW, pass, &gate));
	await_inside(&gate, 1);
	assert_true(pool_submit(pool, POOL_NEW, run_slowly, &run));
	lock_take(&gate.lock);
	while (run.hurried == 0)
		cond_wait(&gate.changed, &gate.lock);
	assert_int_equal(run.unhurried, 0);
	lock_drop(&gate.lock);
	open_gate(&gate);
	lock_take(&gate.lock);
	while (run.unhurried == 0)
		cond_wait(&gate.changed, &gate.lock);
	lock_drop(&gate.lock);
	assert_int_equal(run.hurried, 1);
}

static void
the_job_that_waits_longest_is_displaced(void **state)
{
	struct gate gate;
	int jobs[4] = {0};
	struct pool *pool = pool_new("test", 1, 4, NULL);

	(void)state;
	gate_init(&gate);
	assert_true(pool_submit(pool, POOL_NEW, pass, &gate));
	await_inside(&gate, 1);
	assert_true(pool_submit(pool, POOL_FIRST, pass, &gate));
	assert_true(pool_submit(pool, POOL_SLOW, pass, &jobs[1]));
	assert_true(pool_submit(pool, POOL_NEW, pass, &jobs[2]));
	assert_true(pool_submit(pool, POOL_NEW, pass, &jobs[3]));
	assert_ptr_equal(pool_displace(pool), &jobs[1]);
	assert_ptr_equal(pool_displace(pool), &jobs[2]);
	assert_ptr_equal(pool_displace(pool), &jobs[3]);
	assert_null(pool_displace(pool));
	open_gate(&gate);
	pool_free(pool);
	assert_int_equal(gate.done, 2);
}

static void
a_wait_ends_at_its_deadline(void **state)
{
	struct lock lock;
	struct cond cond;
	int64_t before_ms = clock_mono_ms();

	(void)state;
	lock_init(&lock);
	cond_init(&cond);
	lock_take(&lock);
	while (cond_wait_until(&cond, &lock, before_ms + 30))
		continue;
	lock_drop(&lock);
	assert_true(clock_mono_ms() >= before_ms + 30);
	assert_int_equal(clock_left_ms(before_ms), 0);
	cond_fini(&cond);
	lock_fini(&lock);
}

static void
shifted_clocks_go_together(void **state)
{
	int64_t mono_ms = clock_mono_ms();
	time_t wall_s = clock_wall_s();

	(void)state;
	clock_shift(3600);
	assert_true(clock_mono_ms() >= mono_ms + 3600000);
	assert_true(clock_wall_s() >= wall_s + 3600);
	assert_in_range(clock_left_ms(clock_mono_ms() + 50), 0, 50);
	assert_true(clock_sooner_ms(clock_mono_ms() + 10, 1000) <=
		    clock_mono_ms() + 10);
	a_wait_ends_at_its_deadline(state);
}

/* A job that goes on without its thread. */
struct away {
	struct gate *gate;
	struct pool *pool;
	unsigned begun;
	unsigned hurried;
	unsigned back;
};

static bool
go_away(void *arg, int64_t until_ms)
{
	struct away *away = arg;
	bool hurried = until_ms != INT64_MAX;

	pool_keep(away->pool, hurried);
	lock_take(&away->gate->lock);
	away->begun++;
	away->hurried += hurried;
	cond_broadcast(&away->gate->changed);
	lock_drop(&away->gate->lock);
	return true;
}

static bool
come_back(void *arg, int64_t until_ms)
{
	struct away *away = arg;

	lock_take(&away->gate->lock);
	away->back += until_ms == INT64_MAX;
	cond_broadcast(&away->gate->changed);
	lock_drop(&away->gate->lock);
	return true;
}

static void
await_count(struct gate *gate, const unsigned *count, unsigned wanted)
{
	lock_take(&gate->lock);
	while (*count < wanted)
		cond_wait(&gate->changed, &gate->lock);
	lock_drop(&gate->lock);
}

/* One thread, four places: what keeps them bounds what is begun, and what comes
 * back needs none. */
static void
places_are_kept_without_a_thread(void **state)
{
	struct gate gate;
	struct away away = {.gate = &gate};
	AUTO(pool) struct pool *pool = pool_new("test", 1, 100, NULL);

	(void)state;
	gate_init(&gate);
	away.pool = pool;
	pool_set_places(pool, 4);
	for (int i = 0; i < 6; i++)
		assert_true(pool_submit(pool, POOL_NEW, go_away, &away));
	await_count(&gate, &away.begun, 4);
	assert_true(pool_submit(pool, POOL_AGAIN, come_back, &away));
	await_count(&gate, &away.back, 1);
	assert_int_equal(away.begun, 4);
	assert_int_equal(away.hurried, 1);
	pool_leave(pool, false);
	await_count(&gate, &away.begun, 5);
	pool_leave(pool, true);
	await_count(&gate, &away.begun, 6);
	assert_int_equal(away.hurried, 2);
	for (int i = 0; i < 4; i++)
		pool_leave(pool, i == 3);
}

int
main(void)
{
	const struct CMUnitTest pool[] = {
	    cmocka_unit_test(jobs_that_come_at_once_get_a_thread_each),
	    cmocka_unit_test(a_full_queue_refuses_and_the_rest_is_done),
	    cmocka_unit_test(what_is_not_quick_is_run_again_when_there_is_room),
	    cmocka_unit_test(the_job_that_waits_longest_is_displaced),
	    cmocka_unit_test(a_wait_ends_at_its_deadline),
	    cmocka_unit_test(shifted_clocks_go_together),
	    cmocka_unit_test(places_are_kept_without_a_thread),
	};

	return RUN_TESTS(pool);
}
