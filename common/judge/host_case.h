/* host_case - the case of one MX host, as the parts of its verdict share it.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_HOST_CASE_H
#define COMMON_JUDGE_HOST_CASE_H

#include <stdbool.h>
#include <time.h>

#include "common/judge/facts.h"
#include "common/judge/rules.h"
#include "common/judge/verdict.h"
#include "common/proto/x509.h"

/* What DNS demands of the host, by DANE alone. */
enum dane_demand {
	DEMAND_NONE,    /* no secure TLSA, or the admin wants none */
	DEMAND_ENCRYPT, /* TLSA, but nothing in it to verify with */
	DEMAND_VERIFY,
	DEMAND_UNKNOWN, /* a lookup failed: the host must not be used */
};

/* The case of one host: what is known, and what is demanded of it. */
struct host_case {
	const struct facts *facts;
	const struct host_facts *host;
	const struct rules *rules;
	struct demand demand; /* of the admin */
	time_t now;
	enum dane_demand dane;
	bool half; /* TLSA under an insecure MX RRset */
	const struct sts_policy *sts;
	bool sts_named; /* the policy names the host */
};

/* host_webpki - RFC 8461 section 4.2: OK for a trusted chain, in date, that
 * bears the host's name; else the reason */
enum reason
host_webpki(const struct host_case *c, const struct x509_chain *chain);

#endif
