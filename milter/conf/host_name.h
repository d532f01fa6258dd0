/* host_name - this host's name, with its domain where that is to be had. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CONF_HOST_NAME_H
#define MILTER_CONF_HOST_NAME_H

#include "common/base/limits.h"

/*
 * host_name_find - normalised; "localhost" where the system's is no name
 *
 * It is looked for once, by the first call, which takes two seconds at most and
 * is to be made before there are threads; later ones give the same.  The main
 * thread only.
 */
void host_name_find(char out[LIMIT_DOMAIN_SIZE]);

#endif
