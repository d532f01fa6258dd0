/* fleet - what this host shares with others: the store, the keys, the policies.
 * Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_FLEET_H
#define COMMON_ENGINE_FLEET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/engine/fleet_events.h"
#include "common/engine/fleet_hosts.h"
#include "common/engine/fleet_options.h"
#include "common/io/shared.h"
#include "common/sts/share.h"

/*
 * fleet_try - whether the files that fleet_new reads can be had, and are what
 * they should be: 0, or -1 and LOCAL
 *
 * A file with a secret that everybody may read is refused.
 */
int fleet_try(const struct fleet_options *options, struct err *err);

/*
 * fleet_examine - connect, log in, and try each request that is made of a store
 *
 * denied: the commands that it does not let us do, with commas; "" where all is
 * well.  where: the server.  behind_s: by how much this host's clock is behind
 * that of another, ahead.  LOCAL as fleet_try; TEMP where none answers by
 * deadline_ms (clock_mono_ms), or does not take the login.
 */
struct fleet_exam {
	char where[LIMIT_DETAIL_SIZE];
	char denied[LIMIT_DETAIL_SIZE];
	long behind_s;
	char ahead[LIMIT_DOMAIN_SIZE];
};
int fleet_examine(const struct fleet_options *options, int64_t deadline_ms,
    struct fleet_exam *out, struct err *err);

struct fleet;

/*
 * fleet_new - begin to share; whether the store is there or not
 *
 * Make it after fork.  LOCAL as fleet_try, and for want of threads.
 * fleet_free: no engine shares any more.
 */
void fleet_free(struct fleet *fleet);
struct fleet *fleet_new(const struct fleet_options *options, struct err *err)
    OWNED(fleet_free);

/* fleet_begin - from now on what other hosts tell may be applied */
void fleet_begin(struct fleet *fleet);

/* fleet_share - for engines, borrowed */
struct share *fleet_share(struct fleet *fleet);

/*
 * fleet_tell - have all other hosts flush or forget, as fleet_events_send
 *
 * Of what is to be forgotten no copy comes back here either.
 */
int fleet_tell(struct fleet *fleet, enum shared_event_kind kind,
    const char *domain, struct err *err);

/* What was counted, and how the store is. */
struct fleet_figures {
	struct shared_status store;
	uint64_t requests[SHARED_OPS][SHARED_RESULTS];
	uint64_t took[SHARED_BOUNDS + 1];
	uint64_t took_us;
	uint64_t rejected[SHARED_FAULTS];
	uint64_t events[SHARED_EVENTS][SHARE_EVENTS];
	uint64_t dropped;
};
void fleet_look(struct fleet *fleet, struct fleet_figures *out);

/* fleet_list_hosts - see fleet_hosts_read */
int
fleet_list_hosts(struct fleet *fleet, struct fleet_hosts *out, struct err *err);

#endif
