/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A nameserver for very many domains, made up from their names as they are
 * asked for, as a resolver on this host would answer that has them all.
 * KIND-N.example has one MX, mx.KIND-N.example, and:
 *
 * none    nothing more, no DNSSEC
 * dane    TLSA records, all with DNSSEC
 * sts     a TXT record of MTA-STS; policy host at 127.83.0.1
 * mute    no answer at all
 *
 * at-N.example, of a survey, has the MX mx.hH.example, H being N modulo 200.
 * Both are signed where their numbers end in 0, and such a host has TLSA
 * records.  One domain in 331 announces an MTA-STS policy, and one in 50 wants
 * TLS reports.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
	PORT = 53,
	HEAD = 12,
	PACKET = 1024,
	BEHIND_NAME = 4, /* type, class */
	TTL_S = 3600,
	LABELS = 8,

	TYPE_A = 1,
	TYPE_SOA = 6,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_DNSKEY = 48,
	TYPE_TLSA = 52,

	QR = 0x80,
	RA = 0x80,
	AD = 0x20,
	SERVFAIL = 2,

	HOSTS = 200,
	SIGNED_EACH = 10,
	STS_EACH = 331,
	REPORTS_EACH = 50,
	ROOM = 1 << 25,
};

struct question {
	unsigned type;
	size_t end; /* of it, in the packet */
	size_t labels;
	size_t at[LABELS]; /* each, in the packet */
};

struct rdata {
	size_t length;
	uint8_t octets[128];
};

static bool
read_question(const uint8_t *packet, size_t size, struct question *out)
{
	size_t at = HEAD;

	memset(out, 0, sizeof(*out));
	while (at < size && packet[at] != 0) {
		if (out->labels == LABELS || packet[at] > 63)
			return false;
		out->at[out->labels++] = at;
		at += packet[at] + 1U;
	}
	if (at + 1 + BEHIND_NAME > size)
		return false;
	out->type = (unsigned)packet[at + 1] << 8 | packet[at + 2];
	out->end = at + 1 + BEHIND_NAME;
	return true;
}

static bool
is_label(const uint8_t *packet, size_t at, const char *text)
{
	size_t length = strlen(text);

	return packet[at] == length &&
	       strncasecmp((const char *)packet + at + 1, text, length) == 0;
}

static bool
is_kind(const uint8_t *packet, const struct question *q, const char *kind)
{
	size_t length = strlen(kind);
	size_t at;

	if (q->labels < 2)
		return false;
	at = q->at[q->labels - 2];
	return packet[at] > length && packet[at + 1 + length] == '-' &&
	       strncasecmp((const char *)packet + at + 1, kind, length) == 0;
}

/* Whether the name is these labels and the domain. */
static bool
is_below(const uint8_t *packet, const struct question *q,
    const char *const *labels, size_t count)
{
	if (q->labels != count + 2)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!is_label(packet, q->at[i], labels[i]))
			return false;
	return true;
}

static void
put_rdata(struct rdata *out, const void *octets, size_t length)
{
	memcpy(out->octets + out->length, octets, length);
	out->length += length;
}

/* The number of "PREFIX123.example" or of what is below it, or -1. */
static long
number_of(const uint8_t *packet, const struct question *q, const char *prefix)
{
	size_t length = strlen(prefix), at;
	char digits[12];
	unsigned count;

	if (q->labels < 2)
		return -1;
	at = q->at[q->labels - 2];
	count = packet[at] - (unsigned)length;
	if (packet[at] <= length || count >= sizeof(digits) ||
	    strncasecmp((const char *)packet + at + 1, prefix, length) != 0)
		return -1;
	memcpy(digits, packet + at + 1 + length, count);
	digits[count] = '\0';
	return strspn(digits, "0123456789") == count ? strtol(digits, NULL, 10)
						     : -1;
}

/* A domain of a survey, or a host of such. */
static void
find_surveyed(
    const uint8_t *packet, const struct question *q, struct rdata *out)
{
	static const char *const host[] = {"mta-sts"}, *const mx[] = {"mx"},
				 *const txt[] = {"_mta-sts"},
				 *const reports[] = {"_smtp", "_tls"},
				 *const tlsa[] = {"_25", "_tcp", "mx"};
	long domain = number_of(packet, q, "at-");
	long mail = number_of(packet, q, "h");
	char name[16];
	int length;

	if (domain >= 0 && q->type == TYPE_MX && q->labels == 2) {
		length = snprintf(name, sizeof(name), "h%ld", domain % HOSTS);
		put_rdata(out, "\0\12\2mx", 5);
		put_rdata(out, (uint8_t[]){(uint8_t)length}, 1);
		put_rdata(out, name, (size_t)length);
		put_rdata(
		    out, (uint8_t[]){0xc0, (uint8_t)q->at[q->labels - 1]}, 2);
	} else if (domain >= 0 && domain % STS_EACH == 0 &&
		   q->type == TYPE_TXT && is_below(packet, q, txt, 1)) {
		put_rdata(out, "\16v=STSv1; id=1;", 15);
	} else if (domain >= 0 && domain % REPORTS_EACH == 0 &&
		   q->type == TYPE_TXT && is_below(packet, q, reports, 2)) {
		put_rdata(out, "\43v=TLSRPTv1; rua=mailto:r@mx.example", 36);
	} else if (domain >= 0 && q->type == TYPE_A &&
		   is_below(packet, q, host, 1)) {
		put_rdata(out, "\x7f\x53\0\1", 4);
	} else if (mail >= 0 && q->type == TYPE_A &&
		   is_below(packet, q, mx, 1)) {
		put_rdata(out, (uint8_t[]){127, 82, (uint8_t)mail, 1}, 4);
	} else if (mail >= 0 && mail % SIGNED_EACH == 0 &&
		   q->type == TYPE_TLSA && is_below(packet, q, tlsa, 3)) {
		put_rdata(out, "\3\1\1", 3);
		memset(out->octets + 3, 'd', 32);
		out->length += 32;
	}
}

