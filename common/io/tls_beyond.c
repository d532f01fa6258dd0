/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/tls_beyond.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/wire.h"
#include "common/base/xalloc.h"

/*
 * How it works: a host that takes only suites that GnuTLS does not have ends
 * our handshake, though an MTA with OpenSSL would have gone on.
 *
 * - tls_beyond_hello writes a ClientHello with just those suites.
 * - tls_beyond_feed takes the answer apart octet by octet: take_head collects
 *   the head of a record, take_fragment gives what is in it to the message.
 * - end_message reads a message that is whole: first the ServerHello, which
 *   must choose one of the suites, then the Certificate, which tls_watch reads.
 *
 * The connection ends there.  The session cannot be finished, so all that it
 * can show is which chain the host presents.
 */

enum {
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_MOST = 16384, /* octets of a fragment, RFC 5246 section 6.2.1 */
	MESSAGE_HEAD = 4,
	SERVER_HELLO = 2,
	CERTIFICATE = 11,
	ALERT_SIZE = 2,
	MOST_WARNINGS = 5, /* as OpenSSL has it */
	VERSION_TLS12 = 0x0303,
	RANDOM_SIZE = 32,
	RENEGOTIATION_INFO = 0xff01,
	SIGNAL_SIZE = 8, /* of a server that has a later version */

	/* Where the ClientHello has its counts */
	AT_RECORD_SIZE = 3,
	AT_MESSAGE_SIZE = 7,
	AT_RANDOM = 11,
};

/* In OpenSSL's order; t/scenario/probe.py compares it as captured. */
static const uint16_t suites_3_0[] = {
    0x00a3, /* DHE-DSS-AES256-GCM-SHA384 */
    0xc05d, /* ECDHE-ECDSA-ARIA256-GCM-SHA384 */
    0xc061, /* ECDHE-ARIA256-GCM-SHA384 */
    0xc057, /* DHE-DSS-ARIA256-GCM-SHA384 */
    0xc053, /* DHE-RSA-ARIA256-GCM-SHA384 */
    0x006a, /* DHE-DSS-AES256-SHA256 */
    0x00c3, /* DHE-DSS-CAMELLIA256-SHA256 */
    0x0038, /* DHE-DSS-AES256-SHA */
    0x0087, /* DHE-DSS-CAMELLIA256-SHA */
    0xc051, /* ARIA256-GCM-SHA384 */
    0x00a2, /* DHE-DSS-AES128-GCM-SHA256 */
    0xc05c, /* ECDHE-ECDSA-ARIA128-GCM-SHA256 */
    0xc060, /* ECDHE-ARIA128-GCM-SHA256 */
    0xc056, /* DHE-DSS-ARIA128-GCM-SHA256 */
    0xc052, /* DHE-RSA-ARIA128-GCM-SHA256 */
    0x0040, /* DHE-DSS-AES128-SHA256 */
    0x00bd, /* DHE-DSS-CAMELLIA128-SHA256 */
    0x0032, /* DHE-DSS-AES128-SHA */
    0x0044, /* DHE-DSS-CAMELLIA128-SHA */
    0xc050, /* ARIA128-GCM-SHA256 */
};

/* Postfix 3.10 leaves DSS out. */
static const uint16_t suites_3_5[] = {
    0xc05d, /* ECDHE-ECDSA-ARIA256-GCM-SHA384 */
    0xc061, /* ECDHE-ARIA256-GCM-SHA384 */
    0xc053, /* DHE-RSA-ARIA256-GCM-SHA384 */
    0xc051, /* ARIA256-GCM-SHA384 */
    0xc05c, /* ECDHE-ECDSA-ARIA128-GCM-SHA256 */
    0xc060, /* ECDHE-ARIA128-GCM-SHA256 */
    0xc052, /* DHE-RSA-ARIA128-GCM-SHA256 */
    0xc050, /* ARIA128-GCM-SHA256 */
};

#define POINT_FORMATS 0x000b, 0x0004, 0x0300, 0x0102
#define ENCRYPT_THEN_MAC 0x0016, 0x0000
#define EXTENDED_MASTER_SECRET 0x0017, 0x0000
#define EDDSA 0x0807, 0x0808
#define RSA_PSS 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806
#define RSA 0x0401, 0x0501, 0x0601
#define SHA224 0x0303, 0x0301, 0x0302
#define DSA 0x0402, 0x0502, 0x0602

/* All that follow the name, each with its size; all of it is in twos. */
static const uint16_t extensions_3_0[] = {
    POINT_FORMATS,

    0x000a,
    0x000c,
    0x000a, /* groups: X25519, X448, P-256, P-521, P-384 */
    0x001d,
    0x001e,
    0x0017,
    0x0019,
    0x0018,

    ENCRYPT_THEN_MAC,
    EXTENDED_MASTER_SECRET,

    0x000d,
    0x002a,
    0x0028, /* signatures: */
    0x0403,
    0x0503,
    0x0603, /* ECDSA */
    EDDSA,
    RSA_PSS,
    RSA,
    SHA224,
    DSA,
};

