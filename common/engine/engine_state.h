/* engine_state - what an engine is made of, for its own parts. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_ENGINE_STATE_H
#define COMMON_ENGINE_ENGINE_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/cache.h"
#include "common/base/lock.h"
#include "common/base/parking.h"
#include "common/base/pool.h"
#include "common/engine/engine_options.h"
#include "common/engine/flips.h"
#include "common/engine/validation.h"
#include "common/gather/probe.h"
#include "common/gather/outbound.h"
#include "common/io/dns.h"
#include "common/io/store.h"
#include "common/io/translation.h"
#include "common/proto/x509.h"
#include "common/sts/policies.h"
#include "common/sts/policy_refresh.h"

/*
 * What checks run in.  Where MTAs ask beside messages, each has half of it, so
 * that neither can keep the other waiting, however much it asks.
 */
struct engine_share {
	struct pool *workers;
	unsigned places;    /* checks at their lookups, at once */
	unsigned max_queue; /* beside them */
	struct parking *parking;
	size_t under_way; /* with the engine's lock: waiting and worked on */
};
enum { ENGINE_SHARES = 2 };

/* engine_parts.c makes and ends all of it. */
struct engine {
	struct engine_options options;
	struct x509_store *roots;
	struct cache_budget *budget;
	struct store *store; /* NULL: memory only */
	struct flips *flips; /* NULL: none are noted */
	struct dns *dns;
	struct validation *validation;
	struct translation *translation; /* NULL with allow_private */
	struct dns *stub;                /* for that, or NULL */
	struct pool *leaves;
	struct engine_share shares[ENGINE_SHARES];
	struct fetch_manners fetch_manners; /* of a survey */
	struct policies *policies;
	struct policy_refresh *refresh; /* NULL: none */
	struct outbound *outbound;
	struct prober *prober;
	struct cache *checks;
	struct lock lock;
	struct cond idle; /* none is under way in a share */
	bool store_wanted;
};

#endif
