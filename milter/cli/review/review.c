/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works.  A line of posternd counts if it is one in full: each word is
 * "key=value" with a key that a log line can have.  Its checks are collected by
 * queue id; the line event=message closes the message, and then it is known
 * what another setting would have stopped.  Lines of the MTA are read only for
 * messages that are open: they tell the sender and what became of each domain.
 * When the MTA is done with a message, or for want of room, or at the end of
 * the log, its forecasts are compared with that, and it is forgotten.
 */
#include "milter/cli/review/review.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/review/event.h"

#define NOQUEUE "NOQUEUE"

void
review_init(struct review *review, const struct review_options *options)
{
	memset(review, 0, sizeof(*review));
	review->options = *options;
	review_domains_init(&review->domains);
	review_messages_init(&review->open, review_judge, review);
	names_init(&review->rule_names, LIMIT_REVIEW_RULES);
	gaps_init(&review->unseen, options->program, options->socket);
}

void
review_end(struct review *review)
{
	while (review->open.oldest != NAMES_NONE)
		review_messages_end(
		    &review->open, &review->open.items[review->open.oldest]);
}

void
review_fini(struct review *review)
{
	review_messages_fini(&review->open);
	review_domains_fini(&review->domains);
	names_fini(&review->rule_names);
	gaps_fini(&review->unseen);
	for (size_t i = 0; i < WOULDS; i++)
		review_set_fini(&review->would[i].sender_days);
	for (size_t i = 0; i < review->missed_count; i++) {
		free(review->missed[i].domain);
		free(review->missed[i].ours);
		free(review->missed[i].theirs);
	}
	free(review->missed);
	free(review->days);
	free(review->rules);
}

/* --- lines of posternd --- */

/* The rule's number, or NAMES_NONE. */
static uint32_t
take_rule(struct review *review, const char *name)
{
	uint32_t before = review->rule_names.count;
	uint32_t number = names_add(&review->rule_names, name);

	if (number == NAMES_NONE)
		return number;
	if (review->rules_room < review->rule_names.room) {
		review->rules_room = review->rule_names.room;
		review->rules = xrealloc(
		    review->rules, review->rules_room, sizeof(*review->rules));
	}
	if (review->rule_names.count > before)
		review->rules[number] = (struct review_rule){.checks = 0};
	return number;
}

static void
count_rule(struct review *review, const char *name)
{
	uint32_t number =
	    name[0] == '\0' ? NAMES_NONE : take_rule(review, name);

	if (number != NAMES_NONE)
		review->rules[number].checks++;
}

/* The slowest stand in front. */
static void
note_slow(struct review *review, const char *domain, const char *ms, time_t at)
{
	uint32_t number;
	size_t place = review->slow_count;

	if (text_uint(ms, UINT32_MAX, &number) != 0 || number == 0)
		return;
	while (place > 0 && review->slowest[place - 1].ms < number)
		place--;
	if (place == LIMIT_REVIEW_SLOWEST)
		return;
	if (review->slow_count < LIMIT_REVIEW_SLOWEST)
		review->slow_count++;
	memmove(&review->slowest[place + 1], &review->slowest[place],
	    (review->slow_count - place - 1) * sizeof(*review->slowest));
	review->slowest[place].ms = number;
	review->slowest[place].at = at;
	text_copy(review->slowest[place].domain,
	    sizeof(review->slowest[place].domain), domain);
}

/* A message that begins: another of the same id is over. */
static struct review_message *
message_for(struct review *review, const char *id, time_t at)
{
	struct review_message *message =
	    review_messages_find(&review->open, id);

	if (message != NULL && message->closed)
		review_messages_end(&review->open, message);
	message = review_messages_take(&review->open, id);
	if (message->at == 0)
		message->at = at;
	return message;
}

