/* map_replies - replies as they are sent to MTAs, and those that are kept. Any
 * thread, where nothing else is said. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_MAP_REPLIES_H
#define MILTER_SERVE_MAP_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/base/own.h"
#include "common/judge/facts.h"
#include "common/judge/verdict.h"
#include "milter/act/map_request.h"
#include "milter/view/figures.h"

/* Which of the two asks. */
enum map_protocol {
	MAP_PROTOCOL_TABLE, /* socketmap: netstrings */
	MAP_PROTOCOL_LINE,
};

/* A reply, framed.  Small, for there may be a hundred thousand of them. */
struct map_reply {
	int64_t expires_ms;        /* clock_mono_ms; 0: it is not kept */
	struct policy_mark policy; /* that it rests on */
	unsigned turn;             /* see service_turn */
	uint32_t ahead_ms; /* so long before its end it is made anew; 0: it is
			      being, or was tried */
	uint32_t length : 24;
	enum figures_asker asker : 4;
	enum figures_status status : 4;
	char octets[];
};

/*
 * map_reply_new - text as a netstring, or for a line socket as a line
 *
 * map_reply_owned frees text; map_reply_temp is for what could not be looked
 * at, map_reply_skip for what is not.  For free().
 */
struct map_reply *
map_reply_new(enum figures_asker asker, const char *text) OWNED(free);
struct map_reply *
map_reply_owned(enum figures_asker asker, char *text) OWNED(free);
struct map_reply *
map_reply_temp(enum figures_asker asker, enum reason reason) OWNED(free);
struct map_reply *
map_reply_skip(enum figures_asker asker, enum reason reason) OWNED(free);

/* map_reply_print - the octets to be sent now: those of reply, or of a line in
 * out, where they tell what is left of its life */
enum { MAP_LINE_SIZE = LIMIT_LOG_LINE + 32 };
const char *map_reply_print(
    const struct map_reply *reply, char out[MAP_LINE_SIZE], size_t *length);

/* The reply as it is to be sent, borrowed for the call; once. */
typedef void map_answered(void *arg, const char *reply, size_t length);

/* map_reply_nothing - that of map_reply_skip, for a map, borrowed; between
 * map_replies_open and map_replies_close */
const struct map_reply *map_reply_nothing(enum figures_asker asker);

enum {
	/* A request that is kept: its octets and one before them.  A longer one
	 * has no name that DNS knows. */
	MAP_KEY_SIZE = 1024,
};

/* map_replies_open, map_replies_close - around all that follows, which is for
 * the listener's thread */
void map_replies_open(void);
void map_replies_close(void);

/* map_replies_key - the key of a request; false, and "", if it has none */
bool map_replies_key(enum map_protocol protocol,
    const struct map_payload *payload, char key[MAP_KEY_SIZE]);

/*
 * map_replies_find - the reply that is kept for a key, and counts still; NULL
 * if there is none
 *
 * Until map_replies_release.
 */
struct cache_entry;
struct map_reply *map_replies_find(const char *key, struct cache_entry **entry);
void map_replies_release(struct cache_entry *entry);

/* map_replies_keep - keep a reply, which is the module's from here on */
void
map_replies_keep(const char *key, struct map_reply *reply, int64_t expires_ms);

#endif
