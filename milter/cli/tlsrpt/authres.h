/* authres - what an Authentication-Results field says of DKIM. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_TLSRPT_AUTHRES_H
#define MILTER_CLI_TLSRPT_AUTHRES_H

#include <stdbool.h>

/*
 * authres_is_of - whether the field is of the server authserv_id
 *
 * authres_passed - whether it says "dkim=pass" for a domain that is submitter
 * or above it
 *
 * value is the field's, unfolded or not; submitter is normalised.
 * RFC 8601 section 2.2 - comments and quoted strings stand anywhere.
 */
bool authres_is_of(const char *value, const char *authserv_id);
bool authres_passed(const char *value, const char *submitter);

#endif
