/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: whoever made a check asks for a number while those who wait for
 * the verdict still wait; that reserves a place among the files that are to be
 * written, and looks at no fact but their size.  Once they have the verdict the
 * facts become text, and the place holds that until the one thread that writes
 * has written it.  So a slow disk fills the places, and what comes then has no
 * number and is not kept; nobody waits for it.
 *
 * A folder that cannot be written is told once.  For REST_MS nothing more is
 * kept, then the next is tried.
 */
#include "milter/serve/facts_keeper.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/xalloc.h"
#include "milter/act/action.h"
#include "milter/act/requiretls.h"
#include "milter/serve/facts_folder.h"
#include "milter/serve/report.h"
#include "milter/view/facts_name.h"
#include "milter/view/json_facts.h"
#include "milter/view/json_put.h"

enum {
	REST_MS = 60 * 1000,
	TIDY_MS = 60 * 60 * 1000, /* files grow old without any mail */

	/* Of facts beside chains: names, lookups, a policy, TLSA records */
	TEXT_OCTETS = 128 * 1024,
};

struct kept_text {
	struct kept_text *next;
	char name[FACTS_NAME_SIZE];
	char *text;
};

static struct {
	bool running;                /* set once, before there are messages */
	struct facts_folder *folder; /* the thread's, but for the path */
	bool failing;                /* likewise: and it was told */

	struct lock lock; /* guards the rest */
	struct cond changed;
	struct kept_text *head, **tail;
	unsigned places; /* reserved, or with a text */
	size_t octets;   /* that those may come to */
	uint32_t number; /* the last */
	int64_t rest_ms; /* nothing is kept before */
	bool ending, ended;
} keeper;

/* --- what is kept --- */

/* What they come to as text, about, from above. */
static size_t
octets_of_facts(const struct facts *facts)
{
	size_t chains = 0;

	for (size_t i = 0; i < facts->host_count; i++)
		for (size_t j = 0; j < facts->hosts[i].address_count; j++) {
			const struct probe_facts *probe =
			    facts->hosts[i].addresses[j].probe;

			for (size_t k = 0;
			     probe != NULL && k < probe->cert_count; k++)
				chains += probe->certs[k].size;
		}
	return chains / 3 * 4 + TEXT_OCTETS;
}

static bool
is_refusing(const struct settings *settings, const struct judge_terms *terms,
    const struct verdict *verdict)
{
	AUTO(verdict) struct verdict *objection = NULL;

	if (action_for(settings, verdict) > ACTION_TAG)
		return true;
	if (!terms->requiretls)
		return false;
	objection = requiretls_object(verdict);
	return requiretls_action(objection != NULL ? objection : verdict) >
	       ACTION_TAG;
}

static uint32_t
reserve_place(size_t octets)
{
	uint32_t number = 0;

	lock_take(&keeper.lock);
	if (!keeper.ending && keeper.places < LIMIT_FACTS_WAITING &&
	    keeper.octets + octets <= LIMIT_FACTS_WAITING_OCTETS &&
	    clock_left_ms(keeper.rest_ms) == 0) {
		keeper.places++;
		keeper.octets += octets;
		number = ++keeper.number;
		if (number == 0)
			number = ++keeper.number;
	}
	lock_drop(&keeper.lock);
	return number;
}

static void
leave_place(size_t octets)
{
	assert(keeper.places > 0 && keeper.octets >= octets);
	keeper.places--;
	keeper.octets -= octets;
}

uint32_t
facts_keeper_number(const struct settings *settings, const struct facts *facts,
    const struct judge_terms *terms, const struct check *check)
{
	if (!keeper.running || facts->trouble != TROUBLE_NONE ||
	    !is_refusing(settings, terms, check->verdict))
		return 0;
	return reserve_place(octets_of_facts(facts));
}

static char *
text_of_facts(const struct facts *facts, const struct judge_terms *terms,
    const struct check *check)
{
	struct facts_told told = {.terms = terms,
	    .judged_s = check->judged_s,
	    .ms = check->ms,
	    .asked = check->domain};

	return json_line(json_facts(facts, &told));
}

