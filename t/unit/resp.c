/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/resp.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* Fed whole; 1 with the first reply, 0, or -1. */
static int
read_reply(const char *octets, size_t size, struct resp **reply)
{
	AUTO(resp_reader) struct resp_reader *reader = resp_reader_new();
	struct err err;

	*reply = NULL;
	if (resp_reader_feed(reader, octets, size, &err) != 0)
		return -1;
	return resp_reader_next(reader, reply, &err);
}

static void
replies_are_read_by_their_kinds(void **state)
{
	static const struct {
		const char *octets;
		enum resp_kind kind;
		const char *text;
		int64_t integer;
		size_t count;
	} rows[] = {{"+OK\r\n", RESP_STATUS, "OK", 0, 0},
	    {"-ERR no\r\n", RESP_ERROR, "ERR no", 0, 0},
	    {":-12\r\n", RESP_INTEGER, NULL, -12, 0},
	    {"$-1\r\n", RESP_NIL, NULL, 0, 0},
	    {"*-1\r\n", RESP_NIL, NULL, 0, 0},
	    {"$0\r\n\r\n", RESP_TEXT, "", 0, 0},
	    {"$3\r\na\r\n\r\n", RESP_TEXT, "a\r\n", 0, 0},
	    {"*0\r\n", RESP_ARRAY, NULL, 0, 0},
	    {"*2\r\n:1\r\n$-1\r\n", RESP_ARRAY, NULL, 0, 2}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct resp *reply;

		ROW(rows[i].octets, read_reply(rows[i].octets,
					strlen(rows[i].octets), &reply) == 1);
		ROW(rows[i].octets, reply->kind == rows[i].kind);
		ROW(rows[i].octets, reply->count == rows[i].count);
		ROW(rows[i].octets, reply->integer == rows[i].integer);
		if (rows[i].text != NULL)
			ROW_TEXT(rows[i].octets, reply->text, rows[i].text);
		resp_free(reply);
	}
}

/* F42, and what RESP 2 has not */
static void
what_is_no_reply_is_refused(void **state)
{
	static const char *const rows[] = {"*1000000000\r\n", "*2049\r\n",
	    "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
	    ":99999999999999999999\r\n", "hello\r\n", "*x\r\n", "$x\r\n",
	    "$163841\r\n", ",1.5\r\n", "#t\r\n", "%1\r\n+a\r\n+b\r\n",
	    "~1\r\n+a\r\n", ">1\r\n+a\r\n", "(1\r\n", "=5\r\ntxt:x\r\n"};
	enum { ROOM = 200 * 1024 };
	char *octets = xcalloc(1, ROOM);

	(void)state;
	assert_int_equal(LIMIT_SHARED_DEPTH, 5);
	assert_int_equal(LIMIT_SHARED_VALUE, 163840);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t length = strlen(rows[i]);
		struct resp *reply;

		/* of a text, all that it announces */
		memset(octets, 'x', ROOM);
		memcpy(octets, rows[i], length);
		memcpy(octets + length + LIMIT_SHARED_VALUE + 1, "\r\n", 2);
		ROW(rows[i], read_reply(octets,
				 strcmp(rows[i], "$163841\r\n") == 0
				     ? length + LIMIT_SHARED_VALUE + 3
				     : length,
				 &reply) == -1);
		assert_null(reply);
	}
	free(octets);
}

/* F42: each limit is one that may be reached. */
static void
what_reaches_a_limit_is_a_reply(void **state)
{
	static const char deep[] = "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n";
	char *octets = xcalloc(1, LIMIT_SHARED_VALUE + 32), *end;
	struct resp *reply;

	(void)state;
	assert_int_equal(read_reply(deep, strlen(deep), &reply), 1);
	resp_free(reply);
	end = octets + snprintf(octets, 32, "$%d\r\n", LIMIT_SHARED_VALUE);
	memset(end, 'x', LIMIT_SHARED_VALUE);
	memcpy(end + LIMIT_SHARED_VALUE, "\r\n", 2);
	assert_int_equal(
	    read_reply(octets, (size_t)(end - octets) + LIMIT_SHARED_VALUE + 2,
		&reply),
	    1);
	assert_int_equal(reply->length, LIMIT_SHARED_VALUE);
	resp_free(reply);
	free(octets);
}

/* A list of so many, of which the last may be another than a number. */
static int
read_list(
    struct resp_reader *reader, int count, const char *last, struct err *err)
{
	struct resp *reply = NULL;
	char head[16];
	int length = snprintf(head, sizeof(head), "*%d\r\n", count);
	int rc;

