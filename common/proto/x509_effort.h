/* x509_effort - whether we can afford to check what a key has signed. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_X509_EFFORT_H
#define COMMON_PROTO_X509_EFFORT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/proto/der.h"

/* Why not, with its end */
enum { X509_EFFORT_REASON = 64 };

/*
 * x509_effort_is_bounded - whether one check with the key of a certificate
 * takes some milliseconds at most
 *
 * Whoever presents a certificate chooses the size of its key, and a check costs
 * up to the third power of it: 64 KiB of RSA are minutes.  To be asked before a
 * library checks a signature by the key, of a handshake or of another
 * certificate.  Keys within the limits of limits.h are bounded, and those of
 * an algorithm that no check can be made with.  RSA (also PSS) and DSA beyond,
 * curves that are described instead of named, keys that agree and do not sign,
 * and octets that are no certificate are not; reason then says so, "" if
 * bounded.  Only octets are looked at, no arithmetic is done.
 */
bool
x509_effort_is_bounded(struct der certificate, char reason[X509_EFFORT_REASON]);

/* x509_effort_is_bounded_key - the same of a SubjectPublicKeyInfo */
bool
x509_effort_is_bounded_key(struct der spki, char reason[X509_EFFORT_REASON]);

#endif
