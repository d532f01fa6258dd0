/* engine_options - how an engine looks at destinations. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_ENGINE_OPTIONS_H
#define COMMON_ENGINE_ENGINE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/counts.h"
#include "common/engine/check.h"
#include "common/engine/validation.h"
#include "common/gather/manners.h"
#include "common/gather/outbound.h"
#include "common/io/dns_options.h"
#include "common/io/smtp_socket.h"
#include "common/io/tls_client.h"
#include "common/judge/facts.h"
#include "common/judge/terms.h"
#include "common/judge/verdict.h"
#include "common/proto/address.h"
#include "common/sts/policies.h"
#include "common/sts/policy_turns.h"

/* The result of a domain has changed, against the last that was recorded of it;
 * temperror and skip are not recorded.  mx may be NULL. */
typedef void engine_flip(void *arg, const char *domain, const char *old,
    const char *result, const char *mx);

/* A check was made; facts are what it rests on, borrowed for the call. */
typedef void
engine_looked(void *arg, const struct facts *facts, const struct check *check);

/*
 * Facts that somebody keeps: the number that check->facts_number gets while it
 * is told, 0 for none; and, where that is another, the facts once those who
 * wait for the verdict have it.  All is borrowed for the call.
 */
typedef uint32_t engine_number(void *arg, const struct facts *facts,
    const struct judge_terms *terms, const struct check *check);
typedef void engine_take(void *arg, const struct facts *facts,
    const struct judge_terms *terms, const struct check *check);

/* Borrowed strings, needed during engine_new only. */
struct engine_options {
	struct dns_options dns;
	unsigned max_checks;  /* threads that work on them; four times as many
				 wait for lookups at once */
	unsigned max_queue;   /* waiting for that, for probes or for policies;
				 one more is a temperror, queue-full */
	int check_timeout_ms; /* of a whole check */
	bool probe;
	int greeting_timeout_ms; /* of one connection, for its greeting */
	int probe_timeout_ms;    /* and for what is before and behind it */
	unsigned probe_per_host; /* connections to one address at once */
	uint16_t probe_port;     /* may be shut on the way out; see outbound */
	const char *probe_helo;
	enum tls_floor probe_floor; /* the oldest TLS that will do */
	struct smtp_source probe_source;
	unsigned probe_addresses; /* of a destination, as many as mail tries;
				     0: all */
	enum families probe_families; /* that mail goes by */
	bool allow_private;  /* probe and fetch in special-purpose ranges */
	const char *ca_file; /* NULL: the system's store */
	int sts_timeout_ms;
	enum insecure_mx insecure_mx;
	enum partial_dane partial_dane;
	uint32_t verdict_ttl_s;
	uint32_t fail_ttl_s;
	uint32_t temperror_ttl_s;
	size_t max_cache_octets; /* of verdicts, probes and policies together */
	struct manners manners;  /* of a survey, which remembers no verdict */
	bool keep_facts;         /* for a command that prints them */
	bool keep_walk;          /* of verdicts that are remembered */
	bool keep_enforcement;   /* beside them, for an MTA that asks */
	bool keep_refusals;      /* beside them, for TLS reports */
	bool for_mtas; /* half of max_checks and max_queue is for those that
			  ask, the other half for all other queries */

	/*
	 * Told whether the resolver validates, once that is known and whenever
	 * it changes; see validation_changed.  By a worker, or by whoever calls
	 * engine_self_test.  It must not block.  May be NULL.
	 */
	validation_changed *resolver_changed;
	void *resolver_arg;

	/*
	 * Told that no mail host can be connected to, so that checks go as far
	 * as DNS goes, and that one can be again; see outbound_changed.  May be
	 * NULL.
	 */
	outbound_changed *outbound_changed;
	void *outbound_arg;

	/*
	 * Where policies and verdict flips are kept; NULL: in memory only.  A
	 * store that cannot be used is told to store_failed, once, and so is
	 * that it can be used again, which is tried every minute with refresh;
	 * meanwhile the engine goes on without.
	 * read_only is for a command: it uses what is there and writes nothing.
	 */
	const char *store_path;
	bool store_read_only;
	policies_trouble *store_failed; /* must not block; may be NULL */
	bool refresh;                   /* fetch policies ahead of their end */
	engine_flip *flipped;           /* by a worker; may be NULL */
	void *store_arg;

	engine_looked *looked; /* by a worker; must not block; may be NULL */
	void *looked_arg;
	policies_failed *fetch_failed; /* likewise */

	engine_number *number_facts; /* by a worker; must not block; may be
					NULL, then take_facts is too */
	engine_take *take_facts;     /* likewise */
	void *facts_arg;

	struct counts *counts; /* counts for several engines; may be NULL */
	struct policy_turns *turns; /* likewise */
	struct share *share; /* outlives the engine; NULL: none is shared */
};

#endif
