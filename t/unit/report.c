/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/report.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/base/text.h"
#include "milter/serve/stats.h"
#include "milter/serve/tally.h"
#include "t/unit/tap.h"

/* The promised grammar, written anew; "?" is what replaces other octets. */
static const char grammar[] = "^(-|[A-Za-z0-9._-]{1,32}): event=[a-z]+"
			      "( [a-z]+=[][A-Za-z0-9._:/@+~,%?-]+)*$";

static void
must_be_of_the_grammar(const char *id, const char *line)
{
	regex_t regex;
	int rc;

	assert_int_equal(regcomp(&regex, grammar, REG_EXTENDED | REG_NOSUB), 0);
	rc = regexec(&regex, line, 0, NULL, 0);
	regfree(&regex);
	if (rc != 0 || strlen(line) > 900)
		fail_msg("%s: not of the grammar: %s", id, line);
}

static char mx1[] = "mx1.example.com";

static void
the_example_is_printed_to_the_letter(void **state)
{
	struct verdict verdict = {.result = RESULT_FAIL,
	    .policy = POLICY_TYPE_TLSA,
	    .level = LEVEL_DANE_ONLY,
	    .reason = REASON_VALIDATION_FAILURE,
	    .probed = true,
	    .mx = mx1};
	struct report_check check = {.domain = "example.com",
	    .verdict = &verdict,
	    .action = ACTION_TAG,
	    .rcpts = 2,
	    .looked = true,
	    .ttl_s = 300,
	    .ms = 812};
	char line[REPORT_SIZE];

	(void)state;
	assert_int_equal(
	    report_check_line(line, "4h5QLG1x3hz2jkk", &check), LOG_NOTICE);
	assert_string_equal(line,
	    "4h5QLG1x3hz2jkk: event=check domain=example.com result=fail "
	    "policy=tlsa level=dane-only reason=validation-failure action=tag "
	    "rcpts=2 mx=mx1.example.com depth=probe cache=miss ttl=300 ms=812");
	must_be_of_the_grammar("example", line);
}

static void
a_verdict_without_a_check_has_no_keys_of_one(void **state)
{
	struct verdict verdict = {.result = RESULT_TEMPERROR,
	    .level = LEVEL_MAY,
	    .reason = REASON_DEADLINE};
	struct report_check check = {.domain = "example.com",
	    .verdict = &verdict,
	    .action = ACTION_DEFER,
	    .rcpts = 1};
	char line[REPORT_SIZE];

	(void)state;
	report_check_line(line, "NOQUEUE", &check);
	assert_string_equal(line,
	    "NOQUEUE: event=check domain=example.com result=temperror "
	    "policy=no-policy-found level=may reason=deadline action=defer "
	    "rcpts=1");
}

static void
severities_are_as_promised(void **state)
{
	static const struct {
		const char *id;
		enum result result;
		enum action action;
		int severity;
	} rows[] = {
	    {"pass", RESULT_PASS, ACTION_NONE, LOG_INFO},
	    {"none", RESULT_NONE, ACTION_NONE, LOG_INFO},
	    {"none that defers", RESULT_NONE, ACTION_DEFER, LOG_INFO},
	    {"softfail", RESULT_SOFTFAIL, ACTION_TAG, LOG_NOTICE},
	    {"fail, no action", RESULT_FAIL, ACTION_NONE, LOG_NOTICE},
	    {"fail, tag", RESULT_FAIL, ACTION_TAG, LOG_NOTICE},
	    {"fail, hold", RESULT_FAIL, ACTION_HOLD, LOG_WARNING},
	    {"fail, defer", RESULT_FAIL, ACTION_DEFER, LOG_WARNING},
	    {"fail, reject", RESULT_FAIL, ACTION_REJECT, LOG_WARNING},
	    {"temperror", RESULT_TEMPERROR, ACTION_TAG, LOG_WARNING},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct verdict verdict = {.result = rows[i].result};
		struct report_check check = {.domain = "a.example",
		    .verdict = &verdict,
		    .action = rows[i].action};
		char line[REPORT_SIZE];

		ROW(rows[i].id,
		    report_check_line(line, "Q", &check) == rows[i].severity);
		must_be_of_the_grammar(rows[i].id, line);
	}
}

