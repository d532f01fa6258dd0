/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/smtp_reply.h"

#include <assert.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/fuzz/fuzz.h"

/* How octets arrive: chunks of these sizes, over and over. */
struct pace {
	const uint8_t *sizes; /* less one */
	size_t count;         /* 0: all at once */
};

static size_t
feed(struct smtp_reply *reply, const char *octets, size_t length)
{
	char *copy = xmemdup(octets, length);
	size_t used = smtp_reply_feed(reply, copy, length);

	free(copy);
	assert(used <= length);
	assert(used == length || reply->state != SMTP_REPLY_MORE);
	return used;
}

/* Returns how many octets the reply took. */
static size_t
read_reply(struct smtp_reply *reply, const char *octets, size_t length,
    const struct pace *pace)
{
	size_t used = 0;

	smtp_reply_init(reply);
	for (size_t i = 0; reply->state == SMTP_REPLY_MORE && used < length;
	     i++) {
		size_t step = length - used;

		if (pace->count > 0 &&
		    step > pace->sizes[i % pace->count] + (size_t)1)
			step = pace->sizes[i % pace->count] + (size_t)1;
		used += feed(reply, octets + used, step);
	}
	return used;
}

/* A whole reply ends with a line, and has its code. */
static void
check_last_line(const struct smtp_reply *reply, const char *octets, size_t used)
{
	const char *line = octets + used - 1;

	assert(*line == '\n');
	while (line > octets && line[-1] != '\n')
		line--;
	assert(reply->code >= 0 && reply->code <= 999);
	assert(line[0] == '0' + reply->code / 100);
	assert(line[1] == '0' + reply->code / 10 % 10);
	assert(line[2] == '0' + reply->code % 10);
	assert(line[3] != '-');
}

/* No reply goes on for ever: a last line ends any. */
static void
check_open(const struct smtp_reply *reply)
{
	static const char last[] = "\r\n250 end\r\n";
	struct smtp_reply copy = *reply;

	smtp_reply_feed(&copy, last, sizeof(last) - 1);
	assert(copy.state != SMTP_REPLY_MORE);
}

static void
check_reply(struct smtp_reply *reply, const char *octets, size_t used)
{
	assert(reply->total == used && used <= LIMIT_SMTP_REPLY + 1);
	assert((reply->extensions & ~(SMTP_STARTTLS | SMTP_REQUIRETLS)) == 0);
	assert(memchr(reply->text, '\0', sizeof(reply->text)) != NULL);
	assert(memchr(reply->stray, '\0', sizeof(reply->stray)) != NULL);
	assert(reply->kept <= 2 * LIMIT_SMTP_LINE);
	switch (reply->state) {
	case SMTP_REPLY_MORE:
		check_open(reply);
		return;
	case SMTP_REPLY_DONE:
		check_last_line(reply, octets, used);
		break;
	case SMTP_REPLY_BAD:
		break;
	}
	assert(smtp_reply_feed(reply, "250 late\r\n", 10) == 0);
}

static void
check_same(const struct smtp_reply *a, const struct smtp_reply *b)
{
	assert(a->state == b->state);
	assert(a->code == b->code);
	assert(a->extensions == b->extensions);
	assert(strcmp(a->text, b->text) == 0);
}

/* One reply at every pace; how many octets it took, 0 if none can follow. */
static size_t
try_reply(const char *octets, size_t length, const struct pace *given)
{
	static const uint8_t one[] = {0};
	const struct pace paces[] = {{one, 1}, *given};
	const struct pace whole = {NULL, 0};
	struct smtp_reply reply, other;
	size_t used = read_reply(&reply, octets, length, &whole);

	check_reply(&reply, octets, used);
	for (size_t i = 0; i < COUNT(paces); i++) {
		assert(read_reply(&other, octets, length, &paces[i]) == used);
		check_same(&reply, &other);
	}
	return reply.state == SMTP_REPLY_DONE ? used : 0;
}

/* An octet N, N chunk sizes less one, and what the server sent. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pace pace = {NULL, 0};
	const char *octets;
	size_t used;

	if (size == 0)
		return 0;
	pace.count = data[0] < size ? data[0] : size - 1;
	pace.sizes = data + 1;
	octets = (const char *)data + 1 + pace.count;
	size -= 1 + pace.count;
	while ((used = try_reply(octets, size, &pace)) > 0) {
		octets += used;
		size -= used;
	}
	return 0;
}