static void
keep_pair(struct review *review, const struct logline *line,
    const struct story_check *read, const struct review_check *check,
    uint32_t number, time_t at)
{
	struct review_message *message = message_for(review, line->id, at);
	struct review_pair *pair = review_pair_of(message, read->domain);

	if (pair != NULL) {
		pair->mixed |= story_predicts(check->result, check->reason) !=
			       story_predicts(pair->result, pair->reason);
		if (!result_is_worse(check->result, pair->result))
			return;
	} else {
		pair = review_pair_add(message, read->domain);
	}
	if (pair == NULL)
		return;
	pair->domain = number;
	pair->result = check->result;
	pair->reason = check->reason;
	pair->action = check->action;
	free(pair->ours);
	pair->ours = xmalloc(LIMIT_LOG_LINE + LOGLINE_ID_SIZE);
	text_escape(pair->ours, LIMIT_LOG_LINE, line->text, strlen(line->text));
	pair->ours = xrealloc(pair->ours, strlen(pair->ours) + 1, 1);
}

static bool
read_check_words(const struct story_check *read, struct review_check *check)
{
	int result = story_result(read->result),
	    reason = story_reason(read->reason);
	int action = event_action(read->action);
	int policy =
	    read->skipped ? POLICY_TYPE_NONE : event_policy_type(read->policy);

	if (result < 0 || reason < 0 || action < 0 || policy < 0 ||
	    read->domain[0] == '\0')
		return false;
	*check = (struct review_check){(enum result)result, (enum reason)reason,
	    (enum policy_type)policy, (enum action)action, read->mx};
	return true;
}

static void
read_check_line(struct review *review, const struct logline *line, time_t at)
{
	struct story_check read;
	struct review_check check;
	uint32_t number, rcpts;

	story_read_check(&read, line->text);
	if (!read_check_words(&read, &check)) {
		review->damaged++;
		return;
	}
	if (review->options.domain != NULL &&
	    strcmp(review->options.domain, read.domain) != 0)
		return;
	number = review_domains_note(&review->domains, read.domain, &check, at);
	review->check_results[check.result]++;
	review->reasons[check.reason]++;
	if (!read.skipped)
		review->policies[check.policy]++;
	count_rule(review, read.rule);
	note_slow(review, read.domain, read.ms, at);
	if (strcmp(line->id, NOQUEUE) != 0)
		keep_pair(review, line, &read, &check, number, at);
	else if (check.action >= ACTION_DEFER &&
		 text_uint(read.count, UINT32_MAX, &rcpts) == 0)
		review->refused_rcpts[check.action] += rcpts;
}

static void
count_review_message(
    struct review *review, enum result result, enum action action, time_t at)
{
	struct review_day *day =
	    at == 0 ? NULL : review_day_of(review, review->minute_date);

	review->messages++;
	review->results[result]++;
	review->actions[action]++;
	if (day == NULL)
		return;
	day->messages++;
	day->results[result]++;
}

/* With --domain a message counts where it has that domain. */
static void
read_message_line(struct review *review, const struct logline *line, time_t at)
{
	struct review_message *message =
	    review_messages_find(&review->open, line->id);
	char result[STORY_WORD_SIZE], action[STORY_WORD_SIZE];

	logline_value(line->text, "result", result, sizeof(result));
	logline_value(line->text, "action", action, sizeof(action));
	if (story_result(result) < 0 || event_action(action) < 0) {
		review->damaged++;
		return;
	}
	if (review->options.domain != NULL &&
	    (message == NULL || message->closed))
		return;
	count_review_message(review, (enum result)story_result(result),
	    (enum action)event_action(action), at);
	if (message == NULL || message->closed)
		return;
	message->closed = true;
	review_would_stop(review, message);
}

static void
read_change_line(struct review *review, const char *text, time_t at)
{
	char domain[LIMIT_DOMAIN_SIZE], after[STORY_WORD_SIZE];

	logline_value(text, "domain", domain, sizeof(domain));
	logline_value(text, "new", after, sizeof(after));
	if (domain[0] == '\0' || story_result(after) < 0)
		review->damaged++;
	else if (review->options.domain == NULL ||
		 strcmp(review->options.domain, domain) == 0)
		review_domains_change(&review->domains, domain,
		    (enum result)story_result(after), at);
}

