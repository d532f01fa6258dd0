/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/openmetrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "milter/view/figures.h"
#include "milter/view/metric_optional.h"

enum { LABELS_SIZE = 200, SECOND_MS = 1000, KILO = 1024 };

static void
put_times(struct metric_printer *printer, const char *label, const char *word,
    const struct figures_times *times)
{
	uint64_t sum = 0;
	char bound[24], value[24];

	for (size_t i = 0; i < FIGURES_BUCKETS; i++) {
		sum += times->buckets[i];
		if (i == FIGURES_BUCKETS - 1)
			snprintf(bound, sizeof(bound), "+Inf");
		else
			metric_print_seconds(figures_bounds_ms[i], bound);
		snprintf(value, sizeof(value), "%" PRIu64, sum);
		metric_sample(printer, "_bucket",
		    METRIC_LABELS(label, word, "le", bound), value);
	}
	metric_print_seconds(times->sum_ms, value);
	metric_sample(printer, "_sum", METRIC_LABELS(label, word), value);
	snprintf(value, sizeof(value), "%" PRIu64, sum);
	metric_sample(printer, "_count", METRIC_LABELS(label, word), value);
}

/* --- families --- */

static void
put_process(struct metric_printer *printer, const struct stats *stats,
    const char *version)
{
	metric_family(printer, "build_info", "gauge", "Version of posternd.");
	metric_count(printer, METRIC_LABELS("version", version), 1);
	metric_gauge(printer, "start_time_seconds",
	    "When posternd started, in seconds since 1970.",
	    (uint64_t)stats->started_s);
	if (stats->rss_kb > 0)
		metric_gauge(printer, "resident_memory_bytes",
		    "Memory of posternd.", stats->rss_kb * KILO);
	if (stats->open_fds > 0)
		metric_gauge(printer, "open_fds",
		    "File descriptors of posternd that are open.",
		    stats->open_fds);
}

static void
put_messages(struct metric_printer *printer, const struct report_counts *counts)
{
	metric_family(printer, "messages", "counter",
	    "Messages at their end, by result and action.");
	for (int i = 0; i < RESULTS; i++)
		for (int j = 0; j < ACTIONS; j++)
			metric_count(printer,
			    METRIC_LABELS("result", result_text((enum result)i),
				"action", action_text((enum action)j)),
			    counts->outcomes[i][j]);
}

/* There are many; those that never came up are left out. */
static void
put_domain_checks(
    struct metric_printer *printer, const struct report_counts *counts)
{
	metric_family(printer, "domain_checks", "counter",
	    "Domains of messages, by policy, result and reason.");
	for (int i = 0; i < POLICY_TYPES; i++)
		for (int j = 0; j < RESULTS; j++)
			for (int k = 0; k < REASONS; k++)
				if (counts->checks[i][j][k] > 0)
					metric_count(printer,
					    METRIC_LABELS("policy",
						policy_type_text(
						    (enum policy_type)i),
						"result",
						result_text((enum result)j),
						"reason",
						reason_text((enum reason)k)),
					    counts->checks[i][j][k]);
}

static void
put_durations(
    struct metric_printer *printer, const struct report_counts *counts)
{
	metric_family(printer, "check_duration_seconds", "histogram",
	    "What a check took, or had taken where its verdict was cached.");
	put_times(printer, "cache", "hit", &counts->check_times[0]);
	put_times(printer, "cache", "miss", &counts->check_times[1]);
	metric_family(printer, "wait_duration_seconds", "histogram",
	    "What a recipient, or a message in all, waited for posternd.");
	put_times(printer, "stage", "rcpt", &counts->waits[FIGURES_RCPT]);
	put_times(printer, "stage", "message", &counts->waits[FIGURES_MESSAGE]);
}

static void
put_cache(struct metric_printer *printer, const struct stats *stats)
{
	metric_family(printer, "cache_requests", "counter",
	    "Domains of messages whose verdict was at hand, or was not.");
	metric_count(
	    printer, METRIC_LABELS("result", "hit"), stats->counts.hits);
	metric_count(printer, METRIC_LABELS("result", "miss"),
	    stats->counts.misses - stats->counts.joined);
	metric_count(
	    printer, METRIC_LABELS("result", "joined"), stats->counts.joined);
	metric_family(
	    printer, "cache_entries", "gauge", "What is remembered, by kind.");
	metric_count(
	    printer, METRIC_LABELS("kind", "verdict"), stats->now.verdicts);
	metric_count(
	    printer, METRIC_LABELS("kind", "probe"), stats->now.probes);
	metric_count(
	    printer, METRIC_LABELS("kind", "policy"), stats->now.policies);
}

