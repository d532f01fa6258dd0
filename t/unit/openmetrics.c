/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/openmetrics.h"

#include <stdlib.h>
#include <string.h>

#include "milter/view/figures.h"
#include "t/unit/tap.h"

static struct stats
some_stats(void)
{
	struct stats stats = {.started_s = 1800000000,
	    .rss_kb = 4,
	    .open_fds = 12,
	    .now = {.verdicts = 5,
		.probes = 6,
		.policies = 7,
		.store = "ok",
		.resolver = "validating"},
	    .rules_active = 2,
	    .rules_end_s = 1800009000};
	struct report_counts *counts = &stats.counts;

	counts->outcomes[RESULT_FAIL][ACTION_DEFER] = 3;
	counts->checks[POLICY_TYPE_TLSA][RESULT_FAIL]
		      [REASON_CERTIFICATE_HOST_MISMATCH] = 3;
	counts->check_times[1].buckets[0] = 1;
	counts->check_times[1].buckets[7] = 2;
	counts->check_times[1].buckets[FIGURES_BUCKETS - 1] = 4;
	counts->check_times[1].sum_ms = 250500;
	counts->changes[RESULT_FAIL] = 9;
	counts->reload = FIGURES_BAD;
	counts->reload_s = 1800000001;
	counts->port_open = FIGURES_GOOD;
	counts->asked[FIGURES_TLSRPT][FIGURES_NOTFOUND] = 11;
	counts->asked[FIGURES_LINE][FIGURES_PERM] = 12;
	stats.map_sockets = stats.line_sockets = true;
	stats.engine.probed[COUNTS_PROBE_TLS] = 8;
	stats.engine.probed[COUNTS_PROBE_BLOCKED] = 9;
	stats.engine.fetched[COUNTS_FETCH_NONE] = 77;
	stats.engine.fetched[COUNTS_FETCH_OK] = 3;
	stats.engine.fetched[COUNTS_FETCH_TLS] = 2;
	stats.engine.lookups[COUNTS_LOOKUP_TLSA][COUNTS_STATUS_BOGUS] = 6;
	stats.now.modes[STS_MODE_ENFORCE][1] = 11;
	counts->hits = 30;
	counts->misses = 7;
	counts->joined = 2;
	counts->connections = 4;
	counts->mta_errors[FIGURES_AT_EOM] = 5;
	return stats;
}

static bool
has_line(const char *text, const char *line)
{
	const char *found = strstr(text, line);

	return found != NULL && (found == text || found[-1] == '\n') &&
	       found[strlen(line)] == '\n';
}

