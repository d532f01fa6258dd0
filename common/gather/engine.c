/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/engine.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/pool.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/gather/cache.h"
#include "common/gather/gather.h"
#include "common/gather/lot.h"
#include "common/gather/validation.h"
#include "common/judge/judge.h"
#include "common/proto/domain.h"

enum {
	/* Leaves are what checks wait for; with few checks a host of many
	 * addresses still wants several at once */
	LEAVES_MIN = 16,
	LEAVES_QUEUED_FOR_EACH = 64,

	/* Of the checks that may wait, one in so many makes a congestion: at
	 * the default that is a thousand, several seconds of work */
	CONGESTED_PART = 4,
};

struct engine {
	struct engine_options options;
	struct x509_store *roots;
	struct store *store; /* NULL: memory only */
	struct dns *dns;
	struct validation *validation;
	struct pool *leaves;
	struct pool *workers;
	struct lot *lot;
	struct policies *policies;
	struct prober *prober;
	struct cache *checks;
	struct lock lock;
	struct cond idle;
	size_t under_way; /* with lock: checks, waiting and worked on */
};

struct engine_wait {
	struct cache_entry *entry;
	bool cached;
};

/* One check on its way through the workers. */
struct job {
	struct engine *engine;
	struct cache_entry *entry;
	struct facts *facts;
	struct gathering *gathering; /* NULL where a hop is to be begun */
	bool begun;
	size_t hop;
	size_t hop_count; /* the MTA tries them in order */
	struct nexthop hops[LIMIT_NEXTHOPS];
	struct rule_list *list; /* that the rules borrow from, or NULL */
	struct rules rules;
	enum requiretls left; /* what the next hops given up might yet do */
	int64_t submitted_ms;
};

/* A callback of engine_submit, until it is called. */
struct callback {
	struct cache_entry *entry;
	engine_done *done;
	void *arg;
};

static void
check_free(void *value)
{
	struct check *check = value;

	verdict_free(check->verdict);
	facts_free(check->facts);
	free(check);
}

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

static int
open_parts(struct engine *engine, struct err *err)
{
	const struct engine_options *options = &engine->options;
	unsigned leaves =
	    options->max_checks < LEAVES_MIN ? LEAVES_MIN : options->max_checks;

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
	engine->lot = lot_new(engine->workers, err);
	return engine->lot == NULL ? -1 : 0;
}

/* What cannot be written can often be read: what it keeps goes on to count. */
static void
open_store(struct engine *engine)
{
	struct engine_options *options = &engine->options;
	bool renamed = false;
	struct err err;

	if (options->store_path == NULL)
		return;
	engine->store = store_open(
	    options->store_path, options->store_read_only, &renamed, &err);
	if (renamed)
		err_set(&err, ERR_LOCAL,
		    "%.160s was damaged: kept aside, a new one begun",
		    options->store_path);
	if ((engine->store == NULL || renamed) && options->store_failed != NULL)
		options->store_failed(options->store_arg, &err);
	if (engine->store != NULL || options->store_read_only)
		return;
	engine->store = store_open(options->store_path, true, NULL, NULL);
	options->store_read_only = engine->store != NULL;
}

static void
open_sources(struct engine *engine)
{
	const struct engine_options *options = &engine->options;
	struct policies_options policies = {.dns = engine->dns,
	    .leaves = engine->leaves,
	    .store = engine->store,
	    .read_only = options->store_read_only,
	    .ca_file = options->ca_file,
	    .timeout_ms = options->sts_timeout_ms,
	    .allow_private = options->allow_private,
	    .refresh = options->refresh,
	    .trouble = options->store_failed,
	    .arg = options->store_arg};
	struct prober_options prober = {.leaves = engine->leaves,
	    .helo = options->probe_helo,
	    .timeout_ms = options->probe_timeout_ms,
	    .per_address = options->probe_per_host,
	    .keep_s = options->fail_ttl_s,
	    .keep_failed_s = options->temperror_ttl_s};

	engine->validation = validation_new(
	    engine->dns, options->resolver_changed, options->resolver_arg);
	engine->policies = policies_new(&policies);
	engine->prober = prober_new(&prober);
	engine->checks = cache_new(
	    options->keep_facts ? LIMIT_CACHED_FACTS : LIMIT_CACHED_VERDICTS,
	    check_free);
}

