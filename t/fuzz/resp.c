/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/resp.h"

#include <assert.h>
#include <string.h>

#include "t/fuzz/fuzz.h"

static size_t
check_reply(const struct resp *reply, unsigned depth)
{
	size_t parts = 1;

	assert(reply != NULL && depth <= LIMIT_SHARED_DEPTH);
	if (reply->text != NULL)
		assert(reply->length <= LIMIT_SHARED_VALUE &&
		       reply->text[reply->length] == '\0');
	assert(reply->kind == RESP_ARRAY || reply->count == 0);
	for (size_t i = 0; i < reply->count; i++)
		parts += check_reply(reply->items[i], depth + 1);
	return parts;
}

/* The first octet says how many are read at once. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(resp_reader) struct resp_reader *reader = resp_reader_new();
	size_t step = size > 0 && data[0] > '0' ? data[0] - '0' : 1;
	struct err err;

	fuzz_err_init(&err);
	for (size_t at = 1; at < size; at += step) {
		size_t left = size - at < step ? size - at : step;
		struct resp *reply = NULL;
		int got;

		if (resp_reader_feed(reader, data + at, left, &err) != 0) {
			fuzz_check_refusal(&err);
			return 0;
		}
		while ((got = resp_reader_next(reader, &reply, &err)) == 1) {
			assert(check_reply(reply, 0) <= LIMIT_SHARED_ITEMS);
			resp_member(reply, "role");
			resp_free(reply);
		}
		if (got < 0) {
			fuzz_check_refusal(&err);
			return 0;
		}
	}
	return 0;
}
