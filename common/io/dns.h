/* dns - asking a validating resolver. Any thread; answers come through one
 * dispatcher. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_H
#define COMMON_IO_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/judge/facts.h"

/* The distribution's root key. */
#define DNS_TRUST_ANCHOR_FILE "/usr/share/dns/root.key"

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_DS = 43,
	DNS_DNSKEY = 48,
	DNS_TLSA = 52,
};

enum dns_kind {
	DNS_EMBEDDED, /* validates in this process */
	DNS_SYSTEM,   /* trusts nameservers that validate */
};

/* Normalised names. */
struct dns_names {
	const char *const *items;
	size_t count;
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
	 * Lookups at once.  More are a timeout, and take their time to be one:
	 * else those who ask for very much would be back at once, and have
	 * each place that becomes free.  One that was given up counts until the
	 * library is through with it, for a silent server some ten seconds
	 * (DNS_SYSTEM: a third of timeout_ms): allow several for each that is
	 * awaited.
	 */
	unsigned max_outstanding;
};

/* An answer: the lookup, and the RDATA of the records of the type asked. */
struct dns_answer {
	struct lookup lookup;
	char owner[LIMIT_DOMAIN_SIZE]; /* of the RRset: the name asked, or where
					  its CNAMEs led */
	size_t count;
	struct dns_rdata {
		const uint8_t *data;
		size_t size;
	} * records; /* uncompressed, in the order received; one allocation with
			the octets behind it */
	char why[LIMIT_DETAIL_SIZE]; /* why it failed, or is insecure where that
					is not the zone's own wish; cleaned,
					else "" */
};

void dns_answer_free(struct dns_answer *answer);
AUTO_DEFINE(dns_answer);

/* dns_answer_failed - an answer that says why there is none; why is cleaned */
struct dns_answer *dns_answer_failed(enum lookup_state state, const char *why)
    OWNED(dns_answer_free);

struct dns;
struct dns_query;

/*
 * dns_new - a resolver; starts its dispatcher thread
 *
 * LOCAL when the trust anchor or resolv.conf cannot be read, or a nameserver is
 * no address.  Without a trust anchor nothing would be secure.
 * Make it after fork, and with RLIMIT_NOFILE raised: half of it bounds the
 * sockets for queries; dns_free ends the dispatcher; no query may be pending.
 */
void dns_free(struct dns *dns);
struct dns *
dns_new(const struct dns_options *options, struct err *err) OWNED(dns_free);
AUTO_DEFINE(dns);

/*
 * dns_ask - start a lookup; dns_await - its answer, at the deadline at latest
 *
 * name is normalised ("" is the root).  Ask for all that is wanted side by side
 * first, then await each.  dns_await ends the query and always gives an answer:
 * trouble is a LOOKUP_TIMEOUT or LOOKUP_SERVFAIL in it.
 * The wait ends at deadline_ms (clock_mono_ms) or after the resolver's timeout,
 * whichever is sooner.
 */
struct dns_query *dns_ask(
    struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms);
struct dns_answer *dns_await(struct dns_query *query) OWNED(dns_answer_free);

/*
 * dns_self_test - whether the resolver validates: the root's DNSKEY must be
 * secure, and a name whose DNSSEC is broken must fail
 *
 * DNS_SYSTEM: each nameserver that may be asked and that answers must say so.
 * It does not validate if it has addresses for one of broken_names at least,
 * and none of them fails: each may once be mended.
 * TEMP when no answer comes, LOCAL when the root is not secure, or what is
 * broken has addresses.
 */
int dns_self_test(struct dns *dns, int64_t deadline_ms, struct err *err);

/*
 * dns_shortcomings - the DNSSEC algorithms in use in the Internet that the
 * resolvers of a kind cannot validate, as words: "ED448"; "" for none, and
 * before the first of them was made
 *
 * DNS_EMBEDDED: zones signed with nothing else are insecure to it (RFC 4035
 * section 5.2).  But where a nameserver that is asked has a loopback address,
 * or with trust_remote, its AD bit counts for the names in such a zone, as it
 * would with DNS_SYSTEM; where none has, the answer says why it is insecure.
 */
void dns_shortcomings(enum dns_kind kind, char *out, size_t size);

#endif
