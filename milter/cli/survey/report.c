/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: each table is one question to the file, which counts.  Shares
 * are of what is known: what could not be found out stands apart, with a dash.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/outlook.h"
#include "common/proto/public_suffix.h"
#include "milter/cli/survey/survey.h"

enum {
	ROWS_MAX = 5000, /* of a count */
	TOP = 20,
	LISTED = 200,
	WORD_SIZE = LIMIT_DOMAIN_SIZE,
};

static size_t
top_of(const struct cli_options *options, size_t usual)
{
	return options->top == 0 ? usual : options->top;
}

struct counted_row {
	char words[2][WORD_SIZE];
	int64_t domains, messages;
};

struct counted_rows {
	size_t count;
	struct counted_row *items;
};

/* The report while it is made. */
struct reporting {
	struct store_survey *survey;
	struct sheet *sheet;
	struct survey_totals totals;
	int64_t probed; /* names whose mail hosts were connected to */
	const struct cli_options *options;
	struct err err;
	bool failed;
};

const char *
survey_share(int64_t part, int64_t whole, char out[SURVEY_SHARE_SIZE])
{
	double percent = whole == 0 ? 0 : 100.0 * (double)part / (double)whole;

	if (whole == 0)
		text_copy(out, SURVEY_SHARE_SIZE, "-");
	else if (part > 0 && percent < 0.1)
		text_copy(out, SURVEY_SHARE_SIZE, "<0.1 %");
	else
		snprintf(out, SURVEY_SHARE_SIZE, "%.1f %%", percent);
	return out;
}

/* --- counting --- */

static void
add_counted(void *arg, const struct survey_count *count)
{
	struct counted_rows *rows = arg;
	struct counted_row *row;

	/* grown by doubling */
	if ((rows->count & (rows->count + 1)) == 0)
		rows->items = xrealloc(
		    rows->items, 2 * (rows->count + 1), sizeof(*rows->items));
	row = &rows->items[rows->count++];
	text_copy(row->words[0], WORD_SIZE, count->words[0]);
	text_copy(row->words[1], WORD_SIZE, count->words[1]);
	row->domains = count->domains;
	row->messages = count->messages;
}

static struct counted_rows
count_rows(struct reporting *r, enum survey_filter filter, enum survey_field by,
    enum survey_field and_by, bool by_two, size_t most)
{
	struct survey_question question = {.filter = filter,
	    .by = by,
	    .by_two = by_two,
	    .and_by = and_by,
	    .most = most == 0 ? ROWS_MAX : most};
	struct counted_rows rows = {.count = 0};

	if (!r->failed && store_survey_count(r->survey, &question, add_counted,
			      &rows, &r->err) != 0)
		r->failed = true;
	return rows;
}

/* What could not be found out, or does not apply. */
static bool
is_apart(const char *word)
{
	return strcmp(word, "unknown") == 0 || strcmp(word, "error") == 0 ||
	       strcmp(word, "na") == 0 || strcmp(word, "u") == 0;
}

static void
put_shares(struct reporting *r, const struct counted_row *row,
    int64_t all_domains, int64_t all_messages)
{
	char share[SURVEY_SHARE_SIZE];
	bool apart = is_apart(row->words[0]);

	sheet_number(r->sheet, (uint64_t)row->domains);
	sheet_cell(r->sheet,
	    apart ? "-" : survey_share(row->domains, all_domains, share));
	if (!r->totals.weighted)
		return;
	sheet_number(r->sheet, (uint64_t)row->messages);
	sheet_cell(r->sheet,
	    apart ? "-" : survey_share(row->messages, all_messages, share));
}

/* Columns of one or two words; without weights those of messages fall away. */
#define COUNTS                                               \
	{"domains", "domains", SHEET_NUMBER},                \
	    {"domains_share", "share", SHEET_WORDS},         \
	    {"messages", "messages", SHEET_NUMBER},          \
	{                                                    \
		"messages_share", "of messages", SHEET_WORDS \
	}

/* What shares are of: all rows that do not stand apart. */
static struct survey_count
known_part(const struct counted_rows *rows)
{
	struct survey_count known = {.domains = 0};

	for (size_t i = 0; i < rows->count; i++)
		if (!is_apart(rows->items[i].words[0])) {
			known.domains += rows->items[i].domains;
			known.messages += rows->items[i].messages;
		}
	return known;
}

