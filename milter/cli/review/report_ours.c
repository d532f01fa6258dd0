/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "milter/cli/review/report.h"
#include "milter/conf/settings.h"

enum { WEEK_S = 7 * CLOCK_DAY_S, PATH_SIZE = 300 };

static void
put_event(struct sheet *sheet, const char *what, uint64_t count, time_t last)
{
	char at[REPORT_WORD_SIZE];

	if (count == 0)
		return;
	sheet_cell(sheet, what);
	sheet_number(sheet, count);
	sheet_cell(sheet, report_time(last, at));
}

static time_t
last_unseen(const struct review *review)
{
	time_t at;

	return logline_time(review->unseen.last, review->options.now, &at) ? at
									   : 0;
}

/* Whether there was any. */
static bool
put_trouble(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"what", "what", SHEET_WORDS}, {"count", "times", SHEET_NUMBER},
	    {"last", "last", SHEET_WORDS}};
	const struct review_own *own = &review->own;
	const struct sheet_table *table;
	bool found;

	sheet_table(
	    sheet, "trouble", "Events at this host", SHEET_PLAIN, columns, 3);
	put_event(sheet, "message that passed unseen", review->unseen.count,
	    last_unseen(review));
	put_event(sheet, "check past its deadline",
	    review->reasons[REASON_DEADLINE], 0);
	put_event(sheet, "queue of checks full",
	    review->reasons[REASON_QUEUE_FULL], 0);
	put_event(sheet, "refused for its rate",
	    review->reasons[REASON_RATE_LIMITED], 0);
	put_event(sheet, "check without a validating resolver",
	    review->reasons[REASON_RESOLVER_NOT_VALIDATING], 0);
	put_event(
	    sheet, "internal error", review->reasons[REASON_INTERNAL_ERROR], 0);
	put_event(sheet, "resolver does not validate", own->resolver_down,
	    own->resolver_at);
	put_event(
	    sheet, "policy store not written", own->store_down, own->store_at);
	put_event(sheet, "port 25 closed on the way out", own->port_closed,
	    own->port_at);
	put_event(sheet, "connection of the MTA had to wait", own->accept, 0);
	put_event(sheet, "log line lost", own->lost_lines, 0);
	put_event(sheet, "reload with mistakes", own->reload_faults, 0);
	table = &sheet->sections[sheet->section_count - 1].tables[0];
	found = table->row_count > 0;
	put_event(sheet, "start", own->starts, 0);
	put_event(sheet, "stop", own->stops, 0);
	return found;
}

static const char *
state_of_ours(
    const struct rule *rule, const struct review_rule *used, time_t now)
{
	if (rule != NULL && !rule_in_effect(rule, now))
		return "expired";
	if (rule == NULL && used != NULL && used->expired)
		return "expired";
	if (rule != NULL && rule->ends_s != 0 && rule->ends_s - now < WEEK_S)
		return "expires";
	if (used == NULL || used->checks == 0)
		return "never used";
	return rule == NULL ? "not there any more" : "used";
}

static void
put_rule_row(const struct review *review, struct sheet *sheet, const char *name,
    const struct rule *rule, uint32_t number)
{
	const struct review_rule *used =
	    number == NAMES_NONE ? NULL : &review->rules[number];

	sheet_cell(sheet, name);
	sheet_cell(sheet, state_of_ours(rule, used, review->options.now));
	sheet_number(sheet, used == NULL ? 0 : used->checks);
	sheet_cell(sheet, rule != NULL   ? rule->until
			  : used != NULL ? used->until
					 : "");
}

static bool
is_listed_ours(const struct rule_list *rules, const char *name)
{
	for (size_t i = 0; rules != NULL && i < rules->count; i++)
		if (strcmp(rule_word(rules->rules[i]), name) == 0)
			return true;
	return false;
}

/* Those of the file as it is now, and those that only the log knows. */
static void
put_rules(const struct review *review, const struct rule_list *rules,
    struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"rule", "rule", SHEET_WORDS}, {"state", "state", SHEET_WORDS},
	    {"domain_checks", "domains of messages", SHEET_NUMBER},
	    {"until", "until", SHEET_WORDS}};

	sheet_table(
	    sheet, "rules", "Rules per destination", SHEET_PLAIN, columns, 4);
	for (size_t i = 0; rules != NULL && i < rules->count; i++) {
		const char *name = rule_word(rules->rules[i]);

		put_rule_row(review, sheet, name, rules->rules[i],
		    names_find(&review->rule_names, name));
	}
	for (uint32_t i = 0; i < review->rule_names.count; i++)
		if (!is_listed_ours(rules, review->rule_names.items[i]))
			put_rule_row(review, sheet, review->rule_names.items[i],
			    NULL, i);
}

static void
put_slowest(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"domain", "domain", SHEET_WORDS}, {"ms", "ms", SHEET_NUMBER},
	    {"at", "when", SHEET_WORDS}};
	char at[REPORT_WORD_SIZE];

	sheet_table(sheet, "slowest", "Slowest checks", SHEET_BARS, columns, 3);
	for (size_t i = 0; i < review->slow_count; i++) {
		sheet_cell(sheet, review->slowest[i].domain);
		sheet_number(sheet, review->slowest[i].ms);
		sheet_cell(sheet, report_time(review->slowest[i].at, at));
	}
}

/* Those that were told most often first. */
static int
compare_told(const void *a, const void *b)
{
	const struct review_told *left = a, *right = b;

	if (left->times != right->times)
		return left->times < right->times ? 1 : -1;
	return strcmp(left->word, right->word);
}

static void
put_told(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"answer", "answer", SHEET_WORDS}, {"count", "times", SHEET_NUMBER},
	    {"last", "last", SHEET_WORDS}};
	struct review_told told[REVIEW_TOLD];
	char at[REPORT_WORD_SIZE];

	memcpy(told, review->told, sizeof(told));
	qsort(told, review->told_count, sizeof(*told), compare_told);
	sheet_table(sheet, "told", "What MTAs that ask were told", SHEET_BARS,
	    columns, 3);
	for (size_t i = 0; i < review->told_count; i++) {
		sheet_cell(sheet, told[i].word);
		sheet_number(sheet, told[i].times);
		sheet_cell(sheet, report_time(told[i].last, at));
	}
}

void
report_ours(const struct review *review, const struct settings *settings,
    struct sheet *sheet)
{
	const struct review_own *own = &review->own;

	sheet_section(sheet, "ours", "Ours");
	if (own->resolver_is_down || own->store_is_down || own->port_is_closed)
		sheet_note(sheet, "At the end of the log:%s%s%s",
		    own->resolver_is_down ? " the resolver does not validate."
					  : "",
		    own->store_is_down ? " the policy store is not written."
				       : "",
		    own->port_is_closed ? " port 25 is closed." : "");
	if (!put_trouble(review, sheet))
		sheet_note(sheet, "posternd tells of no trouble of its own.");
	put_rules(
	    review, settings == NULL ? NULL : settings->destinations, sheet);
	put_slowest(review, sheet);
	put_told(review, sheet);
}
