/* host - the verdict on one MX host: RFC 7672 section 2.2, RFC 8461 section 4.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_HOST_H
#define COMMON_JUDGE_HOST_H

#include <time.h>

#include "common/judge/facts.h"
#include "common/judge/terms.h"
#include "common/judge/verdict.h"

/*
 * host_judge - decide on one host of facts, as if it were the only one
 *
 * The addresses and the rule of what is returned are the caller's to free.
 */
struct host_verdict host_judge(const struct facts *facts,
    const struct host_facts *host, const struct judge_terms *terms, time_t now);

#endif
