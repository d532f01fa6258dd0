/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <string.h>

#include "common/base/clock.h"
#include "milter/cli/tlsrpt/views.h"
#include "milter/view/sheet.h"

/* What all lines of a policy begin with. */
struct csv_policy {
	FILE *out;
	const struct tlsrpt_report *report;
	const struct tlsrpt_policy *policy;
};

void
view_csv_head(FILE *out)
{
	fputs("start,end,reporter,report_id,policy_domain,policy_type,mode,"
	      "success,failure,result_type,mx,sending_ip,receiving_ip,count,"
	      "reason,advice\r\n",
	    out);
}

static void
put_csv_text(FILE *out, const char *text)
{
	sheet_csv_cell(out, text == NULL ? "" : text);
	putc(',', out);
}

static void
put_csv_policy(const struct csv_policy *row)
{
	char begin[CLOCK_PRINT_SIZE], end[CLOCK_PRINT_SIZE];

	clock_print(row->report->begin, begin);
	clock_print(row->report->end, end);
	fprintf(row->out, "%s,%s,", begin, end);
	put_csv_text(row->out, tlsrpt_report_reporter(row->report));
	put_csv_text(row->out, row->report->id);
	put_csv_text(row->out, row->policy->domain);
	put_csv_text(
	    row->out, row->policy->type == TLSRPT_POLICY_OTHER
			  ? row->policy->word
			  : tlsrpt_policy_type_text(row->policy->type));
	put_csv_text(row->out, row->policy->mode);
	fprintf(row->out, "%" PRIu64 ",%" PRIu64 ",", row->policy->succeeded,
	    row->policy->failed);
}

static void
put_csv_detail(
    const struct csv_policy *row, const struct tlsrpt_failure *detail)
{
	struct mending_case of = {.result = detail->result,
	    .type = row->policy->type,
	    .word = detail->word,
	    .reason = detail->reason == NULL ? "" : detail->reason,
	    .domain = tlsrpt_report_about(row->report, row->policy),
	    .mx = detail->mx == NULL ? "" : detail->mx};
	char advice[MENDING_SIZE];

	put_csv_policy(row);
	put_csv_text(row->out, detail->word);
	put_csv_text(row->out, detail->mx);
	put_csv_text(row->out, detail->sending_ip);
	put_csv_text(row->out, detail->receiving_ip);
	fprintf(row->out, "%" PRIu64 ",", detail->count);
	put_csv_text(row->out, detail->reason);
	sheet_csv_cell(row->out, mending_text(&of, advice));
	fputs("\r\n", row->out);
}

void
view_csv_report(const struct view *view, const struct tlsrpt_report *report)
{
	for (size_t i = 0; i < report->policy_count; i++) {
		const struct tlsrpt_policy *policy = &report->policies[i];
		struct csv_policy row = {
		    .out = view->out, .report = report, .policy = policy};

		if ((view->failures && policy->failed == 0) ||
		    !totals_concerns(report, policy, view->domain))
			continue;
		for (size_t j = 0; j < policy->detail_count; j++)
			put_csv_detail(&row, &policy->details[j]);
		if (policy->detail_count > 0)
			continue;
		put_csv_policy(&row);
		fputs(",,,,,,\r\n", view->out);
	}
}
