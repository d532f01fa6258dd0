/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/map_request.h"

#include <assert.h>
#include <string.h>

#include "t/fuzz/fuzz.h"

typedef enum map_scan
scan_fn(const char *data, size_t length, struct map_payload *out);

static void
check_request(enum map_ask ask, const struct map_request *request)
{
	if (ask != MAP_ASK_POLICY && ask != MAP_ASK_CHECK)
		return;
	fuzz_check_domain(request->hop.host);
	assert(!request->hop.literal && request->hop.port != 0);
	assert(strchr(request->hop.host, '.') != NULL);
	assert(memchr(request->host, '\0', sizeof(request->host)) != NULL);
}

/* As many requests as there are; what has come in part is never BAD if more of
 * it makes it WHOLE. */
static void
try_scan(const char *data, size_t size, scan_fn *scan,
    void (*each)(const struct map_payload *payload))
{
	struct map_payload out;
	size_t at = 0;

	while (scan(data + at, size - at, &out) == MAP_SCAN_WHOLE) {
		assert(out.used > out.length && out.used <= size - at);
		assert(out.data >= data + at);
		assert(out.data + out.length <= data + at + out.used);
		for (size_t part = 0; part < out.used; part += 1 + part / 8) {
			struct map_payload less;

			assert(scan(data + at, part, &less) == MAP_SCAN_MORE);
		}
		each(&out);
		at += out.used;
	}
}

static void
read_table(const struct map_payload *payload)
{
	struct map_request request;

	assert(payload->length <= LIMIT_MAP_REQUEST);
	check_request(
	    map_request_read(payload->data, payload->length, 25, &request),
	    &request);
}

static void
read_line(const struct map_payload *payload)
{
	struct map_request request;

	assert(payload->length <= LIMIT_LINE_REQUEST);
	check_request(
	    line_request_read(payload->data, payload->length, 25, &request),
	    &request);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* of just that size, so that a read past its end is seen */
	char *text = malloc(size + (size == 0));

	assert(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	try_scan(text, size, map_scan_netstring, read_table);
	try_scan(text, size, map_scan_line, read_line);
	free(text);
	return 0;
}
