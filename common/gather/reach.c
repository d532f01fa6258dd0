/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/reach.h"

#include <netinet/in.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum {
	SHUT_AFTER_MS = 5 * 60 * 1000,
	TRIAL_EVERY_MS = 60 * 1000,

	/* One or two hosts that are down, where there is little other mail,
	 * say nothing of the way out */
	ADDRESSES = 4,
};

struct reach {
	uint16_t port;
	reach_changed *changed;
	void *arg;
	struct lock lock;
	/* with lock; of the time since a connection came about */
	int64_t failed_ms; /* the first that did not */
	size_t count;      /* distinct addresses, up to so many */
	char addresses[ADDRESSES][INET6_ADDRSTRLEN];
	bool shut;
	bool told; /* what was told last */
	bool telling;
	int64_t trial_ms; /* the next */
};

struct reach *
reach_new(uint16_t port, reach_changed *changed, void *arg)
{
	struct reach *reach = xcalloc(1, sizeof(*reach));

	reach->port = port;
	reach->changed = changed;
	reach->arg = arg;
	lock_init(&reach->lock);
	return reach;
}

void
reach_free(struct reach *reach)
{
	if (reach == NULL)
		return;
	lock_fini(&reach->lock);
	free(reach);
}

static void
add_locked(struct reach *reach, const char *address) HOLDS(reach->lock)
{
	if (reach->count == 0)
		reach->failed_ms = clock_mono_ms();
	for (size_t i = 0; i < reach->count; i++)
		if (strcmp(reach->addresses[i], address) == 0)
			return;
	if (reach->count < ADDRESSES)
		text_copy(reach->addresses[reach->count++], INET6_ADDRSTRLEN,
		    address);
}

static void
note_locked(struct reach *reach, const char *address, bool connected)
    HOLDS(reach->lock)
{
	bool before = reach->shut;

	if (connected) {
		reach->count = 0;
		reach->shut = false;
		return;
	}
	add_locked(reach, address);
	reach->shut = reach->count == ADDRESSES &&
		      clock_mono_ms() - reach->failed_ms >= SHUT_AFTER_MS;
	if (reach->shut && !before)
		reach->trial_ms = clock_mono_ms() + TRIAL_EVERY_MS;
}

/* One at a time tells, what changes meanwhile as well: so all is told in its
 * order.  Whether there is anything. */
static bool
claim_news(struct reach *reach, bool *shut)
{
	bool news;

	lock_take(&reach->lock);
	news = reach->shut != reach->told;
	reach->told = reach->shut;
	reach->telling = news;
	*shut = reach->shut;
	lock_drop(&reach->lock);
	return news;
}

void
reach_note(
    struct reach *reach, const char *address, uint16_t port, bool connected)
{
	bool telling, shut;

	if (port != reach->port)
		return;
	lock_take(&reach->lock);
	note_locked(reach, address, connected);
	telling = reach->telling;
	reach->telling = true;
	lock_drop(&reach->lock);
	while (!telling && claim_news(reach, &shut))
		if (reach->changed != NULL)
			reach->changed(reach->arg, !shut);
}

bool
reach_is_shut(struct reach *reach)
{
	bool shut;

	lock_take(&reach->lock);
	shut = reach->shut;
	lock_drop(&reach->lock);
	return shut;
}

bool
reach_wants_trial(struct reach *reach)
{
	int64_t now_ms = clock_mono_ms();
	bool wants;

	lock_take(&reach->lock);
	wants = reach->shut && now_ms >= reach->trial_ms;
	if (wants)
		reach->trial_ms = now_ms + TRIAL_EVERY_MS;
	lock_drop(&reach->lock);
	return wants;
}
