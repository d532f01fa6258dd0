/* facts - what was learnt of a destination, before anything is decided. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_FACTS_H
#define COMMON_JUDGE_FACTS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/counts.h"
#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/proto/nexthop.h"
#include "common/proto/sts_policy.h"
#include "common/proto/sts_record.h"
#include "common/proto/tlsa.h"
#include "common/proto/x509.h"

/* How a DNS lookup ended: RFC 7672 section 2.1.1 and 2.1.2. */
enum lookup_state {
	LOOKUP_NOT_ASKED,
	LOOKUP_DATA,
	LOOKUP_NODATA,   /* the name exists, the type does not */
	LOOKUP_NXDOMAIN, /* the name does not exist */
	LOOKUP_BOGUS,    /* DNSSEC validation failed */
	LOOKUP_SERVFAIL, /* SERVFAIL, REFUSED or another error of the server */
	LOOKUP_TIMEOUT,  /* no answer before our deadline */
};

struct lookup {
	enum lookup_state state;
	bool secure;    /* DATA, NODATA, NXDOMAIN: the whole chain validated */
	uint32_t ttl_s; /* least of the chain */
};

/* Asked and denied, asked and failed; a lookup not asked is neither. */
bool lookup_denied(const struct lookup *lookup);
bool lookup_failed(const struct lookup *lookup);

/* lookup_state_text, probe_outcome_text - the word, as in debug lines */
const char *lookup_state_text(enum lookup_state state);

/* The detail of a probe that this host has no route for */
#define FACTS_NO_ROUTE "no route"

/* How far a probe of one address came. */
enum probe_outcome {
	PROBE_NOT_DONE,         /* depth dns, or an earlier host sufficed */
	PROBE_TLS,              /* and the EHLO inside TLS got its yes */
	PROBE_TLS_REFUSED,      /* handshake finished, then nobody let in */
	PROBE_TLS_UNSUPPORTED,  /* our library cannot finish what others can */
	PROBE_NO_STARTTLS,      /* EHLO did not offer it */
	PROBE_STARTTLS_REFUSED, /* offered, but answered other than 220 */
	PROBE_TLS_FAILED,       /* alert, reset or garbage in the handshake */
	PROBE_REFUSED,          /* greeting or EHLO answered 4xx or 5xx */
	PROBE_NOT_SMTP,         /* what answers does not speak SMTP */
	PROBE_CONNECT_FAILED,   /* refused, reset, no route */
	PROBE_TIMEOUT,          /* no answer in time, at any step */
	PROBE_NO_SOURCE,        /* not asked: it cannot leave from where mail
				   is said to leave from */
	PROBE_BLOCKED,          /* address in a range that is never probed */
	PROBE_OWN,              /* address of this host, never probed either */
};

const char *probe_outcome_text(enum probe_outcome outcome);

/* probe_outcome_lasts - whether it tells what the host shows for a name, and
 * not only how it fares at the moment */
bool probe_outcome_lasts(enum probe_outcome outcome);

/* The parts of a probe's time. */
enum probe_phase {
	PHASE_CONNECT,
	PHASE_GREETING,
	PHASE_STARTTLS, /* the EHLO before it, and its answer */
	PHASE_HANDSHAKE,
	PHASE_EHLO, /* inside TLS */
};
enum { PROBE_PHASES = PHASE_EHLO + 1 };

/* What a probe saw beside what counts: people are shown it, no verdict rests
 * on it.  Text is printable ASCII, "" for what there was not. */
struct probe_sight {
	char banner[LIMIT_DETAIL_SIZE]; /* of the greeting, behind its code */
	char cipher[48];                /* "TLS_AES_256_GCM_SHA384" */
	char group[24];                 /* "X25519"; of the key exchange */
	char signature[32]; /* "ECDSA-SECP256R1-SHA256"; by the server */
	char source[INET6_ADDRSTRLEN]; /* that it left from */
	char helo[LIMIT_DETAIL_SIZE];  /* the name in the last answer to EHLO */
	bool is_begun[PROBE_PHASES];
	unsigned phase_ms[PROBE_PHASES];
};