static bool
equal_texts(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
equal_dns(const struct dns_options *a, const struct dns_options *b)
{
	if (a->nameserver_count != b->nameserver_count)
		return false;
	for (size_t i = 0; i < a->nameserver_count; i++)
		if (strcmp(a->nameservers[i], b->nameservers[i]) != 0)
			return false;
	return a->kind == b->kind &&
	       equal_texts(a->trust_anchor_file, b->trust_anchor_file) &&
	       a->recurse == b->recurse && a->trust_remote == b->trust_remote &&
	       a->authoritative == b->authoritative &&
	       a->timeout_ms == b->timeout_ms &&
	       a->max_outstanding == b->max_outstanding;
}

bool
engine_options_equal(
    const struct engine_options *a, const struct engine_options *b)
{
	return equal_dns(&a->dns, &b->dns) && a->max_checks == b->max_checks &&
	       a->max_queue == b->max_queue &&
	       a->check_timeout_ms == b->check_timeout_ms &&
	       a->probe == b->probe &&
	       a->probe_timeout_ms == b->probe_timeout_ms &&
	       a->probe_per_host == b->probe_per_host &&
	       equal_texts(a->probe_helo, b->probe_helo) &&
	       a->allow_private == b->allow_private &&
	       equal_texts(a->ca_file, b->ca_file) &&
	       a->sts_timeout_ms == b->sts_timeout_ms &&
	       a->insecure_mx == b->insecure_mx &&
	       a->verdict_ttl_s == b->verdict_ttl_s &&
	       a->fail_ttl_s == b->fail_ttl_s &&
	       a->temperror_ttl_s == b->temperror_ttl_s &&
	       a->keep_facts == b->keep_facts && a->refresh == b->refresh &&
	       equal_texts(a->store_path, b->store_path) &&
	       a->store_read_only == b->store_read_only;
}

/* The caller's strings are not kept. */
static void
forget_strings(struct engine_options *options)
{
	memset(&options->dns, 0, sizeof(options->dns));
	options->ca_file = NULL;
	options->probe_helo = NULL;
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
	open_store(engine);
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
 * note in the lot. */
void
engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	policies_end_refresh(engine->policies);
	await_idle(engine);
	pool_free(engine->leaves);
	lot_free(engine->lot);
	pool_free(engine->workers);
	cache_free(engine->checks);
	prober_free(engine->prober);
	policies_free(engine->policies);
	validation_free(engine->validation);
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

/* The domain's own verdict by all rules, not that of a relay or one level. */
static bool
is_own_verdict(const struct job *job)
{
	const struct facts *facts = job->facts;

	return facts->trouble == TROUBLE_NONE && facts->next_hop.mx_lookup &&
	       strcmp(facts->next_hop.host, facts->domain) == 0 &&
	       (job->list != NULL || job->rules.level == LEVEL_AUTO);
}

static struct check *
check_new(struct job *job)
{
	struct check *check = xcalloc(1, sizeof(*check));
	int64_t now_ms = clock_mono_ms();

	text_copy(check->domain, sizeof(check->domain), job->facts->domain);
	check->verdict = judge(job->facts, &job->rules, clock_wall_s());
	if (check->verdict->requiretls > job->left)
		check->verdict->requiretls = job->left;
	check->ms = (unsigned)(now_ms - job->submitted_ms);
	check->expires_ms = now_ms + (int64_t)check->verdict->ttl_s * 1000;
	if (job->engine->options.keep_facts) {
		check->facts = job->facts;
	} else {
		verdict_slim(check->verdict);
		facts_free(job->facts);
	}
	return check;
}

static bool
is_decided(enum result result)
{
	return result != RESULT_TEMPERROR && result != RESULT_SKIP;
}

static void
note_flip(const struct engine *engine, const struct check *check)
{
	const struct verdict *verdict = check->verdict;
	const char *result = result_text(verdict->result);
	char old[STORE_RESULT_SIZE];
	struct err err;
	int flipped;

	if (engine->store == NULL || engine->options.store_read_only ||
	    !is_decided(verdict->result))
		return;
	flipped = store_flip(
	    engine->store, check->domain, result, clock_wall_s(), old, &err);
	if (flipped < 0)
		policies_store_failed(engine->policies, &err);
	if (flipped == 1 && engine->options.flipped != NULL)
		engine->options.flipped(engine->options.store_arg,
		    check->domain, old, result, verdict->mx);
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

/* The last that a check has to do with the engine. */
static void
dismiss(struct engine *engine)
{
	lock_take(&engine->lock);
	if (--engine->under_way == 0)
		cond_broadcast(&engine->idle);
	lock_drop(&engine->lock);
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

/* What could not be looked at is not remembered: the next one may be. */
static void
finish_job(struct job *job)
{
	bool looked = job->facts->trouble == TROUBLE_NONE;
	bool own = is_own_verdict(job);
	struct check *check = check_new(job);

	if (own)
		note_flip(job->engine, check);
	cache_fill(job->entry, check, looked ? check->expires_ms : 0);
	cache_release(job->entry);
	rule_list_free(job->list);
	free(job);
}

/* Each next hop has a rule of its own. */
static void
set_hop(struct job *job, size_t number)
{
	job->facts->next_hop = job->hops[number];
	if (job->list != NULL)
		rules_set(&job->rules, job->list, job->hops[number].host,
		    clock_wall_s());
}

/* The same question, nothing learnt yet. */
static struct facts *
facts_like(const struct facts *facts)
{
	struct facts *fresh = facts_new();

	text_copy(fresh->domain, sizeof(fresh->domain), facts->domain);
	fresh->probed = facts->probed;
	fresh->all_hosts = facts->all_hosts;
	return fresh;
}

static bool
takes_mail(struct job *job)
{
	AUTO(verdict)
	struct verdict *verdict =
	    judge(job->facts, &job->rules, clock_wall_s());

	if (verdict->requiretls == REQUIRETLS_UNKNOWN)
		job->left = REQUIRETLS_UNKNOWN;
	return verdict->result != RESULT_FAIL &&
	       verdict->result != RESULT_TEMPERROR &&
	       verdict->requiretls <= REQUIRETLS_UNPROBED;
}

static void
forget_facts(struct job *job)
{
	struct facts *fresh = facts_like(job->facts);

	facts_free(job->facts);
	job->facts = fresh;
}

/* What keeps us from looking at all; false if until_ms was too soon. */
static bool
begin_check(struct job *job, int64_t deadline_ms, int64_t until_ms)
{
	struct validation *validation = job->engine->validation;

	if (clock_left_ms(deadline_ms) == 0) {
		job->facts->trouble = TROUBLE_DEADLINE;
		return true;
	}
	if (validation_is_missing(
		validation, until_ms < deadline_ms ? until_ms : deadline_ms))
		job->facts->trouble = TROUBLE_NOT_VALIDATING;
	else if (clock_left_ms(until_ms) == 0)
		return false;
	job->begun = true;
	return true;
}

static bool
begin_hop(struct job *job, int64_t deadline_ms, int64_t until_ms)
{
	const struct engine *engine = job->engine;
	struct gatherer gatherer = {.dns = engine->dns,
	    .policies = engine->policies,
	    .prober = engine->prober,
	    .allow_private = engine->options.allow_private};

	set_hop(job, job->hop);
	job->gathering = gather_begin(
	    &gatherer, job->facts, &job->rules, deadline_ms, until_ms);
	if (job->gathering == NULL)
		forget_facts(job);
	return job->gathering != NULL;
}

/* Of several next hops the first counts that takes the mail, else the last. */
static bool
ends_here(struct job *job)
{
	if (job->hop + 1 == job->hop_count || takes_mail(job))
		return true;
	job->hop++;
	forget_facts(job);
	return false;
}

static bool run_check(void *arg, int64_t until_ms);

/* Park the check for as long as it waits for others; false if it does not. */
static bool
park(struct job *job, int64_t deadline_ms)
{
	struct lot_ticket *ticket =
	    lot_ticket(job->engine->lot, run_check, job, deadline_ms);
	unsigned count = gather_watch(job->gathering, lot_note, ticket);

	return lot_park(ticket, count);
}

/* How far a check came. */
enum progress { OVER, PARKED, TOO_SHORT };

/* A check that was parked goes on where it was. */
static enum progress
work_on(struct job *job, int64_t deadline_ms, int64_t until_ms)
{
	for (;;) {
		if (job->gathering == NULL) {
			if (!begin_hop(job, deadline_ms, until_ms))
				return TOO_SHORT;
		} else if (!gather_proceed(job->gathering)) {
			job->gathering = NULL;
			if (ends_here(job))
				return OVER;
			continue;
		}
		if (park(job, deadline_ms))
			return PARKED;
	}
}

static bool
run_check(void *arg, int64_t until_ms)
{
	struct job *job = arg;
	struct engine *engine = job->engine;
	int64_t deadline_ms =
	    job->submitted_ms + engine->options.check_timeout_ms;
	enum progress progress = OVER;

	if (!job->begun && !begin_check(job, deadline_ms, until_ms))
		return false;
	if (job->facts->trouble == TROUBLE_NONE)
		progress = work_on(job, deadline_ms, until_ms);
	if (progress == OVER) {
		finish_job(job);
		dismiss(engine);
	}
	return progress != TOO_SHORT;
}

/* The domain and next hop of a query; what they cannot be is a trouble. */
static void
read_query(const struct engine_query *query, struct job *job)
{
	struct facts *facts = job->facts;
	const char *text = query->next_hop;
	int count;

	if (domain_is_literal(query->domain)) {
		facts->trouble = TROUBLE_LITERAL;
		return;
	}
	if (domain_normalise(query->domain, facts->domain, NULL) != 0) {
		facts->trouble = TROUBLE_NAME_INVALID;
		return;
	}
	if (text == NULL || text[0] == '\0')
		text = facts->domain;
	count = nexthop_parse(text, query->port, job->hops, NULL);
	if (count < 1) {
		facts->trouble = TROUBLE_NAME_INVALID;
		return;
	}
	job->hop_count = (size_t)count;
	set_hop(job, 0);
}

static struct job *
job_new(struct engine *engine, const struct engine_query *query)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->engine = engine;
	job->submitted_ms = clock_mono_ms();
	job->facts = facts_new();
	job->facts->probed = engine->options.probe && !query->dns_only;
	job->facts->all_hosts = query->all_hosts;
	job->left = REQUIRETLS_NO_AUTH;
	job->rules.level = query->level;
	job->rules.insecure_mx = engine->options.insecure_mx;
	job->rules.require_tls = query->require_tls;
	job->rules.store = engine->roots;
	job->rules.verdict_ttl_s = engine->options.verdict_ttl_s;
	job->rules.fail_ttl_s = engine->options.fail_ttl_s;
	job->rules.temperror_ttl_s = engine->options.temperror_ttl_s;
	job->list = rule_list_ref(query->rules);
	read_query(query, job);
	return job;
}

enum { RULES_KEY_LIST_SIZE = LIMIT_NEXTHOPS * RULES_KEY_SIZE };

/* The rules of all next hops; the first one's are those of the job. */
static void
print_rules(const struct job *job, char out[RULES_KEY_LIST_SIZE])
{
	struct rules rules = job->rules;
	char key[RULES_KEY_SIZE];
	time_t now = clock_wall_s();
	struct text text;

	text_init(&text, out, RULES_KEY_LIST_SIZE);
	rules_key(&rules, now, key);
	text_add(&text, key);
	for (size_t i = 1; job->list != NULL && i < job->hop_count; i++) {
		rules_set(&rules, job->list, job->hops[i].host, now);
		rules_key(&rules, now, key);
		text_addf(&text, ",%s", key);
	}
}

static struct cache_entry *
claim(struct engine *engine, const struct job *job, bool *mine,
    struct cache_entry **over)
{
	char hops[NEXTHOP_LIST_SIZE], rules[RULES_KEY_LIST_SIZE];
	char key[sizeof(hops) + LIMIT_DOMAIN_SIZE + sizeof(rules) + 32];

	if (job->facts->trouble == TROUBLE_NONE)
		nexthop_print_list(job->hops, job->hop_count, hops);
	else
		snprintf(hops, sizeof(hops), "!%d", (int)job->facts->trouble);
	print_rules(job, rules);
	snprintf(key, sizeof(key), "%s %s %s %d%d%d %u", hops,
	    job->facts->domain, rules, job->facts->probed,
	    job->facts->all_hosts, job->rules.require_tls,
	    validation_losses(engine->validation));
	return cache_renew(engine->checks, key, mine, over);
}

static void
job_free(struct job *job)
{
	facts_free(job->facts);
	rule_list_free(job->list);
	free(job);
}

/* By how the last check of the same fared: those that we have long had to do
 * with go first, those that kept us waiting last. */
static enum pool_lane
lane_after(struct cache_entry *over)
{
	const struct check *check;
	enum pool_lane lane;

	if (over == NULL)
		return POOL_NEW;
	check = cache_value(over);
	lane = is_decided(check->verdict->result) ? POOL_FIRST : POOL_SLOW;
	cache_release(over);
	return lane;
}

static void
refuse_job(struct job *job)
{
	job->facts->trouble = TROUBLE_QUEUE_FULL;
	finish_job(job);
}

/*
 * Where there is no room, the check that has waited longest for a worker makes
 * some: it has the least time left, and of a flood it is the newest arrival
 * that may be none of it.
 */
static void
submit_job(struct job *job, enum pool_lane lane)
{
	struct engine *engine = job->engine;
	bool taken;

	if (!count_in(engine)) {
		struct job *oldest = pool_displace(engine->workers);

		if (oldest == NULL) {
			refuse_job(job);
			return;
		}
		refuse_job(oldest);
	}
	taken = pool_submit(engine->workers, lane, run_check, job);
	assert(taken);
}

/* The entry of a query's check, held; begun if nobody has. */
static struct cache_entry *
enter(struct engine *engine, const struct engine_query *query, bool *cached)
{
	struct job *job = job_new(engine, query);
	struct cache_entry *entry, *over;
	bool mine;

	entry = claim(engine, job, &mine, &over);
	*cached = !mine && cache_value(entry) != NULL;
	if (!mine) {
		job_free(job);
		return entry;
	}
	job->entry = cache_hold(entry);
	if (job->facts->trouble != TROUBLE_NONE)
		finish_job(job);
	else
		submit_job(job, lane_after(over));
	return entry;
}

static void
call_done(void *arg, const void *value)
{
	struct callback *callback = arg;

	callback->done(callback->arg, value, false);
	cache_release(callback->entry);
	free(callback);
}

void
engine_submit(struct engine *engine, const struct engine_query *query,
    engine_done *done, void *arg)
{
	struct callback *callback;
	struct cache_entry *entry;
	bool cached;

	entry = enter(engine, query, &cached);
	if (cached) {
		done(arg, cache_value(entry), true);
		cache_release(entry);
		return;
	}
	callback = xcalloc(1, sizeof(*callback));
	callback->entry = entry;
	callback->done = done;
	callback->arg = arg;
	cache_when_filled(entry, call_done, callback);
}

struct engine_wait *
engine_start(struct engine *engine, const struct engine_query *query)
{
	struct engine_wait *wait = xcalloc(1, sizeof(*wait));

	wait->entry = enter(engine, query, &wait->cached);
	return wait;
}

const struct check *
engine_await(struct engine_wait *wait, int64_t deadline_ms)
{
	return cache_await(wait->entry, deadline_ms);
}

bool
engine_wait_cached(const struct engine_wait *wait)
{
	return wait->cached;
}

void
engine_wait_free(struct engine_wait *wait)
{
	if (wait == NULL)
		return;
	cache_release(wait->entry);
	free(wait);
}
