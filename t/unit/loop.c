/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/loop.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "t/unit/tap.h"

/* What the thread of the loop saw. */
static struct {
	atomic_int woken;
	atomic_bool masked; /* TERM does not go to it */
	pthread_t thread;
} seen;

static void
note_waking(void *arg)
{
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	seen.masked = sigismember(&mask, SIGTERM) == 1;
	seen.thread = pthread_self();
	seen.woken += *(const int *)arg;
}

static void
await_wakings(int wanted)
{
	while (seen.woken < wanted)
		usleep(1000);
}

static void
who_wakes_it_is_heard_in_its_thread(void **state)
{
	int step = 1;
	struct loop *loop = loop_new(note_waking, &step, NULL);

	(void)state;
	seen.woken = 0;
	assert_int_equal(loop_start(loop, NULL), 0);
	loop_wake(loop);
	await_wakings(1);
	assert_true(seen.masked);
	assert_false(pthread_equal(seen.thread, pthread_self()));
	loop_wake(loop);
	await_wakings(2);
	loop_stop(loop);
	loop_free(loop);
}

static void
nothing_is_told_before_it_starts_and_after_it_ends(void **state)
{
	int step = 1;
	struct loop *loop = loop_new(note_waking, &step, NULL);

	(void)state;
	seen.woken = 0;
	loop_wake(loop);
	assert_int_equal(seen.woken, 0);
	assert_int_equal(loop_start(loop, NULL), 0);
	await_wakings(1);
	loop_stop(loop);
	loop_wake(loop);
	usleep(10 * 1000);
	assert_int_equal(seen.woken, 1);
	loop_stop(loop);
	loop_free(loop);
	loop_free(NULL);
}

static void
note_time(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	seen.woken += *(const int *)arg;
}

static void
its_owner_may_add_events(void **state)
{
	static const struct timeval at_once = {0, 1000};
	int step = 1;
	struct loop *loop = loop_new(note_waking, &step, NULL);
	struct event *timer = evtimer_new(loop_base(loop), note_time, &step);

	(void)state;
	seen.woken = 0;
	event_add(timer, &at_once);
	assert_int_equal(loop_start(loop, NULL), 0);
	await_wakings(1);
	loop_stop(loop);
	event_free(timer);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_wakes_it_is_heard_in_its_thread),
	    cmocka_unit_test(
		nothing_is_told_before_it_starts_and_after_it_ends),
	    cmocka_unit_test(its_owner_may_add_events),
	};

	return RUN_TESTS(tests);
}