static const uint16_t extensions_3_5[] = {
    POINT_FORMATS,

    0x000a,
    0x0010,
    0x000e, /* groups: the curves, FFDHE of 2048 and 3072 */
    0x001d,
    0x001e,
    0x0017,
    0x0018,
    0x0019,
    0x0100,
    0x0101,

    ENCRYPT_THEN_MAC,
    EXTENDED_MASTER_SECRET,

    0x000d,
    0x0036,
    0x0034, /* signatures: */
    0x0905,
    0x0906,
    0x0904, /* ML-DSA */
    0x0403,
    0x0503,
    0x0603, /* ECDSA */
    EDDSA,
    0x081a,
    0x081b,
    0x081c, /* ECDSA on Brainpool's curves */
    RSA_PSS,
    RSA,
    SHA224,
    DSA,
};

#define SIZED(array) (array), sizeof(array) / sizeof(*(array))

static const struct offer {
	const uint16_t *suites;
	size_t suite_count;
	const uint16_t *extensions;
	size_t extension_numbers;
	bool has_signal; /* RFC 5746 section 3.3: a suite, not an extension */
} offers[] = {
    [TLS_OFFER_3_0] = {SIZED(suites_3_0), SIZED(extensions_3_0), true},
    [TLS_OFFER_3_5] = {SIZED(suites_3_5), SIZED(extensions_3_5), false},
};

void
tls_beyond_init(struct tls_beyond *beyond, enum tls_offer offer)
{
	*beyond = (struct tls_beyond){.state = TLS_BEYOND_MORE, .offer = offer};
	beyond->message = xcalloc(1, MESSAGE_HEAD + LIMIT_TLS_CERTIFICATE);
}

void
tls_beyond_fini(struct tls_beyond *beyond)
{
	tls_watch_fini(&beyond->watch);
	free(beyond->message);
}

static uint8_t *
put_u16(uint8_t *at, size_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
	return at + 2;
}

/* RFC 6066 section 3. */
static uint8_t *
put_name(uint8_t *at, const char *sni)
{
	size_t length = strlen(sni);

	if (length == 0)
		return at;
	at = put_u16(at, 0);
	at = put_u16(at, length + 5);
	at = put_u16(at, length + 3);
	*at++ = 0; /* a host name */
	at = put_u16(at, length);
	memcpy(at, sni, length);
	return at + length;
}

static uint8_t *
put_numbers(uint8_t *at, const uint16_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		at = put_u16(at, numbers[i]);
	return at;
}

static uint8_t *
put_suites(uint8_t *at, const struct offer *offer)
{
	size_t count = offer->suite_count + (offer->has_signal ? 1 : 0);

	at = put_u16(at, 2 * count);
	at = put_numbers(at, offer->suites, offer->suite_count);
	return offer->has_signal ? put_u16(at, 0x00ff) : at;
}

/* RFC 5746 section 3.2, of a first handshake. */
static uint8_t *
put_renegotiation_info(uint8_t *at)
{
	at = put_u16(at, RENEGOTIATION_INFO);
	at = put_u16(at, 1);
	*at++ = 0;
	return at;
}

size_t
tls_beyond_hello(
    uint8_t hello[TLS_BEYOND_HELLO_SIZE], enum tls_offer offer, const char *sni)
{
	static const uint8_t head[AT_RANDOM] = {
	    RECORD_HANDSHAKE, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3};
	static const uint8_t no_compression[] = {1, 0};
	uint8_t *at = hello + AT_RANDOM;
	uint8_t *counted;

	assert(strlen(sni) <= LIMIT_DOMAIN);
	memcpy(hello, head, sizeof(head));
	if (getrandom(at, RANDOM_SIZE, 0) != RANDOM_SIZE)
		return 0;
	at += RANDOM_SIZE;
	*at++ = 0; /* no session to resume */
	at = put_suites(at, &offers[offer]);
	memcpy(at, no_compression, sizeof(no_compression));
	counted = at + sizeof(no_compression);
	at = counted + 2;
	if (!offers[offer].has_signal)
		at = put_renegotiation_info(at);
	at = put_name(at, sni);
	at = put_numbers(
	    at, offers[offer].extensions, offers[offer].extension_numbers);
	assert(at <= hello + TLS_BEYOND_HELLO_SIZE);
	put_u16(counted, (size_t)(at - counted) - 2);
	put_u16(
	    hello + AT_RECORD_SIZE, (size_t)(at - hello) - AT_RECORD_SIZE - 2);
	put_u16(hello + AT_MESSAGE_SIZE,
	    (size_t)(at - hello) - AT_MESSAGE_SIZE - 2);
	return (size_t)(at - hello);
}

static enum tls_beyond_state
settle_state(struct tls_beyond *beyond, enum tls_beyond_state state)
{
	beyond->state = state;
	return state;
}

static bool
is_ours(const struct tls_beyond *beyond)
{
	const struct offer *offer = &offers[beyond->offer];

	for (size_t i = 0; i < offer->suite_count; i++)
		if (offer->suites[i] == beyond->suite)
			return true;
	return false;
}

