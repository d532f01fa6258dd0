/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/text.h"
#include "common/judge/outlook.h"
#include "milter/cli/survey/host_lines.h"
#include "milter/cli/survey/survey.h"
#include "milter/view/json_put.h"

/* --- a line of JSON for each domain --- */

static json_t *
json_words(const char *words)
{
	json_t *list = json_array();

	while (*words != '\0') {
		size_t length = strcspn(words, " ");

		json_array_append_new(list, json_stringn(words, length));
		words += length + (words[length] == ' ');
	}
	return list;
}

/* Pairs of a key and a field, up to NULL. */
struct pair {
	const char *key;
	enum survey_field field;
};

static json_t *
json_pairs(const struct survey_row *row, const struct pair *pairs)
{
	json_t *object = json_object();

	for (; pairs->key != NULL; pairs++)
		json_put_text(object, pairs->key, row->fields[pairs->field]);
	return object;
}

static json_t *
json_mx(const struct survey_row *row)
{
	static const struct pair pairs[] = {{"state", SURVEY_MX_STATE},
	    {"site", SURVEY_SITE}, {"provider", SURVEY_PROVIDER},
	    {"class", SURVEY_CLASS}, {NULL, SURVEY_TLD}};
	json_t *object = json_pairs(row, pairs);

	json_put_bool(
	    object, "secure", strcmp(row->fields[SURVEY_MX_SECURE], "1") == 0);
	json_put_number(
	    object, "count", strtol(row->fields[SURVEY_MX_COUNT], NULL, 10));
	json_put_bool(object, "cut", strcmp(row->fields[SURVEY_CUT], "1") == 0);
	json_object_set_new(
	    object, "hosts", json_words(row->fields[SURVEY_HOSTS]));
	return object;
}

/* The one text of a stranger: no longer than an id may be, whoever wrote the
 * file. */
static void
put_id(json_t *object, const struct survey_row *row)
{
	char id[LIMIT_STS_ID + 1];

	text_clean(id, sizeof(id), row->fields[SURVEY_STS_ID],
	    strlen(row->fields[SURVEY_STS_ID]));
	json_put_text(object, "id", id);
}

static json_t *
json_sts(const struct survey_row *row)
{
	static const struct pair pairs[] = {{"record", SURVEY_STS_RECORD},
	    {"why", SURVEY_STS_WHY}, {"policy", SURVEY_STS_POLICY},
	    {"fetch", SURVEY_STS_FETCH}, {"mode", SURVEY_STS_MODE},
	    {"cover", SURVEY_STS_COVER}, {"health", SURVEY_STS_HEALTH},
	    {"fault", SURVEY_STS_FAULT}, {NULL, SURVEY_TLD}};
	json_t *object = json_pairs(row, pairs);

	json_put_number(object, "max_age",
	    strtol(row->fields[SURVEY_STS_MAX_AGE], NULL, 10));
	put_id(object, row);
	return object;
}

static json_t *
json_out(const struct survey_row *row)
{
	json_t *object = json_object();

	for (int i = 0; i < OUTLOOK_SENDERS; i++)
		json_put_text(object,
		    outlook_sender_text((enum outlook_sender)i),
		    row->fields[SURVEY_MAY + i]);
	return object;
}

static json_t *
json_domain(const struct survey_row *row)
{
	static const struct pair dnssec[] = {{"domain", SURVEY_DNSSEC},
	    {"hosts", SURVEY_HOSTS_SECURE}, {"chain", SURVEY_CHAIN},
	    {"dns_host", SURVEY_DNS_HOST}, {NULL, SURVEY_TLD}};
	static const struct pair dane[] = {{"adoption", SURVEY_DANE},
	    {"health", SURVEY_DANE_HEALTH}, {"fault", SURVEY_DANE_FAULT},
	    {NULL, SURVEY_TLD}};
	static const struct pair reports[] = {{"record", SURVEY_TLSRPT},
	    {"why", SURVEY_TLSRPT_WHY}, {NULL, SURVEY_TLD}};
	json_t *object = json_object(), *tlsrpt = json_pairs(row, reports);

	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "domain");
	json_put_text(object, "domain", row->domain);
	json_put_number(object, "weight", row->weight);
	json_put_number(object, "rank", row->rank);
	json_put_text(object, "tld", row->fields[SURVEY_TLD]);
	json_put_time(object, "time", row->time);
	json_object_set_new(object, "mx", json_mx(row));
	json_object_set_new(object, "dnssec", json_pairs(row, dnssec));
	json_object_set_new(object, "dane", json_pairs(row, dane));
	json_object_set_new(object, "sts", json_sts(row));
	json_object_set_new(tlsrpt, "rua", json_words(row->fields[SURVEY_RUA]));
	json_object_set_new(object, "tlsrpt", tlsrpt);
	json_put_text(object, "protection", row->fields[SURVEY_PROTECTION]);
	json_object_set_new(object, "out", json_out(row));
	json_put_text(object, "result", row->fields[SURVEY_RESULT]);
	json_put_text(object, "reason", row->fields[SURVEY_REASON]);
	json_put_text(object, "depth", row->fields[SURVEY_DEPTH]);
	json_put_bool(
	    object, "inferred", strcmp(row->fields[SURVEY_INFERRED], "1") == 0);
	json_put_number(object, "tries", row->tries);
	return object;
}

