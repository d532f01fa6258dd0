/* x509 - certificate chains: parsing, names, signatures, trust. Pure; with
 * x509_cert, x509_key and x509_path the one module over gnutls/x509.h. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_X509_H
#define COMMON_PROTO_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/proto/der.h"
#include "common/proto/x509_status.h"

/* A chain as the server sent it, leaf first.  Immutable once made, so that
 * threads may share it. */
struct x509_chain;

/* Certificates that are trusted as roots.  Immutable once made. */
struct x509_store;

/* How a name was looked for in the leaf. */
enum x509_names {
	X509_NAMES_SAN,       /* dNSName only: RFC 8461 section 4.2 */
	X509_NAMES_SAN_OR_CN, /* CN where there is no dNSName: RFC 7672 3.2.3 */
};

/*
 * x509_chain_new - parse what a peer presented
 *
 * certs is copied; count is 1 to LIMIT_CHAIN_CERTS.  Behind the leaf, what is
 * no certificate is left out.  A leaf that GnuTLS refuses, and other libraries
 * may take, has its octets and its SPKI, and is trusted by nobody.  DATA when
 * there is none, too many, or the first has not the form of a certificate.
 */
void x509_chain_free(struct x509_chain *chain);
struct x509_chain *x509_chain_new(const struct der *certs, size_t count,
    struct err *err) OWNED(x509_chain_free);
AUTO_DEFINE(x509_chain);

/* x509_leaf_octets - what x509_cert and x509_spki would be of its leaf, without
 * more of a look at it; false where there would be no chain */
bool x509_leaf_octets(
    const struct der *certs, size_t count, struct der *leaf, struct der *spki);

/* x509_chain_pem - the same from PEM text, every certificate of it in order */
struct x509_chain *x509_chain_pem(
    const char *pem, size_t length, struct err *err) OWNED(x509_chain_free);

/*
 * x509_chain_charge - have signature checks of the chain paid for
 *
 * left goes down by one for each that is made from here on, and must stay as
 * long as the chain does; when there are too few the search for a path ends,
 * TOO_COSTLY.  A chain that is charged is for one thread.
 */
void x509_chain_charge(struct x509_chain *chain, unsigned *left);

size_t x509_count(const struct x509_chain *chain);

/* x509_cert, x509_spki - borrowed octets of certificate number i, 0 the leaf;
 * the SPKI is cut from the certificate as it stands, not encoded anew */
struct der x509_cert(const struct x509_chain *chain, size_t i);
struct der x509_spki(const struct x509_chain *chain, size_t i);

/* x509_is_cert, x509_is_spki - whether the octets parse as one, and no more
 * (RFC 6698 section 2.1.3: full association data) */
bool x509_is_cert(struct der der);
bool x509_is_spki(struct der der);

/* Borrowed text of certificate i, printable ASCII (RFC 4514: other octets are
 * "\XX"), cut where it is very long, "" if empty */
const char *x509_subject(const struct x509_chain *chain, size_t i);
const char *x509_issuer(const struct x509_chain *chain, size_t i);
time_t x509_not_before(const struct x509_chain *chain, size_t i);
time_t x509_not_after(const struct x509_chain *chain, size_t i);

/* x509_key_type - "RSA", "ECDSA", "EdDSA" or another word for the key of
 * certificate i, and its size in bits; "" and 0 if it cannot be told */
const char *
x509_key_type(const struct x509_chain *chain, size_t i, unsigned *bits);

/*
 * x509_each_name - tell each dNSName of certificate i, in its order
 *
 * name is printable ASCII, what is not escaped as text_escape does, and
 * borrowed for the call.  At most LIMIT_CERT_NAMES of a certificate are looked
 * at.
 */
void x509_each_name(const struct x509_chain *chain, size_t i,
    void (*tell)(void *arg, const char *name), void *arg);

/* x509_leaf_is_read - whether GnuTLS can read the leaf */
bool x509_leaf_is_read(const struct x509_chain *chain);

/* x509_leaf_may_sign - whether its key usage has digitalSignature, if it is
 * known */
bool x509_leaf_may_sign(const struct x509_chain *chain);

/* x509_is_ca - whether certificate i may issue others, by its own word */
bool x509_is_ca(const struct x509_chain *chain, size_t i);

/* x509_sha256 - digest of octets, 32 of them; x509_sha512 likewise, 64 */
void x509_sha256(struct der der, uint8_t out[32]);
void x509_sha512(struct der der, uint8_t out[64]);

/* x509_leaf_has_name - whether the leaf names one of count normalised names */
bool x509_leaf_has_name(const struct x509_chain *chain,
    const char *const names[], size_t count, enum x509_names how);

/*
 * x509_verify - whether the leaf chains to one of the anchors at the time now
 *
 * Validity dates, basicConstraints, pathlen, name constraints, EKU serverAuth
 * and critical extensions of the whole path including the anchor, signatures,
 * and the key usage of the leaf.  The leaf itself is never its own anchor.
 * Names of the host are not looked at.  The chain may be in any order and hold
 * certificates that are of no use.  used, which may be NULL, gets the index of
 * the anchor, if there is a path to one.
 *
 * No certificate counts as issuer whose key is weak (below 1024 bits of RSA) or
 * absurd (so large that checking its signatures would stop the process), and no
 * signature over MD5 or SHA-1.
 * RFC 7671 section 5.2 for DANE-TA; nothing but the anchors is trusted.
 */
enum x509_status x509_verify(const struct x509_chain *chain,
    const struct der *anchors, size_t count, time_t now, size_t *used);

/*
 * x509_verify_key - the same for a bare key as the anchor
 *
 * Accepts if a certificate presented is signed by the key (SPKI) and chains the
 * leaf to it; that may be the leaf, by its own key as well.
 * RFC 7671 section 5.2.3.
 */
enum x509_status
x509_verify_key(const struct x509_chain *chain, struct der spki, time_t now);

/* x509_verify_store - the same against a store: the WebPKI of MTA-STS.  Threads
 * may share a store. */
enum x509_status x509_verify_store(
    const struct x509_chain *chain, const struct x509_store *store, time_t now);

/*
 * x509_store_load - the CA certificates of a PEM file, or of the system's
 * store when file is NULL
 *
 * LOCAL when there is no such file or no certificate in it.
 */
void x509_store_free(struct x509_store *store);
struct x509_store *
x509_store_load(const char *file, struct err *err) OWNED(x509_store_free);
AUTO_DEFINE(x509_store);

/* x509_store_of - of count certificates; what is none is left out.  One of none
 * trusts nobody */
struct x509_store *
x509_store_of(const struct der *certs, size_t count) OWNED(x509_store_free);

/* x509_store_issuers - tell the certificates of the store, borrowed for the
 * call, that by their names may have issued one of the chain */
void x509_store_issuers(const struct x509_store *store,
    const struct x509_chain *chain, void (*tell)(void *arg, struct der cert),
    void *arg);

/* x509_store_count - how many certificates; of one that was
 * loaded, at least 1 */
size_t x509_store_count(const struct x509_store *store);

#endif
