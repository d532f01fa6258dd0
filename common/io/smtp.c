/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/smtp.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/smtp_session.h"
#include "common/io/smtp_socket.h"
#include "common/io/smtp_step.h"
#include "common/io/tls_beyond.h"
#include "common/proto/address.h"
#include "common/proto/smtp_reply.h"

enum {
	PORT_SMTPS = 465,   /* RFC 8314 section 3.3 */
	CODE_CLOSING = 421, /* RFC 5321 section 3.8 */
};

/*
 * How it works: probe_target goes through the steps, each of which says whether
 * to go on; the first that does not has concluded what the facts are.  What is
 * then left of the session is QUIT, which smtp_quit says.
 *
 * If the server turns out to take no suite of ours, look_beyond begins a
 * second session, the last, with a flag that makes probe_target end it in
 * show_chain: a ClientHello of tls_beyond.h instead of a handshake.  A chain
 * that it shows makes the second session's facts those of the probe.
 */

/* MTAs take any 2yz, everywhere. */
static bool
is_yes(const struct smtp_session *s)
{
	return s->reply.code / 100 == 2;
}

static bool
conclude_connect(struct smtp_session *s, int error)
{
	s->lost = true;
	switch (error) {
	case ENETUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return smtp_conclude(s, PROBE_CONNECT_FAILED, FACTS_NO_ROUTE);
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM: /* our own lack: nothing was learnt, ask again soon */
		return smtp_conclude(s, PROBE_TIMEOUT, "%s", strerror(error));
	case ETIMEDOUT:
		return smtp_conclude_timeout(s);
	default:
		return smtp_conclude(
		    s, PROBE_CONNECT_FAILED, "%s", strerror(error));
	}
}

/* The host was not even asked: that this one has no such address, or cannot
 * reach anybody from it, says nothing of others. */
static bool
conclude_no_source(struct smtp_session *s, const char *source, int error)
{
	s->lost = true;
	return smtp_conclude(
	    s, PROBE_NO_SOURCE, "ProbeSource %s: %s", source, strerror(error));
}

static bool
connect_to_target(struct smtp_session *s)
{
	struct address address;
	const char *source;
	socklen_t size;
	int error = 0;

	if (address_parse(s->target->address, &address) < 0)
		return smtp_conclude(s, PROBE_CONNECT_FAILED, "no address");
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
	if (!smtp_wait_for(s, POLLOUT))
		return false;
	size = sizeof(error);
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	/* who resets had accepted; who does not accept refuses */
	s->facts->connected = error == 0 || error == ECONNRESET;
	return error == 0 ? true : conclude_connect(s, error);
}

static bool
await_greeting(struct smtp_session *s)
{
	smtp_begin_step(s, s->encrypted ? AT_TLS_GREETING : AT_GREETING);
	smtp_socket_source(s->fd, s->facts->sight.source);
	smtp_allow_time(s, s->target->greeting_ms);
	if (!smtp_read_reply(s))
		return false;
	smtp_allow_time(s, s->target->timeout_ms);
	text_copy(s->facts->sight.banner, sizeof(s->facts->sight.banner),
	    s->reply.text);
	return is_yes(s) || smtp_conclude_refused(s);
}

/* False when there is no answer to read. */
static bool
say_hello(struct smtp_session *s, const char *verb)
{
	char line[LIMIT_DOMAIN_SIZE + 16];

	smtp_begin_step(s, s->encrypted ? AT_TLS_EHLO : AT_EHLO);
	snprintf(line, sizeof(line), "%s %s\r\n", verb, s->target->helo);
	if (!smtp_send_line(s, line) || !smtp_read_reply(s))
		return false;
	text_clean(s->facts->sight.helo, sizeof(s->facts->sight.helo),
	    s->reply.text, strcspn(s->reply.text, " \t"));
	return true;
}

/* An MTA goes on without extensions; but a host that refuses this as well
 * refuses us, and no more is known of it.  RFC 5321 section 3.2. */
static bool
send_helo(struct smtp_session *s, const char *why)
{
	if (!say_hello(s, "HELO"))
		return false;
	if (!is_yes(s))
		return smtp_conclude_refused(s);
	s->reply.extensions = 0;
	return s->encrypted || smtp_conclude(s, PROBE_NO_STARTTLS, "%s", why);
}

static bool
send_ehlo(struct smtp_session *s)
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
		return smtp_conclude_refused(s);
	snprintf(
	    why, sizeof(why), "EHLO: %03d %s", s->reply.code, s->reply.text);
	return send_helo(s, why);
}

static bool
send_starttls(struct smtp_session *s)
{
	if ((s->reply.extensions & SMTP_STARTTLS) == 0)
		return smtp_conclude(
		    s, PROBE_NO_STARTTLS, "STARTTLS not offered");
	s->facts->starttls = true;
	smtp_begin_step(s, AT_STARTTLS);
	if (!smtp_send_line(s, "STARTTLS\r\n") || !smtp_read_reply(s))
		return false;
	if (!is_yes(s))
		return smtp_conclude_refused(s);
	/* RFC 3207 section 4.2 - plaintext sent ahead is not to be believed */
	s->begin = s->end;
	return true;
}

