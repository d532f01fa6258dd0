/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a thread reads the stream of events every second, from the last
 * one that it has seen; after a loss of the store, and at first, from ten
 * minutes back.  It begins when there is who can do what is told: an event
 * that is heard before that would be lost. Each is signed like any value; what
 * it says of itself (host, process, number) tells it from all others, so that
 * one that comes twice, or is put again by somebody, is applied once.  What a
 * store has without end is read PAGES of it a second.  The same thread says
 * every half minute that this host is there.
 */
#include "common/engine/fleet_events.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/engine/fleet_hosts.h"

enum {
	EACH_MS = 1000,
	PAGE_COUNT = 100,
	/* Read in a row: more than the stream has, if the store is honest */
	PAGES = 20,

	/* More than the stream has, which is read again from its begin */
	REMEMBERED = 2048,

	MINUTE_MS = 60 * 1000,
	HOUR_MS = 60 * MINUTE_MS,
	A_MINUTE = 60,
	ALL_AN_HOUR = 6,

	STREAM_ID_SIZE = 48,
};

#define PAGE "100"
#define STREAM_LENGTH "1000"

/* So many in a time. */
struct rate {
	int64_t began_ms;
	unsigned count;
};

struct fleet_events {
	struct fleet_events_options options;
	char boot[SHARED_BOOT_SIZE];
	_Atomic int64_t number;
	pthread_t thread;

	/* the thread's alone */
	char last[STREAM_ID_SIZE]; /* "": not known where to begin */
	char seen[REMEMBERED][SHARED_DIGEST_SIZE];
	size_t next_seen;
	struct rate minute, hour;
	int64_t say_at_ms; /* that this host is there */

	struct lock lock; /* for all that follows */
	struct cond changed;
	bool begun, end;
};

/* --- which are applied --- */

static bool
was_seen(struct fleet_events *events, const struct shared_event *event)
{
	char number[24], digest[SHARED_DIGEST_SIZE];
	const char *const fields[] = {event->by, event->boot, number};

	snprintf(number, sizeof(number), "%lld", (long long)event->number);
	shared_digest(fields, 3, digest);
	for (size_t i = 0; i < REMEMBERED; i++)
		if (strcmp(events->seen[i], digest) == 0)
			return true;
	text_copy(events->seen[events->next_seen++ % REMEMBERED],
	    SHARED_DIGEST_SIZE, digest);
	return false;
}

static bool
is_within_rate(struct rate *rate, int span_ms, unsigned most)
{
	int64_t now = clock_mono_ms();

	if (rate->began_ms == 0 || now - rate->began_ms > span_ms)
		*rate = (struct rate){.began_ms = now};
	return ++rate->count <= most;
}

static bool
may_apply(struct fleet_events *events, const struct shared_event *event)
{
	return !was_seen(events, event) &&
	       is_within_rate(&events->minute, MINUTE_MS, A_MINUTE) &&
	       (event->domain[0] != '\0' ||
		   is_within_rate(&events->hour, HOUR_MS, ALL_AN_HOUR));
}

static void
count_heard(struct fleet_events *events, enum shared_event_kind kind,
    enum share_event how)
{
	events->options.counts->events[kind][how]++;
}

static void
hear_event(
    struct fleet_events *events, const char *name, const struct resp *value)
{
	struct share *share = events->options.share;
	struct shared_event event = {.kind = SHARED_EVENT_FLUSH};
	enum shared_fault fault;
	size_t size;
	const char *payload =
	    share_open_value(share, name, value, &size, &fault);

	if (payload == NULL) {
		count_heard(events, event.kind, SHARE_EVENT_FORGED);
		share_reject(share, "", "", fault);
		return;
	}
	fault = shared_event_read(payload, size, clock_wall_s(), &event);
	if (fault == SHARED_FAULT_SYNTAX) {
		share_reject(share, "", "", fault);
		return;
	}
	if (strcmp(event.by, share_host(share)) == 0)
		return;
	if (fault != SHARED_NO_FAULT || !may_apply(events, &event)) {
		count_heard(events, event.kind, SHARE_EVENT_OLD);
		return;
	}
	count_heard(events, event.kind, SHARE_EVENT_APPLIED);
	events->options.apply(events->options.arg, &event);
}