static void
print_json_row(void *arg, const struct survey_row *row)
{
	json_print(arg, json_domain(row));
}

static int
print_each(struct store_survey *survey, survey_each *each, FILE *out)
{
	struct err err;

	return store_survey_each(survey, false, 0, each, out, &err) == 0
		   ? 0
		   : cli_fail(EX_DATAERR, "%s", err.text);
}

/* --- the lines around them --- */

static int
print_host_lines(struct store_survey *survey, FILE *out)
{
	struct err err;

	return store_survey_each_host(survey, host_lines_print, out, &err) == 0
		   ? 0
		   : cli_fail(EX_DATAERR, "%s", err.text);
}

static void
append_note(void *arg, const char *value)
{
	json_array_append_new(arg, json_string(value));
}

static json_t *
json_notes(struct store_survey *survey, const char *key)
{
	json_t *list = json_array();

	store_survey_each_note(survey, key, append_note, list, NULL);
	return list;
}

/* The first of a key, or "". */
static void
put_first_note(json_t *object, struct store_survey *survey, const char *key)
{
	json_t *list = json_notes(survey, key);
	const char *first = json_string_value(json_array_get(list, 0));

	json_put_text(object, key, first == NULL ? "" : first);
	json_decref(list);
}

static void
print_export_head(struct store_survey *survey, FILE *out)
{
	json_t *object = json_object(), *counts = json_object();
	json_t *by_line = json_notes(survey, SURVEY_NOTE_BY_LINE);
	struct survey_totals totals = {.names = 0};

	store_survey_total(survey, &totals, NULL);
	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "head");
	json_put_text(object, "version", PACKAGE_VERSION);
	json_put_number(counts, "names", totals.names);
	json_put_number(counts, "done", totals.done);
	json_put_number(counts, "failing", totals.failing);
	json_object_set_new(object, "counts", counts);
	json_object_set_new(
	    object, "sources", json_notes(survey, SURVEY_NOTE_SOURCE));
	json_put_bool(object, "by_line", json_array_size(by_line) > 0);
	json_decref(by_line);
	json_put_time(object, "began", totals.began);
	json_put_time(object, "ended", totals.ended);
	put_first_note(object, survey, SURVEY_NOTE_RESOLVER);
	put_first_note(object, survey, SURVEY_NOTE_SETTINGS);
	json_print(out, object);
}

static void
print_summary(const struct sheet *sheet, FILE *out)
{
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "summary");
	json_object_set_new(object, "report", sheet_json(sheet));
	json_print(out, object);
}

/* Of each domain with a valid record. */
static void
print_policy_row(void *arg, const struct survey_row *row)
{
	const char *const *fields = row->fields;
	json_t *object;

	if (strcmp(fields[SURVEY_STS_POLICY], "fetched") != 0 &&
	    strcmp(fields[SURVEY_STS_POLICY], "failed") != 0)
		return;
	object = json_object();
	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "policy");
	json_put_text(object, "domain", row->domain);
	put_id(object, row);
	json_put_text(object, "mode", fields[SURVEY_STS_MODE]);
	json_put_number(
	    object, "max_age", strtol(fields[SURVEY_STS_MAX_AGE], NULL, 10));
	json_object_set_new(object, "mx", json_words(fields[SURVEY_STS_MX]));
	json_put_text(object, "fetch", fields[SURVEY_STS_FETCH]);
	json_put_text(object, "fault", fields[SURVEY_STS_FAULT]);
	json_put_bool(object, "cert_wildcard",
	    strcmp(fields[SURVEY_STS_WILDCARD], "1") == 0);
	json_print(arg, object);
}

int
survey_ndjson(
    struct store_survey *survey, const struct sheet *report, FILE *out)
{
	int status;

	print_export_head(survey, out);
	status = print_host_lines(survey, out);
	if (status == 0)
		status = print_each(survey, print_policy_row, out);
	if (status == 0)
		status = print_each(survey, print_json_row, out);
	if (status == 0)
		print_summary(report, out);
	return status;
}

/* --- CSV --- */

static void
print_csv_row(void *arg, const struct survey_row *row)
{
	FILE *out = arg;

	sheet_csv_cell(out, row->domain);
	fprintf(out, ",%" PRId64 ",%" PRId64, row->weight, row->rank);
	for (int i = 0; i < SURVEY_CSV_FIELDS; i++) {
		putc(',', out);
		sheet_csv_cell(out, row->fields[i]);
	}
	fputs("\r\n", out);
}

int
survey_csv(struct store_survey *survey, FILE *out)
{
	fputs("domain,weight,rank", out);
	for (int i = 0; i < SURVEY_CSV_FIELDS; i++)
		fprintf(out, ",%s", survey_field_name((enum survey_field)i));
	fputs("\r\n", out);
	return print_each(survey, print_csv_row, out);
}
