/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/shared_record.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

enum { NOW = 1800000000, DAY = 86400 };

#define BODY                                                   \
	"version: STSv1\\nmode: enforce\\nmx: mx.a.example\\n" \
	"max_age: 86400\\n"
#define VALUE(d, id, b, f, x, by)                                     \
	"{\"d\":" d ",\"id\":" id ",\"b\":" b ",\"f\":" f ",\"x\":" x \
	",\"by\":" by "}"
#define D "\"a.example\""
#define ID "\"20261130\""
#define B "\"" BODY "\""
#define F "1800000000"
#define X "1800086400"
#define BY "\"mx1.example.org\""

/* What becomes of a payload, asked for as that of a.example. */
static const struct row {
	const char *id;
	const char *payload;
	enum shared_fault fault;
} rows[] = {
    {"as it is put", VALUE(D, ID, B, F, X, BY), SHARED_NO_FAULT},
    {"no id", VALUE(D, "\"\"", B, F, X, BY), SHARED_NO_FAULT},
    {"another key is passed over",
	"{\"z\":1,"
	"\"d\":" D ",\"id\":" ID ",\"b\":" B ",\"f\":" F ",\"x\":" X
	",\"by\":" BY "}",
	SHARED_NO_FAULT},
    {"F60: of another domain", VALUE("\"y.example\"", ID, B, F, X, BY),
	SHARED_FAULT_KEY},
    {"another spelling", VALUE("\"A.example\"", ID, B, F, X, BY),
	SHARED_FAULT_KEY},
    {"F25: over", VALUE(D, ID, B, "1799913600", X, BY), SHARED_FAULT_TIME},
    {"F25: the life is the body's, whatever expires says",
	VALUE(D, ID, B, "1799913600", "1900000000", BY), SHARED_FAULT_TIME},
    {"F25: expires that is over is not taken",
	VALUE(D, ID, B, F, "1799999999", BY), SHARED_NO_FAULT},
    {"F25: fetched a little ahead", VALUE(D, ID, B, "1800000300", X, BY),
	SHARED_NO_FAULT},
    {"F25: fetched in the time to come", VALUE(D, ID, B, "1800000301", X, BY),
	SHARED_FAULT_TIME},
    {"F26: no policy", VALUE(D, ID, "\"version: STSv1\\n\"", F, X, BY),
	SHARED_FAULT_SYNTAX},
    {"F26: NUL in it", VALUE(D, ID, "\"" BODY "\\u0000\"", F, X, BY),
	SHARED_FAULT_SYNTAX},
    {"F66: no JSON", "", SHARED_FAULT_SYNTAX},
    {"F66: no object", "[]", SHARED_FAULT_SYNTAX},
    {"F66: a list in it", VALUE(D, ID, B, F, X, "[" BY "]"),
	SHARED_FAULT_SYNTAX},
    {"F66: a key twice",
	"{\"d\":" D ","
	"\"d\":" D ",\"id\":" ID ",\"b\":" B ",\"f\":" F ",\"x\":" X
	",\"by\":" BY "}",
	SHARED_FAULT_SYNTAX},
    {"F66: no number", VALUE(D, ID, B, "1e999", X, BY), SHARED_FAULT_SYNTAX},
    {"F66: a fraction", VALUE(D, ID, B, "1800000000.0", X, BY),
	SHARED_FAULT_SYNTAX},
    {"F66: a number as text", VALUE(D, ID, B, "\"" F "\"", X, BY),
	SHARED_FAULT_SYNTAX},
    {"F66: before 1970", VALUE(D, ID, B, "-1", X, BY), SHARED_FAULT_SYNTAX},
    {"F66: beyond all years", VALUE(D, ID, B, F, "9223372036854775807", BY),
	SHARED_FAULT_SYNTAX},
    {"F66: no UTF-8", VALUE("\"a.example\xff\"", ID, B, F, X, BY),
	SHARED_FAULT_SYNTAX},
    {"F66: a NUL", VALUE("\"a.example\\u0000\"", ID, B, F, X, BY),
	SHARED_FAULT_SYNTAX},
    {"F66: null", VALUE("null", ID, B, F, X, BY), SHARED_FAULT_SYNTAX},
    {"no domain",
	"{\"id\":" ID ",\"b\":" B ",\"f\":" F ",\"x\":" X ",\"by\":" BY "}",
	SHARED_FAULT_SYNTAX},
    {"an id that is none", VALUE(D, "\"2026-11\"", B, F, X, BY),
	SHARED_FAULT_SYNTAX},
    {"an id as long as may be",
	VALUE(D, "\"12345678901234567890123456789012\"", B, F, X, BY),
	SHARED_NO_FAULT},
    {"a body that is no text", VALUE(D, ID, "1", F, X, BY),
	SHARED_FAULT_SYNTAX},
    {"an id that is too long",
	VALUE(D, "\"123456789012345678901234567890123\"", B, F, X, BY),
	SHARED_FAULT_SYNTAX},
    {"a host that is none", VALUE(D, ID, B, F, X, "\"mx 1\""),
	SHARED_FAULT_SYNTAX},
    {"no host", VALUE(D, ID, B, F, X, "\"\""), SHARED_FAULT_SYNTAX},
};

