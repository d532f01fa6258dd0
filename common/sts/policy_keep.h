/* policy_keep - what is known of policy domains, in memory and on disk. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_POLICY_KEEP_H
#define COMMON_STS_POLICY_KEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/cache.h"
#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/store.h"
#include "common/judge/facts.h"

/* Something of the store went wrong, told in the thread that met it, once; or,
 * err NULL, all works again and all is on disk. */
typedef void policies_trouble(void *arg, const struct err *err);

struct policy_keep_options {
	struct store *store; /* outlives the keep; NULL: memory only */
	bool read_only;      /* use what the store has, write nothing, and let
				no failure of another process count */
	struct cache_budget *budget;
	policies_trouble *trouble; /* may be NULL */
	void *arg;
};

struct policy_keep;

/* policy_keep_new - and read what the store has; one that waits to be opened is
 * trouble */
void policy_keep_free(struct policy_keep *keep);
struct policy_keep *policy_keep_new(const struct policy_keep_options *options)
    OWNED(policy_keep_free);

/*
 * policy_keep_find - what is known of a domain, for a check that asks for it:
 * its entry, held, of struct known; NULL if nothing is
 *
 * That is a use, which memory and store note: what is used stays.
 * policy_keep_peek: the same of memory alone, and no use.
 */
struct cache_entry *
policy_keep_find(struct policy_keep *keep, const char *domain);
struct cache_entry *
policy_keep_peek(struct policy_keep *keep, const char *domain);

/*
 * policy_keep_learn - note what came of a fetch, or of a try to fetch
 *
 * When it returns it is on disk, if that takes it; else it is owed.  True when
 * another policy counts from now on than before.
 */
bool policy_keep_learn(
    struct policy_keep *keep, const char *domain, struct policy_facts *fetched);

/*
 * policy_keep_borrow - policy_keep_learn of what another host has fetched, as
 * known_borrow has it
 */
bool policy_keep_borrow(
    struct policy_keep *keep, const char *domain, struct policy_facts *fetched);

/*
 * policy_keep_catch_up - open a store that could not be opened, and write what
 * is owed, until the disk takes no more
 *
 * policy_keep_owed - how many domains that is; policy_keep_lost - how many were
 * owed and have left memory before they could be written
 */
void policy_keep_catch_up(struct policy_keep *keep);
size_t policy_keep_owed(struct policy_keep *keep);
size_t policy_keep_lost(struct policy_keep *keep);

/* policy_keep_flush - see policies_flush */
int policy_keep_flush(
    struct policy_keep *keep, const char *domain, struct err *err);

/* How a use of the store went; and the last time that it was written */
void policy_keep_store_failed(struct policy_keep *keep, const struct err *err);
void policy_keep_store_worked(struct policy_keep *keep);
bool policy_keep_store_fails(struct policy_keep *keep);

/* policy_keep_memory - those in memory: struct known, by domain */
struct cache *policy_keep_memory(struct policy_keep *keep);

#endif
