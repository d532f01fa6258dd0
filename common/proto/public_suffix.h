/* public_suffix - the part of a name that somebody registered. Pure; the one
 * module over libpsl. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_PUBLIC_SUFFIX_H
#define COMMON_PROTO_PUBLIC_SUFFIX_H

#include <stdbool.h>

#include "common/base/limits.h"

/*
 * public_suffix_site - the registrable domain of a normalised name
 *
 * By the part of the public suffix list that registries keep ("ICANN"); a name
 * that is a public suffix itself is its own.  Without a list the last two
 * labels: public_suffix_is_known is false then.
 */
void public_suffix_site(const char *name, char out[LIMIT_DOMAIN_SIZE]);
bool public_suffix_is_known(void);

#endif
