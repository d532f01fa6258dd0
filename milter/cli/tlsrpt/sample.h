/* sample - a TLS report of no session at all, sent to see whether one would
 * arrive. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_TLSRPT_SAMPLE_H
#define MILTER_CLI_TLSRPT_SAMPLE_H

#include <stdbool.h>

#include "common/base/limits.h"
#include "common/proto/tlsrpt_record.h"
#include "milter/cli/engine.h"

struct sample_end {
	char id[LIMIT_TLSRPT_ID];
	bool taken;
	bool untrusted; /* taken by who shows no good certificate */
	char why[LIMIT_DETAIL_SIZE]; /* not taken */
};

/*
 * sample_send - send a report about domain to rua, as posternd would send one
 *
 * There are a TLSReportOrganization and a TLSReportContact.  Its id, and the
 * text of a mail, say that it is a sample.  Takes a minute at most.
 */
void sample_send(struct cli_engine *cli, const char *domain,
    const struct tlsrpt_rua *rua, struct sample_end *end);

#endif
