/* SPDX-License-Identifier: BSD-2-Clause */
/* Two hosts and a real store between them; their policy host is one. */
#include "common/sts/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/sts/known.h"
#include "common/sts/policy_share.h"
#include "common/sts/policy_want.h"
#include "t/fake/redis.h"
#include "t/unit/house.h"
#include "t/unit/store_client.h"
#include "t/unit/tap.h"

#define KEY                                \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"
#define FOREIGN                            \
	"ffffffffffffffffffffffffffffffff" \
	"ffffffffffffffffffffffffffffffff"
#define TESTING "version: STSv1\nmode: testing\nmx: mx1.d.ex\nmax_age: 86400\n"
#define OTHER_MX "version: STSv1\nmode: enforce\nmx: mx2.d.ex\nmax_age: 86400\n"
#define LONG_LIFE                                       \
	"version: STSv1\nmode: enforce\nmx: mx1.d.ex\n" \
	"max_age: 2592000\n"
#define D "d.ex"

enum { PATIENT_MS = 30 * 1000, LOOK_US = 10 * 1000 };

/* One host: its client, what it shares, and what it was told. */
struct member {
	struct store_client client;
	struct share_counts counts;
	struct share *share;
	_Atomic unsigned told[SHARE_CREATED + 1];
	struct house house;
};

static struct redis *server;
static struct member a, b;
static char path_of_a[64], path_of_b[64];

static void
on_told(void *arg, enum share_what what, const char *domain, const char *by,
    enum shared_fault fault)
{
	struct member *member = arg;

	(void)domain;
	(void)by;
	(void)fault;
	member->told[what]++;
}

static void
join_with_key(struct member *member, const char *host, const char *key)
{
	struct shared_options options = {.timeout_ms = PATIENT_MS};
	struct share_options share = {.prefix = "postern",
	    .host = host,
	    .counts = &member->counts,
	    .told = on_told,
	    .arg = member};
	char text[160];

	memset(member, 0, sizeof(*member));
	snprintf(text, sizeof(text), "unix:%s", redis_path(server));
	store_client_server(&options, text);
	store_client_open(&member->client, &options);
	store_client_await(&member->client, SHARED_UP, 1);
	assert_int_equal(shared_keys_parse(&share.keys, key, NULL), 0);
	share.store = member->client.shared;
	member->share = share_new(&share, NULL);
	assert_non_null(member->share);
	member->house.share = member->share;
}

static void
leave_again(struct member *member)
{
	share_free(member->share);
	store_client_close(&member->client);
}

/* Both, with houses whose stores are files of their own. */
static int
begin_test(void **state)
{
	(void)state;
	server = redis_new("");
	join_with_key(&a, "a.host", KEY);
	join_with_key(&b, "b.host", KEY);
	house_new_store();
	text_copy(path_of_b, sizeof(path_of_b), house_path);
	snprintf(house_path, sizeof(house_path), "%.50s-a", path_of_b);
	house_move_in(&a.house, false, false);
	text_copy(path_of_a, sizeof(path_of_a), house_path);
	text_copy(house_path, sizeof(house_path), path_of_b);
	house_move_in(&b.house, false, false);
	return 0;
}

static int
end_test(void **state)
{
	(void)state;
	house_move_out(&a.house);
	house_move_out(&b.house);
	house_unlink_store();
	text_copy(house_path, sizeof(house_path), path_of_a);
	house_unlink_store();
	leave_again(&a);
	leave_again(&b);
	redis_free(server);
	return 0;
}

/* --- what stands in the store --- */

static void
set_raw(const char *name, const char *value)
{
	const char *const words[] = {"SET", name, value, NULL};
	char text[STORE_CLIENT_TEXT];

	assert_int_equal(
	    store_client_ask(&a.client, SHARED_OP_PUT, words, text),
	    SHARED_RESULT_OK);
}

static char *
get_raw(const char *name)
{
	struct resp_words words = {.count = 2, .items = {"GET", name}};
	enum shared_result result;
	struct resp *reply =
	    shared_ask(a.client.shared, SHARED_OP_GET, &words, &result);
	char *value = result == SHARED_RESULT_HIT ? strdup(reply->text) : NULL;

	resp_free(reply);
	return value;
}

