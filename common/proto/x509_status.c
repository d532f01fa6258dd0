/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509_status.h"

bool
x509_is_nearer(enum x509_status a, enum x509_status b)
{
	static const int nearness[] = {
	    [X509_NOT_TRUSTED] = 0,
	    [X509_NOT_YET_VALID] = 1,
	    [X509_EXPIRED] = 2,
	    [X509_TOO_COSTLY] = 3,
	    [X509_TRUSTED] = 4,
	};

	return nearness[a] > nearness[b];
}
