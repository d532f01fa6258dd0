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
counts_fetch(struct counts *counts, bool failed)
{
	if (counts == NULL)
		return;
	counts->fetches++;
	counts->fetches_failed += failed;
}
