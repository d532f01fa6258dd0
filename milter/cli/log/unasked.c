/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MTA's line that it had no answer from posternd has no queue id.  It is
 * told of a message by the process that wrote it: smtpd(8) says it once for all
 * of a session, which ends with the line of the next; cleanup(8) for the one
 * message that it works on; Sendmail has a process for each session.
 */
#include "milter/cli/log/unasked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

#define NOQUEUE "NOQUEUE"

/* Processes of the MTA that are remembered: twice Postfix's
 * default_process_limit */
enum { PROCESSES_MAX = 200 };

struct unasked {
	char program[LOGLINE_PROGRAM_SIZE];
	char pid[LOGLINE_PID_SIZE]; /* "": this place is free */
	char said[LOGLINE_SAID_SIZE];
	bool ours; /* it works on the message that is asked for */
	char id[LOGLINE_ID_SIZE]; /* any message that it works on, or "" */
	bool told;                /* said was told of a message */
};

static bool
begins_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The end of a socket's name: in a chroot its begin is another.  Of a port the
 * number, which Postfix and Sendmail write at different places. */
static bool
names_socket(const char *text, const char *socket)
{
	char port[16];
	const char *tail;

	if (socket == NULL)
		return strstr(text, "postern") != NULL;
	if (strncmp(socket, "inet", 4) != 0) {
		tail = strrchr(socket, '/');
		return tail != NULL && strstr(text, tail) != NULL;
	}
	tail = strchr(socket, ':');
	snprintf(port, sizeof(port), ":%.*s",
	    tail == NULL ? 0 : (int)strspn(tail + 1, "0123456789"),
	    tail == NULL ? "" : tail + 1);
	return port[1] != '\0' && strstr(text, port) != NULL;
}

/* "Milter (postern): error connecting to filter: ...": of Sendmail's filters
 * the name is all that it tells. */
static bool
is_sendmail_gap(const char *text)
{
	return strstr(text, "postern") != NULL &&
	       (strstr(text, "): error") != NULL ||
		   strstr(text, "): to error") != NULL ||
		   strstr(text, "): init failed") != NULL ||
		   strstr(text, "): timeout") != NULL);
}

/* "warning: connect to Milter service unix:/run/postern/milter.sock: ...",
 * "warning: milter inet:...: can't read SMFIC_RCPT reply packet header: ..." */
static bool
is_gap(const struct unasked_list *list, const struct logline *line)
{
	if (begins_with(line->text, "Milter ("))
		return is_sendmail_gap(line->text);
	return strcmp(line->id, "warning") == 0 &&
	       (begins_with(line->text, "connect to Milter service ") ||
		   begins_with(line->text, "milter ")) &&
	       names_socket(line->text, list->socket);
}

static unsigned
key_of_pid(const char *pid)
{
	unsigned key = 1;

	while (*pid != '\0')
		key = key * 31 + (unsigned char)*pid++;
	return key;
}

static struct unasked *
find_process(struct unasked_list *list, const struct logline *line)
{
	unsigned key = key_of_pid(line->pid);

	for (size_t i = 0; list->items != NULL && i < PROCESSES_MAX; i++)
		if (list->keys[i] == key &&
		    strcmp(list->items[i].pid, line->pid) == 0 &&
		    strcmp(list->items[i].program, line->program) == 0)
			return &list->items[i];
	return NULL;
}

/* A place for a process, in turn: the oldest is forgotten. */
static struct unasked *
take_process(struct unasked_list *list, const struct logline *line)
{
	struct unasked *process = find_process(list, line);

	if (process != NULL)
		return process;
	if (list->items == NULL) {
		list->items = xcalloc(PROCESSES_MAX, sizeof(*list->items));
		list->keys = xcalloc(PROCESSES_MAX, sizeof(*list->keys));
	}
	list->keys[list->next] = key_of_pid(line->pid);
	process = &list->items[list->next];
	list->next = (list->next + 1) % PROCESSES_MAX;
	memset(process, 0, sizeof(*process));
	text_copy(process->program, sizeof(process->program), line->program);
	text_copy(process->pid, sizeof(process->pid), line->pid);
	return process;
}

static const char *
note_gap(struct unasked_list *list, const struct logline *line, const char *id)
{
	struct unasked *process = take_process(list, line);

	text_escape(process->said, sizeof(process->said), line->text,
	    strlen(line->text));
	process->ours |= strcmp(line->id, id) == 0;
	return process->ours ? process->said : NULL;
}

