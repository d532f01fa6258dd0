/* policy_refresh - policies in use are fetched again ahead of their end, and
 * what is owed to the disk is written, by a thread of its own. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_POLICY_REFRESH_H
#define COMMON_STS_POLICY_REFRESH_H

#include "common/base/own.h"
#include "common/io/dns.h"
#include "common/sts/policies.h"

struct policy_refresh;

/*
 * policy_refresh_new - start the thread; NULL where there is none to be had
 *
 * Each policy in memory is fetched again about daily, or when half of its life
 * is over, whatever its record says.  What is on disk alone is not in use: the
 * next check that wants it looks at its end, and brings it into memory.  Up to
 * at_once are fetched side by side.  RFC 8461 section 10.2.
 * policy_refresh_free: waits for those that are under way; before the leaves
 * of the policies end.
 */
void policy_refresh_free(struct policy_refresh *refresh);
struct policy_refresh *policy_refresh_new(struct policies *policies,
    struct dns *dns, unsigned at_once) OWNED(policy_refresh_free);

/*
 * policy_refresh_ask - have the policy of a domain, or of all where it is NULL,
 * fetched by this host now, however new it is
 *
 * What is known stays until that succeeds.
 */
void policy_refresh_ask(struct policy_refresh *refresh, const char *domain);

#endif
