/* map_asking - a request of an MTA while it is answered: what it asks, and the
 * reply that its check comes to. No thread of its own. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_MAP_ASKING_H
#define MILTER_SERVE_MAP_ASKING_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/engine/check.h"
#include "milter/act/map_request.h"
#include "milter/serve/map_replies.h"
#include "milter/serve/service.h"

struct map_asking {
	struct map_asking *next; /* that has come */
	enum map_protocol protocol;
	enum map_ask ask;
	struct map_request request;
	char *key;              /* NULL: not to be kept */
	bool ahead;             /* of the end of the reply that is kept */
	map_answered *answered; /* NULL: nobody waits for it any more */
	void *arg;
	struct service_hold held;
	unsigned turn;
	time_t rules_end_s; /* see terms_end */
	struct event timer;
	int64_t begun_ms;
	struct map_reply *reply; /* once it has come */
	int64_t expires_ms;      /* of it; 0: it is not kept */
};

/* map_asking_free - and its reply; the timer is not set any more */
void map_asking_free(struct map_asking *asking);

/* map_asking_dialect - who asks a map in that dialect; map_asking_asker - who
 * asks here */
enum figures_asker map_asking_dialect(enum mta_dialect dialect);
enum figures_asker map_asking_asker(const struct map_asking *asking);

/* map_asking_hold - hold the settings and rules that are in force, and note
 * their turn */
void map_asking_hold(struct map_asking *asking);

/* map_asking_read - read what is asked: sets ask and request */
void
map_asking_read(struct map_asking *asking, const struct map_payload *payload);

/* map_asking_simple - the reply, where that needs no check; else NULL, and
 * rules_end_s is set */
struct map_reply *map_asking_simple(struct map_asking *asking);

/* map_asking_make - make the reply of a check, and when it ends; any thread
 * whose the asking is */
void map_asking_make(
    struct map_asking *asking, const struct check *check, bool cached);

#endif