static void
put_count_table(struct reporting *r, const char *id, const char *title,
    const struct sheet_column *columns, const struct counted_rows *rows,
    const struct survey_count *of)
{
	size_t words = columns[1].kind == SHEET_WORDS ? 2 : 1;

	sheet_table(r->sheet, id, title, SHEET_PLAIN, columns,
	    words + (r->totals.weighted ? 4 : 2));
	for (size_t i = 0; i < rows->count; i++) {
		for (size_t j = 0; j < words; j++) {
			const char *word = rows->items[i].words[j];

			sheet_cell(r->sheet, word[0] == '\0' ? "-" : word);
		}
		put_shares(r, &rows->items[i], of->domains, of->messages);
	}
}

static void
put_known_counts(struct reporting *r, const char *id, const char *title,
    const struct sheet_column *columns, const struct counted_rows *rows)
{
	struct survey_count known = known_part(rows);

	put_count_table(r, id, title, columns, rows, &known);
}

/* --- sections --- */

static void
put_one(struct reporting *r, enum survey_field by, const char *id,
    const char *title, const struct sheet_column *columns)
{
	struct counted_rows rows = count_rows(r, SURVEY_MAIL, by, by, false, 0);

	put_known_counts(r, id, title, columns, &rows);
	free(rows.items);
}

static void
put_two(struct reporting *r, enum survey_field by, enum survey_field and_by,
    const char *id, const char *title, const struct sheet_column *columns)
{
	struct counted_rows rows =
	    count_rows(r, SURVEY_MAIL, by, and_by, true, 0);

	put_known_counts(r, id, title, columns, &rows);
	free(rows.items);
}

static void
sum_protected(const struct counted_rows *rows, int64_t *guarded, int64_t *known)
{
	*guarded = *known = 0;
	for (size_t i = 0; i < rows->count; i++) {
		const char *word = rows->items[i].words[0];

		if (is_apart(word))
			continue;
		*known += rows->items[i].domains;
		if (strcmp(word, "both") == 0 || strcmp(word, "dane") == 0 ||
		    strcmp(word, "sts") == 0)
			*guarded += rows->items[i].domains;
	}
}

static void
put_protection(struct reporting *r)
{
	static const struct sheet_column columns[] = {
	    {"protection", "protection", SHEET_WORDS}, COUNTS};
	struct counted_rows rows = count_rows(
	    r, SURVEY_MAIL, SURVEY_PROTECTION, SURVEY_PROTECTION, false, 0);
	char share[SURVEY_SHARE_SIZE];
	int64_t guarded, known;

	sum_protected(&rows, &guarded, &known);
	sheet_section(r->sheet, "protection", "Protection");
	sheet_note(r->sheet,
	    "%" PRId64 " (%s) of %" PRId64 " domains that take mail have DANE "
	    "at every mail host, or an MTA-STS policy that is enforced, or "
	    "both.",
	    guarded, survey_share(guarded, known, share), known);
	sheet_note(r->sheet, "both, dane, sts (enforced), sts-testing, partial "
			     "(TLSA at some hosts, or under MX records that "
			     "are not secure), neither.");
	put_known_counts(r, "protection",
	    "Domains that take mail, by what "
	    "protects mail to them",
	    columns, &rows);
	free(rows.items);
}

static int64_t
domains_with(const struct counted_rows *rows, const char *word)
{
	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->items[i].words[0], word) == 0)
			return rows->items[i].domains;
	return 0;
}

static void
count_probed(struct reporting *r)
{
	struct counted_rows rows =
	    count_rows(r, SURVEY_ALL, SURVEY_DEPTH, SURVEY_DEPTH, false, 0);

	r->probed = domains_with(&rows, "probe");
	free(rows.items);
}

static void
put_levels(struct reporting *r)
{
	static const struct sheet_column columns[] = {
	    {"level", "sender", SHEET_WORDS},
	    {"delivered", "delivered", SHEET_NUMBER},
	    {"queued", "queued", SHEET_NUMBER},
	    {"lookup", "lookup fails", SHEET_NUMBER},
	    {"bounced", "bounced", SHEET_NUMBER},
	    {"unknown", "not known", SHEET_NUMBER},
	};
	static const char *const ends[] = {"d", "q", "t", "b", "u"};

	sheet_section(r->sheet, "levels", "What becomes of mail");
	sheet_note(r->sheet,
	    r->probed > 0
		? "By what its sender enforces. Where mail hosts were not "
		  "connected to, or did not let anybody in, the rest is not "
		  "known."
		: "By what its sender enforces. Mail hosts were not connected "
		  "to: queued is what DNS or a policy proves, and where TLS is "
		  "demanded the rest is not known.");
	sheet_table(r->sheet, "levels", "All domains, by sender", SHEET_PLAIN,
	    columns, sizeof(columns) / sizeof(columns[0]));
	for (int i = 0; i < OUTLOOK_SENDERS; i++) {
		enum survey_field field = (enum survey_field)(SURVEY_MAY + i);
		struct counted_rows rows =
		    count_rows(r, SURVEY_ALL, field, field, false, 0);

		sheet_cell(
		    r->sheet, outlook_sender_text((enum outlook_sender)i));
		for (size_t j = 0; j < sizeof(ends) / sizeof(ends[0]); j++)
			sheet_number(
			    r->sheet, (uint64_t)domains_with(&rows, ends[j]));
		free(rows.items);
	}
}

