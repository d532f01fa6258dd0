/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a transaction takes as long as the disk takes to make it
 * durable, for one row as for a thousand.  So a note is put on a list; who
 * finds nobody writing writes all that is on it, and what has come meanwhile,
 * until there is nothing.  With one check at a time each is written at once.
 */
#include "common/engine/flips.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/lock.h"
#include "common/base/xalloc.h"

struct note {
	TAILQ_ENTRY(note) next;
	enum result result;
	char *domain;
	char *mx; /* or NULL */
};
TAILQ_HEAD(notes, note);

struct flips {
	struct store *store;
	struct policy_keep *keep;
	engine_flip *flipped;
	void *arg;
	struct lock lock;
	struct notes waiting; /* with lock */
	size_t count;         /* with lock: of them */
	bool writing;         /* with lock: somebody does */
};

struct flips *
flips_new(struct store *store, struct policy_keep *keep, engine_flip *flipped,
    void *arg)
{
	struct flips *flips = xcalloc(1, sizeof(*flips));

	flips->store = store;
	flips->keep = keep;
	flips->flipped = flipped;
	flips->arg = arg;
	TAILQ_INIT(&flips->waiting);
	lock_init(&flips->lock);
	return flips;
}

void
flips_free(struct flips *flips)
{
	if (flips == NULL)
		return;
	assert(!flips->writing && TAILQ_EMPTY(&flips->waiting));
	lock_fini(&flips->lock);
	free(flips);
}

static struct note *
note_new(const char *domain, enum result result, const char *mx)
{
	struct note *note = xcalloc(1, sizeof(*note));

	note->result = result;
	note->domain = xstrdup(domain);
	note->mx = mx == NULL ? NULL : xstrdup(mx);
	return note;
}

static void
note_free(struct note *note)
{
	free(note->domain);
	free(note->mx);
	free(note);
}

static void
tell_flips(const struct flips *flips, const struct notes *notes,
    const struct store_flip *rows)
{
	const struct note *note;

	TAILQ_FOREACH (note, notes, next) {
		if (rows->differs && flips->flipped != NULL)
			flips->flipped(flips->arg, note->domain, rows->old,
			    rows->result, note->mx);
		rows++;
	}
}

static void
write_notes(struct flips *flips, struct notes *notes, size_t count)
{
	struct store_flip *rows = xcalloc(count, sizeof(*rows));
	struct note *note;
	struct err err;
	size_t i = 0;

	TAILQ_FOREACH (note, notes, next)
		rows[i++] = (struct store_flip){.domain = note->domain,
		    .result = result_text(note->result)};
	assert(i == count);
	if (store_flips(flips->store, rows, count, clock_wall_s(), &err) < 0)
		policy_keep_store_failed(flips->keep, &err);
	else
		policy_keep_store_worked(flips->keep);
	tell_flips(flips, notes, rows);
	while ((note = TAILQ_FIRST(notes)) != NULL) {
		TAILQ_REMOVE(notes, note, next);
		note_free(note);
	}
	free(rows);
}

/* Takes what waits; where there is nothing, nobody writes any more. */
static size_t
take_waiting(struct flips *flips, struct notes *notes)
{
	size_t count;

	lock_take(&flips->lock);
	TAILQ_CONCAT(notes, &flips->waiting, next);
	count = flips->count;
	flips->count = 0;
	flips->writing = count > 0;
	lock_drop(&flips->lock);
	return count;
}

static void
write_waiting(struct flips *flips)
{
	struct notes notes = TAILQ_HEAD_INITIALIZER(notes);
	size_t count;

	while ((count = take_waiting(flips, &notes)) > 0)
		write_notes(flips, &notes, count);
}

void
flips_note(
    struct flips *flips, const char *domain, enum result result, const char *mx)
{
	struct note *note = note_new(domain, result, mx);
	bool mine = false, left;

	lock_take(&flips->lock);
	left = flips->count == LIMIT_FLIPS_WAITING;
	if (!left) {
		TAILQ_INSERT_TAIL(&flips->waiting, note, next);
		flips->count++;
		mine = !flips->writing;
		flips->writing = true;
	}
	lock_drop(&flips->lock);
	if (left)
		note_free(note);
	if (mine)
		write_waiting(flips);
}
