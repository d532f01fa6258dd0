/* look - learning what advice on a domain rests on. The main thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ADVISE_LOOK_H
#define MILTER_CLI_ADVISE_LOOK_H

#include "common/base/own.h"
#include "common/io/dns.h"
#include "common/io/store.h"
#include "milter/cli/advise/sight.h"
#include "milter/cli/engine.h"

/* What all domains share; all borrowed. */
struct look {
	struct cli_engine *cli;
	struct dns *dns;
	const struct x509_store *roots;
	const struct providers *providers;
	struct store *store;  /* posternd's policies; NULL: */
	const char *no_store; /* why there are none */
	int dns_timeout_ms;
	bool dns_only;
	bool at_given;
	time_t at;
};

/* A domain, and what its sight borrows. */
struct sighting {
	struct sight sight;
	char domain[LIMIT_RAW_DOMAIN_SIZE]; /* as asked */
	struct engine_wait *wait;
	struct verdict *secure, *automatic;
};

/*
 * look_begin - start the check of a domain, of which there may be many at once
 * look_end - wait for it, and ask for what there is beside it; NULL when no
 * verdict comes in time
 */
void sighting_free(struct sighting *sighting);
struct sighting *
look_begin(const struct look *look, const char *domain) OWNED(sighting_free);
const struct sight *
look_end(const struct look *look, struct sighting *sighting);
AUTO_DEFINE(sighting);

/* look_chain - what is known of the zone of a name; at deadline_ms at latest */
struct chain_facts
look_chain(struct dns *dns, const char *name, int64_t deadline_ms);

/* look_back - what posternd has kept of a domain's policies, with the one that
 * is published now */
struct sight_memory
look_back(const struct look *look, const struct facts *facts);

#endif
