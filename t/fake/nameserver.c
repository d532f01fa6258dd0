/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/nameserver.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/unit/tap.h"

enum { HEADER = NAMESERVER_HEADER, TAIL = 4, OPT = 11 };
enum { QR = 0x80, AA = 0x04, TC = 0x02, RA = 0x80, AD = NAMESERVER_AD };

static void
put_octets(struct nameserver_message *m, const void *data, size_t size)
{
	assert_true(m->size + size <= sizeof(m->octets));
	memcpy(m->octets + m->size, data, size);
	m->size += size;
}

#define PUT(m, literal) put_octets(m, literal, sizeof(literal) - 1)

/* One record of the type asked for; the question is all there is so far. */
static void
put_answer(struct nameserver_message *m, const void *rdata, size_t size)
{
	uint8_t type[2], octets[2] = {(uint8_t)(size >> 8), (uint8_t)size};

	memcpy(type, m->octets + m->size - TAIL, 2);
	PUT(m, "\xc0\x0c");
	put_octets(m, type, 2);
	PUT(m, "\0\1\0\0\1\x2c");
	put_octets(m, octets, 2);
	put_octets(m, rdata, size);
	m->octets[7]++;
}

/* 192.0.2.LAST, or a key where that is asked for */
static void
put_address(struct nameserver_message *m, uint8_t last)
{
	uint8_t address[] = {192, 0, 2, last, 'k'};
	bool key = m->octets[m->size - TAIL + 1] == DNS_DNSKEY;

	put_answer(m, address, key ? 5 : 4);
}

static void
put_soa(struct nameserver_message *m)
{
	PUT(m, "\0\0\6\0\1\0\0\1\x2c\0\x16\0\0"
	       "\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\x3c");
	m->octets[9]++;
}

static void
put_opt(struct nameserver_message *m, const char *options, uint8_t size)
{
	PUT(m, "\0\0\x29\4\xd0\0\0\0\0\0");
	put_octets(m, &size, 1);
	put_octets(m, options, size);
	m->octets[11]++;
}

#define PUT_OPT(m, literal) put_opt(m, literal, sizeof(literal) - 1)

/* The header and question of the query, as a reply. */
static void
begin_reply(struct nameserver_message *m,
    const struct nameserver_message *query, uint8_t rcode)
{
	m->size = 0;
	put_octets(m, query->octets, query->size - OPT);
	m->octets[2] = QR | 1;
	m->octets[3] = RA | AD | rcode;
	memset(m->octets + 6, 0, 6);
}

static void
put_loop(struct nameserver_message *m)
{
	PUT(m, "\xc0\x0c\0\5\0\1\0\0\1\x2c\0\3\1b\0");
	PUT(m, "\1b\0\0\5\0\1\0\0\1\x2c\0\2\xc0\x0c");
	m->octets[7] += 2;
}

static void
put_alias_through(struct nameserver_message *m)
{
	PUT(m, "\xc0\x0c\0\5\0\1\0\0\1\x2c\0\x08\1b\4test\0");
	PUT(m, "\1b\4test\0\0\5\0\1\0\0\1\x2c\0\x0b\1c\7example\0");
	PUT(m, "\1c\7example\0\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1");
	m->octets[7] += 3;
}

