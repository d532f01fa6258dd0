/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message is open from the line on that shows that posternd was not asked of
 * it, and counts when the MTA puts it into its queue.  What is refused never
 * comes so far; and where posternd tells of the message after all, which it
 * does at the end of message, it was asked.
 */
#include "milter/cli/log/gaps.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

/* Open messages that are remembered: twice Postfix's default_process_limit */
enum { OPEN_MAX = 200 };

struct gaps_message {
	char id[LOGLINE_ID_SIZE]; /* "": this place is free */
	char said[LOGLINE_SAID_SIZE];
};

void
gaps_init(struct gaps *gaps, const char *program, const char *socket)
{
	memset(gaps, 0, sizeof(*gaps));
	gaps->program = program;
	gaps->unasked.socket = socket;
	gaps->open = xcalloc(OPEN_MAX, sizeof(*gaps->open));
}

void
gaps_fini(struct gaps *gaps)
{
	unasked_fini(&gaps->unasked);
	free(gaps->open);
}

static struct gaps_message *
find_open(struct gaps *gaps, const char *id)
{
	for (size_t i = 0; gaps->any_open && i < OPEN_MAX; i++)
		if (strcmp(gaps->open[i].id, id) == 0)
			return &gaps->open[i];
	return NULL;
}

/* A place in turn: the oldest is forgotten. */
static void
open_message(struct gaps *gaps, const char *id, const char *said)
{
	struct gaps_message *message = find_open(gaps, id);

	if (message == NULL) {
		gaps->any_open = true;
		message = &gaps->open[gaps->next];
		gaps->next = (gaps->next + 1) % OPEN_MAX;
	}
	text_copy(message->id, sizeof(message->id), id);
	text_copy(message->said, sizeof(message->said), said);
}

static bool
starts_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* "from=<...>, size=..., nrcpt=..." of Postfix, "nrcpts=" of Sendmail. */
static bool
tells_of_taking(const char *text)
{
	return starts_with(text, "from=") && strstr(text, ", nrcpt") != NULL;
}

static void
count_message(struct gaps *gaps, struct gaps_message *message, const char *when)
{
	gaps->count++;
	gaps->while_stopped += gaps->stopped;
	if (gaps->first[0] == '\0')
		text_copy(gaps->first, sizeof(gaps->first), when);
	text_copy(gaps->last, sizeof(gaps->last), when);
	text_copy(gaps->id, sizeof(gaps->id), message->id);
	text_copy(gaps->said, sizeof(gaps->said), message->said);
	message->id[0] = '\0';
}

/* Of posternd: what runs has begun, whether or not its start was logged. */
static void
read_own(struct gaps *gaps, const struct logline *line)
{
	struct gaps_message *message = find_open(gaps, line->id);

	if (!starts_with(line->text, "event="))
		return;
	gaps->stopped = starts_with(line->text, "event=stop");
	if (message != NULL && starts_with(line->text, "event=message "))
		message->id[0] = '\0';
}

static void
read_other(struct gaps *gaps, const struct logline *line)
{
	char id[LOGLINE_ID_SIZE];
	const char *said = unasked_any(&gaps->unasked, line, id);
	struct gaps_message *message;

	if (said != NULL)
		open_message(gaps, id, said);
	if (line->id[0] == '\0' || !tells_of_taking(line->text))
		return;
	message = find_open(gaps, line->id);
	if (message != NULL)
		count_message(gaps, message, line->when);
}

bool
gaps_wants(const struct gaps *gaps, const char *line)
{
	return gaps->since[0] == '\0' || strstr(line, "event=") != NULL ||
	       strstr(line, "ilter ") != NULL || strstr(line, "from") != NULL ||
	       strstr(line, "client=") != NULL ||
	       strstr(line, "message-id=") != NULL;
}

void
gaps_take(struct gaps *gaps, const struct logline *line)
{
	if (gaps->since[0] == '\0')
		text_copy(gaps->since, sizeof(gaps->since), line->when);
	if (strcmp(line->program, gaps->program) != 0)
		read_other(gaps, line);
	else if (line->id[0] != '\0')
		read_own(gaps, line);
}

void
gaps_line(struct gaps *gaps, const char *line)
{
	struct logline parsed;

	if (gaps_wants(gaps, line) && logline_read(line, &parsed))
		gaps_take(gaps, &parsed);
}
