/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/openmetrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "milter/view/figures.h"

enum { LABELS_SIZE = 200, SECOND_MS = 1000, KILO = 1024 };

const unsigned figures_bounds_ms[FIGURES_BUCKETS - 1] = {
    5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 20000, 60000};

const char *
figures_asker_text(enum figures_asker asker)
{
	static const char *const words[] = {
	    [FIGURES_PLAIN] = "plain",
	    [FIGURES_TLSRPT] = "tlsrpt",
	    [FIGURES_SENDMAIL] = "sendmail",
	    [FIGURES_LINE] = "line",
	};

	return words[asker];
}

const char *
figures_status_text(enum figures_status status)
{
	static const char *const words[] = {
	    [FIGURES_OK] = "ok",
	    [FIGURES_NOTFOUND] = "notfound",
	    [FIGURES_TEMP] = "temp",
	    [FIGURES_PERM] = "perm",
	};

	return words[status];
}

struct printer {
	FILE *out;
	const char *name; /* of MetricsLabel, or NULL */
	enum openmetrics_form form;
	const char *family; /* the one that is printed, with "postern_" left out
			     */
	bool counter;
};

/* A counter's family is its name in one form, and without "_total" in the
 * other. */
static void
begin_family(struct printer *printer, const char *family, const char *type,
    const char *help)
{
	bool counter = strcmp(type, "counter") == 0;
	const char *suffix =
	    counter && printer->form == OPENMETRICS_PROMETHEUS ? "_total" : "";

	printer->family = family;
	printer->counter = counter;
	fprintf(printer->out,
	    "# HELP postern_%s%s %s\n# TYPE postern_%s%s %s\n", family, suffix,
	    help, family, suffix, type);
}

/* By rule, though all that comes here are our own words. */
static void
put_label_value(FILE *out, const char *value)
{
	putc('"', out);
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (*value == '"' || *value == '\\')
			putc('\\', out);
		putc(*value, out);
	}
	putc('"', out);
}

/* Names and values in turn, up to a NULL. */
static void
put_labels(struct printer *printer, const char *const labels[])
{
	const char *before = "{";

	for (size_t i = 0; labels[i] != NULL; i += 2) {
		fprintf(printer->out, "%s%s=", before, labels[i]);
		put_label_value(printer->out, labels[i + 1]);
		before = ",";
	}
	if (printer->name != NULL) {
		fprintf(printer->out, "%sname=", before);
		put_label_value(printer->out, printer->name);
		before = ",";
	}
	if (*before == ',')
		putc('}', printer->out);
}

static void
put_sample(struct printer *printer, const char *suffix,
    const char *const labels[], const char *value)
{
	fprintf(printer->out, "postern_%s%s%s", printer->family, suffix,
	    printer->counter ? "_total" : "");
	put_labels(printer, labels);
	fprintf(printer->out, " %s\n", value);
}

#define LABELS(...)               \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}
static const char *const none[] = {NULL};

static void
put_count(struct printer *printer, const char *const labels[], uint64_t number)
{
	char value[24];

	snprintf(value, sizeof(value), "%" PRIu64, number);
	put_sample(printer, "", labels, value);
}

/* A gauge of its own. */
static void
put_gauge(struct printer *printer, const char *family, const char *help,
    uint64_t number)
{
	begin_family(printer, family, "gauge", help);
	put_count(printer, none, number);
}

/* Nothing while it is not known. */
static void
put_state(struct printer *printer, const char *family, const char *help,
    enum figures_state state)
{
	if (state != FIGURES_UNKNOWN)
		put_gauge(printer, family, help, state == FIGURES_GOOD);
}

/* Seconds, without an exponent and without noughts behind the point. */
static void
print_seconds(uint64_t ms, char out[24])
{
	size_t length;

	snprintf(
	    out, 24, "%" PRIu64 ".%03" PRIu64, ms / SECOND_MS, ms % SECOND_MS);
	length = strlen(out);
	while (out[length - 1] == '0')
		out[--length] = '\0';
	if (out[length - 1] == '.')
		out[--length] = '\0';
}

static void
put_times(struct printer *printer, const char *label, const char *word,
    const struct figures_times *times)
{
	uint64_t sum = 0;
	char bound[24], value[24];

	for (size_t i = 0; i < FIGURES_BUCKETS; i++) {
		sum += times->buckets[i];
		if (i == FIGURES_BUCKETS - 1)
			snprintf(bound, sizeof(bound), "+Inf");
		else
			print_seconds(figures_bounds_ms[i], bound);
		snprintf(value, sizeof(value), "%" PRIu64, sum);
		put_sample(printer, "_bucket", LABELS(label, word, "le", bound),
		    value);
	}
	print_seconds(times->sum_ms, value);
	put_sample(printer, "_sum", LABELS(label, word), value);
	snprintf(value, sizeof(value), "%" PRIu64, sum);
	put_sample(printer, "_count", LABELS(label, word), value);
}

