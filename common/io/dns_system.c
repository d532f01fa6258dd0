/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_system.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/lock.h"
#include "common/base/xalloc.h"
#include "common/io/dns_pace.h"
#include "common/io/dns_request.h"

/*
 * How it works: one thread, the dispatcher, has the event base, with all
 * sockets and timers.
 * 1. dns_system_ask puts a request into the inbox and wakes the dispatcher,
 *    which moves it to "waiting", and to "asked" as soon as a socket is free
 *    and dns_window.c lets one more be asked.
 * 2. dns_request.c asks one nameserver after the other, finishes the lookup,
 *    and tells leave_asked, so that a request that waits can begin; before it
 *    asks again it waits like that itself.
 * 3. At the end the dispatcher is stopped first, then all requests are freed,
 *    and what is pending with them.
 */

enum {
	/* Attempts that fit into the time-out of a lookup */
	ATTEMPTS = 3,

	/* Of all sockets, those that stay open while nobody asks */
	SPARE_PART = 4,
};

TAILQ_HEAD(request_list, dns_request);

struct dns_system {
	struct dns_request_context context; /* the dispatcher's, but for what
					       never changes */
	unsigned max_sockets;
	int attempt_ms;
	struct dns_pending_list *pending;
	int wake_fd;
	bool started;
	pthread_t dispatcher;

	/* the dispatcher's */
	struct event *wake; /* wake_fd */
	struct event *more; /* there is room for one that waits */
	struct request_list waiting, asked;
	unsigned asked_count;

	struct lock lock;
	/* with lock: what the dispatcher did not see yet */
	struct request_list inbox;
	bool ending;
};

/* Makes room for one that waits. */
static void
leave_asked(void *arg, struct dns_request *request)
{
	struct dns_system *system = arg;

	assert(system->asked_count > 0);
	TAILQ_REMOVE(&system->asked, request, link);
	system->asked_count--;
	if (!TAILQ_EMPTY(&system->waiting))
		event_active(system->more, EV_TIMEOUT, 0);
}

static void
send_back(void *arg, struct dns_request *request)
{
	struct dns_system *system = arg;

	dns_pace_post(system->context.pace);
	leave_asked(system, request);
	TAILQ_INSERT_TAIL(&system->waiting, request, link);
	event_active(system->more, EV_TIMEOUT, 0);
}

/* All that wait do so behind the first. */
static void
wait_for_turn(struct dns_system *system, int wait_ms)
{
	struct timeval time = {
	    .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000L};
	int rc = event_add(system->more, &time);

	assert(rc == 0); /* as for any memory */
}

static void
start_waiting(struct dns_system *system)
{
	struct dns_request *request;

	while (system->asked_count < system->max_sockets &&
	       (request = TAILQ_FIRST(&system->waiting)) != NULL) {
		int wait_ms = dns_request_wait_ms(request);

		if (wait_ms > 0) {
			wait_for_turn(system, wait_ms);
			return;
		}
		dns_pace_take(system->context.pace);
		TAILQ_REMOVE(&system->waiting, request, link);
		TAILQ_INSERT_TAIL(&system->asked, request, link);
		system->asked_count++;
		dns_request_start(request);
	}
}

static void
on_room(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	start_waiting(arg);
}

/* There is something in the inbox, or it is time to end. */
static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct dns_system *system = arg;
	eventfd_t value;
	bool ending;

	(void)what;
	eventfd_read(fd, &value);
	lock_take(&system->lock);
	TAILQ_CONCAT(&system->waiting, &system->inbox, link);
	ending = system->ending;
	lock_drop(&system->lock);
	if (ending)
		event_base_loopbreak(system->context.base);
	else
		start_waiting(system);
}

static void *
run_dispatcher(void *arg)
{
	struct dns_system *system = arg;

	event_base_dispatch(system->context.base);
	return NULL;
}

static void
post_request(struct dns_system *system, struct dns_request *request)
{
	bool first;

	dns_pace_post(system->context.pace);
	lock_take(&system->lock);
	assert(!system->ending);
	first = TAILQ_EMPTY(&system->inbox);
	TAILQ_INSERT_TAIL(&system->inbox, request, link);
	lock_drop(&system->lock);
	if (first)
		eventfd_write(system->wake_fd, 1);
}

struct dns_pending *
dns_system_ask(struct dns_system *system, const char *name, enum dns_type type,
    int server, int64_t deadline_ms)
{
	struct dns_pending *pending =
	    dns_pending_new(system->pending, name, type, deadline_ms);
	struct dns_request *request;
	struct err err;

	if (dns_pending_is_refused(pending))
		return pending;
	request = dns_request_new(&system->context, pending,
	    server == DNS_SYSTEM_ANY ? ~0U : 1U << server, &err);
	if (request == NULL)
		dns_pending_finish(
		    pending, dns_answer_failed(LOOKUP_SERVFAIL, err.text));
	else
		post_request(system, request);
	return pending;
}

