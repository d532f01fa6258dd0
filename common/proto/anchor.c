/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/anchor.h"

#include <string.h>
#include <strings.h>

#include "common/base/text.h"

enum {
	DNSKEY_HEAD = 4,  /* flags, protocol, algorithm */
	FLAGS_SEP = 0x01, /* in the second octet of the flags */
	FLAGS_REVOKE = 0x80,
	WORD_SIZE = 16,
};

bool
anchor_is_entry(const uint8_t *dnskey, size_t size)
{
	return size > DNSKEY_HEAD && (dnskey[1] & FLAGS_SEP) != 0 &&
	       (dnskey[1] & FLAGS_REVOKE) == 0;
}

uint16_t
anchor_key_tag(const uint8_t *dnskey, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += i % 2 == 0 ? (uint32_t)dnskey[i] << 8 : dnskey[i];
	return (uint16_t)(sum + (sum >> 16 & 0xffff));
}

/* Where a line goes on: without comments and parentheses it is words. */
struct reader {
	const char *at;
	int depth;
};

static void
skip_zone_comment(struct reader *reader)
{
	reader->at += strcspn(reader->at, "\n");
}

/* To the next word of the record, or to its end: false. */
static bool
seek_word(struct reader *reader)
{
	for (;; reader->at++) {
		switch (*reader->at) {
		case ';':
			skip_zone_comment(reader);
			reader->at--;
			break;
		case '(':
			reader->depth++;
			break;
		case ')':
			reader->depth--;
			break;
		case '\n':
			if (reader->depth <= 0)
				return false;
			break;
		case ' ':
		case '\t':
		case '\r':
			break;
		default:
			return *reader->at != '\0';
		}
	}
}

static size_t
word_length(const struct reader *reader)
{
	return strcspn(reader->at, " \t\r\n;()");
}

/* A short word; longer ones come out empty. */
static bool
read_zone_word(struct reader *reader, char word[WORD_SIZE])
{
	size_t length, kept;

	if (!seek_word(reader))
		return false;
	length = word_length(reader);
	kept = length < WORD_SIZE ? length : 0;
	memcpy(word, reader->at, kept);
	word[kept] = '\0';
	reader->at += length;
	return true;
}

static bool
read_number(struct reader *reader, uint32_t max, uint32_t *out)
{
	char word[WORD_SIZE];

	return read_zone_word(reader, word) && text_uint(word, max, out) == 0;
}

/* The value of a digit of RFC 4648 section 4, or -1. */
static int
base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c == '\0' ? NULL : strchr(digits, c);

	return found == NULL ? -1 : (int)(found - digits);
}

/* Whether the words that are left are these octets in base64. */
static bool
reads_octets(struct reader *reader, const uint8_t *data, size_t size)
{
	uint32_t bits = 0;
	size_t count = 0, left = 0;

	while (seek_word(reader)) {
		int digit = base64_digit(*reader->at);

		reader->at++;
		if (digit < 0)
			continue; /* the padding */
		bits = bits << 6 | (uint32_t)digit;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		if (left >= size || (uint8_t)(bits >> count) != data[left])
			return false;
		left++;
	}
	return left == size;
}

static bool
is_dnskey(struct reader *reader, const uint8_t *dnskey, size_t size)
{
	uint32_t flags, protocol, algorithm;

	return read_number(reader, UINT16_MAX, &flags) &&
	       read_number(reader, UINT8_MAX, &protocol) &&
	       read_number(reader, UINT8_MAX, &algorithm) &&
	       size > DNSKEY_HEAD && protocol == dnskey[2] &&
	       algorithm == dnskey[3] &&
	       reads_octets(reader, dnskey + DNSKEY_HEAD, size - DNSKEY_HEAD);
}

static bool
is_ds(struct reader *reader, const uint8_t *dnskey, size_t size)
{
	uint32_t tag, algorithm;

	return read_number(reader, UINT16_MAX, &tag) &&
	       read_number(reader, UINT8_MAX, &algorithm) &&
	       size > DNSKEY_HEAD && tag == anchor_key_tag(dnskey, size) &&
	       algorithm == dnskey[3];
}

struct anchors {
	size_t count;
	bool has; /* one of them names the key */
};

/* Reads a record to its end. */
static void
read_zone_record(struct reader *reader, const uint8_t *dnskey, size_t size,
    struct anchors *found)
{
	char word[WORD_SIZE];
	size_t before = found->count;

	while (read_zone_word(reader, word)) {
		if (found->count != before)
			continue;
		if (strcasecmp(word, "DS") == 0) {
			found->count++;
			found->has |= is_ds(reader, dnskey, size);
		} else if (strcasecmp(word, "DNSKEY") == 0) {
			found->count++;
			found->has |= is_dnskey(reader, dnskey, size);
		}
	}
}

static struct anchors
read_anchors(const char *text, const uint8_t *dnskey, size_t size)
{
	struct reader reader = {.at = text};
	struct anchors found = {.count = 0};

	while (*reader.at != '\0') {
		read_zone_record(&reader, dnskey, size, &found);
		if (*reader.at == '\n')
			reader.at++;
	}
	return found;
}

size_t
anchor_count(const char *text)
{
	return read_anchors(text, NULL, 0).count;
}

bool
anchor_has(const char *text, const uint8_t *dnskey, size_t size)
{
	return read_anchors(text, dnskey, size).has;
}
