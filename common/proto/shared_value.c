/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/shared_value.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "common/base/base64.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

#define FORM "1."
/* What else may be signed with the same key is no value of ours. */
static const char purpose[] = "postern-shared-1";

enum {
	KEY_DIGITS = 2 * SHARED_SECRET_OCTETS,
	MAC_OCTETS = 32,
	MAC_LETTERS = 43, /* of base64 without its padding */
	MAC_SIZE = MAC_LETTERS + 1,
	FORM_LENGTH = sizeof(FORM) - 1,
	ID_LENGTH = SHARED_KEY_ID_SIZE - 1,

	/* "1.", id, ".", MAC, "." */
	HEAD_LENGTH = FORM_LENGTH + ID_LENGTH + 1 + MAC_LETTERS + 1,
};

const char *
shared_fault_word(enum shared_fault fault)
{
	switch (fault) {
	case SHARED_FAULT_MAC:
		return "mac";
	case SHARED_FAULT_KEY:
		return "key";
	case SHARED_FAULT_SYNTAX:
		return "syntax";
	case SHARED_FAULT_TIME:
		return "time";
	case SHARED_FAULT_SIZE:
		return "size";
	case SHARED_FAULT_CONFLICT:
		return "conflict";
	case SHARED_NO_FAULT:
		break;
	}
	return "none";
}

static void
hash_octets(const void *data, size_t size, uint8_t out[MAC_OCTETS])
{
	int rc = gnutls_hash_fast(GNUTLS_DIG_SHA256, data, size, out);

	assert(rc == 0); /* SHA-256 is never missing */
}

static int
read_key_line(struct shared_key *key, const char *line)
{
	uint8_t digest[MAC_OCTETS];

	if (strlen(line) != KEY_DIGITS ||
	    text_unhex(key->secret, sizeof(key->secret), line) !=
		SHARED_SECRET_OCTETS)
		return -1;
	hash_octets(key->secret, sizeof(key->secret), digest);
	text_hex(key->id, sizeof(key->id), digest, sizeof(digest));
	return 0;
}

static int
take_key_line(
    struct shared_keys *keys, char *line, unsigned number, struct err *err)
{
	char *digits = text_trim(line);

	if (digits[0] == '\0' || digits[0] == '#')
		return 0;
	if (keys->count == LIMIT_SHARED_KEYS)
		return err_set(err, ERR_DATA, "line %u: more than %d keys",
		    number, LIMIT_SHARED_KEYS);
	if (read_key_line(&keys->keys[keys->count], digits) != 0)
		return err_set(err, ERR_DATA, "line %u: not %d hex digits",
		    number, KEY_DIGITS);
	keys->count++;
	return 0;
}

int
shared_keys_parse(struct shared_keys *keys, const char *text, struct err *err)
{
	unsigned number = 0;

	keys->count = 0;
	while (*text != '\0') {
		char line[LIMIT_CONF_LINE];
		size_t length = strcspn(text, "\n");

		number++;
		if (length >= sizeof(line))
			return err_set(
			    err, ERR_DATA, "line %u: too long", number);
		memcpy(line, text, length);
		line[length] = '\0';
		if (take_key_line(keys, line, number, err) != 0)
			return -1;
		text += length + (text[length] == '\n');
	}
	return keys->count > 0 ? 0 : err_set(err, ERR_DATA, "no key");
}

/* base64url, RFC 4648 section 5, without padding */
static void
print_mac(const uint8_t mac[MAC_OCTETS], char out[MAC_SIZE])
{
	char *text = base64_encode(mac, MAC_OCTETS);

	for (char *c = text; *c != '\0'; c++) {
		if (*c == '+')
			*c = '-';
		if (*c == '/')
			*c = '_';
	}
	text_copy(out, MAC_SIZE, text); /* which cuts the padding */
	free(text);
}

static void
make_mac(const struct shared_key *key, const char *name, const char *payload,
    size_t size, char out[MAC_SIZE])
{
	uint8_t mac[MAC_OCTETS];
	gnutls_hmac_hd_t hmac;
	int rc = gnutls_hmac_init(
	    &hmac, GNUTLS_MAC_SHA256, key->secret, sizeof(key->secret));

	assert(rc == 0);
	/* each with its NUL, which no part has within */
	gnutls_hmac(hmac, purpose, sizeof(purpose));
	gnutls_hmac(hmac, name, strlen(name) + 1);
	gnutls_hmac(hmac, payload, size);
	gnutls_hmac_deinit(hmac, mac);
	print_mac(mac, out);
}

char *
shared_value_sign(
    const struct shared_keys *keys, const char *name, const char *payload)
{
	size_t length = strlen(payload), size = HEAD_LENGTH + length + 1;
	char mac[MAC_SIZE], *value = xmalloc(size);

	assert(keys->count > 0);
	make_mac(&keys->keys[0], name, payload, length, mac);
	snprintf(value, size, FORM "%s.%s.%s", keys->keys[0].id, mac, payload);
	return value;
}

static const struct shared_key *
find_shared_key(const struct shared_keys *keys, const char *id)
{
	for (size_t i = 0; i < keys->count; i++)
		if (memcmp(keys->keys[i].id, id, ID_LENGTH) == 0)
			return &keys->keys[i];
	return NULL;
}

/* Whether the fixed part has its form. */
static bool
has_head(const char *value)
{
	const char *id = value + FORM_LENGTH, *mac = id + ID_LENGTH + 1;

	return memcmp(value, FORM, FORM_LENGTH) == 0 && mac[-1] == '.' &&
	       mac[MAC_LETTERS] == '.';
}

const char *
shared_value_verify(const struct shared_keys *keys, const char *name,
    const char *value, size_t length, size_t *size, enum shared_fault *fault)
{
	const char *payload = value + HEAD_LENGTH;
	const struct shared_key *key;
	char mac[MAC_SIZE];

	*fault = SHARED_FAULT_SIZE;
	if (length > LIMIT_SHARED_VALUE)
		return NULL;
	*fault = SHARED_FAULT_SYNTAX;
	if (length < HEAD_LENGTH || !has_head(value))
		return NULL;
	*fault = SHARED_FAULT_MAC;
	key = find_shared_key(keys, value + FORM_LENGTH);
	if (key == NULL)
		return NULL;
	make_mac(key, name, payload, length - HEAD_LENGTH, mac);
	if (gnutls_memcmp(mac, payload - 1 - MAC_LETTERS, MAC_LETTERS) != 0)
		return NULL;
	*fault = SHARED_NO_FAULT;
	*size = length - HEAD_LENGTH;
	return payload;
}

void
shared_digest(
    const char *const *texts, size_t count, char out[SHARED_DIGEST_SIZE])
{
	uint8_t digest[MAC_OCTETS];
	gnutls_hash_hd_t hash;
	int rc = gnutls_hash_init(&hash, GNUTLS_DIG_SHA256);

	assert(rc == 0);
	for (size_t i = 0; i < count; i++) {
		uint32_t length = (uint32_t)strlen(texts[i]);
		uint8_t head[] = {(uint8_t)(length >> 24),
		    (uint8_t)(length >> 16), (uint8_t)(length >> 8),
		    (uint8_t)length};

		gnutls_hash(hash, head, sizeof(head));
		gnutls_hash(hash, texts[i], length);
	}
	gnutls_hash_deinit(hash, digest);
	text_hex(out, SHARED_DIGEST_SIZE, digest, sizeof(digest));
}
