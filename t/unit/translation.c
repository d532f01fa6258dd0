/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/translation.h"

#include <pthread.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "t/fake/dns.h"
#include "t/unit/tap.h"

/* The resolver answers about ipv4only.arpa with one prefix, 2a00:N::/96, or as
 * it is told to. */
static struct {
	struct lock lock;
	struct cond changed;
	bool silent; /* with lock */
	unsigned asked;
	enum lookup_state state;
	uint32_t ttl_s;
	uint8_t number;
} net = {.state = LOOKUP_DATA};

static void
note_prefix_query(const struct dns_query *query)
{
	assert_string_equal(query->name, "ipv4only.arpa");
	assert_int_equal(query->type, DNS_AAAA);
	lock_take(&net.lock);
	net.asked++;
	lock_drop(&net.lock);
}

/* Two records, one of them of no size that an address has. */
static void
put_prefix(struct dns_answer *answer)
{
	static uint8_t octets[16] = {0x2a, [12] = 192, 0, 0, 170};

	octets[3] = net.number;
	fake_dns_add(answer, octets, 15);
	fake_dns_add(answer, octets, 16);
}

static void
answer_prefix_query(const struct dns_query *query, struct dns_answer *answer)
{
	bool in_time = true;

	lock_take(&net.lock);
	while (net.silent && in_time)
		in_time = cond_wait_until(
		    &net.changed, &net.lock, query->deadline_ms);
	answer->lookup.state = in_time ? net.state : LOOKUP_TIMEOUT;
	answer->lookup.ttl_s = net.ttl_s;
	if (answer->lookup.state == LOOKUP_DATA)
		put_prefix(answer);
	lock_drop(&net.lock);
}

static void
answer_with(enum lookup_state state, uint8_t number, uint32_t ttl_s)
{
	lock_take(&net.lock);
	net.silent = false;
	net.state = state;
	net.number = number;
	net.ttl_s = ttl_s;
	net.asked = 0;
	cond_broadcast(&net.changed);
	lock_drop(&net.lock);
}

static int64_t
after_ms(int64_t ms)
{
	return clock_mono_ms() + ms;
}

/* The number of the one prefix; 0 without. */
static int
learn(struct translation *translation, int64_t deadline_ms)
{
	struct dns_query *query = translation_ask(translation, deadline_ms);
	struct nat64 prefixes = {.count = 7};

	translation_learn(translation, query, deadline_ms, &prefixes);
	assert_true(prefixes.count <= 1);
	return prefixes.count == 0 ? 0 : prefixes.prefixes[0].octets[3];
}

static void
the_answer_stands_for_its_ttl_within_bounds(void **state)
{
	static const struct {
		enum lookup_state state;
		uint32_t ttl_s;
		int stands_s;
	} rows[] = {
	    {LOOKUP_DATA, 600, 600},
	    {LOOKUP_DATA, 0, 60},
	    {LOOKUP_DATA, 4294967295, 3600},
	    {LOOKUP_NODATA, 600, 600},
	    {LOOKUP_NXDOMAIN, 5, 60},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(translation)
		struct translation *translation = translation_new(NULL);
		int first = rows[i].state == LOOKUP_DATA ? 1 : 0;

		answer_with(rows[i].state, 1, rows[i].ttl_s);
		assert_int_equal(learn(translation, after_ms(9000)), first);
		answer_with(LOOKUP_DATA, 2, 600);
		clock_shift(rows[i].stands_s - 1);
		assert_int_equal(learn(translation, after_ms(9000)), first);
		assert_int_equal(net.asked, 0);
		clock_shift(2);
		assert_int_equal(learn(translation, after_ms(9000)), 2);
		assert_int_equal(net.asked, 1);
	}
}

static void
a_failure_changes_nothing_for_ten_seconds(void **state)
{
	static const enum lookup_state rows[] = {
	    LOOKUP_SERVFAIL, LOOKUP_BOGUS, LOOKUP_TIMEOUT};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(translation)
		struct translation *translation = translation_new(NULL);

		answer_with(LOOKUP_DATA, 1, 60);
		assert_int_equal(learn(translation, after_ms(9000)), 1);
		clock_shift(61);
		answer_with(rows[i], 0, 0);
		assert_int_equal(learn(translation, after_ms(9000)), 1);
		clock_shift(9);
		assert_int_equal(learn(translation, after_ms(9000)), 1);
		assert_int_equal(net.asked, 1);
		clock_shift(2);
		answer_with(LOOKUP_NODATA, 0, 0);
		assert_int_equal(learn(translation, after_ms(9000)), 0);
		assert_int_equal(net.asked, 1);
	}
}

