/* message_outcome - what the recipients of a message come to together. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_MTA_MESSAGE_OUTCOME_H
#define MILTER_MTA_MESSAGE_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/conf/settings.h"
#include "milter/mta/recipient_group.h"

/* Of the groups that are left in the message. */
struct message_outcome {
	const struct recipient_group *groups; /* borrowed, those refused too */
	size_t count;
	enum result result;
	enum action action;
	const struct recipient_group
	    *worst;  /* whose action it is; NULL: none is left */
	bool tagged; /* one of them was looked at, or would have been */
	size_t domains;
	unsigned rcpts;
};

/* message_outcome_of - each has its verdict and its action */
struct message_outcome
message_outcome_of(const struct recipient_group *groups, size_t count);

/* message_outcome_tag - the value of the header field; the caller's */
char *message_outcome_tag(const struct message_outcome *outcome,
    const struct settings *settings, const char *queue_id);

/*
 * message_outcome_name - the domain of the worst, for a reply or the reason of
 * a hold
 *
 * NULL where it must not be told: who sees the header sees those too, so a
 * domain that the message does not name itself is not named there.
 */
const char *message_outcome_name(
    const struct message_outcome *outcome, const struct settings *settings);

#endif