void
facts_keeper_take(const struct facts *facts, const struct judge_terms *terms,
    const struct check *check)
{
	struct kept_text *kept = xcalloc(1, sizeof(*kept));

	assert(keeper.running && check->facts_number != 0);
	if (facts_name_print(check->judged_s, check->facts_number, kept->name))
		kept->text = text_of_facts(facts, terms, check);
	lock_take(&keeper.lock);
	leave_place(octets_of_facts(facts));
	if (kept->text != NULL) {
		keeper.places++;
		keeper.octets += strlen(kept->text);
		*keeper.tail = kept;
		keeper.tail = &kept->next;
		kept = NULL;
	}
	cond_broadcast(&keeper.changed);
	lock_drop(&keeper.lock);
	free(kept);
}

/* --- the thread --- */

static void
tell_keeping(const struct err *err)
{
	bool fails = err != NULL;

	if (fails != keeper.failing)
		report_facts(fails ? err->text : NULL);
	keeper.failing = fails;
}

static void
rest_keeping(void)
{
	lock_take(&keeper.lock);
	keeper.rest_ms = clock_mono_ms() + REST_MS;
	lock_drop(&keeper.lock);
}

static void
write_kept(const struct kept_text *kept)
{
	time_t now = clock_wall_s();
	struct err err;
	int rc = kept == NULL ? facts_folder_tidy(keeper.folder, now, &err)
			      : facts_folder_put(keeper.folder, kept->name,
				    kept->text, strlen(kept->text), now, &err);

	if (rc != 0)
		rest_keeping();
	tell_keeping(rc == 0 ? NULL : &err);
}

/* The next text; NULL at the end of time, or at tidy_ms. */
static struct kept_text *
next_kept_locked(int64_t tidy_ms) HOLDS(keeper.lock)
{
	struct kept_text *kept;

	while (keeper.head == NULL && !keeper.ending)
		if (!cond_wait_until(&keeper.changed, &keeper.lock, tidy_ms))
			break;
	kept = keeper.head;
	if (kept == NULL)
		return NULL;
	keeper.head = kept->next;
	if (keeper.head == NULL)
		keeper.tail = &keeper.head;
	return kept;
}

static void
forget_kept(struct kept_text *kept)
{
	size_t octets = strlen(kept->text);

	free(kept->text);
	free(kept);
	lock_take(&keeper.lock);
	leave_place(octets);
	lock_drop(&keeper.lock);
}

static void *
keep_facts(void *arg)
{
	int64_t tidy_ms = 0;
	bool over = false;

	while (!over) {
		struct kept_text *kept;

		if (clock_left_ms(tidy_ms) == 0) {
			write_kept(NULL);
			tidy_ms = clock_mono_ms() + TIDY_MS;
		}
		lock_take(&keeper.lock);
		kept = next_kept_locked(tidy_ms);
		over = kept == NULL && keeper.ending;
		lock_drop(&keeper.lock);
		if (kept == NULL)
			continue;
		write_kept(kept);
		forget_kept(kept);
	}
	lock_take(&keeper.lock);
	keeper.ended = true;
	cond_broadcast(&keeper.changed);
	lock_drop(&keeper.lock);
	return arg;
}

int
facts_keeper_start(const struct settings *settings, struct err *err)
{
	struct facts_folder_bounds bounds = {
	    .files = (size_t)settings->facts_max_files,
	    .octets = (uint64_t)settings->facts_max_mib << 20,
	    .age_s = (time_t)settings->facts_keep_days * CLOCK_DAY_S};
	pthread_t thread;

	if (settings->facts_directory == NULL)
		return 0;
	lock_init(&keeper.lock);
	cond_init(&keeper.changed);
	keeper.tail = &keeper.head;
	/* two runs of one second do not have the same numbers */
	if (getrandom(&keeper.number, sizeof(keeper.number), GRND_NONBLOCK) < 0)
		keeper.number = (uint32_t)clock_mono_ms();
	keeper.folder = facts_folder_new(settings->facts_directory, &bounds);
	if (pthread_create(&thread, NULL, keep_facts, NULL) != 0) {
		facts_folder_free(keeper.folder);
		keeper.folder = NULL;
		return err_set(err, ERR_LOCAL, "cannot start a thread");
	}
	pthread_detach(thread);
	keeper.running = true;
	return 0;
}

void
facts_keeper_stop(int64_t deadline_ms)
{
	if (!keeper.running)
		return;
	lock_take(&keeper.lock);
	keeper.ending = true;
	cond_broadcast(&keeper.changed);
	while (!keeper.ended)
		if (!cond_wait_until(
			&keeper.changed, &keeper.lock, deadline_ms))
			break;
	lock_drop(&keeper.lock);
}
