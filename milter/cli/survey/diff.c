/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/diff.h"

#include <inttypes.h>
#include <jansson.h>
#include <sysexits.h>

#include "milter/cli/survey/survey.h"
#include "milter/view/json_put.h"

enum { LISTED = 200, CHANGE_SIZE = 240 };

int
survey_compare(struct comparison *comparison, struct store_survey *survey,
    struct store_survey *before)
{
	struct err err;

	comparison->survey = survey;
	if (store_survey_compare(survey, before, change_of, &err) != 0 ||
	    store_survey_diff_count(survey, comparison->counts, CHANGES,
		&comparison->other_depth, &err) != 0)
		return cli_fail(EX_IOERR, "cannot compare: %s", err.text);
	return 0;
}

/* Both kinds of worse are one word. */
static struct survey_kind_count
count_of_word(const struct comparison *comparison, enum change change)
{
	struct survey_kind_count sum = comparison->counts[change];

	if (change == CHANGE_LOST) {
		sum.domains += comparison->counts[CHANGE_QUEUED].domains;
		sum.messages += comparison->counts[CHANGE_QUEUED].messages;
	}
	return sum;
}

/* --- as a sheet --- */

static void
put_pair(void *arg, const struct survey_pair *pair)
{
	struct sheet *sheet = arg;
	char what[CHANGE_SIZE];

	change_print(pair, what, sizeof(what));
	sheet_cell(sheet, pair->domain);
	sheet_number(sheet, (uint64_t)pair->weight);
	sheet_cell(sheet, change_text((enum change)pair->kind));
	sheet_cell(sheet, what);
}

static void
put_change_counts(struct sheet *sheet, const struct comparison *comparison)
{
	static const struct sheet_column columns[] = {
	    {"change", "change", SHEET_WORDS},
	    {"domains", "domains", SHEET_NUMBER},
	    {"messages", "messages", SHEET_NUMBER},
	};

	sheet_table(sheet, "changes", "Domains, by what became of them",
	    SHEET_PLAIN, columns, sizeof(columns) / sizeof(columns[0]));
	for (int i = CHANGE_LOST; i < CHANGES; i++) {
		struct survey_kind_count count =
		    count_of_word(comparison, (enum change)i);

		sheet_cell(sheet, change_text((enum change)i));
		sheet_number(sheet, (uint64_t)count.domains);
		sheet_number(sheet, (uint64_t)count.messages);
	}
}

int
survey_put_comparison(struct sheet *sheet, const struct comparison *comparison)
{
	static const struct sheet_column columns[] = {
	    {"domain", "domain", SHEET_WORDS},
	    {"weight", "messages", SHEET_NUMBER},
	    {"change", "change", SHEET_WORDS},
	    {"what", "what", SHEET_BELOW},
	};
	uint64_t changed = 0;
	struct err err;

	sheet_section(sheet, "diff", "Since the earlier survey");
	sheet_note(sheet,
	    "The mail of %" PRId64 " domains would be queued under auto now, "
	    "and was not; %" PRId64 " lost protection otherwise.",
	    comparison->counts[CHANGE_QUEUED].domains,
	    comparison->counts[CHANGE_LOST].domains);
	if (comparison->other_depth > 0)
		sheet_note(sheet,
		    "%" PRId64 " domains were looked at with another depth: "
		    "compared is only what both know.",
		    comparison->other_depth);
	put_change_counts(sheet, comparison);
	sheet_table(sheet, "changed", "What changed, the worst first",
	    SHEET_PLAIN, columns, sizeof(columns) / sizeof(columns[0]));
	if (store_survey_diff_each(comparison->survey, CHANGE_SAME, LISTED,
		put_pair, sheet, &err) != 0)
		return cli_fail(EX_IOERR, "cannot compare: %s", err.text);
	for (int i = 0; i < CHANGE_SAME; i++)
		changed += (uint64_t)comparison->counts[i].domains;
	if (changed > LISTED)
		sheet_more(sheet, changed - LISTED);
	return 0;
}

int
survey_put_baseline(
    struct sheet *sheet, struct store_survey *survey, const char *path)
{
	AUTO(store_survey) struct store_survey *before = NULL;
	struct comparison comparison;
	int status;

	before = survey_open_either(path, &status);
	if (before == NULL)
		return status;
	status = survey_compare(&comparison, survey, before);
	return status == 0 ? survey_put_comparison(sheet, &comparison) : status;
}

/* --- a line for each domain that changed --- */

static int
print_pairs(
    const struct comparison *comparison, survey_pair_each *each, FILE *out)
{
	struct err err;

	return store_survey_diff_each(
		   comparison->survey, CHANGE_SAME, 0, each, out, &err) == 0
		   ? 0
		   : cli_fail(EX_IOERR, "cannot compare: %s", err.text);
}

static json_t *
json_side(const char *const words[])
{
	json_t *object = json_object();

	for (int i = 0; i < COMPARED_FIELDS; i++)
		json_put_text(object,
		    survey_field_name(
			store_survey_compared((enum survey_compared)i)),
		    words[i]);
	return object;
}

static void
print_pair_json(void *arg, const struct survey_pair *pair)
{
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "change");
	json_put_text(object, "domain", pair->domain);
	json_put_number(object, "weight", pair->weight);
	json_put_text(object, "change", change_text((enum change)pair->kind));
	json_object_set_new(object, "then",
	    pair->kind == CHANGE_NEW ? json_null() : json_side(pair->then));
	json_object_set_new(object, "now",
	    pair->kind == CHANGE_GONE ? json_null() : json_side(pair->now));
	json_print(arg, object);
}

static void
print_change_summary(FILE *out, const struct comparison *comparison)
{
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "summary");
	for (int i = CHANGE_LOST; i < CHANGES; i++)
		json_put_number(object, change_text((enum change)i),
		    count_of_word(comparison, (enum change)i).domains);
	json_put_number(
	    object, "queued", comparison->counts[CHANGE_QUEUED].domains);
	json_put_number(object, "other_depth", comparison->other_depth);
	json_print(out, object);
}

static void
print_pair_csv(void *arg, const struct survey_pair *pair)
{
	FILE *out = arg;

	sheet_csv_cell(out, pair->domain);
	fprintf(out, ",%" PRId64 ",%s", pair->weight,
	    change_text((enum change)pair->kind));
	for (int i = 0; i < COMPARED_FIELDS; i++) {
		putc(',', out);
		sheet_csv_cell(out, pair->then[i]);
		putc(',', out);
		sheet_csv_cell(out, pair->now[i]);
	}
	fputs("\r\n", out);
}

static void
print_csv_head(FILE *out)
{
	fputs("domain,weight,change", out);
	for (int i = 0; i < COMPARED_FIELDS; i++) {
		const char *name = survey_field_name(
		    store_survey_compared((enum survey_compared)i));

		fprintf(out, ",%s_then,%s", name, name);
	}
	fputs("\r\n", out);
}

int
survey_diff_csv(const struct comparison *comparison, FILE *out)
{
	print_csv_head(out);
	return print_pairs(comparison, print_pair_csv, out);
}

int
survey_diff_ndjson(const struct comparison *comparison, FILE *out)
{
	int status = print_pairs(comparison, print_pair_json, out);

	if (status == 0)
		print_change_summary(out, comparison);
	return status;
}
