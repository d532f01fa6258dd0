/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_pace.h"

#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/io/dns_window.h"
#include "t/unit/tap.h"

enum { NEAR, FAR };

static struct dns_pace *
paced(unsigned loopback_rate, unsigned rate)
{
	struct dns_pace *pace = dns_pace_new(loopback_rate, rate);

	dns_pace_server(pace, NEAR, "127.0.0.1", true);
	dns_pace_server(pace, FAR, "192.0.2.1", false);
	return pace;
}

static void
hear_end(struct dns_pace *pace, size_t server, int count, enum dns_pace_end end)
{
	for (int i = 0; i < count; i++)
		dns_pace_heard(pace, server, end);
}

static void
hear(struct dns_pace *pace, size_t server, int count, int failed)
{
	hear_end(pace, server, failed, DNS_PACE_FAILED);
	hear_end(pace, server, count - failed, DNS_PACE_ANSWERED);
}

/* How long after the first of so many that are asked in a row one more may be;
 * up to ten milliseconds less than that, of what was not used before. */
static int
wait_behind(struct dns_pace *pace, size_t server, int count)
{
	int64_t begun_ms = clock_mono_ms();
	int wait_ms;

	for (int i = 0; i < count; i++)
		dns_pace_asked(pace, server);
	wait_ms = dns_pace_wait_ms(pace, server);
	return wait_ms == 0 ? 0 : wait_ms + (int)(clock_mono_ms() - begun_ms);
}

static bool
is_about(int wait_ms, int wanted_ms)
{
	return wait_ms >= wanted_ms - 10 && wait_ms <= wanted_ms + 10;
}

static void
who_is_on_this_host_is_asked_as_it_goes(void **state)
{
	AUTO(dns_pace) struct dns_pace *pace = paced(0, 100);

	(void)state;
	assert_int_equal(wait_behind(pace, NEAR, 1000), 0);
	ROW("ten milliseconds each",
	    is_about(wait_behind(pace, FAR, 100), 1000));
}

static void
without_a_pace_nothing_waits(void **state)
{
	time_t since;

	(void)state;
	assert_int_equal(wait_behind(NULL, NEAR, 1000), 0);
	assert_true(dns_pace_may_begin(NULL));
	hear(NULL, NEAR, 1000, 1000);
	assert_false(dns_pace_is_dead(NULL, &since));
}

/* More than half of the last 200. */
static void
who_fails_half_is_asked_half_as_often(void **state)
{
	static const struct {
		const char *id;
		int good, failed; /* in this order */
		int wait_ms;      /* behind a hundred more */
	} rows[] = {
	    {"199 that fail", 0, 199, 100},
	    {"half of 200", 100, 100, 100},
	    {"one more", 99, 101, 200},
	    {"of the last 200", 5000, 101, 200},
	    {"all of 200", 0, 200, 200},
	    {"400", 0, 400, 400},
	    {"down to 20 a second", 0, 200 * 20, 5000},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns_pace) struct dns_pace *pace = paced(1000, 0);
		char text[DNS_PACE_TEXT_SIZE] = "";
		bool slowed = rows[i].wait_ms > 100;

		hear(pace, NEAR, rows[i].good, 0);
		hear(pace, NEAR, rows[i].failed, rows[i].failed);
		ROW(rows[i].id,
		    is_about(wait_behind(pace, NEAR, 100), rows[i].wait_ms));
		ROW(rows[i].id, dns_pace_is_slowed(pace, text) == slowed);
		ROW_TEXT(rows[i].id, text, slowed ? "127.0.0.1" : "");
		ROW("once", !dns_pace_is_slowed(pace, text));
	}
}

static void
who_was_as_it_goes_is_asked_half_of_what_it_bore(void **state)
{
	AUTO(dns_pace) struct dns_pace *pace = paced(0, 0);

	(void)state;
	for (int i = 0; i < 400; i++)
		dns_pace_asked(pace, NEAR);
	hear(pace, NEAR, 200, 200);
	ROW("200 a second", is_about(wait_behind(pace, NEAR, 100), 500));
}

/* By an eighth at most that fails. */
static void
who_does_well_again_is_asked_as_before(void **state)
{
	static const struct {
		const char *id;
		int good, failed, wait_ms;
	} rows[] = {
	    {"an eighth, and one", 174, 26, 400},
	    {"an eighth", 175, 25, 200},
	    {"twice", 400, 0, 100},
	    {"no more than before", 4000, 0, 100},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns_pace) struct dns_pace *pace = paced(1000, 0);

		hear(pace, NEAR, 400, 400);
		hear(pace, NEAR, rows[i].failed, rows[i].failed);
		hear(pace, NEAR, rows[i].good, 0);
		ROW(rows[i].id,
		    is_about(wait_behind(pace, NEAR, 100), rows[i].wait_ms));
	}
}

static void
names_that_fail_by_themselves_are_no_judges(void **state)
{
	AUTO(dns_pace) struct dns_pace *pace = paced(1000, 0);
	char text[DNS_PACE_TEXT_SIZE];

	(void)state;
	hear(pace, NEAR, 400, 400);
	dns_pace_judge(pace, false);
	hear(pace, NEAR, 4000, 4000);
	assert_false(dns_pace_is_slowed(pace, text));
	ROW("as it was", is_about(wait_behind(pace, NEAR, 100), 100));
	dns_pace_judge(pace, true);
	hear(pace, NEAR, 200, 200);
	assert_true(dns_pace_is_slowed(pace, text));
}

