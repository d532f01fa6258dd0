/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: leaves of the engine ask and tell of hosts.  Addresses at which
 * inference was found wrong are put on a list, and into a tree.  The thread
 * that has the survey opens the names anew that were written before, address by
 * address of the list; those that come after it sees by the tree, and does not
 * write them.
 */
#include "milter/cli/survey/probing.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store_survey_probes.h"

/* An address; once it is known as that it stays. */
struct differing {
	char address[INET6_ADDRSTRLEN]; /* first: the key of the tree */
	STAILQ_ENTRY(differing) next;
};

struct probing {
	struct store_survey *survey;
	struct store_survey_probes *probes;
	const struct exclude *exclude;
	struct lock lock;
	/* The rest is under the lock. */
	STAILQ_HEAD(, differing) differing; /* that are to be reopened */
	void *known;                        /* a tree of all, by address */
	bool failed;
	struct err err;
};

struct probing *
probing_new(
    struct store_survey *survey, const struct exclude *exclude, struct err *err)
{
	struct store_survey_probes *probes =
	    store_survey_probes_new(survey, err);
	struct probing *probing;

	if (probes == NULL)
		return NULL;
	probing = xcalloc(1, sizeof(*probing));
	probing->survey = survey;
	probing->probes = probes;
	probing->exclude = exclude;
	STAILQ_INIT(&probing->differing);
	lock_init(&probing->lock);
	return probing;
}

void
probing_free(struct probing *probing)
{
	if (probing == NULL)
		return;
	store_survey_probes_free(probing->probes);
	tdestroy(probing->known, free);
	lock_fini(&probing->lock);
	free(probing);
}

static struct probe_facts *
recall_probe(void *arg, const char *address, uint16_t port, const char *name)
{
	struct probing *probing = arg;
	struct survey_probe_key key = {address, port, name};

	return store_survey_probe_get(
	    probing->probes, &key, clock_wall_s() - PROBING_KEEP_S);
}

static void
keep_probe(void *arg, const char *address, uint16_t port, const char *name,
    const struct probe_facts *facts)
{
	struct probing *probing = arg;
	struct survey_probe_key key = {address, port, name};
	struct err err;

	if (store_survey_probe_put(
		probing->probes, &key, facts, clock_wall_s(), &err) == 0)
		return;
	lock_take(&probing->lock);
	probing->failed = true;
	probing->err = err;
	lock_drop(&probing->lock);
}

static int
compare_differing(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
add_differing_locked(struct probing *probing, const char *address)
    HOLDS(probing->lock)
{
	struct differing *differing;

	if (tfind(address, &probing->known, compare_differing) != NULL)
		return;
	differing = xcalloc(1, sizeof(*differing));
	text_copy(differing->address, sizeof(differing->address), address);
	if (tsearch(differing, &probing->known, compare_differing) == NULL)
		abort(); /* no memory: as xalloc */
	STAILQ_INSERT_TAIL(&probing->differing, differing, next);
}

static void
take_differing(void *arg, const char *address)
{
	struct probing *probing = arg;

	lock_take(&probing->lock);
	add_differing_locked(probing, address);
	lock_drop(&probing->lock);
}

static bool
is_spared(void *arg, const char *address, const char *name)
{
	struct probing *probing = arg;

	return exclude_has_host(probing->exclude, name, address);
}

struct manners
probing_manners(struct probing *probing, int gap_ms, unsigned rate)
{
	return (struct manners){.survey = true,
	    .gap_ms = gap_ms,
	    .rate = rate,
	    .recall = recall_probe,
	    .keep = keep_probe,
	    .differ = take_differing,
	    .spare = is_spared,
	    .arg = probing};
}

static bool
next_differing(struct probing *probing, char address[INET6_ADDRSTRLEN])
{
	const struct differing *first;

	lock_take(&probing->lock);
	first = STAILQ_FIRST(&probing->differing);
	if (first != NULL) {
		memcpy(address, first->address, INET6_ADDRSTRLEN);
		STAILQ_REMOVE_HEAD(&probing->differing, next);
	}
	lock_drop(&probing->lock);
	return first != NULL;
}

int
probing_reopen(struct probing *probing, int64_t *count, struct err *err)
{
	char address[INET6_ADDRSTRLEN];
	int64_t names;

	*count = 0;
	while (next_differing(probing, address)) {
		if (store_survey_reopen(
			probing->survey, address, &names, err) != 0)
			return -1;
		*count += names;
	}
	return 0;
}

bool
probing_disproved(struct probing *probing, const char *addresses)
{
	bool found = false;

	lock_take(&probing->lock);
	while (probing->known != NULL && !found && addresses[0] != '\0') {
		char address[INET6_ADDRSTRLEN] = "";
		size_t length = strcspn(addresses, " ");

		if (length < sizeof(address))
			memcpy(address, addresses, length);
		found =
		    tfind(address, &probing->known, compare_differing) != NULL;
		addresses += length + (addresses[length] == ' ');
	}
	lock_drop(&probing->lock);
	return found;
}

bool
probing_failed(struct probing *probing, struct err *err)
{
	bool failed;

	lock_take(&probing->lock);
	failed = probing->failed;
	if (failed)
		*err = probing->err;
	lock_drop(&probing->lock);
	return failed;
}
