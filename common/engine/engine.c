/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/engine.h"

#include <assert.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>

#include "common/base/cache_budget.h"
#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/engine/engine_state.h"
#include "common/engine/check_run.h"

enum {
	/* Leaves are what checks wait for; with few checks a host of many
	 * addresses still wants several at once */
	LEAVES_MIN = 16,
	LEAVES_QUEUED_FOR_EACH = 64,
	REFRESH_PART = 4, /* of the leaves, for policies ahead of their end */

	/* Of the checks that may wait, one in so many makes a congestion: at
	 * the default that is a thousand, several seconds of work */
	CONGESTED_PART = 4,

	STUB_LOOKUPS = 4, /* one at once; others were given up */
	STUB_MS = 1500,   /* so that a second is enough for two nameservers */
};

/* One who waits for a check: his own, or one that he joined. */
struct ticket {
	struct cache_entry *entry;
	struct check_run
	    *own;    /* that he would have made, if he joined; or NULL */
	bool cached; /* there was nothing to wait for */
};

struct engine_wait {
	struct ticket ticket;
};

/* A callback of engine_submit, until it is called. */
struct callback {
	struct ticket ticket;
	engine_done *done;
	void *arg;
};

static void
check_free(void *value)
{
	struct check *check = value;

	verdict_free(check->verdict);
	enforcement_free(check->enforcement);
	facts_free(check->facts);
	free(check);
}

static size_t
text_octets(const char *text)
{
	return text == NULL ? 0 : strlen(text) + 1;
}

/* Facts are kept by commands only, which make few checks. */
static size_t
check_octets(const void *value)
{
	const struct check *check = value;
	const struct verdict *verdict = check->verdict;

	return sizeof(*check) + text_octets(check->domain) + sizeof(*verdict) +
	       text_octets(verdict->mx) + text_octets(verdict->detail) +
	       text_octets(verdict->walk) +
	       enforcement_octets(check->enforcement);
}

/* Whether a destination was known decides for a day how soon it is checked. */
static const struct cache_kind checks = {
    check_free, check_octets, 24 * 3600LL * 1000};

/* Sockets of the resolver, of probes and fetches, and of the MTA: what the hard
 * limit gives, so that our own lack of them is not taken for a destination's
 * fault. */
static void
raise_file_limit(const struct engine_options *options)
{
	struct rlimit files;
	rlim_t wanted = 4096 + 8 * (rlim_t)options->max_checks;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= wanted)
		return;
	files.rlim_cur = wanted < files.rlim_max ? wanted : files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

int
engine_try(const struct engine_options *options, struct err *err)
{
	struct x509_store *roots = x509_store_load(options->ca_file, err);
	struct dns *dns;

	if (roots == NULL)
		return -1;
	x509_store_free(roots);
	dns = dns_new(&options->dns, err);
	if (dns == NULL)
		return -1;
	dns_free(dns);
	return 0;
}

static unsigned
leaf_count(const struct engine_options *options)
{
	return options->max_checks < LEAVES_MIN ? LEAVES_MIN
						: options->max_checks;
}

static int
open_parts(struct engine *engine, struct err *err)
{
	const struct engine_options *options = &engine->options;
	unsigned leaves = leaf_count(options);

	engine->roots = x509_store_load(options->ca_file, err);
	if (engine->roots == NULL)
		return -1;
	engine->dns = dns_new(&options->dns, err);
	if (engine->dns == NULL)
		return -1;
	engine->leaves =
	    pool_new("leaf", leaves, leaves * LEAVES_QUEUED_FOR_EACH, err);
	if (engine->leaves == NULL)
		return -1;
	engine->workers = pool_new("check", options->max_checks, UINT_MAX, err);
	if (engine->workers == NULL)
		return -1;
	engine->parking = parking_new(engine->workers, err);
	return engine->parking == NULL ? -1 : 0;
}

/* What keeps policies tells of one that cannot be opened, and tries again. */
static void
open_store(struct engine *engine)
{
	const struct engine_options *options = &engine->options;
	bool renamed = false;
	struct err err;

	engine->store_wanted = options->store_path != NULL;
	if (options->store_path == NULL)
		return;
	if (!options->store_read_only)
		engine->store =
		    store_open_patiently(options->store_path, &renamed);
	else
		engine->store =
		    store_open(options->store_path, true, NULL, &err);
	if (renamed)
		err_set(&err, ERR_LOCAL,
		    "%.160s was damaged: kept aside, a new one begun",
		    options->store_path);
	if ((engine->store == NULL || renamed) && options->store_failed != NULL)
		options->store_failed(options->store_arg, &err);
}

/* DNS_EMBEDDED needs a stub resolver for it, of the same nameservers; where
 * there is none to be had, or it asks no nameservers, it has to do itself. */
static void
open_translation(struct engine *engine)
{
	struct dns_options stub = engine->options.dns;

	stub.kind = DNS_SYSTEM;
	stub.max_outstanding = STUB_LOOKUPS;
	stub.timeout_ms = STUB_MS;
	if (engine->options.dns.kind == DNS_EMBEDDED && !stub.recurse)
		engine->stub = dns_new(&stub, NULL);
	engine->translation =
	    translation_new(engine->stub != NULL ? engine->stub : engine->dns);
}