/* --- reading --- */

/* An id of a stream: digits, "-", digits. */
static bool
take_stream_id(struct fleet_events *events, const struct resp *id)
{
	return id->kind == RESP_TEXT &&
	       strspn(id->text, "0123456789-") == id->length &&
	       text_copy(events->last, sizeof(events->last), id->text);
}

/* [id, ["v", value]] */
static bool
hear_entry(
    struct fleet_events *events, const char *name, const struct resp *entry)
{
	const struct resp *value;

	if (entry->kind != RESP_ARRAY || entry->count != 2 ||
	    !take_stream_id(events, entry->items[0]))
		return false;
	value = resp_member(entry->items[1], "v");
	if (value != NULL)
		hear_event(events, name, value);
	return true;
}

/* [[name, [entry ...]]]; how many there were. */
static size_t
hear_entries(
    struct fleet_events *events, const char *name, const struct resp *reply)
{
	const struct resp *stream, *list;

	if (reply->kind != RESP_ARRAY || reply->count != 1)
		return 0;
	stream = reply->items[0];
	if (stream->kind != RESP_ARRAY || stream->count != 2)
		return 0;
	list = stream->items[1];
	for (size_t i = 0; i < list->count; i++)
		if (!hear_entry(events, name, list->items[i]))
			return 0;
	return list->count;
}

static void
begin_ten_minutes_back(struct fleet_events *events)
{
	snprintf(events->last, sizeof(events->last), "%lld000-0",
	    (long long)clock_wall_s() - SHARED_EVENT_S);
}

/* Whether there may be more at once. */
static bool
read_events(struct fleet_events *events)
{
	char name[SHARE_NAME_SIZE];
	struct resp_words words = {.count = 6,
	    .items = {"XREAD", "COUNT", PAGE, "STREAMS", name, events->last}};
	enum shared_result result;
	struct resp *reply;
	size_t count = 0;

	share_name(events->options.share, "e", "", name);
	if (events->last[0] == '\0')
		begin_ten_minutes_back(events);
	reply =
	    shared_ask(events->options.store, SHARED_OP_EVENT, &words, &result);
	if (result == SHARED_RESULT_OK)
		count = hear_entries(events, name, reply);
	else if (result != SHARED_RESULT_MISS)
		events->last[0] = '\0'; /* the store may be another */
	resp_free(reply);
	return count == PAGE_COUNT;
}

/* False when it is to end. */
static bool
wait_for_events(struct fleet_events *events, int wait_ms)
{
	int64_t until_ms = clock_mono_ms() + wait_ms;
	bool end;

	lock_take(&events->lock);
	while (!events->end &&
	       cond_wait_until(&events->changed, &events->lock, until_ms))
		continue;
	end = events->end;
	lock_drop(&events->lock);
	return !end;
}

/* The same. */
static bool
wait_to_begin(struct fleet_events *events)
{
	bool end;

	lock_take(&events->lock);
	while (!events->end && !events->begun)
		cond_wait(&events->changed, &events->lock);
	end = events->end;
	lock_drop(&events->lock);
	return !end;
}

/* At first, and each half minute. */
static void
say_we_are_there(struct fleet_events *events)
{
	if (clock_left_ms(events->say_at_ms) > 0)
		return;
	events->say_at_ms = clock_mono_ms() + FLEET_HOSTS_EACH_MS;
	fleet_hosts_tell(events->options.store, events->options.share,
	    events->options.version);
}

