/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What became of a forecast.  A message may be tried for days and by several
 * hosts.  Where delivery was foreseen it is right if the mail went out in the
 * end, or a host answered it with a refusal: then TLS was no obstacle.  Where
 * failure was foreseen the first try decides, for the destination may be mended
 * later.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "milter/cli/review/review.h"

enum { LINE_SIZE = 600 };

/* --- lines of the MTA --- */

/* "...said: 550 5.1.1 no such user (in reply to RCPT TO command)": MAIL, RCPT
 * and DATA come after TLS. */
static bool
is_answered(const struct logline_delivery *delivery)
{
	const char *command = strstr(delivery->said, "(in reply to ");

	if (command != NULL) {
		command += strlen("(in reply to ");
		return strncmp(command, "MAIL", 4) == 0 ||
		       strncmp(command, "RCPT", 4) == 0 ||
		       strncmp(command, "DATA", 4) == 0 ||
		       strncmp(command, "end of DATA", 11) == 0;
	}
	/* Sendmail, RFC 3463: an address, a mailbox, the mail itself */
	return delivery->dsn[0] != '\0' && delivery->dsn[1] == '.' &&
	       strchr("126", delivery->dsn[2]) != NULL &&
	       strstr(delivery->said, " said: ") == NULL &&
	       strstr(delivery->relay, ". [") != NULL;
}

static enum review_outcome
mta_outcome(const struct logline_delivery *delivery)
{
	const char *status = delivery->status;

	if (strcmp(status, "sent") == 0)
		return OUTCOME_DELIVERED;
	if (strcmp(status, "deferred") != 0 && strcmp(status, "bounced") != 0 &&
	    strcmp(status, "expired") != 0)
		return OUTCOME_OPEN;
	if (is_answered(delivery))
		return OUTCOME_ANSWERED;
	return strcmp(status, "deferred") == 0 ? OUTCOME_DEFERRED
					       : OUTCOME_BOUNCED;
}

static bool
is_foreseen(enum story_forecast forecast, enum review_outcome outcome)
{
	switch (forecast) {
	case STORY_PREDICTS_NOTHING:
		break;
	case STORY_PREDICTS_SENT:
		return outcome >= OUTCOME_ANSWERED;
	case STORY_PREDICTS_DEFERRED:
		return outcome < OUTCOME_ANSWERED;
	case STORY_PREDICTS_BOUNCED:
		return outcome == OUTCOME_BOUNCED;
	}
	return true;
}

static struct review_pair *
pair_for(const struct review_message *message, const char *address)
{
	char raw[LIMIT_RAW_DOMAIN_SIZE], domain[LIMIT_DOMAIN_SIZE];

	if (domain_of_address(address, raw, sizeof(raw), NULL) != 0)
		return NULL;
	if (domain_normalise(raw, domain, NULL) != 0)
		text_copy(domain, sizeof(domain), raw);
	return review_pair_of(message, domain);
}

struct joined {
	const struct review_message *message;
	const struct logline *line;
};

/* posternd saw the address that the client named, before any alias. */
static void
note_attempt(void *arg, const struct logline_delivery *delivery)
{
	const struct joined *joined = arg;
	struct review_pair *pair = pair_for(joined->message, delivery->address);
	enum review_outcome outcome = mta_outcome(delivery);
	char masked[LINE_SIZE];

	if (pair == NULL && delivery->original[0] != '\0')
		pair = pair_for(joined->message, delivery->original);
	if (pair == NULL || outcome == OUTCOME_OPEN)
		return;
	if (pair->seen == 0)
		pair->first = outcome;
	pair->seen |= 1u << outcome;
	/* only what is not as foreseen is shown, and that is seldom */
	if (is_foreseen(story_predicts(pair->result, pair->reason), outcome))
		return;
	review_mask(masked, sizeof(masked), joined->line->text);
	free(pair->theirs);
	pair->theirs = xstrdup(masked);
}

static void
read_sender_line(
    struct review *review, struct review_message *message, const char *text)
{
	char sender[LOGLINE_ADDRESS_SIZE];

	if (logline_address(text, "from=", sender))
		review_sender(review, message, sender);
}

void
review_join(struct review *review, const struct logline *line)
{
	struct review_message *message =
	    review_messages_find(&review->open, line->id);
	struct joined joined = {message, line};

	if (message == NULL)
		return;
	if (strcmp(line->text, "removed") == 0)
		review_messages_end(&review->open, message);
	else if (strncmp(line->text, "from=<", 6) == 0)
		read_sender_line(review, message, line->text);
	else
		logline_deliveries(line->text, note_attempt, &joined);
}

