/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/recent.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

static struct {
	struct lock lock;
	size_t count;

	/* side by side, for nearly every message asks for a domain that is not
	 * there */
	uint32_t hashes[LIMIT_RECENT_DOMAINS];
	struct figures_domain rows[LIMIT_RECENT_DOMAINS];
} recent = {.lock = {PTHREAD_MUTEX_INITIALIZER}};

static uint32_t
hash_domain(const char *domain)
{
	uint32_t hash = 2166136261;

	for (; *domain != '\0'; domain++)
		hash = (hash ^ (unsigned char)*domain) * 16777619;
	return hash;
}

/* Its place, or count. */
static size_t
find_recent_locked(const char *domain, uint32_t hash) HOLDS(recent.lock)
{
	size_t place = 0;

	while (place < recent.count &&
	       (recent.hashes[place] != hash ||
		   strcmp(recent.rows[place].domain, domain) != 0))
		place++;
	return place;
}

static size_t
longest_unseen_locked(void) HOLDS(recent.lock)
{
	size_t oldest = 0;

	for (size_t i = 1; i < recent.count; i++)
		if (recent.rows[i].last_s < recent.rows[oldest].last_s)
			oldest = i;
	return oldest;
}

/* The last one takes the place. */
static void
leave_recent_locked(size_t place) HOLDS(recent.lock)
{
	recent.count--;
	recent.rows[place] = recent.rows[recent.count];
	recent.hashes[place] = recent.hashes[recent.count];
}

static struct figures_domain *
take_recent_locked(size_t place, const char *domain, uint32_t hash, time_t now)
    HOLDS(recent.lock)
{
	struct figures_domain *row;

	if (place == recent.count) {
		if (recent.count == LIMIT_RECENT_DOMAINS)
			leave_recent_locked(longest_unseen_locked());
		place = recent.count++;
		recent.hashes[place] = hash;
		row = &recent.rows[place];
		*row = (struct figures_domain){.first_s = now};
		text_copy(row->domain, sizeof(row->domain), domain);
	}
	return &recent.rows[place];
}

static bool
fails_now(enum result result)
{
	return result == RESULT_FAIL || result == RESULT_TEMPERROR ||
	       result == RESULT_SOFTFAIL;
}

static void
note_recent_locked(const char *domain, const struct verdict *verdict,
    time_t now) HOLDS(recent.lock)
{
	uint32_t hash = hash_domain(domain);
	size_t place = find_recent_locked(domain, hash);
	struct figures_domain *row;

	if (!fails_now(verdict->result)) {
		if (place < recent.count && verdict->result != RESULT_SKIP)
			leave_recent_locked(place);
		return;
	}
	row = take_recent_locked(place, domain, hash, now);
	row->result = verdict->result;
	row->reason = verdict->reason;
	row->last_s = now;
	row->messages++;
	text_copy(
	    row->mx, sizeof(row->mx), verdict->mx == NULL ? "" : verdict->mx);
}

void
recent_note(const char *domain, const struct verdict *verdict, time_t now)
{
	if (domain[0] == '\0')
		return;
	lock_take(&recent.lock);
	if (recent.count > 0 || fails_now(verdict->result))
		note_recent_locked(domain, verdict, now);
	lock_drop(&recent.lock);
}

static int
compare_messages(const void *a, const void *b)
{
	const struct figures_domain *left = a, *right = b;

	if (left->messages != right->messages)
		return left->messages < right->messages ? 1 : -1;
	return strcmp(left->domain, right->domain);
}

struct figures_domain *
recent_copy(size_t *count)
{
	struct figures_domain *rows;

	lock_take(&recent.lock);
	*count = recent.count;
	rows = xmemdup(
	    recent.rows, (*count + 1) * sizeof(*rows) < sizeof(recent.rows)
			     ? (*count + 1) * sizeof(*rows)
			     : sizeof(recent.rows));
	lock_drop(&recent.lock);
	qsort(rows, *count, sizeof(*rows), compare_messages);
	return rows;
}
