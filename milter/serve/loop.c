/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works.  An eventfd is one of the loop's events: who writes to it wakes
 * the thread, which then looks whether it is to end, and else tells its owner.
 * Events are touched by the thread alone while it runs, so the base needs no
 * lock.
 */
#include "milter/serve/loop.h"

#include <assert.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/xalloc.h"

struct loop {
	struct event_base *base;
	struct event *wakening;
	void (*woken)(void *arg);
	void *arg;
	int wake; /* an eventfd */
	bool running;
	_Atomic bool ending;
	pthread_t thread;
};

static void
on_wakening(evutil_socket_t fd, short events, void *arg)
{
	struct loop *loop = arg;
	uint64_t count;
	ssize_t got = read(fd, &count, sizeof(count));

	(void)got;
	(void)events;
	if (loop->ending)
		event_base_loopbreak(loop->base);
	else
		loop->woken(loop->arg);
}

struct loop *
loop_new(void (*woken)(void *arg), void *arg, struct err *err)
{
	struct event_config *config = event_config_new();
	struct loop *loop = xcalloc(1, sizeof(*loop));

	loop->woken = woken;
	loop->arg = arg;
	if (config != NULL) {
		event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
		loop->base = event_base_new_with_config(config);
		event_config_free(config);
	}
	loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->base == NULL || loop->wake < 0) {
		err_set(err, ERR_LOCAL, "cannot make an event loop");
		loop_free(loop);
		return NULL;
	}
	loop->wakening = event_new(
	    loop->base, loop->wake, EV_READ | EV_PERSIST, on_wakening, loop);
	event_add(loop->wakening, NULL);
	return loop;
}

struct event_base *
loop_base(struct loop *loop)
{
	return loop->base;
}

static void *
run_events(void *arg)
{
	struct loop *loop = arg;

	event_base_dispatch(loop->base);
	return NULL;
}

int
loop_start(struct loop *loop, struct err *err)
{
	sigset_t all, before;
	int rc;

	assert(!loop->running);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&loop->thread, NULL, run_events, loop);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return err_set(err, ERR_LOCAL, "cannot start a thread");
	loop->running = true;
	return 0;
}

void
loop_wake(struct loop *loop)
{
	uint64_t one = 1;
	ssize_t put = write(loop->wake, &one, sizeof(one));

	(void)put; /* it is full of wake-ups */
}

void
loop_stop(struct loop *loop)
{
	if (!loop->running)
		return;
	loop->ending = true;
	loop_wake(loop);
	pthread_join(loop->thread, NULL);
	loop->running = false;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	assert(!loop->running);
	if (loop->wakening != NULL)
		event_free(loop->wakening);
	if (loop->base != NULL)
		event_base_free(loop->base);
	if (loop->wake >= 0)
		close(loop->wake);
	free(loop);
}
