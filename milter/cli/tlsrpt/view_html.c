/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/tlsrpt/views.h"
#include "milter/view/sheet.h"

static void
put_shown(struct sheet *sheet, const char *text)
{
	char shown[VIEW_SHOWN_SIZE];

	sheet_cell(sheet, view_escape(text, shown));
}

/* --- charts: by day, by result, by host --- */

/* Ids "pass" and "fail" have their colours, and a pattern. */
static void
put_days(const struct totals *totals, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"day", "day", SHEET_WORDS}, {"pass", "successful", SHEET_NUMBER},
	    {"fail", "failed", SHEET_NUMBER}};
	uint32_t *numbers = totals_days(totals);

	sheet_table(sheet, "days", "Sessions by policy and day", SHEET_STACKED,
	    columns, 3);
	for (uint32_t i = 0; i < totals->days.count; i++) {
		const struct total_day *day = &totals->by_day[numbers[i]];

		sheet_cell(sheet, totals->days.items[numbers[i]]);
		sheet_number(sheet, day->succeeded);
		sheet_number(sheet, day->failed);
	}
	free(numbers);
}

struct bar {
	const char *name;
	uint64_t count;
};

static int
compare_bars(const void *a, const void *b)
{
	const struct bar *left = a, *right = b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return strcmp(left->name, right->name);
}

static const char *
word_of_finding(const struct total_finding *finding)
{
	return view_result(finding->word);
}

static const char *
host_of_finding(const struct total_finding *finding)
{
	return finding->mx[0] == '\0' ? "no host named" : finding->mx;
}

/* Failed sessions of all findings by one of their words. */
static void
put_bars(const struct totals *totals, struct sheet *sheet,
    const char *(*word)(const struct total_finding *finding))
{
	struct bar *bars = xcalloc(totals->finding_count + 1, sizeof(*bars));
	struct names names;

	names_init(&names, LIMIT_TLSRPT_ROWS);
	for (size_t i = 0; i < totals->finding_count; i++) {
		const struct total_finding *finding = &totals->findings[i];
		uint32_t number;

		if (strcmp(finding->word, "no-policy-found") == 0)
			continue;
		number = names_add(&names, word(finding));
		bars[number].name = word(finding);
		bars[number].count =
		    tlsrpt_count_add(bars[number].count, finding->count);
	}
	qsort(bars, names.count, sizeof(*bars), compare_bars);
	for (uint32_t i = 0; i < names.count; i++) {
		put_shown(sheet, bars[i].name);
		sheet_number(sheet, bars[i].count);
	}
	free(bars);
	names_fini(&names);
}

static void
put_charts(const struct totals *totals, struct sheet *sheet)
{
	static const struct sheet_column results[] = {
	    {"result", "result type", SHEET_WORDS},
	    {"sessions", "sessions", SHEET_NUMBER}};
	static const struct sheet_column hosts[] = {
	    {"mx", "MX host", SHEET_WORDS},
	    {"sessions", "sessions", SHEET_NUMBER}};

	sheet_section(sheet, "when", "When, what and where");
	put_days(totals, sheet);
	sheet_table(sheet, "results", "Failed sessions by result type",
	    SHEET_BARS, results, 2);
	put_bars(totals, sheet, word_of_finding);
	sheet_table(
	    sheet, "hosts", "Failed sessions by MX host", SHEET_BARS, hosts, 2);
	put_bars(totals, sheet, host_of_finding);
}

/* --- tables --- */

static void
put_policy_table(
    const struct view *view, const struct totals *totals, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"domain", "domain", SHEET_WORDS},
	    {"policy", "policy", SHEET_WORDS},
	    {"sessions", "sessions", SHEET_NUMBER},
	    {"failed", "failed", SHEET_NUMBER},
	    {"worst", "worst", SHEET_WORDS}};
	uint32_t *order = totals_policies(totals);

	sheet_section(sheet, "policies", "Policies");
	sheet_note(sheet,
	    "A session may count under several policies of a domain, so "
	    "numbers of several rows are not to be added.");
	sheet_table(
	    sheet, "policies", "Sessions by policy", SHEET_PLAIN, columns, 5);
	for (size_t i = 0; i < totals->policy_count; i++) {
		const struct total_policy *policy = &totals->policies[order[i]];
		char name[VIEW_SHOWN_SIZE];

		if (!view_policy_is_shown(view, policy))
			continue;
		put_shown(sheet, policy->domain);
		put_shown(sheet, view_policy(policy, name));
		sheet_number(
		    sheet, tlsrpt_count_add(policy->succeeded, policy->failed));
		sheet_number(sheet, policy->failed);
		put_shown(
		    sheet, policy->most == 0 ? "" : view_result(policy->worst));
	}
	free(order);
}