	resp_reader_feed(reader, head, (size_t)length, err);
	for (int i = 1; i < count; i++)
		resp_reader_feed(reader, ":1\r\n", 4, err);
	resp_reader_feed(reader, last, strlen(last), err);
	rc = resp_reader_next(reader, &reply, err);
	resp_free(reply);
	return rc;
}

/* F42: a list is a part, as each of its items. */
static void
a_reply_has_so_many_parts(void **state)
{
	AUTO(resp_reader) struct resp_reader *reader = resp_reader_new();
	AUTO(resp_reader) struct resp_reader *other = resp_reader_new();
	struct err err;

	(void)state;
	/* one after the other */
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    read_list(reader, LIMIT_SHARED_ITEMS - 1, ":1\r\n", &err),
		    1);
	assert_int_equal(
	    read_list(reader, LIMIT_SHARED_ITEMS, ":1\r\n", &err), -1);
	assert_string_equal(err.text, "no reply that is known: too many parts");
	assert_int_equal(
	    read_list(other, LIMIT_SHARED_ITEMS, "hello\r\n", &err), -1);
	assert_string_equal(err.text,
	    "no reply that is known: Protocol error, got \"h\" as reply type "
	    "byte");
	/* nothing is read any more */
	assert_int_equal(resp_reader_feed(other, ":1\r\n", 4, &err), -1);
}

/* F42 */
static void
what_is_not_read_yet_has_an_end(void **state)
{
	AUTO(resp_reader) struct resp_reader *reader = resp_reader_new();
	char *octets = xmalloc(LIMIT_SHARED_UNREAD);
	struct resp *reply;
	struct err err;

	(void)state;
	memset(octets, 'x', LIMIT_SHARED_UNREAD);
	octets[0] = '+';
	/* what was read before does not count */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    resp_reader_feed(reader, ":1\r\n", 4, &err), 0);
		assert_int_equal(resp_reader_next(reader, &reply, &err), 1);
		resp_free(reply);
	}
	assert_int_equal(
	    resp_reader_feed(reader, octets, LIMIT_SHARED_UNREAD, &err), 0);
	assert_int_equal(resp_reader_next(reader, &reply, &err), 0);
	assert_int_equal(resp_reader_feed(reader, "x", 1, &err), -1);
	assert_string_equal(err.text, "a reply without end");
	free(octets);
}

static void
replies_without_number_are_read(void **state)
{
	AUTO(resp_reader) struct resp_reader *reader = resp_reader_new();
	enum { SIZE = 100000, TIMES = 25 };
	char *octets = xmalloc(SIZE);
	struct resp *reply;
	struct err err;

	(void)state;
	assert_true((size_t)SIZE * TIMES > 2 * LIMIT_SHARED_UNREAD);
	memset(octets, 'x', SIZE);
	octets[0] = '+';
	memcpy(octets + SIZE - 2, "\r\n", 2);
	for (int i = 0; i < TIMES; i++) {
		assert_int_equal(
		    resp_reader_feed(reader, octets, SIZE, &err), 0);
		assert_int_equal(resp_reader_next(reader, &reply, &err), 1);
		resp_free(reply);
	}
	free(octets);
}

/* F42: no more than so much is ever kept */
static void
a_reply_without_end_is_given_up(void **state)
{
	static const char *const begins[] = {
	    "+", "$536870912\r\n", "*1024\r\n:1\r\n"};
	static char many[4096];

	(void)state;
	memset(many, 'x', sizeof(many));
	for (size_t i = 0; i < COUNT(begins); i++) {
		AUTO(resp_reader)
		struct resp_reader *reader = resp_reader_new();
		struct resp *reply = NULL;
		size_t fed = 0;
		struct err err;

		ROW(begins[i], resp_reader_feed(reader, begins[i],
				   strlen(begins[i]), &err) == 0);
		while (
		    resp_reader_feed(reader, many, sizeof(many), &err) == 0 &&
		    resp_reader_next(reader, &reply, &err) == 0)
			fed += sizeof(many);
		ROW(begins[i], reply == NULL);
		ROW(begins[i], fed <= LIMIT_SHARED_UNREAD);
	}
}

