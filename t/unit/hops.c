/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/hops.h"

#include "t/unit/tap.h"

enum { LONG_S = 3600, SHORT_S = 30 };

/* Judge next hops with these results and reasons, one after the other: the
 * number of the one that counts, from 0 on. */
static size_t
settle(size_t count, const enum result results[], const enum reason reasons[])
{
	struct hops hops;

	hops_init(&hops, count);
	for (;;) {
		size_t number = hops.passed;
		AUTO(verdict)
		struct verdict *verdict =
		    verdict_new(results[number], reasons[number]);

		verdict->ttl_s = LONG_S;
		if (hops_settle(&hops, verdict))
			return number;
		assert_int_equal(hops.passed, number + 1);
	}
}

static void
one_next_hop_counts_whatever_it_is(void **state)
{
	(void)state;
	for (int result = 0; result < RESULTS; result++)
		for (int reason = 0; reason < REASONS; reason++)
			assert_int_equal(settle(1, (enum result[]){result},
					     (enum reason[]){reason}),
			    0);
}

static void
the_first_that_takes_the_mail_counts(void **state)
{
	static const struct {
		const char *what;
		enum result result;
		enum reason reason;
		size_t counts; /* 0, or 1: the one behind it */
	} rows[] = {
	    {"pass", RESULT_PASS, REASON_OK, 0},
	    {"half-dane", RESULT_PASS, REASON_INSECURE_MX, 0},
	    {"relayed", RESULT_NONE, REASON_RELAYED, 0},
	    {"no policy", RESULT_NONE, REASON_NO_POLICY, 0},
	    {"not probed", RESULT_NONE, REASON_NOT_PROBED, 0},
	    {"unusable TLSA", RESULT_NONE, REASON_TLSA_UNUSABLE, 0},
	    {"softfail", RESULT_SOFTFAIL, REASON_VALIDATION_FAILURE, 0},
	    {"nxdomain", RESULT_NONE, REASON_NXDOMAIN, 1},
	    {"no address", RESULT_NONE, REASON_NO_ADDRESS, 1},
	    {"null MX", RESULT_NONE, REASON_NULL_MX, 1},
	    {"servfail", RESULT_TEMPERROR, REASON_DNS_SERVFAIL, 1},
	    {"refused", RESULT_TEMPERROR, REASON_CONNECT_FAILED, 1},
	    {"silent", RESULT_TEMPERROR, REASON_PROBE_TIMEOUT, 1},
	    {"fail", RESULT_FAIL, REASON_VALIDATION_FAILURE, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const enum result results[] = {rows[i].result, RESULT_PASS};
		const enum reason reasons[] = {rows[i].reason, REASON_OK};

		ROW(rows[i].what,
		    settle(2, results, reasons) == rows[i].counts);
	}
}

static void
the_last_counts_where_none_takes_the_mail(void **state)
{
	static const enum result results[] = {RESULT_FAIL, RESULT_NONE,
	    RESULT_TEMPERROR, RESULT_NONE, RESULT_NONE};
	static const enum reason reasons[] = {REASON_CERTIFICATE_EXPIRED,
	    REASON_NXDOMAIN, REASON_DEADLINE, REASON_NULL_MX,
	    REASON_NO_ADDRESS};

	(void)state;
	for (size_t count = 1; count <= COUNT(results); count++)
		assert_int_equal(settle(count, results, reasons), count - 1);
}

/* What was given up may be back sooner than what counts is over. */
static void
a_verdict_lives_no_longer_than_those_given_up_before_it(void **state)
{
	static const uint32_t lives[][3] = {
	    {SHORT_S, LONG_S, SHORT_S},
	    {LONG_S, SHORT_S, SHORT_S},
	    {LONG_S, LONG_S, LONG_S},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lives); i++) {
		AUTO(verdict)
		struct verdict *first =
		    verdict_new(RESULT_TEMPERROR, REASON_CONNECT_FAILED);
		AUTO(verdict)
		struct verdict *second = verdict_new(RESULT_PASS, REASON_OK);
		struct hops hops;

		first->ttl_s = lives[i][0];
		second->ttl_s = lives[i][1];
		hops_init(&hops, 3);
		assert_false(hops_settle(&hops, first));
		assert_true(hops_settle(&hops, second));
		assert_int_equal(second->ttl_s, lives[i][2]);
		assert_int_equal(first->ttl_s, lives[i][0]);
	}
}

/* RFC 8689: the mail goes on to where REQUIRETLS is kept. */
static void
requiretls_makes_the_mail_go_on(void **state)
{
	static const struct {
		const char *what;
		enum requiretls_state first, second, told;
		size_t counts;
	} rows[] = {
	    {"met", REQUIRETLS_MET, REQUIRETLS_NO_AUTH, REQUIRETLS_MET, 0},
	    {"unprobed", REQUIRETLS_UNPROBED, REQUIRETLS_MET,
		REQUIRETLS_UNPROBED, 0},
	    {"not offered", REQUIRETLS_NOT_OFFERED, REQUIRETLS_MET,
		REQUIRETLS_MET, 1},
	    {"by none", REQUIRETLS_NO_AUTH, REQUIRETLS_NOT_OFFERED,
		REQUIRETLS_NOT_OFFERED, 1},
	    {"unknown, and then not", REQUIRETLS_UNKNOWN, REQUIRETLS_NO_AUTH,
		REQUIRETLS_UNKNOWN, 1},
	    {"unknown, and then met", REQUIRETLS_UNKNOWN, REQUIRETLS_MET,
		REQUIRETLS_MET, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(verdict)
		struct verdict *first = verdict_new(RESULT_PASS, REASON_OK);
		AUTO(verdict)
		struct verdict *second = verdict_new(RESULT_PASS, REASON_OK);
		struct hops hops;
		bool settled;

		first->requiretls = rows[i].first;
		second->requiretls = rows[i].second;
		hops_init(&hops, 2);
		settled = hops_settle(&hops, first);
		ROW(rows[i].what, settled == (rows[i].counts == 0));
		if (!settled)
			ROW(rows[i].what, hops_settle(&hops, second));
		ROW(rows[i].what,
		    (settled ? first : second)->requiretls == rows[i].told);
	}
}

int
main(void)
{
	const struct CMUnitTest hops[] = {
	    cmocka_unit_test(one_next_hop_counts_whatever_it_is),
	    cmocka_unit_test(the_first_that_takes_the_mail_counts),
	    cmocka_unit_test(the_last_counts_where_none_takes_the_mail),
	    cmocka_unit_test(
		a_verdict_lives_no_longer_than_those_given_up_before_it),
	    cmocka_unit_test(requiretls_makes_the_mail_go_on),
	};

	return RUN_TESTS(hops);
}
