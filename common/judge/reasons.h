/* reasons - the promised reason of what was learnt, and RFC 8460's word for it.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_REASONS_H
#define COMMON_JUDGE_REASONS_H

#include "common/judge/facts.h"
#include "common/judge/verdict.h"
#include "common/proto/dane_match.h"
#include "common/proto/x509.h"

/* The reason of a lookup that failed; and of a policy that was not to be had */
enum reason lookup_reason(const struct lookup *lookup);
enum reason policy_fetch_reason(enum policy_fetch fetch);

/* dane_outcome_reason - why a chain does not match; OK where it does */
enum reason dane_outcome_reason(enum dane_outcome outcome);

/* x509_status_reason - why a chain is not trusted; OK where it is */
enum reason x509_status_reason(enum x509_status status);

/* How far an MTA would come at an address, and how we know. */
enum session {
	SESSION_UNKNOWN,     /* nobody looked */
	SESSION_NOBODY,      /* out of reach */
	SESSION_PLAIN,       /* in reach, but no TLS comes about */
	SESSION_UNSUPPORTED, /* TLS, but not with our library */
	SESSION_SHUT,        /* TLS, and then nobody is let in */
	SESSION_OPEN,
};
enum session probe_session(const struct probe_facts *probe);

/* probe_reason - why the session is not OPEN; OK when it is */
enum reason probe_reason(const struct probe_facts *probe);

/* reason_detail - what the server showed, so that the admin can compare it with
 * what he publishes: the digest that a "3 1 1" record would hold, or the
 * subject, or the issuer */
void reason_detail(const struct x509_chain *chain, enum reason reason,
    char detail[LIMIT_DETAIL_SIZE]);

/* reason_rt - the RFC 8460 section 4.3 result type of a failure, or "" */
const char *reason_rt(enum reason reason);

#endif
