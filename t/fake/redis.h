/* redis - a real valkey-server or redis-server for tests, at a socket of its
 * own: the first of the two that is installed. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_REDIS_H
#define T_FAKE_REDIS_H

#include <stdbool.h>

#include "common/base/own.h"

struct redis;

/* redis_is_there - whether one is installed */
bool redis_is_there(void);

/*
 * redis_new - start one in a directory of its own, with these lines at the end
 * of its configuration, and wait until it listens; trouble ends the test
 */
void redis_free(struct redis *server);
struct redis *redis_new(const char *lines) OWNED(redis_free);
AUTO_DEFINE(redis);

/* redis_path - of its socket, borrowed */
const char *redis_path(const struct redis *server);

/* redis_signal - to its process; redis_restart - once it has ended */
void redis_signal(const struct redis *server, int number);
void redis_restart(struct redis *server);

#endif
