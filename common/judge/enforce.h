/* enforce - what an MTA should enforce at a destination, by DNS and MTA-STS
 * alone: for a next hop as a whole, and what it takes to tell host by host.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_ENFORCE_H
#define COMMON_JUDGE_ENFORCE_H

#include <time.h>

#include "common/judge/enforcement.h"
#include "common/judge/facts.h"
#include "common/judge/terms.h"

/*
 * enforce - from facts and the terms they were gathered for
 *
 * Probes do not count: the same lookups and policy give the same answer,
 * whatever a connection showed.  Where nothing else is said it is never weaker
 * than DANE, nor than MTA-STS, and DANE goes first: RFC 8461 section 2.
 */
struct enforcement *enforce(const struct facts *facts,
    const struct judge_terms *terms, time_t now) OWNED(enforcement_free);

/* enforce_by_terms - the same where the terms decide alone, whatever a lookup
 * would show; else NULL */
struct enforcement *enforce_by_terms(
    const struct judge_terms *terms, time_t now) OWNED(enforcement_free);

#endif
