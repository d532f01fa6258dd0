/* tlsrpt_tally - sessions as they are added up for TLS reports. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_TLSRPT_TALLY_H
#define COMMON_IO_TLSRPT_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "common/proto/tlsrpt_session.h"

/* Who made a session. */
enum tlsrpt_source {
	TLSRPT_SOURCE_MTA,
	TLSRPT_SOURCE_REFUSED,
	TLSRPT_SOURCE_POLICY,
};

struct tlsrpt_failures {
	enum tlsrpt_source source;
	struct tlsrpt_detail detail;
	uint64_t count;
};

/* Sessions of one day to one next hop under one policy. */
struct tlsrpt_tally {
	int64_t day; /* since 1970, UTC */
	char domain[LIMIT_DOMAIN_SIZE];
	enum tlsrpt_policy_type type;
	char policy_domain[LIMIT_DOMAIN_SIZE];
	char *body; /* the policy's lines as JSON, "" where they are left out */
	uint64_t ok, failed;
	size_t failure_count;
	struct tlsrpt_failures *failures; /* each detail once */
};
void tlsrpt_tally_free(struct tlsrpt_tally *tally);

/* What came of a day beside its sessions. */
struct tlsrpt_day {
	int64_t day;
	uint64_t received; /* datagrams */
	uint64_t dropped;  /* of them: as no session, or for want of room */
	uint64_t norua;    /* whose record names nowhere */
	uint64_t foreign;  /* of somebody who is not to be heard */
	uint64_t domains;  /* kept; not used by store_tlsrpt_add */
};

/* What is added in one step. */
struct tlsrpt_batch {
	size_t day_count;
	const struct tlsrpt_day *days;
	size_t tally_count;
	struct tlsrpt_tally *const *tallies;
};

/* A next hop in a day: sums over its policies. */
struct tlsrpt_row {
	int64_t day;
	char domain[LIMIT_DOMAIN_SIZE];
	uint64_t ok, failed;
	int report; /* enum outbox_report; -1: none was made */
	unsigned destinations, waiting, sent; /* of it, and of these */
};

/* Which rows are wanted: of one day or of all, of one next hop or of all
 * (NULL), behind the last one of the call before. */
enum { TLSRPT_ALL_DAYS = -1 };
struct tlsrpt_query {
	int64_t day;
	const char *domain;
	struct tlsrpt_row after; /* zeroed at first */
};

#endif
