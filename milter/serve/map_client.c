/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: what has come lies in `in`; each whole request there takes a
 * place in a ring, up to LIMIT_MAP_PIPELINE of them, and is asked at once.
 * Replies that come out of turn wait in their place; those at the front go to
 * `out`, and out is written.  Nothing more is read while the ring is full, or
 * while the client has not taken what is for it.
 *
 * Of a line socket one request is taken, and the connection is closed behind
 * its reply.
 *
 * A client that has closed its sending side still gets the replies to what came
 * whole.  One that is not of use any more is freed at the end of the call from
 * the loop, not within: see settle_client.
 */
#include "milter/serve/map_client.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "milter/serve/report.h"

enum {
	/* The longest request with what is around it */
	IN_MAX = LIMIT_MAP_REQUEST + 8,
	IN_FIRST = 512,

	IDLE_MS = 300 * 1000,
	STALLED_S = 60,
	MSEC_PER_SEC = 1000,
};

/* A request in its place; who is told of a reply is this. */
struct place {
	struct map_client *client;
	struct map_asking *asking; /* it waits for */
	char *reply;               /* that waits for those before it */
	size_t length;
	bool done;
};

struct map_client {
	int fd;
	enum map_protocol protocol;
	struct map_client_calls calls;
	struct map_client_link link;
	struct event reading, writing, idle;
	int64_t used_ms; /* when something came or went last */
	bool is_reading, is_writing;
	bool ended;  /* nothing more will come */
	bool leaves; /* no more is awaited: see map_client_leave */
	bool dead;   /* to be freed */
	bool busy;   /* in a call from the loop */
	bool filled; /* in, by the last read */
	char *in;
	size_t in_length, in_size;
	char *out;
	size_t out_length, out_size, sent;
	struct place *ring; /* LIMIT_MAP_PIPELINE of them, once needed */
	size_t first, count;
};

static const struct timeval stall_time = {.tv_sec = STALLED_S};

/* --- replies --- */

static void
append_out(struct map_client *client, const char *data, size_t length)
{
	size_t needed = client->out_length + length;

	if (client->sent == client->out_length) {
		client->sent = client->out_length = 0;
		needed = length;
	}
	if (needed > client->out_size) {
		client->out_size = needed * 2;
		client->out = xrealloc(client->out, client->out_size, 1);
	}
	memcpy(client->out + client->out_length, data, length);
	client->out_length = needed;
}

/* Replies at the front of the ring are due. */
static void
shift_ring(struct map_client *client)
{
	while (client->count > 0 && client->ring[client->first].done) {
		struct place *place = &client->ring[client->first];

		append_out(client, place->reply, place->length);
		free(place->reply);
		*place = (struct place){.client = NULL};
		client->first = (client->first + 1) % LIMIT_MAP_PIPELINE;
		client->count--;
	}
}

static void settle_client(struct map_client *client);

static void
on_answered(void *arg, const char *reply, size_t length)
{
	struct place *place = arg;
	struct map_client *client = place->client;

	assert(!place->done);
	place->done = true;
	place->asking = NULL;
	/* nobody before it: no need to keep it */
	if (place == &client->ring[client->first]) {
		append_out(client, reply, length);
		*place = (struct place){.client = NULL};
		client->first = (client->first + 1) % LIMIT_MAP_PIPELINE;
		client->count--;
	} else {
		place->reply = xmemdup(reply, length);
		place->length = length;
	}
	if (!client->busy)
		settle_client(client);
}

/* --- requests --- */

static size_t
unsent_octets(const struct map_client *client)
{
	return client->out_length - client->sent;
}

static bool
may_take_more(const struct map_client *client)
{
	return !client->dead && client->count < LIMIT_MAP_PIPELINE &&
	       unsent_octets(client) < LIMIT_MAP_UNSENT;
}

static void
take_request(struct map_client *client, const struct map_payload *payload)
{
	struct map_asking *asking;
	struct place *place;

	if (client->ring == NULL)
		client->ring =
		    xcalloc(LIMIT_MAP_PIPELINE, sizeof(*client->ring));
	place =
	    &client
		 ->ring[(client->first + client->count++) % LIMIT_MAP_PIPELINE];
	*place = (struct place){.client = client};
	asking = map_answers_ask(client->protocol, payload, on_answered, place);
	if (asking != NULL)
		place->asking = asking;
	if (client->protocol == MAP_PROTOCOL_LINE)
		client->ended = true;
}