/* What people's rules rest on.  Add to it; change nothing in it. */
static const char *const families[] = {
    "# TYPE postern_build_info gauge",
    "# TYPE postern_start_time_seconds gauge",
    "# TYPE postern_resident_memory_bytes gauge",
    "# TYPE postern_open_fds gauge",
    "# TYPE postern_messages_total counter",
    "# TYPE postern_domain_checks_total counter",
    "# TYPE postern_check_duration_seconds histogram",
    "# TYPE postern_wait_duration_seconds histogram",
    "# TYPE postern_cache_requests_total counter",
    "# TYPE postern_cache_entries gauge",
    "# TYPE postern_checks_running gauge",
    "# TYPE postern_checks_waiting gauge",
    "# TYPE postern_checks_refused_total counter",
    "# TYPE postern_probes_total counter",
    "# TYPE postern_sts_fetches_total counter",
    "# TYPE postern_sts_policies gauge",
    "# TYPE postern_dns_lookups_total counter",
    "# TYPE postern_milter_connections gauge",
    "# TYPE postern_milter_errors_total counter",
    "# TYPE postern_resolver_validating gauge",
    "# TYPE postern_port25_open gauge",
    "# TYPE postern_store_ok gauge",
    "# TYPE postern_last_reload_successful gauge",
    "# TYPE postern_last_reload_success_timestamp_seconds gauge",
    "# TYPE postern_changes_total counter",
    "# TYPE postern_log_lines_dropped_total counter",
    "# TYPE postern_overrides gauge",
    "# TYPE postern_override_expiry_timestamp_seconds gauge",
    "# TYPE postern_socketmap_requests_total counter",
    "# TYPE postern_line_requests_total counter",
    "# HELP postern_socketmap_requests_total Requests at MapSocket, by dialect "
    "and answer.",
    "# HELP postern_line_requests_total Requests at LineSocket, by answer.",
    "# HELP postern_build_info Version of posternd.",
    "# HELP postern_start_time_seconds When posternd started, in seconds since "
    "1970.",
    "# HELP postern_resident_memory_bytes Memory of posternd.",
    "# HELP postern_open_fds File descriptors of posternd that are open.",
    "# HELP postern_messages_total Messages at their end, by result and "
    "action.",
    "# HELP postern_domain_checks_total Domains of messages, by policy, result "
    "and reason.",
    "# HELP postern_check_duration_seconds What a check took, or had taken "
    "where its verdict was cached.",
    "# HELP postern_wait_duration_seconds What a recipient, or a message in "
    "all, waited for posternd.",
    "# HELP postern_cache_requests_total Domains of messages whose verdict was "
    "at hand, or was not.",
    "# HELP postern_cache_entries What is remembered, by kind.",
    "# HELP postern_checks_running Checks under way.",
    "# HELP postern_checks_waiting Checks that wait for a worker.",
    "# HELP postern_checks_refused_total Checks that found no room to wait.",
    "# HELP postern_probes_total Connections to mail hosts, by what came of "
    "them.",
    "# HELP postern_sts_fetches_total Fetches of MTA-STS policies, by what "
    "came of them.",
    "# HELP postern_sts_policies MTA-STS policies in memory, by mode, and "
    "whether the last fetch has failed.",
    "# HELP postern_dns_lookups_total Lookups of destinations, by type and "
    "what came of them.",
    "# HELP postern_milter_connections Connections of MTAs that are open.",
    "# HELP postern_milter_errors_total What could not be answered as it "
    "should, by stage.",
    "# HELP postern_resolver_validating Whether the resolver validates DNSSEC.",
    "# HELP postern_port25_open Whether mail hosts can be connected to.",
    "# HELP postern_store_ok Whether policies are written to the store.",
    "# HELP postern_last_reload_successful Whether the settings were read "
    "without a mistake at last.",
    "# HELP postern_last_reload_success_timestamp_seconds When the settings "
    "were read last, in seconds since 1970.",
    "# HELP postern_changes_total Domains whose result became another, by the "
    "new one.",
    "# HELP postern_log_lines_dropped_total Lines that syslog did not take.",
    "# HELP postern_overrides Rules per destination with a last day, by state.",
    "# HELP postern_override_expiry_timestamp_seconds When the next of them "
    "ends, in seconds since 1970.",
};

/* Where hosts share, beside those; likewise. */
static const char *const shared_lines[] = {
    "# HELP postern_shared_up Whether the store that hosts share answers.",
    "# TYPE postern_shared_up gauge",
    "postern_shared_up 1",
    "# HELP postern_shared_requests_total Requests to the store that hosts "
    "share, by what came of them.",
    "# TYPE postern_shared_requests_total counter",
    "postern_shared_requests_total{op=\"get\",result=\"hit\"} 3",
    "postern_shared_requests_total{op=\"lease\",result=\"rested\"} 0",
    "# HELP postern_shared_request_duration_seconds How long the store that "
    "hosts share took for an answer.",
    "# TYPE postern_shared_request_duration_seconds histogram",
    "postern_shared_request_duration_seconds_bucket{le=\"0.0005\"} 2",
    "postern_shared_request_duration_seconds_bucket{le=\"0.1\"} 2",
    "postern_shared_request_duration_seconds_bucket{le=\"+Inf\"} 3",
    "postern_shared_request_duration_seconds_sum 0.250000",
    "postern_shared_request_duration_seconds_count 3",
    "# HELP postern_shared_rejected_total Values of that store that do not "
    "count, by what is wrong.",
    "# TYPE postern_shared_rejected_total counter",
    "postern_shared_rejected_total{why=\"mac\"} 4",
    "postern_shared_rejected_total{why=\"conflict\"} 0",
    "# HELP postern_shared_events_total What other hosts wanted done, by what "
    "came of it.",
    "# TYPE postern_shared_events_total counter",
    "postern_shared_events_total{kind=\"forget\",how=\"applied\"} 6",
    "postern_shared_requests_total{op=\"event\",result=\"ok\"} 0",
    "# HELP postern_shared_dropped_total Values that were not put there, for "
    "want of room or store.",
    "# TYPE postern_shared_dropped_total counter",
    "postern_shared_dropped_total 5",
};

