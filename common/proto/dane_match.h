/* dane_match - a presented chain against a TLSA RRset. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_DANE_MATCH_H
#define COMMON_PROTO_DANE_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/proto/tlsa.h"
#include "common/proto/x509.h"

enum dane_outcome {
	DANE_NO_MATCH, /* no record fits any certificate as it must */
	DANE_MATCHED,
	DANE_UNUSABLE,      /* no usable record: encrypt, do not verify */
	DANE_TOO_COSTLY,    /* see x509_chain_charge */
	DANE_NOT_TRUSTED,   /* a DANE-TA record, but no path to that TA */
	DANE_EXPIRED,       /* a path, but a certificate on it is over */
	DANE_NOT_YET_VALID, /* a path, but a certificate is not begun */
	DANE_NAME_MISMATCH, /* a path, but the leaf has none of the names */
};

struct dane_result {
	enum dane_outcome outcome;
	size_t record; /* DANE_MATCHED: index in the set */
	/* DANE_MATCHED: 0 the leaf, 1.. an issuer; the count of certificates
	 * presented when the TA was not among them */
	int depth;
};

/*
 * dane_match - whether the server is who its TLSA records say
 *
 * set is finished (tlsa_set_finish).  names are the reference identifiers,
 * normalised, TLSA base domain first; DANE-EE records ignore them, and dates.
 * Of several failures the one nearest to a match is told.
 * RFC 7671 sections 5.1, 5.2, 9; RFC 7672 sections 3.1.1, 3.1.2, 3.2.
 */
struct dane_result
dane_match(const struct tlsa_set *set, const struct x509_chain *chain,
    const char *const names[], size_t count, time_t now);

/* dane_match_leaf - whether dane_match finds a DANE-EE record, and which: for
 * that the octets of the leaf and its SPKI are enough */
bool dane_match_leaf(const struct tlsa_set *set, struct der leaf,
    struct der spki, size_t *record);

/* dane_match_alone - what one record says of a chain, as if it were the only
 * one of its set */
enum dane_outcome
dane_match_alone(const struct tlsa *record, const struct x509_chain *chain,
    const char *const names[], size_t count, time_t now);

#endif
