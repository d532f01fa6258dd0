/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/io/dns.h"
#include "common/io/dns_nameserver.h"

/* A nameserver on loopback, by UDP and TCP, with the manners of a script. */

enum manners {
	ANSWER,           /* one A record, AD */
	ANSWER_INSECURE,  /* the same without AD */
	ANSWER_GOOD_ONLY, /* good.example; silent to the rest */
	NO_DATA,          /* SOA, AD */
	NO_NAME,
	SILENT,
	SERVFAIL,
	REFUSED,
	FORMERR_HEADER, /* nothing but a header */
	SERVFAIL_BOGUS, /* with an extended error */
	SERVFAIL_STALE_THEN_BOGUS,
	SERVFAIL_ODD_OPTION,
	LAME,     /* a referral: RA is not set */
	OWN_ZONE, /* an answer with AA, without RA */
	LOOP,     /* CNAMEs in a circle */
	MALFORMED,
	ADDRESS_WITHOUT_OCTETS,
	ALIAS_THROUGH, /* good.example, b.test, c.example: a chain of aliases */
	BAD_FAILS,     /* SERVFAIL for names that begin with "bad" */
	BAD_IS_BOGUS,  /* the same with an extended error */
	BAD_IS_SILENT,
	BAD_IS_NOT_THERE,
	BAD_HAS_NO_DATA,
	BAD_IS_INSECURE, /* an address without AD */
	BAD2_FAILS,      /* "bad2" alone */
	WRONG_ID,        /* a forged answer first, in these */
	WRONG_NAME,
	WRONG_TYPE,
	NO_QUESTION,
	A_QUERY,
	OTHER_PORT,
	SHORT,
	FLOOD, /* of wrong ids; the answer by TCP only */
	LONG,  /* truncated, and 64 KB by TCP */
	TCP_CLOSES,
	TCP_SILENT,
	TCP_NEVER_ENDS, /* promises more than it sends */
	TCP_EMPTY,
	TCP_WRONG_ID,
	TCP_TRUNCATED,
	TCP_IN_PIECES,
};

enum {
	HEADER = 12,
	TAIL = 4,
	OPT = 11,
	FLOODED = LIMIT_DNS_MISFITS,
	PORTS = 16,
	LONG_RDATA = 65450
};
enum { QR = 0x80, AA = 0x04, TC = 0x02, RA = 0x80, AD = 0x20 };

struct message {
	uint8_t octets[65537];
	size_t size;
};

struct fake {
	int udp, tcp;
	_Atomic int manners;
	atomic_uint queries, connections;
	struct message query;   /* the last one */
	in_port_t ports[PORTS]; /* that the first came from */
	uint16_t ids[PORTS];
	atomic_bool stop;
	pthread_t thread;
	char text[32];
	char remote[32]; /* the same, as an address that is not loopback */
	struct message reply;
};

static void
put(struct message *m, const void *data, size_t size)
{
	assert_true(m->size + size <= sizeof(m->octets));
	memcpy(m->octets + m->size, data, size);
	m->size += size;
}

#define PUT(m, literal) put(m, literal, sizeof(literal) - 1)

/* One record of the type asked for; the question is all there is so far. */
static void
put_answer(struct message *m, const void *rdata, size_t size)
{
	uint8_t type[2], octets[2] = {(uint8_t)(size >> 8), (uint8_t)size};

	memcpy(type, m->octets + m->size - TAIL, 2);
	PUT(m, "\xc0\x0c");
	put(m, type, 2);
	PUT(m, "\0\1\0\0\1\x2c");
	put(m, octets, 2);
	put(m, rdata, size);
	m->octets[7]++;
}

/* 192.0.2.LAST, or a key where that is asked for */
static void
put_address(struct message *m, uint8_t last)
{
	uint8_t address[] = {192, 0, 2, last, 'k'};
	bool key = m->octets[m->size - TAIL + 1] == DNS_DNSKEY;

	put_answer(m, address, key ? 5 : 4);
}

static void
put_soa(struct message *m)
{
	PUT(m, "\0\0\6\0\1\0\0\1\x2c\0\x16\0\0"
	       "\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\x3c");
	m->octets[9]++;
}

static void
put_opt(struct message *m, const char *options, uint8_t size)
{
	PUT(m, "\0\0\x29\4\xd0\0\0\0\0\0");
	put(m, &size, 1);
	put(m, options, size);
	m->octets[11]++;
}

#define PUT_OPT(m, literal) put_opt(m, literal, sizeof(literal) - 1)

/* The header and question of the query, as a reply. */
static void
begin(struct message *m, const struct message *query, uint8_t rcode)
{
	m->size = 0;
	put(m, query->octets, query->size - OPT);
	m->octets[2] = QR | 1;
	m->octets[3] = RA | AD | rcode;
	memset(m->octets + 6, 0, 6);
}

static void
put_loop(struct message *m)
{
	PUT(m, "\xc0\x0c\0\5\0\1\0\0\1\x2c\0\3\1b\0");
	PUT(m, "\1b\0\0\5\0\1\0\0\1\x2c\0\2\xc0\x0c");
	m->octets[7] += 2;
}

static void
put_alias_through(struct message *m)
{
	PUT(m, "\xc0\x0c\0\5\0\1\0\0\1\x2c\0\x08\1b\4test\0");
	PUT(m, "\1b\4test\0\0\5\0\1\0\0\1\x2c\0\x0b\1c\7example\0");
	PUT(m, "\1c\7example\0\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1");
	m->octets[7] += 3;
}

