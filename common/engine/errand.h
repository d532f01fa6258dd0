/* errand - what a sender of TLS reports asks of the network: by an engine's
 * resolver and roots, within the bounds of its policy fetches. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_ERRAND_H
#define COMMON_ENGINE_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/engine/engine.h"
#include "common/io/https.h"
#include "common/proto/tlsrpt_record.h"

struct dns_query; /* dns.h */

/*
 * errand_ask, errand_ask_by - ask for the record at _smtp._tls of domain; NULL
 * where that name would be too long
 *
 * errand_record - await it: true with the record, false where nobody can say
 * now, and why, cleaned; ends the query, which may be NULL.  each: as
 * tlsrpt_record_select has it.
 */
struct dns_query *
errand_ask(struct engine *engine, const char *domain, int64_t deadline_ms);
struct dns_query *
errand_ask_by(struct dns *dns, const char *domain, int64_t deadline_ms);
bool errand_record(struct dns_query *query, tlsrpt_uri_seen *each, void *arg,
    struct tlsrpt_record *out, char why[LIMIT_DETAIL_SIZE]);

/* What came of a POST. */
enum errand_outcome {
	ERRAND_LATER,   /* it may be taken another time */
	ERRAND_REFUSED, /* not so, at that URL */
	ERRAND_TAKEN,
};
struct errand_end {
	enum errand_outcome outcome;
	bool untrusted;     /* TAKEN by who shows a certificate that does not
			       do */
	long retry_after_s; /* of LATER, as the server wants it, or 0 */
	char why[LIMIT_DETAIL_SIZE]; /* not TAKEN; cleaned */
};

/*
 * errand_post - post to rua, an https: URL, by the deadline (clock_mono_ms),
 * or give up once ended, which may be NULL, is true
 *
 * RFC 8460 section 5.4.  The status decides, whatever follows it: 2xx is TAKEN;
 * 408, 425, 429, 5xx and what is no answer LATER; all else REFUSED, and so is a
 * host whose addresses may not be connected to.
 */
void errand_post(struct engine *engine, const struct tlsrpt_rua *rua,
    const struct https_upload *upload, const atomic_bool *ended,
    int64_t deadline_ms, struct errand_end *end);

#endif
