/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/smtp.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/proto/address.h"
#include "common/proto/smtp_reply.h"

/*
 * TLS 1.2 is the floor (RFC 8461 section 7.2).  The rest is what OpenSSL's MTAs
 * take: hosts that have no GCM and want no SHA-1 are left with CBC and SHA-2;
 * %COMPAT, and a certificate whose keyUsage lacks digitalSignature breaks no
 * handshake.
 */
#define PRIORITY \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:+SHA256:+SHA384:%COMPAT"

enum {
	PORT_SMTPS = 465,   /* RFC 8314 section 3.3 */
	QUIT_WAIT_MS = 300, /* for the 221, which nobody needs */

	/* What a read or a write says instead of a count of octets */
	IO_AGAIN = -1,
	IO_LOST = -2,
};

enum step {
	AT_CONNECT,
	AT_GREETING,
	AT_EHLO,
	AT_STARTTLS,
	AT_TLS,
};

/* What it means when the connection is lost, the answer is no, or no SMTP. */
static const struct {
	const char *name;
	enum probe_outcome lost;
	enum probe_outcome refused;
	enum probe_outcome odd;
} steps[] = {
    [AT_CONNECT] = {"connect", PROBE_CONNECT_FAILED, PROBE_REFUSED,
	PROBE_NOT_SMTP},
    [AT_GREETING] = {"greeting", PROBE_CONNECT_FAILED, PROBE_REFUSED,
	PROBE_NOT_SMTP},
    [AT_EHLO] = {"EHLO", PROBE_CONNECT_FAILED, PROBE_REFUSED, PROBE_NOT_SMTP},
    [AT_STARTTLS] = {"STARTTLS", PROBE_TLS_FAILED, PROBE_STARTTLS_REFUSED,
	PROBE_STARTTLS_REFUSED},
    [AT_TLS] = {"TLS handshake", PROBE_TLS_FAILED, PROBE_TLS_FAILED,
	PROBE_TLS_FAILED},
};

struct session {
	const struct smtp_target *target;
	struct probe_facts *facts;
	int64_t deadline_ms;
	enum step step;
	bool lost; /* nothing more can be said to the server */
	int fd;
	gnutls_session_t tls; /* NULL: not begun */
	bool encrypted;       /* the handshake is done */
	gnutls_certificate_credentials_t credentials;
	struct smtp_reply reply;
	char buffer[4096]; /* received and not read: begin to end */
	size_t begin;
	size_t end;
};

/* The first conclusion stands; what follows it, QUIT say, changes nothing. */
static bool __attribute__((format(printf, 3, 4)))
conclude(struct session *s, enum probe_outcome outcome, const char *format, ...)
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
conclude_lost(struct session *s, const char *how)
{
	s->lost = true;
	return conclude(
	    s, steps[s->step].lost, "%s at %s", how, steps[s->step].name);
}

static bool
conclude_timeout(struct session *s)
{
	s->lost = true;
	return conclude(s, PROBE_TIMEOUT, "timeout at %s", steps[s->step].name);
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
	bool writing = gnutls_record_get_direction(s->tls) == 1;

	return wait_for(s, writing ? POLLOUT : POLLIN);
}

static ssize_t
of_socket(ssize_t count)
{
	if (count > 0)
		return count;
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return IO_AGAIN;
	return IO_LOST;
}

static ssize_t
of_tls(ssize_t count)
{
	if (count > 0)
		return count;
	if (count == GNUTLS_E_AGAIN || count == GNUTLS_E_INTERRUPTED)
		return IO_AGAIN;
	return IO_LOST;
}

static bool
wait_again(struct session *s, short events)
{
	return s->encrypted ? wait_for_tls(s) : wait_for(s, events);
}

static bool
receive(struct session *s)
{
	for (;;) {
		ssize_t count = s->encrypted
				    ? of_tls(gnutls_record_recv(
					  s->tls, s->buffer, sizeof(s->buffer)))
				    : of_socket(recv(s->fd, s->buffer,
					  sizeof(s->buffer), 0));

		if (count > 0) {
			s->begin = 0;
			s->end = (size_t)count;
			return true;
		}
		if (count == IO_LOST)
			return conclude_lost(s, "connection closed");
		if (!wait_again(s, POLLIN))
			return false;
	}
}

static bool
say(struct session *s, const char *line)
{
	size_t left = strlen(line);

	while (left > 0) {
		ssize_t count =
		    s->encrypted
			? of_tls(gnutls_record_send(s->tls, line, left))
			: of_socket(send(s->fd, line, left, MSG_NOSIGNAL));

		if (count == IO_LOST)
			return conclude_lost(s, "connection closed");
		if (count == IO_AGAIN) {
			if (!wait_again(s, POLLOUT))
				return false;
			continue;
		}
		line += count;
		left -= (size_t)count;
	}
	return true;
}