static void
no_octet_from_outside_breaks_the_grammar(void **state)
{
	char hostile[1024];
	char host[1024];
	struct verdict verdict = {.result = RESULT_FAIL,
	    .level = LEVEL_DANE_ONLY,
	    .reason = REASON_CERTIFICATE_HOST_MISMATCH,
	    .probed = true,
	    .mx = host,
	    .detail = hostile};
	struct report_check check = {.domain = hostile,
	    .verdict = &verdict,
	    .action = ACTION_REJECT,
	    .rcpts = UINT32_MAX,
	    .looked = true,
	    .cached = true,
	    .ttl_s = UINT32_MAX,
	    .ms = UINT32_MAX};
	char line[REPORT_SIZE];

	(void)state;
	for (size_t shift = 0; shift < 256; shift++) {
		for (size_t i = 0; i < sizeof(hostile) - 1; i++) {
			char c = (char)(unsigned char)(i + shift);

			hostile[i] = c == '\0' ? 'x' : c;
			host[i] = hostile[i];
		}
		hostile[sizeof(hostile) - 1] = '\0';
		host[sizeof(host) - 1] = '\0';
		report_check_line(
		    line, "12345678901234567890123456789012", &check);
		must_be_of_the_grammar("octets", line);
		assert_non_null(strstr(line, " detail="));
		assert_true(strlen(strstr(line, " detail=")) <= 8 + 120);
	}
}

static void
what_a_verdict_rests_on_is_printed_to_the_letter(void **state)
{
	static char walk[] = "mx1.example.com/fail/certificate-expired,\"x=y";
	struct verdict verdict = {.rt = "",
	    .dane = DANE_STATE_NONE,
	    .sts = STS_STATE_NONE,
	    .sts_reason = REASON_OK,
	    .requiretls = REQUIRETLS_NOT_ASKED};
	struct report_check check = {
	    .domain = "example.com", .verdict = &verdict};
	char line[REPORT_SIZE];

	(void)state;
	assert_int_equal(report_why_line(line, "Q1", &check), LOG_INFO);
	assert_string_equal(
	    line, "Q1: event=why domain=example.com dane=none sts=none");
	verdict = (struct verdict){.dane = DANE_STATE_FAIL,
	    .sts = STS_STATE_ERROR,
	    .sts_reason = REASON_STS_POLICY_INVALID,
	    .rt = "certificate-expired",
	    .requiretls = REQUIRETLS_NOT_OFFERED,
	    .walk = walk};
	report_why_line(line, "Q1", &check);
	assert_string_equal(line,
	    "Q1: event=why domain=example.com dane=fail sts=error "
	    "stsreason=sts-policy-invalid rt=certificate-expired "
	    "requiretls=not-offered "
	    "hosts=mx1.example.com/fail/certificate-expired,?x?y");
	must_be_of_the_grammar("why", line);
}

static void
the_rule_of_a_verdict_is_named(void **state)
{
	static const struct {
		enum rule_scope scope;
		const char *key, *end;
	} rows[] = {
	    {RULE_BELOW, ".d.example", " ms=0 rule=.d.example"},
	    {RULE_MX_BELOW, "mx:.d.example", " ms=0 rule=mx:.d.example"},
	    {RULE_ANY, "*", " ms=0 rule=any"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule) struct rule *rule = rule_new();
		struct verdict verdict = {.result = RESULT_PASS, .rule = rule};
		struct report_check check = {
		    .domain = "d.example", .verdict = &verdict, .looked = true};
		char line[REPORT_SIZE];

		rule->scope = rows[i].scope;
		text_copy(rule->key, sizeof(rule->key), rows[i].key);
		report_check_line(line, "Q", &check);
		must_be_of_the_grammar(rows[i].key, line);
		ROW_TEXT(rows[i].key, line + strlen(line) - strlen(rows[i].end),
		    rows[i].end);
	}
}

static void
a_rule_past_its_day_is_told(void **state)
{
	AUTO(rule) struct rule *rule = rule_new();
	char line[REPORT_SIZE];

	(void)state;
	text_copy(rule->key, sizeof(rule->key), "mx:.d.example");
	text_copy(rule->until, sizeof(rule->until), "2027-03-31");
	rule->ends_s = 1000;
	assert_int_equal(report_rule_line(line, rule, 999), LOG_WARNING);
	assert_string_equal(
	    line, "-: event=rule rule=mx:.d.example until=2027-03-31");
	must_be_of_the_grammar("ends", line);
	assert_int_equal(report_rule_line(line, rule, 1000), LOG_WARNING);
	assert_string_equal(line, "-: event=rule rule=mx:.d.example "
				  "until=2027-03-31 reason=expired-rule");
	must_be_of_the_grammar("ended", line);
}

