/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_system.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/dns_nameserver.h"
#include "common/io/dns_packet.h"

#define RESOLV_CONF "/etc/resolv.conf"

/*
 * How it works: one thread, the dispatcher, has all sockets.
 * 1. dns_system_ask puts a request into the inbox and wakes the dispatcher,
 *    which moves it to "waiting", and to "asked" as soon as a socket is free.
 * 2. ask_next asks the next nameserver by UDP: in their order, those that were
 *    silent lately last.  An answer that was cut is asked for again by TCP.
 * 3. A nameserver that fails is remembered as the failure, and the next one is
 *    asked.  If all have failed, the first failure is the answer.  When all
 *    were silent, the round begins anew.
 * 4. "asked" is in the order in which attempts began, so that expire looks at
 *    its first ones only.
 * 5. finish hands the answer to who awaits it.  A request that nobody awaits
 *    any more ends at its next event, and is freed.
 */

enum {
	/* Attempts that fit into the time-out of a lookup */
	ATTEMPTS = 3,

	/* A silent nameserver is asked again first after so long */
	DOWN_MS = 30 * 1000,

	PREFIX_SIZE = 2, /* RFC 1035 section 4.2.2 */
	EVENTS = 64,
};

struct server {
	struct dns_nameserver at;
	bool trusted;
	/* the dispatcher's */
	int64_t heard_ms;
	int64_t down_until_ms;
};

TAILQ_HEAD(request_list, dns_system_request);

/* One question to one server; the dispatcher's. */
struct attempt {
	int fd; /* -1: it failed, and waits to be tried again */
	struct server *server;
	int64_t begun_ms;
	unsigned misfits;
	bool tcp;
	bool sent; /* tcp: the query is out */
	size_t got;
	uint8_t prefix[PREFIX_SIZE];
	size_t stream_size;
	uint8_t *stream; /* NULL until the prefix is read */
};

/*
 * A lookup, on the heap and held by two: who awaits it, and the dispatcher
 * until it is through.
 */
struct dns_system_request {
	TAILQ_ENTRY(dns_system_request) link; /* of the list that it is in */
	struct dns_system *system;
	char name[LIMIT_DOMAIN_SIZE];
	enum dns_type type;
	unsigned servers; /* a bit for each that may be asked */
	bool refused;     /* for want of room: it is the caller's alone */

	/* the dispatcher's */
	struct dns_packet_query query;
	unsigned tried; /* of servers, in this round */
	struct attempt attempt;
	struct dns_answer *failure; /* the first that a server answered */

	struct cond answered;
	/* with system->lock */
	bool awaited;
	struct dns_answer *answer; /* the dispatcher is through */
	char trouble[LIMIT_DETAIL_SIZE];
};

struct dns_system {
	size_t server_count;
	struct server servers[LIMIT_NAMESERVERS];
	unsigned max_outstanding;
	unsigned max_sockets;
	int attempt_ms;
	bool authoritative;
	const struct dns_insecure *insecure;
	int epoll_fd;
	int wake_fd;
	bool started;
	pthread_t dispatcher;

	/* the dispatcher's; asked is in the order of begun_ms */
	struct request_list waiting, asked;
	unsigned asked_count;
	uint8_t datagram[DNS_PACKET_MAX];

	struct lock lock;
	/* with lock: what the dispatcher did not see yet, all that it is not
	 * through with */
	struct request_list inbox;
	unsigned outstanding_count;
	bool ending;
};

static void
request_free(struct dns_system_request *request)
{
	if (request == NULL)
		return;
	if (request->attempt.fd >= 0)
		close(request->attempt.fd);
	free(request->attempt.stream);
	dns_answer_free(request->failure);
	dns_answer_free(request->answer);
	cond_fini(&request->answered);
	free(request);
}

static bool
is_awaited(struct dns_system_request *request)
{
	bool awaited;

	lock_take(&request->system->lock);
	awaited = request->awaited;
	lock_drop(&request->system->lock);
	return awaited;
}

static void
end_attempt(struct attempt *attempt)
{
	if (attempt->fd >= 0)
		close(attempt->fd);
	free(attempt->stream);
	*attempt = (struct attempt){.fd = -1};
}

/* Takes answer, and the request out of all lists; NULL where nobody awaits
 * it. */