static void
put_defer(struct reporting *r)
{
	static const struct sheet_column columns[] = {
	    {"end", "auto", SHEET_WORDS}, {"reason", "reason", SHEET_WORDS},
	    COUNTS};
	struct counted_rows all =
	    count_rows(r, SURVEY_ALL, SURVEY_AUTO, SURVEY_REASON, true, 0);
	struct counted_rows some = {.count = 0};

	for (size_t i = 0; i < all.count; i++)
		if (strchr("qt", all.items[i].words[0][0]) != NULL)
			add_counted(
			    &some, &(struct survey_count){
				       .words = {all.items[i].words[0],
					   all.items[i].words[1]},
				       .domains = all.items[i].domains,
				       .messages = all.items[i].messages});
	sheet_section(r->sheet, "defer", "What defer would stop");
	sheet_note(r->sheet, "q: a policy is not kept; t: a lookup fails, "
			     "which every MTA waits for.");
	put_known_counts(
	    r, "defer", "Queued under auto, by reason", columns, &some);
	free(all.items);
	free(some.items);
}

static void
put_published(struct reporting *r)
{
	static const struct sheet_column dane[] = {
	    {"adoption", "TLSA records", SHEET_WORDS}, COUNTS};
	static const struct sheet_column record[] = {
	    {"record", "record", SHEET_WORDS},
	    {"policy", "policy", SHEET_WORDS}, COUNTS};
	static const struct sheet_column mode[] = {
	    {"mode", "mode", SHEET_WORDS}, {"cover", "covers", SHEET_WORDS},
	    COUNTS};
	static const struct sheet_column fault[] = {
	    {"health", "works", SHEET_WORDS}, {"fault", "fault", SHEET_WORDS},
	    COUNTS};
	static const struct sheet_column reports[] = {
	    {"record", "record", SHEET_WORDS},
	    {"mode", "MTA-STS mode", SHEET_WORDS}, COUNTS};

	sheet_section(r->sheet, "dane", "DANE");
	put_one(r, SURVEY_DANE, "adoption", "TLSA records at MX hosts", dane);
	sheet_section(r->sheet, "sts", "MTA-STS");
	put_two(r, SURVEY_STS_RECORD, SURVEY_STS_POLICY, "record",
	    "Record and policy", record);
	put_two(r, SURVEY_STS_MODE, SURVEY_STS_COVER, "mode",
	    "Mode, and which MX hosts the policy covers", mode);
	put_two(r, SURVEY_STS_HEALTH, SURVEY_STS_FAULT, "fault",
	    "Whether it works", fault);
	sheet_section(r->sheet, "rpt", "TLS reports");
	put_two(r, SURVEY_TLSRPT, SURVEY_STS_MODE, "reports",
	    "Record, beside MTA-STS", reports);
}

/* The TLDs with most domains, and how many of these are secure. */
static void
put_dnssec(struct reporting *r)
{
	static const struct sheet_column columns[] = {
	    {"tld", "TLD", SHEET_WORDS},
	    {"domains", "domains", SHEET_NUMBER},
	    {"secure", "secure", SHEET_NUMBER},
	    {"share", "share", SHEET_WORDS},
	};
	struct counted_rows tlds = count_rows(r, SURVEY_ALL, SURVEY_TLD,
	    SURVEY_TLD, false, top_of(r->options, TOP));
	struct counted_rows both =
	    count_rows(r, SURVEY_ALL, SURVEY_TLD, SURVEY_DNSSEC, true, 0);

	sheet_section(r->sheet, "dnssec", "DNSSEC");
	sheet_table(r->sheet, "tlds", "Domains with secure MX records, by TLD",
	    SHEET_PLAIN, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < tlds.count; i++) {
		const struct counted_row *tld = &tlds.items[i];
		char share[SURVEY_SHARE_SIZE];
		int64_t secure = 0;

		for (size_t j = 0; j < both.count; j++)
			if (strcmp(both.items[j].words[0], tld->words[0]) ==
				0 &&
			    strcmp(both.items[j].words[1], "secure") == 0)
				secure = both.items[j].domains;
		sheet_cell(r->sheet, tld->words[0]);
		sheet_number(r->sheet, (uint64_t)tld->domains);
		sheet_number(r->sheet, (uint64_t)secure);
		sheet_cell(r->sheet, survey_share(secure, tld->domains, share));
	}
	free(tlds.items);
	free(both.items);
}

