/* check - a destination that is asked about, and what became of it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_CHECK_H
#define COMMON_ENGINE_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/judge/enforcement.h"
#include "common/judge/facts.h"
#include "common/judge/rules.h"
#include "common/judge/tls_sessions.h"
#include "common/judge/verdict.h"

struct engine_query {
	const char *domain;      /* the recipient's, as it came; any octets */
	const char *next_hop;    /* {rcpt_host}, or NULL: the domain; of several
				    the first that takes the mail counts */
	uint16_t port;           /* of the next hop, unless it has its own */
	struct rule_list *rules; /* of the admin; NULL: level alone counts */
	enum level level;
	bool dns_only;  /* depth dns for this query */
	bool all_hosts; /* probe each host, not just until one takes the mail */
	bool requiretls; /* tell verdict->requiretls, and go on for it */
	bool ahead;      /* make another where the verdict that there is will
			    soon be over; others are told that one until then */
	bool of_mta;     /* an MTA asks what to enforce: see for_mtas */
};

/* A finished check.  Immutable; borrowed unless said. */
struct check {
	const char *domain; /* normalised; "" if name-invalid */
	struct verdict *verdict;
	struct facts *facts;             /* NULL without keep_facts */
	struct enforcement *enforcement; /* NULL without keep_enforcement; of
					    several next hops, for the last
					    that was looked at */
	struct tls_refusal *refusal;     /* NULL without keep_refusals, and
					    where no host failed */
	unsigned ms;                     /* that it took */
	bool shared;  /* it rests on what another host has found or fetched */
	bool ran_out; /* of time: with more it might have found more */
	struct policy_mark policy; /* that it rests on */
	int64_t expires_ms;        /* clock_mono_ms */
	time_t judged_s;           /* the time that it was judged for */
	uint32_t facts_number;     /* of engine_number, or 0 */
	uint32_t octets;           /* see check_pack.h; 0 before */
};

#endif
