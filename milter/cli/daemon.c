/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/daemon.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/view/json_put.h"

/* A daemon that lives answers at once, or waits for its disk. */
enum { SILENCE_S = 30 };

/* What came and is not yet read: whole lines, and the begin of one. */
struct input {
	int fd;
	char *data; /* LIMIT_CONTROL_ANSWER octets */
	size_t length;
	size_t at;
};

static int
connect_to_daemon(const char *path, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval silence = {.tv_sec = SILENCE_S};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(err, ERR_LOCAL, "socket: %s", strerror(errno));
	text_copy(address.sun_path, sizeof(address.sun_path), path);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof(silence));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	err_set(err, ERR_LOCAL, "no posternd answers at %s: %s", path,
	    strerror(errno));
	close(fd);
	return -1;
}

/* One that goes away meanwhile has said why. */
static void
send_request(int fd, const struct json_request *request)
{
	char *line = json_request_line(request);
	size_t length = strlen(line);

	line[length++] = '\n'; /* in the place of the NUL */
	if (send(fd, line, length, MSG_NOSIGNAL) < 0)
		shutdown(fd, SHUT_WR);
	free(line);
}

/* More octets behind those that are there; false at the end. */
static bool
fill_input(struct input *input)
{
	ssize_t got;

	memmove(
	    input->data, input->data + input->at, input->length - input->at);
	input->length -= input->at;
	input->at = 0;
	if (input->length == LIMIT_CONTROL_ANSWER)
		return false;
	do
		got = recv(input->fd, input->data + input->length,
		    LIMIT_CONTROL_ANSWER - input->length, 0);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	input->length += (size_t)got;
	return true;
}

/* The next line as an object, or NULL. */
static json_t *
next_object(struct input *input)
{
	const char *begin, *end;
	size_t length;
	json_t *object;

	while ((end = memchr(input->data + input->at, '\n',
		    input->length - input->at)) == NULL)
		if (!fill_input(input))
			return NULL;
	begin = input->data + input->at;
	length = (size_t)(end - begin);
	object = json_loadb(begin, length, 0, NULL);
	input->at += length + 1;
	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

static enum cli_daemon_outcome
read_end(const json_t *object, const char *word, struct err *err)
{
	char text[CLI_DAEMON_TEXT_SIZE];
	const char *why = json_string_value(json_object_get(object, "text"));

	if (strcmp(word, "ok") == 0)
		return CLI_DAEMON_ANSWERED;
	text_copy(text, sizeof(text), why == NULL ? "no reason given" : why);
	text_printable(text, "");
	err_set(err, ERR_LOCAL, "posternd: %s", text);
	return CLI_DAEMON_FAILED;
}

static enum cli_daemon_outcome
read_daemon_answer(
    struct input *input, cli_daemon_row *row, void *arg, struct err *err)
{
	enum cli_daemon_outcome outcome = CLI_DAEMON_FAILED;
	const char *word = NULL;
	json_t *object;

	while (word == NULL && (object = next_object(input)) != NULL) {
		word = json_string_value(json_object_get(object, "end"));
		if (word != NULL)
			outcome = read_end(object, word, err);
		else
			row(arg, object);
		json_decref(object);
	}
	if (word == NULL)
		err_set(err, ERR_LOCAL, "the answer of posternd is cut off");
	return outcome;
}

enum cli_daemon_outcome
cli_daemon_ask(const struct settings *settings,
    const struct json_request *request, cli_daemon_row *row, void *arg,
    struct err *err)
{
	enum cli_daemon_outcome outcome;
	struct input input = {.fd = -1};

	if (settings->control_socket == NULL) {
		err_set(err, ERR_LOCAL,
		    "ControlSocket none: no posternd can be asked");
		return CLI_DAEMON_NONE;
	}
	input.fd = connect_to_daemon(settings->control_socket, err);
	if (input.fd < 0)
		return CLI_DAEMON_NONE;
	input.data = xmalloc(LIMIT_CONTROL_ANSWER);
	send_request(input.fd, request);
	outcome = read_daemon_answer(&input, row, arg, err);
	free(input.data);
	close(input.fd);
	return outcome;
}

const char *
cli_daemon_text(
    const json_t *row, const char *key, char out[CLI_DAEMON_TEXT_SIZE])
{
	const char *value = json_string_value(json_object_get(row, key));

	out[0] = '\0';
	if (value != NULL)
		text_clean(out, CLI_DAEMON_TEXT_SIZE, value, strlen(value));
	return out;
}

int64_t
cli_daemon_number(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

void
cli_print_row(const json_t *row)
{
	json_write(stdout, row);
}
