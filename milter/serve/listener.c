/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: one thread runs an event loop over the listening sockets, the
 * connections, and an eventfd by which workers say that a check has ended.
 * Nothing in it waits for anything else.
 *
 * Connections are on a list, the one that was used last at its end.  Where
 * there are MapMaxClients, or no more descriptors, the first of the list that
 * is idle makes room; if none is, no more are taken, and whoever comes waits in
 * the backlog.
 *
 * At the end nobody new is taken, but for those who wait at a socket that ends
 * with us: at one that was handed over they wait for the next posternd.  Each
 * connection is closed when what came on it is answered, all of them after
 * GRACE_S: an MTA that is not answered asks once more, and the next posternd.
 */
#include "milter/serve/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/serve/handed.h"
#include "milter/serve/map_client.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"
#include "milter/serve/socket.h"

enum {
	BACKLOG = 1024,
	AT_ONCE = 64, /* accepted in a row, before others have their turn */
	REST_S = 1,   /* without descriptors to be had */
	GRACE_S = 5,  /* at the end, for answers that are due */

	SILENT_MS = 60 * 1000, /* between two lines about that */
};

/* A listening socket. */
struct ear {
	char *text; /* as in the settings */
	enum map_protocol protocol;
	int fd;
	struct socket_owned own;
	struct event *event;
	bool handed; /* it stays, for who comes after us */
};

static struct {
	size_t count;
	struct ear *ears;
	struct event_base *base;
	struct event *woken, *rested, *grace;
	int wake; /* an eventfd */
	bool running, deaf;
	bool leaving; /* the loop ends with its last connection */
	_Atomic bool ending;
	pthread_t thread;
	struct map_client *first, *last; /* the one idle for longest, newest */
	size_t clients;
	struct lock lock;
	struct cond settled;
	unsigned wanted, turned; /* with lock: turns of the loop */
} listener = {.wake = -1};

/* --- connections --- */

static void
unlink_client(struct map_client *client)
{
	struct map_client_link *link = map_client_link(client);

	if (link->before == NULL)
		listener.first = link->next;
	else
		map_client_link(link->before)->next = link->next;
	if (link->next == NULL)
		listener.last = link->before;
	else
		map_client_link(link->next)->before = link->before;
	listener.clients--;
}

static void
append_client(struct map_client *client)
{
	struct map_client_link *link = map_client_link(client);

	*link = (struct map_client_link){.before = listener.last};
	if (listener.last == NULL)
		listener.first = client;
	else
		map_client_link(listener.last)->next = client;
	listener.last = client;
	listener.clients++;
}

static void
set_deaf(bool deaf)
{
	if (deaf == listener.deaf || listener.leaving)
		return;
	listener.deaf = deaf;
	for (size_t i = 0; i < listener.count; i++)
		if (deaf)
			event_del(listener.ears[i].event);
		else
			event_add(listener.ears[i].event, NULL);
}

static void
on_gone(void *arg, struct map_client *client)
{
	(void)arg;
	unlink_client(client);
	set_deaf(false);
	if (listener.leaving && listener.clients == 0)
		event_base_loopbreak(listener.base);
}

static void
on_used(void *arg, struct map_client *client)
{
	(void)arg;
	if (listener.last == client)
		return;
	unlink_client(client);
	append_client(client);
}

static const struct map_client_calls client_calls = {on_gone, on_used, NULL};

static size_t
client_limit(void)
{
	AUTO(settings) struct settings *settings = service_settings();

	return (size_t)settings->map_max_clients;
}

/* The one that has asked for nothing for the longest time, or NULL. */
static struct map_client *
find_idle(void)
{
	struct map_client *client = listener.first;

	while (client != NULL && !map_client_is_idle(client))
		client = map_client_link(client)->next;
	return client;
}

/* Whether one could be sent away. */
static bool
send_idle_away(void)
{
	struct map_client *idle = find_idle();

	if (idle == NULL)
		return false;
	unlink_client(idle);
	map_client_free(idle);
	return true;
}

static void
take_client(int fd, enum map_protocol protocol, size_t limit)
{
	if (listener.clients >= limit)
		send_idle_away();
	append_client(
	    map_client_new(listener.base, fd, protocol, &client_calls));
}

static void
rest_ears(void)
{
	static const struct timeval rest = {.tv_sec = REST_S};

	set_deaf(true);
	event_add(listener.rested, &rest);
}

static void
on_rested(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	(void)arg;
	set_deaf(false);
}

/* Of what this process, or the host, has no more of. */
static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	       error == ENOBUFS;
}

static void
tell_shortage(int error)
{
	static int64_t silent_until_ms;

	if (clock_left_ms(silent_until_ms) > 0)
		return;
	report_accept(strerror(error));
	silent_until_ms = clock_mono_ms() + SILENT_MS;
}

static void
on_knock(evutil_socket_t listening, short events, void *arg)
{
	const struct ear *ear = arg;
	size_t limit = client_limit();

	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		int fd;

		if (listener.clients >= limit && find_idle() == NULL) {
			rest_ears();
			return;
		}
		fd = accept4(
		    listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			take_client(fd, ear->protocol, limit);
			continue;
		}
		if (!is_shortage(errno))
			return;
		tell_shortage(errno);
		if (!send_idle_away()) {
			rest_ears();
			return;
		}
	}
}

/* --- the end --- */

static void
on_grace_over(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	(void)arg;
	event_base_loopbreak(listener.base);
}

