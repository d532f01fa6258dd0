/* shared_value - what stands in a store that several hosts share: signed with
 * a key that the store does not have.  Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_SHARED_VALUE_H
#define COMMON_PROTO_SHARED_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/limits.h"

/* What is wrong with a value; the store, and whoever can write to it, may lie.
 */
enum shared_fault {
	SHARED_FAULT_MAC,      /* nobody with the key has written it */
	SHARED_FAULT_KEY,      /* it is another's than it was asked for */
	SHARED_FAULT_SYNTAX,   /* it is none, or of another version */
	SHARED_FAULT_TIME,     /* it is over, or of a time to come */
	SHARED_FAULT_SIZE,     /* it is larger than any */
	SHARED_FAULT_CONFLICT, /* a newer one of another kind is there */
	SHARED_NO_FAULT,
};
enum { SHARED_FAULTS = SHARED_NO_FAULT };

/* shared_fault_word - "mac", "key" and so on, a constant */
const char *shared_fault_word(enum shared_fault fault);

enum {
	SHARED_SECRET_OCTETS = 32,
	SHARED_KEY_ID_SIZE = 9, /* hex digits, and a NUL */
};

struct shared_key {
	uint8_t secret[SHARED_SECRET_OCTETS];
	char id[SHARED_KEY_ID_SIZE];
};

/* The first signs; all of them verify, so that keys can be changed one host
 * after the other. */
struct shared_keys {
	size_t count; /* 1 or more */
	struct shared_key keys[LIMIT_SHARED_KEYS];
};

/*
 * shared_keys_parse - read lines of 64 hex digits; empty ones and those that
 * begin with "#" are passed over
 *
 * DATA with the number of the line; nothing of the text stands in the error.
 */
int
shared_keys_parse(struct shared_keys *keys, const char *text, struct err *err);

/*
 * shared_value_sign - "1.", the key's id, ".", the MAC, "." and payload, for
 * free()
 *
 * name is where the value will stand: it is signed with it, so that no value
 * can be moved to another place.
 */
char *shared_value_sign(
    const struct shared_keys *keys, const char *name, const char *payload);

/*
 * shared_value_verify - the payload in value, borrowed, of *size octets
 *
 * NULL with *fault: SYNTAX, SIZE or MAC.
 */
const char *
shared_value_verify(const struct shared_keys *keys, const char *name,
    const char *value, size_t length, size_t *size, enum shared_fault *fault);

enum {
	SHARED_DIGEST_SIZE = 33, /* hex digits, and a NUL */
};

/* shared_digest - 32 hex digits of SHA-256 over the texts, each with its
 * length, so that no two lists of texts are the same octets */
void shared_digest(
    const char *const *texts, size_t count, char out[SHARED_DIGEST_SIZE]);

#endif
