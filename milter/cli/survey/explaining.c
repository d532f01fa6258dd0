/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: the names that failed last are kept.  While answers of a
 * nameserver are doubted, each of them is asked about once more, but for
 * another type: CNAME, which nobody follows.  A resolver that is ill of itself,
 * or is cut off, cannot answer that either, for nobody has asked for it before;
 * one that tells of an alias, or that there is none, has reached the zone, and
 * SERVFAIL was what comes of it: aliases that go round, above all.  Half of
 * them decide.
 */
#include "milter/cli/survey/explaining.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum { NAMES = 8, NAMES_LEAST = 5, WAIT_MS = 20 };

struct explaining {
	struct further *further;
	struct dns_pace *pace;
	struct lock lock;
	struct cond ended;
	/* The rest is under the lock. */
	char names[NAMES][LIMIT_DOMAIN_SIZE]; /* that failed last */
	size_t name_count, name_at;
	struct further_answers answers[NAMES];
	size_t asked, running; /* of a batch */
};

struct explaining *
explaining_new(struct further *further, struct dns_pace *pace)
{
	struct explaining *explaining = xcalloc(1, sizeof(*explaining));

	explaining->further = further;
	explaining->pace = pace;
	lock_init(&explaining->lock);
	cond_init(&explaining->ended);
	dns_pace_explain(pace);
	return explaining;
}

static bool
wait_for_batch(struct explaining *explaining)
{
	bool runs;

	lock_take(&explaining->lock);
	if (explaining->running > 0)
		cond_wait_until(&explaining->ended, &explaining->lock,
		    clock_mono_ms() + WAIT_MS);
	runs = explaining->running > 0;
	lock_drop(&explaining->lock);
	return runs;
}

void
explaining_free(struct explaining *explaining)
{
	if (explaining == NULL)
		return;
	while (wait_for_batch(explaining))
		further_end_late(explaining->further);
	cond_fini(&explaining->ended);
	lock_fini(&explaining->lock);
	free(explaining);
}

void
explaining_note(struct explaining *explaining, const char *domain)
{
	lock_take(&explaining->lock);
	text_copy(explaining->names[explaining->name_at],
	    sizeof(explaining->names[0]), domain);
	explaining->name_at = (explaining->name_at + 1) % NAMES;
	if (explaining->name_count < NAMES)
		explaining->name_count++;
	lock_drop(&explaining->lock);
}

static void
on_alias_known(void *arg)
{
	struct explaining *explaining = arg;

	lock_take(&explaining->lock);
	explaining->running--;
	cond_signal(&explaining->ended);
	lock_drop(&explaining->lock);
}

/* The names of a batch, which are new ones at each; how many. */
static size_t
take_failed_names(
    struct explaining *explaining, char names[NAMES][LIMIT_DOMAIN_SIZE])
{
	size_t count = 0;

	lock_take(&explaining->lock);
	if (explaining->name_count >= NAMES_LEAST) {
		count = explaining->name_count;
		memcpy(names, explaining->names, sizeof(explaining->names));
		explaining->name_count = explaining->name_at = 0;
		memset(explaining->answers, 0, sizeof(explaining->answers));
		explaining->asked = explaining->running = count;
	}
	lock_drop(&explaining->lock);
	return count;
}

static void
ask_for_aliases(struct explaining *explaining)
{
	char names[NAMES][LIMIT_DOMAIN_SIZE];
	size_t count = take_failed_names(explaining, names);

	for (size_t i = 0; i < count; i++)
		further_ask_alias(explaining->further, names[i],
		    &explaining->answers[i], on_alias_known, explaining);
}

/* Whether a batch has ended; *zones what it tells. */
static bool
end_batch(struct explaining *explaining, bool *zones)
{
	size_t heard = 0;
	bool ended;

	lock_take(&explaining->lock);
	ended = explaining->asked > 0 && explaining->running == 0;
	if (ended) {
		for (size_t i = 0; i < explaining->asked; i++)
			heard += explaining->answers[i].heard_of;
		*zones = heard * 2 >= explaining->asked;
		explaining->asked = 0;
	}
	lock_drop(&explaining->lock);
	return ended;
}

void
explaining_go_on(struct explaining *explaining)
{
	bool zones;

	if (end_batch(explaining, &zones))
		dns_pace_explained(explaining->pace, zones);
	if (explaining->asked == 0 && dns_pace_is_doubted(explaining->pace))
		ask_for_aliases(explaining);
}
