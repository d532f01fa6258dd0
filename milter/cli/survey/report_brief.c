/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report for a terminal: at most sixty lines before the list of domains,
 * which are those of a large screen.  What other forms have as tables is told
 * in a line or two each, the most frequent first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/cli/survey/report_count.h"

enum { PLACES_SHOWN = 2, LINE_SIZE = 1024 };

/* "25.0 %", or "25.0 %, of messages 19.6 %" */
static void
add_shares(struct text *text, const struct reporting *r,
    const struct survey_count *count, const struct survey_count *of)
{
	char share[SURVEY_SHARE_SIZE];

	text_addf(
	    text, " (%s", survey_share(count->domains, of->domains, share));
	if (r->totals.weighted)
		text_addf(text, ", of messages %s",
		    survey_share(count->messages, of->messages, share));
	text_add(text, ")");
}

/* --- what is published --- */

/* "valid, fetched 3 (25.0 %); none 7 (75.0 %)", of so many rows. */
static void
note_counts(struct reporting *r, const char *label, enum survey_field by,
    enum survey_field and_by, size_t most)
{
	struct report_rows rows =
	    report_count(r, report_filter(by), by, and_by);
	struct survey_count of = report_known(&rows);
	char line[LINE_SIZE];
	struct text text;

	text_init(&text, line, sizeof(line));
	for (size_t i = 0; i < rows.count && i < most; i++) {
		const struct report_row *row = &rows.items[i];
		struct survey_count count = report_row_count(row);

		text_addf(&text, "%s%s%s%s %" PRId64, i == 0 ? "" : "; ",
		    row->words[0][0] == '\0' ? "-" : row->words[0],
		    row->words[1][0] == '\0' ? "" : ", ", row->words[1],
		    row->domains);
		if (!report_is_apart(row->words[0]))
			add_shares(&text, r, &count, &of);
	}
	if (rows.count > most)
		text_addf(&text, "; %zu more", rows.count - most);
	if (rows.count > 0)
		sheet_note(r->sheet, "%s: %s", label, line);
	report_rows_fini(&rows);
}

static void
note_tlds(struct reporting *r)
{
	struct report_places *places = report_tlds(r);
	char line[LINE_SIZE];
	struct text text;

	text_init(&text, line, sizeof(line));
	for (size_t i = 0; i < places->count && i < PLACES_SHOWN; i++) {
		const struct report_place *place = &places->items[i];

		text_addf(&text, "%s%s %" PRId64 " of %" PRId64,
		    i == 0 ? "" : "; ", place->word, place->secure.domains,
		    place->all.domains);
		add_shares(&text, r, &place->secure, &place->all);
	}
	if (places->count > 0)
		sheet_note(r->sheet, "DNSSEC: %s", line);
	free(places);
}

static void
note_sites(struct reporting *r)
{
	struct report_places *places = report_mail_sites(r);
	struct report_rows mail =
	    report_count(r, SURVEY_MAIL, SURVEY_MX_STATE, SURVEY_MX_STATE);
	struct survey_count of = report_known(&mail);
	char line[LINE_SIZE];
	struct text text;

	text_init(&text, line, sizeof(line));
	for (size_t i = 0; i < places->count && i < PLACES_SHOWN; i++) {
		const struct report_place *place = &places->items[i];

		text_addf(&text, "%s%.48s %" PRId64, i == 0 ? "" : "; ",
		    place->word, place->all.domains);
		add_shares(&text, r, &place->all, &of);
	}
	if (places->count > 0)
		sheet_note(r->sheet, "mail hosts: %s", line);
	report_rows_fini(&mail);
	free(places);
}

/* --- what becomes of mail --- */

/* The most frequent one. */
static void
note_reasons(struct reporting *r, enum outlook_sender sender)
{
	struct report_rows rows = report_defer_rows(r, sender);

	if (rows.count == 1)
		sheet_note(r->sheet, "%s: %s %s %" PRId64,
		    outlook_sender_text(sender), rows.items[0].words[0],
		    rows.items[0].words[1], rows.items[0].domains);
	else if (rows.count > 1)
		sheet_note(r->sheet, "%s: %s %s %" PRId64 "; %zu more",
		    outlook_sender_text(sender), rows.items[0].words[0],
		    rows.items[0].words[1], rows.items[0].domains,
		    rows.count - 1);
	report_rows_fini(&rows);
}

static void
put_brief_defer(struct reporting *r)
{
	sheet_section(r->sheet, "defer",
	    "Why it would be queued (q: a policy, t: a lookup fails)");
	for (int i = 0; i < OUTLOOK_SENDERS; i++)
		note_reasons(r, (enum outlook_sender)i);
}

static void
note_method(struct reporting *r)
{
	struct report_rows inferred =
	    report_count(r, SURVEY_ALL, SURVEY_INFERRED, SURVEY_INFERRED);
	char ended[CLOCK_PRINT_SIZE];

	if (!clock_print(r->totals.ended, ended))
		ended[0] = '\0';
	sheet_note(r->sheet,
	    "%" PRId64 " of %" PRId64 " names were asked about, until %s; "
	    "lookups of %" PRId64 " fail. Mail hosts of %" PRId64
	    " were connected to; of %" PRId64 " something is inferred. \"--as "
	    "html\" has more.",
	    r->totals.done, r->totals.names, ended, r->totals.failing,
	    r->probed, report_word(&inferred, "1").domains);
	report_rows_fini(&inferred);
}

void
report_put_brief(struct reporting *r)
{
	report_put_protection(r);
	report_put_levels(r);
	put_brief_defer(r);
	sheet_section(r->sheet, "published", "What is published");
	note_counts(r, "TLSA", SURVEY_DANE, SURVEY_DANE, 3);
	note_counts(r, "DANE works", SURVEY_DANE_HEALTH, SURVEY_DANE_FAULT, 2);
	note_counts(r, "MTA-STS record, policy", SURVEY_STS_RECORD,
	    SURVEY_STS_POLICY, 3);
	note_counts(
	    r, "MTA-STS mode, covers", SURVEY_STS_MODE, SURVEY_STS_COVER, 2);
	note_counts(r, "MTA-STS works", SURVEY_STS_HEALTH, SURVEY_STS_FAULT, 2);
	note_counts(r, "TLS reports", SURVEY_TLSRPT, SURVEY_TLSRPT, 3);
	note_tlds(r);
	note_sites(r);
	note_method(r);
}
