/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/costly.h"

#include <assert.h>
#include <string.h>

#include "common/base/xalloc.h"

enum {
	MOST = 64 * 1024,
	RECORD = 16 * 1024, /* RFC 5246 section 6.2.1 */
	SERVER_HELLO = 2,
	CERTIFICATE = 11,
	SERVER_KEY_EXCHANGE = 12,
};

struct octets {
	size_t size;
	uint8_t data[MOST];
};

static const uint8_t hello[] = {3, 3, 'r', 'a', 'n', 'd', 'o', 'm', 'r', 'a',
    'n', 'd', 'o', 'm', 'r', 'a', 'n', 'd', 'o', 'm', 'r', 'a', 'n', 'd', 'o',
    'm', 'r', 'a', 'n', 'd', 'o', 'm', 'r', 'a', 0, 0xc0, 0x2f, 0, 0, 5, 0xff,
    1, 0, 1, 0};
static const uint8_t version_3[] = {0xa0, 3, 2, 1, 2};
static const uint8_t serial[] = {2, 1, 1};
static const uint8_t sha256_rsa[] = {
    0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 11, 5, 0};
static const uint8_t plain_rsa[] = {
    0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0};
static const uint8_t no_name[] = {0x30, 0};
static const char dates[] = "\x30\x1e\x17\x0d"
			    "200101000000Z\x17\x0d"
			    "490101000000Z";
static const uint8_t x25519[] = {3, 0, 29, 32};
static const uint8_t rsa_sha256[] = {4, 1};

static void
add(struct octets *to, const void *data, size_t size)
{
	assert(to->size + size <= MOST);
	memcpy(to->data + to->size, data, size);
	to->size += size;
}

static void
add_number(struct octets *to, size_t number, unsigned width)
{
	while (width-- > 0) {
		uint8_t octet = (uint8_t)(number >> 8 * width);

		add(to, &octet, 1);
	}
}

/* Puts what is behind start into an element of that tag. */
static void
wrap(struct octets *in, size_t start, uint8_t tag)
{
	size_t size = in->size - start;
	struct octets *inner = xmalloc(sizeof(*inner));

	inner->size = 0;
	add(inner, in->data + start, size);
	in->size = start;
	add(in, &tag, 1);
	add_number(in, 0x83, 1);
	add_number(in, size, 3);
	add(in, inner->data, size);
	free(inner);
}

static void
add_odd(struct octets *to, unsigned bits)
{
	size_t start = to->size;

	add_number(to, 0, 1);
	for (unsigned i = 0; i < bits / 8; i++)
		add_number(to, 0xc1, 1);
	wrap(to, start, 2);
}

static void
add_spki(struct octets *to, unsigned bits)
{
	size_t start = to->size, string, key;

	add(to, plain_rsa, sizeof(plain_rsa));
	string = to->size;
	add_number(to, 0, 1);
	key = to->size;
	add_odd(to, bits);
	add_odd(to, bits);
	wrap(to, key, 0x30);
	wrap(to, string, 3);
	wrap(to, start, 0x30);
}

static void
add_certificate(struct octets *to, unsigned bits)
{
	size_t start = to->size;

	add(to, version_3, sizeof(version_3));
	add(to, serial, sizeof(serial));
	add(to, sha256_rsa, sizeof(sha256_rsa));
	add(to, no_name, sizeof(no_name));
	add(to, dates, sizeof(dates) - 1);
	add(to, no_name, sizeof(no_name));
	add_spki(to, bits);
	wrap(to, start, 0x30);
	add(to, sha256_rsa, sizeof(sha256_rsa));
	add(to, "\3\3\0\1\1", 5);
	wrap(to, start, 0x30);
}

static void
add_message(struct octets *to, uint8_t type, const void *data, size_t size)
{
	add(to, &type, 1);
	add_number(to, size, 3);
	add(to, data, size);
}

static void
add_chain(struct octets *to, unsigned bits)
{
	struct octets *certificate = xcalloc(1, sizeof(*certificate));
	struct octets *list = xcalloc(1, sizeof(*list));

	add_certificate(certificate, bits);
	add_number(list, certificate->size + 3, 3);
	add_number(list, certificate->size, 3);
	add(list, certificate->data, certificate->size);
	add_message(to, CERTIFICATE, list->data, list->size);
	free(certificate);
	free(list);
}

static void
add_exchange(struct octets *to, unsigned bits)
{
	struct octets *exchange = xcalloc(1, sizeof(*exchange));

	add(exchange, x25519, sizeof(x25519));
	for (unsigned i = 1; i <= 32; i++)
		add_number(exchange, i, 1);
	add(exchange, rsa_sha256, sizeof(rsa_sha256));
	add_number(exchange, bits / 8, 2);
	for (unsigned i = 0; i < bits / 8; i++)
		add_number(exchange, 0x51, 1);
	add_message(to, SERVER_KEY_EXCHANGE, exchange->data, exchange->size);
	free(exchange);
}

uint8_t *
costly_flight(unsigned bits, size_t *size)
{
	struct octets *messages = xcalloc(1, sizeof(*messages));
	struct octets *records = xcalloc(1, sizeof(*records));
	uint8_t *flight;

	add_message(messages, SERVER_HELLO, hello, sizeof(hello));
	add_chain(messages, bits);
	add_exchange(messages, bits);
	for (size_t at = 0, part; at < messages->size; at += part) {
		part =
		    messages->size - at < RECORD ? messages->size - at : RECORD;
		add(records, "\x16\3\3", 3);
		add_number(records, part, 2);
		add(records, messages->data + at, part);
	}
	*size = records->size;
	flight = xmemdup(records->data, records->size);
	free(messages);
	free(records);
	return flight;
}
