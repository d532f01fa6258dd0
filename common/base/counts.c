/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/counts.h"

#include <stdatomic.h>
#include <stddef.h>

static void
raise_maximum(_Atomic uint64_t *max, uint64_t value)
{
	uint64_t before = atomic_load(max);

	while (before < value &&
	       !atomic_compare_exchange_weak(max, &before, value))
		continue;
}

void
counts_wait(struct counts *counts)
{
	if (counts != NULL)
		raise_maximum(&counts->waiting_max, ++counts->waiting);
}

void
counts_begin(struct counts *counts)
{
	if (counts == NULL)
		return;
	counts->waiting--;
	counts->checks++;
	raise_maximum(&counts->running_max, ++counts->running);
}

void
counts_end(struct counts *counts)
{
	if (counts != NULL)
		counts->running--;
}

void
counts_refuse(struct counts *counts, bool begun)
{
	if (counts == NULL)
		return;
	if (begun)
		counts->running--;
	else
		counts->waiting--;
	counts->queue_full++;
}

void
counts_probe(struct counts *counts)
{
	if (counts != NULL)
		counts->probes++;
}

void
counts_probed(struct counts *counts, enum counts_probe outcome)
{
	if (counts != NULL)
		counts->probed[outcome]++;
}

void
counts_fetched(struct counts *counts, enum counts_fetch outcome)
{
	if (counts != NULL)
		counts->fetched[outcome]++;
}

void
counts_looked_up(
    struct counts *counts, enum counts_lookup type, enum counts_status status)
{
	if (counts != NULL)
		counts->lookups[type][status]++;
}

uint64_t
counts_fetches_failed(const struct counts *counts)
{
	uint64_t failed = 0;

	for (int i = COUNTS_FETCH_NONE + 1; i < COUNTS_FETCH_UNCHANGED; i++)
		failed += counts->fetched[i];
	return failed;
}

uint64_t
counts_fetches(const struct counts *counts)
{
	return counts_fetches_failed(counts) +
	       counts->fetched[COUNTS_FETCH_UNCHANGED] +
	       counts->fetched[COUNTS_FETCH_OK];
}
