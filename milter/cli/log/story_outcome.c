/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <strings.h>

#include "milter/cli/log/story.h"

int
story_reason(const char *word)
{
	for (int i = 0; i < REASONS; i++)
		if (strcmp(reason_text((enum reason)i), word) == 0)
			return i;
	return -1;
}

int
story_result(const char *word)
{
	for (int i = 0; i < RESULTS; i++)
		if (strcmp(result_text((enum result)i), word) == 0)
			return i;
	return -1;
}

enum story_forecast
story_predicts(enum result result, enum reason reason)
{
	if (reason_is_nowhere(reason))
		return STORY_PREDICTS_BOUNCED;
	if (reason == REASON_NOT_PROBED)
		return STORY_PREDICTS_NOTHING;
	switch (result) {
	case RESULT_FAIL:
		return STORY_PREDICTS_DEFERRED;
	case RESULT_PASS:
	case RESULT_NONE:
	case RESULT_SOFTFAIL:
		return STORY_PREDICTS_SENT;
	case RESULT_TEMPERROR:
	case RESULT_SKIP:
		break;
	}
	return STORY_PREDICTS_NOTHING;
}

/* The MTA's word; NULL where a verdict says nothing. */
static const char *
predicted_status(const struct story_check *check)
{
	int result = story_result(check->result);
	int reason = story_reason(check->reason);

	/* a reason that this version does not know changes nothing */
	if (reason < 0)
		reason = REASON_OK;
	switch (result < 0 ? STORY_PREDICTS_NOTHING
			   : story_predicts(
				 (enum result)result, (enum reason)reason)) {
	case STORY_PREDICTS_NOTHING:
		break;
	case STORY_PREDICTS_BOUNCED:
		return "bounced";
	case STORY_PREDICTS_DEFERRED:
		return "deferred";
	case STORY_PREDICTS_SENT:
		return "sent";
	}
	return NULL;
}

/* What stays in the queue for too long is returned: it did not go out. */
enum story_outcome
story_outcome(const struct story_check *check, const struct story_rcpt *rcpt)
{
	const char *predicted = predicted_status(check);
	const char *status = rcpt->status;

	if (strcmp(status, "refused") == 0)
		return STORY_REFUSED;
	if (status[0] == '\0' || strcmp(status, "queued") == 0)
		return STORY_OPEN;
	if (predicted == NULL)
		return STORY_NOTHING_SAID;
	if (strcmp(predicted, "deferred") == 0)
		return strcmp(status, "sent") == 0 ? STORY_MISSED : STORY_HELD;
	return strcmp(predicted, status) == 0 ? STORY_HELD : STORY_MISSED;
}

/* --- which of several next hops it was --- */

/* How bad a result is; what is not logged is worst. */
static int
badness_of(const struct story_check *check)
{
	int result = story_result(check->result);

	return result < 0 ? RESULTS : result_badness((enum result)result);
}

/* "mx.example[192.0.2.1]:25" by Postfix, "mx.example. [192.0.2.1]" by
 * Sendmail */
static bool
is_relay(const char *relay, const char *mx)
{
	size_t length = strlen(mx);

	return length > 0 && strncasecmp(relay, mx, length) == 0 &&
	       (relay[length] == '[' ||
		   strncmp(relay + length, ". [", 3) == 0 ||
		   relay[length] == '\0');
}

const struct story_check *
story_check_of(const struct story *story, const struct story_rcpt *rcpt,
    enum story_outcome *outcome)
{
	const struct story_check *worst = NULL, *taken = NULL;
	size_t takers = 0;
	bool same = true;

	for (size_t i = 0; i < story->check_count; i++) {
		const struct story_check *check = &story->checks[i];

		if (strcmp(check->domain, rcpt->domain) != 0)
			continue;
		if (worst != NULL &&
		    story_outcome(check, rcpt) != story_outcome(worst, rcpt))
			same = false;
		if (worst == NULL || badness_of(check) > badness_of(worst))
			worst = check;
		if (is_relay(rcpt->relay, check->mx)) {
			taken = check;
			takers++;
		}
	}
	if (takers != 1)
		taken = worst;
	*outcome = STORY_NOTHING_SAID;
	if (taken != NULL && (takers == 1 || same))
		*outcome = story_outcome(taken, rcpt);
	return taken;
}

const char *
story_outcome_text(enum story_outcome outcome)
{
	switch (outcome) {
	case STORY_NOTHING_SAID:
		return "nothing-predicted";
	case STORY_OPEN:
		return "open";
	case STORY_REFUSED:
		return "refused";
	case STORY_HELD:
		return "as-predicted";
	case STORY_MISSED:
		break;
	}
	return "not-as-predicted";
}
