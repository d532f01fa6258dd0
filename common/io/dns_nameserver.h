/* dns_nameserver - which nameservers a stub resolver asks. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_NAMESERVER_H
#define COMMON_IO_DNS_NAMESERVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/base/err.h"
#include "common/base/limits.h"

struct dns_nameserver {
	struct sockaddr_storage address;
	socklen_t size;
	bool loopback;                    /* 127/8 or ::1 */
	char text[INET6_ADDRSTRLEN + 32]; /* as it was given */
};

/*
 * dns_nameserver_parse - read ADDRESS or ADDRESS@PORT, with a %zone or without
 *
 * LOCAL if it is none.
 */
int dns_nameserver_parse(
    const char *text, struct dns_nameserver *out, struct err *err);

/*
 * dns_nameserver_load - the nameservers of a file like /etc/resolv.conf
 *
 * Returns how many, at least 1 and no more than LIMIT_NAMESERVERS: 127.0.0.1
 * if it names none, as resolv.conf(5) says.  -1, LOCAL, when it cannot be read
 * or a line is odd.
 */
int dns_nameserver_load(const char *path,
    struct dns_nameserver out[LIMIT_NAMESERVERS], struct err *err);

#endif
