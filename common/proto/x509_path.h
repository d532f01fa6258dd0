/* x509_path - the search for a path from a leaf to an anchor. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_X509_PATH_H
#define COMMON_PROTO_X509_PATH_H

#include <time.h>

#include "common/proto/x509_cert.h"
#include "common/proto/x509_status.h"

/* x509_path_find - from the first of the certificates presented, through any of
 * the others: see x509_verify */
enum x509_status x509_path_find(const struct x509_certs *presented,
    const struct x509_certs *anchors, time_t now, size_t *used);

/* x509_path_find_key - the same to a bare key: see x509_verify_key */
enum x509_status x509_path_find_key(
    const struct x509_certs *presented, gnutls_pubkey_t key, time_t now);

#endif
