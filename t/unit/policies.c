/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policies.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/cache.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/sts/policy_refresh.h"
#include "t/fake/dns.h"
#include "t/fake/https.h"
#include "t/unit/tap.h"

/* The policies with a policy host of their own; the store is the real one. */
#define ENFORCE "version: STSv1\nmode: enforce\nmx: mx1.d.ex\nmax_age: 86400\n"
#define MODE_NONE "version: STSv1\nmode: none\nmax_age: 86400\n"
#define AT_ONCE "version: STSv1\nmode: enforce\nmx: mx1.d.ex\nmax_age: 0\n"
#define SHORT "version: STSv1\nmode: enforce\nmx: mx1.d.ex\nmax_age: 3500\n"

static struct {
	atomic_uint gets;
	_Atomic(const char *) body; /* NULL: the fetch fails */
	atomic_bool record;         /* whether _mta-sts announces id 1 */
	atomic_bool silent;         /* as long as this lasts */
	atomic_uint lookups;
	atomic_bool dns_silent; /* as long as this lasts, or to the deadline */
	_Atomic(enum lookup_state) dns_fails; /* so, or with data */
} host;

static void
note_lookup(const struct dns_query *query)
{
	(void)query;
	host.lookups++;
}

static void
answer_lookup(const struct dns_query *query, struct dns_answer *answer)
{
	while (host.dns_silent && clock_left_ms(query->deadline_ms) > 0)
		usleep(1000);
	if (host.dns_silent)
		answer->lookup.state = LOOKUP_TIMEOUT;
	else if (host.dns_fails != LOOKUP_NOT_ASKED)
		answer->lookup.state = host.dns_fails;
	else if (query->type == DNS_A)
		fake_dns_add(answer, "\xc6\x33\x64\x01", 4);
	if (query->type == DNS_TXT && host.record)
		fake_dns_add(answer, "\015v=STSv1;id=1;", 14);
}

static void
answer_fetch(const struct https_request *request, struct https_reply *reply)
{
	(void)request;
	host.gets++;
	while (host.silent)
		usleep(1000);
	if (host.body != NULL)
		fake_https_body(reply, host.body);
}

static const struct fake_dns resolver = {
    .asked = note_lookup, .answer = answer_lookup};

static struct {
	atomic_int troubles, recoveries;
} store_news;

static void
hear_of_trouble(void *arg, const struct err *err)
{
	(void)arg;
	if (err == NULL) {
		store_news.recoveries++;
		return;
	}
	assert_int_equal(err->kind, ERR_LOCAL);
	store_news.troubles++;
}

/* One process that knows policies: leaves, store and all. */
struct house {
	struct pool *leaves;
	struct store *store;
	struct policies *policies;
	struct policy_refresh *refresh; /* NULL: none */
};

static char path[64];

static void
move_in_with(
    struct house *house, bool read_only, bool refresh, unsigned max_queue)
{
	struct policies_options options = {.timeout_ms = 1000,
	    .allow_private = true,
	    .keep = {.read_only = read_only, .trouble = hear_of_trouble}};

	house->leaves = pool_new("leaf", 2, max_queue, NULL);
	house->store = store_open(path, read_only, NULL, NULL);
	assert_non_null(house->store);
	options.leaves = house->leaves;
	options.keep.store = house->store;
	house->policies = policies_new(&options);
	house->refresh =
	    refresh ? policy_refresh_new(house->policies, NULL, 4) : NULL;
}

static void
move_in(struct house *house, bool read_only, bool refresh)
{
	move_in_with(house, read_only, refresh, 100);
}

static void
move_out(struct house *house)
{
	policy_refresh_free(house->refresh);
	pool_free(house->leaves);
	policies_free(house->policies);
	store_free(house->store);
}

static void
unlink_store(void)
{
	char other[80];

	unlink(path);
	snprintf(other, sizeof(other), "%s-wal", path);
	unlink(other);
	snprintf(other, sizeof(other), "%s-shm", path);
	unlink(other);
}

