/* host - the verdict on one MX host: RFC 7672 section 2.2, RFC 8461 section 4.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_HOST_H
#define COMMON_JUDGE_HOST_H

#include <time.h>

#include "common/judge/facts.h"
#include "common/judge/host_case.h"
#include "common/judge/rules.h"
#include "common/judge/verdict.h"
#include "common/proto/x509.h"

/*
 * host_judge - decide on one host of facts, as if it were the only one
 *
 * out is zeroed; its addresses and its rule are the caller's to free.  DANE
 * decides where there are usable TLSA records, MTA-STS elsewhere: RFC 8461
 * section 2.
 */
void host_judge(const struct facts *facts, const struct host_facts *host,
    const struct rules *rules, time_t now, struct host_verdict *out);

/*
 * host_reference_names - the names that a certificate may bear under DANE-TA,
 * borrowed; returns how many
 *
 * RFC 7672 section 3.2.2: the TLSA base domain first.  Under an insecure MX
 * RRset the next-hop domain vouches for nothing.
 */
enum { HOST_REFERENCE_NAMES = 3 };
size_t host_reference_names(const struct facts *facts,
    const struct host_facts *host, const char *names[HOST_REFERENCE_NAMES]);

/* host_is_good - whether mail goes to a host with this outcome */
bool host_is_good(enum host_outcome outcome);

/* host_webpki - RFC 8461 section 4.2: OK for a trusted chain, in date, that
 * bears the host's name; else the reason */
enum reason
host_webpki(const struct host_case *c, const struct x509_chain *chain);

#endif
