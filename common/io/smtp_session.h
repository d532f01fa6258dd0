/* smtp_session - the connection of a probe: octets and replies, by when they
 * must have come, and what it means where they do not. One thread a session. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_SMTP_SESSION_H
#define COMMON_IO_SMTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/io/smtp_step.h"
#include "common/io/tls_client.h"
#include "common/judge/facts.h"
#include "common/proto/smtp_reply.h"

struct smtp_target; /* see smtp.h */

struct smtp_session {
	const struct smtp_target *target;
	struct probe_facts *facts;
	int64_t last_ms;     /* of the whole */
	int64_t deadline_ms; /* of the step */
	enum smtp_step step;
	struct smtp_clock clock;
	bool lost; /* nothing more can be said to the server */
	int fd;
	struct tls_client *tls; /* NULL: not begun */
	bool encrypted;         /* the handshake is done */
	bool no_suite;          /* there was none that the server takes */
	bool beyond;            /* offers what our library lacks */
	struct smtp_reply reply;
	char buffer[4096]; /* received and not read: begin to end */
	size_t begin;
	size_t end;
};

/*
 * smtp_session_init - one that is not connected, with facts of its own; target
 *     stays as long as it does
 * smtp_session_end - say QUIT unless it is lost, wait a moment for the answer,
 *     and close.  The facts remain, and are not changed.
 */
void smtp_session_init(struct smtp_session *s, const struct smtp_target *target,
    int64_t deadline_ms);
void smtp_session_end(struct smtp_session *s);

/* smtp_begin_step - what happens from here on is of the step; smtp_allow_time -
 * and has so much time of its own, or with 0 that of the whole */
void smtp_begin_step(struct smtp_session *s, enum smtp_step step);
void smtp_allow_time(struct smtp_session *s, int limit_ms);

/*
 * smtp_conclude - what the facts are; always false
 *
 * The first conclusion stands.  The others are those of the step for a
 * connection that is lost, for time that is up, and for the reply as a no.
 */
bool smtp_conclude(struct smtp_session *s, enum probe_outcome outcome,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
bool smtp_conclude_lost(struct smtp_session *s, const char *how);
bool smtp_conclude_timeout(struct smtp_session *s);
bool smtp_conclude_refused(struct smtp_session *s);

/*
 * smtp_wait_for - until poll(2) sees the events; smtp_wait_for_tls - those that
 *     the handshake or the connection waits for
 * smtp_receive - replace what the buffer holds; smtp_transmit, smtp_send_line
 * smtp_read_reply - the next one
 *
 * False, and concluded, at the deadline of the step and where the connection or
 * the reply is broken.  Inside TLS once that is done.
 */
bool smtp_wait_for(struct smtp_session *s, short events);
bool smtp_wait_for_tls(struct smtp_session *s);
bool smtp_receive(struct smtp_session *s);
bool smtp_transmit(struct smtp_session *s, const void *octets, size_t left);
bool smtp_send_line(struct smtp_session *s, const char *line);
bool smtp_read_reply(struct smtp_session *s);

#endif