static void
new_store(void)
{
	unlink_store();
	snprintf(path, sizeof(path), "/tmp/policies-%d.db", (int)getpid());
	unlink_store();
	host.gets = 0;
	host.body = ENFORCE;
	host.record = true;
	host.silent = false;
	host.dns_silent = false;
	host.dns_fails = LOOKUP_NOT_ASKED;
	store_news.troubles = store_news.recoveries = 0;
}

/* What a check of a domain is told, with the record's id or NULL. */
static struct sts_facts
ask_for(struct house *house, const char *domain, const char *id, int wait_ms)
{
	struct sts_facts sts = {.record = {.outcome = STS_RECORD_ABSENT}};
	int64_t deadline_ms = clock_mono_ms() + wait_ms;

	if (id != NULL) {
		sts.record.outcome = STS_RECORD_VALID;
		text_copy(sts.record.id, sizeof(sts.record.id), id);
	}
	policy_want_finish(
	    policies_want(house->policies, domain, id), &sts, deadline_ms);
	return sts;
}

static struct sts_facts
ask(struct house *house, const char *id)
{
	return ask_for(house, "d.ex", id, 5000);
}

static void *
clear_in_time(void *arg)
{
	usleep(300000);
	*(atomic_bool *)arg = false;
	return NULL;
}

static void
ask_for_many(struct house *house, unsigned count, int wait_ms)
{
	char domain[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(domain, sizeof(domain), "d%u.ex", i);
		policy_facts_free(ask_for(house, domain, "1", wait_ms).policy);
	}
}

/* One step of a story. */
struct step {
	const char *id;     /* the vector */
	const char *record; /* the id announced, NULL: none */
	const char *body;   /* what the policy host has, NULL: it fails */
	int later_s;        /* before the step */
	bool restart;       /* before the step */
	bool policy;        /* a policy is in force */
	bool cached;
	const char *kept_id;      /* its id, "" without a policy */
	enum policy_fetch failed; /* beside it, or instead of it */
	unsigned gets;            /* all so far */
};

static void
check_step(const struct step *step, struct house *house)
{
	struct sts_facts sts = ask(house, step->record);
	bool policy = sts.policy != NULL && sts.policy->fetch == POLICY_FETCHED;

	ROW(step->id, policy == step->policy);
	ROW(step->id, sts.cached == step->cached);
	ROW_TEXT(step->id, policy ? sts.policy->id : "", step->kept_id);
	if (policy)
		ROW(step->id, sts.failed == step->failed);
	else
		ROW(step->id,
		    (sts.policy == NULL ? POLICY_NOT_FETCHED
					: sts.policy->fetch) == step->failed);
	ROW(step->id, host.gets == step->gets);
	policy_facts_free(sts.policy);
}

static void
run_story(const struct step *steps, size_t count)
{
	struct house house = {0};

	new_store();
	move_in(&house, false, false);
	for (size_t i = 0; i < count; i++) {
		host.body = steps[i].body;
		if (steps[i].restart) {
			move_out(&house);
			move_in(&house, false, false);
		}
		clock_shift(steps[i].later_s);
		check_step(&steps[i], &house);
	}
	move_out(&house);
	unlink_store();
}

#define DAY 86400
#define OK POLICY_NOT_FETCHED
#define ERROR POLICY_FETCH_ERROR

