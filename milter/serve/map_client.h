/* map_client - one connection of an MTA that asks. The listener's thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_MAP_CLIENT_H
#define MILTER_SERVE_MAP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/serve/map_answers.h"

struct event_base;
struct map_client;

/*
 * map_client_new - serve fd, which does not block, and close it in the end
 *
 * gone: called once when the client has ended, from the loop; map_client_free
 * is called for it already.  used: called when it has sent or taken something.
 */
struct map_client_calls {
	void (*gone)(void *arg, struct map_client *client);
	void (*used)(void *arg, struct map_client *client);
	void *arg;
};
struct map_client *map_client_new(struct event_base *base, int fd,
    enum map_protocol protocol, const struct map_client_calls *calls);

/* map_client_free - end it, without telling gone */
void map_client_free(struct map_client *client);

/* map_client_leave - end it when what has come whole is answered, which may be
 * at once, within the call */
void map_client_leave(struct map_client *client);

/* map_client_is_idle - whether nothing is asked, and nothing unsent */
bool map_client_is_idle(const struct map_client *client);

/* The caller's, for a list of them. */
struct map_client_link {
	struct map_client *next, *before;
};
struct map_client_link *map_client_link(struct map_client *client);

#endif
