/* survey_probes - what a survey knows of an address without a connection. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_SURVEY_PROBES_H
#define COMMON_GATHER_SURVEY_PROBES_H

#include "common/base/own.h"
#include "common/gather/manners.h"
#include "common/io/pacing.h"

struct survey_probes;
void survey_probes_free(struct survey_probes *known);
struct survey_probes *
survey_probes_new(const struct manners *manners) OWNED(survey_probes_free);

/* Who is asked for what. */
struct survey_target {
	const char *address;
	uint16_t port;
	const char *name;
	bool again; /* what was kept will not do */
};

/* survey_probes_before - before it waits for its turn: what was kept, or that
 * it is spared; NULL: nothing */
struct probe_facts *survey_probes_before(struct survey_probes *known,
    const struct survey_target *target) OWNED(probe_facts_free);

/* survey_probes_at_turn - when its turn has come: that it is put off or left
 * alone, or what other names are shown; NULL: connect */
struct probe_facts *survey_probes_at_turn(struct survey_probes *known,
    struct pacing *pacing, const char *address) OWNED(probe_facts_free);

/* survey_probes_put_off - facts of one that is to be asked for later */
struct probe_facts *survey_probes_put_off(void) OWNED(probe_facts_free);

/* survey_probes_note - what a connection has shown */
void survey_probes_note(struct survey_probes *known,
    const struct survey_target *target, const struct probe_facts *facts);

/* survey_probes_disproved - whether facts that were inferred do not hold */
bool survey_probes_disproved(struct survey_probes *known, const char *address,
    const struct probe_facts *facts);

/* survey_probes_use - what was made of a turn that ended so */
enum pacing_use survey_probes_use(enum probe_outcome outcome);

#endif
