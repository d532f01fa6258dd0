/* fleet_inside - what the files of fleet have in common. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_FLEET_INSIDE_H
#define COMMON_ENGINE_FLEET_INSIDE_H

#include <stdbool.h>

#include "common/engine/fleet_options.h"

enum { FLEET_SECRET_SIZE = 4096 };

/* What is read of the files. */
struct fleet_secrets {
	struct shared_keys keys;
	char password[FLEET_SECRET_SIZE]; /* "": none */
};

/* Of the options: 0, or -1 and LOCAL.  tls: whether a server is reached by it.
 */
int fleet_read_secrets(const struct fleet_options *options,
    struct fleet_secrets *secrets, struct err *err);
int fleet_parse_servers(const struct fleet_options *options,
    struct shared_options *store, bool *tls, struct err *err);
struct shared_tls *fleet_load_tls(const struct fleet_options *options,
    struct err *err) OWNED(shared_tls_free);

#endif
