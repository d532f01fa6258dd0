/* dane_row - a chain and TLSA records, from a few letters: for tables. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_DANE_ROW_H
#define T_UNIT_DANE_ROW_H

#include "common/proto/dane_match.h"
#include "t/fake/certs.h"

/*
 * The certificates of a row, each a letter: L leaf, I its issuer, R the root
 * that issued I; M a leaf and E the evil root that issued it; X one that has
 * to do with none.  L, I and R are as the row wants them.
 */
struct dane_row_pki {
	struct cert_made *made[7];
};

/* The host, and a leaf that has its name */
#define DANE_ROW_HOST "mx1.d.example"
#define DANE_ROW_SAN .names = {DANE_ROW_HOST}

/* dane_row_init - certificates as told; dane_row_good - such as nothing is
 * wrong with */
void dane_row_init(struct dane_row_pki *pki, struct cert_spec root,
    struct cert_spec int1, struct cert_spec leaf);
void dane_row_good(struct dane_row_pki *pki);
void dane_row_fini(struct dane_row_pki *pki);

/* dane_row_chain - "LIR": what the peer presents, leaf first */
struct x509_chain *dane_row_chain(
    const struct dane_row_pki *pki, const char *text) OWNED(x509_chain_free);

/*
 * dane_row_set - "311L 312X": records by usage, selector and matching type,
 * each of a certificate; "-" in front cuts the last octet off
 * dane_row_fill - count times the same record, and then last, if that is one
 *
 * For tlsa_set_fini.
 */
void dane_row_set(
    struct tlsa_set *set, const struct dane_row_pki *pki, const char *text);
void dane_row_fill(struct tlsa_set *set, size_t count, const char *text,
    const struct dane_row_pki *pki, const char *last);

/* dane_row_match - what such records come to, at CERTS_NOW, for a host of
 * d.example */
struct dane_result dane_row_match(const struct dane_row_pki *pki,
    const char *records, const char *chain_text, const char *host);

#endif