static void
a_kept_policy_stands_in(void **state)
{
	static const struct step story[] = {
	    {"M01", "1", ENFORCE, 0, false, true, false, "1", OK, 1},
	    {"same id", "1", ENFORCE, 60, false, true, true, "1", OK, 1},
	    {"M03", NULL, ENFORCE, 60, false, true, true, "1", ERROR, 1},
	    {"M76", NULL, ENFORCE, 60, true, true, true, "1", ERROR, 1},
	    {"M76 same id", "1", NULL, 60, false, true, true, "1", OK, 1},
	    {"M62", "2", NULL, 60, false, true, true, "1", ERROR, 2},
	    {"M62 again", "2", ENFORCE, 60, false, true, true, "1", ERROR, 2},
	    {"M62 body", "3", "mode: enforce\n", 60, false, true, true, "1",
		POLICY_INVALID, 3},
	    {"old id again", "1", NULL, 60, false, true, true, "1", OK, 3},
	    {"M63", "1", NULL, DAY, false, false, false, "", ERROR, 4},
	    {"M63 no record", NULL, NULL, 60, false, false, false, "", OK, 4},
	};

	(void)state;
	run_story(story, COUNT(story));
}

static void
a_failed_fetch_waits_for_five_minutes_or_a_new_id(void **state)
{
	static const struct step story[] = {
	    {"M17", "1", NULL, 0, false, false, false, "", ERROR, 1},
	    {"M64", "1", ENFORCE, 240, false, false, false, "", ERROR, 1},
	    {"M64 restart", "1", ENFORCE, 1, true, false, false, "", ERROR, 1},
	    {"M65", "2", ENFORCE, 0, false, true, false, "2", OK, 2},
	    {"M64 other id", "1", NULL, 400, false, true, true, "2", ERROR, 3},
	};
	static const struct step again[] = {
	    {"fail", "1", NULL, 0, false, false, false, "", ERROR, 1},
	    {"5 min", "1", ENFORCE, 301, false, true, false, "1", OK, 2},
	};

	(void)state;
	run_story(story, COUNT(story));
	run_story(again, COUNT(again));
}

static void
a_new_policy_replaces_the_old(void **state)
{
	static const struct step none[] = {
	    {"enforce", "1", ENFORCE, 0, false, true, false, "1", OK, 1},
	    {"M61", "2", MODE_NONE, 60, false, true, false, "2", OK, 2},
	    {"M44", "2", NULL, 60, true, true, true, "2", OK, 2},
	};
	static const struct step at_once[] = {
	    {"enforce", "1", ENFORCE, 0, false, true, false, "1", OK, 1},
	    {"M40", "2", AT_ONCE, 60, false, true, false, "2", OK, 2},
	    {"M40 after", NULL, NULL, 1, false, false, false, "", OK, 2},
	    {"M40 again", "2", AT_ONCE, 1, false, true, false, "2", OK, 3},
	};

	(void)state;
	run_story(none, COUNT(none));
	run_story(at_once, COUNT(at_once));
}

static void
a_reader_uses_policies_and_ignores_failures(void **state)
{
	struct house daemon, command;
	struct sts_facts sts;

	(void)state;
	new_store();
	move_in(&daemon, false, false);
	host.body = NULL;
	sts = ask(&daemon, "1");
	policy_facts_free(sts.policy);
	move_in(&command, true, false);
	host.body = ENFORCE;
	sts = ask(&command, "1");
	assert_int_equal(host.gets, 2);
	assert_int_equal(sts.policy->fetch, POLICY_FETCHED);
	policy_facts_free(sts.policy);
	move_out(&command);
	/* and has written nothing */
	sts = ask(&daemon, NULL);
	assert_null(sts.policy);
	move_out(&daemon);
	unlink_store();
}

static void
a_policy_is_fetched_ahead_of_its_end(void **state)
{
	struct house house = {0};
	struct sts_facts sts;

	(void)state;
	new_store();
	move_in(&house, false, false);
	sts = ask(&house, "1");
	policy_facts_free(sts.policy);
	move_out(&house);
	clock_shift(DAY / 2 + 60);
	move_in(&house, false, true);
	for (int i = 0; i < 500 && host.gets < 2; i++)
		usleep(10000);
	assert_int_equal(host.gets, 2);
	move_out(&house);
	unlink_store();
}

/* Four are begun at once, and as many again when those are through; but not
 * where no fetch can be begun. */