static void
open_sources(struct engine *engine)
{
	const struct engine_options *options = &engine->options;
	struct policy_keep_options keep = {.store = engine->store,
	    .read_only = options->store_read_only,
	    .budget = engine->budget,
	    .trouble = options->store_failed,
	    .arg = options->store_arg};
	struct policies_options policies = {.dns = engine->dns,
	    .translation = engine->translation,
	    .keep = keep,
	    .leaves = engine->leaves,
	    .roots = engine->roots,
	    .timeout_ms = options->sts_timeout_ms,
	    .allow_private = options->allow_private,
	    .counts = options->counts};
	struct prober_options prober = {.leaves = engine->leaves,
	    .outbound = outbound_new(options->probe_port,
		options->outbound_changed, options->outbound_arg),
	    .helo = options->probe_helo,
	    .source = options->probe_source,
	    .floor = options->probe_floor,
	    .greeting_ms = options->greeting_timeout_ms,
	    .timeout_ms = options->probe_timeout_ms,
	    .per_address = options->probe_per_host,
	    .budget = engine->budget,
	    .keep_s = options->fail_ttl_s,
	    .keep_failed_s = options->temperror_ttl_s,
	    .counts = options->counts};

	engine->validation = validation_new(
	    engine->dns, options->resolver_changed, options->resolver_arg);
	engine->policies = policies_new(&policies);
	if (options->refresh)
		engine->refresh = policy_refresh_new(engine->policies,
		    engine->dns, leaf_count(options) / REFRESH_PART);
	engine->outbound = prober.outbound;
	engine->prober = prober_new(&prober);
	engine->checks = cache_new(
	    options->keep_facts ? LIMIT_CACHED_FACTS : LIMIT_CACHED_VERDICTS,
	    &checks, engine->budget);
}

/* The caller's strings are not kept. */
static void
forget_strings(struct engine_options *options)
{
	memset(&options->dns, 0, sizeof(options->dns));
	options->ca_file = NULL;
	options->probe_helo = NULL;
	options->probe_source = (struct smtp_source){NULL, NULL};
	options->store_path = NULL;
}

struct engine *
engine_new(const struct engine_options *options, struct err *err)
{
	struct engine *engine = xcalloc(1, sizeof(*engine));

	engine->options = *options;
	lock_init(&engine->lock);
	cond_init(&engine->idle);
	raise_file_limit(options);
	if (open_parts(engine, err) != 0) {
		engine_free(engine);
		return NULL;
	}
	engine->budget = cache_budget_new(options->max_cache_octets);
	open_store(engine);
	if (!options->allow_private)
		open_translation(engine);
	open_sources(engine);
	forget_strings(&engine->options);
	return engine;
}

static void
await_idle(struct engine *engine)
{
	lock_take(&engine->lock);
	while (engine->under_way > 0)
		cond_wait(&engine->idle, &engine->lock);
	lock_drop(&engine->lock);
}

/* Leaves first, for what a check gave up waiting for may still run, and makes a
 * note in the parking. */
void
engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	policy_refresh_free(engine->refresh);
	await_idle(engine);
	pool_free(engine->leaves);
	parking_free(engine->parking);
	pool_free(engine->workers);
	cache_free(engine->checks);
	prober_free(engine->prober);
	outbound_free(engine->outbound);
	policies_free(engine->policies);
	cache_budget_free(engine->budget);
	validation_free(engine->validation);
	translation_free(engine->translation);
	dns_free(engine->stub);
	dns_free(engine->dns);
	store_free(engine->store);
	x509_store_free(engine->roots);
	cond_fini(&engine->idle);
	lock_fini(&engine->lock);
	free(engine);
}

int
engine_self_test(struct engine *engine, int64_t deadline_ms, struct err *err)
{
	return validation_test(engine->validation, deadline_ms, err);
}

/* Counts one more check as under way, if there is room. */
static bool
count_in(struct engine *engine)
{
	const struct engine_options *options = &engine->options;
	bool room;

	lock_take(&engine->lock);
	room = engine->under_way <
	       (size_t)options->max_checks + options->max_queue;
	engine->under_way += room;
	lock_drop(&engine->lock);
	return room;
}

bool
engine_congested(struct engine *engine)
{
	const struct engine_options *options = &engine->options;
	bool congested;

	lock_take(&engine->lock);
	congested = engine->under_way > (size_t)options->max_checks +
					    options->max_queue / CONGESTED_PART;
	lock_drop(&engine->lock);
	return congested;
}

/* The entry of what was found while hosts were reached, held, or NULL. */
static struct cache_entry *
find_probed(const struct check_run *run)
{
	char key[CHECK_RUN_KEY_SIZE];
	struct cache_entry *entry;
	const struct check *check;

	check_run_print_key(run, true, key);
	entry = cache_find(run->engine->checks, key);
	if (entry == NULL)
		return NULL;
	check = cache_value(entry);
	if (check_run_is_decided(check))
		return entry;
	cache_release(entry);
	return NULL;
}

