/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/tls_client.h"

#include <assert.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/tls_watch.h"
#include "common/proto/x509.h"
#include "common/proto/x509_parts.h"

/*
 * What smtp(8) offers at level "dane", in its order where GnuTLS lets us
 * choose; t/scenario/probe.py compares the two as captured, and says of each
 * difference why it is there.  %COMPAT: a certificate whose keyUsage lacks
 * digitalSignature breaks no handshake.
 */
#define FIRST "NONE:+VERS-TLS1.3"
#define COMMON ":+COMP-NULL:+CTYPE-X509"
#define OPTIONS ":%COMPAT:%SAFE_RENEGOTIATION"

/* OpenSSL 3.5 has CCM with the short tag below the level that is the least. */
#define CIPHERS(short_256, short_128)                                        \
	":+AES-256-GCM:+CHACHA20-POLY1305" short_256 ":+AES-256-CCM"         \
	":+AES-256-CBC:+CAMELLIA-256-CBC:+AES-128-GCM" short_128             \
	":+AES-128-CCM:+AES-128-CBC:+CAMELLIA-128-CBC:+AEAD:+SHA384:+SHA256" \
	":+SHA1"

static const char *const ciphers[] = {
    [TLS_OFFER_3_0] = CIPHERS(":+AES-256-CCM-8", ":+AES-128-CCM-8"),
    [TLS_OFFER_3_5] = CIPHERS("", ""),
};

#define GROUPS ":+GROUP-X25519:+GROUP-X448:+GROUP-SECP256R1"

static const char *const groups[] = {
    [TLS_OFFER_3_0] = GROUPS ":+GROUP-SECP521R1:+GROUP-SECP384R1",
    [TLS_OFFER_3_5] = GROUPS ":+GROUP-SECP384R1:+GROUP-SECP521R1"
			     ":+GROUP-FFDHE2048:+GROUP-FFDHE3072",
};

#define SIGN_ECDSA                                         \
	":+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256" \
	":+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SECP384R1-SHA384" \
	":+SIGN-ECDSA-SHA512:+SIGN-ECDSA-SECP521R1-SHA512"
#define SIGN_EDDSA ":+SIGN-EDDSA-ED25519:+SIGN-EDDSA-ED448"
#define SIGN_RSA                                               \
	":+SIGN-RSA-PSS-SHA256:+SIGN-RSA-PSS-SHA384"           \
	":+SIGN-RSA-PSS-SHA512:+SIGN-RSA-PSS-RSAE-SHA256"      \
	":+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-RSAE-SHA512" \
	":+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-RSA-SHA512"

static const char *const exchanges[] = {
    [TLS_KEYS_ALL] = ":+ECDHE-ECDSA:+ECDHE-RSA:+DHE-RSA:+RSA",
    [TLS_KEYS_RSA] = ":+ECDHE-RSA:+DHE-RSA:+RSA",
    [TLS_KEYS_ECDSA] = ":+ECDHE-ECDSA",
    [TLS_KEYS_EDDSA] = ":+ECDHE-ECDSA",
};

static const char *const signatures[] = {
    [TLS_KEYS_ALL] = SIGN_ECDSA SIGN_EDDSA SIGN_RSA,
    [TLS_KEYS_RSA] = SIGN_RSA,
    [TLS_KEYS_ECDSA] = SIGN_ECDSA,
    [TLS_KEYS_EDDSA] = SIGN_EDDSA,
};

/* Behind the first, the newer before. */
static const char *const versions[] = {
    [TLS_FROM_1_3] = "",
    [TLS_FROM_1_2] = ":+VERS-TLS1.2",
    [TLS_FROM_1_1] = ":+VERS-TLS1.2:+VERS-TLS1.1",
    [TLS_FROM_1_0] = ":+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0",
};

enum { PRIORITY_SIZE = 2048 };

struct tls_client {
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	struct tls_watch watch;
	char detail[2 * LIMIT_DETAIL_SIZE];
};

static bool
is_tls13(gnutls_session_t session)
{
	return gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;
}

static void
print_priority(
    char out[PRIORITY_SIZE], enum tls_keys keys, enum tls_floor floor)
{
	enum tls_offer offer = tls_client_offer();
	struct text text;

	text_init(&text, out, PRIORITY_SIZE);
	text_addf(&text, FIRST "%s" COMMON "%s%s%s%s%s", versions[floor],
	    exchanges[keys], ciphers[offer], groups[offer], signatures[keys],
	    OPTIONS);
	assert(!text.cut);
}

static int
prepare_session(
    struct tls_client *client, int fd, const char *sni, const char *priority)
{
	int rc = gnutls_init(&client->session,
	    GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
		GNUTLS_NO_TICKETS | GNUTLS_KEY_SHARE_TOP);

