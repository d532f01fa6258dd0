/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/tlsd.h"

#include <arpa/inet.h>
#include <assert.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/fake/costly.h"

enum {
	DAY_S = 86400,
	LONG_CHAIN = 21,
	COSTLY_BITS = 65536,
};

struct tlsd {
	struct tlsd_options options;
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t pem;
	gnutls_datum_t root_pem;
	gnutls_dh_params_t dh;
	int listener;
	uint16_t port;
	pthread_t thread;
	bool joined;
	_Atomic bool stop;
	char sni[256];
	char heard_octets[4096];
	struct text heard;
	unsigned connections;
};

/* One connection, of the server's thread. */
struct peer {
	struct tlsd *server;
	int fd;
	gnutls_session_t tls;
	size_t sent;
	bool over;
};

static void
must(int rc)
{
	if (rc < 0)
		fprintf(stderr, "GnuTLS: %s\n", gnutls_strerror(rc));
	assert(rc >= 0);
}

static gnutls_x509_privkey_t
make_key(unsigned flaws)
{
	gnutls_x509_privkey_t key;

	must(gnutls_x509_privkey_init(&key));
	if (flaws & (TLSD_RSA_1024 | TLSD_KEY_ENCIPHERMENT | TLSD_RSA |
			TLSD_HUGE_MODULUS | TLSD_HUGE_EXPONENT))
		must(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA,
		    flaws & TLSD_RSA_1024 ? 1024 : 2048, 0));
	else if (flaws & (TLSD_ED25519 | TLSD_ED448))
		must(gnutls_x509_privkey_generate(key,
		    flaws & TLSD_ED25519 ? GNUTLS_PK_EDDSA_ED25519
					 : GNUTLS_PK_EDDSA_ED448,
		    0, 0));
	else
		must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	return key;
}

static void
set_name(gnutls_x509_crt_t crt, const char *name, unsigned flaws)
{
	unsigned length = (unsigned)strlen(name);
	char unit[64];

	memset(unit, 'u', sizeof(unit));
	for (int i = 0; i < LIMIT_CERT_DN && (flaws & TLSD_LONG_DN);
	     i += (int)sizeof(unit))
		must(gnutls_x509_crt_set_dn_by_oid(crt,
		    GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME, 0, unit,
		    sizeof(unit)));
	if (flaws & TLSD_CN_ONLY)
		must(gnutls_x509_crt_set_dn_by_oid(
		    crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, length));
	else
		must(gnutls_x509_crt_set_subject_alt_name(
		    crt, GNUTLS_SAN_DNSNAME, name, length, GNUTLS_FSAN_SET));
}

/* Numbers of all ones: nobody is to get so far as to see that they are none. */
static void
set_huge_key(gnutls_x509_crt_t crt, unsigned flaws)
{
	static uint8_t ones[8192];
	gnutls_datum_t modulus = {ones, 256};
	gnutls_datum_t exponent = {ones, 3};
	gnutls_pubkey_t key;

	memset(ones, 0xff, sizeof(ones));
	if (flaws & TLSD_HUGE_MODULUS)
		modulus.size = sizeof(ones);
	else
		exponent.size = 2000;
	must(gnutls_pubkey_init(&key));
	must(gnutls_pubkey_import_rsa_raw(key, &modulus, &exponent));
	must(gnutls_x509_crt_set_pubkey(crt, key));
	gnutls_pubkey_deinit(key);
}

static gnutls_x509_crt_t
begin_certificate(gnutls_x509_privkey_t key, unsigned flaws)
{
	time_t now = time(NULL);
	gnutls_x509_crt_t crt;

	must(gnutls_x509_crt_init(&crt));
	must(gnutls_x509_crt_set_version(crt, 3));
	must(gnutls_x509_crt_set_serial(crt, "\1", 1));
	must(gnutls_x509_crt_set_key(crt, key));
	must(gnutls_x509_crt_set_activation_time(crt, now - 9L * DAY_S));
	must(gnutls_x509_crt_set_expiration_time(
	    crt, flaws & TLSD_EXPIRED ? now - DAY_S : now + DAY_S));
	return crt;
}