static void
finish(struct dns_system_request *request, struct dns_answer *answer)
{
	struct dns_system *system = request->system;
	struct dns_system_request *abandoned = NULL;

	end_attempt(&request->attempt);
	TAILQ_REMOVE(&system->asked, request, link);
	system->asked_count--;
	lock_take(&system->lock);
	system->outstanding_count--;
	request->answer = answer;
	if (request->awaited)
		cond_signal(&request->answered);
	else
		abandoned = request;
	lock_drop(&system->lock);
	request_free(abandoned);
}

static void
finish_failed(struct dns_system_request *request)
{
	struct dns_answer *failure = request->failure;

	request->failure = NULL;
	finish(request, failure);
}

static void
note_trouble(struct dns_system_request *request, int error)
{
	char text[2 * LIMIT_DETAIL];
	char reason[64];

	snprintf(text, sizeof(text), "%s: %s", request->attempt.server->at.text,
	    strerror_r(error, reason, sizeof(reason)));
	lock_take(&request->system->lock);
	text_clean(
	    request->trouble, sizeof(request->trouble), text, strlen(text));
	lock_drop(&request->system->lock);
}

static bool
may_ask(const struct dns_system_request *request, size_t server)
{
	return ((request->servers & ~request->tried) >> server & 1) != 0;
}

/* The next in order, or one that is down if there is no other; or NULL. */
static struct server *
next_server(struct dns_system_request *request, int64_t now_ms)
{
	struct dns_system *system = request->system;
	struct server *down = NULL;

	for (size_t i = 0; i < system->server_count; i++) {
		struct server *server = &system->servers[i];

		if (!may_ask(request, i))
			continue;
		if (server->down_until_ms <= now_ms)
			return server;
		if (down == NULL)
			down = server;
	}
	return down;
}

/*
 * A connected socket takes packets from the server's address and port alone;
 * the kernel gives each a port at random.  0, or -1 and errno.
 */
static int
open_socket(struct dns_system_request *request, int type, uint32_t events)
{
	const struct dns_nameserver *at = &request->attempt.server->at;
	struct epoll_event event = {.events = events, .data.ptr = request};
	int fd = socket(
	    at->address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	request->attempt.fd = fd;
	if (connect(fd, (const struct sockaddr *)&at->address, at->size) < 0 &&
	    errno != EINPROGRESS)
		return -1;
	return epoll_ctl(request->system->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

/* Until attempt_ms from now the request is this server's. */
static void
begin(struct dns_system_request *request, struct server *server, bool tcp)
{
	struct dns_system *system = request->system;
	uint16_t id;

	end_attempt(&request->attempt);
	request->attempt.server = server;
	request->attempt.tcp = tcp;
	request->attempt.begun_ms = clock_mono_ms();
	request->tried |= 1U << (server - system->servers);
	if (getrandom(&id, sizeof(id), 0) == sizeof(id))
		dns_packet_set_id(&request->query, id);
	TAILQ_REMOVE(&system->asked, request, link);
	TAILQ_INSERT_TAIL(&system->asked, request, link);
}

/* 0, or an errno. */
static int
ask_udp(struct dns_system_request *request, struct server *server)
{
	begin(request, server, false);
	if (open_socket(request, SOCK_DGRAM, EPOLLIN) < 0 ||
	    send(request->attempt.fd, request->query.octets,
		request->query.size, MSG_NOSIGNAL) < 0)
		return errno;
	return 0;
}

static int
ask_tcp(struct dns_system_request *request)
{
	begin(request, request->attempt.server, true);
	return open_socket(request, SOCK_STREAM, EPOLLOUT) < 0 ? errno : 0;
}

/*
 * Ask servers of this round until one is asked.  If none is left, what one
 * answered is the result; if none answered, their time has to pass first.
 */
static void
ask_next(struct dns_system_request *request)
{
	struct attempt *attempt = &request->attempt;
	struct server *server;

	while ((server = next_server(request, clock_mono_ms())) != NULL) {
		int error = ask_udp(request, server);

		if (error == 0)
			return;
		note_trouble(request, error);
	}
	if (request->failure != NULL) {
		finish_failed(request);
	} else if (attempt->fd >= 0) {
		close(attempt->fd);
		attempt->fd = -1;
	}
}

static void
give_up(struct dns_system_request *request, int error)
{
	note_trouble(request, error);
	ask_next(request);
}

/* Whether the server's AD bit counts for an answer that has it. */
static bool
may_be_secure(const struct dns_system_request *request, const uint8_t *packet,
    size_t size)
{
	const struct dns_system *system = request->system;

	return request->attempt.server->trusted && !system->authoritative &&
	       !dns_insecure_has(system->insecure, request->name) &&
	       !dns_packet_is_insecure(packet, size, system->insecure);
}

/* Bogus is bogus; another failure may be this server's own. */
static void
take_reply(
    struct dns_system_request *request, const uint8_t *packet, size_t size)
{
	struct dns_answer *answer = NULL;

	if (!is_awaited(request)) {
		finish(request, NULL);
		return;
	}
	answer = dns_packet_reply(packet, size, request->name, request->type,
	    request->system->authoritative);
	if (answer->lookup.secure)
		answer->lookup.secure = may_be_secure(request, packet, size);
	if (answer->lookup.state != LOOKUP_SERVFAIL) {
		finish(request, answer);
		return;
	}
	if (request->failure == NULL)
		request->failure = answer;
	else
		dns_answer_free(answer);
	ask_next(request);
}

static void
hear(struct server *server)
{
	server->heard_ms = clock_mono_ms();
	server->down_until_ms = 0;
}

static void
on_datagram(struct dns_system_request *request)
{
	struct dns_system *system = request->system;
	struct attempt *attempt = &request->attempt;
	ssize_t got =
	    recv(attempt->fd, system->datagram, sizeof(system->datagram), 0);
	bool fits;
	int error;

	if (got < 0) {
		if (errno != EAGAIN && errno != EINTR)
			give_up(request, errno);
		return;
	}
	fits =
	    dns_packet_is_reply(&request->query, system->datagram, (size_t)got);
	if (!fits && ++attempt->misfits < LIMIT_DNS_MISFITS)
		return;
	if (fits)
		hear(attempt->server);
	if (!fits || dns_packet_is_truncated(system->datagram)) {
		error = ask_tcp(request);
		if (error != 0)
			give_up(request, error);
		return;
	}
	take_reply(request, system->datagram, (size_t)got);
}

/* The connection stands, or failed. */
static void
send_stream(struct dns_system_request *request)
{
	struct attempt *attempt = &request->attempt;
	const struct dns_packet_query *query = &request->query;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = request};
	uint8_t octets[PREFIX_SIZE + sizeof(query->octets)];
	ssize_t size = (ssize_t)(PREFIX_SIZE + query->size);
	int error = 0;
	socklen_t error_size = sizeof(error);

	octets[0] = (uint8_t)(query->size >> 8);
	octets[1] = (uint8_t)query->size;
	memcpy(octets + PREFIX_SIZE, query->octets, query->size);
	if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &error_size) <
	    0)
		error = errno;
	if (error == 0 &&
	    send(attempt->fd, octets, (size_t)size, MSG_NOSIGNAL) != size)
		error = EIO; /* a new connection has room for so little */
	if (error == 0 && epoll_ctl(request->system->epoll_fd, EPOLL_CTL_MOD,
			      attempt->fd, &event) < 0)
		error = errno;
	attempt->sent = true;
	if (error != 0)
		give_up(request, error);
}

