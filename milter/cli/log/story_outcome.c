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

/* What a verdict says that the MTA will do; NULL where it says nothing. */
static const char *
predict_outcome(const struct story_check *check)
{
	switch (story_reason(check->reason)) {
	case REASON_NULL_MX:
	case REASON_NXDOMAIN:
	case REASON_NO_ADDRESS:
		return "bounced";
	case REASON_NOT_PROBED:
		return NULL;
	default:
		break;
	}
	if (strcmp(check->result, result_text(RESULT_FAIL)) == 0)
		return "deferred";
	if (strcmp(check->result, result_text(RESULT_PASS)) == 0 ||
	    strcmp(check->result, result_text(RESULT_NONE)) == 0 ||
	    strcmp(check->result, result_text(RESULT_SOFTFAIL)) == 0)
		return "sent";
	return NULL;
}

/* What stays in the queue for too long is returned: it did not go out. */
enum story_outcome
story_outcome(const struct story_check *check, const struct story_rcpt *rcpt)
{
	const char *predicted = predict_outcome(check);
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
	for (int i = 0; i < RESULTS; i++)
		if (strcmp(check->result, result_text((enum result)i)) == 0)
			return result_badness((enum result)i);
	return RESULTS;
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
