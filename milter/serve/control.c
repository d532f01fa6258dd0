/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: one thread waits for all clients at once, with poll.  It reads
 * a request, a line; then the client is the one worker's, which makes a piece
 * of the answer, and wakes the thread by an eventfd; then the thread writes the
 * piece, and so on until there is no more.  Nothing is made that the client has
 * not room for, so that one that does not read costs one piece of memory.
 *
 * Each state of a client has a deadline.  A client is touched by the worker
 * alone while it is WORKING, and by the thread alone else.  What it may ask is
 * settled when it connects, by the credentials that the kernel has of it.
 */
#include "milter/serve/control.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
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
#include "milter/serve/socket.h"

enum {
	MODE = 0660,
	BACKLOG = 64,

	/* If descriptors or memory run out, accept and poll fail at
	 * once */
	REST_MS = 1000,

	/* Behind the clients in the list of descriptors */
	WAKE = LIMIT_CONTROL_CLIENTS,
	LISTENER,
	DESCRIPTORS,
};

#define SCHEME "unix:"

/* The thread's, but for what is set before it starts; the worker has a client
 * of its own while that is WORKING. */
static struct {
	char socket[sizeof(SCHEME) +
		    sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *path; /* in it */
	struct socket_owned own;
	int listener;
	int wake; /* an eventfd: a client is done, or the end has come */
	_Atomic bool ending;
	bool running;
	pthread_t thread;
	struct pool *workers; /* one: an answer may wait for the disk */
	int64_t rest_until_ms;
	struct control_connection
	    *clients[LIMIT_CONTROL_CLIENTS]; /* NULL: free */
} control = {.listener = -1, .wake = -1};

static void
wake_up(void)
{
	uint64_t one = 1;
	ssize_t put = write(control.wake, &one, sizeof(one));

	(void)put; /* it is full of wake-ups */
}

static bool
serve_until(void *arg, int64_t until_ms)
{
	(void)until_ms;
	control_connection_work(arg);
	wake_up();
	return true;
}

/* --- clients --- */

static void
drop_client(size_t number)
{
	control_connection_free(control.clients[number]);
	control.clients[number] = NULL;
}

/* A place for one more; who has asked for nothing for the longest time makes
 * room.  LIMIT_CONTROL_CLIENTS: there is none. */
static size_t
find_place(void)
{
	size_t idle = LIMIT_CONTROL_CLIENTS;

	for (size_t i = 0; i < LIMIT_CONTROL_CLIENTS; i++) {
		const struct control_connection *client = control.clients[i];

		if (client == NULL)
			return i;
		if (client->state == CONTROL_READING &&
		    (idle == LIMIT_CONTROL_CLIENTS ||
			client->deadline_ms <
			    control.clients[idle]->deadline_ms))
			idle = i;
	}
	if (idle != LIMIT_CONTROL_CLIENTS)
		drop_client(idle);
	return idle;
}

static void
take_control_client(int fd)
{
	enum control_right right = control_peer_right(fd, control.path);
	struct control_connection *client =
	    control_connection_new(fd, right == CONTROL_MAY_ALL);
	size_t place;

	if (right == CONTROL_MAY_NOTHING) {
		control_connection_refuse(
		    client, "refused", "root and the socket's group may ask");
	} else if ((place = find_place()) != LIMIT_CONTROL_CLIENTS) {
		control.clients[place] = client;
		return;
	} else {
		control_connection_refuse(
		    client, "error", "too many ask at once");
	}
	control_connection_free(client);
}

static void
accept_clients(void)
{
	int fd;

	while ((fd = accept4(control.listener, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		take_control_client(fd);
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
	    errno == ENOBUFS)
		control.rest_until_ms = clock_mono_ms() + REST_MS;
}

/* What became of a client by what it sent, took, or let pass. */
static void
serve_client(size_t number, short events)
{
	struct control_connection *client = control.clients[number];

	if (client->state == CONTROL_WORKING && client->done)
		control_connection_worked(client);
	else if (client->state == CONTROL_READING && events != 0)
		control_connection_read(client);
	else if (client->state == CONTROL_WRITING && events != 0)
		control_connection_write(client);
	if (client->state == CONTROL_READY) {
		client->state = CONTROL_WORKING;
		pool_submit(control.workers, POOL_NEW, serve_until, client);
	}
	if (client->state == CONTROL_GONE ||
	    (client->state != CONTROL_WORKING &&
		clock_left_ms(client->deadline_ms) == 0))
		drop_client(number);
}

/* --- the loop --- */

/* Fills what to wait for; returns how long. */
static int
list_descriptors(struct pollfd list[DESCRIPTORS])
{
	int64_t until_ms = INT64_MAX;

	list[WAKE] = (struct pollfd){.fd = control.wake, .events = POLLIN};
	list[LISTENER] =
	    (struct pollfd){.fd = control.listener, .events = POLLIN};
	if (clock_left_ms(control.rest_until_ms) > 0) {
		list[LISTENER].fd = -1;
		until_ms = control.rest_until_ms;
	}
	for (size_t i = 0; i < LIMIT_CONTROL_CLIENTS; i++) {
		const struct control_connection *client = control.clients[i];

		list[i] = (struct pollfd){.fd = -1};
		if (client == NULL || client->state == CONTROL_WORKING)
			continue;
		list[i].fd = client->fd;
		list[i].events =
		    client->state == CONTROL_READING ? POLLIN : POLLOUT;
		if (client->deadline_ms < until_ms)
			until_ms = client->deadline_ms;
	}
	return until_ms == INT64_MAX ? -1 : clock_left_ms(until_ms);
}

static void *
run_control(void *arg)
{
	struct pollfd list[DESCRIPTORS];
	uint64_t count;

	while (!control.ending) {
		int wait_ms = list_descriptors(list);

		if (poll(list, DESCRIPTORS, wait_ms) < 0) {
			poll(NULL, 0, REST_MS);
			continue;
		}
		if (list[WAKE].revents != 0 &&
		    read(control.wake, &count, sizeof(count)) < 0)
			continue;
		for (size_t i = 0; i < LIMIT_CONTROL_CLIENTS; i++)
			if (control.clients[i] != NULL)
				serve_client(i, list[i].revents);
		if (list[LISTENER].revents != 0)
			accept_clients();
	}
	return arg;
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

/* Signals are for the main thread. */
static int
start_thread(void)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&control.thread, NULL, run_control, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int
control_start(struct err *err)
{
	if (control.listener < 0)
		return 0;
	control.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (control.wake < 0)
		return err_set(err, ERR_LOCAL, "eventfd: %s", strerror(errno));
	control.workers = pool_new("control", 1, LIMIT_CONTROL_CLIENTS, err);
	if (control.workers == NULL)
		return -1;
	control.running = start_thread() == 0;
	return control.running
		   ? 0
		   : err_set(err, ERR_LOCAL, "cannot start a thread");
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
control_close(void)
{
	if (control.running) {
		control.ending = true;
		wake_up();
		pthread_join(control.thread, NULL);
		control.running = false;
	}
	pool_free(control.workers);
	control.workers = NULL;
	for (size_t i = 0; i < LIMIT_CONTROL_CLIENTS; i++)
		if (control.clients[i] != NULL)
			drop_client(i);
	socket_release(control.socket, &control.own);
	close_fd(&control.listener);
	close_fd(&control.wake);
}