/* A member that has the key puts what it likes. */
static void
put_as_member(
    const char *domain, const char *id, const char *body, time_t fetched_s)
{
	struct shared_policy policy = {
	    .fetched_s = fetched_s, .expires_s = fetched_s + 365 * DAY};
	char name[SHARE_NAME_SIZE], *payload, *value;

	text_copy(policy.domain, sizeof(policy.domain), domain);
	text_copy(policy.id, sizeof(policy.id), id);
	text_copy(policy.by, sizeof(policy.by), "c.host");
	policy.body = strdup(body);
	payload = shared_policy_print(&policy);
	share_name(a.share, "p", domain, name);
	value = share_sign(a.share, name, payload);
	set_raw(name, value);
	free(policy.body);
	free(payload);
	free(value);
}

/* Until the thread of puts has put the policy that was fetched then. */
static struct shared_policy *
await_put(const char *domain, const char *body)
{
	int64_t deadline_ms = clock_mono_ms() + STORE_CLIENT_WAIT_MS;
	struct shared_policy *policy;

	while ((policy = share_ask(a.share, domain)) == NULL ||
	       strcmp(policy->body, body) != 0) {
		shared_policy_free(policy);
		if (clock_left_ms(deadline_ms) == 0)
			fail_msg("nothing was put");
		usleep(LOOK_US);
	}
	return policy;
}

/* --- what a check is told --- */

struct told {
	bool policy, cached;
	char by[LIMIT_DOMAIN_SIZE];
	enum sts_mode mode;
};

static struct told
ask_member(struct member *member, const char *id)
{
	struct sts_facts sts = house_ask_for(&member->house, D, id, PATIENT_MS);
	struct told told = {.cached = sts.cached};

	told.policy = sts.policy != NULL && sts.policy->fetch == POLICY_FETCHED;
	if (told.policy) {
		told.mode = sts.policy->policy->mode;
		text_copy(told.by, sizeof(told.by), sts.policy->by);
	}
	policy_facts_free(sts.policy);
	return told;
}

/* F20 */
static void
a_policy_that_one_has_fetched_serves_the_other(void **state)
{
	struct told told;

	(void)state;
	told = ask_member(&a, "1");
	assert_true(told.policy && told.by[0] == '\0');
	shared_policy_free(await_put(D, ENFORCE));
	house_host.body = NULL; /* it is silent from now on */
	told = ask_member(&b, "1");
	assert_true(told.policy);
	assert_string_equal(told.by, "a.host");
	assert_int_equal(house_host.gets, 1);
	assert_int_equal(b.told[SHARE_CREATED], 1);
	/* from now on it is kept like any other, without the store */
	redis_signal(server, 9);
	store_client_await(&b.client, SHARED_DOWN, 1);
	told = ask_member(&b, "1");
	assert_true(told.policy && told.cached);
	assert_int_equal(house_host.gets, 1);
}

/* The same where somebody hides the record as well. */
static void
a_policy_serves_where_no_record_is_seen(void **state)
{
	struct told told;

	(void)state;
	ask_member(&a, "1");
	shared_policy_free(await_put(D, ENFORCE));
	house_host.body = NULL;
	told = ask_member(&b, NULL);
	assert_true(told.policy && told.cached);
	assert_string_equal(told.by, "a.host");
	assert_int_equal(house_host.gets, 1);
}

static void
where_nobody_has_one_there_is_none(void **state)
{
	struct told told;

	(void)state;
	told = ask_member(&b, NULL);
	assert_false(told.policy || told.cached);
	assert_int_equal(house_host.gets, 0);
}

/* R5: it lives through a restart, with whose it is */
static void
a_policy_of_another_is_on_disk_as_that(void **state)
{
	struct told told;
	struct store_policy row;

	(void)state;
	put_as_member(D, "1", ENFORCE, clock_wall_s());
	ask_member(&b, "1");
	assert_int_equal(store_get_policy(b.house.store, D, &row, NULL), 1);
	assert_string_equal(row.source, "c.host");
	store_policy_fini(&row);
	house_move_out(&b.house);
	house_move_in(&b.house, false, false);
	told = ask_member(&b, "1");
	assert_true(told.policy && told.cached);
	assert_string_equal(told.by, "c.host");
	assert_int_equal(house_host.gets, 0);
}

