/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/tap.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/io/dns.h"
#include "common/io/dns_packet.h"
#include "common/io/dns_rdata.h"

/* Messages, octet by octet. */

struct message {
	uint8_t octets[65536];
	size_t size;
	unsigned answers;
	unsigned authorities;
};

enum { HEADER = 12, SOA = 6, CLASS_IN = 1 };

static void
put(struct message *m, const void *data, size_t size)
{
	assert_true(m->size + size <= sizeof(m->octets));
	memcpy(m->octets + m->size, data, size);
	m->size += size;
}

static void
put_u16(struct message *m, unsigned value)
{
	uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	put(m, octets, 2);
}

static size_t
name_to_wire(uint8_t *to, const char *name)
{
	size_t size = 0;

	while (*name != '\0') {
		size_t label = strcspn(name, ".");

		to[size++] = (uint8_t)label;
		memcpy(to + size, name, label);
		size += label;
		name += label + (name[label] == '.');
	}
	to[size++] = 0;
	return size;
}

static void
put_name(struct message *m, const char *name)
{
	uint8_t wire[256];

	put(m, wire, name_to_wire(wire, name));
}

static void
put_rr(struct message *m, const char *owner, unsigned type, unsigned ttl,
    const void *rdata, size_t size)
{
	put_name(m, owner);
	put_u16(m, type);
	put_u16(m, CLASS_IN);
	put_u16(m, ttl >> 16);
	put_u16(m, ttl & 0xffff);
	put_u16(m, (unsigned)size);
	put(m, rdata, size);
}

static void
put_answer(struct message *m, const char *owner, unsigned type, unsigned ttl,
    const void *rdata, size_t size)
{
	put_rr(m, owner, type, ttl, rdata, size);
	m->answers++;
}

static void
put_cname(
    struct message *m, const char *owner, unsigned ttl, const char *target)
{
	uint8_t wire[256];

	put_answer(m, owner, DNS_CNAME, ttl, wire, name_to_wire(wire, target));
}

static void
put_soa(struct message *m, const char *owner, unsigned ttl, uint8_t minimum)
{
	uint8_t rdata[22] = {[21] = minimum}; /* two roots and five numbers */

	put_rr(m, owner, SOA, ttl, rdata, sizeof(rdata));
	m->authorities++;
}

static void
begin(struct message *m, const char *name, enum dns_type type)
{
	memset(m, 0, sizeof(*m));
	m->size = HEADER;
	put_name(m, name);
	put_u16(m, type);
	put_u16(m, CLASS_IN);
}

static int
read_message(struct message *m, const char *name, enum dns_type type,
    struct dns_answer *answer)
{
	m->octets[2] = 0x81;
	m->octets[3] = 0x80;
	m->octets[5] = 1;
	m->octets[6] = (uint8_t)(m->answers >> 8);
	m->octets[7] = (uint8_t)m->answers;
	m->octets[9] = (uint8_t)m->authorities;
	memset(answer, 0, sizeof(*answer));
	return dns_packet_read(m->octets, m->size, name, type, answer, NULL);
}

static struct message message;

static void
records_come_with_owner_and_least_ttl(void **state)
{
	static const uint8_t one[] = {192, 0, 2, 1}, two[] = {192, 0, 2, 2};
	struct dns_answer answer;

	(void)state;
	begin(&message, "mx.example", DNS_A);
	put_answer(&message, "mx.example", DNS_A, 300, one, 4);
	put_answer(&message, "MX.Example", DNS_A, 200, two, 4);
	put_answer(&message, "other.example", DNS_A, 100, two, 4);
	assert_int_equal(
	    read_message(&message, "mx.example", DNS_A, &answer), 0);
	assert_string_equal(answer.owner, "mx.example");
	assert_int_equal(answer.lookup.ttl_s, 200);
	assert_int_equal(answer.count, 2);
	assert_int_equal(answer.records[0].size, 4);
	assert_memory_equal(answer.records[0].data, one, 4);
	assert_memory_equal(answer.records[1].data, two, 4);
	free(answer.records);
}

