/* resp - the wire format of Valkey and Redis, RESP 2: commands are written,
 * replies read with bounds. One thread an object. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_RESP_H
#define COMMON_PROTO_RESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/own.h"

enum resp_kind {
	RESP_ERROR,
	RESP_NIL,
	RESP_STATUS,
	RESP_INTEGER,
	RESP_TEXT,
	RESP_ARRAY,
};

struct resp {
	enum resp_kind kind;
	int64_t integer;
	char *text; /* of ERROR, STATUS and TEXT: length octets, and a NUL */
	size_t length;
	size_t count; /* of ARRAY */
	struct resp **items;
};

void resp_free(struct resp *reply);
AUTO_DEFINE(resp);

/* resp_is - whether a status or text is word; resp_is_error - whether it is an
 * error that begins with word */
bool resp_is(const struct resp *reply, const char *word);
bool resp_is_error(const struct resp *reply, const char *word);

/* resp_member - the value behind key in an array of keys and values, or NULL */
const struct resp *resp_member(const struct resp *reply, const char *key);

struct resp_reader;
void resp_reader_free(struct resp_reader *reader);
struct resp_reader *resp_reader_new(void) OWNED(resp_reader_free);
AUTO_DEFINE(resp_reader);

/*
 * resp_reader_feed - octets as they come; DATA where more than
 * LIMIT_SHARED_UNREAD of them make no whole reply
 *
 * resp_reader_next - the next reply in *reply, for resp_free: 1; 0 where it is
 * not whole yet; -1 and DATA for what is none: more than LIMIT_SHARED_ITEMS
 * parts, deeper than LIMIT_SHARED_DEPTH, a text of more than
 * LIMIT_SHARED_VALUE, a type that RESP 2 has not.  No more can be read then.
 */
int resp_reader_feed(struct resp_reader *reader, const void *octets,
    size_t size, struct err *err);
int resp_reader_next(
    struct resp_reader *reader, struct resp **reply, struct err *err);

/* A command: its words, borrowed. */
enum { RESP_WORDS = 12 };
struct resp_words {
	size_t count;
	const char *items[RESP_WORDS];
};

/* resp_command - the octets of a command, for free() */
char *resp_command(const struct resp_words *words, size_t *size);

#endif
