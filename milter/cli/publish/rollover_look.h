/* rollover_look - what "tlsa plan" saw of a host, its zone and its last run. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_PUBLISH_ROLLOVER_LOOK_H
#define MILTER_CLI_PUBLISH_ROLLOVER_LOOK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "common/engine/engine.h"
#include "common/proto/tlsa.h"
#include "common/proto/x509_key.h"
#include "milter/cli/publish/keys.h"
#include "milter/cli/publish/rollover.h"

/* NS records of a zone that are asked, and addresses of each */
enum {
	ROLLOVER_NAMES = 13,
	ROLLOVER_ADDRESSES = 4,
	ROLLOVER_SERVERS = ROLLOVER_NAMES * ROLLOVER_ADDRESSES,
};

/* An address of an authoritative server, and what it answered. */
struct rollover_server {
	char name[LIMIT_DOMAIN_SIZE];
	char address[INET6_ADDRSTRLEN]; /* "": none was found */
	bool answered;
	struct tlsa_set set;         /* finished */
	uint32_t ttl_s;              /* of the RRset, or of its absence */
	char why[LIMIT_DETAIL_SIZE]; /* there is no answer */
};

/* What an address of the host shows. */
enum rollover_shown { SHOWN_NOTHING, SHOWN_CURRENT, SHOWN_NEXT, SHOWN_OTHER };

struct rollover_look {
	char name[LIMIT_DOMAIN_SIZE];  /* of the host */
	char base[LIMIT_DOMAIN_SIZE];  /* TLSA base domain */
	char owner[LIMIT_DOMAIN_SIZE]; /* of the TLSA records */
	const char *current_file, *next_file;
	struct x509_key *current, *next;
	const struct host_facts *host; /* borrowed from a check */
	const struct host_verdict *judged;
	struct cli_keys keys;
	struct tlsa_set set; /* validated */
	uint32_t set_ttl_s;  /* of it, or what is left */
	size_t server_count;
	bool servers_cut; /* there are more */
	struct rollover_server servers[ROLLOVER_SERVERS];
	struct tlsa_set add; /* records that are missing */
	bool old_seen; /* a server has an RRset without records for both */
	bool changed;  /* one had, in this run or an earlier one */
	struct rollover_facts facts;
	struct rollover_plan plan;
	struct json_t *warnings;
};

/*
 * rollover_ask - fill owner, set and servers: the RRset as it is validated, and
 * as each authoritative server of its zone has it
 *
 * base is known.  0, or the exit status of what was said.
 */
int rollover_ask(
    struct rollover_look *look, const struct dns_options *dns, uint16_t port);

/* rollover_shows - which key an address shows; of a host with several types of
 * key the current one, as long as it is among them */
enum rollover_shown rollover_shows(
    const struct rollover_look *look, const struct address_facts *address);

/* rollover_fits - whether a record lets a key pass */
bool rollover_fits(const struct rollover_look *look, const struct tlsa *record,
    const struct x509_key *key);

/* rollover_covers - whether an RRset does */
struct rollover_fit
rollover_covers(const struct rollover_look *look, const struct tlsa_set *set);

/*
 * rollover_remember - what earlier runs saw, from the file at path, put into
 * the facts; and what they are now, into the file
 *
 * since becomes known once all servers have both; one that lies in the future,
 * of a clock that was ahead, counts as now.  ttl_s becomes the longest seen
 * since this rollover was first looked at, and before_known whether that was
 * before the records changed.  0, or the exit status of what was said.
 */
int rollover_remember(struct rollover_look *look, const char *path, time_t now);

/* rollover_print, rollover_json - all of it as text, and as an object */
void rollover_print(FILE *out, const struct rollover_look *look);
struct json_t *rollover_json(const struct rollover_look *look);

#endif