/* How names with broken DNSSEC are answered, and how all others. */
static enum manners
manners_for(enum manners manners, const struct message *query)
{
	static const struct {
		enum manners manners;
		const char *name; /* what it begins with, with its length */
		enum manners then;
	} rows[] = {
	    {BAD_FAILS, "bad", SERVFAIL},
	    {BAD_IS_BOGUS, "bad", SERVFAIL_BOGUS},
	    {BAD_IS_SILENT, "bad", SILENT},
	    {BAD_IS_NOT_THERE, "bad", NO_NAME},
	    {BAD_HAS_NO_DATA, "bad", NO_DATA},
	    {BAD_IS_INSECURE, "bad", ANSWER_INSECURE},
	    {BAD2_FAILS, "bad2", SERVFAIL},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].manners != manners)
			continue;
		return memcmp(query->octets + HEADER + 1, rows[i].name,
			   strlen(rows[i].name)) == 0
			   ? rows[i].then
			   : ANSWER;
	}
	return manners;
}

static void
build(struct message *m, const struct message *query, enum manners manners)
{
	begin(m, query, 0);
	switch (manners) {
	case ANSWER_INSECURE:
		m->octets[3] &= (uint8_t)~AD;
		put_address(m, 1);
		break;
	case NO_NAME:
		m->octets[3] |= 3;
		put_soa(m);
		break;
	case NO_DATA:
		put_soa(m);
		break;
	case SERVFAIL:
		m->octets[3] |= 2;
		break;
	case REFUSED:
		m->octets[3] |= 5;
		break;
	case FORMERR_HEADER:
		m->size = HEADER;
		m->octets[3] |= 1;
		m->octets[5] = 0;
		break;
	case SERVFAIL_BOGUS:
		m->octets[3] |= 2;
		PUT_OPT(m, "\0\x0f\0\x0d\0\7sig expired");
		break;
	case SERVFAIL_STALE_THEN_BOGUS:
		m->octets[3] |= 2;
		PUT_OPT(m, "\0\x0f\0\2\0\3\0\x0f\0\2\0\6");
		break;
	case SERVFAIL_ODD_OPTION:
		m->octets[3] |= 2;
		PUT_OPT(m, "\0\x0f\0\1\6\0\x0f\xff\xff\0\6");
		break;
	case LAME:
		m->octets[3] = 0;
		break;
	case OWN_ZONE:
		m->octets[2] |= AA;
		m->octets[3] = AD;
		put_address(m, 1);
		break;
	case LOOP:
		put_loop(m);
		break;
	case MALFORMED:
		put_address(m, 1);
		m->size -= 2;
		break;
	case ADDRESS_WITHOUT_OCTETS:
		put_answer(m, "", 0);
		break;
	case ALIAS_THROUGH:
		put_alias_through(m);
		break;
	default:
		put_address(m, 1);
		break;
	}
}

/* An answer that must not be believed: address 192.0.2.66. */
static void
forge(struct message *m, const struct message *query, enum manners manners)
{
	begin(m, query, 0);
	switch (manners) {
	case WRONG_ID:
	case FLOOD:
		m->octets[1] ^= 1;
		break;
	case WRONG_NAME:
		m->octets[HEADER + 1] ^= 1;
		break;
	case WRONG_TYPE:
		m->octets[m->size - 3] ^= 1;
		break;
	case NO_QUESTION:
		m->size = HEADER;
		m->octets[5] = 0;
		break;
	case A_QUERY:
		m->octets[2] &= (uint8_t)~QR;
		break;
	case SHORT:
		m->size = HEADER - 1;
		return;
	default:
		break;
	}
	put_address(m, 66);
}

static void
send_to(int fd, const struct message *m, const struct sockaddr_in *to)
{
	sendto(fd, m->octets, m->size, 0, (const struct sockaddr *)to,
	    sizeof(*to));
}

static void
reply_forged(struct fake *fake, const struct sockaddr_in *to)
{
	int fd = fake->manners == OTHER_PORT ? socket(AF_INET, SOCK_DGRAM, 0)
					     : fake->udp;
	int count = fake->manners == FLOOD ? FLOODED : 1;

	forge(&fake->reply, &fake->query, (enum manners)fake->manners);
	for (int i = 0; i < count; i++)
		send_to(fd, &fake->reply, to);
	if (fd != fake->udp)
		close(fd);
}

static bool
asks_for_good(const struct message *query)
{
	return memcmp(query->octets + HEADER, "\4good", 5) == 0;
}

static void
reply_udp(struct fake *fake, const struct sockaddr_in *to)
{
	enum manners manners =
	    manners_for((enum manners)fake->manners, &fake->query);

	if (manners == SILENT ||
	    (manners == ANSWER_GOOD_ONLY && !asks_for_good(&fake->query)))
		return;
	if (manners >= WRONG_ID && manners <= FLOOD)
		reply_forged(fake, to);
	if (manners == FLOOD)
		return;
	build(&fake->reply, &fake->query, manners);
	if (manners >= LONG) {
		begin(&fake->reply, &fake->query, 0);
		fake->reply.octets[2] |= TC;
	}
	send_to(fake->udp, &fake->reply, to);
}

static void
take_datagram(struct fake *fake)
{
	struct sockaddr_in from;
	socklen_t from_size = sizeof(from);
	ssize_t size =
	    recvfrom(fake->udp, fake->query.octets, sizeof(fake->query.octets),
		MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);
	unsigned number;

	if (size < HEADER + TAIL + OPT)
		return;
	number = fake->queries++;
	fake->query.size = (size_t)size;
	if (number < PORTS) {
		fake->ports[number] = from.sin_port;
		memcpy(&fake->ids[number], fake->query.octets, 2);
	}
	reply_udp(fake, &from);
}

static void
hold(struct fake *fake, int fd)
{
	struct pollfd gone = {.fd = fd, .events = POLLIN};

	while (!fake->stop && poll(&gone, 1, 20) == 0)
		;
}