/* Of a first handshake: the extension with an empty list. */
static bool
has_renegotiation_info(struct wire *wire)
{
	bool found = false;

	if (wire_u16(wire) != wire->left)
		return false;
	while (wire->left > 0 && !wire->bad) {
		uint16_t kind = wire_u16(wire);
		uint16_t size = wire_u16(wire);
		const uint8_t *data = wire_take(wire, size);

		if (kind == RENEGOTIATION_INFO && data != NULL)
			found = size == 1 && data[0] == 0;
	}
	return found && !wire->bad;
}

static bool
has_later_version(const uint8_t *random)
{
	static const char signal[SIGNAL_SIZE] = "DOWNGRD\1";

	return random != NULL && memcmp(random + RANDOM_SIZE - SIGNAL_SIZE,
				     signal, SIGNAL_SIZE) == 0;
}

static enum tls_beyond_state
read_server_hello(struct tls_beyond *beyond, struct wire *wire)
{
	uint16_t version = wire_u16(wire);
	const uint8_t *random = wire_take(wire, RANDOM_SIZE);
	bool compressed;

	wire_take(wire, wire_u8(wire)); /* the session's name */
	beyond->suite = wire_u16(wire);
	compressed = wire_u8(wire) != 0;
	if (version != VERSION_TLS12 || has_later_version(random) ||
	    !is_ours(beyond) || compressed || !has_renegotiation_info(wire))
		return settle_state(beyond, TLS_BEYOND_NOTHING);
	return TLS_BEYOND_MORE;
}

static enum tls_beyond_state
end_message(struct tls_beyond *beyond)
{
	const uint8_t *body = beyond->message + MESSAGE_HEAD;
	size_t size = beyond->size - MESSAGE_HEAD;
	uint8_t type = beyond->message[0];
	struct wire wire;

	beyond->size = 0;
	if (beyond->suite == 0 && type == SERVER_HELLO) {
		wire_init(&wire, body, size);
		return read_server_hello(beyond, &wire);
	}
	if (beyond->suite != 0 && type == CERTIFICATE &&
	    tls_watch_read(&beyond->watch, body, size, false))
		return settle_state(beyond, TLS_BEYOND_CHAIN);
	return settle_state(beyond, TLS_BEYOND_NOTHING);
}

/* How long the message is, as far as that is known. */
static size_t
size_message(const struct tls_beyond *beyond)
{
	const uint8_t *head = beyond->message;

	if (beyond->size < MESSAGE_HEAD)
		return MESSAGE_HEAD;
	return MESSAGE_HEAD +
	       ((size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3]);
}

static enum tls_beyond_state
add_to_message(struct tls_beyond *beyond, const uint8_t *octets, size_t size)
{
	while (size > 0 && beyond->state == TLS_BEYOND_MORE) {
		size_t part = size_message(beyond) - beyond->size;

		if (part > size)
			part = size;
		memcpy(beyond->message + beyond->size, octets, part);
		beyond->size += part;
		octets += part;
		size -= part;
		if (size_message(beyond) > MESSAGE_HEAD + LIMIT_TLS_CERTIFICATE)
			return settle_state(beyond, TLS_BEYOND_NOTHING);
		if (beyond->size == size_message(beyond))
			end_message(beyond);
	}
	return beyond->state;
}

/* A fatal alert need not be told from a warning: the end of the connection
 * follows it. */
static bool
can_have_record(struct tls_beyond *beyond, uint8_t type, size_t size)
{
	switch (type) {
	case RECORD_HANDSHAKE:
		return size > 0 && size <= RECORD_MOST;
	case RECORD_ALERT:
		return size == ALERT_SIZE &&
		       beyond->warnings++ < MOST_WARNINGS && beyond->size == 0;
	default:
		return false;
	}
}

static size_t
take_head(struct tls_beyond *beyond, const uint8_t *octets, size_t size)
{
	uint8_t *head = beyond->head;
	size_t part = sizeof(beyond->head) - beyond->head_size;

	if (part > size)
		part = size;
	memcpy(head + beyond->head_size, octets, part);
	beyond->head_size += part;
	if (beyond->head_size < sizeof(beyond->head))
		return part;
	beyond->record_left = (size_t)head[3] << 8 | head[4];
	if (head[1] != 3 ||
	    !can_have_record(beyond, head[0], beyond->record_left))
		settle_state(beyond, TLS_BEYOND_NOTHING);
	return part;
}

static size_t
take_fragment(struct tls_beyond *beyond, const uint8_t *octets, size_t size)
{
	size_t part = beyond->record_left < size ? beyond->record_left : size;

	if (beyond->head[0] == RECORD_HANDSHAKE)
		add_to_message(beyond, octets, part);
	beyond->record_left -= part;
	if (beyond->record_left == 0)
		beyond->head_size = 0;
	return part;
}

enum tls_beyond_state
tls_beyond_feed(struct tls_beyond *beyond, const void *octets, size_t size)
{
	const uint8_t *at = octets;

	while (size > 0 && beyond->state == TLS_BEYOND_MORE) {
		size_t part = beyond->head_size < sizeof(beyond->head)
				  ? take_head(beyond, at, size)
				  : take_fragment(beyond, at, size);

		at += part;
		size -= part;
	}
	return beyond->state;
}
