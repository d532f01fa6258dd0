/* map_answers - what MTAs are told of destinations: as it was kept, or made by
 * the engine. The listener's thread, where nothing else is said. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_MAP_ANSWERS_H
#define MILTER_SERVE_MAP_ANSWERS_H

#include <stddef.h>

#include "milter/act/map_request.h"
#include "milter/serve/map_replies.h"

struct event_base;

/*
 * map_answers_open - for the thread that runs base
 *
 * woken: called by any thread when map_answers_come is to be called by that
 * one.  map_answers_begin: in that thread, before anything is asked.
 * map_answers_close: after the thread has ended; checks that still run
 * have nobody to tell, and woken is not called any more when it returns.
 */
void map_answers_open(struct event_base *base, void (*woken)(void));
void map_answers_begin(void);
void map_answers_close(void);

/*
 * map_answers_ask - the reply to a request
 *
 * Never waits.  NULL when answered was called; else it is called later, within
 * MapWait.
 * map_asking_leave - answered is not called any more.
 */
struct map_asking;
struct map_asking *map_answers_ask(enum map_protocol protocol,
    const struct map_payload *payload, map_answered *answered, void *arg);
void map_asking_leave(struct map_asking *asking);

/* map_answers_come - tell those whose checks have ended */
void map_answers_come(void);

#endif
