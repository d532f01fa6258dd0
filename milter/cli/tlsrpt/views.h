/* views - TLS reports that were read, as text, JSON, CSV and HTML. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_TLSRPT_VIEWS_H
#define MILTER_CLI_TLSRPT_VIEWS_H

#include <stdio.h>

#include "milter/cli/tlsrpt/mending.h"
#include "milter/cli/tlsrpt/reading.h"

enum view_form { VIEW_TEXT, VIEW_JSON, VIEW_CSV, VIEW_HTML, VIEW_RAW };

/* One answer while it is written. */
struct view {
	enum view_form form;
	bool failures;      /* leave out what did not fail */
	const char *domain; /* it alone, or NULL */
	FILE *out;
	size_t printed; /* reports */
};

/* view_begin, view_report, view_end - before all reports, for each that counts,
 * behind them */
void view_begin(struct view *view);
void view_report(struct view *view, const struct tlsrpt_report *report);
void view_end(struct view *view, const struct reading *reading);

/* Their parts, one file each. */
void view_text(const struct view *view, const struct reading *reading);
void view_html(const struct view *view, const struct reading *reading);
void view_csv_head(FILE *out);
void
view_csv_report(const struct view *view, const struct tlsrpt_report *report);
void view_json_totals(const struct view *view, const struct reading *reading);

/* --- words that they share --- */

enum {
	VIEW_DAY_SIZE = 16,
	VIEW_SINCE_SIZE = 4 * VIEW_DAY_SIZE,
	VIEW_SHOWN_SIZE = 4 * LIMIT_TLSRPT_SHOWN + 1,
	VIEW_ADVICE_SIZE = MENDING_SIZE + 256,
};

/* view_day - "2026-11-28"; view_since - when a finding was seen: "2026-11-20
 * only", "since 2026-11-20", "2026-11-20 to 2026-11-22" */
const char *view_day(time_t at, char out[VIEW_DAY_SIZE]);
const char *view_since(const struct totals *totals,
    const struct total_finding *finding, char out[VIEW_SINCE_SIZE]);

/* view_policy - "sts enforce", "tlsa mx2.d.ex", "no-policy-found"; not escaped
 */
const char *
view_policy(const struct total_policy *policy, char out[VIEW_SHOWN_SIZE]);

/* view_escape - as it may stand on a terminal */
const char *view_escape(const char *text, char out[VIEW_SHOWN_SIZE]);

/* view_result - of a finding: the word, or that there are no details */
const char *view_result(const char *word);

/* view_advice - of a finding: what to do, and whose side it seems to be on */
const char *view_advice(const struct totals *totals,
    const struct total_finding *finding, char out[VIEW_ADVICE_SIZE]);

/* view_is_shown - whether a finding or policy is, with --failures */
bool view_policy_is_shown(
    const struct view *view, const struct total_policy *policy);
bool view_finding_is_shown(const struct view *view, const struct totals *totals,
    const struct total_finding *finding);

/* view_summary - one line of what was read, for people */
char *view_summary(const struct reading *reading);

/* view_auth - what DKIM came to, or "" where nobody asked */
const char *view_auth(const struct reading *reading, char out[256]);

#endif
