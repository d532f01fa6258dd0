/* reachable - the addresses of a host that a stranger names, as far as he may
 * make us connect to them. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_REACHABLE_H
#define COMMON_IO_REACHABLE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/io/dns.h"
#include "common/io/translation.h"

/* By what it is found out; borrowed. */
struct reachable_by {
	struct dns *dns;
	struct translation *translation; /* NULL with allow_private */
	bool allow_private; /* special-purpose addresses will do, too */
};

enum reachable_outcome {
	REACHABLE_UNKNOWN, /* a lookup failed: why says how */
	REACHABLE_BLOCKED, /* it has addresses, and none that will do */
	REACHABLE_NOWHERE, /* it has none */
	REACHABLE_FOUND,
};

struct reachable {
	enum reachable_outcome outcome;
	size_t count;                                    /* of FOUND, else 0 */
	const char *addresses[2 * LIMIT_HOST_ADDRESSES]; /* into texts */
	char texts[2 * LIMIT_HOST_ADDRESSES][INET6_ADDRSTRLEN];
	char why[LIMIT_DETAIL_SIZE];
};

/* reachable_find - look up name, which is normalised, by the deadline
 * (clock_mono_ms); out stays where it is */
void reachable_find(struct reachable *out, const char *name,
    const struct reachable_by *by, int64_t deadline_ms);

#endif
