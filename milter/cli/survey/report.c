/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: each table is one question to the file, which counts.  Shares
 * are of what is known: what could not be found out stands apart, with a dash.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/proto/public_suffix.h"
#include "milter/cli/survey/report_count.h"

static void
count_probed(struct reporting *r)
{
	struct report_rows rows =
	    report_count(r, SURVEY_ALL, SURVEY_DEPTH, SURVEY_DEPTH);

	r->probed = report_word(&rows, "probe").domains;
	report_rows_fini(&rows);
}

static void
put_depth(struct reporting *r)
{
	struct report_rows rows =
	    report_count(r, SURVEY_ALL, SURVEY_INFERRED, SURVEY_INFERRED);

	if (r->probed < r->totals.done)
		sheet_note(r->sheet,
		    "Depth dns: MX, addresses, TLSA and TXT records, and "
		    "MTA-STS policies by HTTPS; no mail host was connected to, "
		    "so that whether certificates match is not known.");
	if (r->probed > 0)
		sheet_note(r->sheet,
		    "Depth probe, of %" PRId64 " names: mail hosts were "
		    "connected to as well, all addresses where DANE or a "
		    "policy is for them, else one. Of %" PRId64
		    " what a host shows is inferred from what it showed for "
		    "other names.",
		    r->probed, report_word(&rows, "1").domains);
	report_rows_fini(&rows);
}

static void
put_method(struct reporting *r)
{
	char began[CLOCK_PRINT_SIZE], ended[CLOCK_PRINT_SIZE];

	sheet_section(r->sheet, "method", "How it was found out");
	sheet_note(r->sheet,
	    "%" PRId64 " names; %" PRId64 " were asked about, of which the "
	    "lookups of %" PRId64 " fail.",
	    r->totals.names, r->totals.done, r->totals.failing);
	if (r->totals.done > 0 && clock_print(r->totals.began, began) &&
	    clock_print(r->totals.ended, ended))
		sheet_note(r->sheet, "From %s to %s.", began, ended);
	if (!r->failed &&
	    survey_put_notes(r->sheet, r->survey, r->options, &r->err) != 0)
		r->failed = true;
	put_depth(r);
	sheet_note(r->sheet,
	    "Of %" PRId64 " domains it is not known what becomes of mail under "
	    "auto: nobody connected to their mail hosts, or these let nobody "
	    "in, or are not reached from here.",
	    r->ends[OUTLOOK_AUTO][REPORT_ENDS - 1].domains);
	sheet_note(r->sheet,
	    public_suffix_is_known()
		? "Sites are registrable domains by the public suffix list."
		: "Sites are the last two labels: there is no public suffix "
		  "list.");
}

/* All parts but the last. */
static void
put_parts_in_full(struct reporting *r)
{
	sheet_contents(r->sheet);
	report_put_protection(r);
	report_put_levels(r);
	report_put_defer(r);
	report_put_published(r);
	report_put_dnssec(r);
	report_put_sites(r);
}

static int
put_all_parts(struct reporting *r, bool brief)
{
	int status = 0;

	count_probed(r);
	report_count_ends(r);
	if (brief)
		report_put_brief(r);
	else
		put_parts_in_full(r);
	report_put_list(r);
	if (r->options->baseline != NULL)
		status = survey_put_baseline(
		    r->sheet, r->survey, r->options->baseline);
	if (!brief)
		put_method(r);
	report_rows_fini(&r->whys);
	if (status == 0 && r->failed)
		status = cli_fail(EX_DATAERR, "%s", r->err.text);
	return status;
}

int
survey_begin_report(struct store_survey *survey,
    const struct cli_options *options, struct survey_totals *totals)
{
	struct err err;

	store_survey_least(survey, options->min_weight);
	if (store_survey_total(survey, totals, &err) != 0)
		return cli_fail(EX_DATAERR, "%s", err.text);
	return totals->done > 0
		   ? 0
		   : cli_fail(EX_NOINPUT, "no name in it was asked about yet");
}

int
survey_report(struct store_survey *survey, const struct cli_options *options,
    bool brief, struct sheet **sheet)
{
	struct reporting r = {.survey = survey, .options = options};
	char title[80], time[CLOCK_PRINT_SIZE];
	int status = survey_begin_report(survey, options, &r.totals);

	if (status != 0)
		return status;
	clock_print(options->at_given ? options->at : clock_wall_s(), time);
	snprintf(title, sizeof(title), "Survey of %" PRId64 " domains, %s",
	    r.totals.done, time);
	r.sheet = sheet_new(title);
	r.brief = brief;
	status = put_all_parts(&r, brief);
	if (status != 0)
		sheet_free(r.sheet);
	else
		*sheet = r.sheet;
	return status;
}
