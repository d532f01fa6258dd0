/* smtp_socket - the socket of a probe: where it leaves from and goes to. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_SMTP_SOCKET_H
#define COMMON_IO_SMTP_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/proto/address.h"

/* The address of this host that connections leave from, text, for each family;
 * NULL: as the system chooses. */
struct smtp_source {
	const char *ipv4;
	const char *ipv6;
};

/* smtp_source_of - the one for a family, AF_INET or AF_INET6, or NULL */
const char *smtp_source_of(const struct smtp_source *source, int family);

/* smtp_source_equal - whether both say the same */
bool
smtp_source_equal(const struct smtp_source *a, const struct smtp_source *b);

/*
 * smtp_socket_open - a non-blocking socket for a connection to an address of
 * the family; -1 with errno
 *
 * smtp_socket_bind - have it leave from source, unless that is NULL; 0, or -1
 * with errno, EADDRNOTAVAIL above all: this host has no such address
 *
 * smtp_socket_connect - begin to connect; as connect(2)
 */
int smtp_socket_open(int family);
int smtp_socket_bind(int fd, const char *source);
int smtp_socket_connect(int fd, const struct address *address, uint16_t port);

/* smtp_socket_source - the address that it leaves from, "" if none is known */
void smtp_socket_source(int fd, char out[INET6_ADDRSTRLEN]);

#endif