static bool
is_surveyed(const uint8_t *packet, const struct question *q)
{
	return number_of(packet, q, "at-") >= 0 ||
	       number_of(packet, q, "h") >= 0;
}

/* The number is that of the domain or of the host, and never both. */
static bool
is_signed(const uint8_t *packet, const struct question *q)
{
	long domain = number_of(packet, q, "at-");
	long mail = number_of(packet, q, "h");

	return q->labels < 2 || is_kind(packet, q, "dane") ||
	       (domain >= 0 && domain % SIGNED_EACH == 0) ||
	       (mail >= 0 && mail % SIGNED_EACH == 0);
}

/* RDATA of the only record; none if there is none. */
static void
find_rdata(const uint8_t *packet, const struct question *q, struct rdata *out)
{
	static const char *const mx[] = {"mx"}, *const host[] = {"mta-sts"},
				 *const txt[] = {"_mta-sts"},
				 *const tlsa[] = {"_25", "_tcp", "mx"};
	static const uint8_t key[] = {1, 1, 3, 13, 'k'};

	out->length = 0;
	if (q->labels == 0 && q->type == TYPE_DNSKEY) {
		put_rdata(out, key, sizeof(key));
	} else if (q->labels < 2) {
		return;
	} else if (is_surveyed(packet, q)) {
		find_surveyed(packet, q, out);
	} else if (q->type == TYPE_MX && q->labels == 2) {
		put_rdata(out, "\0\12\2mx\xc0\14", 7);
	} else if (q->type == TYPE_A && is_below(packet, q, mx, 1)) {
		put_rdata(out, "\x7f\x51\0\1", 4);
	} else if (q->type == TYPE_TLSA && is_kind(packet, q, "dane") &&
		   is_below(packet, q, tlsa, 3)) {
		put_rdata(out, "\3\1\1", 3);
		memset(out->octets + 3, 'd', 32);
		out->length += 32;
	} else if (q->type == TYPE_TXT && is_kind(packet, q, "sts") &&
		   is_below(packet, q, txt, 1)) {
		put_rdata(out, "\16v=STSv1; id=1;", 15);
	} else if (q->type == TYPE_A && is_kind(packet, q, "sts") &&
		   is_below(packet, q, host, 1)) {
		put_rdata(out, "\x7f\x53\0\1", 4);
	}
}

static size_t
put_record(uint8_t *packet, size_t at, size_t name, unsigned type,
    const void *octets, size_t length)
{
	const uint8_t head[] = {(uint8_t)(0xc0 | name >> 8), (uint8_t)name, 0,
	    (uint8_t)type, 0, 1, 0, 0, TTL_S >> 8, TTL_S & 0xff,
	    (uint8_t)(length >> 8), (uint8_t)length};

	memcpy(packet + at, head, sizeof(head));
	memcpy(packet + at + sizeof(head), octets, length);
	return at + sizeof(head) + length;
}

/* How long the answer is; 0: there is none. */
static size_t
make_answer(uint8_t *packet, size_t size)
{
	static const uint8_t soa[] = {0, 0, 0, 0, 0, 1, 0, 0, 14, 16, 0, 0, 2,
	    88, 0, 1, 81, 128, 0, 0, 14, 16};
	struct question q;
	struct rdata rdata;
	bool secure;

	if (size < HEAD || !read_question(packet, size, &q) ||
	    is_kind(packet, &q, "mute"))
		return 0;
	find_rdata(packet, &q, &rdata);
	secure = is_signed(packet, &q);
	packet[2] = (uint8_t)(packet[2] | QR);
	packet[3] = (uint8_t)(RA | (secure ? AD : 0));
	memset(packet + 6, 0, 6);
	if (q.labels > 0 && !is_label(packet, q.at[q.labels - 1], "example")) {
		packet[3] |= SERVFAIL; /* as what must not validate */
		return q.end;
	}
	packet[rdata.length > 0 ? 7 : 9] = 1;
	if (rdata.length > 0)
		return put_record(
		    packet, q.end, HEAD, q.type, rdata.octets, rdata.length);
	return put_record(packet, q.end,
	    q.labels == 0 ? HEAD : q.at[q.labels - 1], TYPE_SOA, soa,
	    sizeof(soa));
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), room = ROOM;

	if (argc != 2 || inet_pton(AF_INET, argv[1], &at.sin_addr) != 1)
		errx(64, "usage: names ADDRESS");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		err(1, "%s", argv[1]);
	for (;;) {
		uint8_t packet[PACKET + 256];
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		ssize_t got = recvfrom(
		    fd, packet, PACKET, 0, (struct sockaddr *)&from, &length);
		size_t size = got < 0 ? 0 : make_answer(packet, (size_t)got);

		if (size > 0)
			sendto(fd, packet, size, 0, (struct sockaddr *)&from,
			    length);
	}
}
