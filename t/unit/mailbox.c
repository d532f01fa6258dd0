/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

struct seen {
	char text[512]; /* "1:octets|2:octets|" */
	size_t largest;
	unsigned count, too_large;
	unsigned wanted; /* messages; 0: all */
};

static bool
note_message(
    void *arg, unsigned number, const char *octets, size_t size, bool too_large)
{
	struct seen *seen = arg;
	size_t used = strlen(seen->text);

	snprintf(seen->text + used, sizeof(seen->text) - used, "%u:%.*s|",
	    number, (int)(size < 64 ? size : 64), size == 0 ? "" : octets);
	seen->count++;
	seen->too_large += too_large;
	if (size > seen->largest)
		seen->largest = size;
	return seen->count != seen->wanted;
}

/* With so much of it in the head, as who looks at its kind has read. */
static void
split_text(const char *text, size_t size, size_t head, struct seen *seen)
{
	FILE *in = fmemopen((char *)(uintptr_t)text, size, "r");
	char *begin = xmalloc(head + 1);

	memset(seen, 0, sizeof(*seen));
	assert_non_null(in);
	assert_int_equal(fread(begin, 1, head, in), head);
	assert_int_equal(mailbox_read(in, begin, head, note_message, seen), 0);
	fclose(in);
	free(begin);
}

static const struct {
	const char *text, *messages;
} rows[] = {
    {"From a\nA: b\n\nx\n", "1:A: b\n\nx\n|"},
    {"From a\nA: 1\n\nx\n\nFrom b\nA: 2\n\ny\n",
	"1:A: 1\n\nx\n\n|2:A: 2\n\ny\n|"},
    {"From a\r\nA: 1\r\n\r\nFrom b\r\nA: 2\r\n", "1:A: 1\r\n\r\n|2:A: 2\r\n|"},
    {"From a\nA: 1\n\nx\nFrom b\n", "1:A: 1\n\nx\nFrom b\n|"},
    {"From a\nA: 1\n\n>From b\n\nFrom", "1:A: 1\n\n>From b\n\nFrom|"},
    {"From a\n\nFrom b\n\nFrom c\n", "1:\n|2:\n|3:|"},
    {"From a", "1:|"},
    {"From a\nFro\n\nFrom \n", "1:Fro\n\n|2:|"},
};

static void
messages_begin_behind_empty_lines(void **state)
{
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t head = 0; head <= strlen(rows[i].text); head++) {
			split_text(
			    rows[i].text, strlen(rows[i].text), head, &seen);
			ROW_TEXT(rows[i].text, seen.text, rows[i].messages);
		}
}

/* LIMIT_MESSAGE_OCTETS: the next one is whole again */
static void
a_message_that_is_too_large_is_cut(void **state)
{
	size_t large = LIMIT_MESSAGE_OCTETS + 1000;
	char *text = xmalloc(large + 100), *at = stpcpy(text, "From a\n");
	struct seen seen;

	(void)state;
	memset(at, 'x', large);
	at = stpcpy(at + large, "\n\nFrom b\nA: 2\n");
	split_text(text, (size_t)(at - text), 5, &seen);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.too_large, 1);
	assert_int_equal(seen.largest, LIMIT_MESSAGE_OCTETS);
	assert_non_null(strstr(seen.text, "|2:A: 2\n|"));
	free(text);
}

static void
who_wants_no_more_gets_no_more(void **state)
{
	char text[] = "From a\nA: 1\n\nFrom b\nA: 2\n\nFrom c\nA: 3\n";
	FILE *in = fmemopen(text, strlen(text), "r");
	struct seen seen = {.wanted = 2};

	(void)state;
	assert_non_null(in);
	assert_int_equal(mailbox_read(in, NULL, 0, note_message, &seen), -1);
	assert_string_equal(seen.text, "1:A: 1\n\n|2:A: 2\n\n|");
	fclose(in);
}

static void
how_a_mailbox_begins(void **state)
{
	(void)state;
	assert_true(mailbox_begins("From ", 5));
	assert_false(mailbox_begins("From", 4));
	assert_false(mailbox_begins("From: a", 7));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_begin_behind_empty_lines),
	    cmocka_unit_test(a_message_that_is_too_large_is_cut),
	    cmocka_unit_test(who_wants_no_more_gets_no_more),
	    cmocka_unit_test(how_a_mailbox_begins),
	};

	return RUN_TESTS(tests);
}