static void
take_stream(struct dns_system_request *request)
{
	struct attempt *attempt = &request->attempt;
	uint8_t *packet = attempt->stream;
	size_t size = attempt->stream_size;

	if (!dns_packet_is_reply(&request->query, packet, size) ||
	    dns_packet_is_truncated(packet)) {
		give_up(request, EBADMSG);
		return;
	}
	attempt->stream = NULL; /* which the attempt ends with */
	take_reply(request, packet, size);
	free(packet);
}

static void
read_stream(struct dns_system_request *request)
{
	struct attempt *attempt = &request->attempt;
	bool in_prefix = attempt->stream == NULL;
	uint8_t *to = in_prefix ? attempt->prefix : attempt->stream;
	size_t size = in_prefix ? PREFIX_SIZE : attempt->stream_size;
	ssize_t got =
	    recv(attempt->fd, to + attempt->got, size - attempt->got, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		give_up(request, got == 0 ? ECONNRESET : errno);
		return;
	}
	attempt->got += (size_t)got;
	if (attempt->got < size)
		return;
	if (!in_prefix) {
		take_stream(request);
		return;
	}
	attempt->stream_size =
	    (size_t)(attempt->prefix[0] << 8 | attempt->prefix[1]);
	attempt->got = 0;
	if (attempt->stream_size == 0)
		give_up(request, EBADMSG);
	else
		attempt->stream = xmalloc(attempt->stream_size);
}

static void
on_ready(struct dns_system_request *request)
{
	if (!request->attempt.tcp)
		on_datagram(request);
	else if (!request->attempt.sent)
		send_stream(request);
	else
		read_stream(request);
}

