/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/views.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/view/json_put.h"

enum { UNREADABLE_NAMED = 3, DAY_LENGTH = 10, MANY_REPORTERS = 2 };

const char *
view_day(time_t at, char out[VIEW_DAY_SIZE])
{
	char stamp[CLOCK_PRINT_SIZE];

	clock_print(at, stamp);
	stamp[DAY_LENGTH] = '\0';
	text_copy(out, VIEW_DAY_SIZE, stamp);
	return out;
}

const char *
view_since(const struct totals *totals, const struct total_finding *finding,
    char out[VIEW_SINCE_SIZE])
{
	char first[VIEW_DAY_SIZE], last[VIEW_DAY_SIZE], end[VIEW_DAY_SIZE];

	view_day(finding->first, first);
	view_day(finding->last, last);
	view_day(totals->last, end);
	if (strcmp(first, last) == 0)
		snprintf(out, VIEW_SINCE_SIZE, "%s only", first);
	else if (strcmp(last, end) == 0)
		snprintf(out, VIEW_SINCE_SIZE, "since %s", first);
	else
		snprintf(out, VIEW_SINCE_SIZE, "%s to %s", first, last);
	return out;
}

const char *
view_policy(const struct total_policy *policy, char out[VIEW_SHOWN_SIZE])
{
	struct text text;

	text_init(&text, out, VIEW_SHOWN_SIZE);
	text_add(&text, policy->word[0] == '\0' ? "other" : policy->word);
	if (policy->mode[0] != '\0')
		text_addf(&text, " %s", policy->mode);
	if (policy->policy_domain[0] != '\0' &&
	    strcmp(policy->policy_domain, policy->domain) != 0)
		text_addf(&text, " %s", policy->policy_domain);
	return out;
}

const char *
view_escape(const char *text, char out[VIEW_SHOWN_SIZE])
{
	text_escape(out, VIEW_SHOWN_SIZE, text, strlen(text));
	return out;
}

const char *
view_result(const char *word)
{
	return word[0] == '\0' ? "no details" : word;
}

/* Who it seems to be, where the numbers tell. */
static const char *
side_of(const struct total_finding *finding)
{
	if (strcmp(finding->word, "no-policy-found") == 0)
		return "";
	if (finding->reporter_count == 1 && finding->sender != NULL &&
	    !finding->several_senders)
		return "One reporter, from one address of theirs: their side, "
		       "probably. ";
	if (finding->reporter_count >= MANY_REPORTERS && finding->only_host)
		return "Several reporters, and no other host of the domain: "
		       "that host. ";
	return "";
}

const char *
view_advice(const struct totals *totals, const struct total_finding *finding,
    char out[VIEW_ADVICE_SIZE])
{
	const struct total_policy *policy = &totals->policies[finding->policy];
	struct mending_case of = {.result = finding->result,
	    .type = policy->type,
	    .word = finding->word,
	    .reason = finding->reason,
	    .domain = policy->domain,
	    .mx = finding->mx};
	char advice[MENDING_SIZE];

	snprintf(out, VIEW_ADVICE_SIZE, "%s%s", side_of(finding),
	    mending_text(&of, advice));
	return out;
}

bool
view_policy_is_shown(const struct view *view, const struct total_policy *policy)
{
	return !view->failures || policy->failed > 0;
}

bool
view_finding_is_shown(const struct view *view, const struct totals *totals,
    const struct total_finding *finding)
{
	return view_policy_is_shown(view, &totals->policies[finding->policy]);
}

/* --- the summary --- */

static void
put_counted(FILE *out, uint64_t count, const char *what, const char **begin)
{
	if (count == 0)
		return;
	fprintf(out, "%s%" PRIu64 " %s", *begin, count, what);
	*begin = ", ";
}

static const char *
one_or_more(uint64_t count, const char *one, const char *more)
{
	return count == 1 ? one : more;
}

/* ": file.eml: gzip ends early", of the first ones. */
static void
put_unreadable(FILE *out, const struct reading *reading)
{
	char source[VIEW_SHOWN_SIZE], why[VIEW_SHOWN_SIZE];
	uint64_t named = 0;

	for (size_t i = 0; i < reading->note_count && named < UNREADABLE_NAMED;
	     i++) {
		const struct reading_note *note = &reading->notes[i];

		if (note->state != READING_INVALID)
			continue;
		fprintf(out, "%s %s: %s", named == 0 ? ":" : ";",
		    view_escape(note->source, source),
		    view_escape(note->why, why));
		named++;
	}
	if (reading->counts[READING_INVALID] > named)
		fprintf(out, "; and %" PRIu64 " more",
		    reading->counts[READING_INVALID] - named);
}