static gnutls_x509_crt_t
make_root(struct tlsd *server, gnutls_x509_privkey_t key)
{
	gnutls_x509_crt_t crt = begin_certificate(key, 0);

	must(gnutls_x509_crt_set_dn_by_oid(
	    crt, GNUTLS_OID_X520_COMMON_NAME, 0, "root", 4));
	must(gnutls_x509_crt_set_basic_constraints(crt, 1, -1));
	must(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN));
	must(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0));
	must(gnutls_x509_crt_export2(
	    crt, GNUTLS_X509_FMT_PEM, &server->root_pem));
	return crt;
}

static gnutls_x509_crt_t
make_leaf(struct tlsd *server, gnutls_x509_privkey_t key)
{
	unsigned flaws = server->options.flaws;
	gnutls_x509_crt_t crt = begin_certificate(key, flaws);
	gnutls_x509_privkey_t root_key = make_key(0);
	gnutls_x509_crt_t root = make_root(server, root_key);

	set_name(crt, server->options.name, flaws);
	if (flaws & TLSD_KEY_ENCIPHERMENT)
		must(gnutls_x509_crt_set_key_usage(
		    crt, GNUTLS_KEY_KEY_ENCIPHERMENT));
	if (flaws & TLSD_UNSIGNING)
		must(gnutls_x509_crt_set_key_usage(
		    crt, GNUTLS_KEY_DIGITAL_SIGNATURE));
	if (flaws & (TLSD_HUGE_MODULUS | TLSD_HUGE_EXPONENT))
		set_huge_key(crt, flaws);
	must(gnutls_x509_crt_sign2(crt, root, root_key, GNUTLS_DIG_SHA256, 0));
	gnutls_x509_crt_deinit(root);
	gnutls_x509_privkey_deinit(root_key);
	return crt;
}

/* The octets that are shown, which GnuTLS would not take from us otherwise. */
static void
spoil_octets(gnutls_datum_t *der, unsigned flaws)
{
	static const uint8_t version[] = {0xa0, 3, 2, 1, 2};
	static const uint8_t usage[] = {0x55, 0x1d, 0x0f, 1, 1, 0xff, 4, 4};
	uint8_t *at = memmem(der->data, der->size, version, sizeof(version));

	assert(at != NULL);
	if (flaws & TLSD_VERSION_1)
		at[4] = 0;
	if (!(flaws & TLSD_UNSIGNING))
		return;
	at = memmem(der->data, der->size, usage, sizeof(usage));
	assert(at != NULL);
	at[sizeof(usage) + 3] = 0x08; /* keyAgreement */
}

static void
make_chain(struct tlsd *server, gnutls_x509_crt_t crt, gnutls_pcert_st *chain,
    unsigned count)
{
	unsigned flaws = server->options.flaws;

	for (unsigned i = 0; i < count; i++) {
		must(gnutls_pcert_import_x509(&chain[i], crt, 0));
		spoil_octets(&chain[i].cert, flaws);
		if (i > 0 && (flaws & TLSD_NO_ISSUER))
			chain[i].cert.data[0]++;
	}
}

/* Nobody is to find out that it is no prime. */
static void
make_dh_group(struct tlsd *server)
{
	static uint8_t ones[2048];
	gnutls_datum_t prime = {ones, server->options.dh_bits / 8};
	gnutls_datum_t generator = {ones, 1};

	memset(ones, 0xff, sizeof(ones));
	must(gnutls_dh_params_init(&server->dh));
	must(gnutls_dh_params_import_raw(server->dh, &prime, &generator));
	gnutls_certificate_set_dh_params(server->credentials, server->dh);
}

static unsigned
count_certificates(unsigned flaws, gnutls_x509_crt_t crt)
{
	gnutls_datum_t der;
	unsigned count;

	if (flaws & TLSD_LONG_CHAIN)
		return LONG_CHAIN;
	if (flaws & TLSD_NO_ISSUER)
		return 2;
	if (!(flaws & TLSD_HUGE_CHAIN))
		return 1;
	must(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der));
	count = LIMIT_TLS_CERTIFICATE / der.size + 1;
	gnutls_free(der.data);
	return count;
}