static void
put_engine(struct metric_printer *printer, const struct counts *engine)
{
	static const char *const probes[COUNTS_PROBES] = {
	    [COUNTS_PROBE_TLS] = "tls",
	    [COUNTS_PROBE_PLAINTEXT] = "plaintext",
	    [COUNTS_PROBE_REFUSED] = "refused",
	    [COUNTS_PROBE_TIMEOUT] = "timeout",
	    [COUNTS_PROBE_BLOCKED] = "blocked",
	    [COUNTS_PROBE_TLS_FAILED] = "tls-failed"};

	metric_gauge(
	    printer, "checks_running", "Checks under way.", engine->running);
	metric_gauge(printer, "checks_waiting",
	    "Checks that wait for a worker.", engine->waiting);
	metric_family(printer, "checks_refused", "counter",
	    "Checks that found no room to wait.");
	metric_count(printer, metric_no_labels, engine->queue_full);
	metric_family(printer, "probes", "counter",
	    "Connections to mail hosts, by what came of them.");
	for (int i = 0; i < COUNTS_PROBES; i++)
		metric_count(printer, METRIC_LABELS("result", probes[i]),
		    engine->probed[i]);
}

static void
put_lookups(struct metric_printer *printer, const struct counts *engine)
{
	static const char *const types[COUNTS_LOOKUPS] = {
	    [COUNTS_LOOKUP_MX] = "mx",
	    [COUNTS_LOOKUP_A] = "a",
	    [COUNTS_LOOKUP_AAAA] = "aaaa",
	    [COUNTS_LOOKUP_TLSA] = "tlsa",
	    [COUNTS_LOOKUP_TXT] = "txt",
	    [COUNTS_LOOKUP_CNAME] = "cname",
	    [COUNTS_LOOKUP_DS] = "ds"};
	static const char *const statuses[COUNTS_STATUSES] = {
	    [COUNTS_STATUS_SECURE] = "secure",
	    [COUNTS_STATUS_INSECURE] = "insecure",
	    [COUNTS_STATUS_NODATA] = "nodata",
	    [COUNTS_STATUS_BOGUS] = "bogus",
	    [COUNTS_STATUS_SERVFAIL] = "servfail",
	    [COUNTS_STATUS_TIMEOUT] = "timeout"};

	metric_family(printer, "dns_lookups", "counter",
	    "Lookups of destinations, by type and what came of them.");
	for (int i = 0; i < COUNTS_LOOKUPS; i++)
		for (int j = 0; j < COUNTS_STATUSES; j++)
			metric_count(printer,
			    METRIC_LABELS(
				"type", types[i], "status", statuses[j]),
			    engine->lookups[i][j]);
}

static void
put_policies(struct metric_printer *printer, const struct stats *stats)
{
	static const char *const results[COUNTS_FETCHES] = {
	    [COUNTS_FETCH_OK] = "ok",
	    [COUNTS_FETCH_UNCHANGED] = "unchanged",
	    [COUNTS_FETCH_DNS] = "dns",
	    [COUNTS_FETCH_CONNECT] = "connect",
	    [COUNTS_FETCH_TIMEOUT] = "timeout",
	    [COUNTS_FETCH_TLS] = "tls",
	    [COUNTS_FETCH_HTTP] = "http",
	    [COUNTS_FETCH_INVALID] = "invalid"};
	static const char *const freshness[] = {"fresh", "failing"};

	metric_family(printer, "sts_fetches", "counter",
	    "Fetches of MTA-STS policies, by what came of them.");
	for (int i = COUNTS_FETCH_NONE + 1; i < COUNTS_FETCHES; i++)
		metric_count(printer, METRIC_LABELS("result", results[i]),
		    stats->engine.fetched[i]);
	metric_family(printer, "sts_policies", "gauge",
	    "MTA-STS policies in memory, by mode, and whether the last fetch "
	    "has failed.");
	for (int i = 0; i < INVENTORY_MODES; i++)
		for (int j = 0; j < 2; j++)
			metric_count(printer,
			    METRIC_LABELS("mode",
				sts_mode_text((enum sts_mode)i), "freshness",
				freshness[j]),
			    stats->now.modes[i][j]);
}

static void
put_milter(struct metric_printer *printer, const struct report_counts *counts)
{
	static const char *const steps[FIGURES_STEPS] = {
	    [FIGURES_AT_CONNECT] = "connect",
	    [FIGURES_AT_MAIL] = "mail",
	    [FIGURES_AT_RCPT] = "rcpt",
	    [FIGURES_AT_DATA] = "data",
	    [FIGURES_AT_EOM] = "eom"};

	metric_gauge(printer, "milter_connections",
	    "Connections of MTAs that are open.", counts->connections);
	metric_family(printer, "milter_errors", "counter",
	    "What could not be answered as it should, by stage.");
	for (int i = 0; i < FIGURES_STEPS; i++)
		metric_count(printer, METRIC_LABELS("stage", steps[i]),
		    counts->mta_errors[i]);
}