/* A server that said nothing to anybody in this time is taken for down. */
static void
on_timeout(struct dns_system_request *request, int64_t now_ms)
{
	struct server *server = request->attempt.server;

	if (!is_awaited(request)) {
		finish(request, NULL);
		return;
	}
	if (server->heard_ms < request->attempt.begun_ms)
		server->down_until_ms = now_ms + DOWN_MS;
	if (request->failure == NULL && next_server(request, now_ms) == NULL)
		request->tried = 0;
	ask_next(request);
}

static void
expire(struct dns_system *system)
{
	int64_t now_ms = clock_mono_ms();
	struct dns_system_request *request;

	while ((request = TAILQ_FIRST(&system->asked)) != NULL &&
	       request->attempt.begun_ms + system->attempt_ms <= now_ms)
		on_timeout(request, now_ms);
}

static void
start_waiting(struct dns_system *system)
{
	struct dns_system_request *request;

	while (system->asked_count < system->max_sockets &&
	       (request = TAILQ_FIRST(&system->waiting)) != NULL) {
		TAILQ_REMOVE(&system->waiting, request, link);
		TAILQ_INSERT_TAIL(&system->asked, request, link);
		system->asked_count++;
		if (is_awaited(request))
			ask_next(request);
		else
			finish(request, NULL);
	}
}

/* False when it is time to end. */
static bool
take_inbox(struct dns_system *system)
{
	bool ending;

	lock_take(&system->lock);
	TAILQ_CONCAT(&system->waiting, &system->inbox, link);
	ending = system->ending;
	lock_drop(&system->lock);
	return !ending;
}

static int
wait_ms(const struct dns_system *system)
{
	const struct dns_system_request *first = TAILQ_FIRST(&system->asked);

	if (first == NULL)
		return -1;
	return clock_left_ms(first->attempt.begun_ms + system->attempt_ms);
}

static void
handle_events(struct dns_system *system)
{
	struct epoll_event events[EVENTS];
	int count =
	    epoll_wait(system->epoll_fd, events, EVENTS, wait_ms(system));

	/* each request has one socket: none is freed by another's event */
	for (int i = 0; i < count; i++) {
		eventfd_t value;

		if (events[i].data.ptr != NULL)
			on_ready(events[i].data.ptr);
		else
			eventfd_read(system->wake_fd, &value);
	}
}

static void *
dispatch(void *arg)
{
	struct dns_system *system = arg;

	while (take_inbox(system)) {
		start_waiting(system);
		handle_events(system);
		expire(system);
	}
	return NULL;
}

static bool
register_request(struct dns_system_request *request)
{
	struct dns_system *system = request->system;
	bool room, first;

	lock_take(&system->lock);
	first = TAILQ_EMPTY(&system->inbox);
	room = system->outstanding_count < system->max_outstanding;
	if (room) {
		TAILQ_INSERT_TAIL(&system->inbox, request, link);
		system->outstanding_count++;
	}
	lock_drop(&system->lock);
	if (room && first)
		eventfd_write(system->wake_fd, 1);
	return room;
}

struct dns_system_request *
dns_system_ask(
    struct dns_system *system, const char *name, enum dns_type type, int server)
{
	struct dns_system_request *request = xcalloc(1, sizeof(*request));
	struct err err;

	request->system = system;
	request->type = type;
	request->servers = server == DNS_SYSTEM_ANY ? ~0U : 1U << server;
	request->attempt.fd = -1;
	request->awaited = true;
	text_copy(request->name, sizeof(request->name), name);
	cond_init(&request->answered);
	if (dns_packet_query(&request->query, name, type, &err) < 0)
		request->answer = dns_answer_failed(LOOKUP_SERVFAIL, err.text);
	else
		request->refused = !register_request(request);
	return request;
}

struct dns_answer *
dns_system_await(struct dns_system_request *request, int64_t deadline_ms)
{
	struct dns_system *system = request->system;
	char trouble[sizeof(request->trouble)];
	struct dns_answer *answer;

	lock_take(&system->lock);
	while (request->answer == NULL)
		if (!cond_wait_until(
			&request->answered, &system->lock, deadline_ms))
			break;
	answer = request->answer;
	if (request->refused)
		answer = dns_answer_failed(
		    LOOKUP_TIMEOUT, "too many lookups outstanding");
	request->answer = NULL;
	request->awaited = false;
	text_copy(trouble, sizeof(trouble), request->trouble);
	lock_drop(&system->lock);
	if (answer == NULL) /* the request is the dispatcher's now */
		return dns_answer_failed(LOOKUP_TIMEOUT,
		    trouble[0] == '\0' ? "no answer in time" : trouble);
	request_free(request);
	return answer;
}

