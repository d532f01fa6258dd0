/* SPDX-License-Identifier: BSD-2-Clause */
/* What an answer says, and who is told: of the store's thread. */
#include "common/io/shared_inside.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"

enum {
	SECOND = 1000,

	/* Timeouts within this time make a store down; how long it is left
	 * alone then */
	TIMEOUTS_MS = 10 * SECOND,
	REST_MS = 5 * SECOND,
};

const unsigned shared_bounds_us[SHARED_BOUNDS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000};

static void
leave_locked(struct shared *shared, int rest_ms, const char *why)
{
	if (shared->leave)
		return;
	shared->up = false;
	shared->leave = true;
	shared->leave_rest_ms = rest_ms;
	text_copy(shared->leave_why, sizeof(shared->leave_why), why);
}

/* Three in ten seconds are enough. */
static void
note_timeout_locked(struct shared *shared)
{
	int64_t now = clock_mono_ms();

	memmove(shared->timeouts_ms, shared->timeouts_ms + 1,
	    (SHARED_TIMEOUTS - 1) * sizeof(shared->timeouts_ms[0]));
	shared->timeouts_ms[SHARED_TIMEOUTS - 1] = now;
	if (shared->timeouts_ms[0] != 0 &&
	    now - shared->timeouts_ms[0] < TIMEOUTS_MS)
		leave_locked(shared, REST_MS, "it does not answer in time");
}

/* What an error says of the store itself, not of what was asked. */
static void
heed_error_locked(struct shared *shared, const char *text)
{
	static const char *const rows[] = {
	    "LOADING", "BUSY", "MASTERDOWN", "READONLY", "NOAUTH"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strncmp(text, rows[i], strlen(rows[i])) == 0)
			leave_locked(shared, SHARED_RETRY_MS, text);
}

/* A command that is refused is told of until it is taken again; the others go
 * on. */
static void
heed_right_locked(struct shared *shared, unsigned command, const char *refusal)
{
	if (refusal == NULL) {
		shared->refused &= ~command;
		return;
	}
	shared->refused |= command;
	text_copy(shared->refusal, sizeof(shared->refusal), refusal);
}

static void
heed_reply_locked(
    struct shared *shared, const struct call *call, const struct resp *reply)
{
	bool refused = resp_is_error(reply, "NOPERM");
	char text[LIMIT_DETAIL_SIZE];

	if (reply->kind == RESP_ERROR) {
		text_copy(text, sizeof(text), reply->text);
		text_printable(text, "");
		heed_error_locked(shared, text);
	}
	heed_right_locked(shared, call->command_bit, refused ? text : NULL);
}

static enum shared_result
result_of(const struct resp *reply, enum shared_op op)
{
	switch (reply->kind) {
	case RESP_ERROR:
		return SHARED_RESULT_ERROR;
	case RESP_NIL:
		return SHARED_RESULT_MISS;
	case RESP_STATUS:
	case RESP_INTEGER:
	case RESP_TEXT:
	case RESP_ARRAY:
		break;
	}
	return op == SHARED_OP_GET ? SHARED_RESULT_HIT : SHARED_RESULT_OK;
}

static void
count_answer(struct shared *shared, enum shared_op op,
    enum shared_result result, int64_t took_us)
{
	struct shared_counts *counts = shared->options.counts;
	size_t i = 0;

	counts->requests[op][result]++;
	if (result < SHARED_RESULT_MISS)
		return;
	while (i < SHARED_BOUNDS && took_us > shared_bounds_us[i])
		i++;
	counts->took[i]++;
	counts->took_us += (uint64_t)took_us;
}

void
shared_answer_call(struct shared *shared, const struct call *call,
    struct resp *reply, enum shared_result result)
{
	count_answer(
	    shared, call->op, result, clock_mono_us() - call->asked_us);
	call->answered(call->arg, reply, result);
}

static struct call *
take_first_call(
    struct shared *shared, struct call_list *list, struct resp *reply)
{
	struct call *call;

	lock_take(&shared->lock);
	call = TAILQ_FIRST(list);
	if (call != NULL) {
		TAILQ_REMOVE(list, call, link);
		if (list == &shared->sent)
			shared->sent_count--;
		if (reply != NULL)
			heed_reply_locked(shared, call, reply);
	}
	lock_drop(&shared->lock);
	return call;
}

void
shared_drop_call(struct call *call)
{
	free(call->command);
	free(call);
}

bool
shared_end_first(
    struct shared *shared, struct call_list *list, struct resp *reply)
{
	struct call *call = take_first_call(shared, list, reply);

	if (call == NULL)
		return false;
	if (call->late)
		resp_free(reply);
	else
		shared_answer_call(shared, call, reply,
		    reply == NULL ? SHARED_RESULT_ERROR
				  : result_of(reply, call->op));
	shared_drop_call(call);
	return true;
}

/* The one that is to be answered first, or NULL. */
static struct call *
first_awaited_locked(const struct shared *shared)
{
	struct call *call = TAILQ_FIRST(&shared->sent);

	while (call != NULL && call->late)
		call = TAILQ_NEXT(call, link);
	return call != NULL ? call : TAILQ_FIRST(&shared->queued);
}

int64_t
shared_due_ms_locked(const struct shared *shared)
{
	const struct call *call = first_awaited_locked(shared);

	return call == NULL ? INT64_MAX : call->until_ms;
}

/* One that waits to be sent need not be any more. */
static struct call *
take_late(struct shared *shared)
{
	struct call *call = NULL;

	lock_take(&shared->lock);
	if (clock_left_ms(shared_due_ms_locked(shared)) == 0) {
		call = first_awaited_locked(shared);
		call->late = true;
		if (call->command != NULL)
			TAILQ_REMOVE(&shared->queued, call, link);
		note_timeout_locked(shared);
	}
	lock_drop(&shared->lock);
	return call;
}

void
shared_end_late(struct shared *shared)
{
	struct call *call;

	while ((call = take_late(shared)) != NULL) {
		shared_answer_call(shared, call, NULL, SHARED_RESULT_TIMEOUT);
		if (call->command != NULL)
			shared_drop_call(call);
	}
}
