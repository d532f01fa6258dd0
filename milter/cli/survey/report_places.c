/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLDs, sites and single domains.
 *
 * How it works: the places with most domains are known first.  What else is
 * told of them is counted over all places there are, and what is of others is
 * left out as it comes: their number is not bounded.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/survey/report_count.h"

enum { LISTED = 200 };

static void
keep_frequent_place(void *arg, const struct survey_count *count)
{
	struct report_places *places = arg;
	struct report_place *place;

	if (places->count == REPORT_PLACES_MAX)
		return;
	place = &places->items[places->count++];
	text_copy(place->word, sizeof(place->word), count->words[0]);
	text_copy(place->second, sizeof(place->second), count->words[1]);
	place->all.domains = count->domains;
	place->all.messages = count->messages;
}

static size_t
most_places(const struct reporting *r)
{
	size_t most = report_top(r, REPORT_PLACES);

	return most < REPORT_PLACES_MAX ? most : REPORT_PLACES_MAX;
}

static struct report_places *
most_frequent_places(
    struct reporting *r, const struct survey_question *question)
{
	struct report_places *places = xcalloc(1, sizeof(*places));
	struct survey_question first = *question;

	first.most = most_places(r);
	report_each_count(r, &first, keep_frequent_place, places);
	return places;
}

static struct report_place *
listed_place(struct report_places *places, const char *word)
{
	for (size_t i = 0; i < places->count; i++)
		if (strcmp(places->items[i].word, word) == 0)
			return &places->items[i];
	return NULL;
}

/* --- s-dnssec --- */

static void
take_security(void *arg, const struct survey_count *count)
{
	struct report_place *place = listed_place(arg, count->words[0]);

	if (place != NULL && strcmp(count->words[1], "secure") == 0)
		report_add(&place->secure, count);
}

struct report_places *
report_tlds(struct reporting *r)
{
	static const struct survey_question by_tld = {
	    .filter = SURVEY_MAIL, .by = SURVEY_TLD};
	static const struct survey_question security = {.filter = SURVEY_MAIL,
	    .by = SURVEY_TLD,
	    .by_two = true,
	    .and_by = SURVEY_DNSSEC};
	struct report_places *places = most_frequent_places(r, &by_tld);

	/* the most frequent came first */
	while (
	    places->count > 0 &&
	    places->items[places->count - 1].all.domains < REPORT_PLACE_LEAST)
		places->count--;
	report_each_count(r, &security, take_security, places);
	return places;
}

void
report_put_dnssec(struct reporting *r)
{
	static const struct sheet_column columns[] = {
	    {"tld", "TLD", SHEET_WORDS},
	    {"domains", "domains", SHEET_NUMBER},
	    {"secure", "secure", SHEET_NUMBER},
	    {"share", "share", SHEET_WORDS},
	    {"messages", "messages", SHEET_NUMBER},
	    {"secure_messages", "to secure ones", SHEET_NUMBER},
	    {"messages_share", "of messages", SHEET_WORDS},
	};
	struct report_places *places = report_tlds(r);
	char share[SURVEY_SHARE_SIZE];

	sheet_section(r->sheet, "dnssec", "DNSSEC");
	if (places->count == 0)
		sheet_note(r->sheet,
		    "No top-level domain has %d domains that take mail.",
		    REPORT_PLACE_LEAST);
	else
		sheet_note(r->sheet,
		    "The %zu top-level domains with most domains that take "
		    "mail, of those with %d at least.",
		    most_places(r), REPORT_PLACE_LEAST);
	sheet_table(r->sheet, "tlds", "Domains with secure MX records, by TLD",
	    SHEET_PLAIN, columns, r->totals.weighted ? 7 : 4);
	for (size_t i = 0; i < places->count; i++) {
		const struct report_place *place = &places->items[i];

		sheet_cell(r->sheet, place->word);
		sheet_number(r->sheet, (uint64_t)place->all.domains);
		sheet_number(r->sheet, (uint64_t)place->secure.domains);
		sheet_cell(r->sheet, survey_share(place->secure.domains,
					 place->all.domains, share));
		if (!r->totals.weighted)
			continue;
		sheet_number(r->sheet, (uint64_t)place->all.messages);
		sheet_number(r->sheet, (uint64_t)place->secure.messages);
		sheet_cell(r->sheet, survey_share(place->secure.messages,
					 place->all.messages, share));
	}
	free(places);
}

/* --- s-sites --- */