static void
aliases_are_followed_in_any_order(void **state)
{
	static const uint8_t one[] = {192, 0, 2, 1};
	struct dns_answer answer;

	(void)state;
	begin(&message, "a.example", DNS_A);
	put_cname(&message, "b.example", 50, "C.example");
	put_answer(&message, "c.example", DNS_A, 300, one, 4);
	put_cname(&message, "a.example", 60, "b.example");
	assert_int_equal(
	    read_message(&message, "a.example", DNS_A, &answer), 0);
	assert_string_equal(answer.owner, "c.example");
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.lookup.ttl_s, 50);
	free(answer.records);
}

static void
a_query_for_the_alias_gets_the_alias(void **state)
{
	struct dns_answer answer;

	(void)state;
	begin(&message, "a.example", DNS_CNAME);
	put_cname(&message, "a.example", 60, "b.example");
	assert_int_equal(
	    read_message(&message, "a.example", DNS_CNAME, &answer), 0);
	assert_string_equal(answer.owner, "a.example");
	assert_int_equal(answer.count, 1);
	assert_memory_equal(
	    answer.records[0].data, "\1b\7example\0", answer.records[0].size);
	free(answer.records);
}

static void
denial_lives_as_long_as_the_soa_says(void **state)
{
	static const struct {
		const char *id;
		unsigned soa_ttl;
		uint8_t minimum;
		unsigned ttl;
	} rows[] = {
	    {"minimum is less", 3600, 60, 60},
	    {"TTL is less", 30, 60, 30},
	    {"alias is less", 3600, 250, 200},
	};
	struct dns_answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		begin(&message, "a.example", DNS_TLSA);
		put_cname(&message, "a.example", 200, "b.example");
		put_soa(&message, "example", rows[i].soa_ttl, rows[i].minimum);
		ROW(rows[i].id, read_message(&message, "a.example", DNS_TLSA,
				    &answer) == 0);
		ROW(rows[i].id, answer.lookup.ttl_s == rows[i].ttl);
		ROW(rows[i].id, answer.count == 0);
		ROW_TEXT(rows[i].id, answer.owner, "b.example");
		free(answer.records);
	}
	begin(&message, "a.example", DNS_TLSA);
	assert_int_equal(
	    read_message(&message, "a.example", DNS_TLSA, &answer), 0);
	assert_int_equal(answer.lookup.ttl_s, 0);
	free(answer.records);
}

static int
read_chain(int hops, struct dns_answer *answer)
{
	char from[16], to[16];

	begin(&message, "h0", DNS_A);
	for (int i = 0; i < hops; i++) {
		snprintf(from, sizeof(from), "h%d", i);
		snprintf(to, sizeof(to), "h%d", i + 1);
		put_cname(&message, from, 60, to);
	}
	return read_message(&message, "h0", DNS_A, answer);
}

static void
long_and_looping_aliases_are_refused(void **state)
{
	struct dns_answer answer;

	(void)state;
	assert_int_equal(read_chain(LIMIT_CNAME_HOPS, &answer), 0);
	assert_string_equal(answer.owner, "h11");
	free(answer.records);
	assert_int_equal(read_chain(LIMIT_CNAME_HOPS + 1, &answer), -1);
	assert_null(answer.records);
	begin(&message, "a", DNS_A);
	put_cname(&message, "a", 60, "b");
	put_cname(&message, "b", 60, "a");
	assert_int_equal(read_message(&message, "a", DNS_A, &answer), -1);
}

static void
alias_to_what_is_no_host_name_is_refused(void **state)
{
	struct dns_answer answer;

	(void)state;
	begin(&message, "a.example", DNS_A);
	put_cname(&message, "a.example", 60, "b b.example");
	assert_int_equal(
	    read_message(&message, "a.example", DNS_A, &answer), -1);
}

