/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/advice.h"
#include "milter/cli.h"
#include "milter/cli_engine.h"
#include "milter/cli_print.h"
#include "milter/logfile.h"
#include "milter/settings.h"
#include "milter/story.h"

#define LOG_PATH "/var/log/mail.log"

enum { JOURNAL_MS = 60 * 1000, LINE_SIZE = 2048 };

/* --- text --- */

static const char *
done_text(const char *action)
{
	static const struct {
		const char *action, *text;
	} rows[] = {{"none", "let the message pass"},
	    {"tag", "tagged the message and let it pass"},
	    {"hold", "had the message held in quarantine"},
	    {"defer", "had it refused for now (4xx)"},
	    {"reject", "had it refused for good (5xx)"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].action, action) == 0)
			return rows[i].text;
	return action;
}

static const char *
outcome_words(const struct story_check *check, const struct story_rcpt *rcpt,
    enum story_outcome outcome)
{
	switch (outcome) {
	case STORY_NOTHING_SAID:
		return "the verdict did not say what would become of it";
	case STORY_OPEN:
		return "nothing of a delivery is logged yet";
	case STORY_REFUSED:
		return "the MTA refused it, as posternd said";
	case STORY_HELD:
		return "as foreseen";
	case STORY_MISSED:
		break;
	}
	if (strcmp(check->result, "fail") == 0)
		return "not as foreseen: it went out. Either the MTA does not "
		       "enforce the policy, see \"postern doctor\", or the "
		       "destination was mended meanwhile.";
	if (strcmp(rcpt->status, "bounced") == 0)
		return "not as foreseen: it was refused for another reason "
		       "than TLS, which the MTA's line tells.";
	return "not as foreseen: it waits in the queue, for the reason that "
	       "the MTA's line tells.";
}

static void
print_rcpt(const struct story_check *check, const struct story_rcpt *rcpt)
{
	char line[LINE_SIZE];
	struct text text;

	text_init(&text, line, sizeof(line));
	text_addf(&text, "%s: %s", rcpt->address, rcpt->status);
	if (rcpt->relay[0] != '\0' && strcmp(rcpt->relay, "none") != 0)
		text_addf(&text, " by %s", rcpt->relay);
	if (rcpt->attempts > 1)
		text_addf(&text, ", attempt %u", rcpt->attempts);
	if (rcpt->said[0] != '\0')
		text_addf(&text, ": %s", rcpt->said);
	cli_print_text(stdout, "MTA", line);
	if (check != NULL)
		cli_print_text(stdout, "",
		    outcome_words(check, rcpt, story_outcome(check, rcpt)));
}

static void
print_advice(const struct story_check *check)
{
	int reason = story_reason(check->reason);
	struct advice advice;

	if (reason >= 0) {
		advice = advice_for((enum reason)reason);
		cli_print_text(stdout, "why", advice.why);
	}
	cli_print_detail(stdout, "detail", check->detail);
	if (reason < 0)
		return;
	if (advice.who[0] != '\0')
		cli_print_text(stdout, "who", advice.who);
	if (advice.what[0] != '\0')
		cli_print_text(stdout, "try", advice.what);
}

static void
print_verdict(const struct story_check *check)
{
	char line[LINE_SIZE];
	struct text text;

	text_init(&text, line, sizeof(line));
	text_addf(&text, "%s (%s)",
	    check->result[0] == '\0' ? "not logged" : check->result,
	    check->reason);
	if (check->policy[0] != '\0')
		text_addf(&text, ", policy %s, level %s", check->policy,
		    check->level);
	if (check->mode[0] != '\0')
		text_addf(&text, ", mode %s", check->mode);
	if (check->rule[0] != '\0')
		text_addf(&text, ", rule %s", check->rule);
	cli_print_text(stdout, "verdict", line);
	if (check->mx[0] != '\0')
		cli_print_text(stdout, "at", check->mx);
}

/* What LogWhy adds. */
static void
print_parts(const struct story_check *check)
{
	char line[LINE_SIZE];

	if (check->dane[0] == '\0')
		return;
	snprintf(line, sizeof(line), "DANE %s, MTA-STS %s%s%s%s%s%s",
	    check->dane, check->sts, check->sts_reason[0] == '\0' ? "" : " (",
	    check->sts_reason, check->sts_reason[0] == '\0' ? "" : ")",
	    check->requiretls[0] == '\0' ? "" : ", REQUIRETLS ",
	    check->requiretls);
	cli_print_text(stdout, "each alone", line);
	if (check->hosts[0] == '\0')
		return;
	text_copy(line, sizeof(line), check->hosts);
	for (char *at = line; *at != '\0'; at++)
		if (*at == ',')
			*at = ' ';
	cli_print_text(stdout, "hosts", line);
}