/*
 * What one connection to (address, port, SNI) showed.  Immutable and counted,
 * shared by all domains that use the host: probe_facts_ref, probe_facts_free.
 * The chain is kept whatever came after it, also of a handshake that was not
 * finished: TLS, TLS_REFUSED and TLS_UNSUPPORTED always have one.
 */
struct probe_facts {
	_Atomic unsigned refs;
	enum probe_outcome outcome;
	bool connected;    /* whatever came of it */
	bool starttls;     /* EHLO offered it */
	bool tls_ehlo;     /* the EHLO inside TLS was answered with a yes */
	bool tls_answered; /* or with a no: the connection was not lost */
	bool requiretls;   /* and offered REQUIRETLS, RFC 8689 */
	char tls[16];      /* "TLS1.3", "" without */
	size_t cert_count; /* as presented, leaf first */
	struct der *certs; /* their octets stand in octets */
	uint8_t *octets;
	unsigned ms;
	int64_t begun_ms; /* the connection, by clock_mono_ms */
	bool again; /* made since an earlier one would not do for a policy */
	bool
	    inferred; /* of a survey: as other names are shown, see tenants.h */
	bool put_off; /* likewise: not asked yet, for the address is to be left
			 alone for now */
	bool spared;  /* likewise: not to be asked at all */
	bool shared;  /* another host has made it: no failure rests on it */
	_Atomic bool reported; /* its failure is counted: see tls_sessions.h */
	char detail[LIMIT_DETAIL_SIZE]; /* remote text or our error, cleaned */
	struct probe_sight sight;
	char
	    *shown_to; /* where it is inferred: the name that it was shown to */
};

void probe_facts_free(struct probe_facts *probe); /* drops one reference */
struct probe_facts *
probe_facts_new(enum probe_outcome outcome) OWNED(probe_facts_free);
struct probe_facts *probe_facts_ref(struct probe_facts *probe);
AUTO_DEFINE(probe_facts);

/* probe_facts_set_certs - keep copies of count certificates; once, when new */
void probe_facts_set_certs(
    struct probe_facts *probe, const struct der *certs, size_t count);

struct address_facts {
	char text[INET6_ADDRSTRLEN];
	bool untried;              /* no mail gets to it: see tried.h */
	struct probe_facts *probe; /* NULL: as PROBE_NOT_DONE */
	bool remembered; /* it was begun for somebody else, before this check,
			    and not made again: there may be another
			    certificate by now; or another host has made it */
};

/* One MX host, or the next hop itself where there is no MX. */
struct host_facts {
	char name[LIMIT_DOMAIN_SIZE];     /* as the MX record has it */
	char expanded[LIMIT_DOMAIN_SIZE]; /* CNAME-expanded; name if no alias */
	bool literal;                     /* the name is an IP address */
	unsigned preference;
	struct lookup a;
	struct lookup aaaa;
	struct lookup cname; /* asked for an alias to insecure addresses only */

	/*
	 * The TLSA lookup that decided: the first secure RRset found, or the
	 * one that failed; base_domain is "" unless tlsa.state is DATA.
	 */
	struct lookup tlsa;
	char base_domain[LIMIT_DOMAIN_SIZE];
	struct tlsa_set records; /* finished */

	char sni[LIMIT_DOMAIN_SIZE];     /* what the probes sent */
	unsigned ipv4_count, ipv6_count; /* addresses that it has */
	size_t address_count;            /* that are looked at */
	struct address_facts *addresses;
	char detail[LIMIT_DETAIL_SIZE]; /* why a lookup failed, cleaned */
};

/* How the policy of a domain was got, or why not. */
enum policy_fetch {
	POLICY_NOT_FETCHED,
	POLICY_FETCHED,
	POLICY_FETCH_ERROR,    /* DNS, connection, status, time */
	POLICY_WEBPKI_INVALID, /* the policy host's certificate */
	POLICY_INVALID,        /* media type, size or grammar */
};

/* Which policy something rests on: see policy_turns.h.  Zeroed is none. */
struct policy_mark {
	bool marked;
	uint16_t number;
	uint32_t turn;
};

