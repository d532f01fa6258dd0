/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/errand.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/io/dns.h"
#include "t/fake/dns.h"
#include "t/fake/https.h"
#include "t/fake/network.h"
#include "t/unit/tap.h"

enum { AMPLE_MS = 10000 };

static const char record[] = "\x11v=TLSRPTv1; rua=m\x0b"
			     "ailto:a@b.c";
static const uint8_t outside[] = {9, 9, 9, 9};
static const uint8_t inside[] = {10, 0, 0, 7};

/* Of names by their first letters. */
static void
answer_question(const struct dns_query *query, struct dns_answer *answer)
{
	bool txt = query->type == DNS_TXT;

	if (txt && strcmp(query->name, "_smtp._tls.d.example") == 0)
		fake_dns_add(answer, record, sizeof(record) - 1);
	if (strstr(query->name, "broken") != NULL)
		answer->lookup.state = LOOKUP_BOGUS;
	if (strstr(query->name, "failing") != NULL)
		answer->lookup.state = LOOKUP_SERVFAIL;
	if (strstr(query->name, "silent") != NULL)
		answer->lookup.state = LOOKUP_TIMEOUT;
	if (query->type == DNS_A && strncmp(query->name, "good.", 5) == 0)
		fake_dns_add(answer, outside, sizeof(outside));
	if (query->type == DNS_A && strncmp(query->name, "near.", 5) == 0)
		fake_dns_add(answer, inside, sizeof(inside));
}

static const struct fake_dns dns = {.answer = answer_question};

static struct engine *
open_engine(void)
{
	struct engine *engine;

	wish.allow_private = false;
	engine = network_engine(2, 10);

	fake_dns_use(&dns);
	return engine;
}

static bool
ask_record(struct engine *engine, const char *domain, struct tlsrpt_record *out)
{
	char why[LIMIT_DETAIL_SIZE];

	return errand_record(
	    errand_ask(engine, domain, clock_mono_ms() + AMPLE_MS), NULL, NULL,
	    out, why);
}

/* L03 L11 F04 */
static void
a_record_is_there_or_not_or_not_known(void **state)
{
	AUTO(engine) struct engine *engine = open_engine();
	char longest[LIMIT_DOMAIN_SIZE];
	struct tlsrpt_record found;

	(void)state;
	assert_true(ask_record(engine, "d.example", &found));
	assert_int_equal(found.outcome, TLSRPT_RECORD_VALID);
	assert_string_equal(found.rua[0].target, "a@b.c");
	assert_true(ask_record(engine, "e.example", &found));
	assert_int_equal(found.outcome, TLSRPT_RECORD_ABSENT);
	assert_false(ask_record(engine, "broken.example", &found));
	assert_false(ask_record(engine, "failing.example", &found));
	assert_false(ask_record(engine, "silent.example", &found));
	memset(longest, 'a', sizeof(longest));
	for (size_t i = 60; i < sizeof(longest); i += 60)
		longest[i] = '.';
	longest[250] = '\0';
	assert_true(ask_record(engine, longest, &found));
	assert_int_equal(found.outcome, TLSRPT_RECORD_ABSENT);
}

static long status;
static bool failed;

static void
answer_post(const struct https_request *request, struct https_reply *reply)
{
	assert_string_equal(request->addresses[0], "9.9.9.9");
	assert_int_equal(request->port, 8443);
	assert_string_equal(request->path, "/v1?a");
	assert_int_equal(request->max_octets, LIMIT_TLSRPT_ANSWER);
	reply->outcome = failed ? HTTPS_FAILED : HTTPS_ANSWERED;
	reply->status = status;
	reply->retry_after_s = 60;
}

static struct errand_end
post_to(struct engine *engine, const char *url)
{
	struct https_upload upload = {.octets = "x", .size = 1};
	struct errand_end end;
	struct tlsrpt_rua rua;

	assert_null(tlsrpt_rua_parse(url, strlen(url), &rua));
	errand_post(
	    engine, &rua, &upload, NULL, clock_mono_ms() + AMPLE_MS, &end);
	return end;
}

/* S02 */
static void
the_status_decides(void **state)
{
	static const struct {
		long status;
		enum errand_outcome outcome;
	} rows[] = {{200, ERRAND_TAKEN}, {201, ERRAND_TAKEN},
	    {204, ERRAND_TAKEN}, {301, ERRAND_REFUSED}, {400, ERRAND_REFUSED},
	    {404, ERRAND_REFUSED}, {408, ERRAND_LATER}, {425, ERRAND_LATER},
	    {429, ERRAND_LATER}, {500, ERRAND_LATER}, {503, ERRAND_LATER}};
	AUTO(engine) struct engine *engine = open_engine();

	(void)state;
	fake_https_use(answer_post);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct errand_end end;

		status = rows[i].status;
		end = post_to(engine, "https://good.example:8443/v1?a");
		if (end.outcome != rows[i].outcome)
			fail_msg("%ld: %d", status, (int)end.outcome);
		assert_int_equal(end.retry_after_s, 60);
	}
}

/* S01: also where nothing follows it, which is sent once all the same */
static void
a_status_that_nothing_follows_decides(void **state)
{
	static const struct {
		long status;
		enum errand_outcome outcome;
	} rows[] = {{0, ERRAND_LATER}, {200, ERRAND_TAKEN},
	    {404, ERRAND_REFUSED}, {503, ERRAND_LATER}};
	AUTO(engine) struct engine *engine = open_engine();

	(void)state;
	fake_https_use(answer_post);
	failed = true;
	for (size_t i = 0; i < COUNT(rows); i++) {
		status = rows[i].status;
		assert_int_equal(
		    post_to(engine, "https://good.example:8443/v1?a").outcome,
		    rows[i].outcome);
	}
	failed = false;
}

/* S22 H04 */
static void
addresses_are_guarded(void **state)
{
	AUTO(engine) struct engine *engine = open_engine();
	struct errand_end end = post_to(engine, "https://near.example/");

	(void)state;
	assert_int_equal(end.outcome, ERRAND_REFUSED);
	assert_string_equal(end.why, "address-blocked");
	end = post_to(engine, "https://broken.example/");
	assert_int_equal(end.outcome, ERRAND_LATER);
	end = post_to(engine, "https://none.example/");
	assert_int_equal(end.outcome, ERRAND_LATER);
	assert_string_equal(end.why, "no-address");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_record_is_there_or_not_or_not_known),
	    cmocka_unit_test(the_status_decides),
	    cmocka_unit_test(a_status_that_nothing_follows_decides),
	    cmocka_unit_test(addresses_are_guarded),
	};

	return RUN_TESTS_WITH(tests, network_setup, network_teardown);
}