/* --- families --- */

static void
put_process(
    struct printer *printer, const struct stats *stats, const char *version)
{
	begin_family(printer, "build_info", "gauge", "Version of posternd.");
	put_count(printer, LABELS("version", version), 1);
	put_gauge(printer, "start_time_seconds",
	    "When posternd started, in seconds since 1970.",
	    (uint64_t)stats->started_s);
	if (stats->rss_kb > 0)
		put_gauge(printer, "resident_memory_bytes",
		    "Memory of posternd.", stats->rss_kb * KILO);
	if (stats->open_fds > 0)
		put_gauge(printer, "open_fds",
		    "File descriptors of posternd that are open.",
		    stats->open_fds);
}

static void
put_messages(struct printer *printer, const struct report_counts *counts)
{
	begin_family(printer, "messages", "counter",
	    "Messages at their end, by result and action.");
	for (int i = 0; i < RESULTS; i++)
		for (int j = 0; j < ACTIONS; j++)
			put_count(printer,
			    LABELS("result", result_text((enum result)i),
				"action", action_text((enum action)j)),
			    counts->outcomes[i][j]);
}

/* There are many; those that never came up are left out. */
static void
put_domain_checks(struct printer *printer, const struct report_counts *counts)
{
	begin_family(printer, "domain_checks", "counter",
	    "Domains of messages, by policy, result and reason.");
	for (int i = 0; i < POLICY_TYPES; i++)
		for (int j = 0; j < RESULTS; j++)
			for (int k = 0; k < REASONS; k++)
				if (counts->checks[i][j][k] > 0)
					put_count(printer,
					    LABELS("policy",
						policy_type_text(
						    (enum policy_type)i),
						"result",
						result_text((enum result)j),
						"reason",
						reason_text((enum reason)k)),
					    counts->checks[i][j][k]);
}

static void
put_durations(struct printer *printer, const struct report_counts *counts)
{
	begin_family(printer, "check_duration_seconds", "histogram",
	    "What a check took, or had taken where its verdict was cached.");
	put_times(printer, "cache", "hit", &counts->check_times[0]);
	put_times(printer, "cache", "miss", &counts->check_times[1]);
	begin_family(printer, "wait_duration_seconds", "histogram",
	    "What a recipient, or a message in all, waited for posternd.");
	put_times(printer, "stage", "rcpt", &counts->waits[FIGURES_RCPT]);
	put_times(printer, "stage", "message", &counts->waits[FIGURES_MESSAGE]);
}

static void
put_cache(struct printer *printer, const struct stats *stats)
{
	begin_family(printer, "cache_requests", "counter",
	    "Domains of messages whose verdict was at hand, or was not.");
	put_count(printer, LABELS("result", "hit"), stats->counts.hits);
	put_count(printer, LABELS("result", "miss"),
	    stats->counts.misses - stats->counts.joined);
	put_count(printer, LABELS("result", "joined"), stats->counts.joined);
	begin_family(
	    printer, "cache_entries", "gauge", "What is remembered, by kind.");
	put_count(printer, LABELS("kind", "verdict"), stats->now.verdicts);
	put_count(printer, LABELS("kind", "probe"), stats->now.probes);
	put_count(printer, LABELS("kind", "policy"), stats->now.policies);
}

static void
put_engine(struct printer *printer, const struct counts *engine)
{
	static const char *const probes[COUNTS_PROBES] = {
	    [COUNTS_PROBE_TLS] = "tls",
	    [COUNTS_PROBE_PLAINTEXT] = "plaintext",
	    [COUNTS_PROBE_REFUSED] = "refused",
	    [COUNTS_PROBE_TIMEOUT] = "timeout",
	    [COUNTS_PROBE_BLOCKED] = "blocked",
	    [COUNTS_PROBE_TLS_FAILED] = "tls-failed"};

	put_gauge(
	    printer, "checks_running", "Checks under way.", engine->running);
	put_gauge(printer, "checks_waiting", "Checks that wait for a worker.",
	    engine->waiting);
	begin_family(printer, "checks_refused", "counter",
	    "Checks that found no room to wait.");
	put_count(printer, none, engine->queue_full);
	begin_family(printer, "probes", "counter",
	    "Connections to mail hosts, by what came of them.");
	for (int i = 0; i < COUNTS_PROBES; i++)
		put_count(
		    printer, LABELS("result", probes[i]), engine->probed[i]);
}

static void
put_lookups(struct printer *printer, const struct counts *engine)
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

	begin_family(printer, "dns_lookups", "counter",
	    "Lookups of destinations, by type and what came of them.");
	for (int i = 0; i < COUNTS_LOOKUPS; i++)
		for (int j = 0; j < COUNTS_STATUSES; j++)
			put_count(printer,
			    LABELS("type", types[i], "status", statuses[j]),
			    engine->lookups[i][j]);
}

