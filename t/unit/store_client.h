/* store_client - a client of a shared store, and what it tells, for its tests.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_STORE_CLIENT_H
#define T_UNIT_STORE_CLIENT_H

#include <stdbool.h>

#include "common/base/lock.h"
#include "common/io/shared.h"

struct store_client {
	struct shared *shared;
	struct shared_counts counts;
	struct lock lock;
	struct cond changed;
	enum shared_state state; /* under the lock, as are those that follow */
	char where[LIMIT_DETAIL_SIZE];
	unsigned told[SHARED_UP + 1];
};

/* More than any of this takes: the client tries after a second or two */
enum { STORE_CLIENT_WAIT_MS = 60 * 1000 };

/* store_client_open - options, but for counts, changed and arg, are set */
void
store_client_open(struct store_client *client, struct shared_options *options);
void store_client_close(struct store_client *client);

/* store_client_await - until it has told of the state so often; a failure ends
 * the test */
void store_client_await(
    struct store_client *client, enum shared_state state, unsigned times);

/* store_client_server - one more server; text is right */
void store_client_server(struct shared_options *options, const char *text);

/* store_client_ask - words to a NULL; what came of it, and the reply's text
 * where there is one in out */
enum { STORE_CLIENT_TEXT = 256 };
enum shared_result store_client_ask(struct store_client *client,
    enum shared_op op, const char *const *words, char out[STORE_CLIENT_TEXT]);

#endif