/* Whether there may be more at once. */
static bool
hear_next_page(struct fleet_events *events)
{
	if (!share_is_open(events->options.share)) {
		events->last[0] = '\0';
		events->say_at_ms = 0; /* it may have been emptied */
		return false;
	}
	say_we_are_there(events);
	return share_has(events->options.share, SHARE_FLUSHES) &&
	       read_events(events);
}

static void *
run_fleet_events(void *arg)
{
	struct fleet_events *events = arg;
	unsigned pages = 0;

	if (!wait_to_begin(events))
		return NULL;
	do {
		pages = hear_next_page(events) ? (pages + 1) % PAGES : 0;
	} while (wait_for_events(events, pages > 0 ? 0 : EACH_MS));
	return NULL;
}

/* --- telling --- */

static bool
ask_store(struct fleet_events *events, const struct resp_words *words)
{
	enum shared_result result;

	resp_free(
	    shared_ask(events->options.store, SHARED_OP_EVENT, words, &result));
	return result == SHARED_RESULT_OK;
}

static bool
take_out_policy(struct fleet_events *events, const char *domain)
{
	char name[SHARE_NAME_SIZE];
	struct resp_words words = {.count = 2, .items = {"DEL", name}};

	share_name(events->options.share, "p", domain, name);
	return ask_store(events, &words);
}

int
fleet_events_send(struct fleet_events *events, enum shared_event_kind kind,
    const char *domain, struct err *err)
{
	struct share *share = events->options.share;
	struct shared_event event = {
	    .kind = kind, .number = ++events->number, .at_s = clock_wall_s()};
	char name[SHARE_NAME_SIZE], *payload, *value;
	struct resp_words words = {.count = 8,
	    .items = {"XADD", name, "MAXLEN", "~", STREAM_LENGTH, "*", "v"}};
	bool told;

	if (!share_has(share, SHARE_FLUSHES))
		return err_set(err, ERR_LOCAL,
		    "flushes are not shared: see SharedContent");
	text_copy(
	    event.domain, sizeof(event.domain), domain == NULL ? "" : domain);
	text_copy(event.by, sizeof(event.by), share_host(share));
	text_copy(event.boot, sizeof(event.boot), events->boot);
	share_name(share, "e", "", name);
	payload = shared_event_print(&event);
	value = share_sign(share, name, payload);
	words.items[7] = value;
	told =
	    (kind == SHARED_EVENT_FLUSH || take_out_policy(events, domain)) &&
	    ask_store(events, &words);
	free(value);
	free(payload);
	return told ? 0
		    : err_set(err, ERR_TEMP,
			  "the store that hosts share does not answer");
}

/* --- making and ending --- */

static void
drop_fleet_events(struct fleet_events *events)
{
	cond_fini(&events->changed);
	lock_fini(&events->lock);
	free(events);
}

struct fleet_events *
fleet_events_new(const struct fleet_events_options *options, struct err *err)
{
	struct fleet_events *events = xcalloc(1, sizeof(*events));
	uint8_t boot[(SHARED_BOOT_SIZE - 1) / 2];

	events->options = *options;
	lock_init(&events->lock);
	cond_init(&events->changed);
	if (getrandom(boot, sizeof(boot), 0) == sizeof(boot)) {
		text_hex(
		    events->boot, sizeof(events->boot), boot, sizeof(boot));
		if (pthread_create(
			&events->thread, NULL, run_fleet_events, events) == 0)
			return events;
	}
	err_set(err, ERR_LOCAL, "no more threads");
	drop_fleet_events(events);
	return NULL;
}

void
fleet_events_begin(struct fleet_events *events)
{
	lock_take(&events->lock);
	events->begun = true;
	cond_broadcast(&events->changed);
	lock_drop(&events->lock);
}

void
fleet_events_free(struct fleet_events *events)
{
	if (events == NULL)
		return;
	lock_take(&events->lock);
	events->end = true;
	cond_broadcast(&events->changed);
	lock_drop(&events->lock);
	pthread_join(events->thread, NULL);
	drop_fleet_events(events);
}
