/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works.
 * 1. Each nameserver has a time at which it may be asked next, which moves on
 *    by 1/rate with each question.  What was not used in the last ten
 *    milliseconds still may be, since nobody wakes up more often than each of
 *    them.
 * 2. The last answers of each are kept.  When more than half of them failed it
 *    is asked half as often, at first as it was up to then, and answers count
 *    from zero.  When an eighth did at most, it is asked twice as often, up to
 *    what it was asked before all that.
 * 3. SERVFAIL may be what zones say.  Where somebody finds that out, nobody is
 *    slowed for it before there was time to, nor for a while after zones were
 *    found to.
 * 4. A lookup that waits for its turn loses of its time, so names begin no
 *    sooner than their lookups can be asked: by how many a name took so far,
 *    and not while any wait; as it goes, not while as many wait as go out at
 *    once.
 */
#include "common/io/dns_pace.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/dns_window.h"

enum {
	SECOND_US = 1000 * 1000,
	SECOND_MS = 1000,
	MS_US = 1000,
	UNUSED_US = 10 * MS_US,
	UNUSED_NAMES_US = 100 * MS_US,

	/* Of a name, before it is known */
	LOOKUPS_GUESSED = 6,
	GUESSED_NAMES = 50,

	WELL_PART = 8,
};

struct paced_server {
	bool known, told, slowed;
	char text[DNS_PACE_TEXT_SIZE];
	unsigned most;  /* queries a second; 0: as it goes */
	unsigned rate;  /* likewise, now */
	unsigned bore;  /* before it was slowed */
	int64_t due_us; /* by clock_mono_ms */

	int64_t second_ms; /* when this second began */
	unsigned this_second, last_second;

	enum dns_pace_end ends[DNS_PACE_WINDOW];
	time_t heard[DNS_PACE_WINDOW];
	size_t at, count;
	size_t of[DNS_PACE_ANSWERED + 1]; /* of them, by what they are */
	int64_t doubted_ms; /* since when it would be slowed; 0: it would not */

	int64_t
	    floor_ms; /* since when it is asked least of all; 0: it is not */
	time_t since; /* of the first failure of those that slowed it */
};

struct dns_pace {
	unsigned loopback_rate, far_rate;
	struct lock lock;
	/* The rest is under the lock. */
	struct paced_server servers[LIMIT_NAMESERVERS];
	size_t current; /* the first that lookups ask */
	bool judged;
	bool explains;         /* somebody does */
	int64_t until_ms;      /* SERVFAIL is what zones say */
	uint64_t waiting;      /* lookups */
	uint64_t asked, begun; /* lookups, names */
	int64_t next_name_us;
};

struct dns_pace *
dns_pace_new(unsigned loopback_rate, unsigned rate)
{
	struct dns_pace *pace = xcalloc(1, sizeof(*pace));

	pace->loopback_rate = loopback_rate;
	pace->far_rate = rate;
	pace->judged = true;
	lock_init(&pace->lock);
	return pace;
}

void
dns_pace_free(struct dns_pace *pace)
{
	if (pace == NULL)
		return;
	lock_fini(&pace->lock);
	free(pace);
}

void
dns_pace_server(
    struct dns_pace *pace, size_t server, const char *text, bool loopback)
{
	struct paced_server *paced;

	if (pace == NULL)
		return;
	assert(server < LIMIT_NAMESERVERS);
	paced = &pace->servers[server];
	lock_take(&pace->lock);
	if (!paced->known) {
		paced->known = true;
		text_copy(paced->text, sizeof(paced->text), text);
		paced->most = loopback ? pace->loopback_rate : pace->far_rate;
		paced->rate = paced->most;
	}
	lock_drop(&pace->lock);
}

/* --- whose turn it is --- */

void
dns_pace_post(struct dns_pace *pace)
{
	if (pace == NULL)
		return;
	lock_take(&pace->lock);
	pace->waiting++;
	lock_drop(&pace->lock);
}

void
dns_pace_take(struct dns_pace *pace)
{
	if (pace == NULL)
		return;
	lock_take(&pace->lock);
	assert(pace->waiting > 0);
	pace->waiting--;
	lock_drop(&pace->lock);
}

int
dns_pace_wait_ms(struct dns_pace *pace, size_t server)
{
	int64_t wait_us = 0;

	if (pace == NULL)
		return 0;
	lock_take(&pace->lock);
	pace->current = server;
	if (pace->servers[server].rate > 0)
		wait_us =
		    pace->servers[server].due_us - clock_mono_ms() * MS_US;
	lock_drop(&pace->lock);
	return wait_us <= 0 ? 0 : (int)((wait_us + MS_US - 1) / MS_US);
}

