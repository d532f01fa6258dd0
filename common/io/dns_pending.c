/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_pending.h"

#include <assert.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

/*
 * How it works: a lookup is on the heap and belongs to two.
 *
 * 1. dns_pending_new puts it into the list, as open and wanted.
 * 2. dns_pending_finish takes it out of the list, so that it is open no more,
 *    and wakes who waits.
 * 3. dns_pending_await ends when it is open no more, or at its deadline, and
 *    then the lookup is wanted no more.
 * 4. Who does not want to wait in dns_pending_await is told by a call, which
 *    comes when the lookup is open no more, or wanted no more.
 * 5. Whichever of the two comes second frees it.  A lookup that was given up
 *    so stays in the list, and counts, until who answers is through with it.
 * 6. A lookup that was refused was never in the list, and is freed by who asks.
 *    He waits for his deadline all the same, see dns_options.h.
 */

/* Who is to be told, or nobody. */
struct watcher {
	cache_ready *ready;
	void *arg;
};

struct dns_pending {
	TAILQ_ENTRY(dns_pending) link;
	struct dns_pending_list *list;
	enum dns_type type;
	int64_t deadline_ms;
	bool refused;
	struct cond ended;
	/* with list->lock */
	bool wanted; /* who asks has not ended his part */
	bool open;   /* who answers has not: it is in the list */
	struct dns_answer *answer;
	char trouble[LIMIT_DETAIL_SIZE];
	struct watcher watcher;
	/* again without */
	char name[];
};

struct dns_pending_list {
	void *owner;
	unsigned most;
	struct lock lock;
	/* with lock: those that are open */
	TAILQ_HEAD(, dns_pending) open;
	unsigned count;
};

struct dns_pending_list *
dns_pending_list_new(unsigned most, void *owner)
{
	struct dns_pending_list *list = xcalloc(1, sizeof(*list));

	list->owner = owner;
	list->most = most;
	lock_init(&list->lock);
	TAILQ_INIT(&list->open);
	return list;
}

static void
drop_pending(struct dns_pending *pending)
{
	assert(!pending->open && !pending->wanted);
	dns_answer_free(pending->answer);
	cond_fini(&pending->ended);
	free(pending);
}

static void
close_locked(struct dns_pending *pending) HOLDS(pending->list->lock)
{
	struct dns_pending_list *list = pending->list;

	assert(pending->open && list->count > 0);
	TAILQ_REMOVE(&list->open, pending, link);
	list->count--;
	pending->open = false;
}

static struct watcher
take_watcher_locked(struct dns_pending *pending) HOLDS(pending->list->lock)
{
	struct watcher watcher = pending->watcher;

	pending->watcher = (struct watcher){NULL, NULL};
	return watcher;
}

/* Without a lock: the call may do anything. */
static void
tell_watcher(struct watcher watcher)
{
	if (watcher.ready != NULL)
		watcher.ready(watcher.arg, NULL);
}

void
dns_pending_list_free(struct dns_pending_list *list)
{
	struct dns_pending *pending;

	if (list == NULL)
		return;
	while ((pending = TAILQ_FIRST(&list->open)) != NULL) {
		assert(!pending->wanted || pending->watcher.ready != NULL);
		dns_pending_finish(pending, NULL);
	}
	assert(list->count == 0);
	lock_fini(&list->lock);
	free(list);
}

struct dns_pending *
dns_pending_new(struct dns_pending_list *list, const char *name,
    enum dns_type type, int64_t deadline_ms)
{
	size_t size = strlen(name) + 1;
	struct dns_pending *pending = xcalloc(1, sizeof(*pending) + size);

	memcpy(pending->name, name, size);
	pending->list = list;
	pending->type = type;
	pending->deadline_ms = deadline_ms;
	pending->wanted = true;
	cond_init(&pending->ended);
	lock_take(&list->lock);
	pending->open = list->count < list->most;
	if (pending->open) {
		TAILQ_INSERT_TAIL(&list->open, pending, link);
		list->count++;
	}
	pending->refused = !pending->open;
	lock_drop(&list->lock);
	return pending;
}

bool
dns_pending_is_refused(const struct dns_pending *pending)
{
	return pending->refused;
}

void *
dns_pending_owner(const struct dns_pending *pending)
{
	return pending->list->owner;
}

const char *
dns_pending_name(const struct dns_pending *pending)
{
	return pending->name;
}

enum dns_type
dns_pending_type(const struct dns_pending *pending)
{
	return pending->type;
}

int64_t
dns_pending_deadline(const struct dns_pending *pending)
{
	return pending->deadline_ms;
}

bool
dns_pending_is_wanted(struct dns_pending *pending)
{
	bool wanted;

	lock_take(&pending->list->lock);
	assert(pending->open);
	wanted = pending->wanted;
	lock_drop(&pending->list->lock);
	return wanted && clock_left_ms(pending->deadline_ms) > 0;
}

void
dns_pending_note(struct dns_pending *pending, const char *trouble)
{
	lock_take(&pending->list->lock);
	assert(pending->open);
	text_clean(pending->trouble, sizeof(pending->trouble), trouble,
	    strlen(trouble));
	lock_drop(&pending->list->lock);
}

void
dns_pending_finish(struct dns_pending *pending, struct dns_answer *answer)
{
	struct watcher watcher;
	bool wanted;

	lock_take(&pending->list->lock);
	assert(!pending->refused && pending->answer == NULL);
	close_locked(pending);
	pending->answer = answer;
	wanted = pending->wanted;
	watcher = take_watcher_locked(pending);
	if (wanted)
		cond_signal(&pending->ended);
	lock_drop(&pending->list->lock);
	if (!wanted)
		drop_pending(pending);
	tell_watcher(watcher);
}

void
dns_pending_watch(struct dns_pending *pending, cache_ready *ready, void *arg)
{
	struct watcher now = {ready, arg}, before;

	lock_take(&pending->list->lock);
	assert(pending->wanted && ready != NULL);
	before = take_watcher_locked(pending);
	if (pending->open || pending->refused) {
		pending->watcher = now;
		now.ready = NULL;
	}
	lock_drop(&pending->list->lock);
	tell_watcher(before);
	tell_watcher(now);
}

/* What to say where there is no answer. */
static const char *
say_trouble(const struct dns_pending *pending)
{
	if (pending->refused)
		return "too many lookups outstanding";
	return pending->trouble[0] == '\0' ? "no answer in time"
					   : pending->trouble;
}

/* Ends the part of who asks. */
static void
end_asking(struct dns_pending *pending)
{
	struct watcher watcher;
	bool open;

	lock_take(&pending->list->lock);
	assert(pending->wanted);
	pending->wanted = false;
	watcher = take_watcher_locked(pending);
	open = pending->open;
	lock_drop(&pending->list->lock);
	if (!open)
		drop_pending(pending);
	tell_watcher(watcher);
}

struct dns_answer *
dns_pending_await(struct dns_pending *pending)
{
	struct dns_pending_list *list = pending->list;
	struct dns_answer *answer;

	lock_take(&list->lock);
	assert(pending->wanted);
	while (pending->open || pending->refused)
		if (!cond_wait_until(
			&pending->ended, &list->lock, pending->deadline_ms))
			break;
	answer = pending->answer;
	pending->answer = NULL;
	if (answer == NULL)
		answer =
		    dns_answer_failed(LOOKUP_TIMEOUT, say_trouble(pending));
	lock_drop(&list->lock);
	end_asking(pending);
	return answer;
}

void
dns_pending_drop(struct dns_pending *pending)
{
	end_asking(pending);
}
