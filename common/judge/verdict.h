/* verdict - what was decided of a destination, and the words for it. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_VERDICT_H
#define COMMON_JUDGE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/judge/terms.h"

/*
 * The zero of each of these is its worst or its "unknown": what nobody filled
 * in does not pass.  No order counts but that of result_is_worse,
 * host_is_weaker, sts_state_is_worse and requiretls_is_better.
 */
enum result {
	RESULT_FAIL,
	RESULT_TEMPERROR,
	RESULT_SOFTFAIL,
	RESULT_NONE,
	RESULT_PASS,
	RESULT_SKIP,
};
enum { RESULTS = RESULT_SKIP + 1 };

/* result_badness - the greater the worse, below RESULTS; result_is_worse - of
 * several domains the message's is the worst */
int result_badness(enum result result);
bool result_is_worse(enum result a, enum result b);

enum policy_type {
	POLICY_TYPE_NONE, /* no-policy-found */
	POLICY_TYPE_TLSA,
	POLICY_TYPE_STS,
	POLICY_TYPE_LOCAL,
};

enum reason {
	REASON_INTERNAL_ERROR,
	REASON_OK,
	REASON_NO_POLICY,
	REASON_NOT_PROBED,
	REASON_INSECURE_MX,
	REASON_STARTTLS_NOT_SUPPORTED,
	REASON_CERTIFICATE_HOST_MISMATCH,
	REASON_CERTIFICATE_NOT_TRUSTED,
	REASON_CERTIFICATE_EXPIRED,
	REASON_VALIDATION_FAILURE,
	REASON_DANE_REQUIRED,
	REASON_TLSA_UNUSABLE,
	REASON_DNSSEC_INVALID,
	REASON_DNS_SERVFAIL,
	REASON_DNS_TIMEOUT,
	REASON_STS_POLICY_FETCH_ERROR,
	REASON_STS_POLICY_INVALID,
	REASON_STS_WEBPKI_INVALID,
	REASON_STS_MX_MISMATCH,
	REASON_STS_TESTING,
	REASON_NULL_MX,
	REASON_NXDOMAIN,
	REASON_NO_ADDRESS,
	REASON_NAME_INVALID,
	REASON_CONNECT_FAILED,
	REASON_PROBE_TIMEOUT,
	REASON_ADDRESS_BLOCKED,
	REASON_SOURCE_UNUSABLE,
	REASON_NOT_TRIED,
	REASON_TLS_UNSUPPORTED,
	REASON_TOO_COSTLY,
	REASON_DEADLINE,
	REASON_QUEUE_FULL,
	REASON_RATE_LIMITED,
	REASON_RESOLVER_NOT_VALIDATING,
	REASON_EXEMPT,
	REASON_INTERNAL,
	REASON_RELAYED,
	REASON_TLS_REQUIRED_NO,
	REASON_REQUIRETLS_UNMET,
	REASON_EXPIRED_RULE,
};
enum { REASONS = REASON_EXPIRED_RULE + 1 };

enum host_outcome {
	HOST_SKIP, /* not usable now: DNS error, no address, unreachable */
	HOST_FAIL, /* a policy applies and is not kept */
	HOST_NO_POLICY,
	HOST_ENCRYPT_ONLY, /* TLS is a must, nobody is authenticated */
	HOST_STS_OK,
	HOST_HALF_DANE, /* authenticated, but the MX RRset is insecure */
	HOST_SECURE_DANE,
};

/* host_is_good - whether mail goes to a host with this outcome */
bool host_is_good(enum host_outcome outcome);

/* host_is_weaker - whether a protects the mail less than b does; one that takes
 * no mail is the weakest */
bool host_is_weaker(enum host_outcome a, enum host_outcome b);

/*
 * Whether mail that demands TLS all the way (REQUIRETLS) may go there: RFC 8689
 * section 4.2.1.  Any host that does will do, so the best counts.
 */
enum requiretls_state {
	REQUIRETLS_UNKNOWN,     /* could not be told now */
	REQUIRETLS_NO_AUTH,     /* no TLS, or nobody is authenticated */
	REQUIRETLS_NOT_OFFERED, /* authenticated, but does not offer it */
	REQUIRETLS_UNPROBED,    /* DNS has nothing against it; nobody looked */
	REQUIRETLS_MET,         /* authenticated, and offers it */
	REQUIRETLS_NOT_ASKED,   /* the rules say nothing of it */
};