	if (rc == 0)
		rc = gnutls_certificate_allocate_credentials(
		    &client->credentials);
	if (rc == 0)
		rc = gnutls_credentials_set(client->session,
		    GNUTLS_CRD_CERTIFICATE, client->credentials);
	if (rc == 0)
		rc =
		    gnutls_priority_set_direct(client->session, priority, NULL);
	if (rc == 0 && *sni != '\0')
		rc = gnutls_server_name_set(
		    client->session, GNUTLS_NAME_DNS, sni, strlen(sni));
	if (rc != 0)
		return rc;
	tls_watch_begin(&client->watch, client->session);
	if (!client->watch.begun)
		return GNUTLS_E_MEMORY_ERROR;
	gnutls_transport_set_int(client->session, fd);
	return 0;
}

struct tls_client *
tls_client_new(
    int fd, const char *sni, enum tls_keys keys, enum tls_floor floor)
{
	struct tls_client *client = xcalloc(1, sizeof(*client));
	char priority[PRIORITY_SIZE];

	print_priority(priority, keys, floor);
	if (prepare_session(client, fd, sni, priority) == 0)
		return client;
	tls_client_free(client);
	return NULL;
}

void
tls_client_free(struct tls_client *client)
{
	if (client == NULL)
		return;
	if (client->session != NULL)
		gnutls_deinit(client->session);
	if (client->credentials != NULL)
		gnutls_certificate_free_credentials(client->credentials);
	tls_watch_fini(&client->watch);
	free(client);
}

/*
 * Whether GnuTLS gave up over the certificate itself, where OpenSSL looks at
 * less: of a leaf that is at least one in its outer structure.  What the server
 * does wrong in the protocol is not among these, nor a key or a curve that was
 * not offered, which OpenSSL refuses as well.
 */
static bool
is_our_lack(const struct tls_client *client, int rc)
{
	struct x509_parts parts;

	if (client->watch.count == 0 ||
	    !x509_parts_read(&parts, client->watch.certs[0]))
		return false;
	switch (rc) {
	case GNUTLS_E_CERTIFICATE_ERROR:
	case GNUTLS_E_X509_UNSUPPORTED_ATTRIBUTE:
	case GNUTLS_E_X509_UNKNOWN_SAN:
	case GNUTLS_E_X509_UNSUPPORTED_EXTENSION:
	case GNUTLS_E_X509_UNSUPPORTED_CRITICAL_EXTENSION:
	case GNUTLS_E_X509_UNSUPPORTED_OID:
	case GNUTLS_E_X509_DUPLICATE_EXTENSION:
	case GNUTLS_E_ASN1_EMBEDDED_NULL_IN_STRING:
	case GNUTLS_E_ASN1_TIME_ERROR:
	case GNUTLS_E_CERTIFICATE_TIME_ERROR:
	case GNUTLS_E_KEY_USAGE_VIOLATION:
		return true;
	default:
		return rc <= GNUTLS_E_ASN1_ELEMENT_NOT_FOUND &&
		       rc >= GNUTLS_E_ASN1_DER_OVERFLOW;
	}
}

static bool
is_local_lack(int rc)
{
	return rc == GNUTLS_E_MEMORY_ERROR || rc == GNUTLS_E_INTERNAL_ERROR ||
	       rc == GNUTLS_E_RANDOM_FAILED ||
	       rc == GNUTLS_E_RANDOM_DEVICE_ERROR ||
	       rc == GNUTLS_E_LIB_IN_ERROR_STATE;
}

static void
keep_alert(struct tls_client *client)
{
	const char *name =
	    gnutls_alert_get_name(gnutls_alert_get(client->session));

	snprintf(client->detail, sizeof(client->detail), "TLS alert: %s",
	    name == NULL ? "unknown" : name);
}

static void
keep_error(struct tls_client *client, int rc)
{
	snprintf(client->detail, sizeof(client->detail), "TLS: %s",
	    gnutls_strerror(rc));
}

/* What a server says that takes none of our suites, before it shows anything;
 * RFC 5246 section 7.2.2. */
static bool
is_lack_of_suites(const struct tls_client *client)
{
	gnutls_alert_description_t alert = gnutls_alert_get(client->session);

	return client->watch.count == 0 &&
	       (alert == GNUTLS_A_HANDSHAKE_FAILURE ||
		   alert == GNUTLS_A_INSUFFICIENT_SECURITY);
}

static enum tls_state
take_handshake_end(struct tls_client *client, int rc)
{
	if (client->watch.refused[0] != '\0') {
		snprintf(client->detail, sizeof(client->detail), "TLS: %s",
		    client->watch.refused);
		gnutls_alert_send_appropriate(client->session, rc);
		return TLS_FAILED;
	}
	switch (rc) {
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
		return TLS_LOST;
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
		keep_alert(client);
		return is_lack_of_suites(client) ? TLS_NO_SUITE : TLS_FAILED;
	default:
		keep_error(client, rc);
		gnutls_alert_send_appropriate(client->session, rc);
		if (is_local_lack(rc))
			return TLS_LACKING;
		return is_our_lack(client, rc) ? TLS_UNSUPPORTED : TLS_FAILED;
	}
}

