/* probe_share - what a probe does with those of other hosts. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_PROBE_SHARE_H
#define COMMON_GATHER_PROBE_SHARE_H

#include <stdint.h>

#include "common/io/tls_client.h"
#include "common/judge/facts.h"
#include "common/sts/share.h"

/* Which probe. */
struct probe_share {
	struct share *share; /* outlives the call; NULL: none is shared */
	const char *address; /* borrowed */
	const char *sni;
	uint16_t port;
	enum tls_floor floor; /* a session below it is none that will do */
};

/*
 * probe_share_take - facts of a probe that another host has made, marked as
 * shared; NULL: probe
 *
 * Only what ended well is shared.  Where another host is at it, it is waited
 * for: a second at most, and half of the time to deadline_ms (clock_mono_ms).
 * *left_s: how long they may be remembered.
 */
struct probe_facts *probe_share_take(const struct probe_share *with,
    int64_t deadline_ms, uint32_t *left_s) OWNED(probe_facts_free);

/* probe_share_put - have a probe of our own put, if it ended well, for life_s
 * and SHARED_PROBE_S at most */
void probe_share_put(const struct probe_share *with,
    const struct probe_facts *facts, uint32_t life_s);

#endif