static void
print_check(const struct story *story, const struct story_check *check)
{
	printf("\n%s\n", check->domain);
	print_verdict(check);
	print_parts(check);
	print_advice(check);
	cli_print_text(stdout, "posternd", done_text(check->action));
	for (size_t i = 0; i < story->rcpt_count; i++)
		if (strcmp(story->rcpts[i].domain, check->domain) == 0)
			print_rcpt(check, &story->rcpts[i]);
}

static const struct story_check *
check_of(const struct story *story, const struct story_rcpt *rcpt)
{
	for (size_t i = 0; i < story->check_count; i++)
		if (strcmp(story->checks[i].domain, rcpt->domain) == 0)
			return &story->checks[i];
	return NULL;
}

static void
print_others(const struct story *story)
{
	bool begun = false;

	for (size_t i = 0; i < story->rcpt_count; i++) {
		if (check_of(story, &story->rcpts[i]) != NULL)
			continue;
		if (!begun)
			puts("\nrecipients that posternd logged nothing of");
		begun = true;
		print_rcpt(NULL, &story->rcpts[i]);
	}
}

static void
print_notes(const struct story *story)
{
	char line[LINE_SIZE];

	if (story->check_count == 0 && !story->judged)
		cli_print_text(stdout, "note",
		    "posternd logged nothing of it: it did not look, or logs "
		    "elsewhere, or \"SyslogSuccess no\" hides what passed");
	if (story->earlier > 0) {
		snprintf(line, sizeof(line),
		    "%u earlier message%s of this id left out", story->earlier,
		    story->earlier == 1 ? " is" : "s are");
		cli_print_text(stdout, "note", line);
	}
	if (story->checks_cut || story->rcpts_cut)
		cli_print_text(stdout, "note",
		    "there are more domains or recipients than are told");
}

static bool
is_done(const struct story *story)
{
	static const char *const last[] = {
	    "sent", "bounced", "expired", "refused"};
	size_t done = 0;

	for (size_t i = 0; i < story->rcpt_count; i++)
		for (size_t j = 0; j < sizeof(last) / sizeof(last[0]); j++)
			done += strcmp(story->rcpts[i].status, last[j]) == 0;
	return done > 0 && done == story->rcpt_count;
}

static void
print_story(const struct story *story)
{
	char line[LINE_SIZE];

	printf("%s\n", story->id);
	snprintf(line, sizeof(line), "%s to %s", story->first, story->last);
	cli_print_text(stdout, "when", line);
	if (story->sender_seen)
		cli_print_text(stdout, "sender",
		    story->sender[0] == '\0' ? "<>" : story->sender);
	if (story->client[0] != '\0')
		cli_print_text(stdout, "client", story->client);
	if (story->judged) {
		snprintf(line, sizeof(line),
		    "%s: posternd %s; the client waited %s ms", story->result,
		    done_text(story->action), story->wait_ms);
		cli_print_text(stdout, "message", line);
	}
	cli_print_text(stdout, "queue",
	    story->removed   ? "it is out of the queue"
	    : is_done(story) ? "nothing is left to deliver"
	    : story->held    ? "it was put on hold"
			     : "nothing says that it left the queue");
	print_notes(story);
	for (size_t i = 0; i < story->check_count; i++)
		print_check(story, &story->checks[i]);
	print_others(story);
}

/* --- JSON --- */

static json_t *
rcpt_json(const struct story_check *check, const struct story_rcpt *rcpt)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "address",
	    rcpt->address, "status", rcpt->status, "relay", rcpt->relay, "dsn",
	    rcpt->dsn, "said", rcpt->said, "attempts", (int)rcpt->attempts);

	if (check != NULL)
		json_object_set_new(object, "outcome",
		    json_string(
			story_outcome_text(story_outcome(check, rcpt))));
	return object;
}