static void
send_pieces(int fd, const struct message *m)
{
	for (size_t i = 0; i < m->size; i++) {
		send(fd, m->octets + i, 1, MSG_NOSIGNAL);
		if (i < 5)
			poll(NULL, 0, 5);
	}
}

static void
reply_tcp(struct fake *fake, int fd)
{
	struct message *m = &fake->reply;
	static struct message framed;
	enum manners manners = (enum manners)fake->manners;
	uint8_t prefix[2];

	build(m, &fake->query, manners);
	if (manners == LONG) {
		static const uint8_t rdata[LONG_RDATA];

		begin(m, &fake->query, 0);
		put_answer(m, rdata, sizeof(rdata));
	}
	if (manners == TCP_WRONG_ID)
		m->octets[0] ^= 1;
	if (manners == TCP_TRUNCATED)
		m->octets[2] |= TC;
	if (manners == TCP_EMPTY)
		m->size = 0;
	prefix[0] = (uint8_t)(m->size >> 8);
	prefix[1] = (uint8_t)(m->size + (manners == TCP_NEVER_ENDS));
	framed.size = 0;
	put(&framed, prefix, 2);
	put(&framed, m->octets, m->size);
	if (manners == TCP_IN_PIECES)
		send_pieces(fd, &framed);
	else
		send(fd, framed.octets, framed.size, MSG_NOSIGNAL);
	if (manners == TCP_NEVER_ENDS)
		hold(fake, fd);
}

static void
take_connection(struct fake *fake)
{
	int fd = accept(fake->tcp, NULL, NULL);
	ssize_t size;
	uint8_t prefix[2];

	if (fd < 0)
		return;
	fake->connections++;
	if (fake->manners == TCP_SILENT)
		hold(fake, fd);
	else if (fake->manners != TCP_CLOSES &&
		 recv(fd, prefix, 2, MSG_WAITALL) == 2 &&
		 (size = recv(fd, fake->query.octets, prefix[1],
		      MSG_WAITALL)) == prefix[1]) {
		fake->query.size = (size_t)size;
		reply_tcp(fake, fd);
	}
	close(fd);
}

static void *
serve(void *arg)
{
	struct fake *fake = arg;
	struct pollfd fds[] = {{.fd = fake->udp, .events = POLLIN},
	    {.fd = fake->tcp, .events = POLLIN}};

	while (!fake->stop) {
		if (poll(fds, COUNT(fds), 20) <= 0)
			continue;
		if (fds[0].revents != 0)
			take_datagram(fake);
		if (fds[1].revents != 0)
			take_connection(fake);
	}
	return NULL;
}

/* The same port by UDP and TCP. */
static void
fake_bind(struct fake *fake)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);

	for (;;) {
		at.sin_port = 0;
		fake->udp = socket(AF_INET, SOCK_DGRAM, 0);
		fake->tcp = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(
		    bind(fake->udp, (struct sockaddr *)&at, size), 0);
		getsockname(fake->udp, (struct sockaddr *)&at, &size);
		if (bind(fake->tcp, (struct sockaddr *)&at, size) == 0)
			break;
		close(fake->udp);
		close(fake->tcp);
	}
	assert_int_equal(listen(fake->tcp, 64), 0);
	snprintf(
	    fake->text, sizeof(fake->text), "127.0.0.1@%u", ntohs(at.sin_port));
	/* Linux takes 0.0.0.0 for this host */
	snprintf(fake->remote, sizeof(fake->remote), "0.0.0.0@%u",
	    ntohs(at.sin_port));
}

static void
fake_start(struct fake *fake, enum manners manners)
{
	fake->manners = (int)manners;
	fake->queries = 0;
	fake->connections = 0;
	fake->stop = false;
	fake_bind(fake);
	assert_int_equal(pthread_create(&fake->thread, NULL, serve, fake), 0);
}

static void
fake_stop(struct fake *fake)
{
	fake->stop = true;
	pthread_join(fake->thread, NULL);
	close(fake->udp);
	close(fake->tcp);
}

static struct fake first, second;

static struct dns *
resolver_of(const char *one, const char *two, int timeout_ms)
{
	const char *const servers[] = {one, two};
	struct dns_options options = {.kind = DNS_SYSTEM,
	    .nameservers = servers,
	    .nameserver_count = two == NULL ? 1 : 2,
	    .timeout_ms = timeout_ms,
	    .max_outstanding = 1000};
	struct dns *dns = dns_new(&options, NULL);

	assert_non_null(dns);
	return dns;
}

static struct dns_answer *
look_up(struct dns *dns, const char *name)
{
	return dns_await(dns_ask(dns, name, DNS_A, INT64_MAX));
}

static uint8_t
last_octet(const struct dns_answer *answer)
{
	return answer->count == 1 && answer->records[0].size == 4
		   ? answer->records[0].data[3]
		   : 0;
}

static void
query_asks_for_validation(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	const uint8_t *octets = first.query.octets;
	static const char rest[] = "\4good\7example\0\0\1\0\1"
				   "\0\0\x29\4\xd0\0\0\x80\0\0";

	(void)state;
	fake_start(&first, ANSWER);
	dns = resolver_of(first.text, NULL, 3000);
	answer = look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_DATA);
	assert_true(answer->lookup.secure);
	assert_int_equal(answer->lookup.ttl_s, 300);
	assert_string_equal(answer->owner, "good.example");
	assert_int_equal(last_octet(answer), 1);
	assert_string_equal(answer->why, "");
	fake_stop(&first);
	assert_int_equal(octets[2], 1);  /* RD */
	assert_int_equal(octets[3], AD); /* and not CD */
	assert_memory_equal(octets + HEADER, rest, sizeof(rest));
	assert_int_equal(first.query.size, HEADER + sizeof(rest));
}