static void
a_policy_counts_if_all_of_it_is_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum shared_fault fault = SHARED_FAULTS + 1;
		struct shared_policy *policy =
		    shared_policy_read(rows[i].payload, strlen(rows[i].payload),
			"a.example", NOW, &fault);

		ROW(rows[i].id, fault == rows[i].fault);
		ROW(rows[i].id, (policy != NULL) == (fault == SHARED_NO_FAULT));
		shared_policy_free(policy);
	}
}

static void
deep_json_costs_nothing(void **state)
{
	enum { DEEP = 100000 };
	char *payload = xmalloc(DEEP + 1);
	enum shared_fault fault;

	(void)state;
	memset(payload, '[', DEEP);
	payload[0] = '{';
	payload[DEEP] = '\0';
	assert_null(
	    shared_policy_read(payload, DEEP, "a.example", NOW, &fault));
	assert_int_equal(fault, SHARED_FAULT_SYNTAX);
	free(payload);
}

static void
what_is_put_is_read_again(void **state)
{
	struct shared_policy policy = {.domain = "a.example",
	    .id = "x1",
	    .fetched_s = NOW - DAY,
	    .expires_s = NOW + DAY,
	    .by = "mx1"};
	static char body[] = "version: STSv1\r\nmode: testing\r\n"
			     "mx: *.\"a\r\nmx: *.a.example\r\n"
			     "max_age: 172800\r\n";
	struct shared_policy *again;
	enum shared_fault fault;
	char *payload;

	(void)state;
	/* the quote makes it no policy, and is no end of the text either */
	policy.body = body;
	payload = shared_policy_print(&policy);
	assert_null(shared_policy_read(
	    payload, strlen(payload), "a.example", NOW, &fault));
	free(payload);
	*strchr(body, '"') = 'b';
	payload = shared_policy_print(&policy);
	again = shared_policy_read(
	    payload, strlen(payload), "a.example", NOW, &fault);
	assert_int_equal(fault, SHARED_NO_FAULT);
	assert_string_equal(again->body, body);
	assert_string_equal(again->id, "x1");
	assert_string_equal(again->by, "mx1");
	assert_int_equal(again->fetched_s, NOW - DAY);
	assert_int_equal(again->expires_s, NOW + DAY);
	assert_int_equal(again->policy->mode, STS_MODE_TESTING);
	shared_policy_free(again);
	free(payload);
}

/* F49 */
static void
a_body_is_put_whole_or_not_at_all(void **state)
{
	struct shared_policy policy = {.domain = "a.example", .by = "mx1"};
	char *payload;

	(void)state;
	policy.body = xmalloc(LIMIT_STS_BODY + 1);
	policy.body[LIMIT_STS_BODY] = '\0';
	memset(policy.body, '\n', LIMIT_STS_BODY); /* two octets of JSON */
	payload = shared_policy_print(&policy);
	assert_non_null(payload);
	assert_true(strlen(payload) <= LIMIT_SHARED_PAYLOAD);
	free(payload);
	memset(policy.body, '\x01', LIMIT_STS_BODY); /* six */
	assert_null(shared_policy_print(&policy));
	memset(policy.body, '\xff', LIMIT_STS_BODY); /* no UTF-8 */
	assert_null(shared_policy_print(&policy));
	free(policy.body);
}