static void
put_policies(struct printer *printer, const struct stats *stats)
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

	begin_family(printer, "sts_fetches", "counter",
	    "Fetches of MTA-STS policies, by what came of them.");
	for (int i = COUNTS_FETCH_NONE + 1; i < COUNTS_FETCHES; i++)
		put_count(printer, LABELS("result", results[i]),
		    stats->engine.fetched[i]);
	begin_family(printer, "sts_policies", "gauge",
	    "MTA-STS policies in memory, by mode, and whether the last fetch "
	    "has failed.");
	for (int i = 0; i < INVENTORY_MODES; i++)
		for (int j = 0; j < 2; j++)
			put_count(printer,
			    LABELS("mode", sts_mode_text((enum sts_mode)i),
				"freshness", freshness[j]),
			    stats->now.modes[i][j]);
}

static void
put_milter(struct printer *printer, const struct report_counts *counts)
{
	static const char *const steps[FIGURES_STEPS] = {
	    [FIGURES_AT_CONNECT] = "connect",
	    [FIGURES_AT_MAIL] = "mail",
	    [FIGURES_AT_RCPT] = "rcpt",
	    [FIGURES_AT_DATA] = "data",
	    [FIGURES_AT_EOM] = "eom"};

	put_gauge(printer, "milter_connections",
	    "Connections of MTAs that are open.", counts->connections);
	begin_family(printer, "milter_errors", "counter",
	    "What could not be answered as it should, by stage.");
	for (int i = 0; i < FIGURES_STEPS; i++)
		put_count(
		    printer, LABELS("stage", steps[i]), counts->mta_errors[i]);
}

static enum figures_state
state_of_word(const char *word, const char *good, const char *unknown)
{
	if (strcmp(word, unknown) == 0)
		return FIGURES_UNKNOWN;
	return strcmp(word, good) == 0 ? FIGURES_GOOD : FIGURES_BAD;
}

static void
put_states(struct printer *printer, const struct stats *stats)
{
	put_state(printer, "resolver_validating",
	    "Whether the resolver validates DNSSEC.",
	    state_of_word(stats->now.resolver, "validating", "unknown"));
	put_state(printer, "port25_open",
	    "Whether mail hosts can be connected to.", stats->counts.port_open);
	put_state(printer, "store_ok",
	    "Whether policies are written to the store.",
	    state_of_word(stats->now.store, "ok", "none"));
	put_state(printer, "last_reload_successful",
	    "Whether the settings were read without a mistake at last.",
	    stats->counts.reload);
	if (stats->counts.reload_s != 0)
		put_gauge(printer, "last_reload_success_timestamp_seconds",
		    "When the settings were read last, in seconds since 1970.",
		    (uint64_t)stats->counts.reload_s);
}

static void
put_flips_count(struct printer *printer, const struct report_counts *counts)
{
	static const enum result results[] = {
	    RESULT_PASS, RESULT_NONE, RESULT_SOFTFAIL, RESULT_FAIL};

	begin_family(printer, "changes", "counter",
	    "Domains whose result became another, by the new one.");
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		put_count(printer, LABELS("to", result_text(results[i])),
		    counts->changes[results[i]]);
	begin_family(printer, "log_lines_dropped", "counter",
	    "Lines that syslog did not take.");
	put_count(printer, none, counts->lost_lines);
}

static void
put_statuses(struct printer *printer, const char *asker,
    const uint64_t counts[FIGURES_STATUSES])
{
	static const enum figures_status order[] = {
	    FIGURES_OK, FIGURES_NOTFOUND, FIGURES_TEMP, FIGURES_PERM};

	for (size_t i = 0; i < FIGURES_STATUSES; i++) {
		const char *status = figures_status_text(order[i]);

		put_count(printer,
		    asker == NULL ? LABELS("status", status)
				  : LABELS("dialect", asker, "status", status),
		    counts[order[i]]);
	}
}

/* Only where there are such sockets. */
static void
put_asked(struct printer *printer, const struct stats *stats)
{
	if (stats->map_sockets) {
		begin_family(printer, "socketmap_requests", "counter",
		    "Requests at MapSocket, by dialect and answer.");
		for (int i = 0; i < FIGURES_LINE; i++)
			put_statuses(printer,
			    figures_asker_text((enum figures_asker)i),
			    stats->counts.asked[i]);
	}
	if (stats->line_sockets) {
		begin_family(printer, "line_requests", "counter",
		    "Requests at LineSocket, by answer.");
		put_statuses(printer, NULL, stats->counts.asked[FIGURES_LINE]);
	}
}

