/* store_survey_probes - what mail hosts showed, in the file of a survey. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SURVEY_PROBES_H
#define COMMON_IO_STORE_SURVEY_PROBES_H

#include "common/io/store_survey.h"
#include "common/judge/facts.h"

/* store_survey_probes_new - in an open survey, which outlives it; LOCAL */
struct store_survey_probes;
void store_survey_probes_free(struct store_survey_probes *probes);
struct store_survey_probes *store_survey_probes_new(struct store_survey *survey,
    struct err *err) OWNED(store_survey_probes_free);
AUTO_DEFINE(store_survey_probes);

/* Which connection is meant. */
struct survey_probe_key {
	const char *address;
	uint16_t port;
	const char *name; /* that was asked for */
};

/*
 * store_survey_probe_put - keep what a connection showed, at that time
 *
 * What only tells how the host fares today is not kept.  LOCAL.
 */
int store_survey_probe_put(struct store_survey_probes *probes,
    const struct survey_probe_key *key, const struct probe_facts *facts,
    time_t now, struct err *err);

/* store_survey_probe_get - what was kept since then, or NULL: nothing */
struct probe_facts *store_survey_probe_get(struct store_survey_probes *probes,
    const struct survey_probe_key *key, time_t since) OWNED(probe_facts_free);

#endif
