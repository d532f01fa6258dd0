/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"

static const char from[] = "From ";
enum { FROM_SIZE = sizeof(from) - 1, CHUNK_SIZE = 64 * 1024 };

/* The message that is collected.  The octets of a line that may become "From "
 * are in it already, and taken out when it does. */
struct splitter {
	mailbox_each *each;
	void *arg;
	char *octets;
	size_t size, room;
	bool too_large;
	unsigned number; /* of this message; 0 before the first */
	size_t matched;  /* octets of "From " that this line begins with */
	bool can_match;  /* and it may go on so */
	bool line_empty; /* nothing in this line yet, but for a CR */
	bool in_from;    /* in the rest of a "From " line */
	bool ended;      /* each wants no more */
};

bool
mailbox_begins(const char *head, size_t size)
{
	return size >= FROM_SIZE && memcmp(head, from, FROM_SIZE) == 0;
}

static void
give_collected(struct splitter *splitter)
{
	if (splitter->number > 0 && !splitter->ended)
		splitter->ended =
		    !splitter->each(splitter->arg, splitter->number,
			splitter->octets, splitter->size, splitter->too_large);
	splitter->size = 0;
	splitter->too_large = false;
	splitter->number++;
}

static void
collect_octet(struct splitter *splitter, char c)
{
	if (splitter->size == LIMIT_MESSAGE_OCTETS) {
		splitter->too_large = true;
		return;
	}
	if (splitter->size == splitter->room) {
		splitter->room =
		    splitter->room == 0 ? CHUNK_SIZE : 2 * splitter->room;
		splitter->octets =
		    xrealloc(splitter->octets, splitter->room, 1);
	}
	splitter->octets[splitter->size++] = c;
}

static void
end_line(struct splitter *splitter)
{
	/* an empty line may have "From " behind it */
	splitter->can_match = splitter->line_empty && !splitter->in_from;
	splitter->line_empty = true;
	splitter->in_from = false;
	splitter->matched = 0;
}

static void
split_octet(struct splitter *splitter, char c)
{
	if (!splitter->in_from)
		collect_octet(splitter, c);
	if (c == '\n') {
		end_line(splitter);
		return;
	}
	splitter->line_empty &= c == '\r';
	if (!splitter->can_match)
		return;
	splitter->can_match = c == from[splitter->matched];
	splitter->matched += splitter->can_match;
	if (splitter->matched < FROM_SIZE)
		return;
	if (!splitter->too_large)
		splitter->size -= FROM_SIZE;
	give_collected(splitter);
	splitter->can_match = false;
	splitter->in_from = true;
}

int
mailbox_read(
    FILE *in, const char *head, size_t size, mailbox_each *each, void *arg)
{
	struct splitter splitter = {
	    .each = each, .arg = arg, .can_match = true, .line_empty = true};
	char *chunk = xmalloc(CHUNK_SIZE);

	for (size_t i = 0; i < size; i++)
		split_octet(&splitter, head[i]);
	while (!splitter.ended && (size = fread(chunk, 1, CHUNK_SIZE, in)) > 0)
		for (size_t i = 0; i < size; i++)
			split_octet(&splitter, chunk[i]);
	give_collected(&splitter);
	free(splitter.octets);
	free(chunk);
	return ferror(in) || splitter.ended ? -1 : 0;
}
