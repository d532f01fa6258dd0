/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/map_client.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "milter/serve/report.h"
#include "t/unit/tap.h"

/*
 * The other end of a connection over loopback TCP, whose buffers take far more
 * than what may be unsent.  In place of map_answers: a request that begins with
 * "s" is answered when the test says so, any other at once.
 */
enum { REPLY_OCTETS = 2100, SLOW_MAX = 300, REQUESTS = 200 };

struct map_asking {
	map_answered *answered;
	void *arg;
};

static struct {
	struct event_base *base;
	struct map_client *client;
	int fd; /* the MTA's */
	size_t gone, asked, slow_count, garbage;
	struct map_asking slow[SLOW_MAX];
	size_t octets; /* that the MTA has got */
	time_t shift_s;
} wire;

/* libevent's clock, which the test sets forward. */
int
clock_gettime(clockid_t id, struct timespec *out)
{
	int rc = (int)syscall(SYS_clock_gettime, id, out);

	out->tv_sec += wire.shift_s;
	return rc;
}

static void
answer_with(map_answered *answered, void *arg)
{
	char reply[REPLY_OCTETS];

	memset(reply, 'r', sizeof(reply));
	answered(arg, reply, sizeof(reply));
}

struct map_asking *
map_answers_ask(enum map_protocol protocol, const struct map_payload *payload,
    map_answered *answered, void *arg)
{
	struct map_asking *asking;

	(void)protocol;
	wire.asked++;
	if (payload->length == 0 || payload->data[0] != 's') {
		answer_with(answered, arg);
		return NULL;
	}
	assert_true(wire.slow_count < SLOW_MAX);
	asking = &wire.slow[wire.slow_count++];
	*asking = (struct map_asking){answered, arg};
	return asking;
}

void
map_asking_leave(struct map_asking *asking)
{
	asking->answered = NULL;
}

void
report_garbage(const char *socket)
{
	(void)socket;
	wire.garbage++;
}

static void
answer_slow(size_t number)
{
	struct map_asking *asking = &wire.slow[number];
	map_answered *answered = asking->answered;

	asking->answered = NULL;
	if (answered != NULL)
		answer_with(answered, asking->arg);
}

static void
on_gone(void *arg, struct map_client *client)
{
	(void)arg;
	assert_ptr_equal(client, wire.client);
	wire.client = NULL;
	wire.gone++;
}

static void
on_used(void *arg, struct map_client *client)
{
	(void)arg;
	(void)client;
}