/* Where sessions are counted for TLS reports; likewise. */
static const char *const reports_lines[] = {
    "# HELP postern_tlsrpt_reports_total TLS reports, by what became of them.",
    "# TYPE postern_tlsrpt_reports_total counter",
    "postern_tlsrpt_reports_total{action=\"failed\"} 3",
    "postern_tlsrpt_reports_total{action=\"suppressed\"} 0",
    "# HELP postern_tlsrpt_datagrams_total What MTAs told of sessions, whether "
    "it counted or not.",
    "# TYPE postern_tlsrpt_datagrams_total counter",
    "postern_tlsrpt_datagrams_total 40",
    "# HELP postern_tlsrpt_dropped_total What of it was not counted, by "
    "reason.",
    "# TYPE postern_tlsrpt_dropped_total counter",
    "postern_tlsrpt_dropped_total{reason=\"queue-full\"} 4",
    "postern_tlsrpt_dropped_total{reason=\"malformed\"} 0",
};

static size_t
count_lines(const char *text, const char *begin)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, begin)) != NULL; at++)
		count += at == text || at[-1] == '\n';
	return count;
}

/* F14 */
static void
no_family_changes_its_name_help_or_type(void **state)
{
	struct stats stats = some_stats();
	char *text = openmetrics_print(&stats, "1.0", NULL, METRIC_PROMETHEUS);

	(void)state;
	for (size_t i = 0; i < COUNT(families); i++)
		ROW(families[i], has_line(text, families[i]));
	assert_int_equal(count_lines(text, "# "), COUNT(families));
	free(text);
}

static void
figures_of_what_is_shared_are_there_where_hosts_share(void **state)
{
	struct stats stats = some_stats();
	char *text;

	(void)state;
	text = openmetrics_print(&stats, "1.0", NULL, METRIC_PROMETHEUS);
	assert_null(strstr(text, "postern_shared"));
	free(text);
	stats.shares = true;
	stats.shared.store.state = SHARED_UP;
	stats.shared.requests[SHARED_OP_GET][SHARED_RESULT_HIT] = 3;
	stats.shared.took[0] = 2;
	stats.shared.took[SHARED_BOUNDS] = 1;
	stats.shared.took_us = 250000;
	stats.shared.rejected[SHARED_FAULT_MAC] = 4;
	stats.shared.dropped = 5;
	stats.shared.events[SHARED_EVENT_FORGET][SHARE_EVENT_APPLIED] = 6;
	text = openmetrics_print(&stats, "1.0", NULL, METRIC_PROMETHEUS);
	for (size_t i = 0; i < COUNT(shared_lines); i++)
		ROW(shared_lines[i], has_line(text, shared_lines[i]));
	free(text);
}

static void
figures_of_reports_are_there_where_sessions_are_counted(void **state)
{
	struct stats stats = some_stats();
	char *text;

	(void)state;
	stats.counts.reports[FIGURES_FAILED] = 3;
	stats.counts.datagrams = 40;
	stats.counts.dropped[FIGURES_LOSS_FULL] = 4;
	text = openmetrics_print(&stats, "1.0", NULL, METRIC_PROMETHEUS);
	assert_null(strstr(text, "postern_tlsrpt"));
	free(text);
	stats.tls_reports = true;
	text = openmetrics_print(&stats, "1.0", NULL, METRIC_PROMETHEUS);
	for (size_t i = 0; i < COUNT(reports_lines); i++)
		ROW(reports_lines[i], has_line(text, reports_lines[i]));
	free(text);
}