static bool
read_reply(struct session *s)
{
	struct smtp_reply *reply = &s->reply;

	smtp_reply_init(reply);
	while (reply->state == SMTP_REPLY_MORE) {
		if (s->begin == s->end && !receive(s))
			return false;
		s->begin += smtp_reply_feed(
		    reply, s->buffer + s->begin, s->end - s->begin);
	}
	if (reply->state == SMTP_REPLY_DONE)
		return true;
	s->lost = true;
	return conclude(s, steps[s->step].odd, "no SMTP at %s: %.*s",
	    steps[s->step].name, LIMIT_DETAIL, reply->line);
}

static bool
refused(struct session *s)
{
	int code = s->reply.code;
	enum probe_outcome outcome =
	    code >= 400 ? steps[s->step].refused : steps[s->step].odd;

	return conclude(s, outcome, "%d %s", code, s->reply.text);
}

/* MTAs take any 2yz here. */
static bool
read_welcome(struct session *s)
{
	return read_reply(s) && (s->reply.code / 100 == 2 || refused(s));
}

static bool
conclude_connect(struct session *s, int error)
{
	s->lost = true;
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return conclude(s, PROBE_CONNECT_FAILED, "no route");
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM: /* our own lack: nothing was learnt, ask again soon */
		return conclude(s, PROBE_TIMEOUT, "%s", strerror(error));
	case ETIMEDOUT:
		return conclude_timeout(s);
	default:
		return conclude(s, PROBE_CONNECT_FAILED, "%s", strerror(error));
	}
}