/* R3, R4: whatever a member puts, nothing that is in force gets weaker */
static void
no_value_weakens_what_is_in_force(void **state)
{
	static const struct {
		const char *id;
		const char *body;
		int later_s;
	} rows[] = {{"F21: testing", TESTING, 60}, {"none", MODE_NONE, 60},
	    {"F23: other hosts", OTHER_MX, 60}, {"shorter", SHORT, 60},
	    {"at once over", AT_ONCE, 60}, {"longer", LONG_LIFE, 60},
	    {"older", ENFORCE, -60}};

	(void)state;
	ask_member(&b, "1");
	assert_int_equal(house_host.gets, 1);
	shared_policy_free(await_put(D, ENFORCE));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cache_entry *entry;
		const struct known *known;
		struct policy_facts *taken;
		struct policy_share with = {
		    b.share, policies_keep(b.house.policies), NULL};

		put_as_member(
		    D, "1", rows[i].body, clock_wall_s() + rows[i].later_s);
		/* another is at it, so that it would be taken */
		share_claim(a.share, D);
		taken = policy_share_take(
		    &with, D, "1", POLICY_REFRESH, clock_mono_ms());
		ROW(rows[i].id, taken == NULL);
		taken = policy_share_take(
		    &with, D, "1", POLICY_UNKNOWN, clock_mono_ms());
		ROW(rows[i].id, taken == NULL);
		entry = policy_keep_peek(with.keep, D);
		known = cache_value(entry);
		ROW_TEXT(rows[i].id, known->policy->body, ENFORCE);
		ROW(rows[i].id, known->policy->by[0] == '\0');
		ROW(rows[i].id, known->expires_s == known->fetched_s + DAY);
		cache_release(entry);
	}
}

/* F24 */
static void
the_same_policy_fetched_later_lives_longer(void **state)
{
	struct policy_share with = {
	    b.share, policies_keep(b.house.policies), NULL};
	struct policy_facts *taken;
	struct cache_entry *entry;
	const struct known *known;
	time_t later = clock_wall_s() + 60;

	(void)state;
	ask_member(&b, "1");
	shared_policy_free(await_put(D, ENFORCE));
	put_as_member(D, "1", ENFORCE, later);
	clock_shift(120);
	taken =
	    policy_share_take(&with, D, "1", POLICY_REFRESH, clock_mono_ms());
	assert_non_null(taken);
	policy_facts_free(taken);
	entry = policy_keep_peek(with.keep, D);
	known = cache_value(entry);
	assert_int_equal(known->expires_s, later + DAY);
	assert_string_equal(known->policy->by, "c.host");
	cache_release(entry);
	assert_int_equal(b.told[SHARE_EXTENDED], 1);
	/* nor under another id than is announced now */
	put_as_member(D, "1", ENFORCE, later + 60);
	share_claim(a.share, D);
	assert_null(
	    policy_share_take(&with, D, "2", POLICY_REFRESH, clock_mono_ms()));
	assert_int_equal(house_host.gets, 1);
}