static void
figures_stand_with_their_labels(void **state)
{
	static const char *const lines[] = {
	    "postern_build_info{version=\"1.0\"} 1",
	    "postern_start_time_seconds 1800000000",
	    "postern_resident_memory_bytes 4096",
	    "postern_messages_total{result=\"fail\",action=\"defer\"} 3",
	    "postern_messages_total{result=\"pass\",action=\"none\"} 0",
	    "postern_domain_checks_total{policy=\"tlsa\",result=\"fail\","
	    "reason=\"certificate-host-mismatch\"} 3",
	    "postern_check_duration_seconds_bucket{cache=\"miss\",le=\"0.005\"}"
	    " 1",
	    "postern_check_duration_seconds_bucket{cache=\"miss\",le=\"0.5\"}"
	    " 1",
	    "postern_check_duration_seconds_bucket{cache=\"miss\",le=\"1\"} 3",
	    "postern_check_duration_seconds_bucket{cache=\"miss\",le=\"60\"} 3",
	    "postern_check_duration_seconds_bucket{cache=\"miss\",le=\"+Inf\"}"
	    " 7",
	    "postern_check_duration_seconds_sum{cache=\"miss\"} 250.5",
	    "postern_check_duration_seconds_count{cache=\"miss\"} 7",
	    "postern_wait_duration_seconds_count{stage=\"rcpt\"} 0",
	    "postern_cache_entries{kind=\"policy\"} 7",
	    "postern_probes_total{result=\"tls\"} 8",
	    "postern_sts_fetches_total{result=\"ok\"} 3",
	    "postern_sts_fetches_total{result=\"tls\"} 2",
	    "postern_sts_fetches_total{result=\"unchanged\"} 0",
	    "postern_sts_policies{mode=\"enforce\",freshness=\"failing\"} 11",
	    "postern_sts_policies{mode=\"none\",freshness=\"fresh\"} 0",
	    "postern_probes_total{result=\"blocked\"} 9",
	    "postern_dns_lookups_total{type=\"tlsa\",status=\"bogus\"} 6",
	    "postern_dns_lookups_total{type=\"ds\",status=\"secure\"} 0",
	    "postern_cache_requests_total{result=\"hit\"} 30",
	    "postern_cache_requests_total{result=\"miss\"} 5",
	    "postern_cache_requests_total{result=\"joined\"} 2",
	    "postern_milter_connections 4",
	    "postern_milter_errors_total{stage=\"eom\"} 5",
	    "postern_milter_errors_total{stage=\"connect\"} 0",
	    "postern_resolver_validating 1",
	    "postern_port25_open 1",
	    "postern_last_reload_successful 0",
	    "postern_changes_total{to=\"fail\"} 9",
	    "postern_socketmap_requests_total{dialect=\"tlsrpt\","
	    "status=\"notfound\"} 11",
	    "postern_socketmap_requests_total{dialect=\"sendmail\","
	    "status=\"temp\"} 0",
	    "postern_line_requests_total{status=\"perm\"} 12",
	    "postern_overrides{state=\"active\"} 2",
	    "postern_override_expiry_timestamp_seconds 1800009000",
	};
	struct stats stats = some_stats();
	char *text = openmetrics_print(&stats, "1.0", NULL, METRIC_PROMETHEUS);

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		ROW(lines[i], has_line(text, lines[i]));
	free(text);
}

static void
what_is_not_known_is_absent(void **state)
{
	static const char *const words[] = {"postern_resolver_validating",
	    "postern_port25_open", "postern_store_ok", "postern_last_reload",
	    "postern_override_expiry", "postern_open_fds",
	    "postern_resident_memory", "postern_domain_checks_total{"};
	struct stats stats = {.now = {.store = "none", .resolver = "unknown"}};
	char *text = openmetrics_print(&stats, "1.0", NULL, METRIC_PROMETHEUS);

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		ROW(words[i], strstr(text, words[i]) == NULL);
	free(text);
}

static void
openmetrics_has_another_name_for_counters(void **state)
{
	struct stats stats = some_stats();
	char *text = openmetrics_print(&stats, "1.0", NULL, METRIC_OPENMETRICS);

	(void)state;
	assert_true(has_line(text, "# TYPE postern_messages counter"));
	assert_null(strstr(text, "# TYPE postern_messages_total"));
	assert_true(has_line(text,
	    "postern_messages_total{result=\"fail\",action=\"defer\"} 3"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	free(text);
}

/* F12: by rule, though nothing comes here but our own words. */
static void
label_values_are_escaped(void **state)
{
	struct stats stats = some_stats();
	char *text =
	    openmetrics_print(&stats, "1\"\\\n{}", "gate1", METRIC_PROMETHEUS);

	(void)state;
	assert_true(has_line(text,
	    "postern_build_info{version=\"1\\\"\\\\\\n{}\",name=\"gate1\"} 1"));
	assert_true(has_line(text, "postern_open_fds{name=\"gate1\"} 12"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_family_changes_its_name_help_or_type),
	    cmocka_unit_test(
		figures_of_what_is_shared_are_there_where_hosts_share),
	    cmocka_unit_test(
		figures_of_reports_are_there_where_sessions_are_counted),
	    cmocka_unit_test(figures_stand_with_their_labels),
	    cmocka_unit_test(what_is_not_known_is_absent),
	    cmocka_unit_test(openmetrics_has_another_name_for_counters),
	    cmocka_unit_test(label_values_are_escaped),
	};

	return RUN_TESTS(tests);
}
