/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/inventory.h"

#include <stdio.h>
#include <string.h>

#include "common/base/cache_budget.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/engine/engine_state.h"
#include "common/engine/check_run.h"
#include "common/io/store.h"
#include "common/sts/known.h"

enum { SMTP_PORT = 25 };

/* Entries of a cache, each held until its turn is over. */
struct holding {
	struct cache_entry **entries;
	size_t count;
	size_t at;
};

struct inventory {
	struct engine *engine;
	struct rule_list *rules;
	char domain[LIMIT_DOMAIN_SIZE]; /* "": all */
	struct holding checks;
	struct holding policies;
	struct store_policy stored; /* the next one of the store, or "" */
	bool looked;                /* for it */
	bool store_ended;
	char after[LIMIT_DOMAIN_SIZE];
	struct store_policy row; /* that was given out */
	bool row_is_ours;
};

/* --- which are meant --- */

/* One of "a.example,[b.example]:587", up to length octets. */
static bool
names_host(const char *hops, size_t length, const char *domain)
{
	size_t wanted = strlen(domain);
	size_t part;

	for (const char *hop = hops; hop < hops + length; hop += part + 1) {
		size_t skip = hop[0] == '[' ? 1 : 0;

		part = strcspn(hop, ", ");
		if (part >= skip + wanted &&
		    strncmp(hop + skip, domain, wanted) == 0 &&
		    strchr("]:, ", hop[skip + wanted]) != NULL)
			return true;
	}
	return false;
}

/* "HOPS DOMAIN ...", see check_run_print_key */
static bool
is_check_of(void *arg, const char *key)
{
	const char *domain = arg;
	size_t hops = strcspn(key, " ");
	size_t length = strlen(domain);

	if (length == 0 || names_host(key, hops, domain))
		return true;
	return strncmp(key + hops + 1, domain, length) == 0 &&
	       key[hops + 1 + length] == ' ';
}

static bool
is_policy_of(void *arg, const char *key)
{
	const char *domain = arg;

	return domain[0] == '\0' || strcmp(key, domain) == 0;
}

/* --- counted, forgotten --- */

static const char *
store_word(const struct engine *engine)
{
	struct policy_keep *keep = policies_keep(engine->policies);

	if (!engine->store_wanted)
		return "none";
	if (engine->store == NULL || policy_keep_store_fails(keep))
		return "failing";
	return engine->options.store_read_only ? "read-only" : "ok";
}

static void
count_mode(void *arg, const char *key, const void *value)
{
	struct inventory_counts *out = arg;
	const struct known *known = value;

	(void)key;
	if (known_is_unexpired(known))
		out->modes[known->policy->policy->mode][known->failed_s != 0]++;
}

void
inventory_count(struct engine *engine, struct inventory_counts *out)
{
	struct policy_keep *keep = policies_keep(engine->policies);

	out->verdicts = cache_count(engine->checks);
	out->probes = cache_count(prober_cache(engine->prober));
	out->policies = cache_count(policy_keep_memory(keep));
	memset(out->modes, 0, sizeof(out->modes));
	cache_each(policy_keep_memory(keep), count_mode, out);
	out->unwritten = policy_keep_owed(keep);
	out->lost = policy_keep_lost(keep);
	out->octets = cache_budget_used(engine->budget);
	out->store = store_word(engine);
	out->resolver = validation_word(engine->validation);
}

int
inventory_flush(struct engine *engine, const char *domain,
    struct inventory_flushed *out, struct err *err)
{
	char wanted[LIMIT_DOMAIN_SIZE];
	int policies;

	text_copy(wanted, sizeof(wanted), domain == NULL ? "" : domain);
	policies = policies_flush(engine->policies, domain, err);
	out->probes = cache_flush(prober_cache(engine->prober), NULL, NULL);
	out->verdicts = cache_flush(engine->checks, is_check_of, wanted);
	out->policies = policies < 0 ? 0 : (size_t)policies;
	return policies < 0 ? -1 : 0;
}

void
inventory_renew(
    struct engine *engine, const char *domain, struct inventory_flushed *out)
{
	char wanted[LIMIT_DOMAIN_SIZE];

	text_copy(wanted, sizeof(wanted), domain == NULL ? "" : domain);
	out->probes = cache_flush(prober_cache(engine->prober), NULL, NULL);
	out->verdicts = cache_flush(engine->checks, is_check_of, wanted);
	out->policies = 0;
	if (engine->refresh != NULL)
		policy_refresh_ask(engine->refresh, domain);
}

static bool
has_policy_since(struct engine *engine, const char *domain, time_t at)
{
	struct cache_entry *entry =
	    policy_keep_peek(policies_keep(engine->policies), domain);
	const struct known *known;
	bool since;

	if (entry == NULL)
		return false;
	known = cache_value(entry);
	since = known_is_unexpired(known) && known->policy->fetched_s > at;
	cache_release(entry);
	return since;
}

int
inventory_forget(struct engine *engine, const char *domain, time_t at,
    struct inventory_flushed *out, struct err *err)
{
	if (!has_policy_since(engine, domain, at))
		return inventory_flush(engine, domain, out, err);
	inventory_renew(engine, domain, out);
	return 0;
}

/* --- listed --- */

static int
compare_checks(const void *a, const void *b)
{
	struct cache_entry *const *left = a, *const *right = b;
	const struct check *one = cache_value(*left);
	const struct check *other = cache_value(*right);
	int by_domain = strcmp(one->domain, other->domain);

	return by_domain != 0 ? by_domain
			      : strcmp(cache_key(*left), cache_key(*right));
}

