/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/smtp.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/io/smtp_socket.h"
#include "common/io/smtp_step.h"
#include "common/io/tls_beyond.h"
#include "common/proto/address.h"
#include "common/proto/smtp_reply.h"

enum {
	PORT_SMTPS = 465,   /* RFC 8314 section 3.3 */
	QUIT_WAIT_MS = 300, /* for the 221, which nobody needs */
	CODE_CLOSING = 421, /* RFC 5321 section 3.8 */
};

/*
 * How it works: probe goes through the steps, each of which says whether to go
 * on; the first that does not has concluded what the facts are.
 *
 * If the server then turns out to take no suite of ours, look_beyond begins a
 * second session, the last, with a flag that makes probe end it in show_chain:
 * a ClientHello of tls_beyond.h instead of a handshake.  A chain that it shows
 * makes the second session's facts those of the probe.
 */
struct session {
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

static void
begin_step(struct session *s, enum smtp_step step)
{
	s->step = step;
	smtp_clock_go(&s->clock, &s->facts->sight, step);
}

/* The first conclusion stands; what follows it, QUIT say, changes nothing. */
static bool __attribute__((format(printf, 3, 4))) conclude_probe(
    struct session *s, enum probe_outcome outcome, const char *format, ...)
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
has_stray(const struct session *s)
{
	return s->reply.state == SMTP_REPLY_MORE && s->reply.stray[0] != '\0';
}

/* Who answered with no SMTP, and with nothing else, is told by that. */
static bool
conclude_stray(struct session *s)
{
	return conclude_probe(s, smtp_steps[s->step].odd, "no SMTP at %s: %s",
	    smtp_steps[s->step].name, s->reply.stray);
}

static bool
conclude_lost(struct session *s, const char *how)
{
	const char *detail = s->tls == NULL ? "" : tls_client_detail(s->tls);

	s->lost = true;
	if (has_stray(s))
		return conclude_stray(s);
	return conclude_probe(s, smtp_steps[s->step].lost, "%s%s%s at %s",
	    detail, detail[0] == '\0' ? "" : ", ", how,
	    smtp_steps[s->step].name);
}

static bool
conclude_timeout(struct session *s)
{
	s->lost = true;
	if (has_stray(s))
		return conclude_stray(s);
	return conclude_probe(
	    s, PROBE_TIMEOUT, "timeout at %s", smtp_steps[s->step].name);
}

/* From here on a step has so much time of its own. */
static void
allow_time(struct session *s, int limit_ms)
{
	s->deadline_ms =
	    limit_ms == 0 ? s->last_ms : clock_sooner_ms(s->last_ms, limit_ms);
}

/* False when time is up, also for a peer that always has something to say. */
static bool
wait_for(struct session *s, short events)
{
	struct pollfd fd = {.fd = s->fd, .events = events};

	for (;;) {
		int left_ms = clock_left_ms(s->deadline_ms);
		int ready;

		if (left_ms == 0)
			return conclude_timeout(s);
		ready = poll(&fd, 1, left_ms);
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return conclude_lost(s, strerror(errno));
	}
}

static bool
wait_for_tls(struct session *s)
{
	return wait_for(s, tls_client_is_writing(s->tls) ? POLLOUT : POLLIN);
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
wait_again(struct session *s, short events)
{
	return s->encrypted ? wait_for_tls(s) : wait_for(s, events);
}

static bool
receive_octets(struct session *s)
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
			return conclude_lost(s, "connection closed");
		if (!wait_again(s, POLLIN))
			return false;
	}
}