static void
a_full_queue_is_not_asked_again_and_again(void **state)
{
	struct house house = {0};

	(void)state;
	new_store();
	move_in(&house, false, false);
	ask_for_many(&house, 40, 5000);
	move_out(&house);
	clock_shift(DAY / 2 + 60);
	host.lookups = 0;
	move_in_with(&house, false, true, 0);
	for (int i = 0; i < 500 && host.lookups < 3; i++)
		usleep(10000);
	usleep(300000);
	assert_in_range(host.lookups, 3, 3 * 16);
	assert_int_equal(host.gets, 40);
	move_out(&house);
	unlink_store();
}

static void
a_policy_that_is_short_lived_is_not_fetched_for_ever(void **state)
{
	struct house house = {0};

	(void)state;
	new_store();
	move_in(&house, false, false);
	host.body = SHORT;
	policy_facts_free(ask_for(&house, "short.ex", "1", 5000).policy);
	host.body = ENFORCE;
	policy_facts_free(ask(&house, "1").policy);
	move_out(&house);
	clock_shift(4000);
	move_in(&house, false, true);
	usleep(300000);
	assert_int_equal(host.gets, 2);
	move_out(&house);
	unlink_store();
}

static void
a_fetch_that_nobody_waits_for_is_not_begun(void **state)
{
	struct sts_facts sts = {.cached = false};
	struct policy_want *wants[2];
	struct house house = {0};

	(void)state;
	new_store();
	move_in(&house, false, false);
	host.silent = true;
	wants[0] = policies_want(house.policies, "a.ex", "1");
	wants[1] = policies_want(house.policies, "b.ex", "1");
	while (host.gets < 2)
		usleep(1000);
	ask_for_many(&house, 10, 0);
	host.silent = false;
	for (size_t i = 0; i < COUNT(wants); i++) {
		policy_want_finish(wants[i], &sts, clock_mono_ms() + 5000);
		assert_int_equal(sts.policy->fetch, POLICY_FETCHED);
		policy_facts_free(sts.policy);
	}
	move_out(&house);
	assert_int_equal(host.gets, 2);
	unlink_store();
}

/* The store is there at first, then its directory takes no more. */
static void
a_broken_store_is_said_once_and_memory_goes_on(void **state)
{
	struct policies_options options = {.timeout_ms = 1000,
	    .allow_private = true,
	    .keep.trouble = hear_of_trouble};
	struct house house = {0};
	struct sts_facts sts;

	(void)state;
	new_store();
	house.store = store_open(path, false, NULL, NULL);
	store_free(house.store);
	house.store = store_open(path, true, NULL, NULL);
	house.leaves = pool_new("leaf", 2, 10, NULL);
	options.leaves = house.leaves;
	options.keep.store = house.store;
	house.policies = policies_new(&options);
	store_news.troubles = 0;
	sts = ask(&house, "1");
	policy_facts_free(sts.policy);
	sts = ask(&house, "2");
	policy_facts_free(sts.policy);
	sts = ask(&house, NULL);
	assert_true(sts.cached);
	policy_facts_free(sts.policy);
	assert_int_equal(store_news.troubles, 1);
	move_out(&house);
	unlink_store();
}

static void
so_many_policies_are_kept_in_memory(void **state)
{
	struct policies_options options = {
	    .timeout_ms = 1000, .allow_private = true};
	struct house house = {.leaves = pool_new("leaf", 2, 100, NULL)};

	(void)state;
	new_store();
	options.leaves = house.leaves;
	house.policies = policies_new(&options);
	ask_for_many(&house, LIMIT_KEPT_POLICIES, 5000);
	ask_for_many(&house, LIMIT_KEPT_POLICIES, 5000);
	assert_int_equal(host.gets, LIMIT_KEPT_POLICIES);
	assert_int_equal(
	    cache_count(policy_keep_memory(policies_keep(house.policies))),
	    LIMIT_KEPT_POLICIES);
	ask_for_many(&house, LIMIT_KEPT_POLICIES + 1, 5000);
	assert_int_equal(host.gets, LIMIT_KEPT_POLICIES + 1);
	assert_int_equal(
	    cache_count(policy_keep_memory(policies_keep(house.policies))),
	    LIMIT_KEPT_POLICIES);
	move_out(&house);
}