/* The time at which something may come next that comes so often in a second,
 * after one now. */
static int64_t
next_due_us(int64_t due_us, int64_t now_us, unsigned rate, int64_t unused_us)
{
	if (due_us < now_us - unused_us)
		due_us = now_us - unused_us;
	return due_us + SECOND_US / rate;
}

void
dns_pace_asked(struct dns_pace *pace, size_t server)
{
	struct paced_server *paced;
	int64_t now_ms;

	if (pace == NULL)
		return;
	paced = &pace->servers[server];
	now_ms = clock_mono_ms();
	lock_take(&pace->lock);
	pace->asked++;
	if (now_ms - paced->second_ms >= SECOND_MS) {
		paced->last_second = now_ms - paced->second_ms < 2LL * SECOND_MS
					 ? paced->this_second
					 : 0;
		paced->this_second = 0;
		paced->second_ms = now_ms;
	}
	paced->this_second++;
	if (paced->rate > 0)
		paced->due_us = next_due_us(
		    paced->due_us, now_ms * MS_US, paced->rate, UNUSED_US);
	lock_drop(&pace->lock);
}

/* --- whether they bear it --- */

static unsigned
floor_of(const struct paced_server *paced)
{
	return paced->most > 0 && paced->most < DNS_PACE_FLOOR ? paced->most
							       : DNS_PACE_FLOOR;
}

static void
forget_answers(struct paced_server *paced)
{
	paced->at = paced->count = 0;
	memset(paced->of, 0, sizeof(paced->of));
	paced->doubted_ms = 0;
}

static size_t
count_failures(const struct paced_server *paced)
{
	return paced->of[DNS_PACE_SILENT] + paced->of[DNS_PACE_FAILED];
}

static void
slow_server(struct paced_server *paced)
{
	unsigned least = floor_of(paced);

	if (!paced->slowed) {
		paced->slowed = true;
		paced->since = paced->heard[paced->at]; /* the oldest */
		paced->bore = paced->rate;
		if (paced->bore == 0)
			paced->bore = paced->last_second > paced->this_second
					  ? paced->last_second
					  : paced->this_second;
		paced->rate = paced->bore;
	}
	paced->rate = paced->rate / 2 > least ? paced->rate / 2 : least;
	if (paced->rate == least && paced->floor_ms == 0)
		paced->floor_ms = clock_mono_ms();
	forget_answers(paced);
}

static void
quicken_server(struct paced_server *paced)
{
	paced->floor_ms = 0;
	if (paced->slowed)
		paced->rate *= 2;
	if (paced->slowed && paced->rate >= paced->bore) {
		paced->slowed = false;
		paced->rate = paced->most;
	}
	forget_answers(paced);
}

/* More than half of its answers are failures. */
static void
blame_server_locked(struct dns_pace *pace, struct paced_server *paced)
    HOLDS(pace->lock)
{
	int64_t now_ms = clock_mono_ms();
	bool silent = paced->of[DNS_PACE_SILENT] > DNS_PACE_WINDOW / 2;

	if (paced->doubted_ms == 0)
		paced->doubted_ms = now_ms;
	if (!silent && now_ms < pace->until_ms)
		forget_answers(paced);
	else if (silent || paced->slowed || !pace->explains ||
		 now_ms - paced->doubted_ms >= DNS_PACE_DOUBT_MS)
		slow_server(paced);
}

void
dns_pace_heard(struct dns_pace *pace, size_t server, enum dns_pace_end end)
{
	struct paced_server *paced;

	if (pace == NULL)
		return;
	paced = &pace->servers[server];
	lock_take(&pace->lock);
	if (paced->count == DNS_PACE_WINDOW)
		paced->of[paced->ends[paced->at]]--;
	else
		paced->count++;
	paced->of[end]++;
	paced->ends[paced->at] = end;
	paced->heard[paced->at] = clock_wall_s();
	paced->at = (paced->at + 1) % DNS_PACE_WINDOW;
	if (pace->judged && paced->count == DNS_PACE_WINDOW) {
		if (count_failures(paced) > DNS_PACE_WINDOW / 2)
			blame_server_locked(pace, paced);
		else
			paced->doubted_ms = 0;
		if (paced->slowed && paced->count == DNS_PACE_WINDOW &&
		    count_failures(paced) <= DNS_PACE_WINDOW / WELL_PART)
			quicken_server(paced);
	}
	lock_drop(&pace->lock);
}

/* --- what failures are due to --- */

void
dns_pace_explain(struct dns_pace *pace)
{
	if (pace == NULL)
		return;
	lock_take(&pace->lock);
	pace->explains = true;
	lock_drop(&pace->lock);
}

