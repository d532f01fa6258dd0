/* tlsa_check - TLSA records of one's own hosts beside what those show. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_PUBLISH_TLSA_CHECK_H
#define MILTER_CLI_PUBLISH_TLSA_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/engine/engine.h"
#include "milter/cli/findings.h"
#include "milter/cli/publish/keys.h"

/* A chain that it shows to clients that want another type of key. */
struct seen_other {
	const char *type; /* "RSA" */
	struct x509_chain *chain;
	bool *matches;
};

/* One address, and the chain it showed. */
struct seen_address {
	const struct address_facts *facts;
	const struct address_verdict *judged;
	struct x509_chain *chain; /* NULL: no TLS session */
	bool *matches;            /* each record, as if it were alone */
	size_t other_count;
	struct seen_other others[CLI_KEY_TYPES];
	bool unsure; /* there may be more */
};

struct seen_host {
	const struct host_facts *facts;
	const struct host_verdict *judged;
	bool unheeded; /* TLSA records that DNSSEC does not vouch for */
	struct seen_address *addresses; /* as many as the facts have */
};

/* All that was seen; borrows from check. */
struct seen {
	const struct check *check;
	struct cli_keys keys;
	char asked[LIMIT_DOMAIN_SIZE]; /* the domain, or the word typed */
	struct seen_host *hosts;       /* as many as the facts have */
	struct findings findings;
};

/* seen_fits - whether a record fits a chain that the address shows, whatever
 * its type of key */
bool seen_fits(const struct seen_address *address, size_t record);

/* seen_matches - how many addresses a record of a host fits */
size_t seen_matches(const struct seen_host *host, size_t record);

/* seen_tls - how many addresses showed a chain */
size_t seen_tls(const struct seen_host *host);

/* seen_reason - what is wrong at an address: for DANE, else with TLS at all */
enum reason seen_reason(const struct seen_address *address);

/* seen_judge - add what is to be said of all that was seen to the findings */
void seen_judge(struct seen *seen, time_t now);

/* seen_print, seen_json - all of it as text, and as an object */
void seen_print(FILE *out, const struct seen *seen);
struct json_t *seen_json(const struct seen *seen);

#endif
