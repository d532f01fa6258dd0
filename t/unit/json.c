/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_check.h"
#include "milter/view/json_request.h"
#include "milter/view/json_stats.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/serve/stats.h"
#include "t/unit/tap.h"

static void
requests_are_read(void **state)
{
	static const struct {
		const char *line;
		enum json_ask ask;
		const char *domain;
	} rows[] = {
	    {"{\"ask\":\"stats\"}", JSON_ASK_STATS, ""},
	    {" { \"ask\" : \"cache list\" } ", JSON_ASK_LIST, ""},
	    {"{\"domain\":\"D.Example.\",\"ask\":\"check\"}", JSON_ASK_CHECK,
		"d.example"},
	    {"{\"ask\":\"cache show\",\"domain\":\"m\\u00fcller.example\"}",
		JSON_ASK_SHOW, "xn--mller-kva.example"},
	    {"{\"ask\":\"cache flush\"}", JSON_ASK_FLUSH, ""},
	    {"{\"ask\":\"cache flush\",\"domain\":\"d.example\",\"x\":1}",
		JSON_ASK_FLUSH, "d.example"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json_request request;
		size_t length = strlen(rows[i].line);

		ROW(rows[i].line, json_request_parse(rows[i].line, length,
				      &request, NULL) == 0);
		ROW(rows[i].line, request.ask == rows[i].ask);
		ROW_TEXT(rows[i].line, request.domain, rows[i].domain);
	}
}

static void
what_is_no_request_is_refused(void **state)
{
	static const struct {
		const char *line, *why;
	} rows[] = {
	    {"", "not a JSON object"},
	    {"stats", "not a JSON object"},
	    {"\"stats\"", "not a JSON object"},
	    {"[]", "not a JSON object"},
	    {"{\"ask\":\"stats\"", "not a JSON object"},
	    {"{\"ask\":\"stats\"} x", "not a JSON object"},
	    {"{\"ask\":\"stats\",\"ask\":\"stats\"}", "not a JSON object"},
	    {"{\"ask\":\"\xff\"}", "not a JSON object"},
	    {"{\"ask\":\"a\\u0000b\"}", "not a JSON object"},
	    {"{\"ask\":\"stats\",\"x\":{}}", "not a flat JSON object"},
	    {"[[", "not a flat JSON object"},
	    {"{}", "no \"ask\""},
	    {"{\"ask\":1}", "no \"ask\""},
	    {"{\"ask\":\"Stats\"}", "no such \"ask\""},
	    {"{\"ask\":\"check\"}", "no \"domain\""},
	    {"{\"ask\":\"check\",\"domain\":null}", "\"domain\" is no text"},
	    {"{\"ask\":\"stats\",\"domain\":\"d.example\"}",
		"a \"domain\" is not wanted"},
	    {"{\"ask\":\"check\",\"domain\":\"\"}", ""},
	    {"{\"ask\":\"check\",\"domain\":\"a..b\"}", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json_request request;
		struct err err = {.text = ""};

		ROW(rows[i].line,
		    json_request_parse(rows[i].line, strlen(rows[i].line),
			&request, &err) == -1);
		ROW(rows[i].line, err.kind == ERR_DATA);
		if (rows[i].why[0] != '\0')
			ROW_TEXT(rows[i].line, err.text, rows[i].why);
	}
}

static void
a_request_is_read_as_it_is_written(void **state)
{
	(void)state;
	for (int i = JSON_ASK_CHECK; i <= JSON_ASK_FLUSH; i++) {
		struct json_request request = {.ask = (enum json_ask)i}, read;
		char *line;

		if (i != JSON_ASK_LIST)
			text_copy(request.domain, sizeof(request.domain),
			    "d.example");
		line = json_request_line(&request);
		ROW(line, strchr(line, '\n') == NULL);
		ROW(line,
		    json_request_parse(line, strlen(line), &read, NULL) == 0);
		ROW(line, read.ask == request.ask);
		ROW_TEXT(line, read.domain, request.domain);
		free(line);
	}
}

static void
assert_line(char *line, const char *wanted)
{
	assert_string_equal(line, wanted);
	free(line);
}

static struct settings *
load_settings(void)
{
	struct conf_faults faults = {0};
	struct settings_override fail = {"-x", "On-Fail", "hold"};
	struct settings *settings = settings_load(NULL, &fail, 1, &faults);

	conf_faults_fini(&faults);
	return settings;
}

static void
a_verdict_has_the_keys_of_the_log(void **state)
{
	static char mx[] = "mx1.d.example", detail[] = "cert_expired";
	AUTO(settings) struct settings *settings = load_settings();
	struct verdict verdict = {.result = RESULT_FAIL,
	    .policy = POLICY_TYPE_STS,
	    .level = LEVEL_SECURE,
	    .reason = REASON_CERTIFICATE_EXPIRED,
	    .rt = "certificate-expired",
	    .mode = "enforce",
	    .probed = true,
	    .mx = mx,
	    .detail = detail};
	struct check check = {.domain = "d.example",
	    .verdict = &verdict,
	    .ms = 17,
	    .expires_ms = clock_mono_ms() + 100 * 1000 - 1};

	(void)state;
	assert_non_null(settings);
	assert_line(json_check_line(settings, &check, "[relay.example]:587"),
	    "{\"schema\":1,\"kind\":\"verdict\",\"domain\":\"d.example\","
	    "\"result\":\"fail\",\"policy\":\"sts\",\"level\":\"secure\","
	    "\"reason\":\"certificate-expired\",\"action\":\"hold\","
	    "\"rcpts\":1,\"mx\":\"mx1.d.example\",\"mode\":\"enforce\","
	    "\"depth\":\"probe\",\"cache\":\"hit\",\"ttl\":100,\"ms\":17,"
	    "\"detail\":\"cert_expired\",\"rt\":\"certificate-expired\","
	    "\"hop\":\"[relay.example]:587\"}");
}

static void
a_policy_is_told_whatever_a_stranger_wrote(void **state)
{
	static char body[] = "version: STSv1\r\nmode: enforce\nmx: *.d.example"
			     "\nmax_age: 86400\nx: \"\xff\x1b[2J\\\n";
	struct store_policy row = {.domain = "d.example",
	    .id = "20260131",
	    .body = body,
	    .length = sizeof(body) - 1,
	    .fetched_s = 0,
	    .expires_s = 86400,
	    .failed_id = "2",
	    .failed_s = 3600,
	    .failed_how = POLICY_INVALID,
	    .failed_detail = "media_type"};
	struct store_policy failed = {.domain = "e.example",
	    .failed_id = "2",
	    .failed_s = 3600,
	    .failed_how = POLICY_FETCH_ERROR};

	(void)state;
	assert_line(json_policy_line(&row, true),
	    "{\"schema\":1,\"kind\":\"policy\",\"domain\":\"d.example\","
	    "\"policy\":{\"id\":\"20260131\",\"source\":null,\"mode\":\"\","
	    "\"mx\":[],\"fetched\":\"1970-01-01T00:00:00Z\","
	    "\"expires\":\"1970-01-02T00:00:00Z\",\"expired\":true,"
	    "\"body\":\"version: STSv1\\r\\nmode: enforce\\nmx: *.d.example\\n"
	    "max_age: 86400\\nx: \\\"??[2J\\\\\\n\"},"
	    "\"failed\":{\"id\":\"2\",\"at\":\"1970-01-01T01:00:00Z\","
	    "\"reason\":\"sts-policy-invalid\",\"detail\":\"media_type\"}}");
	assert_line(json_policy_line(&failed, true),
	    "{\"schema\":1,\"kind\":\"policy\",\"domain\":\"e.example\","
	    "\"policy\":null,\"failed\":{\"id\":\"2\","
	    "\"at\":\"1970-01-01T01:00:00Z\","
	    "\"reason\":\"sts-policy-fetch-error\",\"detail\":\"\"}}");
}

static void
an_answer_ends_in_a_word(void **state)
{
	struct inventory_flushed flushed = {
	    .verdicts = 1, .probes = 2, .policies = 3};

	(void)state;
	assert_line(json_request_end_line("ok", 7, NULL),
	    "{\"schema\":1,\"end\":\"ok\",\"lines\":7}");
	assert_line(json_request_end_line("error", 7, "it's \"odd\""),
	    "{\"schema\":1,\"end\":\"error\",\"text\":\"it's \\\"odd\\\"\"}");
	assert_line(json_flushed_line(&flushed),
	    "{\"schema\":1,\"verdicts\":1,\"probes\":2,\"policies\":3}");
}

static void
figures_that_are_none_are_left_out_of_the_reasons(void **state)
{
	struct stats stats = {.uptime_s = 5,
	    .active = 2,
	    .counts = {.messages = 3,
		.actions = {[ACTION_DEFER] = 1},
		.refused = {[ACTION_DEFER] = 5},
		.reasons = {[REASON_DEADLINE] = 4}},
	    .engine = {.checks = 6,
		.fetched = {[COUNTS_FETCH_OK] = 1, [COUNTS_FETCH_TLS] = 7}},
	    .now = {.store = "none", .resolver = "unknown"}};
	char *line = json_stats_line(&stats, "1.2.3");

	(void)state;
	assert_non_null(strstr(line, "\"version\":\"1.2.3\","));
	assert_non_null(strstr(line, "\"uptime\":5,"));
	assert_non_null(strstr(line,
	    "\"messages\":{\"ended\":3,\"active\":2,\"actions\":{\"none\":0,"
	    "\"tag\":0,\"hold\":0,\"defer\":1,\"reject\":0},"
	    "\"refused_rcpts\":{\"defer\":5,\"reject\":0}},"));
	assert_non_null(strstr(line, "\"reasons\":{\"deadline\":4},"));
	assert_non_null(strstr(line, "\"checks\":{\"begun\":6,"));
	assert_non_null(strstr(line, "\"fetches\":{\"made\":8,\"failed\":7},"));
	assert_non_null(strstr(line, "\"store\":\"none\","));
	free(line);
}

int
main(void)
{
	const struct CMUnitTest json[] = {
	    cmocka_unit_test(requests_are_read),
	    cmocka_unit_test(what_is_no_request_is_refused),
	    cmocka_unit_test(a_request_is_read_as_it_is_written),
	    cmocka_unit_test(a_verdict_has_the_keys_of_the_log),
	    cmocka_unit_test(a_policy_is_told_whatever_a_stranger_wrote),
	    cmocka_unit_test(an_answer_ends_in_a_word),
	    cmocka_unit_test(figures_that_are_none_are_left_out_of_the_reasons),
	};

	return RUN_TESTS(json);
}
