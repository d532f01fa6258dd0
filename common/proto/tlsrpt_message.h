/* tlsrpt_message - the message that a TLS report is sent in: RFC 8460
 * section 5.3. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_TLSRPT_MESSAGE_H
#define COMMON_PROTO_TLSRPT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/limits.h"
#include "common/proto/tlsrpt_report.h"

/* A report and whom it goes to; domains are normalised, addresses as
 * tlsrpt_rua_parse has them, all text is printable ASCII. */
struct tlsrpt_message {
	const char *from; /* of the header */
	const char *to;
	const char *submitter; /* the domain that reports */
	const char *domain;    /* that is reported on */
	const char *id;        /* of the report */
	const char *organization;
	const char *contact;
	time_t date; /* of the mail */
	bool whole;  /* what the MTA told of its sessions is in it */
	bool sample; /* it is of no session at all */
	const struct tlsrpt_report *report;
	const void *body; /* the report, packed by gzip */
	size_t size;
};

/* tlsrpt_message_file - the name of the attached file, RFC 8460 section 5.1 */
enum { TLSRPT_FILE_SIZE = 2 * LIMIT_DOMAIN_SIZE + 64 };
void tlsrpt_message_file(
    const struct tlsrpt_message *mail, char out[TLSRPT_FILE_SIZE]);

/*
 * tlsrpt_message_print - the message, lines ending in CRLF, for free(); *length
 * without its NUL
 *
 * Equal input gives equal octets, Message-ID and boundary included.
 */
char *tlsrpt_message_print(const struct tlsrpt_message *mail, size_t *length);

#endif
