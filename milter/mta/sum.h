/* sum - what the recipients of a message come to together. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_MTA_SUM_H
#define MILTER_MTA_SUM_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/conf/settings.h"
#include "milter/mta/item.h"

/* Of the items that are left in the message. */
struct sum {
	const struct item *items; /* borrowed, those refused too */
	size_t count;
	enum result result;
	enum action action;
	const struct item *worst; /* whose action it is; NULL: none is left */
	bool tagged; /* one of them was looked at, or would have been */
	size_t domains;
	unsigned rcpts;
};

/* sum_up - each has its verdict and its action */
struct sum sum_up(const struct item *items, size_t count);

/* sum_tag - the value of the header field; the caller's */
char *sum_tag(const struct sum *sum, const struct settings *settings,
    const char *queue_id);

/*
 * sum_name - the domain of the worst, for a reply or the reason of a hold
 *
 * NULL where it must not be told: who sees the header sees those too, so a
 * domain that the message does not name itself is not named there.
 */
const char *sum_name(const struct sum *sum, const struct settings *settings);

#endif
