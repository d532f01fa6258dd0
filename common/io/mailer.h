/* mailer - hand one message over to the local MTA, by SMTP or to its sendmail.
 * Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_MAILER_H
#define COMMON_IO_MAILER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/limits.h"

/* Where mail is handed over, read of "smtp:127.0.0.1:25", "smtp:[::1]:587" or
 * "sendmail:/usr/sbin/sendmail". */
struct mailer {
	char address[64]; /* "" where it is a program */
	uint16_t port;
	char program[LIMIT_MAILER_PATH + 1];
};

/* mailer_parse - NULL, or what is wrong, a constant */
const char *mailer_parse(const char *text, struct mailer *out);

struct mailer_mail {
	const char *helo;   /* our name */
	const char *sender; /* of the envelope; "" for none */
	const char *recipient;
	const char *octets; /* lines end in CRLF */
	size_t size;
	int64_t deadline_ms;      /* clock_mono_ms */
	const atomic_bool *ended; /* true: give up; or NULL */
};

enum mailer_outcome {
	MAILER_LATER,   /* it was not to be had, or asks to come again */
	MAILER_REFUSED, /* for good */
	MAILER_TAKEN,
};

/*
 * mailer_send - without TLS and without a user's name
 *
 * The addresses are such as tlsrpt_rua_parse takes.  No shell sees them.
 * detail says why not TAKEN, cleaned.
 * RFC 5321 section 4.2.1.
 */
enum mailer_outcome mailer_send(const struct mailer *mailer,
    const struct mailer_mail *mail, char detail[LIMIT_DETAIL_SIZE]);

#endif