static void
what_is_flushed_is_fetched_again_and_not_read_from_disk(void **state)
{
	struct house house = {0};
	struct sts_facts sts;

	(void)state;
	new_store();
	move_in(&house, false, false);
	policy_facts_free(ask(&house, "1").policy);
	assert_int_equal(policies_flush(house.policies, "e.ex", NULL), 0);
	assert_int_equal(policies_flush(house.policies, "x.d.ex", NULL), 0);
	sts = ask(&house, "1");
	assert_true(sts.cached);
	policy_facts_free(sts.policy);
	assert_int_equal(policies_flush(house.policies, "d.ex", NULL), 1);
	assert_null(ask(&house, NULL).policy);
	policy_facts_free(ask(&house, "1").policy);
	assert_int_equal(host.gets, 2);
	move_out(&house);
	move_in(&house, false, false);
	assert_int_equal(
	    cache_count(policy_keep_memory(policies_keep(house.policies))), 1);
	assert_int_equal(policies_flush(house.policies, NULL, NULL), 1);
	assert_null(ask(&house, NULL).policy);
	move_out(&house);
	unlink_store();
}

static void *
flush_all(void *arg)
{
	struct house *house = arg;

	assert_true(policies_flush(house->policies, NULL, NULL) >= 0);
	return NULL;
}

/* Of a use that is noted meanwhile: whichever comes first. */
static void
what_is_flushed_while_in_use_does_not_come_back(void **state)
{
	enum { ROUNDS = 100 };
	struct house house;

	(void)state;
	new_store();
	move_in(&house, false, false);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_t flusher;
		int rc;

		policy_facts_free(ask(&house, "1").policy);
		rc = pthread_create(&flusher, NULL, flush_all, &house);
		assert_int_equal(rc, 0);
		usleep((useconds_t)(i % 10 * 20));
		policy_facts_free(ask(&house, NULL).policy);
		pthread_join(flusher, NULL);
		assert_null(ask(&house, NULL).policy);
	}
	move_out(&house);
	unlink_store();
}