static enum figures_state
state_of_word(const char *word, const char *good, const char *unknown)
{
	if (strcmp(word, unknown) == 0)
		return FIGURES_UNKNOWN;
	return strcmp(word, good) == 0 ? FIGURES_GOOD : FIGURES_BAD;
}

static void
put_states(struct metric_printer *printer, const struct stats *stats)
{
	metric_state(printer, "resolver_validating",
	    "Whether the resolver validates DNSSEC.",
	    state_of_word(stats->now.resolver, "validating", "unknown"));
	metric_state(printer, "port25_open",
	    "Whether mail hosts can be connected to.", stats->counts.port_open);
	metric_state(printer, "store_ok",
	    "Whether policies are written to the store.",
	    state_of_word(stats->now.store, "ok", "none"));
	metric_state(printer, "last_reload_successful",
	    "Whether the settings were read without a mistake at last.",
	    stats->counts.reload);
	if (stats->counts.reload_s != 0)
		metric_gauge(printer, "last_reload_success_timestamp_seconds",
		    "When the settings were read last, in seconds since 1970.",
		    (uint64_t)stats->counts.reload_s);
}

static void
put_flips_count(
    struct metric_printer *printer, const struct report_counts *counts)
{
	static const enum result results[] = {
	    RESULT_PASS, RESULT_NONE, RESULT_SOFTFAIL, RESULT_FAIL};

	metric_family(printer, "changes", "counter",
	    "Domains whose result became another, by the new one.");
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		metric_count(printer,
		    METRIC_LABELS("to", result_text(results[i])),
		    counts->changes[results[i]]);
	metric_family(printer, "log_lines_dropped", "counter",
	    "Lines that syslog did not take.");
	metric_count(printer, metric_no_labels, counts->lost_lines);
}

static void
put_statuses(struct metric_printer *printer, const char *asker,
    const uint64_t counts[FIGURES_STATUSES])
{
	static const enum figures_status order[] = {
	    FIGURES_OK, FIGURES_NOTFOUND, FIGURES_TEMP, FIGURES_PERM};

	for (size_t i = 0; i < FIGURES_STATUSES; i++) {
		const char *status = figures_status_text(order[i]);

		metric_count(printer,
		    asker == NULL
			? METRIC_LABELS("status", status)
			: METRIC_LABELS("dialect", asker, "status", status),
		    counts[order[i]]);
	}
}

/* Only where there are such sockets. */
static void
put_asked(struct metric_printer *printer, const struct stats *stats)
{
	if (stats->map_sockets) {
		metric_family(printer, "socketmap_requests", "counter",
		    "Requests at MapSocket, by dialect and answer.");
		for (int i = 0; i < FIGURES_LINE; i++)
			put_statuses(printer,
			    figures_asker_text((enum figures_asker)i),
			    stats->counts.asked[i]);
	}
	if (stats->line_sockets) {
		metric_family(printer, "line_requests", "counter",
		    "Requests at LineSocket, by answer.");
		put_statuses(printer, NULL, stats->counts.asked[FIGURES_LINE]);
	}
}

static void
put_overrides(struct metric_printer *printer, const struct stats *stats)
{
	metric_family(printer, "overrides", "gauge",
	    "Rules per destination with a last day, by state.");
	metric_count(
	    printer, METRIC_LABELS("state", "active"), stats->rules_active);
	metric_count(
	    printer, METRIC_LABELS("state", "expiring"), stats->rules_expiring);
	metric_count(
	    printer, METRIC_LABELS("state", "expired"), stats->rules_expired);
	if (stats->rules_end_s != 0)
		metric_gauge(printer, "override_expiry_timestamp_seconds",
		    "When the next of them ends, in seconds since 1970.",
		    (uint64_t)stats->rules_end_s);
}

char *
openmetrics_print(const struct stats *stats, const char *version,
    const char *name, enum metric_form form)
{
	char *text = NULL;
	size_t size;
	struct metric_printer printer = {
	    .out = open_memstream(&text, &size), .name = name, .form = form};

	if (printer.out == NULL)
		return xstrdup("");
	put_process(&printer, stats, version);
	put_messages(&printer, &stats->counts);
	put_domain_checks(&printer, &stats->counts);
	put_durations(&printer, &stats->counts);
	put_cache(&printer, stats);
	put_lookups(&printer, &stats->engine);
	put_engine(&printer, &stats->engine);
	put_policies(&printer, stats);
	put_milter(&printer, &stats->counts);
	put_states(&printer, stats);
	put_flips_count(&printer, &stats->counts);
	put_overrides(&printer, stats);
	put_asked(&printer, stats);
	if (stats->tls_reports)
		metric_reports(&printer, &stats->counts);
	if (stats->shares)
		metric_shared(&printer, &stats->shared);
	if (form == METRIC_OPENMETRICS)
		fputs("# EOF\n", printer.out);
	if (fclose(printer.out) != 0)
		abort();
	return text;
}