/* The policy of a body of so many octets, or NULL. */
static struct shared_policy *
policy_of_size(size_t size, enum shared_fault *fault)
{
	static const char begin[] = "version: STSv1\nmode: none\nx: ",
			  end[] = "\nmax_age: 86400\n";
	struct shared_policy policy = {
	    .domain = "a.example", .fetched_s = NOW, .by = "mx1"};
	struct shared_policy *again;
	char *payload;

	policy.body = xmalloc(size + 1);
	memset(policy.body, 'x', size);
	memcpy(policy.body, begin, strlen(begin));
	memcpy(policy.body + size - strlen(end), end, sizeof(end));
	payload = shared_policy_print(&policy);
	again = shared_policy_read(
	    payload, strlen(payload), "a.example", NOW, fault);
	free(payload);
	free(policy.body);
	return again;
}

static void
a_body_is_no_larger_than_one_that_is_fetched(void **state)
{
	enum shared_fault fault;
	struct shared_policy *policy;

	(void)state;
	assert_int_equal(LIMIT_STS_BODY, 65536);
	policy = policy_of_size(LIMIT_STS_BODY, &fault);
	assert_int_equal(fault, SHARED_NO_FAULT);
	shared_policy_free(policy);
	assert_null(policy_of_size(LIMIT_STS_BODY + 1, &fault));
	assert_int_equal(fault, SHARED_FAULT_SYNTAX);
}

#define BOOT "\"0123456789abcdef\""
#define EVENT(k, d, by, boot, n, t)                                         \
	"{\"k\":" k ",\"d\":" d ",\"by\":" by ",\"boot\":" boot ",\"n\":" n \
	",\"t\":" t "}"
#define FLUSH "\"flush\""

static void
an_event_counts_for_ten_minutes(void **state)
{
	static const struct row events[] = {
	    {"flush", EVENT(FLUSH, D, BY, BOOT, "1", F), SHARED_NO_FAULT},
	    {"flush all", EVENT(FLUSH, "\"*\"", BY, BOOT, "1", F),
		SHARED_NO_FAULT},
	    {"forget", EVENT("\"forget\"", D, BY, BOOT, "0", F),
		SHARED_NO_FAULT},
	    {"forget all", EVENT("\"forget\"", "\"*\"", BY, BOOT, "0", F),
		SHARED_FAULT_SYNTAX},
	    {"another word", EVENT("\"drop\"", D, BY, BOOT, "0", F),
		SHARED_FAULT_SYNTAX},
	    {"a domain that is no text", EVENT(FLUSH, "1", BY, BOOT, "1", F),
		SHARED_FAULT_SYNTAX},
	    {"no word", EVENT("1", D, BY, BOOT, "0", F), SHARED_FAULT_SYNTAX},
	    {"no number", EVENT(FLUSH, D, BY, BOOT, "-1", F),
		SHARED_FAULT_SYNTAX},
	    {"no host", EVENT(FLUSH, D, "\"\"", BOOT, "1", F),
		SHARED_FAULT_SYNTAX},
	    {"no time", EVENT(FLUSH, D, BY, BOOT, "1", "null"),
		SHARED_FAULT_SYNTAX},
	    {"no JSON", "", SHARED_FAULT_SYNTAX},
	    {"F63: ten minutes ahead",
		EVENT(FLUSH, D, BY, BOOT, "1", "1800000600"), SHARED_NO_FAULT},
	    {"no domain", EVENT(FLUSH, "\"a b\"", BY, BOOT, "1", F),
		SHARED_FAULT_SYNTAX},
	    {"another spelling",
		EVENT(FLUSH, "\"a.EXAMPLE\"", BY, BOOT, "1", F),
		SHARED_FAULT_SYNTAX},
	    {"no boot", EVENT(FLUSH, D, BY, "\"0123456789abcdeg\"", "1", F),
		SHARED_FAULT_SYNTAX},
	    {"a short boot", EVENT(FLUSH, D, BY, "\"0123\"", "1", F),
		SHARED_FAULT_SYNTAX},
	    {"F63: ten minutes old",
		EVENT(FLUSH, D, BY, BOOT, "1", "1799999400"), SHARED_NO_FAULT},
	    {"F63: older", EVENT(FLUSH, D, BY, BOOT, "1", "1799999399"),
		SHARED_FAULT_TIME},
	    {"F63: to come", EVENT(FLUSH, D, BY, BOOT, "1", "1800000601"),
		SHARED_FAULT_TIME},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(events); i++) {
		struct shared_event event = {.number = -1};

		ROW(events[i].id, shared_event_read(events[i].payload,
				      strlen(events[i].payload), NOW,
				      &event) == events[i].fault);
	}
}