/* requiretls_is_better - NOT_ASKED, MET, UNPROBED, UNKNOWN, NOT_OFFERED,
 * NO_AUTH: what may yet be met is better than what is not */
bool requiretls_is_better(enum requiretls_state a, enum requiretls_state b);

/* DANE alone, whatever MTA-STS says; and the other way round. */
enum dane_state {
	DANE_STATE_TEMPERROR,
	DANE_STATE_FAIL,
	DANE_STATE_ENCRYPT,
	DANE_STATE_NONE,
	DANE_STATE_PASS,
};
enum sts_state {
	STS_STATE_ERROR, /* a record, but no policy to be had */
	STS_STATE_TESTING_FAIL,
	STS_STATE_FAIL,
	STS_STATE_PASS,
	STS_STATE_NONE,
};

/* sts_state_is_worse - ERROR, TESTING_FAIL, FAIL, PASS, NONE */
bool sts_state_is_worse(enum sts_state a, enum sts_state b);

struct address_verdict {
	enum host_outcome outcome;
	enum reason reason;
	bool verified; /* the certificate was compared, and is the right one */
	int matched;   /* index of the TLSA record that it matched, or -1 */
	enum sts_state sts;     /* MTA-STS alone */
	enum reason sts_reason; /* why not, where sts is a failure, else OK */
	enum requiretls_state requiretls;
	char detail[LIMIT_DETAIL_SIZE];
};

struct host_verdict {
	enum host_outcome outcome;
	enum policy_type policy;
	enum level level;  /* what an MTA enforces here */
	struct rule *rule; /* that it was judged by, or NULL */
	bool sts_counts;   /* the rule, or its absence, lets MTA-STS count */
	enum reason reason;
	const char *rt; /* RFC 8460 result type, a constant, "" where none */
	bool probed;
	bool mixed; /* good, but one of its addresses failed */
	enum reason mixed_reason;
	enum dane_state dane;
	enum sts_state sts;
	enum reason sts_reason; /* why not, where sts is a failure */
	enum requiretls_state requiretls;
	char detail[LIMIT_DETAIL_SIZE];
	size_t address_count;
	struct address_verdict *addresses; /* as in the facts */
};

/* Small, for there may be a hundred thousand of them. */
struct verdict {
	enum result result : 8;
	enum policy_type policy : 8;
	enum level level : 8;
	enum reason reason : 8;
	enum dane_state dane : 8;
	enum sts_state sts : 8;
	enum reason sts_reason : 8;
	enum requiretls_state requiretls : 8;
	bool probed : 1;     /* depth=probe, else depth=dns */
	bool settled : 1;    /* a host takes the mail: no further one need be
				probed */
	bool comes_back : 1; /* one of the best hosts is this one, by each of
				its addresses that was looked at */
	uint16_t host_count; /* LIMIT_MX_HOSTS at most: kept for long, and by
				the hundred thousand, a verdict is small */
	uint32_t ttl_s;
	const char *rt;
	const char *mode;  /* of the MTA-STS policy, a constant; "" for none */
	struct rule *rule; /* of the host that mx names, or of the domain */
	char *mx;          /* the host that the reason speaks of, or NULL */
	char *detail;      /* cleaned, or NULL */
	char *walk;        /* each host, how it is judged, and why; or NULL */
	struct host_verdict *hosts; /* as in the facts; NULL once slimmed */
};

void verdict_free(struct verdict *verdict);
struct verdict *
verdict_new(enum result result, enum reason reason) OWNED(verdict_free);
AUTO_DEFINE(verdict);

/* verdict_restate - the same of the same, but for its hosts, with another
 * result and reason */
struct verdict *verdict_restate(const struct verdict *verdict,
    enum result result, enum reason reason) OWNED(verdict_free);

/* verdict_slim - drop the hosts, before a verdict is kept for long */
void verdict_slim(struct verdict *verdict);

/* The promised words; each is a constant. */
const char *result_text(enum result result);
const char *policy_type_text(enum policy_type policy);
const char *reason_text(enum reason reason);

/* reason_is_nowhere - whether it says that a domain has no host to send to: an
 * MTA gives such mail back */
bool reason_is_nowhere(enum reason reason);
const char *host_outcome_text(enum host_outcome outcome);
const char *dane_state_text(enum dane_state state);
const char *sts_state_text(enum sts_state state);

#endif
