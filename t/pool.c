/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/pool.h"

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "t/tap.h"

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

int
main(void)
{
	const struct CMUnitTest pool[] = {
	    cmocka_unit_test(a_full_queue_refuses_and_the_rest_is_done),
	    cmocka_unit_test(a_wait_ends_at_its_deadline),
	    cmocka_unit_test(shifted_clocks_go_together),
	};

	return RUN_TESTS(pool);
}
