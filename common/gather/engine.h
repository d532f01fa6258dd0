/* engine - checks of destinations: scheduled, side by side, remembered. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_ENGINE_H
#define COMMON_GATHER_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/gather/policies.h"
#include "common/gather/reach.h"
#include "common/gather/tally.h"
#include "common/gather/validation.h"
#include "common/io/dns.h"
#include "common/judge/facts.h"
#include "common/judge/rules.h"
#include "common/judge/verdict.h"

/* A domain's verdict is another than the last that was known of it; temperror
 * and skip are none.  mx may be NULL. */
typedef void engine_flip(void *arg, const char *domain, const char *old,
    const char *result, const char *mx);

/* Borrowed strings, needed during engine_new only.  engine_options_equal
 * compares each. */
struct engine_options {
	struct dns_options dns;
	unsigned max_checks;  /* that are worked on at once */
	unsigned max_queue;   /* waiting for that, for probes or for policies;
				 one more is a temperror, queue-full */
	int check_timeout_ms; /* of a whole check */
	bool probe;
	int greeting_timeout_ms; /* of one connection, for its greeting */
	int probe_timeout_ms;    /* and for what is before and behind it */
	unsigned probe_per_host; /* connections to one address at once */
	uint16_t probe_port;     /* may be shut on the way out; see reach */
	const char *probe_helo;
	bool allow_private;  /* probe and fetch in special-purpose ranges */
	const char *ca_file; /* NULL: the system's store */
	int sts_timeout_ms;
	enum insecure_mx insecure_mx;
	uint32_t verdict_ttl_s;
	uint32_t fail_ttl_s;
	uint32_t temperror_ttl_s;
	size_t max_cache_octets; /* of verdicts, probes and policies together */
	bool keep_facts;         /* for a command that prints them */
	bool keep_walk;          /* of verdicts that are remembered */

	/*
	 * Told whether the resolver validates, once that is known and whenever
	 * it changes; see validation_changed.  By a worker, or by whoever calls
	 * engine_self_test.  It must not block.  May be NULL.
	 */
	validation_changed *resolver_changed;
	void *resolver_arg;

	/*
	 * Told that no mail host can be connected to, so that checks go as far
	 * as DNS goes, and that one can be again; see reach_changed.  May be
	 * NULL.
	 */
	reach_changed *reach_changed;
	void *reach_arg;

	/*
	 * Where policies and verdict flips are kept; NULL: in memory only.  A
	 * store that cannot be used is told to store_failed, once, and so is
	 * that it can be used again; meanwhile the engine goes on without.
	 * read_only is for a command: it uses what is there and writes nothing.
	 */
	const char *store_path;
	bool store_read_only;
	policies_trouble *store_failed; /* must not block; may be NULL */
	bool refresh;                   /* fetch policies ahead of their end */
	engine_flip *flipped;           /* by a worker; may be NULL */
	void *store_arg;

	struct tally *tally; /* counts for several engines; may be NULL */
};

/* engine_options_equal - whether one engine could stand for the other; what is
 * to be called is not compared, nor is what files hold */
bool engine_options_equal(
    const struct engine_options *a, const struct engine_options *b);

struct engine_query {
	const char *domain;      /* the recipient's, as it came; any octets */
	const char *next_hop;    /* {rcpt_host}, or NULL: the domain; of several
				    the first that takes the mail counts */
	uint16_t port;           /* of the next hop, unless it has its own */
	struct rule_list *rules; /* of the admin; NULL: level alone counts */
	enum level level;
	bool dns_only;  /* depth dns for this query */
	bool all_hosts; /* probe each host, not just until one takes the mail */
	bool require_tls; /* tell verdict->requiretls, and go on for it */
};

/* A finished check.  Immutable; borrowed unless said. */
struct check {
	const char *domain; /* normalised; "" if name-invalid */
	struct verdict *verdict;
	struct facts *facts; /* NULL without keep_facts */
	unsigned ms;         /* that it took */
	bool ran_out;        /* of time: with more it might have found more */
	int64_t expires_ms;  /* clock_mono_ms */
};

struct engine;
struct engine_wait;

/*
 * engine_new - start the workers and the resolver's dispatcher
 *
 * Make it after fork.  LOCAL when the trust anchor, the CA file or threads are
 * not to be had.  engine_free waits for the checks that run (their deadline
 * bounds it); no engine_wait may be left.
 */
void engine_free(struct engine *engine);
struct engine *engine_new(const struct engine_options *options, struct err *err)
    OWNED(engine_free);
AUTO_DEFINE(engine);

/*
 * engine_submit - the one entrance: check a destination
 *
 * done is called once: at once in this thread when a verdict is at hand (cached
 * is true), else in a worker.  It must not block.  check is borrowed for the
 * call.  Queries that mean the same share one check; a rule is looked for by
 * the next hop.  Each has check_timeout_ms of its own: who joined a check that
 * ran out of time has another one made, in what is left of his.
 */
typedef void engine_done(void *arg, const struct check *check, bool cached);
void engine_submit(struct engine *engine, const struct engine_query *query,
    engine_done *done, void *arg);

/*
 * engine_start, engine_await - the same for a thread that waits
 *
 * engine_await returns the check, borrowed until engine_wait_free, or NULL when
 * deadline_ms (clock_mono_ms) passes first; it may be asked again.  The check
 * goes on when the wait is freed early.
 */
void engine_wait_free(struct engine_wait *wait);
struct engine_wait *engine_start(struct engine *engine,
    const struct engine_query *query) OWNED(engine_wait_free);
const struct check *engine_await(struct engine_wait *wait, int64_t deadline_ms);
bool engine_wait_cached(const struct engine_wait *wait);
AUTO_DEFINE(engine_wait);

/*
 * engine_congested - whether so many checks wait that a new one is not likely
 * to be through soon
 */
bool engine_congested(struct engine *engine);

/*
 * engine_self_test - see dns_self_test
 *
 * Not needed: checks test the resolver, at first and from time to time.  Where
 * it does not validate, they end with TROUBLE_NOT_VALIDATING, and verdicts from
 * before are forgotten.
 */
int
engine_self_test(struct engine *engine, int64_t deadline_ms, struct err *err);

#endif