static void
make_identity(struct tlsd *server)
{
	unsigned flaws = server->options.flaws;
	gnutls_x509_privkey_t key = make_key(flaws);
	gnutls_x509_crt_t crt = make_leaf(server, key);
	unsigned count = count_certificates(flaws, crt);
	gnutls_pcert_st *chain = xcalloc(count, sizeof(*chain));
	gnutls_privkey_t signing;

	must(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &server->pem));
	must(gnutls_certificate_allocate_credentials(&server->credentials));
	gnutls_certificate_set_flags(
	    server->credentials, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
	make_chain(server, crt, chain, count);
	must(gnutls_privkey_init(&signing));
	must(gnutls_privkey_import_x509(
	    signing, key, GNUTLS_PRIVKEY_IMPORT_COPY));
	must(gnutls_certificate_set_key(server->credentials,
	    (const char **)&server->options.name, 1, chain, (int)count,
	    signing));
	if (server->options.dh_bits > 0)
		make_dh_group(server);
	free(chain);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static void
transmit(struct peer *peer, const char *octets, size_t size)
{
	size_t cut = peer->server->options.cut;
	ssize_t done;

	if (cut != 0 && peer->sent + size >= cut) {
		size = cut - peer->sent;
		peer->over = true;
	}
	while (size > 0) {
		if (peer->tls != NULL)
			done = gnutls_record_send(peer->tls, octets, size);
		else
			done = send(peer->fd, octets, size, MSG_NOSIGNAL);
		if (done <= 0) {
			peer->over = true;
			return;
		}
		octets += done;
		size -= (size_t)done;
		peer->sent += (size_t)done;
	}
}

static int
take_octet(struct peer *peer)
{
	unsigned char octet;
	ssize_t done;

	if (peer->tls != NULL)
		done = gnutls_record_recv(peer->tls, &octet, 1);
	else
		done = recv(peer->fd, &octet, 1, 0);
	if (done == 1)
		return octet;
	peer->over = true;
	return '\n';
}

/* Returns the length of the line without its end. */
static size_t
take_line(struct peer *peer)
{
	size_t length = 0;
	char octet[2] = "";

	do {
		octet[0] = (char)take_octet(peer);
		if (!peer->over)
			text_add(&peer->server->heard, octet);
		length += octet[0] != '\r' && octet[0] != '\n';
	} while (octet[0] != '\n');
	return length;
}

static void
shake_hands(struct peer *peer)
{
	const char *priority = peer->server->options.priority;
	size_t size = sizeof(peer->server->sni);
	unsigned type;
	int rc;

	must(gnutls_init(&peer->tls, GNUTLS_SERVER | GNUTLS_NO_SIGNAL));
	must(gnutls_priority_set_direct(
	    peer->tls, priority == NULL ? "NORMAL:%COMPAT" : priority, NULL));
	must(gnutls_credentials_set(
	    peer->tls, GNUTLS_CRD_CERTIFICATE, peer->server->credentials));
	if (peer->server->options.flaws & TLSD_CLIENT_CERTIFICATE)
		gnutls_certificate_server_set_request(
		    peer->tls, GNUTLS_CERT_REQUIRE);
	gnutls_transport_set_int(peer->tls, peer->fd);
	do
		rc = gnutls_handshake(peer->tls);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	if (rc == 0)
		gnutls_server_name_get(
		    peer->tls, peer->server->sni, &size, &type, 0);
	else
		gnutls_alert_send_appropriate(peer->tls, rc);
	peer->over = rc != 0;
}

static bool
still_wanted(struct peer *peer)
{
	struct pollfd fd = {.fd = peer->fd, .events = POLLRDHUP};

	return !peer->over && !peer->server->stop && poll(&fd, 1, 20) == 0;
}

static void
flood(struct peer *peer, const char *text, size_t total)
{
	for (size_t done = 0; done < total && !peer->over; done += strlen(text))
		transmit(peer, text, strlen(text));
}

static void
garble(struct peer *peer)
{
	char octets[512];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (char)(i * 7);
	transmit(peer, octets, sizeof(octets));
}

static void
reset(struct peer *peer)
{
	struct linger hard = {.l_onoff = 1};

	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	peer->over = true;
}

static void
send_costly(struct peer *peer)
{
	size_t size;
	uint8_t *flight = costly_flight(COSTLY_BITS, &size);

	transmit(peer, (const char *)flight, size);
	free(flight);
}

static void
send_alert(struct peer *peer)
{
	gnutls_alert_send(
	    peer->tls, GNUTLS_AL_FATAL, GNUTLS_A_CERTIFICATE_REQUIRED);
	peer->over = true;
}

static void
act(struct peer *peer, const char *step)
{
	if (strcmp(step, TLSD_READ) == 0)
		take_line(peer);
	else if (strcmp(step, TLSD_READ_HEAD) == 0)
		while (take_line(peer) > 0)
			;
	else if (strcmp(step, TLSD_TLS) == 0)
		shake_hands(peer);
	else if (strcmp(step, TLSD_HANG) == 0)
		while (still_wanted(peer))
			;
	else if (strcmp(step, TLSD_DRIP) == 0)
		while (still_wanted(peer))
			transmit(peer, "2", 1);
	else if (strcmp(step, TLSD_FLOOD) == 0)
		flood(peer, "250-SIZE: 10240000\r\n", 10 << 20);
	else if (strcmp(step, TLSD_LONG_LINE) == 0)
		flood(peer, "220 a line that has no end ", 1 << 20);
	else if (strcmp(step, TLSD_GARBAGE) == 0)
		garble(peer);
	else if (strcmp(step, TLSD_COSTLY) == 0)
		send_costly(peer);
	else if (strcmp(step, TLSD_OCTETS) == 0)
		transmit(peer, peer->server->options.octets,
		    peer->server->options.octet_count);
	else if (strcmp(step, TLSD_PAUSE) == 0)
		poll(NULL, 0, TLSD_PAUSE_MS);
	else if (strcmp(step, TLSD_ALERT) == 0)
		send_alert(peer);
	else if (strcmp(step, TLSD_RESET) == 0)
		reset(peer);
	else
		transmit(peer, step, strlen(step));
}

static void
serve_peer(struct tlsd *server, int fd)
{
	struct timeval limit = {.tv_sec = 5};
	struct peer peer = {.server = server, .fd = fd};
	const char *const *step = server->options.steps;

	if (server->connections++ > 0 && server->options.later_steps != NULL)
		step = server->options.later_steps;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	text_init(
	    &server->heard, server->heard_octets, sizeof(server->heard_octets));
	for (; *step != NULL && !peer.over; step++)
		act(&peer, *step);
	if (peer.tls != NULL) {
		if (!peer.over)
			gnutls_bye(peer.tls, GNUTLS_SHUT_WR);
		gnutls_deinit(peer.tls);
	}
	close(fd);
}

static void *
serve(void *arg)
{
	struct tlsd *server = arg;
	struct pollfd ready = {.fd = server->listener, .events = POLLIN};

	while (!server->stop) {
		int fd;

		if (poll(&ready, 1, 20) <= 0)
			continue;
		fd = accept(server->listener, NULL, NULL);
		if (fd >= 0)
			serve_peer(server, fd);
	}
	return NULL;
}

static void
listen_on_loopback(struct tlsd *server)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int rc;

	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	rc = bind(server->listener, (struct sockaddr *)&at, size);
	assert(rc == 0);
	rc = listen(server->listener, 8);
	assert(rc == 0);
	rc = getsockname(server->listener, (struct sockaddr *)&at, &size);
	assert(rc == 0);
	server->port = ntohs(at.sin_port);
}