static void
take_guarded(void *arg, const struct survey_count *count)
{
	struct report_place *place = listed_place(arg, count->words[0]);
	bool both = strcmp(count->words[1], "both") == 0;

	if (place == NULL)
		return;
	if (both || strcmp(count->words[1], "dane") == 0)
		report_add(&place->dane, count);
	if (both || strcmp(count->words[1], "sts") == 0)
		report_add(&place->sts, count);
}

static void
take_queued(void *arg, const struct survey_count *count)
{
	struct report_place *place = listed_place(arg, count->words[0]);

	if (place != NULL && strcmp(count->words[1], "q") == 0)
		report_add(&place->queued, count);
}

/* Of whom: a site has one, or none. */
static void
take_provider(void *arg, const struct survey_count *count)
{
	struct report_place *place = listed_place(arg, count->words[0]);

	if (place != NULL && place->second[0] == '\0')
		text_copy(
		    place->second, sizeof(place->second), count->words[1]);
}

struct report_places *
report_mail_sites(struct reporting *r)
{
	static const struct {
		enum survey_field and_by;
		survey_counted *take;
	} parts[] = {{SURVEY_PROVIDER, take_provider},
	    {SURVEY_PROTECTION, take_guarded}, {SURVEY_AUTO, take_queued}};
	struct survey_question question = {
	    .filter = SURVEY_MAIL, .by = SURVEY_SITE};
	struct report_places *places = most_frequent_places(r, &question);

	question.by_two = true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		question.and_by = parts[i].and_by;
		report_each_count(r, &question, parts[i].take, places);
	}
	return places;
}

void
report_put_sites(struct reporting *r)
{
	static const struct sheet_column columns[] = {
	    {"site", "site", SHEET_WORDS},
	    {"provider", "provider", SHEET_WORDS},
	    {"dane", "with DANE", SHEET_NUMBER},
	    {"sts", "with MTA-STS", SHEET_NUMBER},
	    {"queued", "auto queues", SHEET_NUMBER},
	    REPORT_COUNTS,
	};
	struct report_places *places = report_mail_sites(r);
	struct report_rows mail =
	    report_count(r, SURVEY_MAIL, SURVEY_MX_STATE, SURVEY_MX_STATE);
	struct survey_count of = report_known(&mail);

	sheet_section(r->sheet, "sites", "Who stands behind mail hosts");
	sheet_note(r->sheet,
	    "The registrable domain of the best MX host. with DANE: at all "
	    "hosts, MX records secure; with MTA-STS: enforced.");
	sheet_table(r->sheet, "sites", "Sites with most domains", SHEET_PLAIN,
	    columns, report_columns(r, 5));
	for (size_t i = 0; i < places->count; i++) {
		const struct report_place *place = &places->items[i];

		sheet_cell(r->sheet, place->word);
		sheet_cell(
		    r->sheet, place->second[0] == '\0' ? "-" : place->second);
		sheet_number(r->sheet, (uint64_t)place->dane.domains);
		sheet_number(r->sheet, (uint64_t)place->sts.domains);
		sheet_number(r->sheet, (uint64_t)place->queued.domains);
		report_put_shares(r, &place->all, &of, false);
	}
	report_rows_fini(&mail);
	free(places);
}

/* --- s-list --- */

static void
put_listed(void *arg, const struct survey_row *row)
{
	struct reporting *r = arg;

	sheet_cell(r->sheet, row->domain);
	sheet_number(r->sheet, (uint64_t)row->weight);
	sheet_cell(r->sheet, row->fields[SURVEY_REASON]);
	sheet_cell(r->sheet, row->fields[SURVEY_SITE]);
}

void
report_put_list(struct reporting *r)
{
	static const struct sheet_column columns[] = {
	    {"domain", "domain", SHEET_WORDS},
	    {"weight", "messages", SHEET_NUMBER},
	    {"reason", "reason", SHEET_WORDS},
	    {"site", "site", SHEET_WORDS},
	};
	size_t most = report_top(r, LISTED);
	int64_t queued = r->ends[OUTLOOK_AUTO][1].domains;

	sheet_section(r->sheet, "list", "Domains that auto would queue");
	sheet_note(
	    r->sheet, "By weight, %zu at most; CSV and NDJSON have all.", most);
	sheet_table(r->sheet, "list", "Domains", SHEET_PLAIN, columns,
	    sizeof(columns) / sizeof(columns[0]));
	sheet_shown(r->sheet, most);
	if (!r->failed && store_survey_each(r->survey, true, most, put_listed,
			      r, &r->err) != 0)
		r->failed = true;
	if (queued > (int64_t)most)
		sheet_more(r->sheet, (uint64_t)queued - most);
}
