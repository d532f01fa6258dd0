/* policy_turns - tells that another policy is in force for a domain than when
 * something was found by the one before. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_POLICY_TURNS_H
#define COMMON_STS_POLICY_TURNS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/judge/facts.h"

/* Several domains share a number: then what was found of one of them counts no
 * more when the policy of another changes, which costs a check. */
enum { POLICY_TURNS = 4096 };

/* Zeroed is none.  Beside what rests on it, and for as long. */
struct policy_turns {
	_Atomic uint32_t numbers[POLICY_TURNS];
};

/* policy_turns_mark - for what is found of domain from now on; turns may be
 * NULL, and then nothing ever goes out of date */
struct policy_mark
policy_turns_mark(const struct policy_turns *turns, const char *domain);

/* policy_turns_next - another policy is in force; the mark of what is found by
 * that one */
struct policy_mark
policy_turns_next(struct policy_turns *turns, const char *domain);

/* policy_turns_is_current - whether the policy is still the one of the mark */
bool policy_turns_is_current(
    const struct policy_turns *turns, const struct policy_mark *mark);

#endif
