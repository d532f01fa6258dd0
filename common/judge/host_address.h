/* host_address - the verdict on one address of an MX host, as an MTA would meet
 * it. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_HOST_ADDRESS_H
#define COMMON_JUDGE_HOST_ADDRESS_H

#include "common/judge/facts.h"
#include "common/judge/host_case.h"
#include "common/judge/verdict.h"

/*
 * host_address_judge - decide on one address, as if the host had no other
 *
 * DANE decides where there are usable TLSA records, MTA-STS elsewhere (RFC 8461
 * section 2); what neither demands, a level of the admin may.  A certificate
 * that does not keep the policy is a failure however far the session came:
 * smtp(8) looks at it before it goes on.  What keeps the policy passes only if
 * the host then lets us in.
 */
struct address_verdict host_address_judge(
    const struct host_case *c, const struct address_facts *address);

#endif
