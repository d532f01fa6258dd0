/* shared_finding - the payloads of what hosts have found out: probes of mail
 * hosts, and verdicts.  Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_SHARED_FINDING_H
#define COMMON_PROTO_SHARED_FINDING_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/proto/der.h"
#include "common/proto/nexthop.h"
#include "common/proto/shared_value.h"

enum {
	/* How long they count, at most */
	SHARED_PROBE_S = 900,
	SHARED_VERDICT_S = 300,
};

/* A connection that ended well: TLS 1.2 or later, and let in. */
struct shared_probe {
	char address[INET6_ADDRSTRLEN];
	uint16_t port;
	char sni[LIMIT_DOMAIN_SIZE];
	time_t at_s;
	char tls[16];
	bool requiretls;
	char by[LIMIT_DOMAIN_SIZE];
	size_t cert_count; /* leaf first, 1 at least */
	struct der certs[LIMIT_CHAIN_CERTS];
	uint8_t *octets[LIMIT_CHAIN_CERTS]; /* that certs stand in, owned */
};

/*
 * shared_probe_read - the probe of an address, port and name in a payload
 *
 * NULL with *fault: KEY for another than wanted; TIME if it is older than
 * SHARED_PROBE_S, or of a time to come; SYNTAX for all else, a chain beyond
 * LIMIT_CHAIN_CERTS among it.  One of more than LIMIT_CHAIN_OCTETS does not fit
 * into any value.
 */
void shared_probe_free(struct shared_probe *probe);
struct shared_probe *shared_probe_read(const char *payload, size_t size,
    const struct shared_probe *wanted, time_t now, enum shared_fault *fault)
    OWNED(shared_probe_free);
AUTO_DEFINE(shared_probe);

/* shared_probe_print - its payload, for free(); NULL where it is too large.
 * Of the caller's certs, which need not stand in octets. */
char *shared_probe_print(const struct shared_probe *probe);

/* A verdict, in its words, which mean nothing here. */
enum { SHARED_WORD_SIZE = 40 };
struct shared_verdict {
	char hop[NEXTHOP_TEXT_SIZE]; /* as nexthop_print has it */
	char domain[LIMIT_DOMAIN_SIZE];
	char level[SHARED_WORD_SIZE];    /* that it was judged by */
	char digest[SHARED_DIGEST_SIZE]; /* of the settings, likewise */
	char result[SHARED_WORD_SIZE], policy[SHARED_WORD_SIZE];
	char reason[SHARED_WORD_SIZE];
	char mx[LIMIT_DOMAIN_SIZE];      /* "" where none is named */
	char enforced[SHARED_WORD_SIZE]; /* the level of the host */
	char dane[SHARED_WORD_SIZE], sts[SHARED_WORD_SIZE];
	char mode[SHARED_WORD_SIZE]; /* of the policy, or "" */
	time_t found_s, expires_s;
	char by[LIMIT_DOMAIN_SIZE];
};

/*
 * shared_verdict_read - the verdict on hop, domain, level and digest of wanted
 * in a payload: SHARED_NO_FAULT
 *
 * Else KEY for another than wanted; TIME if it is over, older than
 * SHARED_VERDICT_S, or of a time to come; SYNTAX.
 */
enum shared_fault shared_verdict_read(const char *payload, size_t size,
    const struct shared_verdict *wanted, time_t now,
    struct shared_verdict *out);
char *shared_verdict_print(const struct shared_verdict *verdict);

#endif
