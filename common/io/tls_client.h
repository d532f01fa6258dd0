/* tls_client - the TLS session of a probe: as an MTA with OpenSSL would have
 * it, at a bounded cost. One thread an object. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_TLS_CLIENT_H
#define COMMON_IO_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/io/tls_beyond.h"
#include "common/judge/facts.h"
#include "common/proto/der.h"

/* What the server's certificate may be of. */
enum tls_keys {
	TLS_KEYS_ALL, /* in the order in which OpenSSL offers them */
	TLS_KEYS_RSA,
	TLS_KEYS_ECDSA,
	TLS_KEYS_EDDSA,
};

/* The oldest version that will do; RFC 8461 section 7.2 and RFC 8996 want the
 * first of these. */
enum tls_floor {
	TLS_FROM_1_2,
	TLS_FROM_1_0,
	TLS_FROM_1_1,
	TLS_FROM_1_3,
};

enum tls_state {
	TLS_LOST,        /* the connection is over, without an alert */
	TLS_FAILED,      /* the server's fault: OpenSSL would fail as well */
	TLS_NO_SUITE,    /* nothing that we offer suits the server: OpenSSL
			    might offer more (tls_beyond.h) */
	TLS_UNSUPPORTED, /* ours: OpenSSL might go on; there is a chain */
	TLS_LACKING,     /* ours: memory and the like, nothing was learnt */
	TLS_AGAIN,       /* wait for the socket and call again */
	TLS_DONE,
};

/* What tls_client_read and _write say instead of a count of octets */
enum { TLS_IO_AGAIN = -1, TLS_IO_LOST = -2 };

struct tls_client;

/*
 * tls_client_new - prepare a handshake on a connected, non-blocking socket
 *
 * fd stays the caller's.  sni is "" for none.  Nothing is verified, the
 * presented chain is the fact.  NULL: the library could not.
 */
void tls_client_free(struct tls_client *client);
struct tls_client *tls_client_new(int fd, const char *sni, enum tls_keys keys,
    enum tls_floor floor) OWNED(tls_client_free);
AUTO_DEFINE(tls_client);

/*
 * tls_client_handshake - go on with it, as far as the socket lets
 *
 * A leaf with a key that nobody checks (x509_effort.h), or a DH group beyond
 * LIMIT_DH_BITS, is TLS_FAILED before anything is computed with it.
 * RFC 5746: a server without it is TLS_FAILED, as OpenSSL has it.
 */
enum tls_state tls_client_handshake(struct tls_client *client);

/* tls_client_is_writing - whether it waits to write, not to read */
bool tls_client_is_writing(const struct tls_client *client);

/* tls_client_detail - why it failed or was lost, remote text within; borrowed,
 * "" if nothing is known */
const char *tls_client_detail(const struct tls_client *client);

/* tls_client_chain - how many certificates were presented, which are borrowed;
 * also where the handshake then failed */
size_t tls_client_chain(
    const struct tls_client *client, struct der certs[LIMIT_CHAIN_CERTS]);

/* tls_client_version - "TLS1.3", a constant; once the handshake is done */
const char *tls_client_version(const struct tls_client *client);

/* tls_client_show - the cipher suite, the group and the server's signature,
 * likewise */
void
tls_client_show(const struct tls_client *client, struct probe_sight *sight);

/* A count of octets, or one of the enum */
ssize_t tls_client_read(struct tls_client *client, void *octets, size_t size);
ssize_t
tls_client_write(struct tls_client *client, const void *octets, size_t size);

/* tls_client_bye - tell the server that nothing follows, without waiting */
void tls_client_bye(struct tls_client *client);

/* tls_client_offer - the MTAs that we follow here: those of the time of our
 * library */
enum tls_offer tls_client_offer(void);

/* tls_client_library - the version of the library behind this, a constant */
const char *tls_client_library(void);

#endif