/* A request that is none: nothing can be told from there on. */
static void
refuse_garbage(struct map_client *client)
{
	report_garbage(client->protocol == MAP_PROTOCOL_TABLE ? "map" : "line");
	if (client->protocol == MAP_PROTOCOL_LINE) {
		static const struct map_payload none = {"", 0, 0};

		take_request(client, &none);
	}
	client->ended = true;
	client->in_length = 0;
	if (client->protocol == MAP_PROTOCOL_TABLE)
		client->dead = true;
}

static void
take_requests(struct map_client *client)
{
	size_t at = 0;

	while (may_take_more(client) &&
	       !(client->protocol == MAP_PROTOCOL_LINE && client->ended)) {
		struct map_payload payload;
		enum map_scan scan;

		scan = client->protocol == MAP_PROTOCOL_TABLE
			   ? map_scan_netstring(client->in + at,
				 client->in_length - at, &payload)
			   : map_scan_line(client->in + at,
				 client->in_length - at, &payload);
		if (scan == MAP_SCAN_MORE)
			break;
		if (scan == MAP_SCAN_BAD) {
			refuse_garbage(client);
			return;
		}
		at += payload.used;
		take_request(client, &payload);
		shift_ring(client);
	}
	if (at > 0)
		memmove(client->in, client->in + at, client->in_length - at);
	client->in_length -= at;
}

/* --- the socket --- */

static void
read_some(struct map_client *client)
{
	ssize_t got;

	/* more may be there than was taken at a time */
	if (client->in_length == client->in_size || client->filled) {
		client->in_size =
		    client->in_size == 0 ? IN_FIRST : client->in_size * 2;
		if (client->in_size > IN_MAX)
			client->in_size = IN_MAX;
		client->in = xrealloc(client->in, client->in_size, 1);
	}
	got = read(client->fd, client->in + client->in_length,
	    client->in_size - client->in_length);
	client->filled =
	    got == (ssize_t)(client->in_size - client->in_length) &&
	    client->in_size < IN_MAX;
	if (got > 0)
		client->in_length += (size_t)got;
	else if (got == 0)
		client->ended = true;
	else if (errno != EAGAIN && errno != EINTR)
		client->dead = true;
}

static void
write_some(struct map_client *client)
{
	ssize_t put;

	if (unsent_octets(client) == 0)
		return;
	put = send(client->fd, client->out + client->sent,
	    unsent_octets(client), MSG_NOSIGNAL);
	if (put >= 0)
		client->sent += (size_t)put;
	else if (errno != EAGAIN && errno != EINTR)
		client->dead = true;
	/* what was long once need not be so for ever */
	if (unsent_octets(client) == 0 && client->out_size > LIMIT_MAP_UNSENT) {
		free(client->out);
		client->out = NULL;
		client->out_size = client->out_length = client->sent = 0;
	}
}

static void
set_reading(struct map_client *client, bool wanted)
{
	if (wanted == client->is_reading)
		return;
	client->is_reading = wanted;
	if (wanted)
		event_add(&client->reading, NULL);
	else
		event_del(&client->reading);
}

static void
set_writing(struct map_client *client, bool wanted)
{
	if (wanted == client->is_writing)
		return;
	client->is_writing = wanted;
	if (wanted)
		event_add(&client->writing, &stall_time);
	else
		event_del(&client->writing);
}

/*
 * Take what may be taken, and send what is due: whether there is more to do at
 * once.  What was not taken for want of room is not announced by the socket
 * again; so where sending has made room, it is looked at once more.
 */
static bool
work_on_client(struct map_client *client)
{
	size_t before = client->in_length;
	bool had_room;

	shift_ring(client);
	had_room = may_take_more(client);
	take_requests(client);
	write_some(client);
	return client->in_length > 0 && may_take_more(client) &&
	       (!had_room || client->in_length < before);
}

