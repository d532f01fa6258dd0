/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509_status.h"

bool
x509_is_nearer(enum x509_status a, enum x509_status b)
{
	return a > b;
}