static void
read_rule_line(struct review *review, const char *text)
{
	char name[LIMIT_DOMAIN_SIZE + 8], reason[STORY_WORD_SIZE];
	uint32_t number;

	logline_value(text, "rule", name, sizeof(name));
	logline_value(text, "reason", reason, sizeof(reason));
	number = name[0] == '\0' ? NAMES_NONE : take_rule(review, name);
	if (number == NAMES_NONE)
		return;
	review->rules[number].expired = reason[0] != '\0';
	logline_value(text, "until", review->rules[number].until,
	    sizeof(review->rules[number].until));
}

/* Whether the state is a bad one now; the last time of it. */
static void
note_state(bool bad, time_t at, bool *is_bad, uint64_t *times, time_t *last)
{
	*is_bad = bad;
	*times += bad;
	if (bad && at > *last)
		*last = at;
}

static void
read_state_line(struct review *review, const char *text, time_t at)
{
	struct review_own *own = &review->own;

	if (event_is(text, "resolver"))
		note_state(event_value_is(text, "validating", "no"), at,
		    &own->resolver_is_down, &own->resolver_down,
		    &own->resolver_at);
	else if (event_is(text, "store"))
		note_state(!event_value_is(text, "reason", "ok"), at,
		    &own->store_is_down, &own->store_down, &own->store_at);
	else if (event_is(text, "probe"))
		note_state(!event_value_is(text, "reason", "ok"), at,
		    &own->port_is_closed, &own->port_closed, &own->port_at);
	else if (event_is(text, "log"))
		own->lost_lines += event_number(text, "lost");
	else if (event_is(text, "reload"))
		own->reload_faults += event_number(text, "faults") > 0;
	else if (event_is(text, "accept"))
		own->accept++;
	else if (event_is(text, "start"))
		own->starts++;
	else if (event_is(text, "stop"))
		own->stops++;
}

static void
read_event_line(struct review *review, const struct logline *line)
{
	const char *text = line->text;
	time_t at;

	if (!event_is_whole(text)) {
		review->damaged++;
		return;
	}
	at = review_time_of(review, line->when);
	if (!review_is_in_range(review, at))
		return;
	review->own_lines++;
	if (event_is(text, "check") || event_is(text, "skip"))
		read_check_line(review, line, at);
	else if (event_is(text, "message"))
		read_message_line(review, line, at);
	else if (event_is(text, "change"))
		read_change_line(review, text, at);
	else if (event_is(text, "rule"))
		read_rule_line(review, text);
	else if (event_is(text, "map"))
		review_told(review, text, at);
	else
		read_state_line(review, text, at);
}

/* --- all lines --- */

/* Whether a line of the MTA may tell of a delivery, a sender, or the end. */
static bool
is_of_mta(const char *line)
{
	return strstr(line, "stat") != NULL ||
	       strstr(line, ": from=") != NULL ||
	       strstr(line, ": removed") != NULL;
}

void
review_line(struct review *review, const char *line)
{
	struct logline parsed;
	bool ours = strstr(line, EVENT) != NULL &&
		    strstr(line, review->options.program) != NULL;
	bool of_mta = review->open.oldest != NAMES_NONE && is_of_mta(line);
	bool unseen =
	    review->options.domain == NULL && gaps_wants(&review->unseen, line);

	if ((!ours && !of_mta && !unseen) || !logline_read(line, &parsed))
		return;
	if (unseen)
		review_unseen(review, &parsed);
	if (parsed.id[0] == '\0')
		return;
	if (strcmp(parsed.program, review->options.program) != 0) {
		if (ours || of_mta)
			review_join(review, &parsed);
	} else if (event_begins(parsed.text)) {
		read_event_line(review, &parsed);
	}
}
