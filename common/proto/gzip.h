/* gzip - RFC 1952: what is inside, up to a limit, and the other way. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_GZIP_H
#define COMMON_PROTO_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gzip_outcome {
	GZIP_DAMAGED,   /* no gzip, or a sum is wrong */
	GZIP_CUT,       /* it ends early */
	GZIP_TOO_LARGE, /* more than max octets come of it */
	GZIP_TOO_DENSE, /* more than LIMIT_GZIP_RATIO times its own size */
	GZIP_WHOLE,
};

struct gzip_inside {
	char *octets; /* for free(), with a NUL behind size of them */
	size_t size;
	size_t members; /* one after the other, of which it was made */
};

/* gzip_is - whether octets begin as one does */
bool gzip_is(const void *octets, size_t size);

/*
 * gzip_unpack - the octets inside, max at most
 *
 * All members, one after the other; what stands behind the last of them is
 * passed over.  inside gets what came until the end also where that is early.
 */
enum gzip_outcome gzip_unpack(
    const void *octets, size_t size, size_t max, struct gzip_inside *inside);

/*
 * gzip_pack - size octets as one member, for free(); *packed is how many
 *
 * Without a time or a name: equal octets give equal ones.
 */
char *gzip_pack(const void *octets, size_t size, size_t *packed);

#endif