static void
odd_rdata_comes_as_it_stands(void **state)
{
	static const struct {
		enum dns_type type;
		uint8_t rdata[8];
		size_t size;
	} rows[] = {
	    {DNS_TLSA, {3, 1, 1}, 3}, /* D40 */
	    {DNS_TLSA, {3, 1}, 2},
	    {DNS_TLSA, {3}, 1},
	    {DNS_TLSA, {3, 1, 1, 0xab}, 4},
	    {DNS_TXT, {3, 'a', 0, 'b', 2, 'c', 'd'}, 7},
	    {DNS_TXT, {0}, 1},
	    {DNS_MX, {0, 0, 0}, 3},
	    {DNS_MX, {0, 9, 2, 'm', 'x', 0}, 6},
	};
	struct dns_answer answer;
	char id[16];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(id, sizeof(id), "row %zu", i);
		begin(&message, "a", rows[i].type);
		put_answer(&message, "a", rows[i].type, 60, rows[i].rdata,
		    rows[i].size);
		ROW(id,
		    read_message(&message, "a", rows[i].type, &answer) == 0);
		ROW(id, answer.count == 1);
		ROW(id, answer.records[0].size == rows[i].size);
		ROW(id, memcmp(answer.records[0].data, rows[i].rdata,
			    rows[i].size) == 0);
		free(answer.records);
	}
}

enum { LONG_LABELS = 4 };

/* RDATA by itself; the lengths are those of the literals. */
static const struct rdata_row {
	const char *id;
	enum dns_type type;
	const char *rdata;
	size_t size;
	bool good;
} rdata_rows[] = {
#define R(id, type, octets, good)                          \
	{                                                  \
		id, type, octets, sizeof(octets) - 1, good \
	}
    R("address", DNS_A, "\300\0\2\1", true),
    R("address without octets", DNS_A, "", false),
    R("address of three octets", DNS_A, "\300\0\2", false),
    R("address of five octets", DNS_A, "\300\0\2\1\1", false),
    R("IPv6 address", DNS_AAAA, "0123456789abcdef", true),
    R("IPv6 address without octets", DNS_AAAA, "", false),
    R("IPv6 address of 15 octets", DNS_AAAA, "0123456789abcde", false),
    R("IPv6 address of 17 octets", DNS_AAAA, "0123456789abcdefg", false),
    R("IPv6 record with an IPv4 address", DNS_AAAA, "\300\0\2\1", false),
    R("mail host", DNS_MX, "\0\12\2mx\7example\0", true),
    R("null MX", DNS_MX, "\0\0\0", true),
    R("mail host without octets", DNS_MX, "", false),
    R("half a preference", DNS_MX, "\0", false),
    R("preference alone", DNS_MX, "\0\12", false),
    R("mail host without its root", DNS_MX, "\0\12\2mx", false),
    R("mail host in mid-label", DNS_MX, "\0\12\2m", false),
    R("octet behind the mail host", DNS_MX, "\0\12\2mx\0x", false),
    R("mail host with a label of 64", DNS_MX, "\0\12\100x", false),
    R("half a pointer", DNS_MX, "\0\12\300", false),
    R("pointer to itself", DNS_MX, "\0\12\300\2", false),
    R("pointer ahead", DNS_MX, "\0\12\300\5\0", false),
    R("pointer beyond", DNS_MX, "\0\12\377\377", false),
    R("labels in a circle", DNS_MX, "\0\12\1a\300\2", false),
    R("alias", DNS_CNAME, "\2mx\0", true),
    R("alias of the root", DNS_CNAME, "\0", true),
    R("alias without octets", DNS_CNAME, "", false),
    R("octet behind the alias", DNS_CNAME, "\2mx\0\0", false),
    R("nameserver", DNS_NS, "\2ns\0", true),
    R("nameserver without octets", DNS_NS, "", false),
    R("text", DNS_TXT, "\2ab\0\1c", true),
    R("empty text", DNS_TXT, "\0", true),
    R("no text", DNS_TXT, "", false),
    R("text cut", DNS_TXT, "\2ab\3c", false),
    R("key", DNS_DNSKEY, "\1\1\3\10k", true),
    R("no key", DNS_DNSKEY, "\1\1\3\10", false),
    R("digest of a key", DNS_DS, "\0\1\20\2d", true),
    R("no digest", DNS_DS, "\0\1\20\2", false),
    R("TLSA record (D40)", DNS_TLSA, "\3\1\1", true),
    R("TLSA record without octets", DNS_TLSA, "", true),
    R("type not asked for", (enum dns_type)99, "", false),
#undef R
};

