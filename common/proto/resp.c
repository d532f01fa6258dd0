/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: hiredis reads, and calls back for each part of a reply. A part
 * that is too much is refused there, before anything is allocated for it: the
 * library then gives up, and so does whoever reads.
 */
#include "common/proto/resp.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

/* The library's own type of a count has changed. */
#if HIREDIS_MAJOR >= 1
typedef size_t resp_count;
#else
typedef int resp_count;
#endif

struct resp_reader {
	redisReader *library;
	size_t unread; /* octets since the last whole reply */
	size_t items;  /* parts of the one that is being read */
};

void
resp_free(struct resp *reply)
{
	if (reply == NULL)
		return;
	for (size_t i = 0; i < reply->count; i++)
		resp_free(reply->items[i]);
	free(reply->items);
	free(reply->text);
	free(reply);
}

bool
resp_is(const struct resp *reply, const char *word)
{
	return (reply->kind == RESP_STATUS || reply->kind == RESP_TEXT) &&
	       reply->length == strlen(word) &&
	       memcmp(reply->text, word, reply->length) == 0;
}

bool
resp_is_error(const struct resp *reply, const char *word)
{
	return reply->kind == RESP_ERROR &&
	       strncmp(reply->text, word, strlen(word)) == 0;
}

const struct resp *
resp_member(const struct resp *reply, const char *key)
{
	if (reply->kind != RESP_ARRAY)
		return NULL;
	for (size_t i = 0; i + 1 < reply->count; i += 2)
		if (resp_is(reply->items[i], key))
			return reply->items[i + 1];
	return NULL;
}

/* --- what hiredis calls --- */

static unsigned
depth_of(const redisReadTask *task)
{
	unsigned depth = 0;

	for (; task->parent != NULL; task = task->parent)
		depth++;
	return depth;
}

/* A part of a reply, in its place; NULL for one too many. */
static struct resp *
add_part(const redisReadTask *task, enum resp_kind kind)
{
	struct resp_reader *reader = task->privdata;
	struct resp *part;

	if (++reader->items > LIMIT_SHARED_ITEMS)
		return NULL;
	part = xcalloc(1, sizeof(*part));
	part->kind = kind;
	if (task->parent != NULL) {
		struct resp *parent = task->parent->obj;

		assert((size_t)task->idx < parent->count);
		parent->items[task->idx] = part;
	}
	return part;
}

static void *
on_string(const redisReadTask *task, char *octets, size_t length)
{
	struct resp *part;
	enum resp_kind kind;

	switch (task->type) {
	case REDIS_REPLY_ERROR:
		kind = RESP_ERROR;
		break;
	case REDIS_REPLY_STATUS:
		kind = RESP_STATUS;
		break;
	case REDIS_REPLY_STRING:
		kind = RESP_TEXT;
		break;
	default:
		return NULL;
	}
	if (length > LIMIT_SHARED_VALUE)
		return NULL;
	part = add_part(task, kind);
	if (part == NULL)
		return NULL;
	part->text = xmalloc(length + 1);
	memcpy(part->text, octets, length);
	part->text[length] = '\0';
	part->length = length;
	return part;
}

static void *
on_array(const redisReadTask *task, resp_count count)
{
	struct resp *part;

	if (task->type != REDIS_REPLY_ARRAY ||
	    (size_t)count > LIMIT_SHARED_ITEMS || /* also what is negative */
	    depth_of(task) >= LIMIT_SHARED_DEPTH)
		return NULL;
	part = add_part(task, RESP_ARRAY);
	if (part == NULL)
		return NULL;
	part->items = xcalloc((size_t)count, sizeof(*part->items));
	part->count = (size_t)count;
	return part;
}

static void *
on_integer(const redisReadTask *task, long long value)
{
	struct resp *part = add_part(task, RESP_INTEGER);

	if (part != NULL)
		part->integer = value;
	return part;
}

static void *
on_nil(const redisReadTask *task)
{
	return add_part(task, RESP_NIL);
}

static void
drop_part(void *part)
{
	resp_free(part);
}

#if HIREDIS_MAJOR >= 1
/* Of RESP 3, which is never asked for. */
static void *
on_double(const redisReadTask *task, double value, char *text, size_t length)
{
	(void)task;
	(void)value;
	(void)text;
	(void)length;
	return NULL;
}

static void *
on_bool(const redisReadTask *task, int value)
{
	(void)task;
	(void)value;
	return NULL;
}
#endif

static redisReplyObjectFunctions calls = {
    .createString = on_string,
    .createArray = on_array,
    .createInteger = on_integer,
    .createNil = on_nil,
#if HIREDIS_MAJOR >= 1
    .createDouble = on_double,
    .createBool = on_bool,
#endif
    .freeObject = drop_part,
};

/* --- reading --- */

struct resp_reader *
resp_reader_new(void)
{
	struct resp_reader *reader = xcalloc(1, sizeof(*reader));

	reader->library = redisReaderCreateWithFunctions(&calls);
	if (reader->library == NULL)
		abort(); /* no memory: as xalloc */
	reader->library->privdata = reader;
	return reader;
}

void
resp_reader_free(struct resp_reader *reader)
{
	if (reader == NULL)
		return;
	redisReaderFree(reader->library);
	free(reader);
}

int
resp_reader_feed(struct resp_reader *reader, const void *octets, size_t size,
    struct err *err)
{
	if (size > LIMIT_SHARED_UNREAD - reader->unread)
		return err_set(err, ERR_DATA, "a reply without end");
	reader->unread += size;
	if (redisReaderFeed(reader->library, octets, size) == REDIS_OK)
		return 0;
	return err_set(err, ERR_DATA, "no reply");
}

/* What follows a reply and has come with it counts for the next one. */
int
resp_reader_next(
    struct resp_reader *reader, struct resp **reply, struct err *err)
{
	void *part = NULL;

	if (redisReaderGetReply(reader->library, &part) != REDIS_OK) {
		char text[LIMIT_DETAIL_SIZE];

		text_copy(text, sizeof(text), reader->library->errstr);
		text_printable(text, "");
		return err_set(err, ERR_DATA, "no reply that is known: %s",
		    reader->items > LIMIT_SHARED_ITEMS ? "too many parts"
						       : text);
	}
	*reply = part;
	if (part == NULL)
		return 0;
	reader->items = 0;
	reader->unread = reader->library->len - reader->library->pos;
	return 1;
}

char *
resp_command(const struct resp_words *words, size_t *size)
{
	const char *items[RESP_WORDS];
	size_t lengths[RESP_WORDS];
	char *printed = NULL, *command;
	long long length; /* an int before hiredis 1 */

	assert(words->count > 0 && words->count <= RESP_WORDS);
	for (size_t i = 0; i < words->count; i++) {
		items[i] = words->items[i];
		lengths[i] = strlen(items[i]);
	}
	length =
	    redisFormatCommandArgv(&printed, (int)words->count, items, lengths);
	if (length < 0)
		abort(); /* no memory: as xalloc */
	command = xmemdup(printed, (size_t)length);
	redisFreeCommand(printed);
	*size = (size_t)length;
	return command;
}