static void
put_rest(FILE *out, const struct reading *reading)
{
	const uint64_t *counts = reading->counts;
	const char *begin = " (";

	put_counted(out, counts[READING_DUPLICATE],
	    one_or_more(counts[READING_DUPLICATE], "duplicate", "duplicates"),
	    &begin);
	put_counted(out, counts[READING_CONFLICT],
	    one_or_more(counts[READING_CONFLICT], "conflict", "conflicts"),
	    &begin);
	put_counted(out, counts[READING_TOLERATED], "tolerated", &begin);
	put_counted(out, counts[READING_NO_REPORT], "not a TLS report", &begin);
	put_counted(out, counts[READING_ZIP], "zip not read", &begin);
	if (counts[READING_INVALID] > 0) {
		fprintf(out, "%s%" PRIu64 " unreadable", begin,
		    counts[READING_INVALID]);
		put_unreadable(out, reading);
		begin = ", ";
	}
	if (begin[0] == ',')
		putc(')', out);
}

char *
view_summary(const struct reading *reading)
{
	const struct totals *totals = &reading->totals;
	char first[VIEW_DAY_SIZE], last[VIEW_DAY_SIZE], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		abort();
	fprintf(out, "%zu report%s of %" PRIu32 " reporter%s",
	    totals->report_count, totals->report_count == 1 ? "" : "s",
	    totals->reporters.count, totals->reporters.count == 1 ? "" : "s");
	if (totals->report_count > 0)
		fprintf(out, ", %s to %s", view_day(totals->first, first),
		    view_day(totals->last, last));
	put_rest(out, reading);
	if (reading->full)
		fprintf(out, "; what is beyond %d reports is not read",
		    LIMIT_TLSRPT_REPORTS);
	if (totals->left_out > 0)
		fprintf(out,
		    "; %" PRIu64 " policies or details are beyond what is kept",
		    totals->left_out);
	if (fclose(out) != 0)
		abort();
	return text;
}

const char *
view_auth(const struct reading *reading, char out[256])
{
	char server[128];

	out[0] = '\0';
	if (reading->options.authserv_id == NULL)
		return out;
	text_escape(server, sizeof(server), reading->options.authserv_id,
	    strlen(reading->options.authserv_id));
	snprintf(out, 256,
	    "dkim=pass by %s: %" PRIu64 " reports; unauthenticated: %" PRIu64
	    " reports%s",
	    server, reading->authenticated, reading->unauthenticated,
	    reading->unauthenticated == 0 ? ""
	    : reading->options.all        ? ", counted all the same"
				   : ", which do not count (--all has them)");
	return out;
}

/* --- one answer --- */

void
view_begin(struct view *view)
{
	if (view->form == VIEW_JSON)
		fputs("{\"schema\":1,\"reports\":[", view->out);
	else if (view->form == VIEW_CSV)
		view_csv_head(view->out);
}

static bool
has_failed(const struct view *view, const struct tlsrpt_report *report)
{
	for (size_t i = 0; i < report->policy_count; i++)
		if (report->policies[i].failed > 0 &&
		    totals_concerns(report, &report->policies[i], view->domain))
			return true;
	return false;
}

void
view_report(struct view *view, const struct tlsrpt_report *report)
{
	json_t *object;

	if (view->failures && !has_failed(view, report))
		return;
	if (view->form == VIEW_CSV)
		view_csv_report(view, report);
	if (view->form != VIEW_JSON && view->form != VIEW_RAW)
		return;
	object = tlsrpt_report_json(report);
	if (view->form == VIEW_JSON && view->printed > 0)
		putc(',', view->out);
	json_dumpf(object, view->out, JSON_COMPACT);
	json_decref(object);
	if (view->form == VIEW_RAW)
		putc('\n', view->out);
	view->printed++;
}

void
view_end(struct view *view, const struct reading *reading)
{
	switch (view->form) {
	case VIEW_TEXT:
		view_text(view, reading);
		break;
	case VIEW_JSON:
		view_json_totals(view, reading);
		break;
	case VIEW_HTML:
		view_html(view, reading);
		break;
	case VIEW_CSV:
	case VIEW_RAW:
		break;
	}
}
