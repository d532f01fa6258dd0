/* outlook - what becomes of mail to a destination, by what its sender enforces.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_OUTLOOK_H
#define COMMON_JUDGE_OUTLOOK_H

#include <time.h>

#include "common/judge/facts.h"
#include "common/judge/verdict.h"

/* How a sender goes about it. */
enum outlook_sender {
	OUTLOOK_MAY,
	OUTLOOK_ENCRYPT,
	OUTLOOK_DANE,      /* DANE, and no MTA-STS */
	OUTLOOK_STS,       /* MTA-STS, and no DANE */
	OUTLOOK_AUTO,      /* both, as posternd */
	OUTLOOK_DANE_ONLY, /* no mail without DANE */
	OUTLOOK_SECURE,    /* a public certificate by name, of everybody */
};
enum { OUTLOOK_SENDERS = OUTLOOK_SECURE + 1 };

enum outlook_end {
	OUTLOOK_UNKNOWN,   /* nobody looked, or nobody was let in */
	OUTLOOK_QUEUED,    /* a policy is not kept */
	OUTLOOK_LOOKUP,    /* a lookup fails, which every MTA waits for */
	OUTLOOK_BOUNCED,   /* the domain takes no mail */
	OUTLOOK_DELIVERED, /* all that is demanded is kept */
};

/*
 * outlook_judge - the verdict for such a sender
 *
 * By the facts alone, whatever the admin's rules say.  store: roots for MTA-STS
 * and secure.
 */
struct verdict *
outlook_judge(const struct facts *facts, enum outlook_sender sender,
    const struct x509_store *store, time_t now) OWNED(verdict_free);

/* outlook_end_of - what such a verdict comes to */
enum outlook_end outlook_end_of(const struct verdict *verdict);

/* The words: "may" "dane-only"; a letter, "d" "q" "t" "b" "u". Constants. */
const char *outlook_sender_text(enum outlook_sender sender);
const char *outlook_end_text(enum outlook_end end);

#endif