static bool
conclude_handshake(struct smtp_session *s, enum tls_state state)
{
	const char *detail = tls_client_detail(s->tls);

	switch (state) {
	case TLS_DONE:
		s->encrypted = true;
		return true;
	case TLS_UNSUPPORTED:
		s->lost = true;
		return smtp_conclude(s, PROBE_TLS_UNSUPPORTED, "%s", detail);
	case TLS_LACKING:
		s->lost = true;
		return smtp_conclude(s, PROBE_TIMEOUT, "%s", detail);
	case TLS_NO_SUITE:
	case TLS_FAILED:
		/* the second session is of TLS 1.2 */
		s->no_suite = state == TLS_NO_SUITE &&
			      s->target->keys == TLS_KEYS_ALL &&
			      s->target->floor != TLS_FROM_1_3;
		s->lost = true;
		return smtp_conclude(s, PROBE_TLS_FAILED, "%s", detail);
	case TLS_LOST:
	case TLS_AGAIN:
		break;
	}
	return smtp_conclude_lost(s, "connection closed");
}

static bool
shake_hands(struct smtp_session *s)
{
	enum tls_state state;

	smtp_begin_step(s, AT_TLS);
	smtp_reply_init(&s->reply);
	s->tls = tls_client_new(
	    s->fd, s->target->sni, s->target->keys, s->target->floor);
	if (s->tls == NULL)
		return smtp_conclude(s, PROBE_TIMEOUT, "TLS: cannot begin");
	while ((state = tls_client_handshake(s->tls)) == TLS_AGAIN)
		if (!smtp_wait_for_tls(s))
			return false;
	return conclude_handshake(s, state);
}

/* Whatever came of the handshake, and of what follows. */
static void
keep_shown_chain(struct smtp_session *s)
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
show_chain(struct smtp_session *s)
{
	uint8_t hello[TLS_BEYOND_HELLO_SIZE];
	enum tls_offer offer = tls_client_offer();
	size_t size = tls_beyond_hello(hello, offer, s->target->sni);
	struct tls_beyond beyond;

	smtp_begin_step(s, AT_TLS);
	smtp_reply_init(&s->reply);
	tls_beyond_init(&beyond, offer);
	if (size > 0 && smtp_transmit(s, hello, size))
		while (beyond.state == TLS_BEYOND_MORE && smtp_receive(s))
			tls_beyond_feed(&beyond, s->buffer, s->end);
	if (beyond.state == TLS_BEYOND_CHAIN) {
		probe_facts_set_certs(
		    s->facts, beyond.watch.certs, beyond.watch.count);
		smtp_conclude(s, PROBE_TLS_UNSUPPORTED,
		    "TLS: no suite in common with our library");
	}
	tls_beyond_fini(&beyond);
	s->lost = true;
}

/* What an MTA wants to see before it speaks of mail. */
static bool
enter_inside(struct smtp_session *s)
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
	smtp_conclude(s, PROBE_TLS, "%s", "");
	return true;
}

static void
probe_target(struct smtp_session *s)
{
	smtp_allow_time(s, s->target->timeout_ms);
	smtp_begin_step(s, AT_CONNECT);
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

/* All but its end. */
static void
hold_session(struct smtp_session *s, const struct smtp_target *target,
    int64_t deadline_ms, bool beyond)
{
	smtp_session_init(s, target, deadline_ms);
	s->beyond = beyond;
	probe_target(s);
	smtp_clock_stop(&s->clock, &s->facts->sight);
}

/* The facts of a session that found no suite, or of another that shows more.
 * What the deadline cut short is no failure: it may be tried anew. */
static struct probe_facts *
look_beyond(const struct smtp_session *first)
{
	struct smtp_session second;
	enum probe_outcome outcome;
	bool was_cut, counts;

	hold_session(&second, first->target, first->last_ms, true);
	smtp_session_end(&second);
	outcome = second.facts->outcome;
	was_cut =
	    outcome == PROBE_TIMEOUT && clock_left_ms(first->last_ms) == 0;
	counts = outcome == PROBE_TLS_UNSUPPORTED || was_cut;
	probe_facts_free(counts ? first->facts : second.facts);
	return counts ? second.facts : first->facts;
}

/* Whoever gets the facts may show them to other threads at once: what is left
 * of the session only reads its own reference to them. */
struct probe_facts *
smtp_look(const struct smtp_target *target, int64_t deadline_ms,
    struct smtp_session **left)
{
	int64_t begun_ms = clock_mono_ms();
	struct smtp_session *first = xmalloc(sizeof(*first));
	struct probe_facts *facts;

	hold_session(first, target, deadline_ms, false);
	facts = first->facts;
	assert(facts->outcome != PROBE_NOT_DONE);
	if (first->lost) {
		smtp_session_end(first);
		if (first->no_suite)
			facts = look_beyond(first);
		free(first);
		first = NULL;
	} else {
		probe_facts_ref(facts);
	}
	facts->ms = (unsigned)(clock_mono_ms() - begun_ms);
	*left = first;
	return facts;
}

void
smtp_quit(struct smtp_session *left)
{
	if (left == NULL)
		return;
	smtp_session_end(left);
	probe_facts_free(left->facts);
	free(left);
}

struct probe_facts *
smtp_probe(const struct smtp_target *target, int64_t deadline_ms)
{
	struct smtp_session *left;
	struct probe_facts *facts = smtp_look(target, deadline_ms, &left);

	smtp_quit(left);
	return facts;
}

const char *
smtp_library(void)
{
	return tls_client_library();
}
