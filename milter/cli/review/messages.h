/* messages - those of a log whose end is not seen yet, by queue id. Bounded:
 * the oldest is given up. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_REVIEW_MESSAGES_H
#define MILTER_CLI_REVIEW_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "milter/cli/log/logline.h"
#include "milter/cli/review/domains.h"

/* What the MTA did with a recipient, or all of a domain. */
enum review_outcome {
	OUTCOME_OPEN,     /* nothing is logged of it */
	OUTCOME_DEFERRED, /* in the queue */
	OUTCOME_BOUNCED,  /* given back, or up */
	OUTCOME_ANSWERED, /* a host was reached, and refused the mail: TLS was
			     no obstacle */
	OUTCOME_DELIVERED,
};
enum { OUTCOMES = OUTCOME_DELIVERED + 1 };

/* A domain of a message. */
struct review_pair {
	uint32_t domain; /* number of struct review_domains, or NAMES_NONE */
	enum result result;
	enum reason reason;
	enum action action;
	bool mixed; /* several next hops, of which not all predict the same */
	enum review_outcome first;
	unsigned seen; /* a bit for each outcome that was logged */
	char *name;    /* of the domain */
	char *ours;    /* the line of the check, as it is */
	char *theirs;  /* the last of the MTA about it, without addresses */
};

struct review_message {
	char id[LOGLINE_ID_SIZE]; /* "" while it is not in use */
	bool closed;              /* posternd's last line of it was seen */
	time_t at;
	unsigned would; /* a bit for each change that would have stopped it */
	bool sender_known, null_sender;
	uint64_t sender; /* of the address, a number */
	size_t pair_count;
	struct review_pair *pairs;
	uint32_t chain, before, after; /* of its bucket; by age */
};

/* Called once for each message that leaves the table. */
typedef void
review_message_end(void *arg, const struct review_message *message);

struct review_messages {
	struct review_message *items;
	uint32_t *buckets;
	uint32_t used; /* items that were ever in use */
	uint32_t free, oldest, newest;
	uint64_t given_up; /* for want of room */
	review_message_end *end;
	void *arg;
};

void review_messages_init(
    struct review_messages *messages, review_message_end *end, void *arg);

/* review_messages_fini - ends all that are left */
void review_messages_fini(struct review_messages *messages);

/* review_messages_find - NULL where it is not there; review_messages_take -
 * makes it then.  Borrowed until the next is made. */
struct review_message *
review_messages_find(struct review_messages *messages, const char *id);
struct review_message *
review_messages_take(struct review_messages *messages, const char *id);

void review_messages_end(
    struct review_messages *messages, struct review_message *message);

/* review_pair_of - the one of a domain, or NULL; review_pair_add - one more,
 * or NULL where there are LIMIT_REVIEW_PAIRS */
struct review_pair *
review_pair_of(const struct review_message *message, const char *name);
struct review_pair *
review_pair_add(struct review_message *message, const char *name);

#endif
