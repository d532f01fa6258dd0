/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/engine.h"

#include <assert.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>

#include "common/base/cache_budget.h"
#include "common/base/xalloc.h"
#include "common/engine/check_pack.h"
#include "common/engine/engine_state.h"

enum {
	/* Leaves are what checks wait for; with few checks a host of many
	 * addresses still wants several at once */
	LEAVES_MIN = 16,
	LEAVES_QUEUED_FOR_EACH = 64,
	/* Of the leaves: for policies ahead of their end, and for those that
	 * take longer than a check waits */
	REFRESH_PART = 4,
	PATIENT_PART = 4,

	/* Most of the time of a check goes into waiting for lookups, which
	 * needs no thread: a worker looks after so many at once.  Each has
	 * three lookups under way or so, and some that it gave up; what bounds
	 * those is max_outstanding of the resolver. */
	PLACES_OF_WORKER = 4,

	FETCHES_AT_ADDRESS = 2,          /* of a survey, at once */
	SURVEY_KEEP_S = 365 * 24 * 3600, /* what a host shows: to the end */

	STUB_LOOKUPS = 4, /* one at once; others were given up */
	STUB_MS = 1500,   /* so that a second is enough for two nameservers */
};

static void
drop_check(void *check)
{
	check_free(check);
}

static size_t
check_size(const void *check)
{
	return check_octets(check);
}

/* Whether a destination was known decides for a day how soon it is checked. */
static const struct cache_kind checks = {
    drop_check, check_size, 24 * 3600LL * 1000};

/* Sockets of the resolver, of probes and fetches, and of the MTA: what the hard
 * limit gives, so that our own lack of them is not taken for a destination's
 * fault. */
static void
raise_file_limit(const struct engine_options *options)
{
	struct rlimit files;
	rlim_t wanted = 4096 + 64 * (rlim_t)options->max_checks;

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

/* One part of so many. */
static unsigned
part_of(unsigned whole, unsigned parts)
{
	return (whole + parts - 1) / parts;
}

static int
open_share(struct engine_share *share, const struct engine_options *options,
    struct err *err)
{
	unsigned parts = options->for_mtas ? ENGINE_SHARES : 1;
	unsigned threads = part_of(options->max_checks, parts);

	share->workers = pool_new("check", threads, UINT_MAX, err);
	if (share->workers == NULL)
		return -1;
	share->places = threads * PLACES_OF_WORKER;
	share->max_queue = part_of(options->max_queue, parts);
	pool_set_places(share->workers, share->places);
	share->parking = parking_new(share->workers, err);
	return share->parking == NULL ? -1 : 0;
}

static int
open_shares(struct engine *engine, struct err *err)
{
	size_t count = engine->options.for_mtas ? ENGINE_SHARES : 1;

	for (size_t i = 0; i < count; i++)
		if (open_share(&engine->shares[i], &engine->options, err) != 0)
			return -1;
	return 0;
}

static int
open_parts(struct engine *engine, struct err *err)
{
	const struct engine_options *options = &engine->options;
	unsigned leaves = leaf_count(options);

	engine->roots = x509_store_load(options->ca_file, err);
	if (engine->roots == NULL)
		return -1;
	engine->options.dns.counts = options->counts;
	engine->dns = dns_new(&options->dns, err);
	if (engine->dns == NULL)
		return -1;
	engine->leaves =
	    pool_new("leaf", leaves, leaves * LEAVES_QUEUED_FOR_EACH, err);
	if (engine->leaves == NULL)
		return -1;
	return open_shares(engine, err);
}

/* What keeps policies tells of one that cannot be opened, and tries again. */
static void
open_engine_store(struct engine *engine)
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
	stub.counts = NULL;
	stub.pace = NULL;
	stub.max_outstanding = STUB_LOOKUPS;
	stub.timeout_ms = STUB_MS;
	if (engine->options.dns.kind == DNS_EMBEDDED && !stub.recurse)
		engine->stub = dns_new(&stub, NULL);
	engine->translation =
	    translation_new(engine->stub != NULL ? engine->stub : engine->dns);
}

