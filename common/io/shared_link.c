/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/shared_link.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/address.h"

struct shared_tls {
	gnutls_certificate_credentials_t credentials;
};

struct shared_link {
	int fd;
	gnutls_session_t session; /* NULL: none */
};

/* --- TLS --- */

static int
load_credentials(struct shared_tls *tls, const char *ca_file,
    const char *cert_file, const char *key_file, struct err *err)
{
	gnutls_certificate_credentials_t to = tls->credentials;
	int rc = ca_file == NULL ? gnutls_certificate_set_x509_system_trust(to)
				 : gnutls_certificate_set_x509_trust_file(
				       to, ca_file, GNUTLS_X509_FMT_PEM);

	if (rc < 0)
		return err_set(err, ERR_LOCAL, "%.120s: %s",
		    ca_file == NULL ? "CA store of the system" : ca_file,
		    gnutls_strerror(rc));
	if (rc == 0)
		return err_set(err, ERR_LOCAL, "%.120s: no certificate",
		    ca_file == NULL ? "CA store of the system" : ca_file);
	if (cert_file == NULL)
		return 0;
	rc = gnutls_certificate_set_x509_key_file(
	    to, cert_file, key_file, GNUTLS_X509_FMT_PEM);
	return rc >= 0 ? 0
		       : err_set(err, ERR_LOCAL, "%.100s, %.100s: %s",
			     cert_file, key_file, gnutls_strerror(rc));
}

struct shared_tls *
shared_tls_new(const char *ca_file, const char *cert_file, const char *key_file,
    struct err *err)
{
	struct shared_tls *tls = xcalloc(1, sizeof(*tls));

	assert((cert_file == NULL) == (key_file == NULL));
	if (gnutls_certificate_allocate_credentials(&tls->credentials) != 0)
		abort(); /* no memory: as xalloc */
	if (load_credentials(tls, ca_file, cert_file, key_file, err) == 0)
		return tls;
	shared_tls_free(tls);
	return NULL;
}

void
shared_tls_free(struct shared_tls *tls)
{
	if (tls == NULL)
		return;
	gnutls_certificate_free_credentials(tls->credentials);
	free(tls);
}

static int
prepare_shared_session(struct shared_link *link, const struct shared_tls *tls,
    const struct shared_address *address)
{
	struct address literal;
	int rc = gnutls_init(
	    &link->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);

	if (rc == 0)
		rc = gnutls_credentials_set(
		    link->session, GNUTLS_CRD_CERTIFICATE, tls->credentials);
	if (rc == 0)
		rc = gnutls_priority_set_direct(link->session,
		    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL);
	/* RFC 6066 section 3: no addresses */
	if (rc == 0 && address_parse(address->host, &literal) != 0)
		rc = gnutls_server_name_set(link->session, GNUTLS_NAME_DNS,
		    address->host, strlen(address->host));
	if (rc != 0)
		return rc;
	gnutls_session_set_verify_cert(link->session, address->host, 0);
	gnutls_transport_set_int(link->session, link->fd);
	return 0;
}

static int
say_bad_certificate(gnutls_session_t session, const char *host, struct err *err)
{
	gnutls_datum_t words = {NULL, 0};
	unsigned status = gnutls_session_get_verify_cert_status(session);

	gnutls_certificate_verification_status_print(
	    status, GNUTLS_CRT_X509, &words, 0);
	err_set(err, ERR_TEMP, "%.80s: %.150s", host,
	    words.data == NULL ? "certificate" : (const char *)words.data);
	gnutls_free(words.data);
	return -1;
}

/* False when it is to end, or its time is over. */
static bool
await_handshake(const struct shared_link *link, int stop, int64_t deadline_ms)
{
	bool writing = gnutls_record_get_direction(link->session) == 1;
	struct pollfd fds[] = {
	    {.fd = link->fd, .events = writing ? POLLOUT : POLLIN},
	    {.fd = stop, .events = POLLIN}};

	return poll(fds, 2, clock_left_ms(deadline_ms)) > 0 &&
	       fds[1].revents == 0;
}

