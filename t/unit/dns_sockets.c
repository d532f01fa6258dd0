/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_sockets.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/unit/tap.h"

enum { SPARE = 2, QUESTIONS = 32 };

static struct event_base *base;
static unsigned ready_for[3]; /* askers */

static void
count_ready(void *asker)
{
	(*(unsigned *)asker)++;
}

/* A nameserver's socket, which answers nothing by itself. */
static int
listen_at(const char *text, struct dns_nameserver *at)
{
	int fd;

	assert_int_equal(dns_nameserver_parse(text, at, NULL), 0);
	fd = socket(at->address.ss_family, SOCK_DGRAM, 0);
	((struct sockaddr_in *)&at->address)->sin_port = 0; /* as of IPv6 */
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&at->address, at->size), 0);
	assert_int_equal(
	    getsockname(fd, (struct sockaddr *)&at->address, &at->size), 0);
	return fd;
}

static in_port_t
port_of(const struct dns_socket *socket)
{
	struct sockaddr_storage own;
	socklen_t size = sizeof(own);

	assert_int_equal(
	    getsockname(dns_socket_fd(socket), (struct sockaddr *)&own, &size),
	    0);
	return ((struct sockaddr_in *)&own)->sin_port;
}

/* As the kernel does it on loopback, it is there when this returns. */
static void
send_to_port(int server, in_port_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = port,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	assert_int_equal(
	    sendto(server, "late", 4, 0, (struct sockaddr *)&to, sizeof(to)),
	    4);
}

static bool
has_nothing(const struct dns_socket *socket)
{
	char octet;

	return recv(dns_socket_fd(socket), &octet, 1, 0) == -1 &&
	       errno == EAGAIN;
}

