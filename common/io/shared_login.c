/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/shared_login.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"

static int
send_all(struct shared_link *link, const char *octets, size_t size, int stop,
    int64_t deadline_ms)
{
	size_t sent = 0;

	while (sent < size) {
		ssize_t count =
		    shared_link_write(link, octets + sent, size - sent);

		if (count == SHARED_LINK_LOST ||
		    clock_left_ms(deadline_ms) == 0)
			return -1;
		if (count > 0)
			sent += (size_t)count;
		else if (!shared_link_await(link, true, stop, deadline_ms))
			return -1;
	}
	return 0;
}

/* The one reply that is awaited; NULL with err. */
static struct resp *
read_login_reply(struct shared_link *link, struct resp_reader *reader, int stop,
    int64_t deadline_ms, struct err *err)
{
	char octets[4096];
	struct resp *reply = NULL;

	while (clock_left_ms(deadline_ms) > 0) {
		ssize_t count = shared_link_read(link, octets, sizeof(octets));

		if (count == SHARED_LINK_LOST)
			break;
		if (count == SHARED_LINK_AGAIN) {
			if (!shared_link_await(link, false, stop, deadline_ms))
				break;
			continue;
		}
		if (resp_reader_feed(reader, octets, (size_t)count, err) != 0)
			return NULL;
		switch (resp_reader_next(reader, &reply, err)) {
		case 1:
			return reply;
		case -1:
			return NULL;
		}
	}
	err_set(err, ERR_TEMP, "it does not answer");
	return NULL;
}

/* What it says goes into a log line. */
static void
quote_reply(const struct resp *reply, struct err *err)
{
	char text[LIMIT_DETAIL_SIZE];

	text_copy(text, sizeof(text), reply->text);
	text_printable(text, "");
	err_set(err, ERR_TEMP, "%s", text);
}

static enum shared_login
judge_error(const struct resp *reply, struct err *err)
{
	static const char *const busy[] = {
	    "LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN"};
	static const char *const denied[] = {
	    "WRONGPASS", "NOAUTH", "NOPERM", "ERR AUTH", "DENIED"};

	quote_reply(reply, err);
	for (size_t i = 0; i < sizeof(busy) / sizeof(busy[0]); i++)
		if (resp_is_error(reply, busy[i]))
			return SHARED_LOGIN_BUSY;
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
		if (resp_is_error(reply, denied[i]))
			return SHARED_LOGIN_DENIED;
	return SHARED_LOGIN_LOST;
}

static enum shared_login
judge_hello(const struct resp *reply, struct err *err)
{
	const struct resp *role = resp_member(reply, "role");
	const struct resp *mode = resp_member(reply, "mode");

	if (reply->kind == RESP_ERROR)
		return judge_error(reply, err);
	if (role == NULL || mode == NULL) {
		err_set(err, ERR_TEMP, "it is neither Valkey nor Redis");
		return SHARED_LOGIN_LOST;
	}
	if (resp_is(mode, "cluster")) {
		err_set(err, ERR_TEMP, "it is a cluster");
		return SHARED_LOGIN_LOST;
	}
	if (resp_is(role, "master"))
		return SHARED_LOGIN_DONE;
	err_set(err, ERR_TEMP, "it is a replica");
	return SHARED_LOGIN_REPLICA;
}

enum shared_login
shared_login(struct shared_link *link, struct resp_reader *reader,
    const struct shared_name *name, int stop, int64_t deadline_ms,
    struct err *err)
{
	struct resp_words words = {.count = 2, .items = {"HELLO", "2"}};
	enum shared_login outcome;
	struct resp *reply;
	size_t size;
	char *command;
	int rc;

	if (name->password != NULL) {
		words.items[words.count++] = "AUTH";
		words.items[words.count++] =
		    name->user == NULL ? "default" : name->user;
		words.items[words.count++] = name->password;
	}
	command = resp_command(&words, &size);
	rc = send_all(link, command, size, stop, deadline_ms);
	free(command);
	if (rc != 0) {
		err_set(err, ERR_TEMP, "the connection is lost");
		return SHARED_LOGIN_LOST;
	}
	reply = read_login_reply(link, reader, stop, deadline_ms, err);
	if (reply == NULL)
		return SHARED_LOGIN_LOST;
	outcome = judge_hello(reply, err);
	resp_free(reply);
	return outcome;
}
