/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/tested.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

struct tested {
	struct cache *cache; /* struct tlsrpt_session, by next hop */
};

static void
drop_session(void *session)
{
	tlsrpt_session_free(session);
}

static const struct cache_kind tested_kind = {.free = drop_session};

struct tested *
tested_new(void)
{
	struct tested *tested = xcalloc(1, sizeof(*tested));

	tested->cache = cache_new(LIMIT_TLSRPT_TESTED, &tested_kind, NULL);
	return tested;
}

void
tested_free(struct tested *tested)
{
	if (tested == NULL)
		return;
	cache_free(tested->cache);
	free(tested);
}

void
tested_learn(struct tested *tested, const char *domain,
    struct tlsrpt_session *session, int64_t life_ms)
{
	struct cache_entry *before;

	if (session != NULL) {
		cache_put(
		    tested->cache, domain, session, clock_mono_ms() + life_ms);
		return;
	}
	before = cache_peek(tested->cache, domain);
	if (before == NULL)
		return;
	cache_release(before);
	cache_put(tested->cache, domain, tlsrpt_session_new(domain), 0);
}

static bool
is_of_testing(const struct tlsrpt_lines *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		if (strcmp(strings->lines[i], "mode: testing") == 0)
			return true;
	return false;
}

struct cache_entry *
tested_find(struct tested *tested, const struct tlsrpt_session *told)
{
	const struct tlsrpt_outcome *outcome = &told->outcomes[0];

	if (told->outcome_count != 1 || outcome->failed ||
	    outcome->detail_count > 0)
		return NULL;
	if (outcome->type != TLSRPT_POLICY_NONE &&
	    !(outcome->type == TLSRPT_POLICY_STS &&
		is_of_testing(&outcome->strings)))
		return NULL;
	return cache_find(tested->cache, told->domain);
}
