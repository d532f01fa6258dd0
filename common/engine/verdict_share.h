/* verdict_share - what a check does with verdicts of other hosts. Any thread.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_VERDICT_SHARE_H
#define COMMON_ENGINE_VERDICT_SHARE_H

#include "common/engine/check.h"
#include "common/judge/terms.h"
#include "common/proto/nexthop.h"

struct engine; /* see engine_state.h */

/* What a verdict is on; all of it outlives the call. */
struct verdict_share {
	struct engine *engine;
	const struct facts *facts; /* the domain, next hop and depth */
	const struct judge_terms *terms;
	const struct nexthop *hop; /* NULL: there are several */
};

/*
 * verdict_share_take - the verdict of another host; NULL: there is none that
 * counts
 *
 * Taken is what is no failure, for the same next hop and level, from a host
 * with the same digest of settings, where no rule per destination has a say and
 * nobody demands TLS all the way (RFC 8689); and none at all where MTAs ask
 * what to enforce, or facts are kept.  A "none" is not taken where a policy of
 * the domain is in force here.  Waits as shared_ask does.
 */
struct verdict *
verdict_share_take(const struct verdict_share *with) OWNED(verdict_free);

/* verdict_share_put - have what was found here put, for those who may take it
 */
void
verdict_share_put(const struct verdict_share *with, const struct check *check);

#endif