static void
ids_and_ports_are_not_used_again(void **state)
{
	struct dns *dns;
	unsigned same_id = 0, same_port = 0;

	(void)state;
	fake_start(&first, ANSWER);
	dns = resolver_of(first.text, NULL, 3000);
	for (int i = 0; i < PORTS; i++)
		dns_answer_free(look_up(dns, "good.example"));
	dns_free(dns);
	fake_stop(&first);
	for (int i = 1; i < PORTS; i++) {
		same_id += first.ids[i] == first.ids[i - 1];
		same_port += first.ports[i] == first.ports[i - 1];
	}
	assert_in_range(same_id, 0, 2);
	assert_in_range(same_port, 0, 2);
}

static void
answers_are_classified(void **state)
{
	static const struct {
		const char *id;
		enum manners manners;
		enum lookup_state state;
		bool secure;
		const char *why;
	} rows[] = {
	    {"data", ANSWER, LOOKUP_DATA, true, ""},
	    {"no AD", ANSWER_INSECURE, LOOKUP_DATA, false, ""},
	    {"no data", NO_DATA, LOOKUP_NODATA, true, ""},
	    {"no name", NO_NAME, LOOKUP_NXDOMAIN, true, ""},
	    {"SERVFAIL", SERVFAIL, LOOKUP_SERVFAIL, false, "SERVFAIL"},
	    {"REFUSED", REFUSED, LOOKUP_SERVFAIL, false, "REFUSED"},
	    {"header", FORMERR_HEADER, LOOKUP_SERVFAIL, false, "FORMERR"},
	    {"bogus", SERVFAIL_BOGUS, LOOKUP_BOGUS, false,
		"SERVFAIL,_EDE_7_sig_expired"},
	    {"second option", SERVFAIL_STALE_THEN_BOGUS, LOOKUP_BOGUS, false,
		"SERVFAIL,_EDE_6"},
	    {"odd option", SERVFAIL_ODD_OPTION, LOOKUP_SERVFAIL, false,
		"SERVFAIL"},
	    {"lame", LAME, LOOKUP_SERVFAIL, false,
		"the_nameserver_does_not_recurse"},
	    {"loop", LOOP, LOOKUP_SERVFAIL, false,
		"CNAME_loop_or_chain_too_long"},
	    {"malformed", MALFORMED, LOOKUP_SERVFAIL, false, NULL},
	    {"address without octets", ADDRESS_WITHOUT_OCTETS, LOOKUP_SERVFAIL,
		false, "malformed_record_in_the_answer:_cut_short"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		fake_start(&first, rows[i].manners);
		dns = resolver_of(first.text, NULL, 3000);
		answer = look_up(dns, "good.example");
		ROW(rows[i].id, answer->lookup.state == rows[i].state);
		ROW(rows[i].id, answer->lookup.secure == rows[i].secure);
		if (rows[i].why != NULL)
			ROW_TEXT(rows[i].id, answer->why, rows[i].why);
		ROW(rows[i].id, first.queries == 1);
		fake_stop(&first);
	}
}

static void
forged_answers_are_not_believed(void **state)
{
	(void)state;
	for (enum manners m = WRONG_ID; m <= FLOOD; m++) {
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;
		char id[16];

		snprintf(id, sizeof(id), "manners %d", (int)m);
		fake_start(&first, m);
		dns = resolver_of(first.text, NULL, 3000);
		answer = look_up(dns, "good.example");
		ROW(id, answer->lookup.state == LOOKUP_DATA);
		ROW(id, last_octet(answer) == 1);
		ROW(id, first.queries == 1);
		ROW(id, first.connections == (m == FLOOD));
		fake_stop(&first);
	}
}

static void
long_answers_come_by_tcp(void **state)
{
	static const struct {
		const char *id;
		enum manners manners;
		size_t size;
	} rows[] = {
	    {"64 KB", LONG, LONG_RDATA},
	    {"in pieces", TCP_IN_PIECES, 4},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		fake_start(&first, rows[i].manners);
		dns = resolver_of(first.text, NULL, 3000);
		answer = dns_await(
		    dns_ask(dns, "good.example", DNS_TLSA, INT64_MAX));
		ROW(rows[i].id, answer->lookup.state == LOOKUP_DATA);
		ROW(rows[i].id, answer->lookup.secure);
		ROW(rows[i].id, answer->count == 1);
		ROW(rows[i].id, answer->records[0].size == rows[i].size);
		ROW(rows[i].id, first.queries == 1);
		ROW(rows[i].id, first.connections == 1);
		fake_stop(&first);
	}
}

static int64_t
cpu_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static void
no_answer_is_a_timeout_at_the_deadline(void **state)
{
	enum { TIMEOUT_MS = 1500 }; /* three tries, on a busy machine too */
	static const struct {
		const char *id;
		enum manners manners;
		unsigned queries;
		const char *why;
	} rows[] = {
	    {"silent", SILENT, 3, "no_answer_in_time"},
	    {"TCP silent", TCP_SILENT, 0, NULL},
	    {"TCP closes", TCP_CLOSES, 3, "reset"},
	    {"TCP never ends", TCP_NEVER_ENDS, 0, NULL},
	    {"TCP empty", TCP_EMPTY, 3, "message"},
	    {"TCP wrong id", TCP_WRONG_ID, 3, "message"},
	    {"TCP truncated", TCP_TRUNCATED, 3, "message"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;
		int64_t begun = clock_mono_ms(), used = cpu_ms();

		fake_start(&first, rows[i].manners);
		dns = resolver_of(first.text, NULL, TIMEOUT_MS);
		answer = look_up(dns, "good.example");
		ROW(rows[i].id, answer->lookup.state == LOOKUP_TIMEOUT);
		ROW(rows[i].id, clock_mono_ms() - begun >= TIMEOUT_MS - 10);
		ROW(rows[i].id, clock_mono_ms() - begun < 3 * TIMEOUT_MS);
		ROW(rows[i].id, cpu_ms() - used < TIMEOUT_MS / 2);
		ROW(rows[i].id,
		    rows[i].queries == 0 || first.queries == rows[i].queries);
		if (rows[i].why != NULL)
			ROW(rows[i].id,
			    strstr(answer->why, rows[i].why) != NULL);
		fake_stop(&first);
	}
}

static void
closed_port_is_tried_again_without_haste(void **state)
{
	AUTO(dns) struct dns *dns = resolver_of("127.0.0.1@1", NULL, 450);
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	int64_t begun = clock_mono_ms(), used = cpu_ms();

	(void)state;
	answer = look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
	assert_string_equal(answer->why, "127.0.0.1@1:_Connection_refused");
	assert_in_range(clock_mono_ms() - begun, 440, 1500);
	assert_true(cpu_ms() - used < 200);
}

static void
next_nameserver_is_asked(void **state)
{
	static const struct {
		const char *id;
		enum manners manners;
	} rows[] = {
	    {"silent", SILENT},
	    {"SERVFAIL", SERVFAIL},
	    {"REFUSED", REFUSED},
	    {"FORMERR", FORMERR_HEADER},
	    {"lame", LAME},
	    {"malformed", MALFORMED},
	    {"address without octets", ADDRESS_WITHOUT_OCTETS},
	    {"TCP closes", TCP_CLOSES},
	    {"TCP silent", TCP_SILENT},
	};

	(void)state;
	fake_start(&second, ANSWER);
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;
		int64_t begun = clock_mono_ms();

		fake_start(&first, rows[i].manners);
		dns = resolver_of(first.text, second.text, 1800);
		answer = look_up(dns, "good.example");
		ROW(rows[i].id, answer->lookup.state == LOOKUP_DATA);
		ROW(rows[i].id, answer->lookup.secure);
		ROW(rows[i].id, first.queries == 1);
		ROW(rows[i].id, second.queries == i + 1);
		ROW(rows[i].id, clock_mono_ms() - begun < 1700);
		fake_stop(&first);
	}
	fake_stop(&second);
}

static void
closed_port_leads_to_the_next_at_once(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	int64_t begun;

	(void)state;
	fake_start(&second, ANSWER);
	dns = resolver_of("127.0.0.1@1", second.text, 6000);
	begun = clock_mono_ms();
	answer = look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_DATA);
	assert_true(clock_mono_ms() - begun < 1500);
	fake_stop(&second);
}

