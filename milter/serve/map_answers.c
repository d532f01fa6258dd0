/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a request is looked for among the replies that were kept, by
 * its octets.  One that is there is copied: no lock but the cache's, no worker.
 * In the last tenth of its life another is made as well, once, by an asking
 * that nobody waits for; the old one goes on until that has come.
 *
 * Else the request is read.  What needs no lookup is answered.  For the rest an
 * asking is made, and the engine is asked; it calls on_map_check, in a worker
 * or at once, which makes the reply while the check is there.  The asking then
 * lies on a list until the listener's thread takes it from there, keeps the
 * reply for as long as the verdict lives, and hands it to who asked.
 *
 * Whoever asked may have left, or have been told that time is up; the asking
 * goes on all the same, and its reply is kept for the next one.
 *
 * service_turn says when replies from before count no more: a reply carries the
 * turn that it was made in.  A check that began in another is made again.
 */
#include "milter/serve/map_answers.h"

#include <assert.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/enforce.h"
#include "milter/act/action.h"
#include "milter/serve/map_replies.h"
#include "milter/serve/map_report.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"
#include "milter/serve/tally.h"

enum {
	MSEC_PER_SEC = 1000,
	USEC_PER_MSEC = 1000,

	/* Of the checks that may run and wait, those for MTAs that ask: the
	 * other part is left to the milter */
	MAP_PART = 2,

	/* A reply is made anew in the last part of its life, of so many */
	LAST_PART = 10,
};

struct map_asking {
	struct map_asking *next; /* that has come */
	enum map_protocol protocol;
	enum map_ask ask;
	struct map_request request;
	char key[MAP_KEY_SIZE]; /* "": not to be kept */
	bool ahead;             /* of the end of the reply that is kept */
	map_answered *answered; /* NULL: nobody waits for it any more */
	void *arg;
	struct service_hold held;
	unsigned turn;
	time_t rules_end_s; /* see terms_end */
	struct event timer;
	int64_t begun_ms;
	struct map_reply *reply; /* once it has come */
	int64_t expires_ms;      /* of it; 0: it is not kept */
};

static struct {
	struct event_base *base;
	void (*woken)(void);
	pthread_t thread;                    /* the listener's */
	const struct map_asking *asking_now; /* its, in engine_submit */
	bool at_once;                        /* and that has come in the call */
	unsigned under_way;
	struct lock lock;
	struct cond told;
	struct map_asking *come; /* with lock: newest first */
	unsigned telling;        /* with lock: threads that call woken */
	bool closed;             /* with lock */
} answers;

/* --- the engine --- */

static enum figures_asker
asker_of_map(enum mta_dialect dialect)
{
	switch (dialect) {
	case MTA_POSTFIX_TLSRPT:
		return FIGURES_TLSRPT;
	case MTA_SENDMAIL:
		return FIGURES_SENDMAIL;
	case MTA_POSTFIX:
		break;
	}
	return FIGURES_PLAIN;
}

static enum figures_asker
asker_of(const struct map_asking *asking)
{
	return asking->protocol == MAP_PROTOCOL_LINE
		   ? FIGURES_LINE
		   : asker_of_map(asking->request.dialect);
}

static void
tell_reply(const struct map_reply *reply, map_answered *answered, void *arg)
{
	char line[MAP_LINE_SIZE];
	size_t length;
	const char *octets = map_reply_print(reply, line, &length);

	tally_asked(reply->asker, reply->status);
	answered(arg, octets, length);
}

static void
free_asking(struct map_asking *asking)
{
	service_let_go(&asking->held);
	free(asking->reply);
	free(asking);
}

/* For "CHECK": what the log would say of it, from the domain on, but for what
 * others wrote. */
static char *
print_checked(const struct map_asking *asking, const struct check *check)
{
	struct report_check report = {.domain = check->domain,
	    .verdict = check->verdict,
	    .action = action_for(asking->held.settings, check->verdict),
	    .looked = true,
	    .ttl_s = check->verdict->ttl_s,
	    .ms = check->ms,
	    .detail = ""};
	char line[REPORT_SIZE];
	const char *begin;

	report_check_line(line, "-", &report);
	begin = strstr(line, "domain=");
	return xstrdup(begin == NULL ? "" : begin);
}

static char *
print_enforcement(const struct map_asking *asking, const struct enforcement *e,
    uint32_t ttl_s)
{
	const struct map_request *request = &asking->request;

	if (asking->protocol == MAP_PROTOCOL_TABLE)
		return mta_policy_reply(request->dialect, e, request->hop.host);
	return mta_policy_line(
	    e, request->has_host ? request->host : NULL, ttl_s);
}