static void
a_silent_resolver_holds_nobody_up_beyond_his_deadline(void **state)
{
	AUTO(translation)
	struct translation *translation = translation_new(NULL);
	int64_t begun_ms = clock_mono_ms();

	(void)state;
	answer_with(LOOKUP_DATA, 1, 600);
	net.silent = true;
	assert_int_equal(learn(translation, after_ms(50)), 0);
	assert_true(clock_mono_ms() - begun_ms < 900);
	/* his deadline said nothing of the resolver: the next one asks */
	assert_int_equal(learn(translation, after_ms(60000)), 0);
	assert_int_equal(net.asked, 2);
	assert_true(clock_mono_ms() - begun_ms < 20000);
	/* a second of silence did */
	assert_int_equal(learn(translation, after_ms(60000)), 0);
	assert_int_equal(net.asked, 2);
}

static void *
learn_in_thread(void *translation)
{
	static int number;

	number = learn(translation, after_ms(9000));
	return &number;
}

static void
only_one_asks_and_the_others_wait_for_the_first_answer(void **state)
{
	AUTO(translation)
	struct translation *translation = translation_new(NULL);
	struct nat64 prefixes;
	struct dns_query *query;
	pthread_t thread;
	void *number;

	(void)state;
	answer_with(LOOKUP_DATA, 1, 60);
	query = translation_ask(translation, after_ms(9000));
	assert_non_null(query);
	assert_null(translation_ask(translation, after_ms(9000)));
	pthread_create(&thread, NULL, learn_in_thread, translation);
	translation_learn(translation, query, after_ms(9000), &prefixes);
	pthread_join(thread, &number);
	assert_int_equal(*(int *)number, 1);
	assert_int_equal(net.asked, 1);
	/* later ones have what is known at once */
	clock_shift(61);
	answer_with(LOOKUP_DATA, 2, 600);
	query = translation_ask(translation, after_ms(9000));
	assert_int_equal(learn(translation, after_ms(600000)), 1);
	translation_learn(translation, query, after_ms(9000), &prefixes);
	assert_int_equal(learn(translation, after_ms(9000)), 2);
	assert_int_equal(net.asked, 1);
}

static void
count_call(void *arg, const void *value)
{
	unsigned *calls = arg;

	assert_null(value);
	(*calls)++;
}

static void
who_does_not_wait_is_told_of_the_first_answer(void **state)
{
	AUTO(translation)
	struct translation *translation = translation_new(NULL);
	struct dns_query *query;
	struct nat64 prefixes;
	unsigned calls[3] = {0};

	(void)state;
	answer_with(LOOKUP_DATA, 1, 60);
	assert_int_equal(
	    translation_watch(translation, count_call, &calls[0]), 0);
	query = translation_ask(translation, after_ms(9000));
	assert_int_equal(
	    translation_watch(translation, count_call, &calls[1]), 1);
	assert_int_equal(
	    translation_watch(translation, count_call, &calls[2]), 1);
	assert_int_equal(calls[1], 0);
	translation_learn(translation, query, after_ms(9000), &prefixes);
	assert_int_equal(calls[0], 0);
	assert_int_equal(calls[1], 1);
	assert_int_equal(calls[2], 1);
	assert_int_equal(
	    translation_watch(translation, count_call, &calls[0]), 0);
	assert_int_equal(translation_watch(NULL, count_call, &calls[0]), 0);
}

static void
without_a_translation_there_are_no_prefixes(void **state)
{
	(void)state;
	assert_int_equal(learn(NULL, after_ms(9000)), 0);
}

int
main(void)
{
	const struct CMUnitTest translation[] = {
	    cmocka_unit_test(the_answer_stands_for_its_ttl_within_bounds),
	    cmocka_unit_test(a_failure_changes_nothing_for_ten_seconds),
	    cmocka_unit_test(
		a_silent_resolver_holds_nobody_up_beyond_his_deadline),
	    cmocka_unit_test(
		only_one_asks_and_the_others_wait_for_the_first_answer),
	    cmocka_unit_test(who_does_not_wait_is_told_of_the_first_answer),
	    cmocka_unit_test(without_a_translation_there_are_no_prefixes),
	};

	lock_init(&net.lock);
	cond_init(&net.changed);
	fake_dns_use(&(const struct fake_dns){
	    .asked = note_prefix_query, .answer = answer_prefix_query});
	return RUN_TESTS(translation);
}