static int
compare_keys(const void *a, const void *b)
{
	struct cache_entry *const *left = a, *const *right = b;

	return strcmp(cache_key(*left), cache_key(*right));
}

static void
hold_entries(struct holding *holding, struct cache *cache, cache_match *match,
    char *domain, int (*compare)(const void *a, const void *b))
{
	holding->entries =
	    cache_hold_all(cache, match, domain, &holding->count);
	if (holding->count > 0)
		qsort(holding->entries, holding->count,
		    sizeof(struct cache_entry *), compare);
}

static void
let_go(struct holding *holding)
{
	for (size_t i = 0; i < holding->count; i++)
		if (holding->entries[i] != NULL)
			cache_release(holding->entries[i]);
	free(holding->entries);
}

/* The one before has had its turn. */
static struct cache_entry *
next_held(struct holding *holding)
{
	if (holding->at > 0 && holding->entries[holding->at - 1] != NULL) {
		cache_release(holding->entries[holding->at - 1]);
		holding->entries[holding->at - 1] = NULL;
	}
	return holding->at < holding->count ? holding->entries[holding->at++]
					    : NULL;
}

struct inventory *
inventory_new(
    struct engine *engine, struct rule_list *rules, const char *domain)
{
	struct inventory *inventory = xcalloc(1, sizeof(*inventory));

	inventory->engine = engine;
	inventory->rules = rules;
	if (domain != NULL)
		text_copy(inventory->domain, sizeof(inventory->domain), domain);
	hold_entries(&inventory->checks, engine->checks, is_check_of,
	    inventory->domain, compare_checks);
	hold_entries(&inventory->policies,
	    policy_keep_memory(policies_keep(engine->policies)), is_policy_of,
	    inventory->domain, compare_keys);
	inventory->store_ended = engine->store == NULL;
	return inventory;
}

static void
drop_row(struct inventory *inventory)
{
	if (inventory->row_is_ours)
		store_policy_fini(&inventory->row);
	inventory->row_is_ours = false;
}

void
inventory_free(struct inventory *inventory)
{
	if (inventory == NULL)
		return;
	let_go(&inventory->checks);
	let_go(&inventory->policies);
	drop_row(inventory);
	store_policy_fini(&inventory->stored);
	free(inventory);
}

/* Verdicts by rules that are not in force any more stay until they expire; no
 * message gets them.  Which depth it gets hangs on what is reached now. */
static bool
is_in_force(struct inventory *inventory, const struct check *check,
    const char *hops, const char *key)
{
	struct engine_query query = {.domain = check->domain,
	    .next_hop = hops,
	    .port = SMTP_PORT,
	    .rules = inventory->rules};
	char probed[CHECK_RUN_KEY_SIZE], not_probed[CHECK_RUN_KEY_SIZE];
	struct check_run *run;

	if (check->expires_ms <= clock_mono_ms())
		return false;
	run = check_run_new(inventory->engine, &query);
	check_run_print_key(run, true, probed);
	check_run_print_key(run, false, not_probed);
	check_run_free(run);
	return strcmp(key, probed) == 0 || strcmp(key, not_probed) == 0;
}

const struct check *
inventory_next_check(struct inventory *inventory, char hops[NEXTHOP_LIST_SIZE])
{
	struct cache_entry *entry;

	while ((entry = next_held(&inventory->checks)) != NULL) {
		const struct check *check = cache_value(entry);
		const char *key = cache_key(entry);

		snprintf(hops, NEXTHOP_LIST_SIZE, "%.*s",
		    (int)strcspn(key, " "), key);
		if (is_in_force(inventory, check, hops, key))
			return check;
	}
	return NULL;
}

/* What memory has no room for stands in the store alone. */
static int
look_into_store(struct inventory *inventory, struct err *err)
{
	struct store *store = inventory->engine->store;
	const char *domain = inventory->domain;
	struct store_policy *row = &inventory->stored;
	int found;

	if (domain[0] == '\0')
		found = store_next_policy(store, inventory->after, row, err);
	else
		found = store_get_policy(store, domain, row, err);
	inventory->looked = found == 1;
	inventory->store_ended = found != 1 || domain[0] != '\0';
	if (found == 1)
		text_copy(
		    inventory->after, sizeof(inventory->after), row->domain);
	return found < 0 ? -1 : 0;
}

static const struct store_policy *
give_stored(struct inventory *inventory)
{
	inventory->row = inventory->stored;
	inventory->row_is_ours = true;
	inventory->stored.body = NULL;
	inventory->looked = false;
	return &inventory->row;
}

static const struct store_policy *
give_held(struct inventory *inventory)
{
	struct cache_entry *entry = next_held(&inventory->policies);

	if (entry == NULL)
		return NULL;
	known_to_row(cache_value(entry), cache_key(entry), &inventory->row);
	return &inventory->row;
}

/* Memory and store, both by domain; what memory has is the newer. */
const struct store_policy *
inventory_next_policy(struct inventory *inventory, struct err *err)
{
	struct holding *held = &inventory->policies;
	int order;

	err->text[0] = '\0';
	drop_row(inventory);
	if (!inventory->looked && !inventory->store_ended &&
	    look_into_store(inventory, err) != 0)
		return NULL;
	if (!inventory->looked)
		return give_held(inventory);
	if (held->at == held->count)
		return give_stored(inventory);
	order = strcmp(
	    cache_key(held->entries[held->at]), inventory->stored.domain);
	if (order > 0)
		return give_stored(inventory);
	if (order == 0) {
		store_policy_fini(&inventory->stored);
		inventory->looked = false;
	}
	return give_held(inventory);
}