static void
put_sites(struct reporting *r)
{
	static const struct sheet_column columns[] = {
	    {"site", "site", SHEET_WORDS},
	    {"provider", "provider", SHEET_WORDS}, COUNTS};
	struct counted_rows rows = count_rows(r, SURVEY_MAIL, SURVEY_SITE,
	    SURVEY_PROVIDER, true, top_of(r->options, TOP));
	struct counted_rows mail = count_rows(
	    r, SURVEY_MAIL, SURVEY_MX_STATE, SURVEY_MX_STATE, false, 0);
	struct survey_count all = known_part(&mail);

	sheet_section(r->sheet, "sites", "Who stands behind mail hosts");
	sheet_note(r->sheet, "The registrable domain of the best MX host.");
	put_count_table(
	    r, "sites", "Sites with most domains", columns, &rows, &all);
	free(mail.items);
	free(rows.items);
}

static void
put_listed(void *arg, const struct survey_row *row)
{
	struct reporting *r = arg;

	sheet_cell(r->sheet, row->domain);
	sheet_number(r->sheet, (uint64_t)row->weight);
	sheet_cell(r->sheet, row->fields[SURVEY_REASON]);
	sheet_cell(r->sheet, row->fields[SURVEY_SITE]);
}

static void
put_list(struct reporting *r)
{
	static const struct sheet_column columns[] = {
	    {"domain", "domain", SHEET_WORDS},
	    {"weight", "messages", SHEET_NUMBER},
	    {"reason", "reason", SHEET_WORDS},
	    {"site", "site", SHEET_WORDS},
	};

	sheet_section(r->sheet, "list", "Domains that auto would queue");
	sheet_note(r->sheet, "By weight, %zu at most; CSV and NDJSON have all.",
	    top_of(r->options, LISTED));
	sheet_table(r->sheet, "list", "Domains", SHEET_PLAIN, columns,
	    sizeof(columns) / sizeof(columns[0]));
	if (!r->failed &&
	    store_survey_each(r->survey, true, top_of(r->options, LISTED),
		put_listed, r, &r->err) != 0)
		r->failed = true;
}

static void
put_depth(struct reporting *r)
{
	struct counted_rows rows = count_rows(
	    r, SURVEY_ALL, SURVEY_INFERRED, SURVEY_INFERRED, false, 0);

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
		    r->probed, domains_with(&rows, "1"));
	free(rows.items);
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
	    public_suffix_is_known()
		? "Sites are registrable domains by the public suffix list."
		: "Sites are the last two labels: there is no public suffix "
		  "list.");
}

int
survey_report(struct store_survey *survey, const struct cli_options *options,
    struct sheet **sheet)
{
	struct reporting r = {.survey = survey, .options = options};
	char title[80], time[CLOCK_PRINT_SIZE];
	int status = 0;

	store_survey_least(survey, options->min_weight);
	if (store_survey_total(survey, &r.totals, &r.err) != 0)
		return cli_fail(EX_DATAERR, "%s", r.err.text);
	if (r.totals.done == 0)
		return cli_fail(
		    EX_NOINPUT, "no name in it was asked about yet");
	clock_print(options->at_given ? options->at : clock_wall_s(), time);
	snprintf(title, sizeof(title), "Survey of %" PRId64 " domains, %s",
	    r.totals.done, time);
	r.sheet = sheet_new(title);
	count_probed(&r);
	put_protection(&r);
	put_levels(&r);
	put_defer(&r);
	put_published(&r);
	put_dnssec(&r);
	put_sites(&r);
	put_list(&r);
	if (options->baseline != NULL)
		status =
		    survey_put_baseline(r.sheet, survey, options->baseline);
	put_method(&r);
	if (status != 0) {
		sheet_free(r.sheet);
		return status;
	}
	if (r.failed) {
		sheet_free(r.sheet);
		return cli_fail(EX_DATAERR, "%s", r.err.text);
	}
	*sheet = r.sheet;
	return 0;
}