/*
 * Before one that leaves is closed: whether there is more to do.  What lies in
 * the socket by then would be lost with it, and an MTA that was answered may
 * have asked again.
 */
static bool
look_once_more(struct map_client *client)
{
	size_t before = client->in_length;

	if (!client->leaves || client->ended || client->dead ||
	    !map_client_is_idle(client))
		return false;
	read_some(client);
	client->ended = client->ended || client->in_length == before;
	return client->in_length > before;
}

/* After anything that has changed: do what can be done, and see what to wait
 * for. */
static void
settle_client(struct map_client *client)
{
	client->busy = true;
	do
		while (work_on_client(client))
			continue;
	while (look_once_more(client));
	client->busy = false;
	if (client->ended && client->count == 0 && unsent_octets(client) == 0)
		client->dead = true;
	if (client->dead) {
		client->calls.gone(client->calls.arg, client);
		map_client_free(client);
		return;
	}
	set_writing(client, unsent_octets(client) > 0);
	set_reading(client, !client->ended && may_take_more(client) &&
				client->in_length < IN_MAX);
}

static void
note_client_use(struct map_client *client)
{
	client->used_ms = clock_mono_ms();
	client->calls.used(client->calls.arg, client);
}

static void
arm_idle(struct map_client *client, int64_t ms)
{
	struct timeval wait = {.tv_sec = ms / MSEC_PER_SEC + 1};

	evtimer_add(&client->idle, &wait);
}

/* The timer is not moved whenever something comes: it looks for itself, and
 * waits for the rest. */
static void
on_client_idle(evutil_socket_t fd, short events, void *arg)
{
	struct map_client *client = arg;
	int64_t left_ms = client->used_ms + IDLE_MS - clock_mono_ms();

	(void)fd;
	(void)events;
	if (!map_client_is_idle(client)) {
		arm_idle(client, IDLE_MS);
	} else if (left_ms > 0) {
		arm_idle(client, left_ms);
	} else {
		client->dead = true;
		settle_client(client);
	}
}

static void
on_readable(evutil_socket_t fd, short events, void *arg)
{
	struct map_client *client = arg;

	(void)fd;
	(void)events;
	note_client_use(client);
	read_some(client);
	settle_client(client);
}

static void
on_writable(evutil_socket_t fd, short events, void *arg)
{
	struct map_client *client = arg;

	(void)fd;
	if (events & EV_TIMEOUT)
		client->dead = true;
	else
		note_client_use(client);
	settle_client(client);
}

/* --- begin and end --- */

struct map_client *
map_client_new(struct event_base *base, int fd, enum map_protocol protocol,
    const struct map_client_calls *calls)
{
	struct map_client *client = xcalloc(1, sizeof(*client));
	int on = 1;

	/* replies that follow one another do not wait for the MTA to say that
	 * it has the one before; a Unix socket knows no such thing */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	client->fd = fd;
	client->protocol = protocol;
	client->calls = *calls;
	event_assign(&client->reading, base, fd, EV_READ | EV_PERSIST,
	    on_readable, client);
	event_assign(&client->writing, base, fd, EV_WRITE | EV_PERSIST,
	    on_writable, client);
	evtimer_assign(&client->idle, base, on_client_idle, client);
	client->used_ms = clock_mono_ms();
	arm_idle(client, IDLE_MS);
	set_reading(client, true);
	return client;
}

void
map_client_free(struct map_client *client)
{
	set_reading(client, false);
	set_writing(client, false);
	event_del(&client->idle);
	for (size_t i = 0; i < client->count; i++) {
		struct place *place =
		    &client->ring[(client->first + i) % LIMIT_MAP_PIPELINE];

		if (place->asking != NULL)
			map_asking_leave(place->asking);
		free(place->reply);
	}
	close(client->fd);
	free(client->ring);
	free(client->in);
	free(client->out);
	free(client);
}

void
map_client_leave(struct map_client *client)
{
	client->leaves = true;
	settle_client(client);
}

bool
map_client_is_idle(const struct map_client *client)
{
	return client->count == 0 && unsent_octets(client) == 0;
}

struct map_client_link *
map_client_link(struct map_client *client)
{
	return &client->link;
}