static void
an_event_is_read_as_it_was_put(void **state)
{
	struct shared_event event = {.kind = SHARED_EVENT_FORGET,
	    .domain = "a.example",
	    .by = "mx1",
	    .boot = "0123456789abcdef",
	    .number = 7,
	    .at_s = NOW};
	struct shared_event again;
	char *payload = shared_event_print(&event);

	(void)state;
	assert_int_equal(
	    shared_event_read(payload, strlen(payload), NOW, &again),
	    SHARED_NO_FAULT);
	assert_int_equal(again.kind, SHARED_EVENT_FORGET);
	assert_string_equal(again.domain, "a.example");
	assert_string_equal(again.by, "mx1");
	assert_string_equal(again.boot, event.boot);
	assert_int_equal(again.number, 7);
	assert_int_equal(again.at_s, NOW);
	free(payload);
	event.kind = SHARED_EVENT_FLUSH;
	event.domain[0] = '\0';
	payload = shared_event_print(&event);
	assert_non_null(strstr(payload, "\"d\":\"*\""));
	assert_int_equal(
	    shared_event_read(payload, strlen(payload), NOW, &again),
	    SHARED_NO_FAULT);
	assert_string_equal(again.domain, "");
	free(payload);
}

static void
a_host_says_what_it_is(void **state)
{
	struct shared_host host = {.version = "0.2.0",
	    .digest = "0123456789abcdef0123456789abcdef",
	    .at_s = NOW};
	static const char *const bad[] = {"", "{}", "{\"v\":\"0.2.0\"}",
	    "{\"v\":\"0.2 0\",\"g\":\"0123456789abcdef0123456789abcdef\","
	    "\"t\":1}",
	    "{\"v\":\"0\",\"g\":\"x123456789abcdef0123456789abcdef\",\"t\":1}",
	    "{\"v\":\"0\",\"g\":\"0123456789abcdef0123456789abcdef\","
	    "\"t\":\"1\"}"};
	struct shared_host again;
	char *payload = shared_host_print(&host);

	(void)state;
	assert_int_equal(shared_host_read(payload, strlen(payload), &again),
	    SHARED_NO_FAULT);
	assert_string_equal(again.version, host.version);
	assert_string_equal(again.digest, host.digest);
	assert_int_equal(again.at_s, NOW);
	free(payload);
	for (size_t i = 0; i < COUNT(bad); i++)
		ROW(bad[i], shared_host_read(bad[i], strlen(bad[i]), &again) ==
				SHARED_FAULT_SYNTAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_policy_counts_if_all_of_it_is_right),
	    cmocka_unit_test(deep_json_costs_nothing),
	    cmocka_unit_test(what_is_put_is_read_again),
	    cmocka_unit_test(a_body_is_put_whole_or_not_at_all),
	    cmocka_unit_test(a_body_is_no_larger_than_one_that_is_fetched),
	    cmocka_unit_test(an_event_counts_for_ten_minutes),
	    cmocka_unit_test(an_event_is_read_as_it_was_put),
	    cmocka_unit_test(a_host_says_what_it_is),
	};

	return RUN_TESTS(tests);
}