/* Else they would wait in line, and their time would run. */
static void
names_begin_as_their_lookups_may(void **state)
{
	AUTO(dns_pace) struct dns_pace *pace = paced(0, 600);
	int begun = 0;

	(void)state;
	dns_pace_wait_ms(pace, FAR); /* it is the one that is asked */
	while (dns_pace_may_begin(pace)) {
		dns_pace_begin(pace);
		begun++;
	}
	ROW("six lookups each, of a tenth of a second",
	    begun >= 10 && begun <= 13);
	dns_pace_free(pace);
	pace = paced(0, 600);
	dns_pace_wait_ms(pace, FAR);
	dns_pace_post(pace);
	assert_false(dns_pace_may_begin(pace));
	dns_pace_take(pace);
	assert_true(dns_pace_may_begin(pace));
	dns_pace_wait_ms(pace, NEAR);
	for (begun = 0; dns_pace_may_begin(pace); begun++)
		dns_pace_post(pace);
	assert_int_equal(begun, DNS_WINDOW_LEAST);
}

/* 69 comes after a minute of that, and no sooner. */
static void
who_is_slow_for_less_than_a_minute_is_not_dead(void **state)
{
	AUTO(dns_pace) struct dns_pace *pace = dns_pace_new(0, 0);
	time_t since = 1;

	(void)state;
	dns_pace_server(pace, 0, "127.0.0.1", true);
	assert_false(dns_pace_is_dead(pace, &since));
	hear(pace, 0, 4000, 4000);
	assert_false(dns_pace_is_dead(pace, &since));
}

/* As of a list of names that are known to be none, or of addresses. */
static void
names_that_need_no_lookup_wait_for_none(void **state)
{
	AUTO(dns_pace) struct dns_pace *pace = paced(100, 100);

	(void)state;
	for (int i = 0; i < 1000; i++) {
		dns_pace_may_begin(pace);
		dns_pace_begin(pace);
	}
	dns_pace_asked(pace, NEAR);
	assert_false(dns_pace_may_begin(pace));
}

/* V91: what zones say is no illness of who tells it. */
static void
servfail_that_zones_explain_slows_nobody(void **state)
{
	AUTO(dns_pace) struct dns_pace *pace = paced(1000, 0);
	char text[DNS_PACE_TEXT_SIZE];

	(void)state;
	dns_pace_explain(pace);
	assert_false(dns_pace_is_doubted(pace));
	hear(pace, NEAR, DNS_PACE_DOUBT, DNS_PACE_DOUBT);
	assert_true(dns_pace_is_doubted(pace));
	hear(pace, NEAR, 400, 400);
	assert_false(dns_pace_is_slowed(pace, text)); /* there is time yet */
	dns_pace_explained(pace, true);
	hear(pace, NEAR, 4000, 4000);
	assert_false(dns_pace_is_slowed(pace, text));
	assert_false(dns_pace_is_doubted(pace));
	ROW("as it was", is_about(wait_behind(pace, NEAR, 100), 100));
	/* silence is no word of a zone */
	hear_end(pace, NEAR, 400, DNS_PACE_SILENT);
	assert_true(dns_pace_is_slowed(pace, text));
}

static void
servfail_that_nothing_explains_slows_after_a_second(void **state)
{
	AUTO(dns_pace) struct dns_pace *pace = paced(1000, 0);
	char text[DNS_PACE_TEXT_SIZE];
	struct timespec second = {
	    .tv_sec = DNS_PACE_DOUBT_MS / 1000, .tv_nsec = 100 * 1000 * 1000};

	(void)state;
	dns_pace_explain(pace);
	hear(pace, NEAR, 400, 400);
	dns_pace_explained(pace, false);
	assert_false(dns_pace_is_slowed(pace, text));
	nanosleep(&second, NULL);
	hear(pace, NEAR, 1, 1);
	assert_true(dns_pace_is_slowed(pace, text));
	/* and is told, when zones are found to be why */
	hear(pace, NEAR, 100, 100);
	assert_true(dns_pace_is_doubted(pace));
	dns_pace_explained(pace, true);
	ROW("as it was", is_about(wait_behind(pace, NEAR, 100), 100));
}

/* A few that fail among many want no explanation. */
static void
a_few_failures_are_not_doubted(void **state)
{
	AUTO(dns_pace) struct dns_pace *pace = paced(1000, 0);

	(void)state;
	dns_pace_explain(pace);
	hear(pace, NEAR, 150, 0);
	hear(pace, NEAR, 49, 49);
	assert_false(dns_pace_is_doubted(pace));
	hear(pace, NEAR, 1, 1);
	assert_true(dns_pace_is_doubted(pace));
	dns_pace_judge(pace, false);
	hear(pace, NEAR, 200, 200);
	assert_false(dns_pace_is_doubted(pace));
}

int
main(void)
{
	const struct CMUnitTest dns_pace[] = {
	    cmocka_unit_test(who_is_on_this_host_is_asked_as_it_goes),
	    cmocka_unit_test(without_a_pace_nothing_waits),
	    cmocka_unit_test(who_fails_half_is_asked_half_as_often),
	    cmocka_unit_test(who_was_as_it_goes_is_asked_half_of_what_it_bore),
	    cmocka_unit_test(who_does_well_again_is_asked_as_before),
	    cmocka_unit_test(names_that_fail_by_themselves_are_no_judges),
	    cmocka_unit_test(names_begin_as_their_lookups_may),
	    cmocka_unit_test(who_is_slow_for_less_than_a_minute_is_not_dead),
	    cmocka_unit_test(names_that_need_no_lookup_wait_for_none),
	    cmocka_unit_test(servfail_that_zones_explain_slows_nobody),
	    cmocka_unit_test(
		servfail_that_nothing_explains_slows_after_a_second),
	    cmocka_unit_test(a_few_failures_are_not_doubted),
	};

	return RUN_TESTS(dns_pace);
}
