/* SPDX-License-Identifier: BSD-2-Clause */
/* A survey's file, or what "report --as ndjson" wrote of one, taken back for a
 * comparison: the words that are compared, and no more. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "milter/cli/survey/survey.h"

enum { WORD_MAX = 32, TRANSACTION_ROWS = 10000 };

/* What it is that is wrong with a line; NULL: nothing. */
static const char *
take_word(const json_t *object, const char *first, const char *second,
    const char **out)
{
	const json_t *value = json_object_get(object, first);
	const char *word;

	if (second != NULL)
		value = json_object_get(value, second);
	word = json_string_value(value);
	if (word == NULL || strlen(word) > WORD_MAX ||
	    word[strspn(word, "abcdefghijklmnopqrstuvwxyz-")] != '\0')
		return "a word is missing, or is none";
	*out = word;
	return NULL;
}

static const char *
read_row(const json_t *object, char domain[LIMIT_DOMAIN_SIZE],
    struct survey_row *row)
{
	static const struct {
		const char *first, *second;
		enum survey_field field;
	} words[] = {
	    {"protection", NULL, SURVEY_PROTECTION},
	    {"dane", "adoption", SURVEY_DANE},
	    {"dane", "health", SURVEY_DANE_HEALTH},
	    {"sts", "mode", SURVEY_STS_MODE},
	    {"sts", "health", SURVEY_STS_HEALTH},
	    {"out", "auto", SURVEY_AUTO},
	    {"depth", NULL, SURVEY_DEPTH},
	};
	const char *name = json_string_value(json_object_get(object, "domain"));
	const char *wrong = NULL;

	if (name == NULL || domain_normalise(name, domain, NULL) != 0)
		return "it has no domain";
	*row = (struct survey_row){.domain = domain,
	    .weight = json_integer_value(json_object_get(object, "weight"))};
	if (row->weight < 1)
		return "it has no weight";
	for (int i = 0; i < SURVEY_FIELDS; i++)
		row->fields[i] = "";
	for (size_t i = 0;
	     wrong == NULL && i < sizeof(words) / sizeof(words[0]); i++)
		wrong = take_word(object, words[i].first, words[i].second,
		    &row->fields[words[i].field]);
	return wrong;
}

static int
keep_export_line(struct store_survey *survey, const char *path,
    const char *line, uint64_t number)
{
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *kind = json_string_value(json_object_get(object, "kind"));
	char domain[LIMIT_DOMAIN_SIZE];
	const char *wrong = kind == NULL ? "it is no line of an export" : NULL;
	struct survey_row row;
	struct err err;
	int status = 0;

	if (wrong == NULL && strcmp(kind, "domain") == 0) {
		wrong = read_row(object, domain, &row);
		if (wrong == NULL &&
		    (store_survey_add(survey, domain, row.weight, 0, &err) !=
			    0 ||
			store_survey_put(survey, &row, &err) != 0))
			status = cli_fail(EX_IOERR, "%s", err.text);
	}
	json_decref(object);
	if (wrong != NULL)
		return cli_fail(EX_DATAERR, "%s: line %llu: %s", path,
		    (unsigned long long)number, wrong);
	return status;
}

static int
keep_export(struct store_survey *survey, const char *path, FILE *file)
{
	char *line = xmalloc(LIMIT_SURVEY_EXPORT_LINE + 2);
	uint64_t number = 0;
	struct err err;
	int status = 0;

	while (status == 0 &&
	       fgets(line, LIMIT_SURVEY_EXPORT_LINE + 2, file) != NULL) {
		size_t length = strlen(line);

		if (number % TRANSACTION_ROWS == 0 &&
		    ((number > 0 && store_survey_commit(survey, &err) != 0) ||
			store_survey_begin(survey, &err) != 0)) {
			status = cli_fail(EX_IOERR, "%s", err.text);
			break;
		}
		number++;
		if (length > LIMIT_SURVEY_EXPORT_LINE)
			status = cli_fail(EX_DATAERR, "%s: line %llu: too long",
			    path, (unsigned long long)number);
		else
			status = keep_export_line(survey, path, line, number);
	}
	if (status == 0 && ferror(file))
		status = cli_fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
	if (status == 0 && store_survey_commit(survey, &err) != 0)
		status = cli_fail(EX_IOERR, "%s", err.text);
	free(line);
	return status;
}

struct store_survey *
survey_open(const char *path, enum store_survey_mode mode, int *status)
{
	struct err err;
	struct store_survey *survey = store_survey_open(path, mode, &err);

	if (survey != NULL)
		return survey;
	*status = cli_fail(err.kind == ERR_DATA        ? EX_CONFIG
			   : err.kind == ERR_TEMP      ? EX_UNAVAILABLE
			   : mode == STORE_SURVEY_SCAN ? EX_CANTCREAT
						       : EX_NOINPUT,
	    "%s: %s", path == NULL ? "memory" : path, err.text);
	return NULL;
}

struct store_survey *
survey_open_either(const char *path, int *status)
{
	struct store_survey *survey;
	FILE *file = fopen(path, "re");
	int first;

	if (file == NULL) {
		*status = cli_fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
		return NULL;
	}
	first = getc(file);
	if (first != '{') {
		fclose(file);
		return survey_open(path, STORE_SURVEY_READ, status);
	}
	ungetc(first, file);
	survey = survey_open("", STORE_SURVEY_SCAN, status);
	if (survey != NULL)
		*status = keep_export(survey, path, file);
	fclose(file);
	if (survey != NULL && *status != 0) {
		store_survey_free(survey);
		survey = NULL;
	}
	return survey;
}
