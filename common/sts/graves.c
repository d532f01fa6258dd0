/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/graves.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum { BURIED_S = CLOCK_DAY_S };

struct grave {
	char domain[LIMIT_DOMAIN_SIZE];
	time_t at; /* 0: free */
};

struct graves {
	struct lock lock; /* for all that follows */
	struct grave items[LIMIT_SHARED_GRAVES];
	size_t next;
};

void
graves_bury(struct graves *graves, const char *domain, time_t at)
{
	struct grave *grave;
	size_t i = 0;

	lock_take(&graves->lock);
	while (i < LIMIT_SHARED_GRAVES &&
	       strcmp(graves->items[i].domain, domain) != 0)
		i++;
	if (i == LIMIT_SHARED_GRAVES) {
		i = graves->next++ % LIMIT_SHARED_GRAVES;
		graves->items[i].at = 0;
	}
	grave = &graves->items[i];
	text_copy(grave->domain, sizeof(grave->domain), domain);
	if (at > grave->at)
		grave->at = at;
	lock_drop(&graves->lock);
}

bool
graves_hold(
    struct graves *graves, const char *domain, time_t fetched_s, time_t now)
{
	bool held = false;

	lock_take(&graves->lock);
	for (size_t i = 0; i < LIMIT_SHARED_GRAVES && !held; i++) {
		const struct grave *grave = &graves->items[i];

		held = grave->at != 0 && now - grave->at < BURIED_S &&
		       fetched_s <= grave->at &&
		       strcmp(grave->domain, domain) == 0;
	}
	lock_drop(&graves->lock);
	return held;
}

struct graves *
graves_new(void)
{
	struct graves *graves = xcalloc(1, sizeof(*graves));

	lock_init(&graves->lock);
	return graves;
}

void
graves_free(struct graves *graves)
{
	if (graves == NULL)
		return;
	lock_fini(&graves->lock);
	free(graves);
}