static void
failure_of_all_is_the_first_ones(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	(void)state;
	fake_start(&first, REFUSED);
	fake_start(&second, SERVFAIL);
	dns = resolver_of(first.text, second.text, 3000);
	answer = look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_SERVFAIL);
	assert_string_equal(answer->why, "REFUSED");
	assert_int_equal(first.queries, 1);
	assert_int_equal(second.queries, 1);
	fake_stop(&first);
	fake_stop(&second);
}

static void
bogus_is_not_asked_again_elsewhere(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	(void)state;
	fake_start(&first, SERVFAIL_BOGUS);
	fake_start(&second, ANSWER_INSECURE);
	dns = resolver_of(first.text, second.text, 3000);
	answer = look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_BOGUS);
	assert_int_equal(second.queries, 0);
	fake_stop(&first);
	fake_stop(&second);
}

static void
silent_nameserver_is_left_to_the_last(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	int64_t begun;

	(void)state;
	fake_start(&first, SILENT);
	fake_start(&second, ANSWER);
	dns = resolver_of(first.text, second.text, 3000);
	dns_answer_free(look_up(dns, "good.example"));
	begun = clock_mono_ms();
	dns_answer_free(look_up(dns, "good.example"));
	assert_true(clock_mono_ms() - begun < 700);
	assert_int_equal(first.queries, 1);
	fake_stop(&first);
	fake_stop(&second);
}

static void
silence_about_one_name_is_no_silence(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	struct dns_query *query;

	(void)state;
	fake_start(&first, ANSWER_GOOD_ONLY);
	fake_start(&second, ANSWER);
	dns = resolver_of(first.text, second.text, 900);
	query = dns_ask(dns, "silent.example", DNS_A, INT64_MAX);
	poll(NULL, 0, 50);
	dns_answer_free(look_up(dns, "good.example"));
	dns_answer_free(dns_await(query));
	assert_int_equal(second.queries, 1);
	dns_answer_free(look_up(dns, "good.example"));
	assert_int_equal(first.queries, 3);
	fake_stop(&first);
	fake_stop(&second);
}

static void
silent_lookups_do_not_slow_others(void **state)
{
	struct dns_query *silent[300];
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	int64_t begun;

	(void)state;
	fake_start(&first, ANSWER_GOOD_ONLY);
	dns = resolver_of(first.text, NULL, 4500);
	for (size_t i = 0; i < COUNT(silent); i++)
		silent[i] = dns_ask(dns, "silent.example", DNS_MX, INT64_MAX);
	begun = clock_mono_ms();
	answer = look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_DATA);
	assert_true(clock_mono_ms() - begun < 1200);
	for (size_t i = 0; i < COUNT(silent); i++) {
		struct dns_answer *none = dns_await(silent[i]);

		assert_int_equal(none->lookup.state, LOOKUP_TIMEOUT);
		dns_answer_free(none);
	}
	fake_stop(&first);
}

