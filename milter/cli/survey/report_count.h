/* report_count - counts of a survey, as the parts of its report show them. One
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_REPORT_COUNT_H
#define MILTER_CLI_SURVEY_REPORT_COUNT_H

#include "common/judge/outlook.h"
#include "milter/cli/survey/survey.h"

/* How mail ends: the letters of outlook_end_text, in the order of columns. */
enum { REPORT_ENDS = 5, REPORT_WORD_SIZE = 320 };
#define REPORT_END_LETTERS "dqtbu"

struct report_row {
	char words[2][REPORT_WORD_SIZE];
	int64_t domains, messages;
};

struct report_rows {
	size_t count;
	struct report_row *items;
};

/* The report while it is made. */
struct reporting {
	struct store_survey *survey;
	struct sheet *sheet;
	const struct cli_options *options;
	struct survey_totals totals;
	bool brief;     /* for a terminal: few words */
	int64_t probed; /* names whose mail hosts were connected to */
	struct survey_count ends[OUTLOOK_SENDERS][REPORT_ENDS];
	struct report_rows whys; /* by all reasons why mail is queued */
	struct err err;
	bool failed;
};

void report_rows_fini(struct report_rows *rows);
void report_rows_add(struct report_rows *rows, const char *word,
    const char *second, const struct survey_count *count);

/* report_add - more of the same, to the largest number that there is;
 * report_row_count - what a row has */
void report_add(struct survey_count *sum, const struct survey_count *more);
struct survey_count report_row_count(const struct report_row *row);

/* report_rows_add_row - a survey_counted: the same, to struct report_rows */
survey_counted report_rows_add_row;

/* report_count - by one field, or where and_by is another by two; the most
 * frequent first */
struct report_rows report_count(struct reporting *r, enum survey_filter filter,
    enum survey_field by, enum survey_field and_by);

/* report_filter - of which domains that take mail such a field is known */
enum survey_filter report_filter(enum survey_field by);

/* report_each_count - the same, each told; all there are */
void report_each_count(struct reporting *r, const struct survey_question *of,
    survey_counted *counted, void *arg);

/* report_count_ends - how many end how, for each sender, and whys */
void report_count_ends(struct reporting *r);

/* report_takers - of those domains that take mail, whose end is known */
struct survey_count
report_takers(const struct reporting *r, enum outlook_sender sender);

/* report_known - what shares are of: all rows that do not stand apart */
struct survey_count report_known(const struct report_rows *rows);

/* report_is_apart - what could not be found out, or does not apply */
bool report_is_apart(const char *word);

/* report_word - how many have it as their first word */
struct survey_count
report_word(const struct report_rows *rows, const char *word);

/* report_put_shares - the cells of REPORT_COUNTS; apart: in no share */
void report_put_shares(struct reporting *r, const struct survey_count *count,
    const struct survey_count *of, bool apart);

/* report_columns - how many of them there are: without weights those of
 * messages fall away */
size_t report_columns(const struct reporting *r, size_t words);

/* What stands behind one or two words. */
#define REPORT_COUNTS                                        \
	{"domains", "domains", SHEET_NUMBER},                \
	    {"domains_share", "share", SHEET_WORDS},         \
	    {"messages", "messages", SHEET_NUMBER},          \
	{                                                    \
		"messages_share", "of messages", SHEET_WORDS \
	}

/* report_put_table - rows with their shares of all that are known */
void report_put_table(struct reporting *r, const struct sheet_table *table,
    const struct report_rows *rows);

/* report_top - how many rows a list has */
size_t report_top(const struct reporting *r, size_t usual);

/* The parts, in the order of a report. */
void report_put_protection(struct reporting *r);
void report_put_levels(struct reporting *r);
void report_put_defer(struct reporting *r);
void report_put_published(struct reporting *r);
void report_put_dnssec(struct reporting *r);
void report_put_sites(struct reporting *r);
void report_put_list(struct reporting *r);

/* report_put_brief - all of them but the last, in few lines of text */
void report_put_brief(struct reporting *r);

/* report_defer_rows - why mail would be queued, and to how many: for each
 * sender, "q" or "t" with the reason */
struct report_rows
report_defer_rows(const struct reporting *r, enum outlook_sender sender);

/* TLDs and sites: how many are told where nobody says otherwise, and at most;
 * and how many domains a TLD has at least. */
enum { REPORT_PLACES = 20, REPORT_PLACES_MAX = 200, REPORT_PLACE_LEAST = 20 };

struct report_place {
	char word[LIMIT_DOMAIN_SIZE];
	char second[LIMIT_DOMAIN_SIZE];
	struct survey_count all, secure, dane, sts, queued;
};

struct report_places {
	size_t count;
	struct report_place items[REPORT_PLACES_MAX];
};

/* report_tlds - those with most domains, of REPORT_PLACE_LEAST at least;
 * report_mail_sites - of mail hosts; for free() */
struct report_places *report_tlds(struct reporting *r);
struct report_places *report_mail_sites(struct reporting *r);

#endif
