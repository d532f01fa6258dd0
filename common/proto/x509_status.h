/* x509_status - how near a chain comes to trust. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_X509_STATUS_H
#define COMMON_PROTO_X509_STATUS_H

#include <stdbool.h>

/* Of the path found that comes nearest to trust: x509_is_nearer. */
enum x509_status {
	X509_NOT_TRUSTED,   /* no path, a bad signature, a constraint broken */
	X509_NOT_YET_VALID, /* good but for a certificate that is not begun */
	X509_EXPIRED,       /* good but for a certificate that is over */
	X509_TOO_COSTLY,    /* there may be one: see x509_chain_charge */
	X509_TRUSTED,
};

/* x509_is_nearer - whether a is nearer to trust than b, in the order above */
bool x509_is_nearer(enum x509_status a, enum x509_status b);

#endif
