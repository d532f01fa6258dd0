/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/doctor/doctor_finding.h"

#include <assert.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/print.h"

#define STATE_INDENT "      "
#define MEND_INDENT "          "
#define COMMENT_INDENT "            # "

void
doctor_say(struct doctor_finding *found, enum doctor_state state,
    const char *format, ...)
{
	va_list args;

	found->state = state;
	found->blind = false;
	va_start(args, format);
	vsnprintf(found->seen, sizeof(found->seen), format, args);
	va_end(args);
}

void
doctor_blind(struct doctor_finding *found, const char *format, ...)
{
	va_list args;

	found->state = DOCTOR_SKIP;
	found->blind = true;
	va_start(args, format);
	vsnprintf(found->seen, sizeof(found->seen), format, args);
	va_end(args);
}

void
doctor_mend(struct doctor_finding *found, const char *format, ...)
{
	size_t before = found->mend == NULL ? 0 : strlen(found->mend) + 1;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(length >= 0);
	found->mend = xrealloc(found->mend, before + (size_t)length + 1, 1);
	if (before > 0)
		found->mend[before - 1] = '\n';
	va_start(args, format);
	vsnprintf(found->mend + before, (size_t)length + 1, format, args);
	va_end(args);
}

static const char *
state_text(enum doctor_state state)
{
	switch (state) {
	case DOCTOR_SKIP:
		return "SKIP";
	case DOCTOR_OK:
		return "OK";
	case DOCTOR_WARN:
		return "WARN";
	case DOCTOR_FAIL:
		break;
	}
	return "FAIL";
}

static const char *
state_colour(enum doctor_state state)
{
	switch (state) {
	case DOCTOR_SKIP:
		return "\033[1m";
	case DOCTOR_OK:
		return "\033[32m";
	case DOCTOR_WARN:
		return "\033[33m";
	case DOCTOR_FAIL:
		break;
	}
	return "\033[31m";
}

static void
clean_lines(char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if (*text != '\n' && (*text < ' ' || *text > '~'))
			*text = '?';
}

void
doctor_finding_clean(struct doctor_finding *found)
{
	clean_lines(found->seen);
	clean_lines(found->mend);
}

static json_t *
lines_json(const char *text)
{
	json_t *lines = json_array();

	while (text != NULL && *text != '\0') {
		size_t length = strcspn(text, "\n");

		json_array_append_new(lines, json_stringn(text, length));
		text += length;
		text += *text == '\n';
	}
	return lines;
}

json_t *
doctor_finding_json(
    const char *name, const char *what, const struct doctor_finding *found)
{
	char state[8];

	text_copy(state, sizeof(state), state_text(found->state));
	text_lower(state);
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "check", name, "state",
	    state, "what", what, "seen", found->seen, "mend",
	    lines_json(found->mend));
}

/* Where the comment of "COMMAND    # why" begins, or NULL; what is quoted is of
 * the command. */
static char *
find_comment(char *line, const char *mark)
{
	bool quoted = false;

	for (char *at = line; *at != '\0'; at++) {
		if (*at == '\'')
			quoted = !quoted;
		else if (!quoted && strncmp(at, mark, strlen(mark)) == 0)
			return at;
	}
	return NULL;
}

/* A command stays whole; a comment that makes the line too long stands below
 * it. */
static void
print_mend(char *line)
{
	static const char mark[] = "    # ";
	char *comment = find_comment(line, mark);

	if (strncmp(line, "# ", 2) == 0) {
		printf(MEND_INDENT "# ");
		cli_print_wrap(stdout, strlen(MEND_INDENT "# "),
		    MEND_INDENT "# ", line + 2);
		return;
	}
	if (comment == NULL ||
	    strlen(MEND_INDENT) + strlen(line) <= cli_print_width()) {
		printf(MEND_INDENT "%s\n", line);
		return;
	}
	*comment = '\0';
	printf(MEND_INDENT "%s\n" COMMENT_INDENT, line);
	cli_print_wrap(stdout, strlen(COMMENT_INDENT), COMMENT_INDENT,
	    comment + strlen(mark));
}

void
doctor_finding_print(
    const char *what, const struct doctor_finding *found, bool colour)
{
	char *mend = xstrdup(found->mend == NULL ? "" : found->mend);
	char *rest;

	printf("%s%-4s%s  %s - ", colour ? state_colour(found->state) : "",
	    state_text(found->state), colour ? CLI_PRINT_PLAIN : "", what);
	cli_print_wrap(stdout, strlen(STATE_INDENT " - ") + strlen(what),
	    STATE_INDENT, found->seen);
	for (char *line = strtok_r(mend, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		print_mend(line);
	free(mend);
}