static int
connect_pair(int *theirs)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);
	int ear = socket(AF_INET, SOCK_STREAM, 0), on = 1, fd;

	assert_int_equal(bind(ear, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(ear, 1), 0);
	assert_int_equal(
	    getsockname(ear, (struct sockaddr *)&address, &size), 0);
	*theirs = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(
	    setsockopt(*theirs, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	assert_int_equal(
	    connect(*theirs, (struct sockaddr *)&address, size), 0);
	fd = accept4(ear, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	close(ear);
	return fd;
}

static void
open_wire(enum map_protocol protocol)
{
	static const struct map_client_calls calls = {on_gone, on_used, NULL};
	int fd;

	memset(&wire, 0, sizeof(wire));
	wire.base = event_base_new();
	fd = connect_pair(&wire.fd);
	wire.client = map_client_new(wire.base, fd, protocol, &calls);
}

static void
close_wire(void)
{
	if (wire.client != NULL)
		map_client_free(wire.client);
	close(wire.fd);
	event_base_free(wire.base);
}

static void
turn_loop(void)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(wire.base, EVLOOP_NONBLOCK);
}

/* Takes what is there; whether the connection has ended. */
static bool
read_replies(void)
{
	static char data[1 << 20];
	ssize_t got;

	for (;;) {
		turn_loop();
		got = recv(wire.fd, data, sizeof(data), MSG_DONTWAIT);
		if (got <= 0)
			return got == 0;
		wire.octets += (size_t)got;
	}
}

static void
ask_for(const char *name, size_t count)
{
	char request[64];
	int length =
	    snprintf(request, sizeof(request), "%zu:%s,", strlen(name), name);

	for (size_t i = 0; i < count; i++)
		assert_int_equal(
		    write(wire.fd, request, (size_t)length), length);
}

/* Once there was a long request, all that follows is read in one piece. */
static void
ask_for_long_name(void)
{
	char name[9000];

	memset(name, 'q', sizeof(name));
	assert_true(dprintf(wire.fd, "%zu:%.*s,", sizeof(name),
			(int)sizeof(name), name) > 0);
	assert_false(read_replies());
	assert_int_equal(wire.asked, 1);
	wire.asked = wire.octets = 0;
}

/* W03, W09: what has been read, and not taken for want of room, the socket does
 * not tell of again. */
static void
a_pipeline_that_was_full_goes_on_by_itself(void **state)
{
	(void)state;
	open_wire(MAP_PROTOCOL_TABLE);
	ask_for_long_name();
	ask_for("slow", 1);
	ask_for("quick", REQUESTS - 1);
	turn_loop();
	assert_int_equal(wire.asked, LIMIT_MAP_PIPELINE);
	assert_true(
	    LIMIT_MAP_PIPELINE * (size_t)REPLY_OCTETS > LIMIT_MAP_UNSENT);
	answer_slow(0);
	assert_false(read_replies());
	assert_int_equal(wire.octets, (size_t)REQUESTS * REPLY_OCTETS);
	assert_int_equal(wire.asked, REQUESTS);
	close_wire();
}

/* Slow ones in between, and one after the other is answered. */
static void
slow_answers_in_between_strand_nothing(void **state)
{
	enum { EVERY = 7 };

	(void)state;
	open_wire(MAP_PROTOCOL_TABLE);
	ask_for_long_name();
	for (size_t i = 0; i < REQUESTS; i++)
		ask_for(i % EVERY == 0 ? "slow" : "quick", 1);
	turn_loop();
	for (size_t i = 0; i < REQUESTS; i++) {
		if (i < wire.slow_count)
			answer_slow(i);
		if (i % 3 == 0)
			read_replies();
	}
	assert_false(read_replies());
	assert_int_equal(wire.octets, (size_t)REQUESTS * REPLY_OCTETS);
	close_wire();
}

/* W08 */
static void
who_has_closed_one_side_gets_the_rest_of_a_full_pipeline(void **state)
{
	(void)state;
	open_wire(MAP_PROTOCOL_TABLE);
	ask_for_long_name();
	ask_for("slow", 1);
	ask_for("quick", REQUESTS - 1);
	assert_int_equal(shutdown(wire.fd, SHUT_WR), 0);
	turn_loop();
	answer_slow(0);
	assert_true(read_replies());
	assert_int_equal(wire.octets, (size_t)REQUESTS * REPLY_OCTETS);
	assert_int_equal(wire.gone, 1);
	close_wire();
}

static void
w10_an_idle_client_is_closed_after_300_seconds_and_not_earlier(void **state)
{
	(void)state;
	open_wire(MAP_PROTOCOL_TABLE);
	ask_for("quick", 1);
	assert_false(read_replies());
	wire.shift_s += 298;
	assert_false(read_replies());
	ask_for("quick", 1);
	assert_false(read_replies());
	wire.shift_s += 298;
	assert_false(read_replies());
	assert_int_equal(wire.gone, 0);
	wire.shift_s += 4;
	assert_true(read_replies());
	assert_int_equal(wire.gone, 1);
	close_wire();
}

static void
w10_who_waits_for_an_answer_is_not_idle(void **state)
{
	(void)state;
	open_wire(MAP_PROTOCOL_TABLE);
	ask_for("slow", 1);
	turn_loop();
	wire.shift_s += 1000;
	turn_loop();
	assert_int_equal(wire.gone, 0);
	answer_slow(0);
	assert_false(read_replies());
	assert_int_equal(wire.octets, REPLY_OCTETS);
	close_wire();
}

/* W09 */
static void
who_does_not_read_is_closed_after_60_seconds(void **state)
{
	(void)state;
	open_wire(MAP_PROTOCOL_TABLE);
	for (size_t i = 0; i < 40; i++) {
		ask_for("quick", REQUESTS);
		turn_loop();
	}
	/* it is not read from any more */
	assert_true(wire.asked < (size_t)40 * REQUESTS);
	wire.shift_s += 58;
	turn_loop();
	assert_int_equal(wire.gone, 0);
	wire.shift_s += 4;
	turn_loop();
	assert_int_equal(wire.gone, 1);
	close_wire();
}

/* X13 */
static void
a_line_is_answered_once_and_ends(void **state)
{
	(void)state;
	open_wire(MAP_PROTOCOL_LINE);
	assert_int_equal(write(wire.fd, "POLICY d.ex\nPOLICY d.ex\n", 24), 24);
	assert_true(read_replies());
	assert_int_equal(wire.asked, 1);
	assert_int_equal(wire.octets, REPLY_OCTETS);
	assert_int_equal(wire.gone, 1);
	close_wire();
}

/* W06 */
static void
garbage_ends_the_connection_and_is_told(void **state)
{
	(void)state;
	open_wire(MAP_PROTOCOL_TABLE);
	ask_for("slow", 2);
	assert_int_equal(write(wire.fd, "garbage", 7), 7);
	turn_loop();
	assert_int_equal(wire.garbage, 1);
	assert_int_equal(wire.gone, 1);
	/* nobody is told of what comes too late */
	assert_null(wire.slow[0].answered);
	assert_null(wire.slow[1].answered);
	close_wire();
}

/* At the end of posternd: what came whole is answered. */
static void
who_waits_when_told_to_leave_is_answered_first(void **state)
{
	(void)state;
	open_wire(MAP_PROTOCOL_TABLE);
	ask_for("slow", 1);
	turn_loop();
	ask_for("quick", 1); /* nobody has read it yet */
	map_client_leave(wire.client);
	assert_int_equal(wire.gone, 0);
	ask_for("quick", 1);
	answer_slow(0);
	assert_true(read_replies());
	assert_int_equal(wire.octets, 3 * REPLY_OCTETS);
	assert_int_equal(wire.gone, 1);
	close_wire();
}

static void
what_lies_in_the_socket_is_answered_before_it_is_closed(void **state)
{
	(void)state;
	open_wire(MAP_PROTOCOL_TABLE);
	ask_for("quick", REQUESTS);
	map_client_leave(wire.client);
	assert_true(read_replies());
	assert_int_equal(wire.octets, (size_t)REQUESTS * REPLY_OCTETS);
	assert_int_equal(wire.gone, 1);
	close_wire();
}

static void
who_has_nothing_due_leaves_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		open_wire(MAP_PROTOCOL_TABLE);
		/* half a request is none */
		if (i > 0)
			assert_int_equal(write(wire.fd, "5:qui", 5), 5);
		turn_loop();
		map_client_leave(wire.client);
		assert_int_equal(wire.gone, 1);
		assert_true(read_replies());
		close_wire();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pipeline_that_was_full_goes_on_by_itself),
	    cmocka_unit_test(slow_answers_in_between_strand_nothing),
	    cmocka_unit_test(
		who_has_closed_one_side_gets_the_rest_of_a_full_pipeline),
	    cmocka_unit_test(
		w10_an_idle_client_is_closed_after_300_seconds_and_not_earlier),
	    cmocka_unit_test(w10_who_waits_for_an_answer_is_not_idle),
	    cmocka_unit_test(who_does_not_read_is_closed_after_60_seconds),
	    cmocka_unit_test(a_line_is_answered_once_and_ends),
	    cmocka_unit_test(garbage_ends_the_connection_and_is_told),
	    cmocka_unit_test(who_waits_when_told_to_leave_is_answered_first),
	    cmocka_unit_test(
		what_lies_in_the_socket_is_answered_before_it_is_closed),
	    cmocka_unit_test(who_has_nothing_due_leaves_at_once),
	};

	return RUN_TESTS(tests);
}