static json_t *
check_json(const struct story *story, const struct story_check *check)
{
	int reason = story_reason(check->reason);
	struct advice advice = {"", "", ""};
	json_t *rcpts = json_array();

	if (reason >= 0)
		advice = advice_for((enum reason)reason);
	for (size_t i = 0; i < story->rcpt_count; i++)
		if (strcmp(story->rcpts[i].domain, check->domain) == 0)
			json_array_append_new(
			    rcpts, rcpt_json(check, &story->rcpts[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s, "
			 "s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}",
	    "domain", check->domain, "result", check->result, "policy",
	    check->policy, "level", check->level, "reason", check->reason,
	    "action", check->action, "refused", check->refused, "mx", check->mx,
	    "mode", check->mode, "rule", check->rule, "detail", check->detail,
	    "dane", check->dane, "sts", check->sts, "sts_reason",
	    check->sts_reason, "requiretls", check->requiretls, "hosts",
	    check->hosts, "why", advice.why, "who", advice.who, "try",
	    advice.what, "recipients", rcpts);
}

static void
print_json(const struct story *story)
{
	json_t *domains = json_array(), *others = json_array();
	json_t *object;

	for (size_t i = 0; i < story->check_count; i++)
		json_array_append_new(
		    domains, check_json(story, &story->checks[i]));
	for (size_t i = 0; i < story->rcpt_count; i++)
		if (check_of(story, &story->rcpts[i]) == NULL)
			json_array_append_new(
			    others, rcpt_json(NULL, &story->rcpts[i]));
	object = json_pack("{s:i, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:b, "
			   "s:b, s:b, s:o, s:o}",
	    "schema", 1, "id", story->id, "first", story->first, "last",
	    story->last, "earlier", (int)story->earlier, "sender",
	    story->sender, "client", story->client, "result", story->result,
	    "action", story->action, "held", story->held, "removed",
	    story->removed, "cut", story->checks_cut || story->rcpts_cut,
	    "domains", domains, "others", others);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

/* --- the verb --- */

static void
take_line(void *arg, const char *line)
{
	story_line(arg, line);
}

static int
fail_reading(const struct err *err)
{
	return cli_fail(
	    err->kind == ERR_DATA ? EX_DATAERR : EX_NOINPUT, "%s", err->text);
}

/* What it gave until its deadline is better than nothing. */
static int
read_journal(struct story *story)
{
	struct err err;

	if (logfile_read_journal(story->program, clock_mono_ms() + JOURNAL_MS,
		take_line, story, &err) == 0)
		return 0;
	if (err.kind == ERR_TEMP && story->first[0] != '\0')
		return cli_fail(0, "%s", err.text);
	return cli_fail(EX_NOINPUT,
	    "no " LOG_PATH ", and %s; name the log with --log", err.text);
}

static int
read_logs(struct story *story, const struct cli_list *logs)
{
	struct err err;

	if (logs->count == 0 && access(LOG_PATH, F_OK) != 0)
		return read_journal(story);
	if (logs->count == 0)
		return logfile_read(LOG_PATH, take_line, story, &err) == 0
			   ? 0
			   : fail_reading(&err);
	for (size_t i = 0; i < logs->count; i++)
		if (logfile_read(logs->items[i], take_line, story, &err) != 0)
			return fail_reading(&err);
	return 0;
}

/* The worst of the domains. */
static int
exit_status(const struct story *story)
{
	enum result worst = RESULT_SKIP;

	for (size_t i = 0; i < story->check_count; i++)
		for (int j = RESULT_SKIP; j <= RESULT_FAIL; j++)
			if (strcmp(story->checks[i].result,
				result_text((enum result)j)) == 0 &&
			    (enum result)j > worst)
				worst = (enum result)j;
	return cli_exit_status(worst);
}

/* 1 to 32 letters, digits, "-", "_" and ".", as tag and log have it. */
static bool
is_queue_id(const char *word)
{
	size_t length = strlen(word);

	return length > 0 && length < LOGLINE_ID_SIZE &&
	       strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
			    "xyz0123456789-_.") == length;
}

static int
explain(const struct cli_options *options, struct story *story)
{
	int status = read_logs(story, &options->logs);

	if (status != 0)
		return status;
	if (story->first[0] == '\0')
		return cli_fail(
		    EX_NOINPUT, "no line of the log is about %s", story->id);
	if (options->json)
		print_json(story);
	else
		print_story(story);
	if (ferror(stdout) || fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return exit_status(story);
}

int
cli_explain(const struct cli_options *options)
{
	const char *id = options->words.items[0];
	struct settings *settings;
	struct story story;
	int status;

	if (!is_queue_id(id))
		return cli_fail(EX_USAGE, "this is no queue id");
	if (strcmp(id, "NOQUEUE") == 0)
		return cli_fail(EX_USAGE,
		    "NOQUEUE stands for many messages: ask \"postern check\" "
		    "for the domain");
	settings = cli_load_settings(options);
	if (settings == NULL)
		return EX_CONFIG;
	story_init(&story, id, settings->syslog_name);
	status = explain(options, &story);
	story_fini(&story);
	settings_free(settings);
	return status;
}