static void
end_session(struct unasked_list *list, const struct logline *line)
{
	struct unasked *process = find_process(list, line);

	if (process != NULL)
		memset(process, 0, sizeof(*process));
}

static bool
ends_with(const char *text, const char *with)
{
	size_t length = strlen(text), end = strlen(with);

	return length >= end && strcmp(text + length - end, with) == 0;
}

static bool
is_cleanup(const struct logline *line)
{
	return ends_with(line->program, "/cleanup");
}

/* Whether the line says which message its process works on: of Sendmail, with
 * a process for each session, any does. */
static bool
tells_message(const struct logline *line)
{
	if (strcmp(line->id, NOQUEUE) == 0)
		return false;
	if (ends_with(line->program, "smtpd"))
		return begins_with(line->text, "client=");
	return is_cleanup(line) || strchr(line->program, '/') == NULL;
}

/* A process of the MTA takes this message, or another. */
static const char *
follow_process(
    struct unasked_list *list, const struct logline *line, const char *id)
{
	bool ours = strcmp(line->id, id) == 0;
	struct unasked *process;

	if (!tells_message(line))
		return NULL;
	process = ours ? take_process(list, line) : find_process(list, line);
	if (process == NULL)
		return NULL;
	process->ours = ours;
	if (!ours && is_cleanup(line))
		process->said[0] = '\0';
	return ours && process->said[0] != '\0' ? process->said : NULL;
}

void
unasked_fini(struct unasked_list *list)
{
	free(list->items);
	free(list->keys);
}

bool
unasked_wants(const struct unasked_list *list, const char *line)
{
	return strstr(line, "ilter ") != NULL ||
	       (list->items != NULL && strstr(line, "postfix/") != NULL);
}

const char *
unasked_line(
    struct unasked_list *list, const struct logline *line, const char *id)
{
	if (begins_with(line->text, "connect from ") ||
	    begins_with(line->text, "disconnect from ")) {
		end_session(list, line);
		return NULL;
	}
	if (is_gap(list, line))
		return note_gap(list, line, id);
	return strcmp(line->id, "warning") == 0 || line->id[0] == '\0'
		   ? NULL
		   : follow_process(list, line, id);
}

/* "milter ...: can't read SMFIC_BODYEOB reply packet header": a command about
 * the text of the message that the process works on. */
static bool
is_of_text(const char *said)
{
	static const char *const commands[] = {
	    "SMFIC_DATA", "SMFIC_HEADER", "SMFIC_EOH", "SMFIC_BODY"};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strstr(said, commands[i]) != NULL)
			return true;
	return false;
}

static const char *
tell_message(struct unasked *process, char id[LOGLINE_ID_SIZE])
{
	process->told = true;
	text_copy(id, LOGLINE_ID_SIZE, process->id);
	return process->said;
}

/* What comes before its message stands for the next one. */
static const char *
note_any_gap(struct unasked_list *list, const struct logline *line,
    char id[LOGLINE_ID_SIZE])
{
	struct unasked *process = take_process(list, line);

	text_escape(process->said, sizeof(process->said), line->text,
	    strlen(line->text));
	process->told = false;
	if (strcmp(line->id, "warning") != 0 && tells_message(line))
		text_copy(process->id, sizeof(process->id), line->id);
	else if (process->id[0] == '\0' || !is_of_text(process->said))
		return NULL;
	return tell_message(process, id);
}

static const char *
follow_any(struct unasked_list *list, const struct logline *line,
    char id[LOGLINE_ID_SIZE])
{
	struct unasked *process = take_process(list, line);
	bool other = strcmp(process->id, line->id) != 0;

	text_copy(process->id, sizeof(process->id), line->id);
	if (other && process->told && is_cleanup(line))
		process->said[0] = '\0';
	return process->said[0] == '\0' ? NULL : tell_message(process, id);
}

const char *
unasked_any(struct unasked_list *list, const struct logline *line,
    char id[LOGLINE_ID_SIZE])
{
	if (begins_with(line->text, "connect from ") ||
	    begins_with(line->text, "disconnect from ")) {
		end_session(list, line);
		return NULL;
	}
	if (is_gap(list, line))
		return note_any_gap(list, line, id);
	return strcmp(line->id, "warning") == 0 || line->id[0] == '\0' ||
		       !tells_message(line)
		   ? NULL
		   : follow_any(list, line, id);
}