static void
rules_are_told_of_once_a_day(void **state)
{
	static const struct {
		const char *id;
		int hours;
		bool due;
	} rows[] = {
	    {"the same hour", 0, false},
	    {"the same day", 23, false},
	    {"midnight", 24, true},
	    {"the day after", 25, false},
	    {"its end", 47, false},
	    {"the next", 48, true},
	    {"days later", 240, true},
	    {"a clock set back", 0, true},
	};
	struct tm begin = {.tm_year = 127, .tm_mon = 11, .tm_mday = 25};
	time_t then = mktime(&begin);
	struct settings settings = {.destinations = rule_list_new(LEVEL_AUTO)};

	(void)state;
	report_rules(&settings, then);
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].id,
		    report_rules_daily(&settings,
			then + rows[i].hours * (time_t)3600) == rows[i].due);
	rule_list_free(settings.destinations);
}

static void
the_longest_names_leave_the_detail_its_place(void **state)
{
	AUTO(rule) struct rule *rule = rule_new();
	char name[LIMIT_DOMAIN_SIZE], detail[LIMIT_DETAIL_SIZE];
	struct verdict verdict = {.result = RESULT_FAIL,
	    .reason = REASON_RESOLVER_NOT_VALIDATING,
	    .rule = rule,
	    .mx = name,
	    .detail = detail};
	struct report_check check = {.domain = name,
	    .verdict = &verdict,
	    .action = ACTION_REJECT,
	    .rcpts = UINT32_MAX,
	    .looked = true,
	    .ttl_s = UINT32_MAX,
	    .ms = UINT32_MAX};
	char line[REPORT_SIZE];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(detail, 'd', sizeof(detail) - 1);
	detail[sizeof(detail) - 1] = '\0';
	for (size_t length = 0; length < 2 * sizeof(rule->key); length++) {
		check.facts = length < sizeof(rule->key)
				  ? NULL
				  : "20261130T000019Z-0000002a.json";
		memset(rule->key, 'r', length % sizeof(rule->key));
		report_check_line(
		    line, "12345678901234567890123456789012", &check);
		must_be_of_the_grammar("long", line);
		assert_int_equal(strlen(strstr(line, " detail=")), 8 + 120);
		assert_int_equal(
		    strstr(line, "Z-0000002a.json detail=") != NULL,
		    check.facts != NULL);
	}
}

static void
a_domain_that_is_no_name_is_a_dash(void **state)
{
	static char detail[] = "user sent: x y";
	struct verdict verdict = {.result = RESULT_NONE,
	    .level = LEVEL_MAY,
	    .reason = REASON_NAME_INVALID,
	    .detail = detail};
	struct report_check check = {.domain = "", .verdict = &verdict};
	char line[REPORT_SIZE];

	(void)state;
	report_check_line(line, "Q", &check);
	assert_string_equal(line,
	    "Q: event=check domain=- result=none policy=no-policy-found "
	    "level=may reason=name-invalid action=none rcpts=0 "
	    "detail=user_sent:_x_y");
}

static void
other_events_are_printed_to_the_letter(void **state)
{
	struct verdict skip = {
	    .result = RESULT_SKIP, .reason = REASON_INTERNAL};
	struct report_check skipped = {
	    .domain = "[192.0.2.1]", .verdict = &skip, .rcpts = 3};
	struct report_message message = {.result = RESULT_FAIL,
	    .action = ACTION_HOLD,
	    .domains = 2,
	    .rcpts = 5,
	    .authenticated = true,
	    .ms = 81};
	struct report_resolver resolver = {.addr = "2001:db8::53@5353",
	    .reason = REASON_DNS_TIMEOUT,
	    .detail = "no answer = \"none\""};
	char line[REPORT_SIZE];

	(void)state;
	assert_int_equal(report_skip_line(line, "Q1", &skipped), LOG_INFO);
	assert_string_equal(line, "Q1: event=skip domain=[192.0.2.1] "
				  "reason=internal action=none rcpts=3");
	assert_int_equal(report_message_line(line, "Q1", &message), LOG_INFO);
	assert_string_equal(line, "Q1: event=message result=fail action=hold "
				  "domains=2 rcpts=5 auth=yes ms=81");
	message.forged = 11000;
	message.overdone = true;
	assert_int_equal(
	    report_message_line(line, "Q1", &message), LOG_WARNING);
	assert_non_null(strstr(line, " ms=81 forged=11000"));
	must_be_of_the_grammar("message", line);
	assert_int_equal(report_resolver_line(line, &resolver), LOG_ERR);
	assert_string_equal(line,
	    "-: event=resolver addr=2001:db8::53@5353 validating=no "
	    "reason=dns-timeout detail=no_answer_?_?none?");
	must_be_of_the_grammar("resolver", line);
	assert_int_equal(report_reach_line(line, 25, false), LOG_ERR);
	assert_string_equal(
	    line, "-: event=probe port=25 depth=dns reason=connect-failed");
	must_be_of_the_grammar("reach", line);
	assert_int_equal(report_reach_line(line, 25, true), LOG_NOTICE);
	assert_string_equal(
	    line, "-: event=probe port=25 depth=probe reason=ok");
}

