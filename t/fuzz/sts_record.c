/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/sts_record.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/text.h"
#include "t/fuzz/fuzz.h"

enum { MAX_RECORDS = 64 };

/* "v=STSv1" *WSP ";" */
static bool
announces(const struct sts_txt *txt)
{
	size_t i = 7;

	if (txt->length < 8 || memcmp(txt->data, "v=STSv1", 7) != 0)
		return false;
	while (i < txt->length && (txt->data[i] == ' ' || txt->data[i] == '\t'))
		i++;
	return i < txt->length && txt->data[i] == ';';
}

static void
check_id(const char *id)
{
	char text[LIMIT_STS_ID + 16];
	struct sts_txt txt = {text, 0};
	struct sts_record back;
	struct text build;

	assert(strlen(id) >= 1 && strlen(id) <= LIMIT_STS_ID);
	assert(strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			  "0123456789") == strlen(id));
	text_init(&build, text, sizeof(text));
	text_addf(&build, "v=STSv1;id=%s", id);
	txt.length = build.len;
	back = sts_record_select(&txt, 1);
	assert(back.outcome == STS_RECORD_VALID && strcmp(back.id, id) == 0);
}

static void
check_record(const struct sts_record *record, size_t announced)
{
	assert(memchr(record->id, '\0', sizeof(record->id)) != NULL);
	assert((record->outcome == STS_RECORD_ABSENT) == (announced == 0));
	assert((record->outcome == STS_RECORD_MANY) == (announced > 1));
	if (record->outcome == STS_RECORD_VALID)
		check_id(record->id);
	else
		assert(record->id[0] == '\0');
	if (record->outcome == STS_RECORD_VALID)
		assert(record->why[0] == '\0');
	else if (announced > 0)
		assert(record->why[0] != '\0');
}

static void
check_same(const struct sts_record *a, const struct sts_record *b)
{
	assert(a->outcome == b->outcome);
	assert(strcmp(a->id, b->id) == 0);
	/* of several that are near it is the first */
	assert(a->outcome == STS_RECORD_ABSENT || strcmp(a->why, b->why) == 0);
}

/* Neither order nor other records matter; a second one does. */
static void
check_others(const struct sts_txt *records, size_t count,
    const struct sts_record *record, size_t announced)
{
	struct sts_txt more[2 * MAX_RECORDS + 1] = {{"v=spf1 -all", 11}};
	struct sts_record other;

	for (size_t i = 0; i < count; i++) {
		more[1 + i] = records[count - 1 - i];
		more[1 + count + i] = records[i];
	}
	other = sts_record_select(more, 1 + count);
	check_same(record, &other);
	other = sts_record_select(more, 1 + 2 * count);
	assert(other.outcome ==
	       (announced > 0 ? STS_RECORD_MANY : STS_RECORD_ABSENT));
}

static void
count_mistake(void *arg, const char *text)
{
	size_t *count = arg;

	assert(text[0] != '\0');
	(*count)++;
}

/* All mistakes or the first alone: the record is the same. */
static void
check_lint(const struct sts_txt *records, size_t count,
    const struct sts_record *record)
{
	size_t mistakes = 0;
	struct sts_record told =
	    sts_record_lint(records, count, count_mistake, &mistakes);

	assert(told.outcome == record->outcome);
	assert(strcmp(told.id, record->id) == 0);
	assert(strcmp(told.why, record->why) == 0);
	assert((mistakes > 0) == (record->why[0] != '\0'));
}

/* Pieces are TXT records. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(fuzz_pieces)
	struct fuzz_pieces *pieces = fuzz_pieces_new(data, size, MAX_RECORDS);
	struct sts_txt records[MAX_RECORDS];
	struct sts_record record;
	size_t announced = 0;

	for (size_t i = 0; i < pieces->count; i++) {
		records[i].data = (const char *)pieces->items[i].data;
		records[i].length = pieces->items[i].size;
		announced += announces(&records[i]);
	}
	record = sts_record_select(records, pieces->count);
	check_record(&record, announced);
	check_others(records, pieces->count, &record, announced);
	check_lint(records, pieces->count, &record);
	return 0;
}
