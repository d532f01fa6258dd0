/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "common/base/clock.h"
#include "milter/cli/review/review.h"

/* By what was recorded.  What was held is stopped already; what was refused is
 * not there any more. */
static unsigned
would_of(const struct review_pair *pair)
{
	if (pair->action > ACTION_TAG)
		return 0;
	switch (pair->result) {
	case RESULT_FAIL:
		return 1u << WOULD_FAIL;
	case RESULT_TEMPERROR:
		return 1u << WOULD_TEMPERROR;
	case RESULT_NONE:
		return pair->reason == REASON_NO_POLICY ? 1u << WOULD_ENCRYPT
							: 0;
	case RESULT_SOFTFAIL:
	case RESULT_PASS:
	case RESULT_SKIP:
		break;
	}
	return 0;
}

/* Sender and end of the message come in either order. */
static void
count_sender(struct review *review, const struct review_message *message)
{
	uint64_t number =
	    message->sender ^ (uint64_t)(message->at / CLOCK_DAY_S);

	if (!message->sender_known || !message->closed)
		return;
	for (int i = 0; i < WOULDS; i++) {
		if ((message->would & 1u << i) == 0)
			continue;
		review->would[i].null_sender += message->null_sender;
		review_set_add(&review->would[i].sender_days, number);
	}
}

void
review_would_stop(struct review *review, struct review_message *message)
{
	for (size_t i = 0; i < message->pair_count; i++) {
		const struct review_pair *pair = &message->pairs[i];
		unsigned would = would_of(pair);

		message->would |= would;
		for (int j = 0; j < WOULDS && pair->domain != NAMES_NONE; j++)
			if ((would & 1u << j) != 0)
				review->domains.items[pair->domain].would[j]++;
	}
	for (int i = 0; i < WOULDS; i++)
		review->would[i].messages += (message->would & 1u << i) != 0;
	count_sender(review, message);
}

/* It is logged again at each further try. */
void
review_sender(
    struct review *review, struct review_message *message, const char *sender)
{
	if (message->sender_known)
		return;
	message->sender_known = true;
	message->null_sender = sender[0] == '\0';
	message->sender = names_hash(sender, strlen(sender));
	count_sender(review, message);
}
