/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/smtp_session.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"

enum {
	QUIT_WAIT_MS = 300, /* for the 221, which nobody needs */
};

void
smtp_session_init(struct smtp_session *s, const struct smtp_target *target,
    int64_t deadline_ms)
{
	*s = (struct smtp_session){.target = target,
	    .facts = probe_facts_new(PROBE_NOT_DONE),
	    .last_ms = deadline_ms,
	    .deadline_ms = deadline_ms,
	    .lost = true,
	    .fd = -1};
}

void
smtp_begin_step(struct smtp_session *s, enum smtp_step step)
{
	s->step = step;
	smtp_clock_go(&s->clock, &s->facts->sight, step);
}

/* The first conclusion stands; what follows it, QUIT say, changes nothing. */
bool
smtp_conclude(
    struct smtp_session *s, enum probe_outcome outcome, const char *format, ...)
{
	char detail[2 * LIMIT_DETAIL_SIZE];
	va_list args;

	if (s->facts->outcome != PROBE_NOT_DONE)
		return false;
	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	s->facts->outcome = outcome;
	text_clean(
	    s->facts->detail, sizeof(s->facts->detail), detail, strlen(detail));
	return false;
}

static bool
has_stray(const struct smtp_session *s)
{
	return s->reply.state == SMTP_REPLY_MORE && s->reply.stray[0] != '\0';
}

/* Who answered with no SMTP, and with nothing else, is told by that. */
static bool
conclude_stray(struct smtp_session *s)
{
	return smtp_conclude(s, smtp_steps[s->step].odd, "no SMTP at %s: %s",
	    smtp_steps[s->step].name, s->reply.stray);
}

bool
smtp_conclude_lost(struct smtp_session *s, const char *how)
{
	const char *detail = s->tls == NULL ? "" : tls_client_detail(s->tls);

	s->lost = true;
	if (has_stray(s))
		return conclude_stray(s);
	return smtp_conclude(s, smtp_steps[s->step].lost, "%s%s%s at %s",
	    detail, detail[0] == '\0' ? "" : ", ", how,
	    smtp_steps[s->step].name);
}

bool
smtp_conclude_refused(struct smtp_session *s)
{
	int code = s->reply.code;
	enum probe_outcome outcome =
	    code >= 400 ? smtp_steps[s->step].refused : smtp_steps[s->step].odd;

	return smtp_conclude(s, outcome, "%03d %s", code, s->reply.text);
}

bool
smtp_conclude_timeout(struct smtp_session *s)
{
	s->lost = true;
	if (has_stray(s))
		return conclude_stray(s);
	return smtp_conclude(
	    s, PROBE_TIMEOUT, "timeout at %s", smtp_steps[s->step].name);
}

/* From here on a step has so much time of its own. */
void
smtp_allow_time(struct smtp_session *s, int limit_ms)
{
	s->deadline_ms =
	    limit_ms == 0 ? s->last_ms : clock_sooner_ms(s->last_ms, limit_ms);
}

/* False when time is up, also for a peer that always has something to say. */
bool
smtp_wait_for(struct smtp_session *s, short events)
{
	struct pollfd fd = {.fd = s->fd, .events = events};

	for (;;) {
		int left_ms = clock_left_ms(s->deadline_ms);
		int ready;

		if (left_ms == 0)
			return smtp_conclude_timeout(s);
		ready = poll(&fd, 1, left_ms);
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return smtp_conclude_lost(s, strerror(errno));
	}
}

bool
smtp_wait_for_tls(struct smtp_session *s)
{
	return smtp_wait_for(
	    s, tls_client_is_writing(s->tls) ? POLLOUT : POLLIN);
}

static ssize_t
of_socket(ssize_t count)
{
	if (count > 0)
		return count;
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return TLS_IO_AGAIN;
	return TLS_IO_LOST;
}

static bool
wait_again(struct smtp_session *s, short events)
{
	return s->encrypted ? smtp_wait_for_tls(s) : smtp_wait_for(s, events);
}

bool
smtp_receive(struct smtp_session *s)
{
	for (;;) {
		ssize_t count =
		    s->encrypted
			? tls_client_read(s->tls, s->buffer, sizeof(s->buffer))
			: of_socket(
			      recv(s->fd, s->buffer, sizeof(s->buffer), 0));

		if (count > 0) {
			s->begin = 0;
			s->end = (size_t)count;
			return true;
		}
		if (count == TLS_IO_LOST)
			return smtp_conclude_lost(s, "connection closed");
		if (!wait_again(s, POLLIN))
			return false;
	}
}

bool
smtp_transmit(struct smtp_session *s, const void *octets, size_t left)
{
	const char *at = octets;

	while (left > 0) {
		ssize_t count =
		    s->encrypted
			? tls_client_write(s->tls, at, left)
			: of_socket(send(s->fd, at, left, MSG_NOSIGNAL));

		if (count == TLS_IO_LOST)
			return smtp_conclude_lost(s, "connection closed");
		if (count == TLS_IO_AGAIN) {
			if (!wait_again(s, POLLOUT))
				return false;
			continue;
		}
		at += count;
		left -= (size_t)count;
	}
	return true;
}

bool
smtp_send_line(struct smtp_session *s, const char *line)
{
	return smtp_transmit(s, line, strlen(line));
}

bool
smtp_read_reply(struct smtp_session *s)
{
	struct smtp_reply *reply = &s->reply;

	smtp_reply_init(reply);
	while (reply->state == SMTP_REPLY_MORE) {
		if (s->begin == s->end && !smtp_receive(s))
			return false;
		s->begin += smtp_reply_feed(
		    reply, s->buffer + s->begin, s->end - s->begin);
	}
	if (reply->state == SMTP_REPLY_DONE)
		return true;
	s->lost = true;
	return smtp_conclude(s, smtp_steps[s->step].odd, "no end at %s: %.*s",
	    smtp_steps[s->step].name, LIMIT_DETAIL, reply->line);
}

static void
send_quit(struct smtp_session *s)
{
	if (s->lost)
		return;
	s->deadline_ms = clock_sooner_ms(s->deadline_ms, QUIT_WAIT_MS);
	if (smtp_send_line(s, "QUIT\r\n") && smtp_read_reply(s) && s->encrypted)
		tls_client_bye(s->tls);
}

void
smtp_session_end(struct smtp_session *s)
{
	send_quit(s);
	tls_client_free(s->tls);
	if (s->fd >= 0)
		close(s->fd);
}
