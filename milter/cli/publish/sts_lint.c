/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/sts_policy.h"
#include "common/proto/sts_record.h"
#include "milter/cli/print.h"
#include "milter/cli/publish/own.h"

static const struct {
	enum sts_note note;
	const char *text;
} notes[] = {
    {STS_NOTE_MAX_AGE_CLAMPED,
	"max_age is over 31557600 seconds and counts as that"},
    {STS_NOTE_TRAILING_BLANK_LINES,
	"blank lines at the end are not in the grammar; some senders refuse "
	"them"},
    {STS_NOTE_DUPLICATE_KEY, "a key stands twice; the first counts"},
    {STS_NOTE_UNKNOWN_KEY, "a key is not known and is ignored"},
};

/* What was found; each part NULL where it was not asked for. */
struct lint {
	bool valid;
	json_t *record, *policy;
};

static void
keep_lint_mistake(void *arg, const char *text)
{
	json_array_append_new(arg, json_string(text));
}

/* --- the record --- */

/* What is wrong with the records, "" when nothing is. */
static const char *
record_reason(const struct sts_record *record)
{
	switch (record->outcome) {
	case STS_RECORD_ABSENT:
		return record->why[0] == '\0' ? "no record begins with v=STSv1"
					      : record->why;
	case STS_RECORD_MANY:
		return "more than one record begins with v=STSv1";
	case STS_RECORD_INVALID:
		return record->why;
	case STS_RECORD_VALID:
		break;
	}
	return "";
}

static void
lint_record(struct lint *lint, const struct cli_list *txts)
{
	struct sts_txt *texts = xcalloc(txts->count, sizeof(*texts));
	json_t *mistakes = json_array();
	struct sts_record record;
	bool ok;

	for (size_t i = 0; i < txts->count; i++) {
		texts[i].data = txts->items[i];
		texts[i].length = strlen(txts->items[i]);
	}
	record =
	    sts_record_lint(texts, txts->count, keep_lint_mistake, mistakes);
	free(texts);
	ok = record.outcome == STS_RECORD_VALID;
	if (!ok && json_array_size(mistakes) == 0)
		keep_lint_mistake(mistakes, record_reason(&record));
	lint->valid &= ok;
	lint->record = json_pack("{s:b, s:s, s:s, s:o}", "valid", ok, "id",
	    record.id, "reason", record_reason(&record), "mistakes", mistakes);
}

/* --- the policy --- */

/* RFC 8461 section 3.2: how long a copy fetched at a time is kept. */
static json_t *
lifetime_note(const struct sts_policy *policy, time_t fetched)
{
	char date[CLI_TIME_SIZE];

	cli_time(fetched + (time_t)policy->max_age_s, date);
	return strcmp(date, "never") == 0
		   ? json_string("a copy fetched then never ends")
		   : json_sprintf("a copy fetched then is kept until %s", date);
}

static json_t *
policy_json(const struct sts_policy *policy, const struct cli_options *options)
{
	json_t *mx = json_array(), *said = json_array();

	for (size_t i = 0; i < policy->mx_count; i++)
		json_array_append_new(mx, json_string(policy->mx[i]));
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		if (policy->notes & notes[i].note)
			json_array_append_new(said, json_string(notes[i].text));
	if (options->at_given)
		json_array_append_new(said, lifetime_note(policy, options->at));
	return json_pack("{s:b, s:s, s:o, s:I, s:s, s:o, s:[]}", "valid", true,
	    "mode", sts_mode_text(policy->mode), "mx", mx, "max_age",
	    (json_int_t)policy->max_age_s, "reason", "", "notes", said,
	    "mistakes");
}

static json_t *
invalid_json(json_t *mistakes)
{
	const char *first = json_string_value(json_array_get(mistakes, 0));

	return json_pack("{s:b, s:s, s:[], s:i, s:s, s:[], s:o}", "valid",
	    false, "mode", "", "mx", "max_age", 0, "reason", first, "notes",
	    "mistakes", mistakes);
}

/* A policy that is none at all, or too large, is invalid, not a mistake of
 * whoever asks. */
static int
lint_policy(struct lint *lint, const struct cli_options *options)
{
	struct err err = {.kind = ERR_DATA};
	size_t length;
	char *body = cli_read_file(
	    options->words.items[0], LIMIT_STS_BODY, &length, &err);
	AUTO(sts_policy) struct sts_policy *policy = NULL;
	json_t *mistakes;

	if (body == NULL && err.kind == ERR_LOCAL)
		return cli_fail(EX_NOINPUT, "%s", err.text);
	if (body != NULL)
		policy = sts_policy_parse(body, length, NULL);
	if (policy != NULL) {
		lint->policy = policy_json(policy, options);
	} else {
		mistakes = json_array();
		if (body == NULL)
			keep_lint_mistake(mistakes, err.text);
		else
			sts_policy_lint(
			    body, length, keep_lint_mistake, mistakes);
		lint->policy = invalid_json(mistakes);
		lint->valid = false;
	}
	free(body);
	return 0;
}

/* --- the answer --- */

static const char *
string_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void
print_list(const char *label, const json_t *object, const char *key)
{
	const json_t *list = json_object_get(object, key);

	for (size_t i = 0; i < json_array_size(list); i++)
		cli_print_text(stdout, i == 0 ? label : "",
		    json_string_value(json_array_get(list, i)));
}

/* On a terminal; the objects are the truth. */
static void
print_lint_text(const struct lint *lint)
{
	const json_t *policy = lint->policy, *record = lint->record;
	char line[256];

	if (record != NULL) {
		snprintf(line, sizeof(line), "valid, id %s",
		    string_of(record, "id"));
		cli_print_text(stdout, "record",
		    json_is_true(json_object_get(record, "valid"))
			? line
			: "not valid");
		print_list("mistake", record, "mistakes");
	}
	if (policy == NULL)
		return;
	snprintf(line, sizeof(line), "valid, mode %s, max_age %lld s",
	    string_of(policy, "mode"),
	    (long long)json_integer_value(json_object_get(policy, "max_age")));
	cli_print_text(stdout, "policy",
	    json_is_true(json_object_get(policy, "valid")) ? line
							   : "not valid");
	print_list("mx", policy, "mx");
	print_list("mistake", policy, "mistakes");
	print_list("note", policy, "notes");
}

static int
answer_lint(const struct lint *lint, const struct cli_options *options)
{
	if (!options->json && cli_print_is_terminal()) {
		print_lint_text(lint);
		return 0;
	}
	return cli_print_json(json_pack("{s:i, s:O?, s:O?}", "schema", 1,
	    "record", lint->record, "policy", lint->policy));
}

int
cli_sts_lint(const struct cli_options *options)
{
	struct lint lint = {.valid = true};
	int status = 0;

	if (options->words.count == 0 && options->txts.count == 0)
		return cli_fail(EX_USAGE, "sts lint wants --txt or a file");
	if (options->words.count == 1)
		status = lint_policy(&lint, options);
	if (status == 0 && options->txts.count > 0)
		lint_record(&lint, &options->txts);
	if (status == 0)
		status = answer_lint(&lint, options);
	json_decref(lint.record);
	json_decref(lint.policy);
	return status != 0 ? status : lint.valid ? 0 : 2;
}
