/* verdict_life - how long a verdict may be remembered. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_VERDICT_LIFE_H
#define COMMON_JUDGE_VERDICT_LIFE_H

#include <stdint.h>
#include <time.h>

#include "common/judge/facts.h"
#include "common/judge/terms.h"
#include "common/judge/verdict.h"

/* verdict_life_s - as long as all that it rests on, within the caps of terms;
 * what may heal soon is looked at again soon */
uint32_t verdict_life_s(const struct verdict *verdict,
    const struct facts *facts, const struct judge_terms *terms, time_t now);

#endif
