/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/control_connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

enum {
	/* A command asks at once */
	REQUEST_MS = 10 * 1000,

	/* It may stand in a pipe to a pager; but an engine that was replaced
	 * has to wait for it */
	PROGRESS_MS = 60 * 1000,
	ANSWER_MS = 15 * 60 * 1000,
};

struct control_connection *
control_connection_new(int fd, bool may_flush)
{
	struct control_connection *client = xcalloc(1, sizeof(*client));

	client->fd = fd;
	client->may_flush = may_flush;
	client->deadline_ms = clock_mono_ms() + REQUEST_MS;
	return client;
}

void
control_connection_free(struct control_connection *client)
{
	if (client == NULL)
		return;
	control_answer_free(client->answer);
	free(client->lines.data);
	close(client->fd);
	free(client);
}

static void
begin_to_write(struct control_connection *client)
{
	client->state = CONTROL_WRITING;
	client->written = 0;
	client->deadline_ms =
	    clock_sooner_ms(client->answered_by_ms, PROGRESS_MS);
}

void
control_connection_refuse(
    struct control_connection *client, const char *word, const char *text)
{
	control_add_end(&client->lines, word, text);
	client->last = true;
	client->answered_by_ms = clock_mono_ms() + REQUEST_MS;
	begin_to_write(client);
	control_connection_write(client);
}

/* The next request, if all of it is there. */
static void
find_request(struct control_connection *client)
{
	const char *end = memchr(client->input, '\n', client->input_length);

	if (end != NULL) {
		client->request_length = (size_t)(end - client->input);
		client->state = CONTROL_READY;
		client->answered_by_ms = clock_mono_ms() + ANSWER_MS;
	} else if (client->input_length == sizeof(client->input)) {
		control_connection_refuse(
		    client, "error", "the line is too long");
	}
}

void
control_connection_read(struct control_connection *client)
{
	ssize_t got = recv(client->fd, client->input + client->input_length,
	    sizeof(client->input) - client->input_length, MSG_DONTWAIT);

	if (got > 0) {
		client->input_length += (size_t)got;
		find_request(client);
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		client->state = CONTROL_GONE;
	}
}

static void
end_answer(struct control_connection *client)
{
	size_t used = client->request_length + 1;

	control_answer_free(client->answer);
	client->answer = NULL;
	if (client->last) {
		client->state = CONTROL_GONE;
		return;
	}
	client->input_length -= used;
	memmove(client->input, client->input + used, client->input_length);
	client->state = CONTROL_READING;
	client->deadline_ms = clock_mono_ms() + REQUEST_MS;
	find_request(client);
}

static void
all_written(struct control_connection *client)
{
	free(client->lines.data);
	client->lines = (struct control_lines){0};
	if (client->more) {
		client->state = CONTROL_READY;
	} else {
		end_answer(client);
	}
}

void
control_connection_write(struct control_connection *client)
{
	ssize_t put = send(client->fd, client->lines.data + client->written,
	    client->lines.length - client->written,
	    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (put < 0) {
		if (errno != EAGAIN && errno != EINTR)
			client->state = CONTROL_GONE;
		return;
	}
	client->written += (size_t)put;
	client->deadline_ms =
	    clock_sooner_ms(client->answered_by_ms, PROGRESS_MS);
	if (client->written == client->lines.length)
		all_written(client);
}

void
control_connection_work(struct control_connection *client)
{
	if (client->answer == NULL)
		client->answer = control_answer_new(
		    client->input, client->request_length, client->may_flush);
	client->more = control_answer_more(client->answer, &client->lines);
	client->done = true;
}

void
control_connection_worked(struct control_connection *client)
{
	client->done = false;
	begin_to_write(client);
	control_connection_write(client);
}