static bool
is_own_thread(void)
{
	return pthread_equal(answers.thread, pthread_self());
}

/* The listener does not end before it is told. */
static void
tell_listener(void)
{
	answers.woken();
	lock_take(&answers.lock);
	assert(answers.telling > 0);
	if (--answers.telling == 0)
		cond_broadcast(&answers.told);
	lock_drop(&answers.lock);
}

/* The asking is the listener's from here on. */
static void
hand_over(struct map_asking *asking)
{
	bool closed;

	lock_take(&answers.lock);
	closed = answers.closed;
	if (!closed) {
		asking->next = answers.come;
		answers.come = asking;
		answers.telling++;
	}
	lock_drop(&answers.lock);
	if (closed)
		free_asking(asking);
	else
		tell_listener();
}

/* A reply lives as long as the verdict, and no longer than the rules that it
 * rests on; 0: it is not kept. */
static int64_t
life_end(const struct map_asking *asking, const struct check *check)
{
	int64_t end_ms, left_s;

	if (check->verdict->reason == REASON_DEADLINE ||
	    check->verdict->reason == REASON_QUEUE_FULL || check->ran_out)
		return 0;
	/* what was found before is good to its own end */
	if (asking->ahead && check->verdict->result == RESULT_TEMPERROR)
		return 0;
	if (asking->rules_end_s == 0)
		return check->expires_ms;
	left_s = asking->rules_end_s - clock_wall_s();
	end_ms = clock_mono_ms() + left_s * MSEC_PER_SEC;
	return end_ms < check->expires_ms ? end_ms : check->expires_ms;
}

/* One that was made ahead, and is in the last part of its life for all that, is
 * not made again. */
static int64_t
renewal_of(const struct map_asking *asking, const struct check *check)
{
	int64_t part_ms =
	    (int64_t)check->verdict->ttl_s * MSEC_PER_SEC / LAST_PART;
	int64_t renew_ms = asking->expires_ms - part_ms;

	return asking->ahead && renew_ms <= clock_mono_ms() ? INT64_MAX
							    : renew_ms;
}

