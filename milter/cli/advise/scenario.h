/* scenario - which of the known cases a domain is, and what it should publish.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ADVISE_SCENARIO_H
#define MILTER_CLI_ADVISE_SCENARIO_H

#include "milter/cli/advise/sight.h"

enum scenario {
	SCENARIO_NO_DNSSEC = 1, /* a registrar or DNS host without DNSSEC */
	SCENARIO_ONE_MX,
	SCENARIO_SEVERAL_MX,
	SCENARIO_MICROSOFT,
	SCENARIO_GOOGLE,
	SCENARIO_OWN_HOST,
	SCENARIO_BULK,
	SCENARIO_REGULATED,
};
enum { SCENARIOS = SCENARIO_REGULATED };

enum publish {
	PUBLISH_NO,
	PUBLISH_YES,
	PUBLISH_PER_HOST,
	PUBLISH_PROVIDER,      /* the provider does, once it is asked */
	PUBLISH_AFTER_SIGNING, /* of the domain, or of the zone of a host */
};

struct advice_case {
	size_t count;
	enum scenario scenarios[SCENARIOS]; /* the first decides */
	enum publish mta_sts, dane, tls_rpt;
	bool contradicted; /* it is said that the zone cannot be signed, and it
			      is */
};

struct advice_case
scenario_of(const struct sight *sight, const struct advise_wish *wish);

bool scenario_has(const struct advice_case *found, enum scenario scenario);

/* scenario_text - a clause on it; publish_text - "after-signing"; constants */
const char *scenario_text(enum scenario scenario);
const char *publish_text(enum publish publish);

/* scenario_verdict - the whole advice in a sentence or two; a constant */
const char *
scenario_verdict(const struct advice_case *found, const struct sight *sight);

#endif
