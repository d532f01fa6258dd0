/* shared_lookup - addresses of a name as the system finds them, in bounded
 * time. One thread an object. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_SHARED_LOOKUP_H
#define COMMON_IO_SHARED_LOOKUP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/base/err.h"
#include "common/base/own.h"

/* What is tried of a name's addresses. */
enum { SHARED_ADDRESSES = 4 };

struct shared_addresses {
	size_t count;
	struct {
		struct sockaddr_storage address;
		socklen_t size;
	} items[SHARED_ADDRESSES];
};

struct shared_lookup;
void shared_lookup_free(struct shared_lookup *lookup);
struct shared_lookup *shared_lookup_new(void) OWNED(shared_lookup_free);

/*
 * shared_lookup_find - the addresses of host, a name or an address
 *
 * The system asks for as long as it likes, in a thread of its own: at
 * deadline_ms (clock_mono_ms) that is TEMP, and no other is begun before it has
 * come to its end.  None to be had is TEMP as well.
 */
int shared_lookup_find(struct shared_lookup *lookup, const char *host,
    uint16_t port, int64_t deadline_ms, struct shared_addresses *out,
    struct err *err);

#endif
