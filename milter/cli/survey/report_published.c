/* SPDX-License-Identifier: BSD-2-Clause */
/* What domains publish, and whether it works. */
#include "milter/cli/survey/report_count.h"

/* A table of all domains that take mail, by one field or by two. */
struct counted_table {
	enum survey_field by, and_by;
	struct sheet_table table;
};

static void
put_counted_table(struct reporting *r, const struct counted_table *counted)
{
	struct report_rows rows = report_count(
	    r, report_filter(counted->by), counted->by, counted->and_by);

	report_put_table(r, &counted->table, &rows);
	report_rows_fini(&rows);
}

static const struct sheet_column adoption_columns[] = {
    {"adoption", "TLSA records", SHEET_WORDS}, REPORT_COUNTS};
static const struct sheet_column record_columns[] = {
    {"record", "record", SHEET_WORDS}, REPORT_COUNTS};
static const struct sheet_column policy_columns[] = {
    {"record", "record", SHEET_WORDS}, {"policy", "policy", SHEET_WORDS},
    REPORT_COUNTS};
static const struct sheet_column fetch_columns[] = {
    {"fetch", "why no policy came", SHEET_WORDS}, REPORT_COUNTS};
static const struct sheet_column mode_columns[] = {
    {"mode", "mode", SHEET_WORDS}, {"cover", "covers", SHEET_WORDS},
    REPORT_COUNTS};
static const struct sheet_column health_columns[] = {
    {"health", "works", SHEET_WORDS}, {"fault", "fault", SHEET_WORDS},
    REPORT_COUNTS};
static const struct sheet_column beside_columns[] = {
    {"record", "record", SHEET_WORDS}, {"mode", "MTA-STS mode", SHEET_WORDS},
    REPORT_COUNTS};

/* --- s-dane --- */

static void
put_dane(struct reporting *r)
{
	static const struct counted_table tables[] = {
	    {SURVEY_DANE, SURVEY_DANE,
		{.id = "adoption",
		    .title = "TLSA records at MX hosts",
		    .chart = SHEET_BARS,
		    .columns = adoption_columns}},
	    {SURVEY_DANE_HEALTH, SURVEY_DANE_FAULT,
		{.id = "health",
		    .title = "Whether DANE works",
		    .columns = health_columns}},
	};

	sheet_section(r->sheet, "dane", "DANE");
	sheet_note(r->sheet,
	    "full: at every MX host, and the MX records are secure; half: at "
	    "every host, under MX records that are not secure; partial: at "
	    "some "
	    "hosts; unusable: none that counts for mail; insecure: not secured "
	    "by DNSSEC; misplaced: at the domain's own name alone.");
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		put_counted_table(r, &tables[i]);
}

/* --- s-sts --- */

/* Those that came are no row of it. */
static void
put_fetches(struct reporting *r)
{
	static const struct sheet_table table = {.id = "fetch",
	    .title = "Why no policy came",
	    .columns = fetch_columns};
	struct report_rows all =
	    report_count(r, SURVEY_MAIL, SURVEY_STS_FETCH, SURVEY_STS_FETCH);
	struct report_rows rows = {.count = 0};

	for (size_t i = 0; i < all.count; i++) {
		struct survey_count count = report_row_count(&all.items[i]);

		if (all.items[i].words[0][0] != '\0')
			report_rows_add(
			    &rows, all.items[i].words[0], "", &count);
	}
	report_put_table(r, &table, &rows);
	report_rows_fini(&rows);
	report_rows_fini(&all);
}

static void
put_sts(struct reporting *r)
{
	static const struct counted_table record = {SURVEY_STS_RECORD,
	    SURVEY_STS_POLICY,
	    {.id = "record",
		.title = "Record and policy",
		.columns = policy_columns}};
	static const struct counted_table mode = {SURVEY_STS_MODE,
	    SURVEY_STS_COVER,
	    {.id = "mode",
		.title = "Mode, and which MX hosts the policy covers, where it "
			 "is known",
		.columns = mode_columns}};
	static const struct counted_table fault = {SURVEY_STS_HEALTH,
	    SURVEY_STS_FAULT,
	    {.id = "fault",
		.title = "Whether MTA-STS works",
		.columns = health_columns}};

	sheet_section(r->sheet, "sts", "MTA-STS");
	put_counted_table(r, &record);
	put_fetches(r);
	put_counted_table(r, &mode);
	put_counted_table(r, &fault);
}

/* --- s-rpt --- */

static void
put_reports(struct reporting *r)
{
	static const struct counted_table alone = {SURVEY_TLSRPT, SURVEY_TLSRPT,
	    {.id = "records",
		.title = "Record that asks for reports",
		.chart = SHEET_BARS,
		.columns = record_columns}};
	static const struct counted_table beside = {SURVEY_TLSRPT,
	    SURVEY_STS_MODE,
	    {.id = "reports",
		.title = "The same, beside MTA-STS",
		.columns = beside_columns}};

	sheet_section(r->sheet, "rpt", "TLS reports");
	put_counted_table(r, &alone);
	put_counted_table(r, &beside);
}

void
report_put_published(struct reporting *r)
{
	put_dane(r);
	put_sts(r);
	put_reports(r);
}
