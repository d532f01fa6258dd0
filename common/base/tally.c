/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/tally.h"

#include <stdatomic.h>
#include <stddef.h>

static void
raise_to(_Atomic uint64_t *max, uint64_t value)
{
	uint64_t before = atomic_load(max);

	while (before < value &&
	       !atomic_compare_exchange_weak(max, &before, value))
		continue;
}

void
tally_wait(struct tally *tally)
{
	if (tally != NULL)
		raise_to(&tally->waiting_max, ++tally->waiting);
}

void
tally_begin(struct tally *tally)
{
	if (tally == NULL)
		return;
	tally->waiting--;
	tally->checks++;
	raise_to(&tally->running_max, ++tally->running);
}

void
tally_end(struct tally *tally)
{
	if (tally != NULL)
		tally->running--;
}

void
tally_refuse(struct tally *tally, bool begun)
{
	if (tally == NULL)
		return;
	if (begun)
		tally->running--;
	else
		tally->waiting--;
	tally->queue_full++;
}

void
tally_probe(struct tally *tally)
{
	if (tally != NULL)
		tally->probes++;
}

void
tally_fetch(struct tally *tally, bool failed)
{
	if (tally == NULL)
		return;
	tally->fetches++;
	tally->fetches_failed += failed;
}
