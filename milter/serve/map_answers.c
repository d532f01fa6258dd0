/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a request is looked for among the replies that were kept, by
 * its octets.  One that is there is copied: no lock but the cache's, no worker.
 * In the last tenth of its life another is made as well, once, by an asking
 * that nobody waits for; the old one goes on until that has come.
 *
 * Else the request is read.  What needs no lookup is answered.  For the rest an
 * asking is made, and the engine is asked; it calls on_map_check, in a worker
 * or at once, which makes the reply while the check is there.  A worker puts
 * the asking into map_handover; the listener's thread takes it from there,
 * keeps the reply for as long as the verdict lives, and hands it to who asked.
 *
 * Whoever asked may have left, or have been told that time is up; the asking
 * goes on all the same, and its reply is kept for the next one.
 *
 * service_turn says when replies from before count no more: a reply carries the
 * turn that it was made in.  A check that began in another is made again.
 */
#include "milter/serve/map_answers.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "milter/serve/map_asking.h"
#include "milter/serve/map_handover.h"
#include "milter/serve/map_replies.h"
#include "milter/serve/map_report.h"
#include "milter/serve/service.h"
#include "milter/serve/tally.h"

enum {
	MSEC_PER_SEC = 1000,
	USEC_PER_MSEC = 1000,

	/* Of the checks that may run and wait, those for MTAs that ask: the
	 * other part is left to the milter */
	MAP_PART = 2,
};

static struct {
	struct event_base *base;
	pthread_t thread;                    /* the listener's */
	const struct map_asking *asking_now; /* its, in engine_submit */
	bool at_once;                        /* and that has come in the call */
	unsigned under_way;
} answers;

/* --- the engine --- */

static void
tell_reply(const struct map_reply *reply, map_answered *answered, void *arg)
{
	char line[MAP_LINE_SIZE];
	size_t length;
	const char *octets = map_reply_print(reply, line, &length);

	tally_asked(reply->asker, reply->status);
	answered(arg, octets, length);
}

static bool
is_own_thread(void)
{
	return pthread_equal(answers.thread, pthread_self());
}

static void
on_map_check(void *arg, const struct check *check, bool cached)
{
	struct map_asking *asking = arg;

	map_asking_make(asking, check, cached);
	/* asking_now is the listener's: no other thread looks at it */
	if (is_own_thread() && answers.asking_now == asking)
		answers.at_once = true;
	else
		map_handover_put(asking);
}

static void
ask_engine(struct map_asking *asking)
{
	const struct nexthop *hop = &asking->request.hop;
	char text[NEXTHOP_TEXT_SIZE];
	struct engine_query query = {.domain = hop->host,
	    .next_hop = text,
	    .port = hop->port,
	    .rules = asking->held.settings->destinations,
	    .level = LEVEL_AUTO,
	    .dns_only = asking->ask == MAP_ASK_POLICY,
	    .ahead = asking->ahead,
	    .of_mta = true};

	nexthop_print(hop, text);
	answers.at_once = false;
	answers.asking_now = asking;
	engine_submit(asking->held.engine, &query, on_map_check, asking);
	answers.asking_now = NULL;
}

/* --- askings --- */

static void
tell_asker(struct map_asking *asking, const struct map_reply *reply)
{
	map_answered *answered = asking->answered;

	asking->answered = NULL;
	event_del(&asking->timer);
	if (answered != NULL)
		tell_reply(reply, answered, asking->arg);
}

static void
on_map_wait(evutil_socket_t fd, short events, void *arg)
{
	struct map_asking *asking = arg;
	struct map_reply *reply =
	    map_reply_temp(map_asking_asker(asking), REASON_DEADLINE);

	(void)fd;
	(void)events;
	map_report_deadline(map_asking_asker(asking), asking->request.hop.host,
	    (unsigned)(clock_mono_ms() - asking->begun_ms));
	tell_asker(asking, reply);
	free(reply);
}

/* A check that has ended: true, or it has to be made again. */
static bool
take_made_reply(struct map_asking *asking)
{
	struct map_reply *reply = asking->reply;

	if (asking->turn != service_turn() && asking->answered != NULL)
		return false;
	tell_asker(asking, reply);
	reply->turn = asking->turn;
	if (asking->key != NULL && asking->expires_ms > 0 &&
	    reply->turn == service_turn()) {
		map_replies_keep(asking->key, reply, asking->expires_ms);
		asking->reply = NULL;
	}
	answers.under_way--;
	map_asking_free(asking);
	return true;
}

/* Whether it has to be waited for. */
static bool
renew_asking(struct map_asking *asking)
{
	do {
		free(asking->reply);
		asking->reply = NULL;
		service_let_go(&asking->held);
		map_asking_hold(asking);
		ask_engine(asking);
		if (!answers.at_once)
			return true;
	} while (!take_made_reply(asking));
	return false;
}

void
map_answers_come(void)
{
	struct map_asking *list = map_handover_take();

	while (list != NULL) {
		struct map_asking *asking = list;

		list = asking->next;
		if (!take_made_reply(asking))
			renew_asking(asking);
	}
}

void
map_asking_leave(struct map_asking *asking)
{
	asking->answered = NULL;
	event_del(&asking->timer);
}

