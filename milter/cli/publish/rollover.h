/* rollover - when the key of a mail host may change without loss. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_PUBLISH_ROLLOVER_H
#define MILTER_CLI_PUBLISH_ROLLOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/*
 * RFC 7671 section 8.1: first records for both keys, everywhere; then a wait of
 * two TTLs of the RRset from before, until no cache has it; then the new key;
 * then the records of the old one go.
 */
enum rollover_phase {
	ROLLOVER_UNHEEDED, /* DNSSEC vouches for no TLSA: nobody looks */
	ROLLOVER_BROKEN,   /* what is shown fails now */
	ROLLOVER_PUBLISH,  /* records are missing */
	ROLLOVER_SPREAD,   /* not on every authoritative server yet */
	ROLLOVER_WAIT,     /* caches may have the old RRset */
	ROLLOVER_UNSEEN,   /* an address may still show the current key */
	ROLLOVER_SWITCH,   /* the host may show the next key */
	ROLLOVER_DROP,     /* it does: the old records may go */
	ROLLOVER_DONE,
};

/* Does an RRset let these pass. */
struct rollover_fit {
	bool current;
	bool next;
};

struct rollover_facts {
	bool heeded;    /* the addresses are secure: senders look for TLSA */
	bool published; /* there is a secure RRset */
	bool failing;   /* an address shows what no record allows */

	/* Of the validated answer, which may come out of a cache; and how many
	 * of the authoritative servers that answered have it so. */
	struct rollover_fit cached;
	size_t servers;
	size_t servers_current;
	size_t servers_next;
	size_t servers_silent; /* they may have anything */

	bool same;     /* whatever record fits current fits next too */
	bool same_key; /* for they are one key */
	bool stale;    /* a record fits current and not next */

	size_t shown; /* addresses that show a certificate */
	size_t shown_next;
	size_t unseen; /* addresses that show none */

	uint32_t ttl_s;    /* the longest of the RRset, now and before */
	bool before_known; /* the TTL of the RRset before this one is in it */
	bool since_known;
	bool vouched; /* the administrator says so, of all servers */
	time_t since; /* every server has had both from then on */
};

struct rollover_plan {
	enum rollover_phase phase;
	time_t not_before; /* ROLLOVER_WAIT: the switch; 0 is not known */
};

struct rollover_plan
rollover_decide(const struct rollover_facts *facts, time_t now);

/* rollover_wait_s - two TTLs: how long after since a cache may have the RRset
 * from before, and a secondary server have given it */
int64_t rollover_wait_s(const struct rollover_facts *facts);

/* rollover_is_ready - whether every server has both, so that the wait begins; a
 * server that is silent has them if the administrator says so */
bool rollover_is_ready(const struct rollover_facts *facts);

/* rollover_is_safe - whether the host may show the next key now */
bool rollover_is_safe(enum rollover_phase phase);

/* rollover_word - "publish", "wait", ...; a constant */
const char *rollover_word(enum rollover_phase phase);

#endif
