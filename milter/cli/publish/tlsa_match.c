/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/reasons.h"
#include "common/proto/dane_match.h"
#include "common/proto/domain.h"
#include "milter/cli/print.h"
#include "milter/cli/publish/own.h"

/* A chain of LIMIT_CHAIN_CERTS in PEM, with what openssl writes between. */
enum { CHAIN_FILE_MAX = 1024 * 1024 };

/* The question of `tlsa match`, read and checked. */
struct question {
	struct x509_chain *chain;
	struct tlsa_set set;
	struct cli_names names;
};

static void
question_fini(struct question *question)
{
	x509_chain_free(question->chain);
	tlsa_set_fini(&question->set);
	cli_names_fini(&question->names);
}

static int
read_chain(const struct cli_options *options, struct question *question)
{
	struct err err;
	size_t length;
	char *pem =
	    cli_read_file(options->chain, CHAIN_FILE_MAX, &length, &err);

	if (pem == NULL)
		return cli_fail(err.kind == ERR_LOCAL ? EX_NOINPUT : EX_DATAERR,
		    "%s", err.text);
	question->chain = x509_chain_pem(pem, length, &err);
	free(pem);
	if (question->chain == NULL)
		return cli_fail(EX_DATAERR, "%s: %s", options->chain, err.text);
	return 0;
}

static int
read_tlsa_records(const struct cli_list *records, struct question *question)
{
	struct err err;

	if (records->count > LIMIT_TLSA_RECORDS)
		return cli_fail(
		    EX_USAGE, "over %d records", LIMIT_TLSA_RECORDS);
	for (size_t i = 0; i < records->count; i++)
		if (tlsa_set_add_text(
			&question->set, records->items[i], &err) != 0)
			return cli_fail(
			    EX_USAGE, "record %zu: %s", i + 1, err.text);
	tlsa_set_finish(&question->set);
	return 0;
}

static const char *
result_word(enum dane_outcome outcome)
{
	switch (outcome) {
	case DANE_MATCHED:
		return "match";
	case DANE_UNUSABLE:
		return "unusable";
	case DANE_NO_MATCH:
	case DANE_NOT_TRUSTED:
	case DANE_EXPIRED:
	case DANE_NOT_YET_VALID:
	case DANE_NAME_MISMATCH:
	case DANE_TOO_COSTLY:
		break;
	}
	return "no-match";
}

static int
match_exit_status(enum dane_outcome outcome)
{
	if (outcome == DANE_MATCHED)
		return 0;
	return outcome == DANE_UNUSABLE ? 1 : 2;
}

static enum reason
match_reason(const struct dane_result *result)
{
	return result->outcome == DANE_UNUSABLE
		   ? REASON_TLSA_UNUSABLE
		   : dane_outcome_reason(result->outcome);
}

/* On a terminal. */
static void
print_match_text(
    const struct question *question, const struct dane_result *result)
{
	char line[256];
	char *rdata;

	if (result->outcome == DANE_MATCHED) {
		rdata = tlsa_print(&question->set.records[result->record]);
		cli_print_text(stdout, "match", rdata);
		free(rdata);
		snprintf(line, sizeof(line), "depth %d", result->depth);
		cli_print_text(stdout, "at", line);
	} else {
		cli_print_text(stdout, result_word(result->outcome),
		    reason_text(match_reason(result)));
	}
	snprintf(line, sizeof(line), "%zu, of which %zu can be used",
	    question->set.count, tlsa_set_usable(&question->set));
	cli_print_text(stdout, "records", line);
}

static int
print_match(const struct question *question, const struct dane_result *result)
{
	bool matched = result->outcome == DANE_MATCHED;
	json_t *object = json_pack("{s:i, s:s, s:s, s:o, s:o, s:I, s:I}",
	    "schema", 1, "result", result_word(result->outcome), "reason",
	    reason_text(match_reason(result)), "matched",
	    matched ? cli_tlsa_json(&question->set.records[result->record])
		    : json_null(),
	    "depth", matched ? json_integer(result->depth) : json_null(),
	    "usable", (json_int_t)tlsa_set_usable(&question->set), "records",
	    (json_int_t)question->set.count);

	return cli_print_json(object);
}

int
cli_tlsa_match(const struct cli_options *options)
{
	struct question question = {.chain = NULL};
	struct dane_result result;
	int status;

	if (options->chain == NULL)
		return cli_fail(EX_USAGE, "tlsa match wants --chain FILE");
	if (options->names.count == 0)
		return cli_fail(EX_USAGE, "tlsa match wants --name NAME");
	status = read_tlsa_records(&options->words, &question);
	if (status == 0)
		status = cli_names_read(&question.names, &options->names);
	if (status == 0)
		status = read_chain(options, &question);
	if (status == 0) {
		result = dane_match(&question.set, question.chain,
		    question.names.list, question.names.count, options->at);
		if (options->json || !cli_print_is_terminal())
			status = print_match(&question, &result);
		else
			print_match_text(&question, &result);
	}
	if (status == 0) {
		status = match_exit_status(result.outcome);
	}
	question_fini(&question);
	return status;
}
