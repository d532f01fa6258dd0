/* enforcement - what an MTA should enforce at a destination, and the words for
 * it. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_ENFORCEMENT_H
#define COMMON_JUDGE_ENFORCEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/own.h"
#include "common/judge/rules.h"
#include "common/judge/verdict.h"

/* One level for all hosts of a next hop, in the words of Postfix. */
enum enforce_answer {
	ENFORCE_TEMP,    /* could be weaker than a policy: not now */
	ENFORCE_NOTHING, /* the MTA's own default */
	ENFORCE_NONE,
	ENFORCE_MAY,
	ENFORCE_ENCRYPT,
	ENFORCE_DANE,
	ENFORCE_DANE_ONLY,
	ENFORCE_NAMES,  /* secure, by the names of the admin's rule */
	ENFORCE_POLICY, /* secure, by the policy */
	ENFORCE_HOSTS,  /* secure, and only for those hosts that the policy
			   names and that have no TLSA records to verify by */
};

/* What DANE comes to at one host that has an address. */
enum enforce_host {
	ENFORCE_HOST_UNKNOWN, /* a lookup that would tell has failed */
	ENFORCE_HOST_NONE,
	ENFORCE_HOST_UNUSABLE, /* records, none of them usable */
	ENFORCE_HOST_USABLE,
};

/* And at all of them. */
enum enforce_dane {
	ENFORCE_DANE_UNKNOWN, /* at none it verifies, at some it may */
	ENFORCE_DANE_NONE,
	ENFORCE_DANE_UNUSABLE,
	ENFORCE_DANE_HALF, /* under an insecure MX RRset */
	ENFORCE_DANE_PARTIAL,
	ENFORCE_DANE_ALL,
};

/* What MTA-STS comes to.  All but UNKNOWN and ENFORCE is as if there were none:
 * RFC 8461 section 3.3. */
enum enforce_sts {
	ENFORCE_STS_UNKNOWN, /* nobody has looked */
	ENFORCE_STS_ERROR,   /* announced, but not to be had */
	ENFORCE_STS_NONE,
	ENFORCE_STS_TESTING,
	ENFORCE_STS_ENFORCE,
};

struct enforced_host {
	char *name;
	enum enforce_host dane;
	bool named; /* by the policy */
};

/* Immutable once made. */
struct enforcement {
	enum enforce_answer answer : 8;
	enum level level : 8;   /* of the admin for the next hop */
	enum reason reason : 8; /* of TEMP, else OK */
	enum enforce_sts sts : 8;
	enum enforce_dane dane : 8;
	bool ruled : 1;       /* the level is that of a rule */
	bool wants_dane : 1;  /* level AUTO: DANE counts */
	bool floor : 1;       /* level AUTO: and TLS is a must */
	bool mx_secure : 1;   /* or none was looked up */
	bool mixed_rules : 1; /* the hosts have different rules: one answer
				 cannot be for all of them */
	uint32_t max_age_s;   /* of the policy */
	uint32_t name_count;
	uint32_t host_count;
	struct rule *unheard; /* of a host, which the answer is not; or NULL */
	char *where;          /* what the reason speaks of, or NULL */
	char *domain;         /* that the policy is of; NULL without one */
	char **names; /* patterns of the policy in its order, none twice; or
			 names of the rule */
	struct enforced_host *hosts; /* those with an address, as the MTA tries
					them */
};

void enforcement_free(struct enforcement *e);
AUTO_DEFINE(enforcement);

/* enforcement_new - with this answer, and nothing else known */
struct enforcement *
enforcement_new(enum enforce_answer answer) OWNED(enforcement_free);

/* enforcement_take_names - keep copies of count names, of equal ones the first
 */
void
enforcement_take_names(struct enforcement *e, char *const *names, size_t count);

/* enforce_shuts_out - whether the answer keeps mail from a host that would by
 * itself be allowed to take it */
bool enforce_shuts_out(
    const struct enforcement *e, const struct enforced_host *host);

/* The words of a log line; each is a constant. */
const char *enforce_dane_text(enum enforce_dane dane);
const char *enforce_sts_text(enum enforce_sts sts);

#endif