/* How names with broken DNSSEC are answered, and how all others. */
static enum nameserver_manners
manners_for(
    enum nameserver_manners manners, const struct nameserver_message *query)
{
	static const struct {
		enum nameserver_manners manners;
		const char *name; /* what it begins with, with its length */
		enum nameserver_manners then;
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

/* False where it is to be no failure. */
static bool
build_failure(struct nameserver_message *m, enum nameserver_manners manners)
{
	switch (manners) {
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
	default:
		return false;
	}
	return true;
}

static void
build_reply(struct nameserver_message *m,
    const struct nameserver_message *query, enum nameserver_manners manners)
{
	begin_reply(m, query, 0);
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
		if (!build_failure(m, manners))
			put_address(m, 1);
		break;
	}
}

/* An answer that must not be believed: address 192.0.2.66. */
static void
forge_reply(struct nameserver_message *m,
    const struct nameserver_message *query, enum nameserver_manners manners)
{
	begin_reply(m, query, 0);
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
send_to(
    int fd, const struct nameserver_message *m, const struct sockaddr_in *to)
{
	sendto(fd, m->octets, m->size, 0, (const struct sockaddr *)to,
	    sizeof(*to));
}

static void
reply_forged(struct fake_nameserver *fake, const struct sockaddr_in *to)
{
	int fd = fake->manners == OTHER_PORT ? socket(AF_INET, SOCK_DGRAM, 0)
					     : fake->udp;
	int count = fake->manners == FLOOD ? NAMESERVER_FLOODED : 1;

	forge_reply(
	    &fake->reply, &fake->query, (enum nameserver_manners)fake->manners);
	for (int i = 0; i < count; i++)
		send_to(fd, &fake->reply, to);
	if (fd != fake->udp)
		close(fd);
}

static bool
asks_for_good(const struct nameserver_message *query)
{
	return memcmp(query->octets + HEADER, "\4good", 5) == 0;
}

static void
reply_udp(struct fake_nameserver *fake, const struct sockaddr_in *to)
{
	enum nameserver_manners manners =
	    manners_for((enum nameserver_manners)fake->manners, &fake->query);

	if (manners == SILENT ||
	    (manners == ANSWER_GOOD_ONLY && !asks_for_good(&fake->query)))
		return;
	if (manners >= WRONG_ID && manners <= FLOOD)
		reply_forged(fake, to);
	if (manners == FLOOD)
		return;
	build_reply(&fake->reply, &fake->query, manners);
	if (manners >= LONG) {
		begin_reply(&fake->reply, &fake->query, 0);
		fake->reply.octets[2] |= TC;
	}
	if (manners == ANSWER_SLOWLY)
		usleep(1);
	send_to(fake->udp, &fake->reply, to);
}

static void
take_datagram(struct fake_nameserver *fake)
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
	if (number < NAMESERVER_PORTS) {
		fake->ports[number] = from.sin_port;
		memcpy(&fake->ids[number], fake->query.octets, 2);
	}
	reply_udp(fake, &from);
}

static void
hold_connection(struct fake_nameserver *fake, int fd)
{
	struct pollfd gone = {.fd = fd, .events = POLLIN};

	while (!fake->stop && poll(&gone, 1, 20) == 0)
		;
}

static void
send_pieces(int fd, const struct nameserver_message *m)
{
	for (size_t i = 0; i < m->size; i++) {
		send(fd, m->octets + i, 1, MSG_NOSIGNAL);
		if (i < 5)
			poll(NULL, 0, 5);
	}
}

static void
reply_tcp(struct fake_nameserver *fake, int fd)
{
	struct nameserver_message *m = &fake->reply;
	static struct nameserver_message framed;
	enum nameserver_manners manners =
	    (enum nameserver_manners)fake->manners;
	uint8_t prefix[2];

	build_reply(m, &fake->query, manners);
	if (manners == LONG) {
		static const uint8_t rdata[NAMESERVER_LONG];

		begin_reply(m, &fake->query, 0);
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
	put_octets(&framed, prefix, 2);
	put_octets(&framed, m->octets, m->size);
	if (manners == TCP_IN_PIECES)
		send_pieces(fd, &framed);
	else
		send(fd, framed.octets, framed.size, MSG_NOSIGNAL);
	if (manners == TCP_NEVER_ENDS)
		hold_connection(fake, fd);
}

static void
take_connection(struct fake_nameserver *fake)
{
	int fd = accept(fake->tcp, NULL, NULL);
	ssize_t size;
	uint8_t prefix[2];

	if (fd < 0)
		return;
	fake->connections++;
	if (fake->manners == TCP_SILENT)
		hold_connection(fake, fd);
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
serve_queries(void *arg)
{
	struct fake_nameserver *fake = arg;
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
fake_bind(struct fake_nameserver *fake)
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

void
fake_nameserver_start(
    struct fake_nameserver *fake, enum nameserver_manners manners)
{
	fake->manners = (int)manners;
	fake->queries = 0;
	fake->connections = 0;
	fake->stop = false;
	fake_bind(fake);
	assert_int_equal(
	    pthread_create(&fake->thread, NULL, serve_queries, fake), 0);
}

void
fake_nameserver_stop(struct fake_nameserver *fake)
{
	fake->stop = true;
	pthread_join(fake->thread, NULL);
	close(fake->udp);
	close(fake->tcp);
}

struct dns *
fake_nameserver_resolver(const char *one, const char *two, int timeout_ms)
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

struct dns_answer *
fake_nameserver_look_up(struct dns *dns, const char *name)
{
	return dns_await(dns_ask(dns, name, DNS_A, INT64_MAX));
}

uint8_t
fake_nameserver_octet(const struct dns_answer *answer)
{
	return answer->count == 1 && answer->records[0].size == 4
		   ? answer->records[0].data[3]
		   : 0;
}

struct dns *
fake_nameserver_remote(bool trust, const char *one, const char *two)
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

struct dns *
fake_nameserver_names(const char *text, const struct dns_names *insecure,
    const struct dns_names *broken)
{
	const char *const servers[] = {text};
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