static struct cache_entry *
claim(const struct check_run *run, bool *mine, struct cache_entry **over)
{
	char key[CHECK_RUN_KEY_SIZE];
	struct cache_entry *entry;

	*mine = false;
	*over = NULL;
	entry = run->facts->probed ? NULL : find_probed(run);
	if (entry != NULL)
		return entry;
	check_run_print_key(run, run->facts->probed, key);
	return cache_renew(run->engine->checks, key, NULL, mine, over);
}

/* By how the last check of the same fared: those that we have long had to do
 * with go first, those that kept us waiting last. */
static enum pool_lane
lane_after(const struct check_run *run, struct cache_entry *over)
{
	const struct check *check;
	enum pool_lane lane;

	if (over == NULL)
		return run->joined ? POOL_SLOW : POOL_NEW;
	check = cache_value(over);
	lane = check_run_is_decided(check) ? POOL_FIRST : POOL_SLOW;
	cache_release(over);
	return lane;
}

static void
refuse_run(struct check_run *run)
{
	counts_refuse(run->engine->options.counts, run->begun);
	run->facts->trouble = TROUBLE_QUEUE_FULL;
	check_run_finish(run);
}

/*
 * Where there is no room, the check that has waited longest for a worker makes
 * some: it has the least time left, and of a flood it is the newest arrival
 * that may be none of it.
 */
static void
submit_run(struct check_run *run, enum pool_lane lane)
{
	struct engine *engine = run->engine;
	bool taken;

	counts_wait(engine->options.counts);
	if (!count_in(engine)) {
		struct check_run *oldest = pool_displace(engine->workers);

		if (oldest == NULL) {
			refuse_run(run);
			return;
		}
		refuse_run(oldest);
	}
	taken = pool_submit(engine->workers, lane, check_run_go_on, run);
	assert(taken);
}

/* Begin the run's check, unless somebody has; the ticket is new. */
static void
enter(struct ticket *ticket, struct check_run *run)
{
	struct cache_entry *over;
	const struct check *check;
	bool mine;

	assert(run->entry == NULL && !run->begun);
	*ticket = (struct ticket){.entry = claim(run, &mine, &over)};
	if (!mine) {
		check = cache_value(ticket->entry);
		ticket->cached = check != NULL && !check->ran_out;
		if (ticket->cached)
			check_run_free(run);
		else
			ticket->own = run;
		return;
	}
	run->entry = cache_hold(ticket->entry);
	if (run->facts->trouble != TROUBLE_NONE)
		check_run_finish(run);
	else
		submit_run(run, lane_after(run, over));
}

static void
leave(struct ticket *ticket)
{
	cache_release(ticket->entry);
	check_run_free(ticket->own);
}

/* Who joined a check began later than it did.  If it ran out of time that is no
 * answer to him, as long as there is some of his own. */
static bool
wants_own_check(const struct ticket *ticket, const struct check *check)
{
	return check->ran_out && ticket->own != NULL &&
	       check_run_has_time(ticket->own);
}

static void
enter_again(struct ticket *ticket)
{
	struct cache_entry *joined = ticket->entry;
	struct check_run *own = ticket->own;

	own->joined = true;
	check_run_set_depth(own);
	enter(ticket, own);
	ticket->cached = false;
	cache_release(joined);
}

static void
call_done(void *arg, const void *value)
{
	struct callback *callback = arg;

	if (wants_own_check(&callback->ticket, value)) {
		enter_again(&callback->ticket);
		cache_when_filled(callback->ticket.entry, call_done, callback);
		return;
	}
	callback->done(callback->arg, value, callback->ticket.cached);
	leave(&callback->ticket);
	free(callback);
}

void
engine_submit(struct engine *engine, const struct engine_query *query,
    engine_done *done, void *arg)
{
	struct callback *callback = xcalloc(1, sizeof(*callback));

	callback->done = done;
	callback->arg = arg;
	enter(&callback->ticket, check_run_new(engine, query));
	cache_when_filled(callback->ticket.entry, call_done, callback);
}

struct engine_wait *
engine_start(struct engine *engine, const struct engine_query *query)
{
	struct engine_wait *wait = xcalloc(1, sizeof(*wait));

	enter(&wait->ticket, check_run_new(engine, query));
	return wait;
}

const struct check *
engine_await(struct engine_wait *wait, int64_t deadline_ms)
{
	const struct check *check;

	while ((check = cache_await(wait->ticket.entry, deadline_ms)) != NULL &&
	       wants_own_check(&wait->ticket, check))
		enter_again(&wait->ticket);
	return check;
}

bool
engine_wait_cached(const struct engine_wait *wait)
{
	return wait->ticket.cached;
}

void
engine_wait_free(struct engine_wait *wait)
{
	if (wait == NULL)
		return;
	leave(&wait->ticket);
	free(wait);
}
