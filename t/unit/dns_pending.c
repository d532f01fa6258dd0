/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_pending.h"

#include <pthread.h>
#include <string.h>

#include "common/base/clock.h"
#include "t/unit/tap.h"

static int owner;

static int64_t
after_ms(int64_t ms)
{
	return clock_mono_ms() + ms;
}

static struct dns_pending *
ask_for_mx(struct dns_pending_list *list, int64_t deadline_ms)
{
	return dns_pending_new(list, "a.example", DNS_MX, deadline_ms);
}

static struct dns_answer *
some_answer(void)
{
	return dns_answer_failed(LOOKUP_SERVFAIL, "some");
}

static void
count_call(void *arg, const void *value)
{
	unsigned *calls = arg;

	assert_null(value);
	(*calls)++;
}

static void
a_lookup_is_what_was_asked(void **state)
{
	struct dns_pending_list *list = dns_pending_list_new(1, &owner);
	int64_t deadline_ms = after_ms(60000);
	struct dns_pending *pending = ask_for_mx(list, deadline_ms);
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	(void)state;
	assert_string_equal(dns_pending_name(pending), "a.example");
	assert_int_equal(dns_pending_type(pending), DNS_MX);
	assert_int_equal(dns_pending_deadline(pending), deadline_ms);
	assert_ptr_equal(dns_pending_owner(pending), &owner);
	assert_true(dns_pending_is_wanted(pending));
	dns_pending_finish(pending, some_answer());
	answer = dns_pending_await(pending);
	assert_string_equal(answer->why, "some");
	dns_pending_list_free(list);
}

static void
nobody_is_kept_beyond_the_deadline(void **state)
{
	struct dns_pending_list *list = dns_pending_list_new(1, NULL);
	struct dns_pending *pending = ask_for_mx(list, after_ms(20));
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	(void)state;
	dns_pending_note(pending, "no luck");
	answer = dns_pending_await(pending);
	assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
	assert_string_equal(answer->why, "no_luck");
	assert_false(dns_pending_is_wanted(pending));
	dns_pending_finish(pending, some_answer());
	dns_pending_list_free(list);
}

static void
an_end_without_an_answer_is_a_timeout_at_once(void **state)
{
	struct dns_pending_list *list = dns_pending_list_new(1, NULL);
	struct dns_pending *pending = ask_for_mx(list, INT64_MAX);
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	(void)state;
	dns_pending_finish(pending, NULL);
	answer = dns_pending_await(pending);
	assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
	assert_string_equal(answer->why, "no_answer_in_time");
	dns_pending_list_free(list);
}

/* Who gives up makes no room: what he asked for is still under way. */
static void
one_too_many_is_refused_at_its_deadline(void **state)
{
	struct dns_pending_list *list = dns_pending_list_new(1, NULL);
	struct dns_pending *first = ask_for_mx(list, after_ms(10)), *second;
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	int64_t begun_ms;
	unsigned calls = 0;

	(void)state;
	assert_false(dns_pending_is_refused(first));
	dns_answer_free(dns_pending_await(first));
	begun_ms = clock_mono_ms();
	second = ask_for_mx(list, begun_ms + 50);
	assert_true(dns_pending_is_refused(second));
	dns_pending_watch(second, count_call, &calls);
	assert_int_equal(calls, 0);
	answer = dns_pending_await(second);
	assert_int_equal(calls, 1);
	assert_true(clock_mono_ms() - begun_ms >= 50);
	assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
	assert_string_equal(answer->why, "too_many_lookups_outstanding");
	dns_pending_finish(first, NULL);
	second = ask_for_mx(list, INT64_MAX);
	assert_false(dns_pending_is_refused(second));
	dns_pending_drop(second);
	dns_pending_list_free(list);
}

/* Who watches is told once, in whichever way the lookup ends. */
static void
a_watcher_is_told_once(void **state)
{
	struct dns_pending_list *list = dns_pending_list_new(10, NULL);
	unsigned calls[6] = {0};
	struct dns_pending *pending;

	(void)state;
	pending = ask_for_mx(list, INT64_MAX);
	dns_pending_watch(pending, count_call, &calls[0]);
	assert_int_equal(calls[0], 0);
	dns_pending_finish(pending, some_answer());
	assert_int_equal(calls[0], 1);
	/* the answer is there: at once */
	dns_pending_watch(pending, count_call, &calls[1]);
	assert_int_equal(calls[1], 1);
	dns_answer_free(dns_pending_await(pending));

	pending = ask_for_mx(list, after_ms(10));
	dns_pending_watch(pending, count_call, &calls[2]);
	/* one at a time */
	dns_pending_watch(pending, count_call, &calls[3]);
	assert_int_equal(calls[2], 1);
	assert_int_equal(calls[3], 0);
	dns_answer_free(dns_pending_await(pending));
	assert_int_equal(calls[3], 1);
	dns_pending_finish(pending, some_answer());

	pending = ask_for_mx(list, INT64_MAX);
	dns_pending_watch(pending, count_call, &calls[4]);
	dns_pending_drop(pending);
	assert_int_equal(calls[4], 1);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(calls[i], 1);
	dns_pending_list_free(list);
}

static void
end_when_told(void *arg, const void *value)
{
	struct dns_answer *answer = dns_pending_await(arg);

	assert_null(value);
	assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
	dns_answer_free(answer);
}

static void
the_end_of_the_list_is_told_to_who_watches(void **state)
{
	struct dns_pending_list *list = dns_pending_list_new(10, NULL);
	struct dns_pending *pending = ask_for_mx(list, INT64_MAX);

	(void)state;
	dns_pending_watch(pending, end_when_told, pending);
	dns_pending_list_free(list);
}

enum { RACES = 2000 };

static void *
finish_all(void *arg)
{
	struct dns_pending **pending = arg;

	for (size_t i = 0; i < RACES; i++)
		dns_pending_finish(pending[i], some_answer());
	return NULL;
}

/* Who asks and who answers end their parts at the same time. */
static void
either_may_be_the_last(void **state)
{
	struct dns_pending_list *list = dns_pending_list_new(RACES, NULL);
	static struct dns_pending *pending[RACES];
	pthread_t thread;

	(void)state;
	for (size_t i = 0; i < RACES; i++)
		pending[i] = ask_for_mx(list, i % 2 == 0 ? 0 : INT64_MAX);
	assert_int_equal(pthread_create(&thread, NULL, finish_all, pending), 0);
	for (size_t i = 0; i < RACES; i++)
		dns_answer_free(dns_pending_await(pending[i]));
	pthread_join(thread, NULL);
	dns_pending_list_free(list);
}

int
main(void)
{
	const struct CMUnitTest dns_pending[] = {
	    cmocka_unit_test(a_lookup_is_what_was_asked),
	    cmocka_unit_test(nobody_is_kept_beyond_the_deadline),
	    cmocka_unit_test(an_end_without_an_answer_is_a_timeout_at_once),
	    cmocka_unit_test(one_too_many_is_refused_at_its_deadline),
	    cmocka_unit_test(a_watcher_is_told_once),
	    cmocka_unit_test(the_end_of_the_list_is_told_to_who_watches),
	    cmocka_unit_test(either_may_be_the_last),
	};

	return RUN_TESTS(dns_pending);
}
