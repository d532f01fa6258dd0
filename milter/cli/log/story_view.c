/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/story_view.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/act/advice.h"
#include "milter/cli/log/seen.h"
#include "milter/cli/print.h"

enum { LINE_SIZE = 2048 };

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
print_rcpt(const struct story_check *check, const struct story_rcpt *rcpt,
    enum story_outcome outcome)
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
		cli_print_text(stdout, "", outcome_words(check, rcpt, outcome));
}

static void
print_story_advice(const struct story_check *check)
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
print_story_verdict(const struct story_check *check)
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

void
cli_story_check(
    const struct story_check *check, const struct settings *settings)
{
	print_story_verdict(check);
	print_parts(check);
	print_story_advice(check);
	cli_print_text(stdout, "posternd", done_text(check->action));
	cli_seen_print(check, settings);
}

static void
print_check(const struct story *story, const struct story_check *check,
    const struct settings *settings)
{
	enum story_outcome outcome;

	printf("\n%s%s%s\n", check->domain, check->hop[0] == '\0' ? "" : " by ",
	    check->hop);
	cli_story_check(check, settings);
	for (size_t i = 0; i < story->rcpt_count; i++)
		if (story_check_of(story, &story->rcpts[i], &outcome) == check)
			print_rcpt(check, &story->rcpts[i], outcome);
}

static void
print_others(const struct story *story)
{
	enum story_outcome outcome;
	bool begun = false;

	for (size_t i = 0; i < story->rcpt_count; i++) {
		if (story_check_of(story, &story->rcpts[i], &outcome) != NULL)
			continue;
		if (!begun)
			puts("\nrecipients that posternd logged nothing of");
		begun = true;
		print_rcpt(NULL, &story->rcpts[i], outcome);
	}
}

/* What it logged counts more than a warning of a session that began before. */
static bool
is_unseen(const struct story *story)
{
	return story->unreached[0] != '\0' && story->check_count == 0 &&
	       !story->judged;
}

static void
print_notes(const struct story *story)
{
	char line[LINE_SIZE];

	if (is_unseen(story)) {
		snprintf(line, sizeof(line),
		    "it passed unseen: the MTA had no answer from posternd. "
		    "It says: %s",
		    story->unreached);
		cli_print_text(stdout, "note", line);
	} else if (story->check_count == 0 && !story->judged) {
		cli_print_text(stdout, "note",
		    "posternd logged nothing of it: it did not look, or logs "
		    "elsewhere, or \"SyslogSuccess no\" hides what passed");
	}
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

void
cli_story_print(const struct story *story, const struct settings *settings)
{
	char line[LINE_SIZE];

	printf("%s\n", story->id);
	snprintf(line, sizeof(line), "%s to %s", story->first, story->last);
	cli_print_text(stdout, "when",
	    story->first[0] == '\0' ? "the log has no times" : line);
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
		print_check(story, &story->checks[i], settings);
	print_others(story);
}

/* --- JSON --- */

static json_t *
rcpt_json(const struct story_check *check, const struct story_rcpt *rcpt,
    enum story_outcome outcome)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "address",
	    rcpt->address, "status", rcpt->status, "relay", rcpt->relay, "dsn",
	    rcpt->dsn, "said", rcpt->said, "attempts", (int)rcpt->attempts);

	if (check != NULL)
		json_object_set_new(object, "outcome",
		    json_string(story_outcome_text(outcome)));
	return object;
}

json_t *
cli_story_check_json(
    const struct story_check *check, const struct settings *settings)
{
	int reason = story_reason(check->reason);
	struct advice advice = {"", "", ""};
	json_t *object;

	if (reason >= 0)
		advice = advice_for((enum reason)reason);
	object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, "
			   "s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, "
			   "s:s}",
	    "domain", check->domain, "result", check->result, "policy",
	    check->policy, "level", check->level, "reason", check->reason,
	    "action", check->action, "rcpts", check->count, "refused",
	    check->refused, "hop", check->hop, "mx", check->mx, "mode",
	    check->mode, "rule", check->rule, "detail", check->detail, "dane",
	    check->dane, "sts", check->sts, "sts_reason", check->sts_reason,
	    "requiretls", check->requiretls, "hosts", check->hosts, "why",
	    advice.why, "who", advice.who, "try", advice.what);
	cli_seen_json(object, check, settings);
	return object;
}

/* Those of a check; NULL: of none. */
static json_t *
rcpts_json(const struct story *story, const struct story_check *check)
{
	enum story_outcome outcome;
	json_t *list = json_array();

	for (size_t i = 0; i < story->rcpt_count; i++)
		if (story_check_of(story, &story->rcpts[i], &outcome) == check)
			json_array_append_new(
			    list, rcpt_json(check, &story->rcpts[i], outcome));
	return list;
}

static json_t *
story_checks_json(const struct story *story, const struct settings *settings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < story->check_count; i++) {
		json_t *object =
		    cli_story_check_json(&story->checks[i], settings);

		json_object_set_new(
		    object, "recipients", rcpts_json(story, &story->checks[i]));
		json_array_append_new(list, object);
	}
	return list;
}

json_t *
cli_story_json(const struct story *story, const struct settings *settings)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:b, "
			 "s:b, s:b, s:s, s:o, s:o}",
	    "schema", 1, "id", story->id, "first", story->first, "last",
	    story->last, "earlier", (int)story->earlier, "sender",
	    story->sender, "client", story->client, "result", story->result,
	    "action", story->action, "held", story->held, "removed",
	    story->removed, "cut", story->checks_cut || story->rcpts_cut,
	    "unseen", is_unseen(story) ? story->unreached : "", "domains",
	    story_checks_json(story, settings), "others",
	    rcpts_json(story, NULL));
}
