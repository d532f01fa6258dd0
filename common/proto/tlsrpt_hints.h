/* tlsrpt_hints - what stands around a TLS report: header fields of its mail,
 * and the name of its file. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_TLSRPT_HINTS_H
#define COMMON_PROTO_TLSRPT_HINTS_H

#include <stdbool.h>
#include <time.h>

#include "common/base/limits.h"

/* "" and 0 where nothing tells; all is text from outside, domains are
 * normalised. */
struct tlsrpt_hints {
	char domain[LIMIT_DOMAIN_SIZE];    /* that the report is about */
	char submitter[LIMIT_DOMAIN_SIZE]; /* that it comes from */
	time_t begin, end;                 /* what time it is about */
	char subject_id[LIMIT_TLSRPT_ID];
	bool subject_bare; /* the Subject's Report-ID has no "<>" */
};

/* tlsrpt_hints_domain, tlsrpt_hints_submitter - from a header field, which goes
 * before the name of a file; what is no domain is passed over */
void tlsrpt_hints_domain(struct tlsrpt_hints *hints, const char *value);
void tlsrpt_hints_submitter(struct tlsrpt_hints *hints, const char *value);

/* tlsrpt_hints_subject - "... Report-ID: <id>" */
void tlsrpt_hints_subject(struct tlsrpt_hints *hints, const char *subject);

/* tlsrpt_hints_file - of "submitter!domain!begin!end!id.json.gz", behind the
 * last "/", what is not known yet
 * RFC 8460 section 5.1 */
void tlsrpt_hints_file(struct tlsrpt_hints *hints, const char *name);

/* tlsrpt_hints_of_id - the domain that a report-id names: behind a "_" or "!",
 * or behind leading parts with digits, before an "@"; out stays as it is where
 * there is none */
void tlsrpt_hints_of_id(const char *id, char out[LIMIT_DOMAIN_SIZE]);

#endif
