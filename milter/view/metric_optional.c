/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/metric_optional.h"

#include <inttypes.h>
#include <stdio.h>

static void
put_shared_requests(
    struct metric_printer *printer, const struct fleet_figures *shared)
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

	metric_family(printer, "shared_requests", "counter",
	    "Requests to the store that hosts share, by what came of them.");
	for (size_t i = 0; i < SHARED_OPS; i++)
		for (size_t j = 0; j < SHARED_RESULTS; j++)
			metric_count(printer,
			    METRIC_LABELS("op", ops[i], "result", results[j]),
			    shared->requests[i][j]);
}

static void
put_shared_times(
    struct metric_printer *printer, const struct fleet_figures *shared)
{
	uint64_t count = 0;
	char bound[32], text[32];

	metric_family(printer, "shared_request_duration_seconds", "histogram",
	    "How long the store that hosts share took for an answer.");
	for (size_t i = 0; i <= SHARED_BOUNDS; i++) {
		count += shared->took[i];
		if (i == SHARED_BOUNDS)
			snprintf(bound, sizeof(bound), "+Inf");
		else
			snprintf(bound, sizeof(bound), "%g",
			    shared_bounds_us[i] / 1e6);
		snprintf(text, sizeof(text), "%" PRIu64, count);
		metric_sample(
		    printer, "_bucket", METRIC_LABELS("le", bound), text);
	}
	snprintf(text, sizeof(text), "%.6f", (double)shared->took_us / 1e6);
	metric_sample(printer, "_sum", metric_no_labels, text);
	snprintf(text, sizeof(text), "%" PRIu64, count);
	metric_sample(printer, "_count", metric_no_labels, text);
}

static void
put_shared_events(
    struct metric_printer *printer, const struct fleet_figures *shared)
{
	static const char *const kinds[SHARED_EVENTS] = {
	    [SHARED_EVENT_FLUSH] = "flush", [SHARED_EVENT_FORGET] = "forget"};
	static const char *const ends[SHARE_EVENTS] = {
	    [SHARE_EVENT_APPLIED] = "applied",
	    [SHARE_EVENT_OLD] = "old",
	    [SHARE_EVENT_FORGED] = "forged"};

	metric_family(printer, "shared_events", "counter",
	    "What other hosts wanted done, by what came of it.");
	for (size_t i = 0; i < SHARED_EVENTS; i++)
		for (size_t j = 0; j < SHARE_EVENTS; j++)
			metric_count(printer,
			    METRIC_LABELS("kind", kinds[i], "how", ends[j]),
			    shared->events[i][j]);
}

void
metric_shared(
    struct metric_printer *printer, const struct fleet_figures *shared)
{
	metric_state(printer, "shared_up",
	    "Whether the store that hosts share answers.",
	    shared->store.state == SHARED_UP ? FIGURES_GOOD : FIGURES_BAD);
	put_shared_requests(printer, shared);
	put_shared_times(printer, shared);
	metric_family(printer, "shared_rejected", "counter",
	    "Values of that store that do not count, by what is wrong.");
	for (int i = 0; i < SHARED_FAULTS; i++)
		metric_count(printer,
		    METRIC_LABELS(
			"why", shared_fault_word((enum shared_fault)i)),
		    shared->rejected[i]);
	put_shared_events(printer, shared);
	metric_family(printer, "shared_dropped", "counter",
	    "Values that were not put there, for want of room or store.");
	metric_count(printer, metric_no_labels, shared->dropped);
}

/* --- TLS reports --- */

void
metric_reports(
    struct metric_printer *printer, const struct report_counts *counts)
{
	metric_family(printer, "tlsrpt_reports", "counter",
	    "TLS reports, by what became of them.");
	for (int i = 0; i < FIGURES_REPORTS; i++)
		metric_count(printer,
		    METRIC_LABELS(
			"action", figures_report_text((enum figures_report)i)),
		    counts->reports[i]);
	metric_family(printer, "tlsrpt_datagrams", "counter",
	    "What MTAs told of sessions, whether it counted or not.");
	metric_count(printer, metric_no_labels, counts->datagrams);
	metric_family(printer, "tlsrpt_dropped", "counter",
	    "What of it was not counted, by reason.");
	for (int i = 0; i < FIGURES_LOSSES; i++)
		metric_count(printer,
		    METRIC_LABELS(
			"reason", figures_loss_text((enum figures_loss)i)),
		    counts->dropped[i]);
}