static void
a_store_that_is_only_read_forgets_nothing(void **state)
{
	struct house house = {0};
	struct sts_facts sts;
	struct err err;

	(void)state;
	new_store();
	move_in(&house, false, false);
	policy_facts_free(ask(&house, "1").policy);
	move_out(&house);
	move_in(&house, true, false);
	assert_int_equal(policies_flush(house.policies, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
	sts = ask(&house, "1");
	assert_true(sts.cached);
	policy_facts_free(sts.policy);
	move_out(&house);
	unlink_store();
}

static void *
ask_in_haste(void *arg)
{
	struct sts_facts sts = ask_for(arg, "d.ex", "1", 100);

	assert_int_equal(sts.policy->fetch, POLICY_FETCH_ERROR);
	policy_facts_free(sts.policy);
	return NULL;
}

static void
a_flight_is_not_bound_by_the_haste_of_who_began_it(void **state)
{
	struct house house = {0};
	struct sts_facts sts;
	pthread_t hasty, later;
	int rc;

	(void)state;
	new_store();
	host.lookups = 0;
	move_in(&house, false, false);
	host.dns_silent = true;
	rc = pthread_create(&hasty, NULL, ask_in_haste, &house);
	assert_int_equal(rc, 0);
	while (host.lookups == 0)
		usleep(1000);
	rc = pthread_create(&later, NULL, clear_in_time, &host.dns_silent);
	assert_int_equal(rc, 0);
	sts = ask(&house, "1");
	pthread_join(hasty, NULL);
	pthread_join(later, NULL);
	assert_int_equal(sts.policy->fetch, POLICY_FETCHED);
	assert_int_equal(host.gets, 1);
	policy_facts_free(sts.policy);
	move_out(&house);
	unlink_store();
}

static void
a_lookup_that_fails_is_no_failure_of_the_policy_host(void **state)
{
	static const struct {
		const char *id;
		enum lookup_state state;
		const char *detail;
		bool learnt;
	} rows[] = {
	    {"time", LOOKUP_TIMEOUT, "no_lookup_of_mta-sts.d.ex:", false},
	    {"SERVFAIL", LOOKUP_SERVFAIL, "no_lookup_of_mta-sts.d.ex:", false},
	    {"bogus", LOOKUP_BOGUS, "no_lookup_of_mta-sts.d.ex:", false},
	    {"NODATA", LOOKUP_NODATA, "policy_host_has_no_address", true},
	    {"NXDOMAIN", LOOKUP_NXDOMAIN, "policy_host_has_no_address", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct store_policy row;
		struct house house = {0};
		struct sts_facts sts;

		new_store();
		move_in(&house, false, false);
		host.dns_fails = rows[i].state;
		sts = ask(&house, "1");
		ROW(rows[i].id, sts.policy->fetch == POLICY_FETCH_ERROR);
		ROW(rows[i].id, strncmp(sts.policy->detail, rows[i].detail,
				    strlen(rows[i].detail)) == 0);
		policy_facts_free(sts.policy);
		ROW(rows[i].id, store_get_policy(house.store, "d.ex", &row,
				    NULL) == rows[i].learnt);
		host.dns_fails = LOOKUP_NOT_ASKED;
		sts = ask(&house, "1");
		ROW(rows[i].id,
		    (sts.policy->fetch == POLICY_FETCHED) != rows[i].learnt);
		policy_facts_free(sts.policy);
		move_out(&house);
	}
	unlink_store();
}

/* Without a store: what memory forgets is gone. */
static void
names_that_are_asked_for_once_drive_out_no_policy_in_use(void **state)
{
	struct policies_options options = {
	    .timeout_ms = 1000, .allow_private = true};
	struct house house = {.leaves = pool_new("leaf", 2, 100, NULL)};
	struct sts_facts sts;

	(void)state;
	new_store();
	options.leaves = house.leaves;
	house.policies = policies_new(&options);
	for (int i = 0; i < 2; i++)
		policy_facts_free(ask(&house, "1").policy);
	ask_for_many(&house, LIMIT_KEPT_POLICIES + 10, 5000);
	sts = ask(&house, NULL);
	assert_non_null(sts.policy);
	assert_true(sts.cached);
	policy_facts_free(sts.policy);
	move_out(&house);
}

enum { YEARS = 10 * 365 * DAY };

/* The clock is years ahead when the policy is fetched, and is set then. */
static void
a_clock_that_was_ahead_keeps_no_policy_in_force_for_years(void **state)
{
	(void)state;
	for (int restart = 0; restart <= 1; restart++) {
		struct house house = {0};
		struct sts_facts sts;

		new_store();
		move_in(&house, false, false);
		clock_shift(YEARS);
		policy_facts_free(ask(&house, "1").policy);
		clock_shift(-YEARS);
		if (restart == 1) {
			move_out(&house);
			move_in(&house, false, false);
		}
		sts = ask(&house, NULL);
		assert_true(sts.cached);
		policy_facts_free(sts.policy);
		move_out(&house);
		clock_shift(DAY - 60);
		move_in(&house, false, false);
		sts = ask(&house, NULL);
		assert_true(sts.cached);
		policy_facts_free(sts.policy);
		clock_shift(120);
		assert_null(ask(&house, NULL).policy);
		move_out(&house);
	}
	unlink_store();
}

/* What was read with such times is written with those of the right clock. */
static void
a_failure_of_a_clock_that_was_ahead_puts_off_no_refresh(void **state)
{
	struct house house = {0};

	(void)state;
	new_store();
	move_in(&house, false, false);
	clock_shift(YEARS);
	policy_facts_free(ask(&house, "1").policy);
	host.body = NULL;
	policy_facts_free(ask(&house, "2").policy);
	host.body = ENFORCE;
	clock_shift(-YEARS);
	move_out(&house);
	move_in(&house, false, false);
	move_out(&house);
	clock_shift(DAY / 2 + 60);
	move_in(&house, false, true);
	for (int i = 0; i < 500 && host.gets < 3; i++)
		usleep(10000);
	assert_int_equal(host.gets, 3);
	move_out(&house);
	unlink_store();
}

static void
limit_files(rlim_t octets)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = octets;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
what_a_full_disk_did_not_take_is_written_when_it_has_room(void **state)
{
	struct policy_keep *keep;
	struct store_policy row;
	struct house house = {0};

	(void)state;
	new_store();
	move_in(&house, false, false);
	keep = policies_keep(house.policies);
	limit_files(0);
	policy_facts_free(ask(&house, "1").policy);
	policy_facts_free(ask_for(&house, "e.ex", "1", 5000).policy);
	assert_int_equal(policy_keep_owed(keep), 2);
	assert_true(policy_keep_store_fails(keep));
	policy_keep_catch_up(keep);
	assert_int_equal(policy_keep_owed(keep), 2);
	assert_int_equal(store_news.troubles, 1);
	assert_int_equal(store_news.recoveries, 0);
	limit_files(RLIM_INFINITY);
	policy_keep_catch_up(keep);
	assert_int_equal(policy_keep_owed(keep), 0);
	assert_false(policy_keep_store_fails(keep));
	assert_int_equal(store_news.troubles, 1);
	assert_int_equal(store_news.recoveries, 1);
	for (int i = 0; i <= 1; i++) {
		assert_int_equal(store_get_policy(house.store,
				     i == 0 ? "d.ex" : "e.ex", &row, NULL),
		    1);
		store_policy_fini(&row);
	}
	move_out(&house);
	unlink_store();
}

int
main(void)
{
	const struct CMUnitTest policies[] = {
	    cmocka_unit_test(a_kept_policy_stands_in),
	    cmocka_unit_test(a_failed_fetch_waits_for_five_minutes_or_a_new_id),
	    cmocka_unit_test(a_new_policy_replaces_the_old),
	    cmocka_unit_test(a_reader_uses_policies_and_ignores_failures),
	    cmocka_unit_test(a_broken_store_is_said_once_and_memory_goes_on),
	    cmocka_unit_test(so_many_policies_are_kept_in_memory),
	    cmocka_unit_test(
		what_is_flushed_is_fetched_again_and_not_read_from_disk),
	    cmocka_unit_test(what_is_flushed_while_in_use_does_not_come_back),
	    cmocka_unit_test(a_store_that_is_only_read_forgets_nothing),
	    cmocka_unit_test(a_policy_is_fetched_ahead_of_its_end),
	    cmocka_unit_test(a_full_queue_is_not_asked_again_and_again),
	    cmocka_unit_test(
		a_policy_that_is_short_lived_is_not_fetched_for_ever),
	    cmocka_unit_test(a_fetch_that_nobody_waits_for_is_not_begun),
	    cmocka_unit_test(
		a_flight_is_not_bound_by_the_haste_of_who_began_it),
	    cmocka_unit_test(
		a_lookup_that_fails_is_no_failure_of_the_policy_host),
	    cmocka_unit_test(
		names_that_are_asked_for_once_drive_out_no_policy_in_use),
	    cmocka_unit_test(
		a_clock_that_was_ahead_keeps_no_policy_in_force_for_years),
	    cmocka_unit_test(
		a_failure_of_a_clock_that_was_ahead_puts_off_no_refresh),
	    cmocka_unit_test(
		what_a_full_disk_did_not_take_is_written_when_it_has_room),
	};

	fake_dns_use(&resolver);
	fake_https_use(answer_fetch);
	return RUN_TESTS(policies);
}