static void
lookups_beyond_the_sockets_wait(void **state)
{
	struct dns_query *queries[100];
	struct rlimit files, few;
	struct dns *dns;

	(void)state;
	fake_start(&first, SILENT);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	few = files;
	few.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	dns = resolver_of(first.text, NULL, 3000);
	for (size_t i = 0; i < COUNT(queries); i++)
		queries[i] = dns_ask(dns, "good.example", DNS_A, INT64_MAX);
	poll(NULL, 0, 300);
	assert_int_equal(first.queries, few.rlim_cur / 2);
	first.manners = ANSWER;
	for (size_t i = 0; i < COUNT(queries); i++) {
		struct dns_answer *answer = dns_await(queries[i]);

		assert_int_equal(answer->lookup.state, LOOKUP_DATA);
		dns_answer_free(answer);
	}
	dns_free(dns);
	setrlimit(RLIMIT_NOFILE, &files);
	fake_stop(&first);
}

static void
lookups_beyond_the_maximum_are_refused(void **state)
{
	const char *const servers[] = {first.text};
	struct dns_options options = {.kind = DNS_SYSTEM,
	    .nameservers = servers,
	    .nameserver_count = 1,
	    .timeout_ms = 600,
	    .max_outstanding = 1};
	AUTO(dns) struct dns *dns = NULL;
	struct dns_answer *answer;
	struct dns_query *query;
	int64_t begun;

	(void)state;
	fake_start(&first, SILENT);
	dns = dns_new(&options, NULL);
	query = dns_ask(dns, "a.example", DNS_A, clock_mono_ms() + 50);
	begun = clock_mono_ms();
	answer = look_up(dns, "b.example");
	assert_true(clock_mono_ms() - begun >= 300);
	assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
	assert_string_equal(answer->why, "too_many_lookups_outstanding");
	dns_answer_free(answer);
	dns_answer_free(dns_await(query));
	/* what was given up is let go within an attempt */
	poll(NULL, 0, 600);
	answer = look_up(dns, "b.example");
	assert_string_equal(answer->why, "no_answer_in_time");
	dns_answer_free(answer);
	fake_stop(&first);
}

static struct dns *
remote_resolver(bool trust, const char *one, const char *two)
{
	const char *const servers[] = {one, two};
	struct dns_options options = {.kind = DNS_SYSTEM,
	    .nameservers = servers,
	    .nameserver_count = two == NULL ? 1 : 2,
	    .trust_remote = trust,
	    .timeout_ms = 1200,
	    .max_outstanding = 10};

	return dns_new(&options, NULL);
}

static void
only_loopback_is_trusted(void **state)
{
	(void)state;
	fake_start(&first, ANSWER);
	for (int trust = 0; trust <= 1; trust++) {
		AUTO(dns)
		struct dns *dns = remote_resolver(trust, first.remote, NULL);
		AUTO(dns_answer)
		struct dns_answer *answer = look_up(dns, "good.example");

		assert_int_equal(answer->lookup.state, LOOKUP_DATA);
		assert_int_equal(answer->lookup.secure, trust);
	}
	fake_stop(&first);
}

/* Else a SERVFAIL for bogus data would lead to one that knows no better. */
static void
beside_a_trusted_one_no_other_is_asked(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	(void)state;
	fake_start(&first, ANSWER);
	fake_start(&second, SERVFAIL);
	dns = remote_resolver(false, first.remote, second.text);
	answer = look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_SERVFAIL);
	assert_int_equal(first.queries, 0);
	fake_stop(&first);
	fake_stop(&second);
}

/* D97 */
static void
self_test_wants_a_secure_root(void **state)
{
	enum { NONE = -1 };
	static const struct {
		const char *id;
		int one, two;
		bool remote, trust;
		int rc;
		enum err_kind kind;
	} rows[] = {
	    {"no DNSKEY", NO_DATA, NONE, false, false, -1, ERR_LOCAL},
	    {"secure", ANSWER, NONE, false, false, 0, ERR_TEMP},
	    {"insecure", ANSWER_INSECURE, NONE, false, false, -1, ERR_LOCAL},
	    {"bogus", SERVFAIL_BOGUS, NONE, false, false, -1, ERR_LOCAL},
	    {"silent", SILENT, NONE, false, false, -1, ERR_TEMP},
	    {"SERVFAIL", SERVFAIL, NONE, false, false, -1, ERR_TEMP},
	    {"two", ANSWER, ANSWER, false, false, 0, ERR_TEMP},
	    {"one silent", SILENT, ANSWER, false, false, 0, ERR_TEMP},
	    {"one insecure", ANSWER, ANSWER_INSECURE, false, false, -1,
		ERR_LOCAL},
	    {"insecure, silent", ANSWER_INSECURE, SILENT, false, false, -1,
		ERR_LOCAL},
	    {"remote", ANSWER, NONE, true, false, -1, ERR_LOCAL},
	    {"remote, trusted", ANSWER, NONE, true, true, 0, ERR_TEMP},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		struct err err = {.kind = ERR_TEMP};
		bool two = rows[i].two != NONE;
		int64_t begun = clock_mono_ms();

		fake_start(&first, (enum manners)rows[i].one);
		if (two)
			fake_start(&second, (enum manners)rows[i].two);
		dns = remote_resolver(rows[i].trust,
		    rows[i].remote ? first.remote : first.text,
		    two ? second.text : NULL);
		ROW(rows[i].id,
		    dns_self_test(dns, INT64_MAX, &err) == rows[i].rc);
		ROW(rows[i].id, err.kind == rows[i].kind);
		ROW(rows[i].id, !two || clock_mono_ms() - begun < 1100);
		fake_stop(&first);
		if (two)
			fake_stop(&second);
	}
}

static struct dns *
resolver_with(const struct dns_names *insecure, const struct dns_names *broken)
{
	const char *const servers[] = {first.text};
	struct dns_options options = {.kind = DNS_SYSTEM,
	    .nameservers = servers,
	    .nameserver_count = 1,
	    .timeout_ms = 1500,
	    .max_outstanding = 100};
	struct dns *dns;

	if (insecure != NULL)
		options.insecure_zones = *insecure;
	if (broken != NULL)
		options.broken_names = *broken;
	dns = dns_new(&options, NULL);
	assert_non_null(dns);
	return dns;
}

