/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/cli/print.h"
#include "milter/cli/tlsrpt/views.h"

/* Columns of a line; a name that is longer has a line of its own. */
enum { DOMAIN_WIDTH = 16, POLICY_WIDTH = 17, LINE_SIZE = 256 };
enum { ROWS_SHOWN = 100, FINDINGS_SHOWN = 100, REPORTERS_NAMED = 3 };

/* Before what belongs to a finding. */
#define INDENT "    "

/* A name in its column, or on lines of its own with the column left empty. */
static void
put_padded(FILE *out, const char *name, int width, size_t indent)
{
	size_t most = cli_print_width() - indent;

	if (strlen(name) <= (size_t)width) {
		fprintf(out, "%-*s  ", width, name);
		return;
	}
	while (*name != '\0')
		name += fprintf(out, "%.*s\n%*s", (int)most, name, (int)indent,
			    "") -
			1 - (int)indent;
	fprintf(out, "%*s  ", width, "");
}

static void
put_policy(FILE *out, const struct total_policy *policy)
{
	char name[VIEW_SHOWN_SIZE], shown[VIEW_SHOWN_SIZE];
	char worst[VIEW_SHOWN_SIZE];

	put_padded(out, view_escape(policy->domain, shown), DOMAIN_WIDTH, 0);
	put_padded(out, view_escape(view_policy(policy, name), shown),
	    POLICY_WIDTH, DOMAIN_WIDTH + 2);
	fprintf(out, "%8" PRIu64 "  %6" PRIu64 "  ",
	    tlsrpt_count_add(policy->succeeded, policy->failed),
	    policy->failed);
	view_escape(
	    policy->most == 0 ? "-" : view_result(policy->worst), worst);
	fprintf(out, "%.25s\n", worst);
}

static void
put_policy_lines(const struct view *view, const struct totals *totals)
{
	uint32_t *order = totals_policies(totals);
	size_t shown = 0, more = 0;

	fprintf(view->out, "%-*s  %-*s  SESSIONS  FAILED  WORST\n",
	    DOMAIN_WIDTH, "DOMAIN", POLICY_WIDTH, "POLICY");
	for (size_t i = 0; i < totals->policy_count; i++) {
		const struct total_policy *policy = &totals->policies[order[i]];

		if (!view_policy_is_shown(view, policy))
			continue;
		if (shown++ < ROWS_SHOWN)
			put_policy(view->out, policy);
		else
			more++;
	}
	if (more > 0)
		fprintf(view->out, "and %zu more; \"--format csv\" has them\n",
		    more);
	free(order);
}

/* "b.example, c.example and 4 more; since 2026-11-20" */
static void
who_and_when(const struct totals *totals, const struct total_finding *finding,
    char *out, size_t size)
{
	char name[VIEW_SHOWN_SIZE], days[VIEW_SINCE_SIZE];
	struct text text;
	size_t named = 0;

	text_init(&text, out, size);
	for (; named < finding->reporter_count && named < REPORTERS_NAMED;
	     named++)
		text_addf(&text, "%s%s", named == 0 ? "" : ", ",
		    view_escape(
			totals->reporters.items[finding->reporters[named]],
			name));
	if (finding->reporter_count > named)
		text_addf(
		    &text, " and %zu more", finding->reporter_count - named);
	text_addf(&text, "; %s", view_since(totals, finding, days));
}

/* On one line, if there is room; blanks of two go where it is wrapped. */
static void
put_finding_head(FILE *out, const char *head, const char *who)
{
	size_t room = cli_print_width() - 2, length = strlen(head);

	fputs("  ", out);
	if (length + 2 + strlen(who) <= room) {
		fprintf(out, "%s  %s\n", head, who);
		return;
	}
	if (length <= room)
		fprintf(out, "%s\n", head);
	else
		cli_print_wrap(out, 2, INDENT, head);
	fputs(INDENT, out);
	cli_print_wrap(out, sizeof(INDENT) - 1, INDENT, who);
}

static void
put_finding(
    FILE *out, const struct totals *totals, const struct total_finding *finding)
{
	char head[3 * VIEW_SHOWN_SIZE], who[4 * VIEW_SHOWN_SIZE];
	char mx[VIEW_SHOWN_SIZE], word[VIEW_SHOWN_SIZE];
	char reason[VIEW_SHOWN_SIZE], advice[VIEW_ADVICE_SIZE];
	const char *host = finding->mx[0] != '\0'
			       ? finding->mx
			       : totals->policies[finding->policy].domain;

	who_and_when(totals, finding, who, sizeof(who));
	snprintf(head, sizeof(head), "%s  %s  %" PRIu64, view_escape(host, mx),
	    view_escape(view_result(finding->word), word), finding->count);
	put_finding_head(out, head, who);
	if (finding->reason[0] != '\0') {
		snprintf(head, sizeof(head), "They say: %s",
		    view_escape(finding->reason, reason));
		fputs(INDENT, out);
		cli_print_wrap(out, sizeof(INDENT) - 1, INDENT, head);
	}
	fputs(INDENT, out);
	cli_print_wrap(out, sizeof(INDENT) - 1, INDENT,
	    view_advice(totals, finding, advice));
}

static void
put_findings(const struct view *view, const struct totals *totals)
{
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < totals->finding_count; i++) {
		if (!view_finding_is_shown(view, totals, &totals->findings[i]))
			continue;
		if (shown++ < FINDINGS_SHOWN)
			put_finding(view->out, totals, &totals->findings[i]);
		else
			more++;
	}
	if (more > 0)
		fprintf(view->out,
		    "  and %zu more; \"--format csv\" has "
		    "them\n",
		    more);
}

void
view_text(const struct view *view, const struct reading *reading)
{
	const struct totals *totals = &reading->totals;
	char *summary = view_summary(reading), auth[256];

	cli_print_wrap(view->out, 0, "", summary);
	free(summary);
	if (view_auth(reading, auth)[0] != '\0')
		cli_print_wrap(view->out, 0, "", auth);
	if (totals->policy_count == 0)
		return;
	put_policy_lines(view, totals);
	put_findings(view, totals);
}
