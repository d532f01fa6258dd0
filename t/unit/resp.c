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
	    cmocka_unit_test(a_reply_without_end_is_given_up),
	    cmocka_unit_test(parts_are_counted_for_each_reply_alone),
	    cmocka_unit_test(replies_come_in_any_pieces),
	    cmocka_unit_test(a_command_is_its_words_counted),
	};

	return RUN_TESTS(tests);
}
