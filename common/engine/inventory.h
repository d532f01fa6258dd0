/* inventory - what an engine remembers: counted, listed, forgotten. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_INVENTORY_H
#define COMMON_ENGINE_INVENTORY_H

#include <stddef.h>
#include <time.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/engine/engine.h"
#include "common/proto/sts_policy.h"

/* Of policies, and whether the last try to fetch anew has failed. */
enum { INVENTORY_MODES = STS_MODE_ENFORCE + 1 };

struct inventory_counts {
	size_t verdicts;
	size_t probes;
	size_t policies;                  /* in memory */
	size_t modes[INVENTORY_MODES][2]; /* that count now: fresh, failing */
	size_t unwritten;  /* of them, not on disk as they are in memory */
	size_t lost;       /* ever, that memory gave up before they were */
	size_t octets;     /* of all three, as MaxCacheSize counts them */
	const char *store; /* a constant: ok read-only failing none */
	const char
	    *resolver; /* a constant: validating not-validating unknown */
};

void inventory_count(struct engine *engine, struct inventory_counts *out);

/*
 * inventory_flush - forget verdicts, probes and policies, also in the store
 *
 * domain: normalised, to forget what was found of it as a recipient's domain or
 * as a next hop, and its policy; all probes go too, since domains share hosts.
 * NULL: all there is.  A check under way ends for those who wait for it, and is
 * not remembered.  -1 when the store does not forget; the rest is forgotten
 * then.
 */
struct inventory_flushed {
	size_t verdicts;
	size_t probes;
	size_t policies;
};
int inventory_flush(struct engine *engine, const char *domain,
    struct inventory_flushed *out, struct err *err);

/*
 * inventory_forget - the same of a domain, but that a policy which was fetched
 * after at stays, and is fetched anew: whoever wants it forgotten meant the one
 * before
 */
int inventory_forget(struct engine *engine, const char *domain, time_t at,
    struct inventory_flushed *out, struct err *err);

/*
 * inventory_renew - as inventory_flush, but that policies stay, and are fetched
 * anew
 *
 * Where the engine refreshes none, they only stay.
 */
void inventory_renew(
    struct engine *engine, const char *domain, struct inventory_flushed *out);

/*
 * inventory_new - begin a list: of all, or of a normalised domain as above
 *
 * It holds what there is now, and the engine must outlive it.  One thread at a
 * time.  Of the verdicts those are listed that a message would get by rules,
 * which must outlive it too.
 */
struct inventory;
void inventory_free(struct inventory *inventory);
struct inventory *inventory_new(struct engine *engine, struct rule_list *rules,
    const char *domain) OWNED(inventory_free);
AUTO_DEFINE(inventory);

/*
 * inventory_next_check, inventory_next_policy - by domain; NULL at the end
 *
 * Borrowed until the next call.  hops: where the message was to go.  A store
 * that fails ends the policies, with err; else its text is "".
 */
const struct check *
inventory_next_check(struct inventory *inventory, char hops[NEXTHOP_LIST_SIZE]);
const struct store_policy *
inventory_next_policy(struct inventory *inventory, struct err *err);

#endif