/* F25, F33: each has the host fetch for itself */
static void
what_is_not_fit_to_begin_with_is_a_hint(void **state)
{
	static const struct {
		const char *id;
		const char *body;
		int fetched_s; /* against now */
		bool hint;     /* else it is rejected */
	} rows[] = {{"F25: eight days old", LONG_LIFE, -8 * DAY, true},
	    {"F33: testing", TESTING, -60, true},
	    {"F33: none", MODE_NONE, -60, true},
	    {"F25: over", ENFORCE, -DAY - 60, false},
	    {"F25: of a time to come", ENFORCE, 600, false},
	    {"F26: no policy", "version: STSv1\n", -60, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned gets = house_host.gets, hints = b.told[SHARE_HINT];
		struct told told;

		put_as_member(
		    D, "1", rows[i].body, clock_wall_s() + rows[i].fetched_s);
		policies_flush(b.house.policies, NULL, NULL);
		house_host.body = ENFORCE;
		told = ask_member(&b, "1");
		ROW(rows[i].id, told.policy && told.by[0] == '\0');
		ROW(rows[i].id, house_host.gets == gets + 1);
		ROW(rows[i].id, b.told[SHARE_HINT] == hints + rows[i].hint);
		shared_policy_free(await_put(D, ENFORCE));
	}
	/* by the check, and by the thread before it puts */
	assert_int_equal(b.counts.rejected[SHARED_FAULT_TIME], 4);
	assert_int_equal(b.counts.rejected[SHARED_FAULT_SYNTAX], 2);
}

static void
a_policy_of_a_week_ago_is_still_taken(void **state)
{
	struct told told;

	(void)state;
	put_as_member(D, "1", LONG_LIFE, clock_wall_s() - 7 * DAY + 60);
	told = ask_member(&b, "1");
	assert_string_equal(told.by, "c.host");
	assert_int_equal(house_host.gets, 0);
}

/* The record has another id by now: it is fetched, and stands in if that fails
 */
static void
a_policy_for_another_id_stands_in_alone(void **state)
{
	struct told told;

	(void)state;
	put_as_member(D, "1", ENFORCE, clock_wall_s());
	house_host.body = NULL;
	told = ask_member(&b, "2");
	assert_int_equal(house_host.gets, 1);
	told = ask_member(&b, "2");
	assert_true(told.policy && told.cached);
	assert_string_equal(told.by, "c.host");
	assert_int_equal(house_host.gets, 1);
}

/* R6 */
static void
a_failure_has_it_fetched_here_first(void **state)
{
	struct policy_want *want;
	struct sts_facts sts = {.record = {.outcome = STS_RECORD_ABSENT}};

	(void)state;
	put_as_member(D, "1", ENFORCE, clock_wall_s());
	ask_member(&b, "1");
	assert_int_equal(house_host.gets, 0);
	house_host.body = MODE_NONE;
	want = policy_want_begin(b.house.policies, D, "1", true);
	policy_want_finish(want, &sts, clock_mono_ms() + PATIENT_MS);
	assert_int_equal(house_host.gets, 1);
	assert_int_equal(sts.policy->policy->mode, STS_MODE_NONE);
	assert_string_equal(sts.policy->by, "");
	policy_facts_free(sts.policy);
}

/* F60, F61 */
static void
what_is_forged_or_moved_counts_for_nothing(void **state)
{
	struct member foreign;
	struct told told;
	char *value;

	(void)state;
	put_as_member("x.ex", "1", ENFORCE, clock_wall_s());
	value = get_raw("postern:1:p:x.ex");
	set_raw("postern:1:p:" D, value);
	free(value);
	house_host.body = NULL;
	told = ask_member(&b, NULL);
	assert_false(told.policy);
	assert_int_equal(b.counts.rejected[SHARED_FAULT_MAC], 1);
	assert_int_equal(b.told[SHARE_REJECTED], 1);
	/* a member of another fleet, in the same database */
	join_with_key(&foreign, "f.host", FOREIGN);
	assert_null(share_ask(foreign.share, "x.ex"));
	assert_int_equal(foreign.counts.rejected[SHARED_FAULT_MAC], 1);
	leave_again(&foreign);
}

static void
a_store_full_of_forgeries_is_left_alone(void **state)
{
	(void)state;
	set_raw("postern:1:p:" D,
	    "1.630dcd29.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.{}");
	for (unsigned i = 0; i < 12; i++)
		assert_null(share_ask(b.share, D));
	assert_int_equal(b.counts.rejected[SHARED_FAULT_MAC], 10);
	assert_int_equal(b.told[SHARE_REJECTED], 1);
	assert_int_equal(b.told[SHARE_SHUT], 1);
	assert_false(share_is_open(b.share));
}

/* F27 */
static void
an_older_fetch_does_not_take_the_place_of_a_newer(void **state)
{
	(void)state;
	put_as_member(D, "2", OTHER_MX, clock_wall_s() + 100);
	ask_member(&a, "1"); /* its clock is behind */
	while (a.counts.rejected[SHARED_FAULT_CONFLICT] == 0)
		usleep(LOOK_US);
	shared_policy_free(await_put(D, OTHER_MX));
}

/* F30 */
static void
what_was_forgotten_does_not_come_back(void **state)
{
	time_t now = clock_wall_s();
	struct shared_policy *policy;
	char name[24];

	(void)state;
	put_as_member(D, "1", ENFORCE, now - 60);
	share_bury(b.share, D, now);
	assert_null(share_ask(b.share, D));
	assert_int_equal(b.counts.rejected[SHARED_FAULT_TIME], 1);
	put_as_member(D, "1", ENFORCE, now + 1);
	policy = share_ask(b.share, D);
	assert_non_null(policy);
	shared_policy_free(policy);
	/* of so many the last are known */
	for (int i = 0; i < LIMIT_SHARED_GRAVES; i++) {
		snprintf(name, sizeof(name), "d%d.ex", i);
		share_bury(b.share, name, now + 1);
	}
	put_as_member("d1.ex", "1", ENFORCE, now);
	assert_null(share_ask(b.share, "d1.ex"));
}

static void
one_fetches_while_the_others_wait(void **state)
{
	(void)state;
	assert_true(share_claim(a.share, D));
	assert_true(share_claim(a.share, D));
	assert_false(share_claim(b.share, D));
	assert_true(share_claim(b.share, "other.ex"));
	redis_signal(server, 9);
	store_client_await(&b.client, SHARED_DOWN, 1);
	assert_true(share_claim(b.share, D));
}

/* F64: whoever holds all leases has others wait a second, no more */
static void
a_lease_that_comes_to_nothing_costs_a_second(void **state)
{
	struct told told;
	int64_t began_ms;

	(void)state;
	share_claim(a.share, D);
	began_ms = clock_mono_ms();
	told = ask_member(&b, "1");
	assert_true(told.policy && told.by[0] == '\0');
	assert_int_equal(house_host.gets, 1);
	assert_true(clock_mono_ms() - began_ms >= 50);
}

static void
what_cannot_wait_any_more_is_dropped(void **state)
{
	struct policy_facts *facts = policy_facts_new(POLICY_FETCHED);
	char name[24];

	(void)state;
	assert_int_equal(LIMIT_SHARED_PUTS, 1024);
	assert_int_equal(LIMIT_SHARED_PUT_OCTETS, 16 << 20);
	redis_signal(server, 19); /* STOP: nothing is put meanwhile */
	facts->body = strdup(ENFORCE);
	facts->policy = sts_policy_parse(ENFORCE, strlen(ENFORCE), NULL);
	facts->fetched_s = clock_wall_s();
	for (int i = 0; i < LIMIT_SHARED_PUTS + 10; i++) {
		snprintf(name, sizeof(name), "d%d.ex", i);
		share_put(a.share, name, facts);
	}
	/* one or two may be on their way */
	assert_in_range(a.counts.dropped, 8, 10);
	policy_facts_free(facts);
	redis_signal(server, 18);
}

#define SHARE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, begin_test, end_test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SHARE_TEST(a_policy_that_one_has_fetched_serves_the_other),
	    SHARE_TEST(a_policy_serves_where_no_record_is_seen),
	    SHARE_TEST(where_nobody_has_one_there_is_none),
	    SHARE_TEST(a_policy_of_another_is_on_disk_as_that),
	    SHARE_TEST(no_value_weakens_what_is_in_force),
	    SHARE_TEST(the_same_policy_fetched_later_lives_longer),
	    SHARE_TEST(what_is_not_fit_to_begin_with_is_a_hint),
	    SHARE_TEST(a_policy_of_a_week_ago_is_still_taken),
	    SHARE_TEST(a_policy_for_another_id_stands_in_alone),
	    SHARE_TEST(a_failure_has_it_fetched_here_first),
	    SHARE_TEST(what_is_forged_or_moved_counts_for_nothing),
	    SHARE_TEST(a_store_full_of_forgeries_is_left_alone),
	    SHARE_TEST(an_older_fetch_does_not_take_the_place_of_a_newer),
	    SHARE_TEST(what_was_forgotten_does_not_come_back),
	    SHARE_TEST(one_fetches_while_the_others_wait),
	    SHARE_TEST(a_lease_that_comes_to_nothing_costs_a_second),
	    SHARE_TEST(what_cannot_wait_any_more_is_dropped),
	};

	if (!redis_is_there()) {
		puts("1..0 # SKIP no redis-server");
		return 0;
	}
	house_use_fakes();
	return RUN_TESTS(tests);
}