static void
on_map_check(void *arg, const struct check *check, bool cached)
{
	struct map_asking *asking = arg;
	char *text;

	if (asking->ask == MAP_ASK_CHECK) {
		text = print_checked(asking, check);
	} else if (check->enforcement == NULL) {
		text = mta_policy_temp(REASON_INTERNAL_ERROR);
	} else {
		text = print_enforcement(
		    asking, check->enforcement, check->verdict->ttl_s);
		map_report_answer(asker_of(asking), check, text, cached);
	}
	asking->reply = map_reply_owned(asker_of(asking), text);
	asking->reply->policy = check->policy;
	asking->expires_ms = life_end(asking, check);
	if (asking->protocol == MAP_PROTOCOL_LINE)
		asking->reply->expires_ms = asking->expires_ms;
	asking->reply->renew_ms = renewal_of(asking, check);
	/* answers is the listener's, but for what has its lock */
	if (is_own_thread() && answers.asking_now == asking)
		answers.at_once = true;
	else
		hand_over(asking);
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
	    map_reply_temp(asker_of(asking), REASON_DEADLINE);

	(void)fd;
	(void)events;
	map_report_deadline(asker_of(asking), asking->request.hop.host,
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
	if (asking->key[0] != '\0' && asking->expires_ms > 0 &&
	    reply->turn == service_turn()) {
		map_replies_keep(asking->key, reply, asking->expires_ms);
		asking->reply = NULL;
	}
	answers.under_way--;
	free_asking(asking);
	return true;
}

/* The turn is taken first: rules that are put in force meanwhile are another
 * turn's, and the check is made once more. */
static void
hold_for_asking(struct map_asking *asking)
{
	asking->turn = service_turn();
	service_hold(&asking->held);
}

/* Whether it has to be waited for. */
static bool
renew_asking(struct map_asking *asking)
{
	do {
		free(asking->reply);
		asking->reply = NULL;
		service_let_go(&asking->held);
		hold_for_asking(asking);
		ask_engine(asking);
		if (!answers.at_once)
			return true;
	} while (!take_made_reply(asking));
	return false;
}

void
map_answers_come(void)
{
	struct map_asking *list;

	lock_take(&answers.lock);
	list = answers.come;
	answers.come = NULL;
	lock_drop(&answers.lock);
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

/* What the terms decide alone, or is not looked at: NULL if there is more to
 * it. */
static struct map_reply *
answer_at_once(struct map_asking *asking)
{
	const struct settings *settings = asking->held.settings;
	const char *host = asking->request.hop.host;
	struct judge_terms terms = {.level = LEVEL_AUTO};
	AUTO(enforcement) struct enforcement *e = NULL;
	time_t now = clock_wall_s();

	if (strcmp(host, settings->authserv_id) == 0 ||
	    settings_lists_domain(&settings->internal_domains, host))
		return map_reply_skip(asker_of(asking), REASON_INTERNAL);
	if (settings_lists_domain(&settings->exempt_domains, host))
		return map_reply_skip(asker_of(asking), REASON_EXEMPT);
	terms_set(&terms, settings->destinations, host, now);
	asking->rules_end_s = terms_end(&terms, now);
	if (asking->ask == MAP_ASK_CHECK)
		return NULL;
	map_report_rule(asker_of(asking), terms.rule);
	e = enforce_by_terms(&terms, now);
	/* a host is told of DANE by what it has */
	if (e == NULL || (asking->protocol == MAP_PROTOCOL_LINE &&
			     e->level == LEVEL_DANE_ONLY))
		return NULL;
	return map_reply_owned(
	    asker_of(asking), print_enforcement(asking, e, 0));
}

static struct map_reply *
answer_misread(enum figures_asker asker, enum map_ask ask)
{
	switch (ask) {
	case MAP_ASK_INVALID:
		return map_reply_temp(asker, REASON_INTERNAL_ERROR);
	case MAP_ASK_MISPLACED:
		return map_reply_new(
		    asker, "PERM map sts is for Sendmail, use QUERY");
	case MAP_ASK_NOTHING:
		return map_reply_skip(asker, REASON_NAME_INVALID);
	case MAP_ASK_POLICY:
	case MAP_ASK_CHECK:
		break;
	}
	return NULL;
}

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
	hold_for_asking(asking);
	evtimer_assign(&asking->timer, answers.base, on_map_wait, asking);
	return asking;
}

static enum map_ask
read_asked_request(struct map_asking *asking, const struct map_payload *payload)
{
	uint16_t port = (uint16_t)asking->held.settings->probe_port;

	return asking->protocol == MAP_PROTOCOL_TABLE
		   ? map_request_read(
			 payload->data, payload->length, port, &asking->request)
		   : line_request_read(payload->data, payload->length, port,
			 &asking->request);
}

/* NULL where it is the engine's to answer. */
static struct map_reply *
reply_without_check(struct map_asking *asking)
{
	struct map_reply *reply = answer_misread(asker_of(asking), asking->ask);

	if (reply == NULL)
		reply = answer_at_once(asking);
	if (reply == NULL && !has_answer_room(asking->held.settings))
		reply = map_reply_temp(asker_of(asking), REASON_QUEUE_FULL);
	return reply;
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
	asking->ask = read_asked_request(asking, payload);
	reply = reply_without_check(asking);
	if (reply != NULL) {
		free(reply);
		free_asking(asking);
		return;
	}
	memcpy(asking->key, key, sizeof(asking->key));
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
	ends = clock_mono_ms() >= reply->renew_ms;
	if (ends)
		reply->renew_ms = INT64_MAX;
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
	tell_reply(
	    map_reply_nothing(asker_of_map(request.dialect)), answered, arg);
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
	asking->ask = read_asked_request(asking, payload);
	reply = reply_without_check(asking);
	if (reply != NULL) {
		free_asking(asking);
		tell_reply(reply, answered, arg);
		free(reply);
		return NULL;
	}
	memcpy(asking->key, key, sizeof(key));
	return begin_asking(asking);
}

/* --- begin and end --- */

void
map_answers_open(struct event_base *base, void (*woken)(void))
{
	answers.base = base;
	answers.woken = woken;
	answers.closed = false;
	map_replies_open();
	lock_init(&answers.lock);
	cond_init(&answers.told);
}

void
map_answers_begin(void)
{
	answers.thread = pthread_self();
}

void
map_answers_close(void)
{
	struct map_asking *list;

	lock_take(&answers.lock);
	answers.closed = true;
	while (answers.telling > 0)
		cond_wait(&answers.told, &answers.lock);
	list = answers.come;
	answers.come = NULL;
	lock_drop(&answers.lock);
	while (list != NULL) {
		struct map_asking *asking = list;

		list = asking->next;
		free_asking(asking);
	}
	map_replies_close();
}