static void
a_nameserver_that_takes_what_is_broken_does_not_validate(void **state)
{
	static const char *const names[] = {"bad1.example", "bad2.example"};
	static const struct dns_names broken = {names, COUNT(names)};
	static const struct {
		const char *id;
		enum manners manners;
		int rc;
	} rows[] = {
	    {"all is secure", ANSWER, -1},
	    {"broken is insecure", BAD_IS_INSECURE, -1},
	    {"broken fails", BAD_FAILS, 0},
	    {"broken is bogus", BAD_IS_BOGUS, 0},
	    {"one of two is mended", BAD2_FAILS, 0},
	    {"no answer", BAD_IS_SILENT, 0},
	    {"not there", BAD_IS_NOT_THERE, 0},
	    {"without an address", BAD_HAS_NO_DATA, 0},
	    {"an insecure root", ANSWER_INSECURE, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		struct err err = {.kind = ERR_TEMP};
		int64_t begun = clock_mono_ms();

		fake_start(&first, rows[i].manners);
		dns = resolver_with(NULL, &broken);
		ROW(rows[i].id,
		    dns_self_test(dns, INT64_MAX, &err) == rows[i].rc);
		ROW(rows[i].id,
		    err.kind == (rows[i].rc == 0 ? ERR_TEMP : ERR_LOCAL));
		ROW(rows[i].id, clock_mono_ms() - begun < 1200);
		fake_stop(&first);
	}
}

static void
at_most_so_many_broken_names_are_asked_for(void **state)
{
	const char *names[LIMIT_BROKEN_NAMES + 1];
	struct dns_names broken = {names, COUNT(names)};
	AUTO(dns) struct dns *dns = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		names[i] = "bad.example";
	fake_start(&first, BAD_FAILS);
	dns = resolver_with(NULL, &broken);
	assert_int_equal(dns_self_test(dns, INT64_MAX, NULL), 0);
	assert_int_equal(first.queries, 1 + LIMIT_BROKEN_NAMES);
	fake_stop(&first);
}

static void
what_is_insecure_on_purpose_is_never_secure(void **state)
{
	static const char *const zones[] = {"corp.example"};
	static const struct dns_names insecure = {zones, COUNT(zones)};
	static const struct {
		const char *name;
		enum manners manners;
		bool secure;
	} rows[] = {
	    {"good.example", ANSWER, true},
	    {"corp.example", ANSWER, false},
	    {"a.b.corp.example", ANSWER, false},
	    {"a.b.corp.example", NO_DATA, false},
	    {"a.b.corp.example", NO_NAME, false},
	    {"acorp.example", ANSWER, true},
	    {"corp.example.org", ANSWER, true},
	    {"printer.local", ANSWER, false},
	    {"a.internal", ANSWER, false},
	    {"a.home.arpa", ANSWER, false},
	    {"a.arpa", ANSWER, true},
	    {"a.test", ANSWER, false},
	    {"a.alt", ANSWER, false},
	    {"a.onion", ANSWER, false},
	    {"a.invalid", ANSWER, false},
	    {"localhost", ANSWER, false},
	    {"test.example", ANSWER, true},
	    {"good.example", ALIAS_THROUGH, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		fake_start(&first, rows[i].manners);
		dns = resolver_with(&insecure, NULL);
		answer = look_up(dns, rows[i].name);
		ROW(rows[i].name, !lookup_failed(&answer->lookup));
		ROW(rows[i].name, answer->lookup.secure == rows[i].secure);
		fake_stop(&first);
	}
}

static void
odd_nameservers_are_told(void **state)
{
	static const char *const rows[] = {"ns.example", "", "@53",
	    "127.0.0.1@", "127.0.0.1@0", "127.0.0.1@65536", "127.0.0.1@53@53",
	    "127.0.0.256", "::1::", "[::1]", "127.0.0.1 "};
	struct dns_options options = {.kind = DNS_SYSTEM,
	    .timeout_ms = 100,
	    .max_outstanding = 1,
	    .nameserver_count = 1};
	const char *many[LIMIT_NAMESERVERS + 1];
	AUTO(dns) struct dns *dns = NULL;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		options.nameservers = &rows[i];
		err.kind = ERR_TEMP;
		ROW(rows[i], dns_new(&options, &err) == NULL);
		ROW(rows[i], err.kind == ERR_LOCAL);
		ROW(rows[i], strstr(err.text, rows[i]) != NULL);
	}
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = "127.0.0.1";
	options.nameservers = many;
	options.nameserver_count = COUNT(many);
	assert_null(dns_new(&options, NULL));
	options.nameserver_count = LIMIT_NAMESERVERS;
	dns = dns_new(&options, NULL);
	assert_non_null(dns);
	options.nameserver_count = 0;
	options.recurse = true;
	assert_null(dns_new(&options, NULL));
}

static void
nameservers_are_known_by_their_address(void **state)
{
	static const struct {
		const char *text;
		int family;
		uint16_t port;
		bool loopback;
	} rows[] = {
	    {"127.0.0.1", AF_INET, 53, true},
	    {"127.0.0.53@5353", AF_INET, 5353, true},
	    {"127.255.255.255", AF_INET, 53, true},
	    {"128.0.0.1", AF_INET, 53, false},
	    {"126.255.255.255", AF_INET, 53, false},
	    {"0.0.0.0", AF_INET, 53, false},
	    {"192.0.2.53", AF_INET, 53, false},
	    {"::1", AF_INET6, 53, true},
	    {"::1@65535", AF_INET6, 65535, true},
	    {"::", AF_INET6, 53, false},
	    {"::2", AF_INET6, 53, false},
	    {"::ffff:127.0.0.1", AF_INET6, 53, false},
	    {"fe80::1%lo", AF_INET6, 53, false},
	    {"fe80::1%lo@54", AF_INET6, 54, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_nameserver at;
		const struct sockaddr_in6 *v6 = (const void *)&at.address;

		ROW(rows[i].text,
		    dns_nameserver_parse(rows[i].text, &at, NULL) == 0);
		ROW(rows[i].text, at.address.ss_family == rows[i].family);
		/* the port stands at the same place in both */
		ROW(rows[i].text, ntohs(v6->sin6_port) == rows[i].port);
		ROW(rows[i].text, at.loopback == rows[i].loopback);
		ROW_TEXT(rows[i].text, at.text, rows[i].text);
	}
}

static void
resolv_conf_names_the_nameservers(void **state)
{
	static const struct {
		const char *text;
		int count;
		const char *first;
	} rows[] = {
	    {"", 1, "127.0.0.1"},
	    {"search example\noptions trust-ad\n", 1, "127.0.0.1"},
	    {"nameserver 192.0.2.1\n", 1, "192.0.2.1"},
	    {" nameserver\t::1 # ours\n;nameserver 192.0.2.9\n#\n", 1, "::1"},
	    {"nameserver 192.0.2.1\nnameserver 192.0.2.2", 2, "192.0.2.1"},
	    {"nameserver\nnameserver 192.0.2.2\r\n", 1, "192.0.2.2"},
	    {"nameserver ns.example\n", -1, ""},
	    {"nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n"
	     "nameserver 1.1.1.4\nnameserver 1.1.1.5\nnameserver 1.1.1.6\n"
	     "nameserver 1.1.1.7\nnameserver 1.1.1.8\nnameserver 1.1.1.9\n",
		LIMIT_NAMESERVERS, "1.1.1.1"},
	};
	char path[] = "/tmp/postern-t-dns-system-XXXXXX";
	int fd = mkstemp(path);
	struct dns_nameserver found[LIMIT_NAMESERVERS];
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t size = strlen(rows[i].text);
		int count;

		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, rows[i].text, size, 0), size);
		count = dns_nameserver_load(path, found, &err);
		ROW(rows[i].text, count == rows[i].count);
		if (count > 0)
			ROW_TEXT(rows[i].text, found[0].text, rows[i].first);
		else
			ROW(rows[i].text, strstr(err.text, path) != NULL);
	}
	close(fd);
	unlink(path);
	assert_int_equal(dns_nameserver_load(path, found, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
}

static void
an_authoritative_server_answers_for_its_own_zone(void **state)
{
	static const struct {
		const char *id;
		enum manners manners;
		enum lookup_state state;
	} rows[] = {
	    {"own zone", OWN_ZONE, LOOKUP_DATA},
	    {"a cache", ANSWER, LOOKUP_SERVFAIL},
	    {"a referral", LAME, LOOKUP_SERVFAIL},
	    {"refused", REFUSED, LOOKUP_SERVFAIL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const servers[] = {first.text};
		struct dns_options options = {.kind = DNS_SYSTEM,
		    .nameservers = servers,
		    .nameserver_count = 1,
		    .authoritative = true,
		    .timeout_ms = 3000,
		    .max_outstanding = 10};
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		fake_start(&first, rows[i].manners);
		dns = dns_new(&options, NULL);
		assert_non_null(dns);
		answer = look_up(dns, "good.example");
		ROW(rows[i].id, answer->lookup.state == rows[i].state);
		ROW(rows[i].id, !answer->lookup.secure);
		fake_stop(&first);
	}
}

int
main(void)
{
	const struct CMUnitTest dns_system[] = {
	    cmocka_unit_test(query_asks_for_validation),
	    cmocka_unit_test(ids_and_ports_are_not_used_again),
	    cmocka_unit_test(answers_are_classified),
	    cmocka_unit_test(forged_answers_are_not_believed),
	    cmocka_unit_test(long_answers_come_by_tcp),
	    cmocka_unit_test(no_answer_is_a_timeout_at_the_deadline),
	    cmocka_unit_test(closed_port_is_tried_again_without_haste),
	    cmocka_unit_test(next_nameserver_is_asked),
	    cmocka_unit_test(closed_port_leads_to_the_next_at_once),
	    cmocka_unit_test(failure_of_all_is_the_first_ones),
	    cmocka_unit_test(bogus_is_not_asked_again_elsewhere),
	    cmocka_unit_test(silent_nameserver_is_left_to_the_last),
	    cmocka_unit_test(silence_about_one_name_is_no_silence),
	    cmocka_unit_test(silent_lookups_do_not_slow_others),
	    cmocka_unit_test(lookups_beyond_the_sockets_wait),
	    cmocka_unit_test(lookups_beyond_the_maximum_are_refused),
	    cmocka_unit_test(only_loopback_is_trusted),
	    cmocka_unit_test(beside_a_trusted_one_no_other_is_asked),
	    cmocka_unit_test(self_test_wants_a_secure_root),
	    cmocka_unit_test(
		a_nameserver_that_takes_what_is_broken_does_not_validate),
	    cmocka_unit_test(at_most_so_many_broken_names_are_asked_for),
	    cmocka_unit_test(what_is_insecure_on_purpose_is_never_secure),
	    cmocka_unit_test(odd_nameservers_are_told),
	    cmocka_unit_test(nameservers_are_known_by_their_address),
	    cmocka_unit_test(resolv_conf_names_the_nameservers),
	    cmocka_unit_test(an_authoritative_server_answers_for_its_own_zone),
	};

	return RUN_TESTS(dns_system);
}
