/* SPDX-License-Identifier: BSD-2-Clause */
/* What protects mail, and what becomes of it by what its sender enforces. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/judge/verdict.h"
#include "milter/cli/survey/report_count.h"

/* --- s-protection --- */

static struct survey_count
sum_guarded(const struct report_rows *rows)
{
	static const char *const words[] = {"both", "dane", "sts"};
	struct survey_count sum = {.domains = 0};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct survey_count count = report_word(rows, words[i]);

		report_add(&sum, &count);
	}
	return sum;
}

/* "; of messages 5 (1.2 %) of 400", where weights are known. */
static const char *
messages_clause(const struct reporting *r, const struct survey_count *part,
    const struct survey_count *whole, char out[120])
{
	char share[SURVEY_SHARE_SIZE];

	out[0] = '\0';
	if (r->totals.weighted)
		snprintf(out, 120, "; of messages %" PRId64 " (%s) of %" PRId64,
		    part->messages,
		    survey_share(part->messages, whole->messages, share),
		    whole->messages);
	return out;
}

static void
note_guarded(struct reporting *r, const struct report_rows *rows)
{
	struct survey_count guarded = sum_guarded(rows);
	struct survey_count known = report_known(rows);
	char share[SURVEY_SHARE_SIZE], clause[120];

	sheet_note(r->sheet,
	    "%" PRId64 " (%s) of %" PRId64 " domains that take mail have DANE "
	    "at every mail host, or an MTA-STS policy that is enforced, or "
	    "both%s.",
	    guarded.domains,
	    survey_share(guarded.domains, known.domains, share), known.domains,
	    messages_clause(r, &guarded, &known, clause));
}

/* As posternd does with On-Fail defer. */
static void
note_stopped(struct reporting *r)
{
	const struct survey_count *queued = &r->ends[OUTLOOK_AUTO][1];
	struct survey_count of = report_takers(r, OUTLOOK_AUTO);
	char share[SURVEY_SHARE_SIZE], clause[120];

	sheet_note(r->sheet,
	    "Who defers what fails (auto) would stop mail to %" PRId64 " (%s) "
	    "of %" PRId64 " domains%s; of %" PRId64 " that is not known.",
	    queued->domains, survey_share(queued->domains, of.domains, share),
	    of.domains, messages_clause(r, queued, &of, clause),
	    r->ends[OUTLOOK_AUTO][REPORT_ENDS - 1].domains);
}

void
report_put_protection(struct reporting *r)
{
	static const struct sheet_column columns[] = {
	    {"protection", "protection", SHEET_WORDS}, REPORT_COUNTS};
	static const struct sheet_table table = {.id = "protection",
	    .title = "Domains that take mail, by what protects mail to them",
	    .chart = SHEET_BARS,
	    .columns = columns};
	static const struct sheet_table short_table = {
	    .id = "protection", .title = "", .columns = columns};
	struct report_rows rows =
	    report_count(r, SURVEY_MAIL, SURVEY_PROTECTION, SURVEY_PROTECTION);

	sheet_section(r->sheet, "protection", "Protection");
	note_guarded(r, &rows);
	note_stopped(r);
	if (!r->brief)
		sheet_note(r->sheet,
		    "both, dane, sts (enforced), sts-testing, partial "
		    "(TLSA at some hosts, or under MX records that "
		    "are not secure), neither.");
	report_put_table(r, r->brief ? &short_table : &table, &rows);
	report_rows_fini(&rows);
}

/* --- s-levels --- */

static void
put_level_ends(struct reporting *r, enum outlook_sender sender, bool messages)
{
	struct survey_count of = report_takers(r, sender);
	const struct survey_count *ends = r->ends[sender];
	char share[SURVEY_SHARE_SIZE];

	sheet_cell(r->sheet, outlook_sender_text(sender));
	for (size_t j = 0; j < REPORT_ENDS; j++)
		sheet_number(r->sheet,
		    (uint64_t)(messages ? ends[j].messages : ends[j].domains));
	sheet_cell(r->sheet,
	    messages ? survey_share(ends[1].messages, of.messages, share)
		     : survey_share(ends[1].domains, of.domains, share));
	/* a terminal has no second table */
	if (r->brief && r->totals.weighted)
		sheet_cell(r->sheet,
		    survey_share(ends[1].messages, of.messages, share));
}

static void
put_level_table(
    struct reporting *r, const char *id, const char *title, bool messages)
{
	static const struct sheet_column columns[] = {
	    {"level", "sender", SHEET_WORDS},
	    {"delivered", "delivered", SHEET_NUMBER},
	    {"queued", "queued", SHEET_NUMBER},
	    {"lookup", "lookup fails", SHEET_NUMBER},
	    {"bounced", "bounced", SHEET_NUMBER},
	    {"unknown", "not known", SHEET_NUMBER},
	    {"queued_share", "queued", SHEET_WORDS},
	};
	/* for a terminal */
	static const struct sheet_column narrow[] = {
	    {"level", "sender", SHEET_WORDS},
	    {"delivered", "delivered", SHEET_NUMBER},
	    {"queued", "queued", SHEET_NUMBER},
	    {"lookup", "fails", SHEET_NUMBER},
	    {"bounced", "bounced", SHEET_NUMBER},
	    {"unknown", "not known", SHEET_NUMBER},
	    {"queued_share", "queued", SHEET_WORDS},
	    {"queued_messages_share", "messages", SHEET_WORDS},
	};

