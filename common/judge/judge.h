/* judge - facts and rules in, verdict out: RFC 7672 and RFC 8461. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_JUDGE_H
#define COMMON_JUDGE_JUDGE_H

#include <time.h>

#include "common/judge/facts.h"
#include "common/judge/terms.h"
#include "common/judge/verdict.h"

/*
 * judge - decide what the MTA will meet at the destination
 *
 * now: for certificate dates.  Hosts without probes are judged by what DNS
 * alone shows.  The verdict lives ttl_s seconds: the least TTL that it rests
 * on, capped by the rules, at least 30.
 */
struct verdict *judge(const struct facts *facts,
    const struct judge_terms *terms, time_t now) OWNED(verdict_free);

#endif
