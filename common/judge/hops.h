/* hops - of several next hops, the one whose verdict counts. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_HOPS_H
#define COMMON_JUDGE_HOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/judge/verdict.h"

/* What is known after some of the next hops of a mail. */
struct hops {
	size_t count;  /* next hops, in the order in which the MTA tries them */
	size_t passed; /* of these: given up, for the one behind them */
	uint32_t ttl_s;     /* the shortest life of their verdicts */
	bool maybe_require; /* one of them might yet do for REQUIRETLS */
};

/* hops_init - count of them, 1 at least, none judged */
void hops_init(struct hops *hops, size_t count);

/*
 * hops_settle - whether the verdict of the next one counts for the mail
 *
 * False: the MTA goes on to the one behind it, to be judged next.  True: the
 * verdict is the mail's; it now lives no longer than those of the next hops
 * given up before it, since any of them may take mail again.
 *
 * It follows smtp(8) of Postfix: the first next hop that takes the mail counts.
 * One that does not exist, has no address or takes no mail at all (null MX) is
 * passed over like one that is out of reach or fails its policy.  If none takes
 * the mail the last one counts, whatever was wrong with the others: by it
 * Postfix bounces or defers.
 */
bool hops_settle(struct hops *hops, struct verdict *verdict);

#endif
