/* probing - how a survey connects to mail hosts: what it keeps of them, whom it
 * spares, and what was inferred. Any thread, but for what says otherwise. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_PROBING_H
#define MILTER_CLI_SURVEY_PROBING_H

#include "common/gather/manners.h"
#include "common/io/store_survey.h"
#include "milter/cli/survey/exclude.h"

/* What a host has shown is not asked for again for so long. */
enum { PROBING_KEEP_S = 24 * 3600 };

/* probing_new - survey and exclude, which may be NULL, are borrowed; LOCAL */
struct probing;
void probing_free(struct probing *probing);
struct probing *probing_new(struct store_survey *survey,
    const struct exclude *exclude, struct err *err) OWNED(probing_free);
AUTO_DEFINE(probing);

/* probing_manners - for an engine, which ends before probing does */
struct manners
probing_manners(struct probing *probing, int gap_ms, unsigned rate);

/*
 * probing_reopen - have those names asked about again of which something was
 * inferred that was found not to hold; *count of them
 *
 * By the thread that has the survey.  0, or -1 with LOCAL.
 */
int probing_reopen(struct probing *probing, int64_t *count, struct err *err);

/* probing_disproved - whether what was inferred at any of the addresses, a
 * blank between, was found not to hold */
bool probing_disproved(struct probing *probing, const char *addresses);

/* probing_failed - what could not be kept, or false */
bool probing_failed(struct probing *probing, struct err *err);

#endif