/* Who is connected already, at a socket that will be gone, is taken. */
static void
close_ears(void)
{
	set_deaf(true);
	for (size_t i = 0; i < listener.count; i++) {
		struct ear *ear = &listener.ears[i];

		if (ear->handed)
			continue;
		socket_release(ear->text, &ear->own);
		on_knock(ear->fd, EV_READ, ear);
	}
}

/* Once; some have nothing due, and are gone at once. */
static void
leave_clients(void)
{
	static const struct timeval grace = {.tv_sec = GRACE_S};
	struct map_client *client, *next;

	if (listener.leaving)
		return;
	close_ears();
	listener.leaving = true;
	event_add(listener.grace, &grace);
	for (client = listener.first; client != NULL; client = next) {
		next = map_client_link(client)->next;
		map_client_leave(client);
	}
	if (listener.clients == 0)
		event_base_loopbreak(listener.base);
}

/* --- the loop --- */

static void
wake_loop(void)
{
	uint64_t one = 1;
	ssize_t put = write(listener.wake, &one, sizeof(one));

	(void)put; /* it is full of wake-ups */
}

static void
on_woken(evutil_socket_t fd, short events, void *arg)
{
	uint64_t count;
	ssize_t got = read(fd, &count, sizeof(count));

	(void)got;
	(void)events;
	(void)arg;
	map_answers_come();
	if (listener.ending)
		leave_clients();
	lock_take(&listener.lock);
	listener.turned = listener.wanted;
	cond_broadcast(&listener.settled);
	lock_drop(&listener.lock);
}

static void *
run_loop(void *arg)
{
	map_answers_begin();
	event_base_dispatch(listener.base);
	return arg;
}

void
listener_settle(void)
{
	unsigned mine;

	if (!listener.running)
		return;
	lock_take(&listener.lock);
	mine = ++listener.wanted;
	lock_drop(&listener.lock);
	wake_loop();
	lock_take(&listener.lock);
	while ((int)(listener.turned - mine) < 0)
		cond_wait(&listener.settled, &listener.lock);
	lock_drop(&listener.lock);
}

/* --- sockets --- */

static int
open_ears(const struct settings_list *list, enum map_protocol protocol,
    struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		struct ear *ear = &listener.ears[listener.count++];
		int status = 0;

		*ear = (struct ear){
		    .text = xstrdup(list->items[i]), .protocol = protocol};
		ear->fd = handed_take(ear->text);
		ear->handed = ear->fd >= 0;
		if (!ear->handed)
			status = socket_listen(ear->text, SOCKET_UMASK, BACKLOG,
			    &ear->own, &ear->fd, err);
		if (status != 0)
			return status;
	}
	return 0;
}

int
listener_open(const struct settings *settings, struct err *err)
{
	int status;

	listener.ears =
	    xcalloc(settings->map_sockets.count + settings->line_sockets.count,
		sizeof(*listener.ears));
	status = open_ears(&settings->map_sockets, MAP_PROTOCOL_TABLE, err);
	if (status == 0)
		status =
		    open_ears(&settings->line_sockets, MAP_PROTOCOL_LINE, err);
	if (status != 0)
		listener_close();
	return status;
}

static int
start_loop(struct err *err)
{
	struct event_config *config = event_config_new();

	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	listener.base = event_base_new_with_config(config);
	event_config_free(config);
	listener.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (listener.base == NULL || listener.wake < 0)
		return err_set(err, ERR_LOCAL, "cannot make an event loop");
	listener.woken = event_new(
	    listener.base, listener.wake, EV_READ | EV_PERSIST, on_woken, NULL);
	listener.rested = evtimer_new(listener.base, on_rested, NULL);
	listener.grace = evtimer_new(listener.base, on_grace_over, NULL);
	event_add(listener.woken, NULL);
	for (size_t i = 0; i < listener.count; i++) {
		struct ear *ear = &listener.ears[i];

		ear->event = event_new(listener.base, ear->fd,
		    EV_READ | EV_PERSIST, on_knock, ear);
		event_add(ear->event, NULL);
	}
	return 0;
}

/* Signals are for the main thread. */
static int
start_listening(void)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&listener.thread, NULL, run_loop, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int
listener_start(struct err *err)
{
	if (listener.count == 0)
		return 0;
	lock_init(&listener.lock);
	cond_init(&listener.settled);
	if (start_loop(err) != 0)
		return -1;
	map_answers_open(listener.base, wake_loop);
	listener.running = start_listening() == 0;
	return listener.running
		   ? 0
		   : err_set(err, ERR_LOCAL, "cannot start a thread");
}

static void
end_loop(void)
{
	if (!listener.running)
		return;
	listener.ending = true;
	wake_loop();
	pthread_join(listener.thread, NULL);
	listener.running = false;
	while (listener.first != NULL) {
		struct map_client *client = listener.first;

		unlink_client(client);
		map_client_free(client);
	}
	map_answers_close();
}

void
listener_close(void)
{
	end_loop();
	for (size_t i = 0; i < listener.count; i++) {
		struct ear *ear = &listener.ears[i];

		if (ear->event != NULL)
			event_free(ear->event);
		socket_release(ear->text, &ear->own);
		if (ear->fd >= 0)
			close(ear->fd);
		free(ear->text);
	}
	listener.count = 0;
	free(listener.ears);
	listener.ears = NULL;
	if (listener.base == NULL)
		return;
	event_free(listener.woken);
	event_free(listener.rested);
	event_free(listener.grace);
	event_base_free(listener.base);
	listener.base = NULL;
	close(listener.wake);
	listener.wake = -1;
}