static struct dns_socket *
take(struct dns_sockets *sockets, const struct dns_nameserver *at, int asker)
{
	struct dns_socket *taken = NULL;

	assert_int_equal(
	    dns_sockets_take(sockets, at, &ready_for[asker], &taken), 0);
	return taken;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void
each_question_has_another_port_and_the_socket_stays(void **state)
{
	struct dns_sockets *sockets = dns_sockets_new(base, SPARE, count_ready);
	struct dns_nameserver at;
	int server = listen_at("127.0.0.1", &at), fd = -1;
	in_port_t ports[QUESTIONS];
	unsigned same = 0;

	(void)state;
	for (int i = 0; i < QUESTIONS; i++) {
		struct dns_socket *socket = take(sockets, &at, 0);

		assert_true(fd == -1 || fd == dns_socket_fd(socket));
		fd = dns_socket_fd(socket);
		ports[i] = port_of(socket);
		for (int k = 0; k < i; k++)
			same += ports[k] == ports[i];
		dns_sockets_give(sockets, socket);
	}
	/* of 28000 that the kernel has; 496 pairs */
	assert_in_range(same, 0, 3);
	dns_sockets_free(sockets);
	assert_false(is_open(fd));
	close(server);
}

static void
what_comes_late_meets_nobody(void **state)
{
	struct dns_sockets *sockets = dns_sockets_new(base, SPARE, count_ready);
	struct dns_nameserver at;
	int server = listen_at("127.0.0.1", &at);
	struct dns_socket *socket = take(sockets, &at, 0);
	in_port_t before = port_of(socket);

	(void)state;
	send_to_port(server, before); /* and is not read */
	dns_sockets_give(sockets, socket);
	send_to_port(server, before);
	ready_for[0] = ready_for[1] = 0;
	event_base_loop(base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	socket = take(sockets, &at, 1);
	send_to_port(server, before);
	event_base_loop(base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	assert_int_equal(ready_for[0] + ready_for[1], 0);
	assert_true(has_nothing(socket));
	send_to_port(server, port_of(socket));
	event_base_loop(base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	assert_int_equal(ready_for[0], 0);
	assert_int_equal(ready_for[1], 1);
	dns_sockets_give(sockets, socket);
	dns_sockets_free(sockets);
	close(server);
}

static void
others_than_the_nameserver_are_not_heard(void **state)
{
	struct dns_sockets *sockets = dns_sockets_new(base, SPARE, count_ready);
	struct dns_nameserver first, second;
	int server = listen_at("127.0.0.1", &first);
	int other = listen_at("127.0.0.1", &second);

	(void)state;
	for (int i = 0; i < 2; i++) { /* a new one, and one from before */
		struct dns_socket *socket =
		    take(sockets, i == 0 ? &first : &second, 0);

		send_to_port(i == 0 ? other : server, port_of(socket));
		assert_true(has_nothing(socket));
		send_to_port(i == 0 ? server : other, port_of(socket));
		assert_false(has_nothing(socket));
		dns_sockets_give(sockets, socket);
	}
	dns_sockets_free(sockets);
	close(server);
	close(other);
}

static void
so_many_stay_open_of_each_family(void **state)
{
	static const char *const addresses[] = {"127.0.0.1", "::1"};

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct dns_sockets *sockets =
		    dns_sockets_new(base, SPARE, count_ready);
		struct dns_socket *taken[SPARE + 1];
		struct dns_nameserver at;
		int server = listen_at(addresses[i], &at), fds[SPARE + 1];
		int open = 0;

		for (int k = 0; k <= SPARE; k++) {
			taken[k] = take(sockets, &at, 0);
			fds[k] = dns_socket_fd(taken[k]);
		}
		for (int k = 0; k <= SPARE; k++)
			dns_sockets_give(sockets, taken[k]);
		for (int k = 0; k <= SPARE; k++)
			open += is_open(fds[k]);
		ROW(addresses[i], open == SPARE);
		dns_sockets_free(sockets);
		close(server);
	}
}

/* Somebody fills it: it is not read empty for ever, and not used again. */
static void
a_flooded_socket_is_closed(void **state)
{
	enum { FLOOD = 64 };
	struct dns_sockets *sockets = dns_sockets_new(base, SPARE, count_ready);
	struct dns_nameserver at;
	int server = listen_at("127.0.0.1", &at);
	struct dns_socket *socket = take(sockets, &at, 0);
	int fd = dns_socket_fd(socket);

	(void)state;
	for (int i = 0; i < FLOOD; i++)
		send_to_port(server, port_of(socket));
	dns_sockets_give(sockets, socket);
	assert_false(is_open(fd));
	dns_sockets_free(sockets);
	close(server);
}

/* An address that cannot be asked: what was opened is there for the next. */
static void
a_nameserver_out_of_reach_is_an_error(void **state)
{
	struct dns_sockets *sockets = dns_sockets_new(base, SPARE, count_ready);
	struct dns_socket *socket = NULL;
	struct dns_nameserver broadcast, at;
	int server = listen_at("127.0.0.1", &at);

	(void)state;
	assert_int_equal(
	    dns_nameserver_parse("255.255.255.255", &broadcast, NULL), 0);
	assert_int_equal(
	    dns_sockets_take(sockets, &broadcast, &ready_for[0], &socket),
	    EACCES);
	assert_null(socket);
	dns_sockets_give(sockets, take(sockets, &at, 0));
	dns_sockets_free(sockets);
	close(server);
}

int
main(void)
{
	const struct CMUnitTest dns_sockets[] = {
	    cmocka_unit_test(
		each_question_has_another_port_and_the_socket_stays),
	    cmocka_unit_test(what_comes_late_meets_nobody),
	    cmocka_unit_test(others_than_the_nameserver_are_not_heard),
	    cmocka_unit_test(so_many_stay_open_of_each_family),
	    cmocka_unit_test(a_flooded_socket_is_closed),
	    cmocka_unit_test(a_nameserver_out_of_reach_is_an_error),
	};
	int failed;

	base = event_base_new();
	failed = RUN_TESTS(dns_sockets);
	event_base_free(base);
	return failed;
}