static void
only_rdata_with_all_its_fields_and_no_more_is_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rdata_rows); i++) {
		const struct rdata_row *row = &rdata_rows[i];
		/* on the heap, so that no octet behind it is read unseen */
		uint8_t *rdata = malloc(row->size + 1);

		memcpy(rdata, row->rdata, row->size);
		ROW(row->id, (dns_rdata_fault(row->type, rdata, row->size, 0,
				  row->size) == NULL) == row->good);
		ROW(row->id, dns_rdata_fault(row->type, rdata, row->size, 0,
				 row->size + 1) != NULL);
		free(rdata);
	}
}

static void
a_name_in_rdata_has_at_most_255_octets(void **state)
{
	uint8_t octets[2 * 256];
	size_t size = 0;

	(void)state;
	for (int i = 0; i < LONG_LABELS; i++) {
		octets[size++] = i == LONG_LABELS - 1 ? 61 : 63;
		memset(octets + size, 'a', 63);
		size += i == LONG_LABELS - 1 ? 61 : 63;
	}
	octets[size++] = 0;
	assert_int_equal(size, 255);
	assert_null(dns_rdata_fault(DNS_CNAME, octets, size, 0, size));
	/* another, one label longer by a pointer to it */
	memcpy(octets + size, "\1b\300\0", 4);
	assert_non_null(dns_rdata_fault(DNS_CNAME, octets, size + 4, size, 4));
	assert_null(dns_rdata_fault(DNS_CNAME, octets, size + 4, size + 2, 2));
}

/* Compression is the only thing that RDATA in a message has beyond RDATA by
 * itself. */
static void
an_answer_with_a_malformed_record_is_refused(void **state)
{
	struct dns_answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(rdata_rows); i++) {
		const struct rdata_row *row = &rdata_rows[i];
		bool alias = row->type == DNS_CNAME;

		if (strstr(row->id, "pointer") != NULL ||
		    strstr(row->id, "alias of") != NULL ||
		    strstr(row->id, "type not") != NULL)
			continue;
		begin(&message, "a", alias ? DNS_A : row->type);
		put_answer(&message, alias ? "a" : "b", row->type, 60,
		    row->rdata, row->size);
		ROW(row->id,
		    (read_message(&message, "a", alias ? DNS_A : row->type,
			 &answer) == 0) == row->good);
		free(answer.records);
	}
}

static void
a_malformed_record_of_another_type_changes_nothing(void **state)
{
	static const uint8_t one[] = {192, 0, 2, 1};
	struct dns_answer answer;

	(void)state;
	begin(&message, "a", DNS_A);
	put_answer(&message, "a", DNS_A, 60, one, 4);
	put_answer(&message, "a", DNS_AAAA, 60, one, 0);
	assert_int_equal(read_message(&message, "a", DNS_A, &answer), 0);
	assert_int_equal(answer.count, 1);
	free(answer.records);
}