/* CCM stands in the list for TLS 1.2, and GnuTLS then offers it in TLS 1.3 as
 * well, where OpenSSL does not. */
static bool
is_beyond_openssl(gnutls_session_t session)
{
	switch (gnutls_cipher_get(session)) {
	case GNUTLS_CIPHER_AES_128_CCM:
	case GNUTLS_CIPHER_AES_128_CCM_8:
		return is_tls13(session);
	default:
		return false;
	}
}

/* In TLS 1.2 OpenSSL wants that of a key other than RSA, which is not asked for
 * its usage here (%COMPAT). */
static bool
may_sign(const struct tls_client *client)
{
	AUTO(x509_chain) struct x509_chain *leaf = NULL;

	if (is_tls13(client->session) ||
	    gnutls_kx_get(client->session) != GNUTLS_KX_ECDHE_ECDSA)
		return true;
	leaf = x509_chain_new(client->watch.certs, 1, NULL);
	return leaf == NULL || x509_leaf_may_sign(leaf);
}

static enum tls_state
finish_handshake(struct tls_client *client)
{
	client->detail[0] = '\0';
	if (client->watch.count == 0)
		text_copy(client->detail, sizeof(client->detail),
		    "TLS: no certificate");
	else if (is_beyond_openssl(client->session))
		text_copy(client->detail, sizeof(client->detail),
		    "TLS: a cipher suite that MTAs do not offer");
	else if (!may_sign(client))
		text_copy(client->detail, sizeof(client->detail),
		    "TLS: the key usage of the certificate lets it not sign");
	return client->detail[0] == '\0' ? TLS_DONE : TLS_FAILED;
}

enum tls_state
tls_client_handshake(struct tls_client *client)
{
	int rc = gnutls_handshake(client->session);

	if (rc == 0)
		return finish_handshake(client);
	return gnutls_error_is_fatal(rc) ? take_handshake_end(client, rc)
					 : TLS_AGAIN;
}

bool
tls_client_is_writing(const struct tls_client *client)
{
	return gnutls_record_get_direction(client->session) == 1;
}

const char *
tls_client_detail(const struct tls_client *client)
{
	return client->detail;
}

size_t
tls_client_chain(
    const struct tls_client *client, struct der certs[LIMIT_CHAIN_CERTS])
{
	memcpy(
	    certs, client->watch.certs, client->watch.count * sizeof(*certs));
	return client->watch.count;
}

const char *
tls_client_version(const struct tls_client *client)
{
	return gnutls_protocol_get_name(
	    gnutls_protocol_get_version(client->session));
}

/* A group that has a name of its own, or the size of one that a server made. */
static void
show_group(gnutls_session_t session, char *out, size_t size)
{
	const char *name = gnutls_group_get_name(gnutls_group_get(session));
	int bits = gnutls_dh_get_prime_bits(session);

	out[0] = '\0';
	if (name != NULL)
		text_copy(out, size, name);
	else if (bits > 0)
		snprintf(out, size, "DH-%d", bits);
}

void
tls_client_show(const struct tls_client *client, struct probe_sight *sight)
{
	const char *cipher = gnutls_ciphersuite_get(client->session);
	const char *signature = gnutls_sign_get_name((
	    gnutls_sign_algorithm_t)gnutls_sign_algorithm_get(client->session));

	text_copy(
	    sight->cipher, sizeof(sight->cipher), cipher == NULL ? "" : cipher);
	text_copy(sight->signature, sizeof(sight->signature),
	    signature == NULL ? "" : signature);
	show_group(client->session, sight->group, sizeof(sight->group));
}

/* A request to negotiate anew, and a warning, may be passed over. */
static ssize_t
count_or_state(struct tls_client *client, ssize_t count)
{
	if (count > 0)
		return count;
	if (count < 0 && !gnutls_error_is_fatal((int)count))
		return TLS_IO_AGAIN;
	if (count == GNUTLS_E_FATAL_ALERT_RECEIVED)
		keep_alert(client);
	return TLS_IO_LOST;
}

ssize_t
tls_client_read(struct tls_client *client, void *octets, size_t size)
{
	return count_or_state(
	    client, gnutls_record_recv(client->session, octets, size));
}

ssize_t
tls_client_write(struct tls_client *client, const void *octets, size_t size)
{
	return count_or_state(
	    client, gnutls_record_send(client->session, octets, size));
}

void
tls_client_bye(struct tls_client *client)
{
	gnutls_bye(client->session, GNUTLS_SHUT_WR);
}

/* Where the one library is new, the other is as well: Debian 13 has
 * GnuTLS 3.8.9 with OpenSSL 3.5 and Postfix 3.10. */
enum tls_offer
tls_client_offer(void)
{
	return gnutls_check_version("3.8.9") == NULL ? TLS_OFFER_3_0
						     : TLS_OFFER_3_5;
}

const char *
tls_client_library(void)
{
	return gnutls_check_version(NULL);
}
