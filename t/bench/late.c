/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An engine whose nameserver is far away: it takes 300 ms for each lookup.
 * Checks so many domains that nobody has asked about, all at once, and prints
 * how many came to a verdict in a second.  None of them exists, so that a check
 * takes 300 ms, for two lookups side by side.
 */
#include <arpa/inet.h>
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/engine/engine.h"

enum {
	LATE_MS = 300,
	CHECKS = 256, /* as MaxChecks */
	LOOKUPS = 32 * CHECKS,
	WAITING = 1 << 16, /* queries that are not answered yet */
	PACKET = 512,
	QR = 0x80,
	AD = 0x20,
	RA = 0x80,
	OPT = 11,
};

/* A query, and when it is to be answered: all in the order in which they
 * came. */
struct late {
	int64_t due_ms;
	struct sockaddr_in from;
	size_t size;
	uint8_t octets[PACKET];
};

static struct {
	int fd;
	struct lock lock;
	struct cond came;
	struct late *ring;
	size_t first, count; /* with lock */
} server;

static struct {
	struct lock lock;
	struct cond done;
	unsigned left, decided; /* with lock */
} checks;

static void *
take_queries(void *arg)
{
	for (;;) {
		struct late late;
		socklen_t size = sizeof(late.from);
		ssize_t got = recvfrom(server.fd, late.octets, PACKET, 0,
		    (struct sockaddr *)&late.from, &size);

		if (got <= OPT)
			continue;
		late.size = (size_t)got;
		late.due_ms = clock_mono_ms() + LATE_MS;
		lock_take(&server.lock);
		if (server.count < WAITING)
			server.ring[(server.first + server.count++) % WAITING] =
			    late;
		cond_signal(&server.came);
		lock_drop(&server.lock);
	}
	return arg;
}

/* There is no such name, securely; but the root has a key. */
static void
send_answer(struct late *late)
{
	static const uint8_t key[] = {
	    0xc0, 12, 0, 48, 0, 1, 0, 0, 1, 0, 0, 5, 1, 1, 3, 13, 'k'};
	bool root = late->octets[12] == 0;

	late->size -= OPT;
	late->octets[2] |= QR;
	late->octets[3] = (uint8_t)(RA | AD | (root ? 0 : 3));
	late->octets[7] = root;
	late->octets[11] = 0;
	if (root) {
		memcpy(late->octets + late->size, key, sizeof(key));
		late->size += sizeof(key);
	}
	sendto(server.fd, late->octets, late->size, 0,
	    (struct sockaddr *)&late->from, sizeof(late->from));
}

static void *
send_answers(void *arg)
{
	for (;;) {
		struct late late;

		lock_take(&server.lock);
		while (server.count == 0)
			cond_wait(&server.came, &server.lock);
		late = server.ring[server.first];
		server.first = (server.first + 1) % WAITING;
		server.count--;
		lock_drop(&server.lock);
		while (clock_left_ms(late.due_ms) > 0)
			usleep(1000);
		send_answer(&late);
	}
	return arg;
}

/* Its port. */
static unsigned
start_server(void)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int room = 1 << 25;
	pthread_t thread;

	server.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	server.ring = calloc(WAITING, sizeof(*server.ring));
	lock_init(&server.lock);
	cond_init(&server.came);
	if (server.ring == NULL || server.fd < 0 ||
	    bind(server.fd, (struct sockaddr *)&at, size) < 0 ||
	    getsockname(server.fd, (struct sockaddr *)&at, &size) < 0)
		err(1, "nameserver");
	setsockopt(server.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (pthread_create(&thread, NULL, take_queries, NULL) != 0 ||
	    pthread_create(&thread, NULL, send_answers, NULL) != 0)
		errx(1, "no threads");
	return ntohs(at.sin_port);
}

static struct engine *
make_engine(unsigned port, unsigned count)
{
	char nameserver[32];
	const char *const nameservers[] = {nameserver};
	struct engine_options options = {.dns = {.kind = DNS_SYSTEM,
					     .nameservers = nameservers,
					     .nameserver_count = 1,
					     .timeout_ms = 5000,
					     .max_outstanding = LOOKUPS},
	    .max_checks = CHECKS,
	    .max_queue = count,
	    .max_cache_octets = 256 << 20,
	    .check_timeout_ms = 600 * 1000,
	    .probe_helo = "bench.test",
	    .probe_per_host = 2,
	    .probe_families = FAMILIES_ALL,
	    .allow_private = true,
	    .sts_timeout_ms = 8000,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 30};
	struct err why;
	struct engine *engine;

	snprintf(nameserver, sizeof(nameserver), "127.0.0.1@%u", port);
	engine = engine_new(&options, &why);
	if (engine == NULL)
		errx(1, "%s", why.text);
	return engine;
}

static void
count_check(void *arg, const struct check *check, bool cached)
{
	(void)arg;
	lock_take(&checks.lock);
	checks.left--;
	checks.decided += !cached && check->verdict->reason == REASON_NXDOMAIN;
	cond_signal(&checks.done);
	lock_drop(&checks.lock);
}

/* The milliseconds that they took. */
static int64_t
check_all(struct engine *engine, const char *parent, unsigned count)
{
	int64_t begun_ms = clock_mono_ms();
	char domain[64];

	checks.left = count;
	checks.decided = 0;
	for (unsigned i = 0; i < count; i++) {
		struct engine_query query = {.domain = domain, .port = 25};

		snprintf(domain, sizeof(domain), "d%u.%s", i, parent);
		engine_submit(engine, &query, count_check, NULL);
	}
	lock_take(&checks.lock);
	while (checks.left > 0)
		cond_wait(&checks.done, &checks.lock);
	lock_drop(&checks.lock);
	return clock_mono_ms() - begun_ms;
}

int
main(int argc, char **argv)
{
	unsigned count =
	    argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 10000;
	struct engine *engine = make_engine(start_server(), count);
	int64_t ms;

	lock_init(&checks.lock);
	cond_init(&checks.done);
	check_all(engine, "first.test", 1); /* and the test of the resolver */
	ms = check_all(engine, "late.test", count);
	printf("%.0f\n", (double)count * 1000 / (double)ms);
	engine_free(engine);
	if (checks.decided < count)
		errx(1, "%u of %u came to no verdict", count - checks.decided,
		    count);
	return 0;
}
