/* sts_record - the TXT record that announces an MTA-STS policy. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_STS_RECORD_H
#define COMMON_PROTO_STS_RECORD_H

#include <stddef.h>

#include "common/base/limits.h"

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
	const char *why;           /* a constant: the rule broken, else "" */
};

/*
 * sts_record_select - the one policy record among the TXT records at _mta-sts
 *
 * RFC 8461 section 3.1 - the ABNF, "v=STSv1" then ";", exactly one such record,
 * of a field that occurs twice the first counts.
 */
struct sts_record
sts_record_select(const struct sts_txt *records, size_t count);

#endif