const char *
dns_system_server(const struct dns_system *system, int number, bool *trusted)
{
	if ((size_t)number >= system->server_count)
		return NULL;
	*trusted = system->servers[number].trusted;
	return system->servers[number].at.text;
}

bool
dns_system_is_trusted(const struct dns_system *system)
{
	return system->servers[0].trusted; /* all of them, or none */
}

static int
read_nameservers(const struct dns_options *options,
    struct dns_nameserver out[LIMIT_NAMESERVERS], struct err *err)
{
	if (options->recurse)
		return err_set(err, ERR_LOCAL,
		    "a stub resolver cannot ask the authoritative servers");
	if (options->nameserver_count == 0)
		return dns_nameserver_load(RESOLV_CONF, out, err);
	if (options->nameserver_count > LIMIT_NAMESERVERS)
		return err_set(err, ERR_LOCAL, "more than %d nameservers",
		    LIMIT_NAMESERVERS);
	for (size_t i = 0; i < options->nameserver_count; i++)
		if (dns_nameserver_parse(
			options->nameservers[i], &out[i], err) < 0)
			return -1;
	return (int)options->nameserver_count;
}

/* Those whose AD bit counts, or all if there is none. */
static int
set_servers(struct dns_system *system, const struct dns_options *options,
    struct err *err)
{
	struct dns_nameserver found[LIMIT_NAMESERVERS];
	int count = read_nameservers(options, found, err);
	bool any_trusted = false;

	if (count < 0)
		return -1;
	for (int i = 0; i < count; i++)
		any_trusted |= options->trust_remote || found[i].loopback;
	for (int i = 0; i < count; i++) {
		bool trusted = options->trust_remote || found[i].loopback;
		struct server *server = &system->servers[system->server_count];

		if (any_trusted && !trusted)
			continue;
		*server = (struct server){.at = found[i], .trusted = trusted};
		system->server_count++;
	}
	return 0;
}

/* Sockets for queries must not eat up what connections need; what finds none
 * waits. */
static void
set_bounds(struct dns_system *system, const struct dns_options *options)
{
	size_t attempts =
	    system->server_count > ATTEMPTS ? system->server_count : ATTEMPTS;
	struct rlimit files;

	system->attempt_ms = options->timeout_ms / (int)attempts + 1;
	system->max_outstanding = options->max_outstanding;
	system->max_sockets = options->max_outstanding;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur / 2 < system->max_sockets)
		system->max_sockets = (unsigned)(files.rlim_cur / 2);
}

static int
start(struct dns_system *system, struct err *err)
{
	struct epoll_event event = {.events = EPOLLIN};
	int rc;

	system->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	system->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (system->epoll_fd < 0 || system->wake_fd < 0 ||
	    epoll_ctl(
		system->epoll_fd, EPOLL_CTL_ADD, system->wake_fd, &event) < 0)
		return err_set(err, ERR_LOCAL, "cannot start the resolver: %s",
		    strerror(errno));
	rc = pthread_create(&system->dispatcher, NULL, dispatch, system);
	if (rc != 0)
		return err_set(err, ERR_TEMP, "cannot start the DNS thread: %s",
		    strerror(rc));
	system->started = true;
	return 0;
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
	system->authoritative = options->authoritative;
	system->insecure = insecure;
	system->epoll_fd = -1;
	system->wake_fd = -1;
	if (set_servers(system, options, err) == 0) {
		set_bounds(system, options);
		if (start(system, err) == 0)
			return system;
	}
	dns_system_free(system);
	return NULL;
}

static void
stop(struct dns_system *system)
{
	lock_take(&system->lock);
	system->ending = true;
	lock_drop(&system->lock);
	eventfd_write(system->wake_fd, 1);
	pthread_join(system->dispatcher, NULL);
}

static void
free_list(struct request_list *list)
{
	struct dns_system_request *request;

	while ((request = TAILQ_FIRST(list)) != NULL) {
		assert(!request->awaited);
		TAILQ_REMOVE(list, request, link);
		request_free(request);
	}
}

void
dns_system_free(struct dns_system *system)
{
	if (system == NULL)
		return;
	if (system->started)
		stop(system);
	free_list(&system->inbox);
	free_list(&system->waiting);
	free_list(&system->asked);
	if (system->epoll_fd >= 0)
		close(system->epoll_fd);
	if (system->wake_fd >= 0)
		close(system->wake_fd);
	lock_fini(&system->lock);
	free(system);
}
