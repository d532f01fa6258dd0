/* mail - the parts of a message that may hold a TLS report. The main thread
 * only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_TLSRPT_MAIL_H
#define MILTER_CLI_TLSRPT_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/proto/tlsrpt_hints.h"

/* A leaf of a message, decoded; borrowed. */
struct mail_part {
	const char *octets;
	size_t size;
	struct tlsrpt_hints hints; /* of its header, and its name */
	bool claims;     /* its type is application/tlsrpt+gzip or +json */
	bool is_gzip;    /* the first of them */
	bool claims_zip; /* application/tlsrpt+zip */
	bool forwarded;  /* it stands in a message that is attached */
	bool passed;     /* DKIM, by the server that was asked about */
};

typedef void mail_part_fn(void *arg, const struct mail_part *part);

/*
 * mail_read - call each for every leaf of a message, those of attached messages
 * too, down to LIMIT_MESSAGE_LEVELS
 *
 * authserv_id, or NULL: whose Authentication-Results count, those of the
 * outermost header.  Returns NULL, or why it is not read, a constant.
 */
const char *mail_read(const char *octets, size_t size, const char *authserv_id,
    mail_part_fn *each, void *arg);

#endif
