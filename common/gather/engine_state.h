/* engine_state - what an engine is made of, for its own parts. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_ENGINE_STATE_H
#define COMMON_GATHER_ENGINE_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/lock.h"
#include "common/base/pool.h"
#include "common/gather/cache.h"
#include "common/gather/engine_options.h"
#include "common/gather/lot.h"
#include "common/gather/policies.h"
#include "common/gather/policy_refresh.h"
#include "common/gather/probe.h"
#include "common/gather/reach.h"
#include "common/gather/translation.h"
#include "common/gather/validation.h"
#include "common/io/dns.h"
#include "common/io/store.h"
#include "common/proto/x509.h"

/* engine.c makes and ends all of it. */
struct engine {
	struct engine_options options;
	struct x509_store *roots;
	struct cache_budget *budget;
	struct store *store; /* NULL: memory only */
	struct dns *dns;
	struct validation *validation;
	struct translation *translation; /* NULL with allow_private */
	struct dns *stub;                /* for that, or NULL */
	struct pool *leaves;
	struct pool *workers;
	struct lot *lot;
	struct policies *policies;
	struct policy_refresh *refresh; /* NULL: none */
	struct reach *reach;
	struct prober *prober;
	struct cache *checks;
	struct lock lock;
	struct cond idle;
	size_t under_way; /* with lock: checks, waiting and worked on */
	bool store_wanted;
};

#endif
