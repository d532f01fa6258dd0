/* check_pack - a finished check as it is kept, in one piece of memory: there
 * may be a hundred thousand. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_CHECK_PACK_H
#define COMMON_ENGINE_CHECK_PACK_H

#include <stddef.h>

#include "common/base/own.h"
#include "common/engine/check.h"

/*
 * check_pack - the same check in one piece
 *
 * Ends the verdict and the enforcement of from; what is counted or large, the
 * rules of both, the verdict's hosts, facts and refusal, is the new one's.
 * domain is copied.
 */
void check_free(struct check *check); /* of one that was packed */
struct check *check_pack(const struct check *from) OWNED(check_free);
AUTO_DEFINE(check);

/* check_octets - that check_free gives back, but for facts and the verdict's
 * hosts: those are kept by commands only, which make few checks */
size_t check_octets(const struct check *check);

#endif