static void
parts_are_counted_for_each_reply_alone(void **state)
{
	AUTO(resp_reader) struct resp_reader *reader = resp_reader_new();
	struct resp *reply;
	struct err err;

	(void)state;
	for (int i = 0; i < 2 * LIMIT_SHARED_ITEMS; i++) {
		assert_int_equal(
		    resp_reader_feed(reader, ":1\r\n", 4, &err), 0);
		assert_int_equal(resp_reader_next(reader, &reply, &err), 1);
		resp_free(reply);
	}
	/* two lists, of which each alone would do */
	for (int list = 0; list < 2; list++) {
		if (list == 0)
			resp_reader_feed(reader, "*2\r\n", 4, &err);
		resp_reader_feed(reader, "*1500\r\n", 7, &err);
		for (int i = 0; i < 1500; i++)
			resp_reader_feed(reader, ":1\r\n", 4, &err);
	}
	assert_int_equal(resp_reader_next(reader, &reply, &err), -1);
}

static void
replies_come_in_any_pieces(void **state)
{
	static const char octets[] =
	    "*4\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$4\r\nmode\r\n"
	    "$10\r\nstandalone\r\n+OK\r\n";
	AUTO(resp_reader) struct resp_reader *reader = resp_reader_new();
	struct resp *reply = NULL, *replies[2];
	size_t count = 0;
	struct err err;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(octets); i++) {
		assert_int_equal(
		    resp_reader_feed(reader, octets + i, 1, &err), 0);
		while (resp_reader_next(reader, &reply, &err) == 1)
			replies[count++] = reply;
	}
	assert_int_equal(count, 2);
	assert_true(resp_is(resp_member(replies[0], "role"), "master"));
	assert_true(resp_is(resp_member(replies[0], "mode"), "standalone"));
	assert_null(resp_member(replies[0], "master"));
	assert_null(resp_member(replies[1], "OK"));
	assert_true(resp_is(replies[1], "OK"));
	assert_false(resp_is(replies[1], "OKAY"));
	resp_free(replies[0]);
	resp_free(replies[1]);
}

static void
words_of_replies_are_compared_whole(void **state)
{
	static const struct {
		const char *octets, *word;
		bool is, is_error;
	} rows[] = {{"+OK\r\n", "OK", true, false},
	    {"+OK\r\n", "NO", false, false}, {"+OK\r\n", "O", false, false},
	    {"$2\r\nOK\r\n", "OK", true, false},
	    {"-NOAUTH no\r\n", "NOAUTH", false, true},
	    {"-NOAUTH no\r\n", "NOAUTH no", false, true},
	    {"-NOAUTH no\r\n", "NOPERM", false, false},
	    {"+NOAUTH no\r\n", "NOAUTH", false, false},
	    {"$-1\r\n", "", false, false}, {":1\r\n", "1", false, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct resp *reply;

		ROW(rows[i].octets, read_reply(rows[i].octets,
					strlen(rows[i].octets), &reply) == 1);
		ROW(rows[i].octets, resp_is(reply, rows[i].word) == rows[i].is);
		ROW(rows[i].octets,
		    resp_is_error(reply, rows[i].word) == rows[i].is_error);
		resp_free(reply);
	}
}

static void
a_key_without_a_value_is_no_member(void **state)
{
	static const char octets[] = "*3\r\n+a\r\n+b\r\n+c\r\n";
	struct resp *reply;

	(void)state;
	assert_int_equal(read_reply(octets, strlen(octets), &reply), 1);
	assert_true(resp_is(resp_member(reply, "a"), "b"));
	assert_null(resp_member(reply, "b"));
	assert_null(resp_member(reply, "c"));
	resp_free(reply);
}

static void
a_command_is_its_words_counted(void **state)
{
	struct resp_words words = {
	    .count = 3, .items = {"SET", "a b", "x\r\ny"}};
	size_t size;
	char *command = resp_command(&words, &size);
	static const char wanted[] =
	    "*3\r\n$3\r\nSET\r\n$3\r\na b\r\n$4\r\nx\r\ny\r\n";

	(void)state;
	assert_int_equal(size, sizeof(wanted) - 1);
	assert_memory_equal(command, wanted, size);
	free(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies_are_read_by_their_kinds),
	    cmocka_unit_test(what_is_no_reply_is_refused),
	    cmocka_unit_test(what_reaches_a_limit_is_a_reply),
	    cmocka_unit_test(a_reply_has_so_many_parts),
	    cmocka_unit_test(what_is_not_read_yet_has_an_end),
	    cmocka_unit_test(replies_without_number_are_read),
	    cmocka_unit_test(a_reply_without_end_is_given_up),
	    cmocka_unit_test(parts_are_counted_for_each_reply_alone),
	    cmocka_unit_test(replies_come_in_any_pieces),
	    cmocka_unit_test(words_of_replies_are_compared_whole),
	    cmocka_unit_test(a_key_without_a_value_is_no_member),
	    cmocka_unit_test(a_command_is_its_words_counted),
	};

	return RUN_TESTS(tests);
}