/* --- requests --- */

static bool
has_answer_room(const struct settings *settings)
{
	return answers.under_way < ((unsigned)settings->max_checks +
				       (unsigned)settings->max_queue) /
				       MAP_PART;
}

static int
wait_of(const struct map_asking *asking)
{
	const struct settings *settings = asking->held.settings;

	return asking->ask == MAP_ASK_CHECK ? settings->rcpt_wait_ms
					    : settings->map_wait_ms;
}

static void
arm_asking(struct map_asking *asking)
{
	int wait_ms = wait_of(asking);
	struct timeval wait = {.tv_sec = wait_ms / MSEC_PER_SEC,
	    .tv_usec = (long)(wait_ms % MSEC_PER_SEC) * USEC_PER_MSEC};

	evtimer_add(&asking->timer, &wait);
}

/* The reply is at hand, or the asking waits for it: NULL, or the asking. */
static struct map_asking *
begin_asking(struct map_asking *asking)
{
	answers.under_way++;
	ask_engine(asking);
	if (answers.at_once &&
	    (take_made_reply(asking) || !renew_asking(asking)))
		return NULL;
	if (!asking->ahead)
		arm_asking(asking);
	return asking;
}

static struct map_asking *
asking_new(enum map_protocol protocol, map_answered *answered, void *arg)
{
	struct map_asking *asking = xcalloc(1, sizeof(*asking));

	asking->protocol = protocol;
	asking->answered = answered;
	asking->arg = arg;
	asking->begun_ms = clock_mono_ms();
	map_asking_hold(asking);
	evtimer_assign(&asking->timer, answers.base, on_map_wait, asking);
	return asking;
}

/* NULL where it is the engine's to answer. */
static struct map_reply *
reply_without_check(struct map_asking *asking)
{
	struct map_reply *reply = map_asking_simple(asking);

	return reply != NULL || has_answer_room(asking->held.settings)
		   ? reply
		   : map_reply_temp(
			 map_asking_asker(asking), REASON_QUEUE_FULL);
}

/* The kept reply will soon be over: have it made anew, for whoever is next.
 * Once for each. */
static void
renew_ahead(enum map_protocol protocol, const struct map_payload *payload,
    const char *key)
{
	struct map_asking *asking = asking_new(protocol, NULL, NULL);
	struct map_reply *reply;

	asking->ahead = true;
	map_asking_read(asking, payload);
	reply = reply_without_check(asking);
	if (reply != NULL) {
		free(reply);
		map_asking_free(asking);
		return;
	}
	asking->key = xstrdup(key);
	begin_asking(asking);
}

/* False if none is kept. */
static bool
answer_kept(enum map_protocol protocol, const struct map_payload *payload,
    const char *key, map_answered *answered, void *arg)
{
	struct cache_entry *entry;
	struct map_reply *reply = map_replies_find(key, &entry);
	bool ends;

	if (reply == NULL)
		return false;
	ends = reply->ahead_ms > 0 &&
	       clock_left_ms(reply->expires_ms) <= (int)reply->ahead_ms;
	if (ends)
		reply->ahead_ms = 0;
	tell_reply(reply, answered, arg);
	map_replies_release(entry);
	if (ends)
		renew_ahead(protocol, payload, key);
	return true;
}

/* Postfix asks for each parent, ".d.ex" and ".ex", of a name without a policy:
 * that needs neither rules nor memory. */
static bool
answer_parent(
    const struct map_payload *payload, map_answered *answered, void *arg)
{
	const char *end = payload->data + payload->length;
	const char *space = memchr(payload->data, ' ', payload->length);
	struct map_request request;

	if (space == NULL || space + 1 == end || space[1] != '.' ||
	    map_request_read(payload->data, payload->length, 0, &request) !=
		MAP_ASK_NOTHING)
		return false;
	tell_reply(map_reply_nothing(map_asking_dialect(request.dialect)),
	    answered, arg);
	return true;
}

struct map_asking *
map_answers_ask(enum map_protocol protocol, const struct map_payload *payload,
    map_answered *answered, void *arg)
{
	struct map_asking *asking;
	struct map_reply *reply;
	char key[MAP_KEY_SIZE];

	if (protocol == MAP_PROTOCOL_TABLE &&
	    answer_parent(payload, answered, arg))
		return NULL;
	if (map_replies_key(protocol, payload, key) &&
	    answer_kept(protocol, payload, key, answered, arg))
		return NULL;
	asking = asking_new(protocol, answered, arg);
	map_asking_read(asking, payload);
	reply = reply_without_check(asking);
	if (reply != NULL) {
		map_asking_free(asking);
		tell_reply(reply, answered, arg);
		free(reply);
		return NULL;
	}
	if (key[0] != '\0')
		asking->key = xstrdup(key);
	return begin_asking(asking);
}

/* --- begin and end --- */

void
map_answers_open(struct event_base *base, void (*woken)(void))
{
	answers.base = base;
	map_replies_open();
	map_handover_open(woken);
}

void
map_answers_begin(void)
{
	answers.thread = pthread_self();
}

void
map_answers_close(void)
{
	map_handover_close();
	map_replies_close();
}
