/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/survey_probes.h"

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/gather/tenants.h"

struct survey_probes {
	struct manners manners;
	struct tenants *tenants;
};

struct survey_probes *
survey_probes_new(const struct manners *manners)
{
	struct survey_probes *known = xcalloc(1, sizeof(*known));

	known->manners = *manners;
	known->tenants = tenants_new();
	return known;
}

void
survey_probes_free(struct survey_probes *known)
{
	if (known == NULL)
		return;
	tenants_free(known->tenants);
	free(known);
}

struct probe_facts *
survey_probes_put_off(void)
{
	struct probe_facts *facts = probe_facts_new(PROBE_TIMEOUT);

	facts->put_off = true;
	return facts;
}

static void
note_shown(struct survey_probes *known, const struct survey_target *target,
    const struct probe_facts *facts)
{
	const struct manners *m = &known->manners;

	if (tenants_note(
		known->tenants, target->address, target->name, facts) &&
	    m->differ != NULL)
		m->differ(m->arg, target->address);
}

struct probe_facts *
survey_probes_before(
    struct survey_probes *known, const struct survey_target *target)
{
	const struct manners *m = &known->manners;
	struct probe_facts *facts = NULL;

	if (m->spare != NULL &&
	    m->spare(m->arg, target->address, target->name)) {
		facts = probe_facts_new(PROBE_NOT_DONE);
		facts->spared = true;
		return facts;
	}
	if (m->recall != NULL && !target->again)
		facts = m->recall(
		    m->arg, target->address, target->port, target->name);
	if (facts != NULL)
		note_shown(known, target, facts);
	return facts;
}

struct probe_facts *
survey_probes_at_turn(
    struct survey_probes *known, struct pacing *pacing, const char *address)
{
	struct probe_facts *facts;

	switch (pacing_mood(pacing, address)) {
	case PACING_NOW:
		return tenants_infer(known->tenants, address);
	case PACING_LATER:
		return survey_probes_put_off();
	case PACING_NEVER:
		break;
	}
	facts = probe_facts_new(PROBE_REFUSED);
	text_copy(facts->detail, sizeof(facts->detail),
	    "refused-us: it is left alone in this run");
	return facts;
}

void
survey_probes_note(struct survey_probes *known,
    const struct survey_target *target, const struct probe_facts *facts)
{
	const struct manners *m = &known->manners;

	if (m->keep != NULL)
		m->keep(
		    m->arg, target->address, target->port, target->name, facts);
	note_shown(known, target, facts);
}

bool
survey_probes_disproved(struct survey_probes *known, const char *address,
    const struct probe_facts *facts)
{
	return facts->inferred && tenants_differ(known->tenants, address);
}

enum pacing_use
survey_probes_use(enum probe_outcome outcome)
{
	switch (outcome) {
	case PROBE_REFUSED:
	case PROBE_CONNECT_FAILED:
	case PROBE_TIMEOUT:
		return PACING_FAILED;
	case PROBE_NO_SOURCE:
		return PACING_UNUSED;
	case PROBE_NOT_DONE:
	case PROBE_TLS:
	case PROBE_TLS_REFUSED:
	case PROBE_TLS_UNSUPPORTED:
	case PROBE_NO_STARTTLS:
	case PROBE_STARTTLS_REFUSED:
	case PROBE_TLS_FAILED:
	case PROBE_NOT_SMTP:
	case PROBE_BLOCKED:
	case PROBE_OWN:
		break;
	}
	return PACING_ANSWERED;
}