	sheet_table(r->sheet, id, title, SHEET_STACKED,
	    r->brief ? narrow : columns,
	    r->brief && r->totals.weighted ? 8 : 7);
	for (int i = 0; i < OUTLOOK_SENDERS; i++)
		put_level_ends(r, (enum outlook_sender)i, messages);
}

static void
note_levels(struct reporting *r)
{
	sheet_note(r->sheet,
	    "By what its sender enforces. may: nothing; encrypt: TLS, with "
	    "anybody; dane: DANE, and no MTA-STS; sts: MTA-STS, and no DANE, "
	    "as "
	    "most large mailbox providers; auto: both, as posternd; dane-only: "
	    "no mail without DANE; secure: a public certificate with the name "
	    "of the MX host, of everybody.");
	sheet_note(r->sheet,
	    r->probed > 0
		? "Where mail hosts were not connected to, or did not let "
		  "anybody in, the rest is not known."
		: "Mail hosts were not connected to: queued is what DNS or a "
		  "policy proves, and where TLS is demanded the rest is not "
		  "known.");
	sheet_note(r->sheet,
	    "queued: a policy is not kept; lookup fails: DNS does not answer, "
	    "or DNSSEC is broken, which every sender waits for; bounced: the "
	    "domain takes no mail. The share is of domains that take mail and "
	    "of which the end is known.");
}

void
report_put_levels(struct reporting *r)
{
	sheet_section(r->sheet, "levels",
	    r->brief ? "What becomes of mail, by what its sender enforces"
		     : "What becomes of mail");
	if (!r->brief)
		note_levels(r);
	put_level_table(
	    r, "levels", r->brief ? "" : "All domains, by sender", false);
	if (r->totals.weighted && !r->brief)
		put_level_table(
		    r, "levels_messages", "All messages, by sender", true);
}

/* --- s-defer --- */

static bool
is_lookup_reason(const char *word)
{
	return strcmp(word, reason_text(REASON_DNSSEC_INVALID)) == 0 ||
	       strcmp(word, reason_text(REASON_DNS_SERVFAIL)) == 0 ||
	       strcmp(word, reason_text(REASON_DNS_TIMEOUT)) == 0;
}

/* The word of one sender, in a list of those of all; "-": none. */
static void
word_of_sender(const char *words, enum outlook_sender sender, char out[64])
{
	for (int i = 0; i < (int)sender; i++) {
		words += strcspn(words, " ");
		words += strspn(words, " ");
	}
	snprintf(out, 64, "%.*s", (int)strcspn(words, " "), words);
}

static int
compare_rows(const void *a, const void *b)
{
	const struct report_row *one = a, *other = b;
	int end = strcmp(one->words[0], other->words[0]);

	/* "q" before "t", which every sender waits for */
	if (end != 0)
		return end;
	if (one->domains != other->domains)
		return one->domains < other->domains ? 1 : -1;
	return strcmp(one->words[1], other->words[1]);
}

/* A word that is there gets more, else it is added. */
static void
sum_row(struct report_rows *rows, const char *word, const char *second,
    const struct report_row *more)
{
	struct survey_count count = report_row_count(more);

	for (size_t i = 0; i < rows->count; i++) {
		struct report_row *row = &rows->items[i];
		struct survey_count sum = report_row_count(row);

		if (strcmp(row->words[1], second) != 0)
			continue;
		report_add(&sum, &count);
		row->domains = sum.domains;
		row->messages = sum.messages;
		return;
	}
	report_rows_add(rows, word, second, &count);
}

struct report_rows
report_defer_rows(const struct reporting *r, enum outlook_sender sender)
{
	struct report_rows rows = {.count = 0};

	for (size_t i = 0; i < r->whys.count; i++) {
		const struct report_row *row = &r->whys.items[i];
		char word[64];

		word_of_sender(row->words[0], sender, word);
		if (word[0] != '\0' && strcmp(word, "-") != 0)
			sum_row(&rows, is_lookup_reason(word) ? "t" : "q", word,
			    row);
	}
	if (rows.count > 1)
		qsort(
		    rows.items, rows.count, sizeof(*rows.items), compare_rows);
	return rows;
}

void
report_put_defer(struct reporting *r)
{
	static const struct sheet_column columns[] = {
	    {"level", "sender", SHEET_WORDS}, {"end", "end", SHEET_WORDS},
	    {"reason", "reason", SHEET_WORDS}, REPORT_COUNTS};

	sheet_section(r->sheet, "defer", "What defer would stop");
	sheet_note(r->sheet,
	    "q: a policy is not kept; t: a lookup fails, which every MTA waits "
	    "for. Each share is of domains that take mail and of which the end "
	    "is known, for that sender.");
	sheet_table(r->sheet, "defer", "Queued, by sender and reason",
	    SHEET_PLAIN, columns, report_columns(r, 3));
	for (int i = 0; i < OUTLOOK_SENDERS; i++) {
		enum outlook_sender sender = (enum outlook_sender)i;
		struct survey_count of = report_takers(r, sender);
		struct report_rows rows = report_defer_rows(r, sender);

		for (size_t j = 0; j < rows.count; j++) {
			struct survey_count count =
			    report_row_count(&rows.items[j]);

			sheet_cell(r->sheet, outlook_sender_text(sender));
			sheet_cell(r->sheet, rows.items[j].words[0]);
			sheet_cell(r->sheet, rows.items[j].words[1]);
			report_put_shares(r, &count, &of, false);
		}
		report_rows_fini(&rows);
	}
}