static void
too_many_records_are_cut(void **state)
{
	static const uint8_t tlsa[] = {3, 1, 1, 0};
	static const uint8_t a[] = {192, 0, 2, 1};
	struct dns_answer answer;

	(void)state;
	begin(&message, "a", DNS_TLSA);
	for (int i = 0; i <= LIMIT_TLSA_RECORDS; i++)
		put_answer(&message, "a", DNS_TLSA, 60, tlsa, sizeof(tlsa));
	assert_int_equal(read_message(&message, "a", DNS_TLSA, &answer), 0);
	assert_int_equal(answer.count, LIMIT_TLSA_RECORDS);
	free(answer.records);
	begin(&message, "a", DNS_A);
	for (int i = 0; i <= LIMIT_DNS_RECORDS; i++)
		put_answer(&message, "a", DNS_A, 60, a, sizeof(a));
	assert_int_equal(read_message(&message, "a", DNS_A, &answer), 0);
	assert_int_equal(answer.count, LIMIT_DNS_RECORDS);
	free(answer.records);
}

static void
broken_messages_are_refused(void **state)
{
	static const uint8_t a[] = {192, 0, 2, 1};
	struct dns_answer answer;
	size_t whole;

	(void)state;
	begin(&message, "a.example", DNS_A);
	put_cname(&message, "a.example", 60, "b.example");
	put_answer(&message, "b.example", DNS_A, 60, a, sizeof(a));
	whole = message.size;
	for (message.size = 0; message.size < whole; message.size++)
		if (read_message(&message, "a.example", DNS_A, &answer) == 0)
			fail_msg("cut at %zu", message.size);
	assert_int_equal(
	    read_message(&message, "a.example", DNS_A, &answer), 0);
	free(answer.records);
}

/*
 * A nameserver on loopback, which is silent or echoes each query as an empty
 * answer without signatures after a while.
 */

static char anchor_file[] = "/tmp/postern-t-dns-XXXXXX";

struct nameserver {
	int fd;
	int delay_ms; /* -1: silent */
	_Atomic bool stop;
	pthread_t thread;
	char address[32];
};

static void
answer_one(struct nameserver *ns)
{
	uint8_t octets[1500];
	struct sockaddr_in from;
	socklen_t from_size = sizeof(from);
	ssize_t size = recvfrom(ns->fd, octets, sizeof(octets), MSG_DONTWAIT,
	    (struct sockaddr *)&from, &from_size);

	if (size < HEADER || ns->delay_ms < 0)
		return;
	poll(NULL, 0, ns->delay_ms);
	octets[2] |= 0x80;
	octets[3] = 0x80;
	sendto(ns->fd, octets, (size_t)size, 0, (struct sockaddr *)&from,
	    from_size);
}

static void *
serve(void *arg)
{
	struct nameserver *ns = arg;
	struct pollfd ready = {.fd = ns->fd, .events = POLLIN};

	while (!ns->stop)
		if (poll(&ready, 1, 20) > 0)
			answer_one(ns);
	return NULL;
}

static void
nameserver_start(struct nameserver *ns, int delay_ms)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);

	ns->delay_ms = delay_ms;
	ns->stop = false;
	ns->fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(ns->fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(getsockname(ns->fd, (struct sockaddr *)&at, &size), 0);
	snprintf(ns->address, sizeof(ns->address), "127.0.0.1@%u",
	    ntohs(at.sin_port));
	assert_int_equal(pthread_create(&ns->thread, NULL, serve, ns), 0);
}

static void
nameserver_stop(struct nameserver *ns)
{
	ns->stop = true;
	pthread_join(ns->thread, NULL);
	close(ns->fd);
}

static struct dns *
resolver_new(const char *nameserver, unsigned max_outstanding, struct err *err)
{
	const char *const servers[] = {nameserver};
	struct dns_options options = {.trust_anchor_file = anchor_file,
	    .nameservers = servers,
	    .nameserver_count = 1,
	    .timeout_ms = 5000,
	    .max_outstanding = max_outstanding};

	return dns_new(&options, err);
}

static struct dns_answer *
look_up(struct dns *dns, const char *name, int timeout_ms)
{
	return dns_await(
	    dns_ask(dns, name, DNS_A, clock_mono_ms() + timeout_ms));
}

