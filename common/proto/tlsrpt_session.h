/* tlsrpt_session - what is counted of an attempt to send mail by TLS: policies,
 * failures, each in the one form of it. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_TLSRPT_SESSION_H
#define COMMON_PROTO_TLSRPT_SESSION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/proto/tlsrpt_result.h"

/* A failure as its source tells it: text is anybody's, or NULL. */
struct tlsrpt_raw_detail {
	enum tlsrpt_result result;
	const char *sending, *receiving; /* addresses */
	const char *mx, *helo, *info, *reason;
};

/* The same as a report has it: what is not known, or is not what it should be,
 * is "". */
struct tlsrpt_detail {
	enum tlsrpt_result result;
	char sending[INET6_ADDRSTRLEN];
	char receiving[INET6_ADDRSTRLEN];
	char mx[LIMIT_DOMAIN_SIZE];
	char helo[LIMIT_TLSRPT_HELO + 1];
	char info[LIMIT_TLSRPT_URI + 1]; /* an https: URI */
	char reason[LIMIT_TLSRPT_REASON + 1];
};

/*
 * tlsrpt_detail_read - take what can be reported of a failure
 *
 * An IPv6 address that stands for one of IPv4 becomes that.  Of a reply to EHLO
 * the name that the host gave counts.  What is printable of the reason stays.
 */
void tlsrpt_detail_read(
    struct tlsrpt_detail *out, const struct tlsrpt_raw_detail *raw);

/* Lines of a policy, owned. */
struct tlsrpt_lines {
	size_t count;
	char **lines;
};

/* tlsrpt_lines_add - a copy; what is not printable ASCII becomes "?" */
void tlsrpt_lines_fini(struct tlsrpt_lines *lines);
void tlsrpt_lines_add(struct tlsrpt_lines *lines, const char *line);

/*
 * tlsrpt_lines_order - the order in which equal policies are equal
 *
 * TLSA records: upper case, sorted, each once.  An MTA-STS policy: version,
 * mode, the mx in their order, max_age, the rest.
 */
void
tlsrpt_lines_order(struct tlsrpt_lines *lines, enum tlsrpt_policy_type type);

/* What one session says of one policy. */
struct tlsrpt_outcome {
	enum tlsrpt_policy_type type;
	char domain[LIMIT_DOMAIN_SIZE]; /* the policy's */
	struct tlsrpt_lines strings;
	struct tlsrpt_lines mx;
	bool failed;
	bool counted_elsewhere; /* neither success nor failure: the details
				   alone are news */
	size_t detail_count;
	struct tlsrpt_detail *details; /* a success may have some, too */
};

/* What one session says: of each policy that applied. */
struct tlsrpt_session {
	char domain[LIMIT_DOMAIN_SIZE]; /* the next hop whose record counts */
	size_t outcome_count;
	struct tlsrpt_outcome *outcomes;
};

void tlsrpt_session_free(struct tlsrpt_session *session);
struct tlsrpt_session *
tlsrpt_session_new(const char *domain) OWNED(tlsrpt_session_free);
AUTO_DEFINE(tlsrpt_session);

/*
 * tlsrpt_session_add - one more policy, without lines, a success; borrowed, to
 * be filled before the next
 *
 * tlsrpt_outcome_add - one more failure of it
 */
struct tlsrpt_outcome *tlsrpt_session_add(
    struct tlsrpt_session *session, enum tlsrpt_policy_type type);
void tlsrpt_outcome_add(
    struct tlsrpt_outcome *outcome, const struct tlsrpt_raw_detail *raw);

/*
 * tlsrpt_outcome_take_tlsa, tlsrpt_outcome_take_sts - the lines of a policy
 * that was looked at here, as MTAs tell of the same
 *
 * Of TLSA records those that SMTP knows, usable or not: RFC 7672 section 3.1.
 */
struct tlsa_set;
struct sts_policy;
void tlsrpt_outcome_take_tlsa(
    struct tlsrpt_outcome *outcome, const struct tlsa_set *records);
void tlsrpt_outcome_take_sts(
    struct tlsrpt_outcome *outcome, const struct sts_policy *policy);

/* tlsrpt_session_octets - that tlsrpt_session_free gives back */
size_t tlsrpt_session_octets(const struct tlsrpt_session *session);

/*
 * tlsrpt_outcome_finish - order its lines, and set its domain: domain, where
 * that is one, or what stands for it, see RFC 8460 section 4.4
 *
 * The next hop; of DANE the MX host of a failure before that.
 */
void tlsrpt_outcome_finish(
    struct tlsrpt_outcome *outcome, const char *domain, const char *next_hop);

#endif
