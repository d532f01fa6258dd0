/* dns_options - how and whom a resolver asks. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_OPTIONS_H
#define COMMON_IO_DNS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct counts;   /* counts.h */
struct dns_pace; /* dns_pace.h */

/* The distribution's root key. */
#define DNS_TRUST_ANCHOR_FILE "/usr/share/dns/root.key"

/* Normalised names. */
struct dns_names {
	const char *const *items;
	size_t count;
};

enum dns_kind {
	DNS_EMBEDDED, /* validates in this process */
	DNS_SYSTEM,   /* trusts nameservers that validate */
};

/* Borrowed strings, needed during dns_new only. */
struct dns_options {
	enum dns_kind kind;
	const char *trust_anchor_file;  /* NULL: DNS_TRUST_ANCHOR_FILE;
					   DNS_EMBEDDED */
	const char *const *nameservers; /* addresses, "127.0.0.1" or with @port;
					   none: /etc/resolv.conf */
	size_t nameserver_count;
	bool recurse;       /* ask the authoritative servers, no nameserver;
			       DNS_EMBEDDED */
	bool trust_remote;  /* the AD bit also of nameservers that have no
			       loopback address; DNS_SYSTEM */
	bool authoritative; /* the nameservers are asked for what is in their
			       own zones: nothing is secure; DNS_SYSTEM */
	int timeout_ms;     /* of one lookup */

	/* Zones that are insecure on purpose, besides those of special use (see
	 * dns_insecure.h): nothing in them is secure, and nothing bogus */
	struct dns_names insecure_zones;

	/* Names whose DNSSEC is broken on purpose, for dns_self_test;
	 * DNS_SYSTEM */
	struct dns_names broken_names;

	/*
	 * Lookups at once.  A lookup beyond this fails with LOOKUP_TIMEOUT, but
	 * only after timeout_ms: failing at once would let whoever asks most
	 * retry first, and take each place that becomes free.
	 * A lookup that was given up counts until the library has ended it: for
	 * a silent server that takes some ten seconds (DNS_SYSTEM: a third of
	 * timeout_ms).  So allow several for each that is awaited.
	 */
	unsigned max_outstanding;

	struct counts *counts; /* outlives the resolver; may be NULL */
	struct dns_pace *pace; /* of a survey; likewise.  DNS_EMBEDDED asks as
				  often as it sees fit, and counts as one
				  nameserver */
};

#endif
