/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: one thread waits for all clients at once, in an event loop.  It
 * reads a request, a line; then the client is the one worker's, which makes a
 * piece of the answer, and wakes the loop; then the thread writes the piece,
 * and so on until there is no more.  Nothing is made that the client has not
 * room for, so that one that does not read costs one piece of memory.
 *
 * Each state of a client has a deadline.  A client is touched by the worker
 * alone while it is WORKING, and by the thread alone else.  What it may ask is
 * settled when it connects, by the credentials that the kernel has of it.
 *
 * The loop is not that of the sockets that MTAs ask at: a flood of questions
 * there does not keep an admin waiting here.
 */
#include "milter/serve/control.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/pool.h"
#include "common/base/text.h"
#include "milter/serve/control_connection.h"
#include "milter/serve/control_peer.h"
#include "milter/serve/loop.h"
#include "milter/serve/socket.h"

enum {
	MODE = 0660,
	BACKLOG = 64,
	REST_S = 1, /* without descriptors or memory to be had */
};

#define SCHEME "unix:"

/* A client, and what is awaited of it. */
struct seat {
	struct control_connection *client; /* NULL: free */
	struct event *readable, *writable;
};

/* The thread's, but for what is set before it starts; the worker has a client
 * of its own while that is WORKING. */
static struct {
	char socket[sizeof(SCHEME) +
		    sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *path; /* in it */
	struct socket_owned own;
	int listener;
	struct loop *loop;
	struct event *knock, *rested;
	struct pool *workers; /* one: an answer may wait for the disk */
	struct seat seats[LIMIT_CONTROL_CLIENTS];
} control = {.listener = -1};

static bool
serve_until(void *arg, int64_t until_ms)
{
	(void)until_ms;
	control_connection_work(arg);
	loop_wake(control.loop);
	return true;
}

/* --- clients --- */

static void
drop_client(struct seat *seat)
{
	event_free(seat->readable);
	event_free(seat->writable);
	control_connection_free(seat->client);
	*seat = (struct seat){NULL, NULL, NULL};
}

/* Of the client, until its deadline. */
static void
await_client(struct seat *seat)
{
	int left_ms = clock_left_ms(seat->client->deadline_ms);
	struct timeval left = {left_ms / 1000, left_ms % 1000 * 1000L};

	event_add(seat->client->state == CONTROL_READING ? seat->readable
							 : seat->writable,
	    &left);
}

/* What comes next, by the state that a client is in now. */
static void
settle_seat(struct seat *seat)
{
	struct control_connection *client = seat->client;

	switch (client->state) {
	case CONTROL_READY:
		client->state = CONTROL_WORKING;
		pool_submit(control.workers, POOL_NEW, serve_until, client);
		return;
	case CONTROL_READING:
	case CONTROL_WRITING:
		await_client(seat);
		return;
	case CONTROL_WORKING:
		return;
	case CONTROL_GONE:
		drop_client(seat);
	}
}

static void
on_client(evutil_socket_t fd, short events, void *arg)
{
	struct seat *seat = arg;

	(void)fd;
	if (events & EV_TIMEOUT) {
		drop_client(seat);
		return;
	}
	if (seat->client->state == CONTROL_READING)
		control_connection_read(seat->client);
	else
		control_connection_write(seat->client);
	settle_seat(seat);
}

static void
on_work_done(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < LIMIT_CONTROL_CLIENTS; i++) {
		struct seat *seat = &control.seats[i];
		struct control_connection *client = seat->client;

		if (client == NULL || client->state != CONTROL_WORKING ||
		    !client->done)
			continue;
		control_connection_worked(client);
		settle_seat(seat);
	}
}

/* A place for one more; who has asked for nothing for the longest time makes
 * room.  NULL: there is none. */
static struct seat *
find_seat(void)
{
	struct seat *idle = NULL;

	for (size_t i = 0; i < LIMIT_CONTROL_CLIENTS; i++) {
		struct seat *seat = &control.seats[i];

		if (seat->client == NULL)
			return seat;
		if (seat->client->state == CONTROL_READING &&
		    (idle == NULL ||
			seat->client->deadline_ms < idle->client->deadline_ms))
			idle = seat;
	}
	if (idle != NULL)
		drop_client(idle);
	return idle;
}

static void
seat_client(struct seat *seat, struct control_connection *client)
{
	struct event_base *base = loop_base(control.loop);

	seat->client = client;
	seat->readable = event_new(base, client->fd, EV_READ, on_client, seat);
	seat->writable = event_new(base, client->fd, EV_WRITE, on_client, seat);
	settle_seat(seat);
}

