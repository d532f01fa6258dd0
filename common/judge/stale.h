/* stale - which remembered probes a verdict may not rest on. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_STALE_H
#define COMMON_JUDGE_STALE_H

#include <stdbool.h>

#include "common/judge/facts.h"
#include "common/judge/verdict.h"

/*
 * stale_probe - whether the address is to be probed once more before the
 * verdict stands
 *
 * True where the verdict is a failure of a policy, the address has its part in
 * it, and its probe was made before the check began.  RFC 7671 section 8.1 lets
 * a host change its key and then take the old TLSA record away: who compares
 * the record of now with the certificate of a minute ago finds a fault that was
 * never there.  What was found good before is no such case.
 *
 * host, address: their numbers in the facts.  The verdict still has its hosts.
 */
bool stale_probe(const struct facts *facts, const struct verdict *verdict,
    size_t host, size_t address);

#endif
