/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works.  Hosts of one preference are looked at together, since a sender
 * tries any of them first: of those that take mail the weakest counts.  The
 * walk ends at the first preference with a taker.  What our own fault kept from
 * being seen may be the one that takes the mail: then there is no taker.
 */
#include "common/judge/host_walk.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

/* Beside a host's name: its words, the longest of each, and ",+99999" */
enum { WALK_WORDS = 64 };

static bool
is_weaker_host(const struct host_verdict *a, const struct host_verdict *b)
{
	if (a->outcome != b->outcome)
		return host_is_weaker(a->outcome, b->outcome);
	if (a->mixed != b->mixed)
		return a->mixed;
	return host_fails_test(a) && !host_fails_test(b);
}

bool
host_fails_test(const struct host_verdict *host)
{
	return host->sts == STS_STATE_TESTING_FAIL &&
	       host->dane != DANE_STATE_PASS;
}

bool
host_is_out_of_the_way(const struct host_verdict *host)
{
	return host->outcome == HOST_SKIP &&
	       (host->reason == REASON_NO_ADDRESS ||
		   host->reason == REASON_NOT_TRIED);
}

/* Of two that are skipped the later; but one that mail never comes to tells
 * nothing beside another, and one without an address the least. */
static bool
tells_more(const struct host_verdict *host, const struct host_verdict *than)
{
	return than == NULL || than->reason == REASON_NO_ADDRESS ||
	       !host_is_out_of_the_way(host);
}

/* Look at the hosts of one preference, first to end - 1: any of them may be
 * tried first, so the weakest that takes mail counts. */
static void
walk_equals(const struct host_verdict *hosts, size_t first, size_t end,
    struct host_walk *walk)
{
	for (size_t i = first; i < end; i++) {
		const struct host_verdict *host = &hosts[i];

		if (host->outcome == HOST_SKIP) {
			if (tells_more(host, walk->skipped))
				walk->skipped = host;
			continue;
		}
		if (host->outcome == HOST_FAIL || host->mixed) {
			walk->failed = host;
			walk->failed_reason = host->outcome == HOST_FAIL
						  ? host->reason
						  : host->mixed_reason;
		}
		if (host_is_good(host->outcome) &&
		    (walk->taker == NULL || is_weaker_host(host, walk->taker)))
			walk->taker = host;
	}
}

/* What our own fault kept from being seen may be the host that takes the mail,
 * whatever others are like. */
static const struct host_verdict *
unseen_host(const struct host_verdict *hosts, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		if (hosts[i].reason == REASON_SOURCE_UNUSABLE)
			return &hosts[i];
	return NULL;
}

struct host_walk
host_walk(const struct facts *facts, const struct host_verdict *hosts)
{
	struct host_walk walk = {.taker = NULL};
	const struct host_verdict *unseen = NULL;
	size_t end;

	for (size_t i = 0;
	     i < facts->host_count && walk.taker == NULL && unseen == NULL;
	     i = end) {
		end = i;
		while (
		    end < facts->host_count &&
		    facts->hosts[end].preference == facts->hosts[i].preference)
			end++;
		walk_equals(hosts, i, end, &walk);
		unseen = unseen_host(hosts, i, end);
	}
	if (unseen != NULL) {
		walk.taker = NULL;
		walk.skipped = unseen;
	}
	return walk;
}

const struct host_verdict *
host_walk_decides(const struct host_walk *walk)
{
	if (walk->taker != NULL)
		return walk->taker;
	return walk->failed != NULL ? walk->failed : walk->skipped;
}

char *
host_walk_text(const struct facts *facts, const struct host_verdict *hosts)
{
	char words[LIMIT_WALK_SIZE];
	struct text text;

	if (facts->host_count == 0)
		return NULL;
	text_init(&text, words, sizeof(words));
	for (size_t i = 0; i < facts->host_count; i++) {
		const char *comma = i > 0 ? "," : "";
		const char *name = facts->hosts[i].name;

		if (text.size - text.len < strlen(name) + WALK_WORDS) {
			text_addf(
			    &text, "%s+%zu", comma, facts->host_count - i);
			break;
		}
		text_addf(&text, "%s%s/%s/%s", comma, name,
		    host_outcome_text(hosts[i].outcome),
		    reason_text(hosts[i].reason));
	}
	return xstrdup(words);
}
