/* rules - what the admin wants of a destination, as the judge needs it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_RULES_H
#define COMMON_JUDGE_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "common/proto/x509.h"

/* Postfix's words (TLS_README), AUTO for DANE and then MTA-STS. */
enum level {
	LEVEL_AUTO,
	LEVEL_NONE,
	LEVEL_MAY,
	LEVEL_ENCRYPT,
	LEVEL_DANE,      /* DANE where there is TLSA, else may; no MTA-STS */
	LEVEL_DANE_ONLY, /* DANE or failure; no MTA-STS */
	LEVEL_SECURE,    /* WebPKI with the MX host name, or one of match */
	LEVEL_HALF_DANE, /* in verdicts only: TLSA under an insecure MX */
};

/* TLSA records at the hosts of an insecure MX RRset: RFC 7672 section 2.2.1 */
enum insecure_mx {
	INSECURE_MX_DANE,    /* verify, and call it half-dane */
	INSECURE_MX_ENCRYPT, /* encrypt, do not verify */
	INSECURE_MX_MAY,     /* as if there were no TLSA */
};

struct rules {
	enum level level;
	bool
	    local; /* level is an admin's rule: the verdict says policy=local */
	enum insecure_mx insecure_mx;
	const struct x509_store *store; /* roots for MTA-STS and secure */
	uint32_t verdict_ttl_s;         /* caps: see judge.h */
	uint32_t fail_ttl_s;
	uint32_t temperror_ttl_s;
};

/* level_text, level_parse - the word; -1 for one that is not a rule's level */
const char *level_text(enum level level);
int level_parse(const char *word, enum level *out);

#endif