static int
begin_tls(struct shared_link *link, const struct shared_address *address,
    int stop, int64_t deadline_ms, struct err *err)
{
	int rc;

	while ((rc = gnutls_handshake(link->session)) != 0) {
		if (rc == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
			return say_bad_certificate(
			    link->session, address->host, err);
		if (gnutls_error_is_fatal(rc))
			return err_set(err, ERR_TEMP, "%.100s: TLS: %s",
			    address->host, gnutls_strerror(rc));
		if (!await_handshake(link, stop, deadline_ms))
			return err_set(err, ERR_TEMP, "%.100s: no TLS in time",
			    address->host);
	}
	return 0;
}

/* --- connecting --- */

bool
shared_link_await(const struct shared_link *link, bool to_write, int stop,
    int64_t deadline_ms)
{
	struct pollfd fds[] = {
	    {.fd = link->fd,
		.events = (short)(to_write ? POLLIN | POLLOUT : POLLIN)},
	    {.fd = stop, .events = POLLIN}};

	if (link->session != NULL &&
	    gnutls_record_check_pending(link->session) > 0)
		return true;
	poll(fds, 2, clock_left_ms(deadline_ms));
	return fds[1].revents == 0;
}

/* 0, or -1 with errno. */
static int
await_connection(int fd, int stop, int64_t deadline_ms)
{
	struct pollfd fds[] = {
	    {.fd = fd, .events = POLLOUT}, {.fd = stop, .events = POLLIN}};
	int error = 0;
	socklen_t size = sizeof(error);

	poll(fds, 2, clock_left_ms(deadline_ms));
	if (fds[0].revents == 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return -1;
	errno = error;
	return error == 0 ? 0 : -1;
}

static int
connect_to(
    const struct sockaddr *to, socklen_t size, int stop, int64_t deadline_ms)
{
	int on = 1, kept;
	int fd = socket(
	    to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (to->sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, to, size) == 0 ||
	    (errno == EINPROGRESS &&
		await_connection(fd, stop, deadline_ms) == 0))
		return fd;
	kept = errno;
	close(fd);
	errno = kept;
	return -1;
}

static int
connect_to_path(const char *path, int stop, int64_t deadline_ms)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	text_copy(to.sun_path, sizeof(to.sun_path), path);
	return connect_to(
	    (struct sockaddr *)&to, sizeof(to), stop, deadline_ms);
}

static int
say_lost(const struct shared_address *address, struct err *err)
{
	err_set(err, ERR_TEMP, "%.120s: %s", address->host, strerror(errno));
	return -1;
}

/* The first address that takes a connection. */
static int
connect_to_host(const struct shared_address *address,
    struct shared_lookup *lookup, int stop, int64_t deadline_ms,
    struct err *err)
{
	struct shared_addresses found;
	int fd = -1;

	if (shared_lookup_find(lookup, address->host, address->port,
		deadline_ms, &found, err) != 0)
		return -1;
	for (size_t i = 0; i < found.count && fd < 0; i++)
		fd = connect_to((struct sockaddr *)&found.items[i].address,
		    found.items[i].size, stop, deadline_ms);
	return fd < 0 ? say_lost(address, err) : fd;
}

struct shared_link *
shared_link_open(const struct shared_address *address,
    const struct shared_tls *tls, struct shared_lookup *lookup, int stop,
    int64_t deadline_ms, struct err *err)
{
	struct shared_link *link = xcalloc(1, sizeof(*link));
	int rc = 0;

	if (address->scheme == SHARED_UNIX) {
		link->fd = connect_to_path(address->host, stop, deadline_ms);
		if (link->fd < 0)
			say_lost(address, err);
	} else {
		link->fd =
		    connect_to_host(address, lookup, stop, deadline_ms, err);
	}
	if (link->fd >= 0 && address->scheme == SHARED_TLS) {
		rc = prepare_shared_session(link, tls, address);
		if (rc != 0)
			err_set(err, ERR_LOCAL, "TLS: %s", gnutls_strerror(rc));
		else
			rc = begin_tls(link, address, stop, deadline_ms, err);
	}
	if (link->fd >= 0 && rc == 0)
		return link;
	shared_link_free(link);
	return NULL;
}

void
shared_link_free(struct shared_link *link)
{
	if (link == NULL)
		return;
	if (link->session != NULL)
		gnutls_deinit(link->session);
	if (link->fd >= 0)
		close(link->fd);
	free(link);
}

/* --- octets --- */

static ssize_t
count_of_tls(ssize_t count)
{
	if (count > 0)
		return count;
	return count < 0 && !gnutls_error_is_fatal((int)count)
		   ? SHARED_LINK_AGAIN
		   : SHARED_LINK_LOST;
}

static ssize_t
count_of_socket(ssize_t count)
{
	if (count > 0)
		return count;
	return count < 0 && (errno == EAGAIN || errno == EINTR)
		   ? SHARED_LINK_AGAIN
		   : SHARED_LINK_LOST;
}

ssize_t
shared_link_read(struct shared_link *link, void *octets, size_t size)
{
	if (link->session != NULL)
		return count_of_tls(
		    gnutls_record_recv(link->session, octets, size));
	return count_of_socket(recv(link->fd, octets, size, 0));
}

ssize_t
shared_link_write(struct shared_link *link, const void *octets, size_t size)
{
	if (link->session != NULL)
		return count_of_tls(
		    gnutls_record_send(link->session, octets, size));
	return count_of_socket(send(link->fd, octets, size, MSG_NOSIGNAL));
}
