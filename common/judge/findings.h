/* findings - what the certificates of one address come to. Pure: remembering
 * them changes no answer. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_FINDINGS_H
#define COMMON_JUDGE_FINDINGS_H

#include "common/judge/facts.h"
#include "common/judge/findings_memo.h"
#include "common/judge/host_case.h"

/*
 * findings_of - of the chain that a probe of the host has kept; borrowed, the
 * facts keep them
 *
 * Without a chain, or one of octets that are none, all is VALIDATION_FAILURE.
 * A check makes LIMIT_SIGNATURE_CHECKS signature checks at most.  What would
 * take more of them is TOO_COSTLY: that is no fault of the host.
 */
const struct findings *
findings_of(const struct host_case *c, const struct probe_facts *probe);

#endif
