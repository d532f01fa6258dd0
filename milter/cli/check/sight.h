/* sight - what a probe saw, whole, as text for people. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_CHECK_SIGHT_H
#define MILTER_CLI_CHECK_SIGHT_H

#include <stdio.h>

#include "common/judge/facts.h"

/* cli_sight_session - its times, the banner, and what TLS agreed on: a line for
 * each that there was */
void cli_sight_session(FILE *out, const struct probe_sight *sight);

/* cli_sight_chain - each certificate, with the digests that TLSA records would
 * have of it */
void cli_sight_chain(FILE *out, const struct x509_chain *chain);

#endif