static void
missing_trust_anchor_is_told(void **state)
{
	struct dns_options options = {
	    .trust_anchor_file = "/no/such.key", .timeout_ms = 1000};
	struct err err;

	(void)state;
	assert_null(dns_new(&options, &err));
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_non_null(strstr(err.text, "/no/such.key: No such file"));
	assert_non_null(strstr(err.text, "dns-root-data"));
	assert_null(dns_new(&options, NULL));
	options.trust_anchor_file = "/tmp";
	assert_null(dns_new(&options, &err));
	assert_int_equal(err.kind, ERR_LOCAL);
}

static void
useless_trust_anchor_is_told(void **state)
{
	static const char *const contents[] = {"", "; nothing\n", "nonsense\n",
	    "example.com. IN A 192.0.2.1\n", ". IN DS 20326 8 2 nothex\n"};
	char file[] = "/tmp/postern-t-dns-XXXXXX";
	int fd = mkstemp(file);
	struct dns_options options = {
	    .trust_anchor_file = file, .recurse = true, .timeout_ms = 1000};
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(contents); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(
		    pwrite(fd, contents[i], strlen(contents[i]), 0),
		    strlen(contents[i]));
		ROW(contents[i], dns_new(&options, &err) == NULL);
		ROW(contents[i], err.kind == ERR_LOCAL);
	}
	close(fd);
	unlink(file);
}

static void
odd_nameserver_is_told(void **state)
{
	struct err err;

	(void)state;
	assert_null(resolver_new("ns.example", 10, &err));
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_non_null(strstr(err.text, "ns.example"));
}