/* Of a survey; it waits for a turn, and only then for the policy host. */
static int
open_fetch_manners(
    struct engine *engine, struct policies_options *policies, struct err *err)
{
	const struct engine_options *options = &engine->options;
	struct pacing_options pacing = {.per_address = FETCHES_AT_ADDRESS,
	    .rate = options->manners.fetch_rate};

	if (!options->manners.survey)
		return 0;
	engine->fetch_manners = (struct fetch_manners){
	    .pacing = pacing_new(&pacing, fetch_turn_go, NULL, err),
	    .transfer_ms = options->sts_timeout_ms,
	    .agent = options->manners.agent};
	policies->manners = &engine->fetch_manners;
	policies->timeout_ms = POLICIES_FETCH_MS;
	return engine->fetch_manners.pacing == NULL ? -1 : 0;
}

static int
open_sources(struct engine *engine, struct err *err)
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
	    .patient =
		options->refresh ? leaf_count(options) / PATIENT_PART : 0,
	    .allow_private = options->allow_private,
	    .counts = options->counts,
	    .turns = options->turns,
	    .failed = options->fetch_failed,
	    .share = share_has(options->share, SHARE_POLICIES) ? options->share
							       : NULL};
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
	    .keep_s =
		options->manners.survey ? SURVEY_KEEP_S : options->fail_ttl_s,
	    .keep_failed_s = options->temperror_ttl_s,
	    .share_s = options->verdict_ttl_s,
	    .share = options->share,
	    .counts = options->counts,
	    .manners = options->manners};

	engine->outbound = prober.outbound;
	engine->validation = validation_new(
	    engine->dns, options->resolver_changed, options->resolver_arg);
	if (open_fetch_manners(engine, &policies, err) != 0)
		return -1;
	engine->policies = policies_new(&policies);
	if (engine->store != NULL && !options->store_read_only)
		engine->flips =
		    flips_new(engine->store, policies_keep(engine->policies),
			options->flipped, options->store_arg);
	if (options->refresh)
		engine->refresh = policy_refresh_new(engine->policies,
		    engine->dns, leaf_count(options) / REFRESH_PART);
	engine->prober = prober_new(&prober, err);
	engine->checks = cache_new(
	    options->keep_facts ? LIMIT_CACHED_FACTS : LIMIT_CACHED_VERDICTS,
	    &checks, engine->budget);
	return engine->prober == NULL ? -1 : 0;
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
	open_engine_store(engine);
	if (!options->allow_private)
		open_translation(engine);
	if (open_sources(engine, err) != 0) {
		engine_free(engine);
		return NULL;
	}
	forget_strings(&engine->options);
	return engine;
}

void
engine_put_off(struct engine *engine)
{
	prober_end(engine->prober);
	if (engine->fetch_manners.pacing != NULL)
		pacing_end(engine->fetch_manners.pacing);
}

static void
await_idle(struct engine *engine)
{
	lock_take(&engine->lock);
	for (size_t i = 0; i < ENGINE_SHARES; i++)
		while (engine->shares[i].under_way > 0)
			cond_wait(&engine->idle, &engine->lock);
	lock_drop(&engine->lock);
}

/* What waits for its turn goes first, for it goes to the leaves.  Then leaves
 * and resolvers: what a check gave up waiting for may still run, and make a
 * note in the parking. */
void
engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	policy_refresh_free(engine->refresh);
	await_idle(engine);
	policies_end(engine->policies);
	if (engine->prober != NULL)
		engine_put_off(engine);
	pool_free(engine->leaves);
	dns_free(engine->stub);
	dns_free(engine->dns);
	for (size_t i = 0; i < ENGINE_SHARES; i++) {
		parking_free(engine->shares[i].parking);
		pool_free(engine->shares[i].workers);
	}
	cache_free(engine->checks);
	prober_free(engine->prober);
	outbound_free(engine->outbound);
	flips_free(engine->flips);
	policies_free(engine->policies);
	pacing_free(engine->fetch_manners.pacing);
	cache_budget_free(engine->budget);
	validation_free(engine->validation);
	translation_free(engine->translation);
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
