/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/review/sets.h"

#include "common/base/limits.h"
#include "common/base/xalloc.h"

/* Twice what it may hold, so that a search is short */
enum { PLACES = 2 * LIMIT_REVIEW_SENDERS };

void
review_set_fini(struct review_set *set)
{
	free(set->items);
}

void
review_set_add(struct review_set *set, uint64_t number)
{
	size_t place = number % PLACES;

	if (number == 0)
		number = 1;
	if (set->items == NULL)
		set->items = xcalloc(PLACES, sizeof(*set->items));
	while (set->items[place] != 0 && set->items[place] != number)
		place = (place + 1) % PLACES;
	if (set->items[place] == number)
		return;
	if (set->count == LIMIT_REVIEW_SENDERS) {
		set->full = true;
		return;
	}
	set->items[place] = number;
	set->count++;
}
