/* tried - which addresses of a destination an MTA gets to. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_TRIED_H
#define COMMON_JUDGE_TRIED_H

#include "common/judge/facts.h"

/*
 * tried_mark - set untried at each address that mail never gets to, where an
 * MTA tries limit addresses of a destination at most; 0: all
 *
 * As Postfix's smtp(8) has it, with smtp_mx_address_limit and
 * smtp_balance_inet_protocols: of addresses of one preference any may be tried,
 * so all of them are unless those of better preference use the limit up; and
 * where there are both families, each has its part of the limit, half of it at
 * least if it has so many.
 */
void tried_mark(struct facts *facts, unsigned limit);

/*
 * tried_mark_least - the same, where as few are connected to as will do
 *
 * All addresses of hosts with secure TLSA records; under a policy that is not
 * of mode none all of all hosts; and the first of the best host.
 */
void tried_mark_least(struct facts *facts);

#endif
