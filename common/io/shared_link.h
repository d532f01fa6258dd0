/* shared_link - a connection to a store that hosts share: a socket, TLS or
 * none, no octet of it waited for without a deadline. One thread at a time, but
 * that one may wait while another writes. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_SHARED_LINK_H
#define COMMON_IO_SHARED_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/shared_address.h"
#include "common/io/shared_lookup.h"

/* Whom we trust, and whom we are; files are read once. */
struct shared_tls;
void shared_tls_free(struct shared_tls *tls);
struct shared_tls *shared_tls_new(const char *ca_file, const char *cert_file,
    const char *key_file, struct err *err) OWNED(shared_tls_free);

struct shared_link;

/*
 * shared_link_open - connect by deadline_ms (clock_mono_ms)
 *
 * TLS is 1.2 or later, and the certificate has to be of the address's host,
 * always.  stop: a descriptor that becomes readable when it is to end; TEMP
 * then, and for all that fails otherwise.
 */
void shared_link_free(struct shared_link *link);
struct shared_link *shared_link_open(const struct shared_address *address,
    const struct shared_tls *tls, struct shared_lookup *lookup, int stop,
    int64_t deadline_ms, struct err *err) OWNED(shared_link_free);

/* A count of octets, or one of these. */
enum { SHARED_LINK_AGAIN = -1, SHARED_LINK_LOST = -2 };

ssize_t shared_link_read(struct shared_link *link, void *octets, size_t size);
ssize_t
shared_link_write(struct shared_link *link, const void *octets, size_t size);

/*
 * shared_link_await - until there may be something to read, or to write where
 * that is wanted, or stop is readable, or deadline_ms; false: stop is
 */
bool shared_link_await(const struct shared_link *link, bool to_write, int stop,
    int64_t deadline_ms);

#endif
