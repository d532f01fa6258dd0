/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works.
 * 1. One thread has the one connection.  It asks the servers in turn until one
 *    says that it takes writes, and tries again after 1, 2, 4 ... 60 s where
 *    none does; with several, after 2 s at most, for one of them is made the
 *    master when another has gone.
 * 2. Who asks puts a call in the queue and sends it.  Where the connection
 *    takes no more, or LIMIT_SHARED_PIPELINE are without an answer, the thread
 *    sends it later.  Answers are read by the thread; they come in the order of
 *    the calls.
 * 3. What has had its time is answered by the thread, with nothing.  The call
 *    stays in the order until its answer has come, which is then dropped.
 * 4. For that the thread has to wake up in time.  It is woken for a call only
 *    if it would sleep too long, and goes on sleeping as long as for the last
 *    one: where many ask, one after the other, hardly any has to wake it.
 * 5. A command that we have no right to is told of, once, as a state of its
 *    own; what is allowed goes on.
 * 6. Three that were not answered in time within ten seconds end the
 *    connection, and so does an answer that is none.  All who wait are told,
 *    and until the store has answered again nobody waits for it.
 */
#include "common/io/shared.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/shared_inside.h"

/* --- waking --- */

void
shared_wake_thread(const struct shared *shared)
{
	uint64_t one = 1;

	/* a full one wakes as well */
	if (write(shared->wake, &one, sizeof(one)) < 0)
		return;
}

void
shared_heard_wake(const struct shared *shared)
{
	uint64_t count;

	if (read(shared->wake, &count, sizeof(count)) < 0)
		return;
}

/* --- asking --- */

/* A bit for each command that is in use. */
static unsigned
command_bit(const char *command)
{
	static const char *const rows[] = {
	    "GET", "SET", "DEL", "XADD", "XREAD", "HSET", "HGETALL", "HDEL"};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	unsigned i = 0;

	while (i < ROWS && strcmp(rows[i], command) != 0)
		i++;
	return 1U << i;
}

static bool
queue_call(struct shared *shared, struct call *call)
{
	bool up;

	lock_take(&shared->lock);
	up = shared->up;
	if (up) {
		TAILQ_INSERT_TAIL(&shared->queued, call, link);
		if (!shared_send_locked(shared) ||
		    call->until_ms < shared->asleep_until_ms)
			shared_wake_thread(shared);
	}
	lock_drop(&shared->lock);
	return up;
}

void
shared_begin(struct shared *shared, enum shared_op op,
    const struct resp_words *words, shared_answered *answered, void *arg)
{
	struct call *call = xcalloc(1, sizeof(*call));

	call->op = op;
	call->answered = answered;
	call->arg = arg;
	call->asked_us = clock_mono_us();
	call->until_ms = call->asked_us / 1000 + shared->options.timeout_ms;
	call->command = resp_command(words, &call->size);
	call->command_bit = command_bit(words->items[0]);
	if (queue_call(shared, call))
		return;
	shared_answer_call(shared, call, NULL, SHARED_RESULT_RESTED);
	shared_drop_call(call);
}

/* Who waits for an answer: the thread sees to it that he need not for long. */
struct shared_waiter {
	struct lock lock;
	struct cond changed;
	bool over;
	struct resp *reply;
	enum shared_result result;
};

static void
wake_waiter(void *arg, struct resp *reply, enum shared_result result)
{
	struct shared_waiter *waiter = arg;

	lock_take(&waiter->lock);
	waiter->over = true;
	waiter->reply = reply;
	waiter->result = result;
	cond_signal(&waiter->changed);
	lock_drop(&waiter->lock);
}

struct resp *
shared_ask(struct shared *shared, enum shared_op op,
    const struct resp_words *words, enum shared_result *result)
{
	struct shared_waiter waiter = {.over = false};

	lock_init(&waiter.lock);
	cond_init(&waiter.changed);
	shared_begin(shared, op, words, wake_waiter, &waiter);
	lock_take(&waiter.lock);
	while (!waiter.over)
		cond_wait(&waiter.changed, &waiter.lock);
	lock_drop(&waiter.lock);
	cond_fini(&waiter.changed);
	lock_fini(&waiter.lock);
	*result = waiter.result;
	return waiter.reply;
}

/* --- making and ending --- */

bool
shared_is_up(struct shared *shared)
{
	bool up;

	lock_take(&shared->lock);
	up = shared->up;
	lock_drop(&shared->lock);
	return up;
}

void
shared_look(struct shared *shared, struct shared_status *out)
{
	lock_take(&shared->lock);
	out->state = shared->state;
	text_copy(out->where, sizeof(out->where), shared->where);
	out->rest_ms = shared->up ? 0 : clock_left_ms(shared->retry_at_ms);
	out->up_ms = shared->up ? clock_mono_ms() - shared->since_ms : 0;
	lock_drop(&shared->lock);
}

static void
drop_shared(struct shared *shared)
{
	assert(TAILQ_EMPTY(&shared->queued) && TAILQ_EMPTY(&shared->sent));
	if (shared->wake >= 0)
		close(shared->wake);
	cond_fini(&shared->ending);
	lock_fini(&shared->lock);
	shared_lookup_free(shared->lookup);
	free(shared->out);
	free(shared->user);
	free(shared->password);
	free(shared);
}

struct shared *
shared_new(const struct shared_options *options, struct err *err)
{
	struct shared *shared = xcalloc(1, sizeof(*shared));

	assert(options->server_count > 0 && options->timeout_ms > 0);
	shared->options = *options;
	if (options->user != NULL)
		shared->user = xstrdup(options->user);
	if (options->password != NULL)
		shared->password = xstrdup(options->password);
	shared->options.user = shared->options.password = NULL;
	shared->retry_ms = SHARED_RETRY_MS;
	shared->state = SHARED_DOWN;
	TAILQ_INIT(&shared->queued);
	TAILQ_INIT(&shared->sent);
	lock_init(&shared->lock);
	cond_init(&shared->ending);
	shared->lookup = shared_lookup_new();
	shared->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (shared->wake >= 0 &&
	    pthread_create(&shared->thread, NULL, shared_run, shared) == 0)
		return shared;
	err_set(err, ERR_LOCAL, "no more threads or files");
	drop_shared(shared);
	return NULL;
}

void
shared_free(struct shared *shared)
{
	if (shared == NULL)
		return;
	lock_take(&shared->lock);
	shared->end = true;
	shared->up = false;
	cond_broadcast(&shared->ending);
	shared_wake_thread(shared);
	lock_drop(&shared->lock);
	pthread_join(shared->thread, NULL);
	drop_shared(shared);
}
