/* tlsrpt_record - the TXT record that says where TLS reports go. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_TLSRPT_RECORD_H
#define COMMON_PROTO_TLSRPT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/proto/sts_record.h"

enum tlsrpt_scheme { TLSRPT_MAILTO, TLSRPT_HTTPS };

/* One destination of reports. */
struct tlsrpt_rua {
	enum tlsrpt_scheme scheme;
	/* MAILTO: the address, decoded; HTTPS: the URL as it stands */
	char target[LIMIT_TLSRPT_URI + 1];
	char host[LIMIT_DOMAIN_SIZE]; /* of either, normalised */
};

enum tlsrpt_record_outcome {
	TLSRPT_RECORD_ABSENT, /* no record is of TLSRPTv1 */
	TLSRPT_RECORD_MANY,   /* more than one is: as if none were */
	TLSRPT_RECORD_NO_RUA, /* one is, and names nowhere that can be used */
	TLSRPT_RECORD_VALID,
};

struct tlsrpt_record {
	enum tlsrpt_record_outcome outcome;
	const char *why; /* a constant: why not VALID, else "" */
	size_t count;    /* VALID only, else 0 */
	struct tlsrpt_rua rua[LIMIT_TLSRPT_RUA];
	bool cut;     /* there was more than we read */
	size_t named; /* URIs of the record, of any use or none */
	bool other;   /* ABSENT only: one is of another version */
};

/*
 * tlsrpt_rua_parse - read one URI: NULL, or why it cannot be used, a constant
 *
 * uri is counted.  RFC 8460 section 3 and RFC 6068: of a mailto: URI the
 * address, which is a domain's and printable ASCII; of https: one with a host
 * name, port 443 or above 1023, without user and fragment.  out is whole where
 * NULL is returned, else undefined.
 */
const char *
tlsrpt_rua_parse(const char *uri, size_t length, struct tlsrpt_rua *out);

/* tlsrpt_rua_url - of HTTPS: the port, and the path with its query, which
 * begins with "/" */
enum { TLSRPT_PATH_SIZE = LIMIT_TLSRPT_URI + 2 };
void tlsrpt_rua_url(
    const struct tlsrpt_rua *rua, uint16_t *port, char path[TLSRPT_PATH_SIZE]);

/* What is told of each URI: rua, or NULL and why it cannot be used. */
typedef void tlsrpt_uri_seen(void *arg, const char *uri, size_t length,
    const struct tlsrpt_rua *rua, const char *why);

/*
 * tlsrpt_record_select - the destinations that the TXT records at _smtp._tls
 * name
 *
 * RFC 8460 section 3: exactly one record begins with "v=TLSRPTv1" and white
 * space or ";".  Fields may stand in any order, rua more than once.  The first
 * LIMIT_TLSRPT_RUA that can be used, of LIMIT_TLSRPT_URIS at most, count.  each
 * may be NULL.
 */
struct tlsrpt_record tlsrpt_record_select(const struct sts_txt *records,
    size_t count, tlsrpt_uri_seen *each, void *arg);

#endif