static void
what_hosts_share_is_told_by_how_grave_it_is(void **state)
{
	static const struct {
		struct report_shared shared;
		int severity;
		const char *line;
	} rows[] = {
	    {{SHARE_CREATED, "d.ex", "mx1.ex", SHARED_NO_FAULT}, LOG_INFO,
		"-: event=shared domain=d.ex what=created by=mx1.ex"},
	    {{SHARE_EXTENDED, "d.ex", "mx1.ex", SHARED_NO_FAULT}, LOG_INFO,
		"-: event=shared domain=d.ex what=extended by=mx1.ex"},
	    {{SHARE_HINT, "d.ex", "mx1.ex", SHARED_NO_FAULT}, LOG_INFO,
		"-: event=shared domain=d.ex what=hint by=mx1.ex"},
	    {{SHARE_REJECTED, "d.ex", "", SHARED_FAULT_TIME}, LOG_INFO,
		"-: event=shared domain=d.ex what=rejected by=- fault=time"},
	    {{SHARE_REJECTED, "d.ex", "", SHARED_FAULT_MAC}, LOG_WARNING,
		"-: event=shared domain=d.ex what=rejected by=- fault=mac"},
	    {{SHARE_FLUSHED, "", "mx1.ex", SHARED_NO_FAULT}, LOG_INFO,
		"-: event=shared domain=- what=flushed by=mx1.ex"},
	    {{SHARE_FORGOTTEN, "d.ex", "mx1.ex", SHARED_NO_FAULT}, LOG_INFO,
		"-: event=shared domain=d.ex what=forgotten by=mx1.ex"},
	    {{SHARE_SHUT, "d.ex", "", SHARED_FAULT_MAC}, LOG_ERR,
		"-: event=shared domain=d.ex what=shut by=- fault=mac"},
	};
	char line[REPORT_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ROW(rows[i].line, report_shared_line(line, &rows[i].shared) ==
				      rows[i].severity);
		ROW_TEXT(rows[i].line, line, rows[i].line);
	}
	assert_int_equal(
	    report_shared_state_line(line, SHARED_UP, "s.ex:6379"), LOG_NOTICE);
	assert_string_equal(
	    line, "-: event=shared-store state=up addr=s.ex:6379");
	assert_int_equal(
	    report_shared_state_line(line, SHARED_DOWN, "it is gone"),
	    LOG_NOTICE);
	assert_string_equal(
	    line, "-: event=shared-store state=down detail=it_is_gone");
	assert_int_equal(
	    report_shared_state_line(line, SHARED_DENIED, "no"), LOG_ERR);
	assert_string_equal(
	    line, "-: event=shared-store state=denied detail=no");
}

static void
what_mtas_are_told_and_cannot_be_told_are_lines(void **state)
{
	AUTO(rule) struct rule *rule = rule_new();
	struct report_map map = {.domain = "d.ex",
	    .asker = FIGURES_TLSRPT,
	    .answer = "temp",
	    .put_off = true,
	    .policy = POLICY_TYPE_STS,
	    .reason = REASON_DNS_SERVFAIL,
	    .dane = ENFORCE_DANE_UNKNOWN,
	    .sts = ENFORCE_STS_ENFORCE,
	    .ttl_s = 30,
	    .ms = 7};
	char line[REPORT_SIZE];

	(void)state;
	text_copy(rule->key, sizeof(rule->key), "mx:mx1.d.ex");
	rule->level = LEVEL_MAY;
	assert_int_equal(report_map_line(line, &map), LOG_WARNING);
	assert_string_equal(line,
	    "-: event=map domain=d.ex map=tlsrpt answer=temp policy=sts "
	    "reason=dns-servfail dane=unknown sts=enforce cache=miss ttl=30 "
	    "ms=7");
	must_be_of_the_grammar("map", line);
	map.put_off = false;
	assert_int_equal(report_map_line(line, &map), LOG_INFO);
	assert_int_equal(
	    report_map_level_line(line, rule, FIGURES_SENDMAIL), LOG_WARNING);
	assert_string_equal(
	    line, "-: event=map-level map=sendmail rule=mx:mx1.d.ex level=may");
	assert_int_equal(
	    report_map_host_rule_line(line, rule, "d.ex"), LOG_WARNING);
	assert_string_equal(line,
	    "-: event=map-host-rule domain=d.ex rule=mx:mx1.d.ex level=may");
}

