/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: leaves of the engine ask and tell of hosts.  Addresses at which
 * inference was found wrong are put on a list.  The thread that has the survey
 * opens the names anew that were written before; those that come after it sees
 * by that list, and does not write them.
 */
#include "milter/cli/survey/probing.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store_survey_probes.h"

struct probing {
	struct store_survey *survey;
	struct store_survey_probes *probes;
	const struct exclude *exclude;
	struct lock lock;
	/* The rest is under the lock. */
	char (*differing)[INET6_ADDRSTRLEN]; /* addresses */
	size_t differing_count;
	size_t reopened; /* of them, the first so many */
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
	lock_init(&probing->lock);
	return probing;
}

void
probing_free(struct probing *probing)
{
	if (probing == NULL)
		return;
	store_survey_probes_free(probing->probes);
	lock_fini(&probing->lock);
	free(probing->differing);
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

static void
take_differing(void *arg, const char *address)
{
	struct probing *probing = arg;

	lock_take(&probing->lock);
	probing->differing = xrealloc(probing->differing,
	    probing->differing_count + 1, sizeof(*probing->differing));
	text_copy(probing->differing[probing->differing_count++],
	    INET6_ADDRSTRLEN, address);
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
	bool found;

	lock_take(&probing->lock);
	found = probing->reopened < probing->differing_count;
	if (found)
		memcpy(address, probing->differing[probing->reopened++],
		    INET6_ADDRSTRLEN);
	lock_drop(&probing->lock);
	return found;
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

static bool
is_among_words(const char *addresses, const char *address)
{
	size_t length = strlen(address);

	while (*addresses != '\0') {
		size_t word = strcspn(addresses, " ");

		if (word == length && memcmp(addresses, address, word) == 0)
			return true;
		addresses += word + (addresses[word] == ' ');
	}
	return false;
}

bool
probing_disproved(struct probing *probing, const char *addresses)
{
	bool found = false;

	if (addresses[0] == '\0')
		return false;
	lock_take(&probing->lock);
	for (size_t i = 0; !found && i < probing->differing_count; i++)
		found = is_among_words(addresses, probing->differing[i]);
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
