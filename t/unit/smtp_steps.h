/* smtp_steps - steps of a server that speaks SMTP, and a probe of it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_SMTP_STEPS_H
#define T_UNIT_SMTP_STEPS_H

#include <stdint.h>

#include "common/io/smtp.h"
#include "t/fake/tlsd.h"

#define GREETING "220 mx.example ESMTP\r\n"
#define OFFER "250-mx.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n"
#define GO_AHEAD "220 go ahead\r\n"
#define TO_TLS GREETING, TLSD_READ, OFFER, TLSD_READ, GO_AHEAD, TLSD_TLS
#define BYE TLSD_READ, "221 bye\r\n"
#define INSIDE TLSD_READ, "250 mx\r\n", BYE

enum {
	AMPLE_MS = 10000, /* where the server is quick */
	TLS_MS = 2000,    /* where it may be silent after TLS */
	SHORT_MS = 250,   /* where it is silent before */
	SLACK_MS = 1000,  /* what a busy machine may add */
};

/* A server on loopback, at the name of the certificates; its probe. */
struct smtp_target smtp_steps_target(uint16_t port);
struct probe_facts *
smtp_steps_probe(uint16_t port, int timeout_ms) OWNED(probe_facts_free);

#endif