static void
facts_that_are_not_kept_are_told_with_the_reason(void **state)
{
	char line[REPORT_SIZE];

	(void)state;
	assert_int_equal(report_facts_line(line, "/x: no space"), LOG_ERR);
	assert_string_equal(
	    line, "-: event=facts reason=internal-error detail=/x:_no_space");
	must_be_of_the_grammar("bad", line);
	assert_int_equal(report_facts_line(line, NULL), LOG_NOTICE);
	assert_string_equal(line, "-: event=facts reason=ok");
	must_be_of_the_grammar("good", line);
}

static void
a_reload_is_told_with_its_mistakes_or_what_it_changed(void **state)
{
	struct report_reload good = {.restart = ""};
	struct report_reload bad = {
	    .faults = 2, .detail = "/x/conf:7: On-Fail: \"a b\""};
	char line[REPORT_SIZE];

	(void)state;
	assert_int_equal(report_reload_line(line, &good), LOG_NOTICE);
	assert_string_equal(line, "-: event=reload faults=0 engine=kept");
	good.renewed = true;
	good.restart = "Socket,UMask";
	assert_int_equal(report_reload_line(line, &good), LOG_NOTICE);
	assert_string_equal(line, "-: event=reload faults=0 engine=new "
				  "restart=Socket,UMask");
	must_be_of_the_grammar("good", line);
	assert_int_equal(report_reload_line(line, &bad), LOG_ERR);
	assert_string_equal(line, "-: event=reload faults=2 "
				  "detail=/x/conf:7:_On-Fail:_?a_b?");
	must_be_of_the_grammar("bad", line);
}

static void
figures_are_printed_to_the_letter(void **state)
{
	struct stats stats = {.uptime_s = 3600,
	    .counts = {.messages = 7,
		.results = {[RESULT_PASS] = 5, [RESULT_FAIL] = 2},
		.refused = {[ACTION_DEFER] = 13, [ACTION_REJECT] = 14},
		.hits = 3,
		.misses = 4},
	    .engine = {.checks = 4,
		.running_max = 2,
		.waiting_max = 1,
		.queue_full = 6,
		.probes = 8,
		.fetched = {[COUNTS_FETCH_OK] = 9}},
	    .now = {.verdicts = 10,
		.policies = 11,
		.store = "ok",
		.resolver = "not-validating"},
	    .rss_kb = 12};
	char line[REPORT_SIZE];

	(void)state;
	assert_int_equal(report_stats_line(line, &stats), LOG_INFO);
	assert_string_equal(line,
	    "-: event=stats uptime=3600 messages=7 fail=2 temperror=0 "
	    "softfail=0 none=0 pass=5 skip=0 hits=3 misses=4 checks=4 "
	    "maxrunning=2 maxwaiting=1 queuefull=6 probes=8 fetches=9 "
	    "verdicts=10 policies=11 store=ok resolver=not-validating rss=12 "
	    "rcptdefer=13 rcptreject=14");
	must_be_of_the_grammar("stats", line);
}

int
main(void)
{
	static const struct CMUnitTest report[] = {
	    cmocka_unit_test(the_example_is_printed_to_the_letter),
	    cmocka_unit_test(a_verdict_without_a_check_has_no_keys_of_one),
	    cmocka_unit_test(severities_are_as_promised),
	    cmocka_unit_test(no_octet_from_outside_breaks_the_grammar),
	    cmocka_unit_test(what_a_verdict_rests_on_is_printed_to_the_letter),
	    cmocka_unit_test(the_rule_of_a_verdict_is_named),
	    cmocka_unit_test(a_rule_past_its_day_is_told),
	    cmocka_unit_test(rules_are_told_of_once_a_day),
	    cmocka_unit_test(the_longest_names_leave_the_detail_its_place),
	    cmocka_unit_test(facts_that_are_not_kept_are_told_with_the_reason),
	    cmocka_unit_test(a_domain_that_is_no_name_is_a_dash),
	    cmocka_unit_test(other_events_are_printed_to_the_letter),
	    cmocka_unit_test(what_hosts_share_is_told_by_how_grave_it_is),
	    cmocka_unit_test(what_mtas_are_told_and_cannot_be_told_are_lines),
	    cmocka_unit_test(
		a_reload_is_told_with_its_mistakes_or_what_it_changed),
	    cmocka_unit_test(figures_are_printed_to_the_letter),
	};

	return RUN_TESTS(report);
}
