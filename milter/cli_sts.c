/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/sts_policy.h"
#include "common/proto/sts_record.h"
#include "milter/cli.h"
#include "milter/cli_engine.h"
#include "milter/cli_json.h"
#include "milter/cli_text.h"

enum { GRACE_MS = 2000 };

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

/* What is wrong with the records, "" when nothing is. */
static const char *
record_reason(const struct sts_record *record)
{
	switch (record->outcome) {
	case STS_RECORD_ABSENT:
		return "no record begins with v=STSv1";
	case STS_RECORD_MANY:
		return "more than one record begins with v=STSv1";
	case STS_RECORD_INVALID:
		return record->why;
	case STS_RECORD_VALID:
		break;
	}
	return "";
}

static json_t *
lint_record(const struct cli_list *txts, bool *valid)
{
	struct sts_txt *texts = xcalloc(txts->count, sizeof(*texts));
	struct sts_record record;
	bool ok;

	for (size_t i = 0; i < txts->count; i++) {
		texts[i].data = txts->items[i];
		texts[i].length = strlen(txts->items[i]);
	}
	record = sts_record_select(texts, txts->count);
	free(texts);
	ok = record.outcome == STS_RECORD_VALID;
	*valid &= ok;
	return json_pack("{s:b, s:s, s:s}", "valid", ok, "id", record.id,
	    "reason", record_reason(&record));
}

/* RFC 8461 section 3.2: how long a copy fetched at a time is kept. */
static json_t *
lifetime_note(const struct sts_policy *policy, time_t fetched)
{
	time_t until = fetched + (time_t)policy->max_age_s;
	char date[32];
	struct tm tm;

	if (gmtime_r(&until, &tm) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_string("a copy fetched then never ends");
	return json_sprintf("a copy fetched then is kept until %s", date);
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
	return json_pack("{s:b, s:s, s:o, s:I, s:s, s:o}", "valid", true,
	    "mode", sts_mode_text(policy->mode), "mx", mx, "max_age",
	    (json_int_t)policy->max_age_s, "reason", "", "notes", said);
}

/* A policy that is none at all, or too large, is invalid, not a mistake of
 * whoever asks. */
static json_t *
lint_policy(const struct cli_options *options, bool *valid, int *status)
{
	const char *path = options->words.items[0];
	struct err err;
	size_t length;
	char *body = cli_read_file(path, LIMIT_STS_BODY, &length, &err);
	AUTO(sts_policy) struct sts_policy *policy = NULL;

	if (body == NULL && err.kind == ERR_LOCAL) {
		*status = cli_fail(EX_NOINPUT, "%s", err.text);
		return NULL;
	}
	if (body != NULL)
		policy = sts_policy_parse(body, length, &err);
	free(body);
	if (policy != NULL)
		return policy_json(policy, options);
	*valid = false;
	return json_pack("{s:b, s:s, s:[], s:i, s:s, s:[]}", "valid", false,
	    "mode", "", "mx", "max_age", 0, "reason", err.text, "notes");
}

int
cli_sts_lint(const struct cli_options *options)
{
	json_t *record = NULL, *policy = NULL, *object;
	bool valid = true;
	int status = 0, rc;

	if (options->words.count == 0 && options->txts.count == 0)
		return cli_fail(EX_USAGE, "sts lint wants --txt or a file");
	if (options->words.count == 1) {
		policy = lint_policy(options, &valid, &status);
		if (policy == NULL)
			return status;
	}
	if (options->txts.count > 0)
		record = lint_record(&options->txts, &valid);
	object = json_pack("{s:i, s:o, s:o}", "schema", 1, "record",
	    record == NULL ? json_null() : record, "policy",
	    policy == NULL ? json_null() : policy);
	rc = json_dumpf(object, stdout, JSON_COMPACT);
	json_decref(object);
	if (rc != 0 || putchar('\n') == EOF || fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return valid ? 0 : 2;
}

static int
sts_status(const struct check *check)
{
	if (cli_sts_unseen(check) != REASON_OK)
		return 3;
	switch (cli_worst_sts(check->verdict)) {
	case STS_STATE_PASS:
		return 0;
	case STS_STATE_FAIL:
	case STS_STATE_TESTING_FAIL:
	case STS_STATE_ERROR:
		return 2;
	case STS_STATE_NONE:
		break;
	}
	return 1;
}

static int
sts_answer(struct cli_engine *cli, const struct cli_options *options)
{
	struct engine_query like = {.level = LEVEL_AUTO, .all_hosts = true};
	const char *domain = options->words.items[0];
	AUTO(engine_wait)
	struct engine_wait *wait = cli_engine_ask(cli, &like, domain);
	const struct check *check = engine_await(
	    wait, clock_mono_ms() + cli->check_timeout_ms + GRACE_MS);
	char asked[LIMIT_DOMAIN_SIZE];

	if (check == NULL)
		return cli_fail(3, "no verdict in time");
	text_clean(asked, sizeof(asked), domain, strlen(domain));
	if (!options->json)
		cli_text_sts_check(stdout, check, asked);
	else if (cli_json_sts_check(stdout, check, asked) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	if (fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return sts_status(check);
}

int
cli_sts_check(const struct cli_options *options)
{
	struct cli_engine cli;
	int status = cli_engine_takes(options->words.items[0]);

	if (status != 0)
		return status;
	status = cli_engine_open(&cli, options, false);
	if (status == 0)
		status = sts_answer(&cli, options);
	cli_engine_close(&cli);
	return status;
}