struct tlsd *
tlsd_new(const struct tlsd_options *options)
{
	struct tlsd *server = xcalloc(1, sizeof(*server));
	int rc;

	server->options = *options;
	if (options->name != NULL)
		make_identity(server);
	text_init(
	    &server->heard, server->heard_octets, sizeof(server->heard_octets));
	listen_on_loopback(server);
	rc = pthread_create(&server->thread, NULL, serve, server);
	assert(rc == 0);
	return server;
}

static void
join(struct tlsd *server)
{
	if (server->joined)
		return;
	server->stop = true;
	pthread_join(server->thread, NULL);
	server->joined = true;
}

void
tlsd_free(struct tlsd *server)
{
	if (server == NULL)
		return;
	join(server);
	close(server->listener);
	if (server->credentials != NULL)
		gnutls_certificate_free_credentials(server->credentials);
	if (server->dh != NULL)
		gnutls_dh_params_deinit(server->dh);
	gnutls_free(server->pem.data);
	gnutls_free(server->root_pem.data);
	free(server);
}

uint16_t
tlsd_port(const struct tlsd *server)
{
	return server->port;
}

const char *
tlsd_certificate(const struct tlsd *server)
{
	return (const char *)server->pem.data;
}

const char *
tlsd_root(const struct tlsd *server)
{
	return (const char *)server->root_pem.data;
}

const char *
tlsd_heard(struct tlsd *server)
{
	join(server);
	return server->heard_octets;
}

const char *
tlsd_sni(struct tlsd *server)
{
	join(server);
	return server->sni;
}

unsigned
tlsd_connections(struct tlsd *server)
{
	join(server);
	return server->connections;
}