static bool
transmit_octets(struct session *s, const void *octets, size_t left)
{
	const char *at = octets;

	while (left > 0) {
		ssize_t count =
		    s->encrypted
			? tls_client_write(s->tls, at, left)
			: of_socket(send(s->fd, at, left, MSG_NOSIGNAL));

		if (count == TLS_IO_LOST)
			return conclude_lost(s, "connection closed");
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

static bool
send_line(struct session *s, const char *line)
{
	return transmit_octets(s, line, strlen(line));
}

static bool
read_smtp_reply(struct session *s)
{
	struct smtp_reply *reply = &s->reply;

	smtp_reply_init(reply);
	while (reply->state == SMTP_REPLY_MORE) {
		if (s->begin == s->end && !receive_octets(s))
			return false;
		s->begin += smtp_reply_feed(
		    reply, s->buffer + s->begin, s->end - s->begin);
	}
	if (reply->state == SMTP_REPLY_DONE)
		return true;
	s->lost = true;
	return conclude_probe(s, smtp_steps[s->step].odd, "no end at %s: %.*s",
	    smtp_steps[s->step].name, LIMIT_DETAIL, reply->line);
}

static bool
conclude_refused(struct session *s)
{
	int code = s->reply.code;
	enum probe_outcome outcome =
	    code >= 400 ? smtp_steps[s->step].refused : smtp_steps[s->step].odd;

	return conclude_probe(s, outcome, "%03d %s", code, s->reply.text);
}

/* MTAs take any 2yz, everywhere. */
static bool
is_yes(const struct session *s)
{
	return s->reply.code / 100 == 2;
}

static bool
conclude_connect(struct session *s, int error)
{
	s->lost = true;
	switch (error) {
	case ENETUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return conclude_probe(s, PROBE_CONNECT_FAILED, FACTS_NO_ROUTE);
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM: /* our own lack: nothing was learnt, ask again soon */
		return conclude_probe(s, PROBE_TIMEOUT, "%s", strerror(error));
	case ETIMEDOUT:
		return conclude_timeout(s);
	default:
		return conclude_probe(
		    s, PROBE_CONNECT_FAILED, "%s", strerror(error));
	}
}

/* The host was not even asked: that this one has no such address, or cannot
 * reach anybody from it, says nothing of others. */
static bool
conclude_no_source(struct session *s, const char *source, int error)
{
	s->lost = true;
	return conclude_probe(
	    s, PROBE_NO_SOURCE, "ProbeSource %s: %s", source, strerror(error));
}

static bool
connect_to_target(struct session *s)
{
	struct address address;
	const char *source;
	socklen_t size;
	int error = 0;

	if (address_parse(s->target->address, &address) < 0)
		return conclude_probe(s, PROBE_CONNECT_FAILED, "no address");
	s->fd = smtp_socket_open(address.family);
	if (s->fd < 0)
		return conclude_connect(s, errno);
	source = smtp_source_of(&s->target->source, address.family);
	if (smtp_socket_bind(s->fd, source) < 0)
		return conclude_no_source(s, source, errno);
	if (smtp_socket_connect(s->fd, &address, s->target->port) == 0) {
		s->facts->connected = true;
		return true;
	}
	if (source != NULL && errno == EINVAL)
		return conclude_no_source(s, source, errno);
	if (errno != EINPROGRESS)
		return conclude_connect(s, errno);
	if (!wait_for(s, POLLOUT))
		return false;
	size = sizeof(error);
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	/* who resets had accepted; who does not accept refuses */
	s->facts->connected = error == 0 || error == ECONNRESET;
	return error == 0 ? true : conclude_connect(s, error);
}

static bool
await_greeting(struct session *s)
{
	begin_step(s, s->encrypted ? AT_TLS_GREETING : AT_GREETING);
	smtp_socket_source(s->fd, s->facts->sight.source);
	allow_time(s, s->target->greeting_ms);
	if (!read_smtp_reply(s))
		return false;
	allow_time(s, s->target->timeout_ms);
	text_copy(s->facts->sight.banner, sizeof(s->facts->sight.banner),
	    s->reply.text);
	return is_yes(s) || conclude_refused(s);
}

/* False when there is no answer to read. */
static bool
say_hello(struct session *s, const char *verb)
{
	char line[LIMIT_DOMAIN_SIZE + 16];

	begin_step(s, s->encrypted ? AT_TLS_EHLO : AT_EHLO);
	snprintf(line, sizeof(line), "%s %s\r\n", verb, s->target->helo);
	if (!send_line(s, line) || !read_smtp_reply(s))
		return false;
	text_clean(s->facts->sight.helo, sizeof(s->facts->sight.helo),
	    s->reply.text, strcspn(s->reply.text, " \t"));
	return true;
}

/* An MTA goes on without extensions; but a host that refuses this as well
 * refuses us, and no more is known of it.  RFC 5321 section 3.2. */
static bool
send_helo(struct session *s, const char *why)
{
	if (!say_hello(s, "HELO"))
		return false;
	if (!is_yes(s))
		return conclude_refused(s);
	s->reply.extensions = 0;
	return s->encrypted || conclude_probe(s, PROBE_NO_STARTTLS, "%s", why);
}

static bool
send_ehlo(struct session *s)
{
	char why[LIMIT_DETAIL_SIZE + 16];

	if (s->reply.is_masked && !s->encrypted)
		return send_helo(
		    s, "the greeting is masked: MTAs say HELO to it");
	if (!say_hello(s, "EHLO"))
		return false;
	if (is_yes(s))
		return true;
	if (s->reply.code == CODE_CLOSING)
		return conclude_refused(s);
	snprintf(
	    why, sizeof(why), "EHLO: %03d %s", s->reply.code, s->reply.text);
	return send_helo(s, why);
}

static bool
send_starttls(struct session *s)
{
	if ((s->reply.extensions & SMTP_STARTTLS) == 0)
		return conclude_probe(
		    s, PROBE_NO_STARTTLS, "STARTTLS not offered");
	s->facts->starttls = true;
	begin_step(s, AT_STARTTLS);
	if (!send_line(s, "STARTTLS\r\n") || !read_smtp_reply(s))
		return false;
	if (!is_yes(s))
		return conclude_refused(s);
	/* RFC 3207 section 4.2 - plaintext sent ahead is not to be believed */
	s->begin = s->end;
	return true;
}

static bool
conclude_handshake(struct session *s, enum tls_state state)
{
	const char *detail = tls_client_detail(s->tls);

	switch (state) {
	case TLS_DONE:
		s->encrypted = true;
		return true;
	case TLS_UNSUPPORTED:
		s->lost = true;
		return conclude_probe(s, PROBE_TLS_UNSUPPORTED, "%s", detail);
	case TLS_LACKING:
		s->lost = true;
		return conclude_probe(s, PROBE_TIMEOUT, "%s", detail);
	case TLS_NO_SUITE:
	case TLS_FAILED:
		/* the second session is of TLS 1.2 */
		s->no_suite = state == TLS_NO_SUITE &&
			      s->target->keys == TLS_KEYS_ALL &&
			      s->target->floor != TLS_FROM_1_3;
		s->lost = true;
		return conclude_probe(s, PROBE_TLS_FAILED, "%s", detail);
	case TLS_LOST:
	case TLS_AGAIN:
		break;
	}
	return conclude_lost(s, "connection closed");
}

static bool
shake_hands(struct session *s)
{
	enum tls_state state;

	begin_step(s, AT_TLS);
	smtp_reply_init(&s->reply);
	s->tls = tls_client_new(
	    s->fd, s->target->sni, s->target->keys, s->target->floor);
	if (s->tls == NULL)
		return conclude_probe(s, PROBE_TIMEOUT, "TLS: cannot begin");
	while ((state = tls_client_handshake(s->tls)) == TLS_AGAIN)
		if (!wait_for_tls(s))
			return false;
	return conclude_handshake(s, state);
}

/* Whatever came of the handshake, and of what follows. */
static void
keep_shown_chain(struct session *s)
{
	struct der certs[LIMIT_CHAIN_CERTS];
	size_t count = s->tls == NULL ? 0 : tls_client_chain(s->tls, certs);

	if (count > 0)
		probe_facts_set_certs(s->facts, certs, count);
	if (!s->encrypted)
		return;
	text_copy(
	    s->facts->tls, sizeof(s->facts->tls), tls_client_version(s->tls));
	tls_client_show(s->tls, &s->facts->sight);
}

/* The session cannot be finished: what the server shows is all there is. */
static void
show_chain(struct session *s)
{
	uint8_t hello[TLS_BEYOND_HELLO_SIZE];
	enum tls_offer offer = tls_client_offer();
	size_t size = tls_beyond_hello(hello, offer, s->target->sni);
	struct tls_beyond beyond;

	begin_step(s, AT_TLS);
	smtp_reply_init(&s->reply);
	tls_beyond_init(&beyond, offer);
	if (size > 0 && transmit_octets(s, hello, size))
		while (beyond.state == TLS_BEYOND_MORE && receive_octets(s))
			tls_beyond_feed(&beyond, s->buffer, s->end);
	if (beyond.state == TLS_BEYOND_CHAIN) {
		probe_facts_set_certs(
		    s->facts, beyond.watch.certs, beyond.watch.count);
		conclude_probe(s, PROBE_TLS_UNSUPPORTED,
		    "TLS: no suite in common with our library");
	}
	tls_beyond_fini(&beyond);
	s->lost = true;
}

/* What an MTA wants to see before it speaks of mail. */
static bool
enter_inside(struct session *s)
{
	bool let_in;

	if (s->target->port == PORT_SMTPS && !await_greeting(s))
		return false;
	let_in = send_ehlo(s);
	s->facts->tls_answered = !s->lost;
	if (!let_in)
		return false;
	s->facts->tls_ehlo = true;
	s->facts->requiretls = (s->reply.extensions & SMTP_REQUIRETLS) != 0;
	conclude_probe(s, PROBE_TLS, "%s", "");
	return true;
}

static void
send_quit(struct session *s)
{
	if (s->lost)
		return;
	s->deadline_ms = clock_sooner_ms(s->deadline_ms, QUIT_WAIT_MS);
	if (send_line(s, "QUIT\r\n") && read_smtp_reply(s) && s->encrypted)
		tls_client_bye(s->tls);
}

static void
probe_target(struct session *s)
{
	allow_time(s, s->target->timeout_ms);
	begin_step(s, AT_CONNECT);
	if (!connect_to_target(s))
		return;
	s->lost = false;
	if (s->target->port != PORT_SMTPS &&
	    (!await_greeting(s) || !send_ehlo(s) || !send_starttls(s)))
		return;
	if (s->beyond)
		show_chain(s);
	else if (shake_hands(s))
		enter_inside(s);
	keep_shown_chain(s);
}

static struct session
hold_session(const struct smtp_target *target, int64_t deadline_ms, bool beyond)
{
	struct session s = {.target = target,
	    .facts = probe_facts_new(PROBE_NOT_DONE),
	    .last_ms = deadline_ms,
	    .deadline_ms = deadline_ms,
	    .beyond = beyond,
	    .lost = true,
	    .fd = -1};

	probe_target(&s);
	smtp_clock_stop(&s.clock, &s.facts->sight);
	send_quit(&s);
	tls_client_free(s.tls);
	if (s.fd >= 0)
		close(s.fd);
	return s;
}

/* The facts of a session that found no suite, or of another that shows more.
 * What the deadline cut short is no failure: it may be tried anew. */
static struct probe_facts *
look_beyond(const struct session *first)
{
	struct session second =
	    hold_session(first->target, first->last_ms, true);
	enum probe_outcome outcome = second.facts->outcome;
	bool was_cut =
	    outcome == PROBE_TIMEOUT && clock_left_ms(first->last_ms) == 0;
	bool counts = outcome == PROBE_TLS_UNSUPPORTED || was_cut;

	probe_facts_free(counts ? first->facts : second.facts);
	return counts ? second.facts : first->facts;
}

struct probe_facts *
smtp_probe(const struct smtp_target *target, int64_t deadline_ms)
{
	int64_t begun_ms = clock_mono_ms();
	struct session first = hold_session(target, deadline_ms, false);
	struct probe_facts *facts =
	    first.no_suite ? look_beyond(&first) : first.facts;

	facts->ms = (unsigned)(clock_mono_ms() - begun_ms);
	return facts;
}

const char *
smtp_library(void)
{
	return tls_client_library();
}