/* One fetch, immutable and counted like a probe. */
struct policy_facts {
	_Atomic unsigned refs;
	enum policy_fetch fetch;
	enum counts_fetch how; /* what became of it; OK, or NONE, of one that
				  was kept */
	bool wildcard; /* POLICY_FETCHED: the policy host's certificate has its
			  name by a wildcard; false of one that was kept */
	struct sts_policy *policy;  /* POLICY_FETCHED only, else NULL */
	char *body;                 /* of it, as it came */
	char id[LIMIT_STS_ID + 1];  /* the record's id it was fetched for */
	char by[LIMIT_DOMAIN_SIZE]; /* the host that has fetched it, where that
				       is another; "": this one */
	time_t fetched_s;
	char detail[LIMIT_DETAIL_SIZE];
	struct policy_mark mark; /* for those who wait for the fetch */
};

void policy_facts_free(struct policy_facts *policy); /* drops one reference */
struct policy_facts *
policy_facts_new(enum policy_fetch fetch) OWNED(policy_facts_free);
struct policy_facts *policy_facts_ref(struct policy_facts *policy);
AUTO_DEFINE(policy_facts);

struct sts_facts {
	struct lookup txt;
	struct sts_record record; /* of the texts */
	size_t text_count;
	struct sts_txt *texts; /* as they came, their octets in octets */
	char *octets;
	struct policy_facts *policy; /* NULL: no fetch was called for */
	struct policy_mark mark;
	bool cached;              /* the policy was there before this check */
	enum policy_fetch failed; /* beside a cached one: why it is not fresh */
};

/* sts_facts_set_texts - keep copies of count TXT records, and the policy record
 * among them; once.  sts_facts_drop_texts - forget them, but for that */
void sts_facts_set_texts(
    struct sts_facts *sts, const struct sts_txt *texts, size_t count);
void sts_facts_drop_texts(struct sts_facts *sts);

/* sts_facts_policy - the policy that was fetched; NULL without one */
const struct sts_policy *sts_facts_policy(const struct sts_facts *sts);

/* What kept us from looking at all. */
enum trouble {
	TROUBLE_NONE,
	TROUBLE_NAME_INVALID,
	TROUBLE_LITERAL, /* the recipient's domain is an address literal */
	TROUBLE_DEADLINE,
	TROUBLE_QUEUE_FULL,
	TROUBLE_NOT_VALIDATING,
	TROUBLE_INTERNAL,
};

struct findings_memo;

struct facts {
	enum trouble trouble;
	char domain[LIMIT_DOMAIN_SIZE];   /* the recipient's */
	struct nexthop next_hop;          /* the original next-hop domain */
	char expanded[LIMIT_DOMAIN_SIZE]; /* its CNAME expansion, or itself */
	bool probed;                      /* depth probe, not dns */
	bool all_hosts;   /* probed beyond what a MTA would try */
	struct lookup mx; /* NOT_ASKED where next_hop.mx_lookup is false */
	bool null_mx;     /* RFC 7505: the sole MX is "." */
	size_t host_count;
	struct host_facts *hosts; /* by preference, then by name */
	bool more_hosts;          /* than LIMIT_MX_HOSTS: the rest is unknown */
	struct sts_facts sts;
	char detail[LIMIT_DETAIL_SIZE]; /* why the MX lookup failed, cleaned */

	/* Of all lookups of the check, also those that stand nowhere else:
	 * facts_note */
	uint32_t least_ttl_s;
	bool any_failed;

	struct findings_memo *memo; /* owned: see findings_memo.h */
};

/* facts_note - take the outcome of a lookup, which the facts rest on from here
 * on, into account for how long they last */
void facts_note(struct facts *facts, const struct lookup *lookup);

/* facts_mx_is_insecure - whether there are MX records that anybody may forge;
 * facts_mx_is_vouched - whether nobody may: they are signed, as is their
 * absence, or the admin chose the host */
bool facts_mx_is_insecure(const struct facts *facts);
bool facts_mx_is_vouched(const struct facts *facts);

void facts_free(struct facts *facts);
struct facts *facts_new(void) OWNED(facts_free);
AUTO_DEFINE(facts);

/* facts_connected - whether a probe of any host connected, whatever came of it
 * facts_forget_probes - as if no host had been probed: depth dns */
bool facts_connected(const struct facts *facts);
void facts_forget_probes(struct facts *facts);

#endif
