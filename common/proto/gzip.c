/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/gzip.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST /* what is read is const */
#include <zlib.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"

enum { ROOM_FIRST = 16 * 1024 };

/* Of windowBits: the largest window, and a gzip head instead of zlib's. */
enum { WINDOW_GZIP = 15 + 16, MEMORY_LEVEL = 9 };

bool
gzip_is(const void *octets, size_t size)
{
	return size >= 2 && memcmp(octets, "\x1f\x8b", 2) == 0;
}

/* How many octets may come of size of them. */
static size_t
inside_limit(size_t size, size_t max)
{
	return size > max / LIMIT_GZIP_RATIO ? max : size * LIMIT_GZIP_RATIO;
}

/* Room for one octet more than the limit shows that there is more. */
static void
grow_inside(struct gzip_inside *inside, size_t *room, size_t limit)
{
	if (inside->size < *room)
		return;
	*room = *room > limit / 2 ? limit + 1 : 2 * *room;
	inside->octets = xrealloc(inside->octets, *room + 1, 1);
}

/* One member: GZIP_WHOLE at its end. */
static enum gzip_outcome
unpack_member(
    z_stream *stream, struct gzip_inside *inside, size_t *room, size_t limit)
{
	int rc = Z_OK;

	while (rc == Z_OK) {
		grow_inside(inside, room, limit);
		stream->next_out = (Bytef *)inside->octets + inside->size;
		stream->avail_out = (uInt)(*room - inside->size);
		rc = inflate(stream, Z_NO_FLUSH);
		inside->size = *room - stream->avail_out;
		if (inside->size > limit)
			return GZIP_TOO_LARGE;
	}
	if (rc == Z_STREAM_END)
		return GZIP_WHOLE;
	return rc == Z_BUF_ERROR ? GZIP_CUT : GZIP_DAMAGED;
}

static enum gzip_outcome
unpack_all(z_stream *stream, struct gzip_inside *inside, size_t limit)
{
	size_t room = limit < ROOM_FIRST ? limit + 1 : ROOM_FIRST;
	enum gzip_outcome outcome;

	inside->octets = xmalloc(room + 1);
	do {
		outcome = unpack_member(stream, inside, &room, limit);
		inside->members += outcome == GZIP_WHOLE;
	} while (outcome == GZIP_WHOLE &&
		 gzip_is(stream->next_in, stream->avail_in) &&
		 inflateReset(stream) == Z_OK);
	return outcome;
}

enum gzip_outcome
gzip_unpack(
    const void *octets, size_t size, size_t max, struct gzip_inside *inside)
{
	size_t limit = inside_limit(size, max);
	z_stream stream = {
	    .next_in = (const Bytef *)octets, .avail_in = (uInt)size};
	enum gzip_outcome outcome;

	assert(size <= UINT32_MAX / 2 && max <= UINT32_MAX / 2);
	memset(inside, 0, sizeof(*inside));
	if (inflateInit2(&stream, WINDOW_GZIP) != Z_OK)
		abort(); /* as xalloc: there is no memory */
	outcome = unpack_all(&stream, inside, limit);
	inflateEnd(&stream);
	if (outcome == GZIP_TOO_LARGE) {
		inside->size = limit;
		if (limit < max)
			outcome = GZIP_TOO_DENSE;
	}
	inside->octets[inside->size] = '\0';
	return outcome;
}

char *
gzip_pack(const void *octets, size_t size, size_t *packed)
{
	z_stream stream = {
	    .next_in = (const Bytef *)octets, .avail_in = (uInt)size};
	char *out;

	assert(size <= UINT32_MAX / 2);
	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, WINDOW_GZIP,
		MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		abort(); /* as xalloc: there is no memory */
	stream.avail_out = (uInt)deflateBound(&stream, (uLong)size);
	out = xmalloc(stream.avail_out);
	stream.next_out = (Bytef *)out;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort(); /* there is room for all of it */
	*packed = stream.total_out;
	deflateEnd(&stream);
	return out;
}
