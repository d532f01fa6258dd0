/* fetch_code - why the policy of a domain could not be had, as one word. Pure.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_FETCH_CODE_H
#define MILTER_CLI_SURVEY_FETCH_CODE_H

#include "common/judge/facts.h"

/*
 * fetch_code - a constant; "" where it was fetched, was not to be, or was kept
 *
 * dns connect timeout tls, cert-name cert-expired cert-untrusted, http-3xx
 * http-4xx http-5xx http-other, too-big empty charset, and of its text version
 * mode max-age no-mx mx-syntax blank-line syntax.
 */
const char *fetch_code(const struct policy_facts *policy);

#endif
