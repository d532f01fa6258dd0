/* standing - what a domain has of DANE, MTA-STS and TLS reports, and whether it
 * works. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_STANDING_H
#define COMMON_JUDGE_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/judge/facts.h"
#include "common/judge/outlook.h"
#include "common/proto/tlsrpt_record.h"

enum standing_mx {
	STANDING_MX_ERROR, /* bogus, SERVFAIL, no answer */
	STANDING_MX_RECORDS,
	STANDING_MX_IMPLICIT, /* no MX, but an address */
	STANDING_MX_NULL,
	STANDING_MX_NXDOMAIN,
	STANDING_MX_NO_ADDRESS,
};

/* How many lookups of hosts are secure. */
enum standing_share {
	STANDING_NA, /* there are none */
	STANDING_NOTHING,
	STANDING_SOME,
	STANDING_ALL,
};

enum standing_dane {
	STANDING_DANE_ERROR, /* lookups failed, so that it cannot be told */
	STANDING_DANE_NONE,
	STANDING_DANE_MISPLACED, /* at the domain's name, which is no host */
	STANDING_DANE_INSECURE,  /* TLSA records that DNSSEC does not secure */
	STANDING_DANE_UNUSABLE,  /* secure ones, none of use at any host */
	STANDING_DANE_PARTIAL,   /* at some hosts */
	STANDING_DANE_HALF,      /* at all, but the MX records are insecure */
	STANDING_DANE_FULL,      /* at all */
};

enum standing_health {
	STANDING_UNKNOWN,   /* not seen */
	STANDING_BROKEN,    /* no host keeps it, or no policy is to be had */
	STANDING_DEGRADED,  /* one fails; mail goes through another */
	STANDING_NO_HEALTH, /* there is nothing to keep */
	STANDING_OK,
};

enum standing_record {
	STANDING_RECORD_ERROR, /* the lookup failed */
	STANDING_RECORD_INVALID,
	STANDING_RECORD_NONE,
	STANDING_RECORD_VALID,
};

enum standing_policy {
	STANDING_POLICY_NONE,
	STANDING_POLICY_SKIPPED, /* a record, but nobody fetched it */
	STANDING_POLICY_FAILED,
	STANDING_POLICY_FETCHED,
};

enum standing_protection {
	STANDING_PROTECTION_UNKNOWN,
	STANDING_NEITHER,
	STANDING_PARTIAL,
	STANDING_STS_TESTING,
	STANDING_STS,
	STANDING_DANE,
	STANDING_BOTH,
	STANDING_PROTECTION_NA, /* it takes no mail */
};

/* What is asked beside a check. */
struct standing_extra {
	bool own_tlsa;        /* TLSA records at the domain's own name */
	bool insecure_tlsa;   /* insecure ones at a host */
	struct lookup tlsrpt; /* TXT at _smtp._tls */
	struct tlsrpt_record tlsrpt_record;
};

struct standing {
	enum standing_mx mx;
	bool mx_secure;
	enum standing_share hosts_secure;
	enum standing_dane dane;
	size_t dane_hosts; /* that have secure and usable TLSA records */
	enum standing_health dane_health;
	enum reason dane_fault; /* OK where there is none */
	enum standing_record sts_record;
	const char *sts_why; /* a word, "" where there is nothing to say */
	enum standing_policy sts_policy;
	enum sts_mode sts_mode; /* FETCHED only */
	enum standing_share sts_cover;
	enum standing_health sts_health;
	enum reason sts_fault;
	enum standing_record tlsrpt_record;
	const char *tlsrpt_why;
	enum standing_protection protection;
	enum outlook_end ends[OUTLOOK_SENDERS];
	enum reason reasons[OUTLOOK_SENDERS];
};

/* standing_make - of facts as they were gathered for level auto */
struct standing
standing_make(const struct facts *facts, const struct standing_extra *extra,
    const struct x509_store *store, time_t now);

/* standing_add_reports - what the TXT record says, where it came later */
void standing_add_reports(
    struct standing *standing, const struct standing_extra *extra);

/* standing_dane_beside - what it is where TLSA records that no check asks for
 * came later */
enum standing_dane standing_dane_beside(
    enum standing_dane dane, const struct standing_extra *extra);

/* standing_host_has_dane - secure and usable TLSA records */
bool standing_host_has_dane(const struct host_facts *host);

/* standing_takes_mail - whether mail to it goes anywhere */
bool standing_takes_mail(const struct standing *standing);

/* The words, each a constant. */
const char *standing_mx_text(enum standing_mx mx);
const char *standing_share_text(enum standing_share share);
const char *standing_dane_text(enum standing_dane dane);
const char *standing_health_text(enum standing_health health);
const char *standing_record_text(enum standing_record record);
const char *standing_policy_text(enum standing_policy policy);
const char *standing_protection_text(enum standing_protection protection);

#endif