static void
take_control_client(int fd)
{
	enum control_right right = control_peer_right(fd, control.path);
	struct control_connection *client =
	    control_connection_new(fd, right == CONTROL_MAY_ALL);
	struct seat *seat;

	if (right == CONTROL_MAY_NOTHING) {
		control_connection_refuse(
		    client, "refused", "root and the socket's group may ask");
	} else if ((seat = find_seat()) != NULL) {
		seat_client(seat, client);
		return;
	} else {
		control_connection_refuse(
		    client, "error", "too many ask at once");
	}
	control_connection_free(client);
}

static void
rest_knocks(void)
{
	static const struct timeval rest = {.tv_sec = REST_S};

	event_del(control.knock);
	event_add(control.rested, &rest);
}

static void
on_rest_over(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	(void)arg;
	event_add(control.knock, NULL);
}

static void
on_control_knock(evutil_socket_t listening, short events, void *arg)
{
	int fd;

	(void)events;
	(void)arg;
	while ((fd = accept4(
		    listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		take_control_client(fd);
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
	    errno == ENOBUFS)
		rest_knocks();
}

/* --- the socket --- */

static int
fail_control(struct err *err, int status, const char *what)
{
	err_set(err, ERR_LOCAL, "%.150s: %s: %s", control.path, what,
	    strerror(errno));
	return status;
}

/* Nobody can connect before it listens, by when it has its group and mode. */
static int
bind_at_path(struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	text_copy(address.sun_path, sizeof(address.sun_path), control.path);
	control.listener =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control.listener < 0)
		return fail_control(err, EX_OSERR, "socket");
	if (bind(control.listener, (struct sockaddr *)&address,
		sizeof(address)) < 0)
		return fail_control(err, EX_CANTCREAT, "bind");
	socket_own(control.socket, &control.own);
	return 0;
}

static int
listen_there(struct err *err)
{
	if (chmod(control.path, MODE) < 0)
		return fail_control(err, EX_CANTCREAT, "chmod");
	if (listen(control.listener, BACKLOG) < 0)
		return fail_control(err, EX_CANTCREAT, "listen");
	return 0;
}

static int
give_to_group(const char *name, struct err *err)
{
	const struct group *group;

	if (name == NULL)
		return 0;
	group = getgrnam(name);
	if (group == NULL) {
		err_set(err, ERR_LOCAL,
		    "ControlGroup: there is no group \"%.64s\"", name);
		return EX_NOUSER;
	}
	if (chown(control.path, (uid_t)-1, group->gr_gid) == 0)
		return 0;
	err_set(err, ERR_LOCAL,
	    "ControlGroup: cannot give the socket to \"%.64s\": %s; the user "
	    "that posternd runs as must be a member",
	    name, strerror(errno));
	return EX_NOPERM;
}

int
control_open(const struct settings *settings, struct err *err)
{
	int status;

	if (settings->control_socket == NULL)
		return 0;
	snprintf(control.socket, sizeof(control.socket), SCHEME "%s",
	    settings->control_socket);
	control.path = control.socket + strlen(SCHEME);
	status = socket_claim(control.socket, err);
	if (status == 0)
		status = bind_at_path(err);
	if (status == 0)
		status = give_to_group(settings->control_group, err);
	if (status == 0)
		status = listen_there(err);
	if (status != 0)
		control_close();
	return status;
}

int
control_start(struct err *err)
{
	struct event_base *base;

	if (control.listener < 0)
		return 0;
	control.workers = pool_new("control", 1, LIMIT_CONTROL_CLIENTS, err);
	if (control.workers == NULL)
		return -1;
	control.loop = loop_new(on_work_done, NULL, err);
	if (control.loop == NULL)
		return -1;
	base = loop_base(control.loop);
	control.knock = event_new(base, control.listener, EV_READ | EV_PERSIST,
	    on_control_knock, NULL);
	control.rested = evtimer_new(base, on_rest_over, NULL);
	event_add(control.knock, NULL);
	return loop_start(control.loop, err);
}

/* The worker wakes the loop, so that ends before it is freed. */
static void
end_control_loop(void)
{
	if (control.loop != NULL)
		loop_stop(control.loop);
	pool_free(control.workers);
	control.workers = NULL;
	if (control.loop == NULL)
		return;
	for (size_t i = 0; i < LIMIT_CONTROL_CLIENTS; i++)
		if (control.seats[i].client != NULL)
			drop_client(&control.seats[i]);
	event_free(control.knock);
	event_free(control.rested);
	loop_free(control.loop);
	control.loop = NULL;
}

void
control_close(void)
{
	end_control_loop();
	socket_release(control.socket, &control.own);
	if (control.listener >= 0)
		close(control.listener);
	control.listener = -1;
}