const char *
dns_system_server(const struct dns_system *system, int number, bool *trusted)
{
	if ((size_t)number >= system->context.servers.count)
		return NULL;
	*trusted = system->context.servers.items[number].trusted;
	return system->context.servers.items[number].at.text;
}

bool
dns_system_is_trusted(const struct dns_system *system)
{
	return system->context.servers.items[0]
	    .trusted; /* all of them, or none */
}

/* Sockets for queries must not eat up what connections need; what finds none
 * waits. */
static void
set_bounds(struct dns_system *system, const struct dns_options *options)
{
	size_t attempts = system->context.servers.count > ATTEMPTS
			      ? system->context.servers.count
			      : ATTEMPTS;
	struct rlimit files;

	system->attempt_ms = options->timeout_ms / (int)attempts + 1;
	system->max_sockets = options->max_outstanding;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur / 2 < system->max_sockets)
		system->max_sockets = (unsigned)(files.rlim_cur / 2);
}

/* All attempts have the same time, which makes their timers a mere queue. */
static int
make_events(struct dns_system *system)
{
	struct timeval time = {.tv_sec = system->attempt_ms / 1000,
	    .tv_usec = system->attempt_ms % 1000 * 1000L};

	system->context.base = event_base_new();
	if (system->context.base == NULL)
		return -1;
	system->context.attempt_time =
	    event_base_init_common_timeout(system->context.base, &time);
	system->wake = event_new(system->context.base, system->wake_fd,
	    EV_READ | EV_PERSIST, on_wake, system);
	system->more = event_new(system->context.base, -1, 0, on_room, system);
	system->context.sockets = dns_sockets_new(system->context.base,
	    system->max_sockets / SPARE_PART, dns_request_go_on);
	if (system->context.attempt_time == NULL || system->wake == NULL ||
	    system->more == NULL)
		return -1;
	return event_add(system->wake, NULL);
}

static int
start_dispatcher(struct dns_system *system, struct err *err)
{
	int rc;

	system->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (system->wake_fd < 0 || make_events(system) < 0)
		return err_set(err, ERR_LOCAL, "cannot start the resolver: %s",
		    strerror(errno));
	rc = pthread_create(&system->dispatcher, NULL, run_dispatcher, system);
	if (rc != 0)
		return err_set(err, ERR_TEMP, "cannot start the DNS thread: %s",
		    strerror(rc));
	system->started = true;
	return 0;
}

static void
introduce_servers(const struct dns_request_context *context)
{
	for (size_t i = 0; i < context->servers.count; i++) {
		const struct dns_nameserver *at = &context->servers.items[i].at;

		dns_pace_server(context->pace, i, at->text, at->loopback);
	}
}

struct dns_system *
dns_system_new(const struct dns_options *options,
    const struct dns_insecure *insecure, struct err *err)
{
	struct dns_system *system = xcalloc(1, sizeof(*system));

	lock_init(&system->lock);
	TAILQ_INIT(&system->waiting);
	TAILQ_INIT(&system->asked);
	TAILQ_INIT(&system->inbox);
	system->context.authoritative = options->authoritative;
	system->context.insecure = insecure;
	system->context.pace = options->pace;
	system->context.ended = leave_asked;
	system->context.again = send_back;
	system->context.arg = system;
	system->wake_fd = -1;
	system->pending =
	    dns_pending_list_new(options->max_outstanding, system);
	if (dns_servers_set(&system->context.servers, options, err) == 0) {
		introduce_servers(&system->context);
		set_bounds(system, options);
		dns_window_init(&system->context.window, system->max_sockets);
		if (start_dispatcher(system, err) == 0)
			return system;
	}
	dns_system_free(system);
	return NULL;
}

static void
stop_dispatcher(struct dns_system *system)
{
	lock_take(&system->lock);
	system->ending = true;
	lock_drop(&system->lock);
	eventfd_write(system->wake_fd, 1);
	pthread_join(system->dispatcher, NULL);
}

static void
drop_list(struct request_list *list)
{
	struct dns_request *request;

	while ((request = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, request, link);
		dns_request_free(request);
	}
}

static void
drop_events(struct dns_system *system)
{
	if (system->wake != NULL)
		event_free(system->wake);
	if (system->more != NULL)
		event_free(system->more);
	dns_sockets_free(system->context.sockets);
	if (system->context.base != NULL)
		event_base_free(system->context.base);
}

void
dns_system_free(struct dns_system *system)
{
	if (system == NULL)
		return;
	if (system->started)
		stop_dispatcher(system);
	drop_list(&system->inbox);
	drop_list(&system->waiting);
	drop_list(&system->asked);
	dns_pending_list_free(system->pending);
	drop_events(system);
	if (system->wake_fd >= 0)
		close(system->wake_fd);
	lock_fini(&system->lock);
	free(system);
}
