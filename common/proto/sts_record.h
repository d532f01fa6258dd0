/* sts_record - the TXT record that announces an MTA-STS policy. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_STS_RECORD_H
#define COMMON_PROTO_STS_RECORD_H

#include <stddef.h>

#include "common/base/limits.h"
#include "common/proto/sts_policy.h"

enum sts_record_outcome {
	STS_RECORD_ABSENT, /* no record begins with v=STSv1 */
	STS_RECORD_VALID,
	STS_RECORD_MANY,    /* more than one does: as if absent */
	STS_RECORD_INVALID, /* one does, but breaks the grammar: as if absent */
};

/* One TXT record, its strings joined; counted, octets as they came. */
struct sts_txt {
	const char *data;
	size_t length;
};

struct sts_record {
	enum sts_record_outcome outcome;
	char id[LIMIT_STS_ID + 1]; /* STS_RECORD_VALID only, else "" */
	/* a constant: the rule broken; of STS_RECORD_ABSENT what makes a record
	 * none that was meant to be one; else "" */
	const char *why;
};

/*
 * sts_record_select - the one policy record among the TXT records at _mta-sts
 *
 * RFC 8461 section 3.1 - the ABNF, "v=STSv1" then ";", exactly one such record,
 * of a field that occurs twice the first counts.
 */
struct sts_record
sts_record_select(const struct sts_txt *records, size_t count);

/* sts_record_lint - the same, and each mistake there is, not the first alone */
struct sts_record sts_record_lint(
    const struct sts_txt *records, size_t count, sts_mistake *each, void *arg);

#endif