static socklen_t
to_sockaddr(
    const struct address *address, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (address->family == AF_INET) {
		memcpy(&in.sin_addr, address->octets, address->size);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	memcpy(&in6.sin6_addr, address->octets, address->size);
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}

static bool
connect_to(struct session *s)
{
	struct sockaddr_storage to;
	struct address address;
	socklen_t size;
	int error = 0;
	int on = 1;

	if (address_parse(s->target->address, &address) < 0)
		return conclude(s, PROBE_CONNECT_FAILED, "no address");
	size = to_sockaddr(&address, s->target->port, &to);
	s->fd = socket(
	    address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return conclude_connect(s, errno);
	/* EHLO behind the handshake waits 40 ms for an ACK otherwise */
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(s->fd, (struct sockaddr *)&to, size) == 0) {
		s->facts->connected = true;
		return true;
	}
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
greet(struct session *s)
{
	s->step = AT_GREETING;
	return read_welcome(s);
}

/* False when there is no answer to read. */
static bool
say_hello(struct session *s, const char *verb)
{
	char line[LIMIT_DOMAIN_SIZE + 16];

	s->step = AT_EHLO;
	snprintf(line, sizeof(line), "%s %s\r\n", verb, s->target->helo);
	return say(s, line) && read_reply(s);
}

/* RFC 5321 section 3.2: an MTA goes on with HELO, and without TLS; but a host
 * that refuses this as well refuses us, and no more is known of it. */
static bool
helo(struct session *s)
{
	struct smtp_reply ehlo = s->reply;

	if (!say_hello(s, "HELO"))
		return false;
	if (s->reply.code / 100 != 2)
		return refused(s);
	return conclude(
	    s, PROBE_NO_STARTTLS, "EHLO: %d %s", ehlo.code, ehlo.text);
}

static bool
ehlo(struct session *s)
{
	if (!say_hello(s, "EHLO"))
		return false;
	if (s->reply.code / 100 == 5 && !s->encrypted)
		return helo(s);
	return s->reply.code / 100 == 2 || refused(s);
}

static bool
starttls(struct session *s)
{
	if ((s->reply.extensions & SMTP_STARTTLS) == 0)
		return conclude(s, PROBE_NO_STARTTLS, "STARTTLS not offered");
	s->facts->starttls = true;
	s->step = AT_STARTTLS;
	if (!say(s, "STARTTLS\r\n") || !read_reply(s))
		return false;
	if (s->reply.code != 220)
		return refused(s);
	/* RFC 3207 section 4.2 - plaintext sent ahead is not to be believed */
	s->begin = s->end;
	return true;
}

static bool
conclude_handshake(struct session *s, int rc)
{
	const char *alert;

	switch (rc) {
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
		return conclude_lost(s, "connection closed");
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
		s->lost = true;
		alert = gnutls_alert_get_name(gnutls_alert_get(s->tls));
		return conclude(s, PROBE_TLS_FAILED, "TLS alert: %s",
		    alert == NULL ? "unknown" : alert);
	default:
		s->lost = true;
		gnutls_alert_send_appropriate(s->tls, rc);
		return conclude(
		    s, PROBE_TLS_FAILED, "TLS: %s", gnutls_strerror(rc));
	}
}

static int
prepare_tls(struct session *s)
{
	const char *sni = s->target->sni;
	int rc = gnutls_init(&s->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK |
					  GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS);

	if (rc == 0)
		rc = gnutls_certificate_allocate_credentials(&s->credentials);
	if (rc == 0)
		rc = gnutls_credentials_set(
		    s->tls, GNUTLS_CRD_CERTIFICATE, s->credentials);
	if (rc == 0)
		rc = gnutls_priority_set_direct(s->tls, PRIORITY, NULL);
	if (rc == 0 && *sni != '\0')
		rc = gnutls_server_name_set(
		    s->tls, GNUTLS_NAME_DNS, sni, strlen(sni));
	if (rc == 0)
		gnutls_transport_set_int(s->tls, s->fd);
	return rc;
}

static bool
handshake(struct session *s)
{
	int rc;

	s->step = AT_TLS;
	rc = prepare_tls(s);
	if (rc != 0)
		return conclude(s, PROBE_TLS_FAILED, "%s", gnutls_strerror(rc));
	while ((rc = gnutls_handshake(s->tls)) != 0) {
		if (gnutls_error_is_fatal(rc))
			return conclude_handshake(s, rc);
		if (clock_left_ms(s->deadline_ms) == 0)
			return conclude_timeout(s);
		if (rc == GNUTLS_E_AGAIN && !wait_for_tls(s))
			return false;
	}
	s->encrypted = true;
	return true;
}

/* A chain that is too long is cut behind what fits. */
static bool
keep_chain(struct session *s)
{
	struct der certs[LIMIT_CHAIN_CERTS];
	size_t count = 0;
	size_t octets = 0;
	unsigned sent = 0;
	const gnutls_datum_t *peers =
	    gnutls_certificate_get_peers(s->tls, &sent);

	while (count < sent && count < LIMIT_CHAIN_CERTS) {
		octets += peers[count].size;
		if (octets > LIMIT_CHAIN_OCTETS)
			break;
		certs[count].data = peers[count].data;
		certs[count].size = peers[count].size;
		count++;
	}
	if (count == 0)
		return conclude(s, PROBE_TLS_FAILED, "no certificate");
	probe_facts_set_certs(s->facts, certs, count);
	text_copy(s->facts->tls, sizeof(s->facts->tls),
	    gnutls_protocol_get_name(gnutls_protocol_get_version(s->tls)));
	conclude(s, PROBE_TLS, "%s", "");
	return true;
}

static void
quit(struct session *s)
{
	if (s->lost)
		return;
	s->deadline_ms = clock_sooner_ms(s->deadline_ms, QUIT_WAIT_MS);
	if (say(s, "QUIT\r\n") && read_reply(s) && s->encrypted)
		gnutls_bye(s->tls, GNUTLS_SHUT_WR);
}

static void
probe(struct session *s)
{
	bool at_once = s->target->port == PORT_SMTPS;

	if (!connect_to(s))
		return;
	s->lost = false;
	if (!at_once && (!greet(s) || !ehlo(s) || !starttls(s)))
		return;
	if (!handshake(s) || !keep_chain(s))
		return;
	/* The chain is the fact; from here on all may fail. */
	if (at_once && !greet(s))
		return;
	if (ehlo(s))
		s->facts->requiretls =
		    (s->reply.extensions & SMTP_REQUIRETLS) != 0;
	s->facts->tls_answered = !s->lost;
	s->facts->tls_ehlo = !s->lost && s->reply.code / 100 != 4;
}

struct probe_facts *
smtp_probe(const struct smtp_target *target, int64_t deadline_ms)
{
	struct session s = {.target = target,
	    .deadline_ms = deadline_ms,
	    .lost = true,
	    .fd = -1};
	int64_t begun_ms = clock_mono_ms();

	s.facts = probe_facts_new(PROBE_NOT_DONE);
	probe(&s);
	quit(&s);
	if (s.tls != NULL)
		gnutls_deinit(s.tls);
	if (s.credentials != NULL)
		gnutls_certificate_free_credentials(s.credentials);
	if (s.fd >= 0)
		close(s.fd);
	s.facts->ms = (unsigned)(clock_mono_ms() - begun_ms);
	return s.facts;
}

const char *
smtp_library(void)
{
	return gnutls_check_version(NULL);
}
