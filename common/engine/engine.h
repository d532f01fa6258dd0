/* engine - checks of destinations: scheduled, side by side, remembered. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_ENGINE_H
#define COMMON_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/engine/check.h"
#include "common/engine/engine_options.h"

/*
 * engine_try - whether what engine_new reads can be had: the CA file, the trust
 * anchor, the nameservers
 *
 * 0, or -1 and LOCAL.  Starts nothing.
 */
int engine_try(const struct engine_options *options, struct err *err);

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

/* engine_wait_joined - whether somebody else had begun the check already */
bool engine_wait_joined(const struct engine_wait *wait);
AUTO_DEFINE(engine_wait);

/*
 * engine_congested - whether so many checks wait that a new one, for a message,
 * is not likely to be through soon
 */
bool engine_congested(struct engine *engine);

/* engine_put_off - probes that wait for their turn are not made: for a survey
 * that is to end soon */
void engine_put_off(struct engine *engine);

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