static void
silent_nameserver_is_a_timeout_at_the_deadline(void **state)
{
	struct nameserver ns;
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	int64_t begun;
	struct err err;

	(void)state;
	nameserver_start(&ns, -1);
	dns = resolver_new(ns.address, 10, NULL);
	begun = clock_mono_ms();
	answer = look_up(dns, "a.example", 200);
	assert_in_range(clock_mono_ms() - begun, 190, 1000);
	assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
	assert_string_equal(answer->why, "no_answer_in_time");
	assert_int_equal(dns_self_test(dns, clock_mono_ms() + 50, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	nameserver_stop(&ns);
}

static void
late_answer_of_an_abandoned_query_is_dropped(void **state)
{
	struct nameserver ns;
	AUTO(dns) struct dns *dns = NULL;

	(void)state;
	nameserver_start(&ns, 300);
	dns = resolver_new(ns.address, 1, NULL);
	for (int i = 0; i < 2; i++) {
		struct dns_answer *answer = look_up(dns, "a.example", 50);

		assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
		dns_answer_free(answer);
	}
	/* each lookup at the library counts until it is through */
	for (int i = 0; i < 100; i++) {
		struct dns_answer *answer = look_up(dns, "b.example", 1000);
		bool refused =
		    strcmp(answer->why, "too_many_lookups_outstanding") == 0;

		dns_answer_free(answer);
		if (!refused) {
			nameserver_stop(&ns);
			return;
		}
		poll(NULL, 0, 100);
	}
	fail_msg("the abandoned query never ended");
}

static void
unsigned_root_is_not_validating(void **state)
{
	struct nameserver ns;
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	struct err err;

	(void)state;
	nameserver_start(&ns, 0);
	dns = resolver_new(ns.address, 10, NULL);
	answer = look_up(dns, "a.example", 4000);
	assert_int_equal(answer->lookup.state, LOOKUP_BOGUS);
	assert_false(answer->lookup.secure);
	assert_int_not_equal(strlen(answer->why), 0);
	assert_null(strchr(answer->why, ' '));
	assert_int_equal(dns_self_test(dns, clock_mono_ms() + 4000, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
	nameserver_stop(&ns);
}

static void
unreachable_nameserver_ends_by_the_deadline(void **state)
{
	AUTO(dns) struct dns *dns = resolver_new("127.0.0.1@1", 10, NULL);
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	int64_t begun = clock_mono_ms();

	(void)state;
	answer = look_up(dns, "a.example", 1500);
	assert_true(clock_mono_ms() - begun < 2500);
	assert_true(lookup_failed(&answer->lookup));
}

static void
lookups_beyond_the_maximum_are_refused_at_their_end(void **state)
{
	struct nameserver ns;
	AUTO(dns) struct dns *dns = NULL;
	struct dns_query *queries[3];
	int64_t deadline_ms, begun;

	(void)state;
	nameserver_start(&ns, -1);
	dns = resolver_new(ns.address, 2, NULL);
	begun = clock_mono_ms();
	deadline_ms = begun + 300;
	for (int i = 0; i < 3; i++)
		queries[i] = dns_ask(dns, "a.example", DNS_MX, deadline_ms);
	for (int i = 2; i >= 0; i--) {
		struct dns_answer *answer = dns_await(queries[i]);

		assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
		assert_true(clock_mono_ms() - begun >= 290);
		assert_string_equal(
		    answer->why, i == 2 ? "too_many_lookups_outstanding"
					: "no_answer_in_time");
		dns_answer_free(answer);
	}
	nameserver_stop(&ns);
}

static void
odd_names_are_never_asked(void **state)
{
	static const char *const names[] = {"A.example", "a.example.", "a b",
	    "a..b", ".", "a\\046b", "b\303\274cher.example"};
	AUTO(dns) struct dns *dns = resolver_new("127.0.0.1@1", 10, NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct dns_answer *answer = look_up(dns, names[i], 3000);

		ROW(names[i], answer->lookup.state == LOOKUP_SERVFAIL);
		ROW(names[i], strstr(answer->why, "no_answer") == NULL);
		dns_answer_free(answer);
	}
}

static int
make_anchor(void **state)
{
	static const char ds[] =
	    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D084"
	    "58E880409BBC683457104237C7F8EC8D\n";
	int fd = mkstemp(anchor_file);
	ssize_t done = write(fd, ds, sizeof(ds) - 1);

	(void)state;
	close(fd);
	return done == sizeof(ds) - 1 ? 0 : -1;
}

static int
remove_anchor(void **state)
{
	(void)state;
	return unlink(anchor_file);
}

int
main(void)
{
	const struct CMUnitTest dns[] = {
	    cmocka_unit_test(records_come_with_owner_and_least_ttl),
	    cmocka_unit_test(aliases_are_followed_in_any_order),
	    cmocka_unit_test(a_query_for_the_alias_gets_the_alias),
	    cmocka_unit_test(denial_lives_as_long_as_the_soa_says),
	    cmocka_unit_test(long_and_looping_aliases_are_refused),
	    cmocka_unit_test(alias_to_what_is_no_host_name_is_refused),
	    cmocka_unit_test(odd_rdata_comes_as_it_stands),
	    cmocka_unit_test(
		only_rdata_with_all_its_fields_and_no_more_is_well_formed),
	    cmocka_unit_test(a_name_in_rdata_has_at_most_255_octets),
	    cmocka_unit_test(an_answer_with_a_malformed_record_is_refused),
	    cmocka_unit_test(
		a_malformed_record_of_another_type_changes_nothing),
	    cmocka_unit_test(too_many_records_are_cut),
	    cmocka_unit_test(broken_messages_are_refused),
	    cmocka_unit_test(missing_trust_anchor_is_told),
	    cmocka_unit_test(useless_trust_anchor_is_told),
	    cmocka_unit_test(odd_nameserver_is_told),
	    cmocka_unit_test(silent_nameserver_is_a_timeout_at_the_deadline),
	    cmocka_unit_test(late_answer_of_an_abandoned_query_is_dropped),
	    cmocka_unit_test(unsigned_root_is_not_validating),
	    cmocka_unit_test(unreachable_nameserver_ends_by_the_deadline),
	    cmocka_unit_test(
		lookups_beyond_the_maximum_are_refused_at_their_end),
	    cmocka_unit_test(odd_names_are_never_asked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(dns, make_anchor, remove_anchor);
}
