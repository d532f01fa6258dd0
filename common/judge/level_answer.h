/* level_answer - the answer that the admin's level is by itself, whatever a
 * destination publishes. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_LEVEL_ANSWER_H
#define COMMON_JUDGE_LEVEL_ANSWER_H

#include <stddef.h>

#include "common/judge/enforcement.h"
#include "common/judge/terms.h"

/* level_answer - of a demand that takes no lookup; else NULL */
struct enforcement *
level_answer(const struct demand *demand) OWNED(enforcement_free);

#endif