static void
put_overrides(struct printer *printer, const struct stats *stats)
{
	begin_family(printer, "overrides", "gauge",
	    "Rules per destination with a last day, by state.");
	put_count(printer, LABELS("state", "active"), stats->rules_active);
	put_count(printer, LABELS("state", "expiring"), stats->rules_expiring);
	put_count(printer, LABELS("state", "expired"), stats->rules_expired);
	if (stats->rules_end_s != 0)
		put_gauge(printer, "override_expiry_timestamp_seconds",
		    "When the next of them ends, in seconds since 1970.",
		    (uint64_t)stats->rules_end_s);
}

static void
put_shared_requests(struct printer *printer, const struct fleet_figures *shared)
{
	static const char *const ops[SHARED_OPS] = {[SHARED_OP_GET] = "get",
	    [SHARED_OP_PUT] = "put",
	    [SHARED_OP_LEASE] = "lease",
	    [SHARED_OP_EVENT] = "event"};
	static const char *const results[SHARED_RESULTS] = {
	    [SHARED_RESULT_HIT] = "hit",
	    [SHARED_RESULT_MISS] = "miss",
	    [SHARED_RESULT_OK] = "ok",
	    [SHARED_RESULT_TIMEOUT] = "timeout",
	    [SHARED_RESULT_ERROR] = "error",
	    [SHARED_RESULT_RESTED] = "rested"};

	begin_family(printer, "shared_requests", "counter",
	    "Requests to the store that hosts share, by what came of them.");
	for (size_t i = 0; i < SHARED_OPS; i++)
		for (size_t j = 0; j < SHARED_RESULTS; j++)
			put_count(printer,
			    LABELS("op", ops[i], "result", results[j]),
			    shared->requests[i][j]);
}

static void
put_shared_times(struct printer *printer, const struct fleet_figures *shared)
{
	uint64_t count = 0;
	char bound[32], text[32];

	begin_family(printer, "shared_request_duration_seconds", "histogram",
	    "How long the store that hosts share took for an answer.");
	for (size_t i = 0; i <= SHARED_BOUNDS; i++) {
		count += shared->took[i];
		if (i == SHARED_BOUNDS)
			snprintf(bound, sizeof(bound), "+Inf");
		else
			snprintf(bound, sizeof(bound), "%g",
			    shared_bounds_us[i] / 1e6);
		snprintf(text, sizeof(text), "%" PRIu64, count);
		put_sample(printer, "_bucket", LABELS("le", bound), text);
	}
	snprintf(text, sizeof(text), "%.6f", (double)shared->took_us / 1e6);
	put_sample(printer, "_sum", none, text);
	snprintf(text, sizeof(text), "%" PRIu64, count);
	put_sample(printer, "_count", none, text);
}

static void
put_shared_events(struct printer *printer, const struct fleet_figures *shared)
{
	static const char *const kinds[SHARED_EVENTS] = {
	    [SHARED_EVENT_FLUSH] = "flush", [SHARED_EVENT_FORGET] = "forget"};
	static const char *const ends[SHARE_EVENTS] = {
	    [SHARE_EVENT_APPLIED] = "applied",
	    [SHARE_EVENT_OLD] = "old",
	    [SHARE_EVENT_FORGED] = "forged"};

	begin_family(printer, "shared_events", "counter",
	    "What other hosts wanted done, by what came of it.");
	for (size_t i = 0; i < SHARED_EVENTS; i++)
		for (size_t j = 0; j < SHARE_EVENTS; j++)
			put_count(printer,
			    LABELS("kind", kinds[i], "how", ends[j]),
			    shared->events[i][j]);
}

/* Only where hosts share. */
static void
put_shared(struct printer *printer, const struct fleet_figures *shared)
{
	put_state(printer, "shared_up",
	    "Whether the store that hosts share answers.",
	    shared->store.state == SHARED_UP ? FIGURES_GOOD : FIGURES_BAD);
	put_shared_requests(printer, shared);
	put_shared_times(printer, shared);
	begin_family(printer, "shared_rejected", "counter",
	    "Values of that store that do not count, by what is wrong.");
	for (int i = 0; i < SHARED_FAULTS; i++)
		put_count(printer,
		    LABELS("why", shared_fault_word((enum shared_fault)i)),
		    shared->rejected[i]);
	put_shared_events(printer, shared);
	begin_family(printer, "shared_dropped", "counter",
	    "Values that were not put there, for want of room or store.");
	put_count(printer, none, shared->dropped);
}

char *
openmetrics_print(const struct stats *stats, const char *version,
    const char *name, enum openmetrics_form form)
{
	char *text = NULL;
	size_t size;
	struct printer printer = {
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
	if (stats->shares)
		put_shared(&printer, &stats->shared);
	if (form == OPENMETRICS_1_0)
		fputs("# EOF\n", printer.out);
	if (fclose(printer.out) != 0)
		abort();
	return text;
}
