/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_record.h"

#include <assert.h>
#include <string.h>

#include "t/fuzz/fuzz.h"

enum { MAX_RECORDS = 16 };

/* Of the URIs that were told of. */
struct told {
	size_t count, good;
};

static void
check_rua(const struct tlsrpt_rua *rua)
{
	uint16_t port;
	char path[TLSRPT_PATH_SIZE];

	for (const char *at = rua->target; *at != '\0'; at++)
		assert(*at > ' ' && *at <= '~');
	fuzz_check_domain(rua->host);
	if (rua->scheme == TLSRPT_MAILTO) {
		const char *at = strrchr(rua->target, '@');

		assert(at != NULL && at > rua->target);
		assert(strlen(rua->target) <= LIMIT_DOMAIN + 1 + 64);
		return;
	}
	tlsrpt_rua_url(rua, &port, path);
	assert(port == 443 || port > 1023);
	assert(path[0] == '/' && strpbrk(path, " #") == NULL);
}

static void
note_uri(void *arg, const char *uri, size_t length,
    const struct tlsrpt_rua *rua, const char *why)
{
	struct told *told = arg;

	assert(uri != NULL && length <= LIMIT_TLSRPT_RECORD);
	assert((rua == NULL) == (why != NULL));
	told->count++;
	told->good += rua != NULL;
}

/* Pieces are TXT records. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(fuzz_pieces)
	struct fuzz_pieces *pieces = fuzz_pieces_new(data, size, MAX_RECORDS);
	struct sts_txt records[MAX_RECORDS];
	struct tlsrpt_record record, silent;
	struct told told = {0, 0};

	for (size_t i = 0; i < pieces->count; i++) {
		records[i].data = (const char *)pieces->items[i].data;
		records[i].length = pieces->items[i].size;
	}
	record = tlsrpt_record_select(records, pieces->count, note_uri, &told);
	silent = tlsrpt_record_select(records, pieces->count, NULL, NULL);
	assert(
	    record.outcome == silent.outcome && record.count == silent.count);
	assert((record.outcome == TLSRPT_RECORD_VALID) == (record.count > 0));
	assert(
	    (record.outcome == TLSRPT_RECORD_VALID) == (record.why[0] == '\0'));
	assert(record.count <= LIMIT_TLSRPT_RUA);
	assert(told.count <= LIMIT_TLSRPT_URIS && record.count <= told.good);
	for (size_t i = 0; i < record.count; i++)
		check_rua(&record.rua[i]);
	return 0;
}
