/* session - one message: its recipients by domain, and what is done to them.
 * One thread at a time, not always the same. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_MTA_SESSION_H
#define MILTER_MTA_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/own.h"
#include "common/engine/engine.h"
#include "milter/act/reply.h"
#include "milter/act/route.h"
#include "milter/conf/settings.h"

/* What MAIL says.  Strings are copied. */
struct session_mail {
	bool null_sender;
	bool authenticated;
	bool local;           /* the client is on this host */
	bool reports;         /* the sender of our own reports, from here */
	bool requiretls;      /* REQUIRETLS, RFC 8689 */
	const char *mta_name; /* {j}, or NULL */
};

/* What is to be done at the end of the message. */
struct session_end {
	enum action action;
	struct reply reply;                /* ACTION_DEFER, ACTION_REJECT */
	char hold_reason[REPLY_HOLD_SIZE]; /* ACTION_HOLD */
	unsigned forged; /* fields of our name that are to be taken out */
	char *tag;       /* owned value of ours, or NULL for none */
};

struct session;

/* session_new - begin a message; engine must outlive it */
void session_free(struct session *session);
struct session *session_new(struct settings *settings, struct engine *engine,
    const struct session_mail *mail) OWNED(session_free);
AUTO_DEFINE(session);

/*
 * session_rcpt - one more recipient: its check starts here
 *
 * Returns ACTION_DEFER or ACTION_REJECT with a reply when this recipient is to
 * be refused, else ACTION_NONE.  Waits RcptWait at most, and 60 s over all
 * recipients of the message, beyond which they are decided by session_end; not
 * at all where no action could refuse.
 */
enum action session_rcpt(struct session *session, const struct route_rcpt *rcpt,
    struct reply *reply);

/*
 * session_header - one field of the message's header, name and value
 *
 * RFC 8689 section 3 - a sender that says "TLS-Required: No" wants the message
 * delivered whatever the destination's TLS.  Then no action is taken on it,
 * with two exceptions: recipients that were refused before stay refused, and
 * HonorTLSRequiredNo may have it ignored.
 */
void
session_header(struct session *session, const char *name, const char *value);

/*
 * session_end - wait for the verdicts that are still out, decide, and log
 *
 * queue_id: the MTA's, or NULL.  progress is called every few seconds of the
 * wait.  Too many fields of our name stop the message at once.
 * session_end_fini frees what end holds.
 */
typedef void session_progress(void *arg);
void session_end(struct session *session, const char *queue_id,
    session_progress *progress, void *arg, struct session_end *end);
void session_end_fini(struct session_end *end);

/* session_abandon - log what was refused of a message that never ended */
void session_abandon(const struct session *session);

#endif
