/* waiver - "TLS-Required: No": what is not done for a message that its sender
 * wants delivered without TLS. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_MTA_WAIVER_H
#define MILTER_MTA_WAIVER_H

#include <stddef.h>

#include "milter/mta/recipient_group.h"

/*
 * waiver_apply - have nothing done for the groups that HonorTLSRequiredNo says
 *
 * They get a skip for a verdict, whatever a check came to, so that nobody is
 * waited for.  What was refused, and what is skipped already, stays.  A group
 * whose check may yet find a rule for hosts stays as well: call it again when
 * all have a verdict.
 */
void waiver_apply(const struct settings *settings,
    struct recipient_group *groups, size_t count);

#endif