/* Also of one that was slowed, whose answers were forgotten then. */
bool
dns_pace_is_doubted(struct dns_pace *pace)
{
	bool doubted = false;

	if (pace == NULL)
		return false;
	lock_take(&pace->lock);
	/* what was found holds for a good while yet */
	if (!pace->judged ||
	    clock_mono_ms() + DNS_PACE_PROOF_MS / 2 < pace->until_ms) {
		lock_drop(&pace->lock);
		return false;
	}
	for (size_t i = 0; !doubted && i < LIMIT_NAMESERVERS; i++) {
		const struct paced_server *paced = &pace->servers[i];
		size_t failures = paced->of[DNS_PACE_FAILED];

		doubted = failures >= DNS_PACE_DOUBT &&
			  failures * DNS_PACE_DOUBT_PART >= paced->count;
	}
	lock_drop(&pace->lock);
	return doubted;
}

void
dns_pace_explained(struct dns_pace *pace, bool zones)
{
	if (pace == NULL)
		return;
	lock_take(&pace->lock);
	pace->until_ms = zones ? clock_mono_ms() + DNS_PACE_PROOF_MS : 0;
	for (size_t i = 0; zones && i < LIMIT_NAMESERVERS; i++) {
		struct paced_server *paced = &pace->servers[i];

		if (paced->of[DNS_PACE_SILENT] > paced->of[DNS_PACE_ANSWERED])
			continue;
		forget_answers(paced);
		paced->rate = paced->most;
		paced->slowed = false;
		paced->floor_ms = 0;
	}
	lock_drop(&pace->lock);
}

/* --- names --- */

static unsigned
name_rate_locked(const struct dns_pace *pace) HOLDS(pace->lock)
{
	uint64_t lookups = LOOKUPS_GUESSED;
	unsigned rate = pace->servers[pace->current].rate;

	if (pace->begun > GUESSED_NAMES)
		lookups = pace->asked / pace->begun + 1;
	if (rate == 0)
		return 0;
	return lookups >= rate ? 1 : rate / (unsigned)lookups;
}

bool
dns_pace_may_begin(struct dns_pace *pace)
{
	bool may;

	if (pace == NULL)
		return true;
	lock_take(&pace->lock);
	if (name_rate_locked(pace) == 0)
		may = pace->waiting < DNS_WINDOW_LEAST;
	else
		may = pace->waiting == 0 &&
		      pace->next_name_us <= clock_mono_ms() * MS_US;
	lock_drop(&pace->lock);
	return may;
}

void
dns_pace_begin(struct dns_pace *pace)
{
	unsigned rate;

	if (pace == NULL)
		return;
	lock_take(&pace->lock);
	pace->begun++;
	rate = name_rate_locked(pace);
	if (rate > 0)
		pace->next_name_us = next_due_us(pace->next_name_us,
		    clock_mono_ms() * MS_US, rate, UNUSED_NAMES_US);
	lock_drop(&pace->lock);
}

void
dns_pace_judge(struct dns_pace *pace, bool judged)
{
	if (pace == NULL)
		return;
	lock_take(&pace->lock);
	pace->judged = judged;
	for (size_t i = 0; i < LIMIT_NAMESERVERS; i++) {
		struct paced_server *paced = &pace->servers[i];

		forget_answers(paced);
		paced->rate = paced->most;
		paced->slowed = false;
		paced->floor_ms = 0;
	}
	lock_drop(&pace->lock);
}

bool
dns_pace_is_slowed(struct dns_pace *pace, char text[DNS_PACE_TEXT_SIZE])
{
	bool found = false;

	if (pace == NULL)
		return false;
	lock_take(&pace->lock);
	for (size_t i = 0; !found && i < LIMIT_NAMESERVERS; i++) {
		struct paced_server *paced = &pace->servers[i];

		if (!paced->slowed || paced->told)
			continue;
		found = paced->told = true;
		text_copy(text, DNS_PACE_TEXT_SIZE, paced->text);
	}
	lock_drop(&pace->lock);
	return found;
}

bool
dns_pace_is_dead(struct dns_pace *pace, time_t *since)
{
	int64_t now_ms = clock_mono_ms();
	bool dead = false;

	if (pace == NULL)
		return false;
	*since = 0;
	lock_take(&pace->lock);
	for (size_t i = 0; i < LIMIT_NAMESERVERS; i++) {
		const struct paced_server *paced = &pace->servers[i];

		if (!paced->known)
			continue;
		dead = paced->floor_ms > 0 &&
		       now_ms - paced->floor_ms >= DNS_PACE_DEAD_MS &&
		       count_failures(paced) * 2 > paced->count;
		if (!dead)
			break;
		if (*since == 0 || paced->since < *since)
			*since = paced->since;
	}
	lock_drop(&pace->lock);
	return dead;
}
