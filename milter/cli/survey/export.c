/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/judge/outlook.h"
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
	json_object_set_new(
	    object, "hosts", json_words(row->fields[SURVEY_HOSTS]));
	return object;
}

static json_t *
json_sts(const struct survey_row *row)
{
	static const struct pair pairs[] = {{"record", SURVEY_STS_RECORD},
	    {"why", SURVEY_STS_WHY}, {"id", SURVEY_STS_ID},
	    {"policy", SURVEY_STS_POLICY}, {"mode", SURVEY_STS_MODE},
	    {"cover", SURVEY_STS_COVER}, {"health", SURVEY_STS_HEALTH},
	    {"fault", SURVEY_STS_FAULT}, {NULL, SURVEY_TLD}};
	json_t *object = json_pairs(row, pairs);

	json_put_number(object, "max_age",
	    strtol(row->fields[SURVEY_STS_MAX_AGE], NULL, 10));
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
	    {"hosts", SURVEY_HOSTS_SECURE}, {NULL, SURVEY_TLD}};
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

int
survey_ndjson(struct store_survey *survey, FILE *out)
{
	return print_each(survey, print_json_row, out);
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
