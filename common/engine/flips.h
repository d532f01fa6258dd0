/* flips - what checks came to, noted in the store, many at a time where many
 * come. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_FLIPS_H
#define COMMON_ENGINE_FLIPS_H

#include "common/base/own.h"
#include "common/engine/engine_options.h"
#include "common/io/store.h"
#include "common/sts/policy_keep.h"

struct flips;

/*
 * flips_new - for a store, which outlives it, as keep does
 *
 * keep is told whether the store works; flipped, which may be NULL, of each
 * result that differs from the one before.
 */
void flips_free(struct flips *flips);
struct flips *flips_new(struct store *store, struct policy_keep *keep,
    engine_flip *flipped, void *arg) OWNED(flips_free);

/*
 * flips_note - note a result of a domain; mx as for flipped
 *
 * Writes it, and what others note meanwhile; or leaves it to one who is writing
 * now.  Of those beyond LIMIT_FLIPS_WAITING, while a disk is stuck, nothing is
 * noted: the next check of the domain is.
 */
void flips_note(struct flips *flips, const char *domain, enum result result,
    const char *mx);

#endif
