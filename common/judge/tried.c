/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/tried.h"

#include <string.h>

struct family_counts {
	unsigned ipv4, ipv6;
};

static void
add_host_counts(struct family_counts *counts, const struct host_facts *host)
{
	counts->ipv4 += host->ipv4_count;
	counts->ipv6 += host->ipv6_count;
}

/* How many of each family are tried at most.  Where both have more than half,
 * the one that comes first has the odd one, and either may. */
static struct family_counts
divide_limit(const struct family_counts *all, unsigned limit)
{
	unsigned half = limit / 2;

	if (all->ipv4 == 0 || all->ipv6 == 0 || all->ipv4 + all->ipv6 <= limit)
		return (struct family_counts){limit, limit};
	if (all->ipv6 <= half)
		return (struct family_counts){limit - all->ipv6, all->ipv6};
	if (all->ipv4 <= half)
		return (struct family_counts){all->ipv4, limit - all->ipv4};
	return (struct family_counts){limit - half, limit - half};
}

static void
mark_host(struct host_facts *host, const struct family_counts *better,
    const struct family_counts *share)
{
	for (size_t i = 0; i < host->address_count; i++) {
		struct address_facts *address = &host->addresses[i];

		address->untried = strchr(address->text, ':') == NULL
				       ? better->ipv4 >= share->ipv4
				       : better->ipv6 >= share->ipv6;
	}
}

void
tried_mark(struct facts *facts, unsigned limit)
{
	struct family_counts all = {0, 0}, better = {0, 0}, share;
	size_t first = 0;

	if (limit == 0)
		return;
	for (size_t i = 0; i < facts->host_count; i++)
		add_host_counts(&all, &facts->hosts[i]);
	share = divide_limit(&all, limit);
	for (size_t i = 0; i < facts->host_count; i++) {
		if (facts->hosts[i].preference !=
		    facts->hosts[first].preference)
			for (; first < i; first++)
				add_host_counts(&better, &facts->hosts[first]);
		mark_host(&facts->hosts[i], &better, &share);
	}
}

void
tried_mark_least(struct facts *facts)
{
	const struct sts_policy *policy = sts_facts_policy(&facts->sts);
	bool all = policy != NULL && policy->mode != STS_MODE_NONE;
	bool first = true;

	for (size_t i = 0; i < facts->host_count; i++) {
		struct host_facts *host = &facts->hosts[i];
		bool dane =
		    host->tlsa.state == LOOKUP_DATA && host->tlsa.secure;

		for (size_t j = 0; j < host->address_count; j++) {
			host->addresses[j].untried = !all && !dane && !first;
			first = false;
		}
	}
}
