/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/tls_watch.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/proto/x509_effort.h"
#include "common/proto/x509_parts.h"

/*
 * Who made the session may keep a pointer and a hook of his own on it, and put
 * them there after the watch has begun: libcurl 8 does.
 * 1. So the watch is kept as the data of a TLS extension of this session alone.
 * 2. GnuTLS asks each extension for its octets when it makes the ClientHello,
 *    after all that is prepared and before anything can come.  There the hook
 *    is set.  No octet is given, so the extension is not sent.
 */
enum {
	WATCH_EXTENSION = 0xffce, /* RFC 8447 section 7: for private use */
};

static size_t
take_u24(struct wire *wire)
{
	size_t high = wire_u8(wire);

	return high << 16 | wire_u16(wire);
}

/* A list of exactly what is left. */
static bool
opens_list(struct wire *wire)
{
	size_t length = take_u24(wire);

	return !wire->bad && length == wire->left;
}

static void
take_certificate(struct tls_watch *watch, struct wire *wire, bool tls13)
{
	struct der cert = {.size = take_u24(wire)};

	cert.data = wire_take(wire, cert.size);
	if (tls13)
		wire_take(wire, wire_u16(wire)); /* extensions */
	if (!wire->bad && watch->count < LIMIT_CHAIN_CERTS)
		watch->certs[watch->count++] = cert;
}

bool
tls_watch_read(
    struct tls_watch *watch, const uint8_t *message, size_t size, bool tls13)
{
	struct wire wire;

	free(watch->octets); /* a second handshake's counts alone */
	watch->octets = xmemdup(message, size);
	watch->count = 0;
	wire_init(&wire, watch->octets, size);
	if (tls13)
		wire_take(&wire, wire_u8(&wire)); /* request context */
	if (!opens_list(&wire))
		return false;
	while (wire.left > 0 && !wire.bad)
		take_certificate(watch, &wire, tls13);
	if (wire.bad)
		watch->count = 0;
	return watch->count > 0;
}

static bool
refuse_handshake(struct tls_watch *watch, const char *why, const char *key)
{
	struct text refused;

	text_init(&refused, watch->refused, sizeof(watch->refused));
	text_addf(&refused, "%s%s", why, key);
	return false;
}

/* What speaks against one of the certificates, a constant, or NULL.  OpenSSL
 * ends the handshake over one that is none, wherever it stands; GnuTLS looks at
 * the leaf alone. */
static const char *
fault_of_chain(const struct tls_watch *watch)
{
	struct x509_parts parts;

	for (size_t i = 0; i < watch->count; i++) {
		if (!x509_parts_read(&parts, watch->certs[i]))
			return "what follows the certificate is none";
		if (parts.subject_dn.size > LIMIT_CERT_DN ||
		    parts.issuer_dn.size > LIMIT_CERT_DN)
			return "a name in a certificate is too long";
	}
	return NULL;
}

bool
tls_watch_certificate(
    struct tls_watch *watch, const uint8_t *message, size_t size, bool tls13)
{
	char reason[X509_EFFORT_REASON];
	const char *fault;

	if (size > LIMIT_TLS_CERTIFICATE)
		return refuse_handshake(watch, "chain is too long", "");
	if (!tls_watch_read(watch, message, size, tls13))
		return refuse_handshake(watch, "no certificate presented", "");
	if (!x509_effort_is_bounded(watch->certs[0], reason))
		return refuse_handshake(
		    watch, "key costs too much to check by: ", reason);
	fault = fault_of_chain(watch);
	return fault == NULL || refuse_handshake(watch, fault, "");
}

bool
tls_watch_group(struct tls_watch *watch, const uint8_t *message, size_t size)
{
	struct wire wire, prime;
	size_t octets;

	wire_init(&wire, message, size);
	octets = wire_u16(&wire);
	wire_init(&prime, wire_take(&wire, octets), octets);
	if (wire.bad)
		return refuse_handshake(watch, "DH group cannot be read", "");
	while (prime.left > 0 && prime.at[0] == 0)
		wire_u8(&prime);
	if (prime.left > LIMIT_DH_BITS / 8)
		return refuse_handshake(watch, "DH group costs too much", "");
	if (prime.left < LIMIT_DH_LEAST_BITS / 8)
		return refuse_handshake(watch, "DH group is too small", "");
	return true;
}

static bool
is_content(struct tls_watch *watch, gnutls_session_t session, unsigned type,
    const gnutls_datum_t *message)
{
	switch (type) {
	case GNUTLS_HANDSHAKE_CERTIFICATE_PKT:
		return tls_watch_certificate(watch, message->data,
		    message->size,
		    gnutls_protocol_get_version(session) >= GNUTLS_TLS1_3);
	case GNUTLS_HANDSHAKE_SERVER_KEY_EXCHANGE:
		return gnutls_kx_get(session) != GNUTLS_KX_DHE_RSA ||
		       tls_watch_group(watch, message->data, message->size);
	default:
		return true;
	}
}

static int
on_message(gnutls_session_t session, unsigned type, unsigned post,
    unsigned incoming, const gnutls_datum_t *message)
{
	gnutls_ext_priv_data_t watch = NULL;

	(void)post;
	if (!incoming)
		return 0;
	if (gnutls_ext_get_data(session, WATCH_EXTENSION, &watch) != 0)
		return GNUTLS_E_INTERNAL_ERROR;
	return is_content(watch, session, type, message)
		   ? 0
		   : GNUTLS_E_CERTIFICATE_ERROR;
}

static int
on_client_hello(gnutls_session_t session, gnutls_buffer_t octets)
{
	(void)octets;
	gnutls_handshake_set_hook_function(
	    session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_PRE, on_message);
	return 0;
}

void
tls_watch_begin(struct tls_watch *watch, gnutls_session_t session)
{
	int rc = gnutls_session_ext_register(session, "watch", WATCH_EXTENSION,
	    GNUTLS_EXT_TLS, NULL, on_client_hello, NULL, NULL, NULL,
	    GNUTLS_EXT_FLAG_CLIENT_HELLO);

	if (rc == GNUTLS_E_ALREADY_REGISTERED)
		return; /* this session is watched */
	watch->begun = rc == 0;
	if (watch->begun)
		gnutls_ext_set_data(session, WATCH_EXTENSION, watch);
}

void
tls_watch_fini(struct tls_watch *watch)
{
	free(watch->octets);
	watch->octets = NULL;
	watch->count = 0;
}
