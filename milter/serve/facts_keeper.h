/* facts_keeper - keeps the facts of verdicts that refuse mail, as files.  Any
 * thread where nothing else is said. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_FACTS_KEEPER_H
#define MILTER_SERVE_FACTS_KEEPER_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/engine/check.h"
#include "common/judge/terms.h"
#include "milter/conf/settings.h"

/* facts_keeper_start - the thread that writes, where FactsDirectory is set; the
 * main thread, before there are messages.  LOCAL. */
int facts_keeper_start(const struct settings *settings, struct err *err);

/*
 * facts_keeper_stop - keep no more, and wait until what was taken is written,
 * or deadline_ms (clock_mono_ms)
 */
void facts_keeper_stop(int64_t deadline_ms);

/*
 * facts_keeper_number - see engine_number: whether mail is refused for the
 * verdict, by these settings
 *
 * 0 also while files cannot be written, or wait to be: what the log names is
 * kept.  facts_keeper_take - the facts of a check that has a number.  Neither
 * blocks.
 */
uint32_t
facts_keeper_number(const struct settings *settings, const struct facts *facts,
    const struct judge_terms *terms, const struct check *check);
void facts_keeper_take(const struct facts *facts,
    const struct judge_terms *terms, const struct check *check);

#endif