/* --- addresses --- */

/* Where an address that has its "@" at at begins: behind a "<", or a blank. */
static size_t
local_start(const char *text, size_t at, size_t least)
{
	size_t start = at;

	for (size_t i = at; i > least; i--)
		if (text[i - 1] == '<')
			return i;
	while (start > least && strchr(" \t,;:=()\"'", text[start - 1]) == NULL)
		start--;
	/* a quoted local part holds anything */
	if (start > least && start == at && text[at - 1] == '"')
		return least;
	return start;
}

/* What a host said, but for its codes: it may quote anything of the message. */
static const char *
remote_text(const char *text, const char **rest)
{
	const char *said = strstr(text, " said: ");

	if (said == NULL)
		return NULL;
	said += strlen(" said: ");
	said += strspn(said, "0123456789.- ");
	*rest = strstr(said, " (in reply to ");
	return said;
}

static void
mask_part(struct text *out, const char *part, size_t length)
{
	size_t done = 0;

	for (size_t i = 0; i < length; i++) {
		size_t start;

		if (part[i] != '@')
			continue;
		start = local_start(part, i, done);
		text_addf(out, "%.*s*", (int)(start - done), part + done);
		done = i;
	}
	text_addf(out, "%.*s", (int)(length - done), part + done);
}

void
review_mask(char *to, size_t size, const char *text)
{
	char plain[2 * LINE_SIZE];
	const char *rest = NULL, *remote;
	struct text out;

	text_escape(plain, sizeof(plain), text, strlen(text));
	remote = remote_text(plain, &rest);
	text_init(&out, to, size);
	mask_part(&out, plain,
	    remote == NULL ? strlen(plain) : (size_t)(remote - plain));
	if (remote != NULL)
		text_add(&out, "...");
	if (rest != NULL)
		mask_part(&out, rest, strlen(rest));
}

/* --- the forecast --- */

/* What counts of all that was logged. */
static enum review_outcome
outcome_for(const struct review_pair *pair, enum story_forecast forecast)
{
	if (forecast == STORY_PREDICTS_DEFERRED)
		return pair->first;
	for (int i = OUTCOME_DELIVERED; i > OUTCOME_OPEN; i--)
		if ((pair->seen & 1u << i) != 0)
			return (enum review_outcome)i;
	return OUTCOME_OPEN;
}

static void
keep_missed(struct review *review, const struct review_message *message,
    const struct review_pair *pair)
{
	struct review_missed *missed;
	char line[LINE_SIZE + LOGLINE_ID_SIZE + LIMIT_LOG_LINE];

	if (review->missed_count == LIMIT_REVIEW_MISSED)
		return;
	review->missed = xrealloc(
	    review->missed, review->missed_count + 1, sizeof(*review->missed));
	missed = &review->missed[review->missed_count++];
	missed->at = message->at;
	missed->domain = xstrdup(pair->name);
	snprintf(line, sizeof(line), "%s: %s", message->id, pair->ours);
	missed->ours = xstrdup(line);
	snprintf(line, sizeof(line), "%s: %s", message->id,
	    pair->theirs == NULL ? "(delivered)" : pair->theirs);
	missed->theirs = xstrdup(line);
}

static void
judge_pair(struct review *review, const struct review_message *message,
    const struct review_pair *pair)
{
	enum story_forecast forecast =
	    pair->mixed ? STORY_PREDICTS_NOTHING
			: story_predicts(pair->result, pair->reason);
	enum review_outcome outcome = outcome_for(pair, forecast);

	assert((int)forecast < FORECASTS);
	review->forecast[forecast][outcome]++;
	if (outcome == OUTCOME_OPEN || forecast == STORY_PREDICTS_NOTHING)
		return;
	if (is_foreseen(forecast, outcome)) {
		review->as_foreseen++;
		return;
	}
	review->not_as_foreseen++;
	keep_missed(review, message, pair);
}

void
review_judge(void *arg, const struct review_message *message)
{
	for (size_t i = 0; i < message->pair_count; i++)
		judge_pair(arg, message, &message->pairs[i]);
}

int
review_agreement(const struct review *review)
{
	uint64_t all = review->as_foreseen + review->not_as_foreseen;
	int tenths;

	if (all == 0)
		return -1;
	tenths = (int)(review->as_foreseen * 1000 / all);
	return tenths;
}
