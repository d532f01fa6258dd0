/* fleet_hosts - which hosts share: what each says of itself. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_FLEET_HOSTS_H
#define COMMON_ENGINE_FLEET_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"
#include "common/io/shared.h"
#include "common/proto/shared_record.h"
#include "common/sts/share.h"

/* How often each says that it is there. */
enum { FLEET_HOSTS_EACH_MS = 30 * 1000 };

/* fleet_hosts_tell - say that this host is there, with its version and the
 * digest of its settings */
void fleet_hosts_tell(
    struct shared *store, struct share *share, const char *version);

struct fleet_host {
	char name[LIMIT_DOMAIN_SIZE];
	struct shared_host says;
	bool same; /* the digest of its settings is this host's */
};

/* What one reading of them came to. */
struct fleet_hosts {
	size_t count; /* of items, the first LIMIT_SHARED_HOSTS that were had */
	struct fleet_host *items; /* heap, by name */
	size_t unsigned_count;    /* nobody with the key has written them */
};

/*
 * fleet_hosts_read - one reading of all: 0, or -1 and TEMP where there is no
 * answer, or one beyond all bounds
 *
 * Hosts that were not heard of for a day are taken out of the store.
 */
void fleet_hosts_fini(struct fleet_hosts *hosts);
int fleet_hosts_read(struct shared *store, struct share *share,
    struct fleet_hosts *out, struct err *err);

/* fleet_hosts_skew - by how many seconds this host's clock is behind the one
 * that is farthest ahead, or 0; *name: that host, borrowed */
long fleet_hosts_skew(
    const struct fleet_hosts *hosts, time_t now, const char **name);

#endif