static void
put_finding_row(const struct totals *totals,
    const struct total_finding *finding, struct sheet *sheet)
{
	const struct total_policy *policy = &totals->policies[finding->policy];
	char name[VIEW_SHOWN_SIZE], days[VIEW_SINCE_SIZE], *who = NULL;
	char advice[VIEW_ADVICE_SIZE];
	size_t size;
	FILE *out = open_memstream(&who, &size);

	if (out == NULL)
		abort();
	for (size_t i = 0; i < finding->reporter_count; i++)
		fprintf(out, "%s%s", i == 0 ? "" : ", ",
		    view_escape(
			totals->reporters.items[finding->reporters[i]], name));
	if (fclose(out) != 0)
		abort();
	put_shown(sheet, policy->domain);
	put_shown(sheet, view_policy(policy, name));
	put_shown(sheet, view_result(finding->word));
	sheet_number(sheet, finding->count);
	put_shown(sheet, finding->mx);
	sheet_cell(sheet, who);
	sheet_cell(sheet, view_since(totals, finding, days));
	put_shown(sheet, finding->reason);
	sheet_cell(sheet, view_advice(totals, finding, advice));
	free(who);
}

static void
put_finding_rows(
    const struct view *view, const struct totals *totals, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"domain", "domain", SHEET_WORDS},
	    {"policy", "policy", SHEET_WORDS},
	    {"result", "result", SHEET_WORDS},
	    {"sessions", "sessions", SHEET_NUMBER}, {"mx", "host", SHEET_BELOW},
	    {"reporters", "who", SHEET_BELOW}, {"when", "when", SHEET_BELOW},
	    {"reason", "they say", SHEET_BELOW},
	    {"advice", "what to do", SHEET_BELOW}};

	sheet_section(sheet, "findings", "What failed");
	sheet_table(sheet, "findings", "What weighs most first", SHEET_PLAIN,
	    columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < totals->finding_count; i++)
		if (view_finding_is_shown(view, totals, &totals->findings[i]))
			put_finding_row(totals, &totals->findings[i], sheet);
}

static void
put_notes(const struct reading *reading, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"state", "state", SHEET_WORDS}, {"why", "why", SHEET_WORDS},
	    {"report_id", "report-id", SHEET_BELOW},
	    {"source", "source", SHEET_BELOW}};

	sheet_section(sheet, "notes", "Odd, unreadable, not counted");
	sheet_table(sheet, "notes", "Single reports", SHEET_PLAIN, columns, 4);
	for (size_t i = 0; i < reading->note_count; i++) {
		const struct reading_note *note = &reading->notes[i];
		char quirks[TLSRPT_QUIRKS_SIZE];

		tlsrpt_quirks_text(note->quirks, quirks);
		sheet_cell(sheet, reading_state_text(note->state));
		put_shown(sheet, note->why[0] == '\0' ? quirks : note->why);
		put_shown(sheet, note->id);
		put_shown(sheet, note->source);
	}
	if (reading->notes_left_out > 0)
		sheet_more(sheet, reading->notes_left_out);
}

void
view_html(const struct view *view, const struct reading *reading)
{
	AUTO(sheet) struct sheet *sheet = sheet_new("TLS reports");
	char *summary = view_summary(reading), auth[256];

	sheet_section(sheet, "answer", "What was read");
	sheet_note(sheet, "%s", summary);
	free(summary);
	if (view_auth(reading, auth)[0] != '\0')
		sheet_note(sheet, "%s", auth);
	put_charts(&reading->totals, sheet);
	put_finding_rows(view, &reading->totals, sheet);
	put_policy_table(view, &reading->totals, sheet);
	if (reading->note_count > 0)
		put_notes(reading, sheet);
	sheet_html(sheet, view->out);
}
