/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/setup/setup_view.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/print.h"
#include "milter/cli/setup/setup_text.h"

#define LINE_INDENT "    "
#define WHY_INDENT "  "

/* A file may hold anything: nothing for a terminal. */
static void
print_safe(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		putchar((text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f
			    ? '?'
			    : text[i]);
}

static void
print_diff_line(void *arg, char sign, const char *line, size_t length)
{
	(void)arg;
	if (sign == ' ')
		return;
	printf(LINE_INDENT "%c ", sign);
	print_safe(line, length);
	putchar('\n');
}

void
setup_view_step(const struct setup_step *step, char *out, size_t size)
{
	switch (step->kind) {
	case SETUP_FILE:
		snprintf(out, size, "%s%s", step->path,
		    step->before == NULL ? ", a new file" : "");
		break;
	case SETUP_FOLDER:
		snprintf(out, size, "install -d -o %s -g %s -m %04o %s",
		    step->user, step->group, step->mode, step->path);
		break;
	case SETUP_MEMBER:
		snprintf(
		    out, size, "usermod -a -G %s %s", step->group, step->user);
		break;
	case SETUP_RUN:
		snprintf(out, size, "%s", setup_command_text(step->command));
		break;
	}
}

static void
print_step(const struct setup_step *step, size_t number)
{
	char words[SETUP_PATH_SIZE + 200];

	setup_view_step(step, words, sizeof(words));
	printf("%zu. ", number);
	print_safe(words, strlen(words));
	printf("\n" WHY_INDENT " ");
	cli_print_wrap(stdout, sizeof(WHY_INDENT), WHY_INDENT " ", step->why);
	if (step->kind == SETUP_FILE)
		setup_diff(step->before == NULL ? "" : step->before,
		    step->after, print_diff_line, NULL);
}

static const char *
mta_title(const struct setup *setup)
{
	if (strcmp(setup->mta, "postfix") == 0)
		return "Postfix";
	return strcmp(setup->mta, "sendmail") == 0 ? "Sendmail" : "No MTA";
}

static void
print_head(const struct setup *setup, bool done)
{
	const char *mta = mta_title(setup);

	if (setup->plan.count == 0 && setup_plan_must(&setup->plan))
		printf("%s: nothing is sure enough to be done.\n", mta);
	else if (setup->plan.count == 0)
		printf("%s: nothing is left to do.\n", mta);
	else
		printf("%s: this %s done.\n\n", mta, done ? "was" : "is to be");
}

static void
print_left_over(const struct setup_plan *plan)
{
	if (plan->note_count > 0)
		printf("\nLeft to you:\n");
	for (size_t i = 0; i < plan->note_count; i++) {
		printf("%s ", plan->notes[i].must ? " !" : " -");
		cli_print_wrap(stdout, 3, "   ", plan->notes[i].text);
	}
}

void
setup_view_text(const struct setup *setup, bool done)
{
	const struct setup_plan *plan = &setup->plan;

	print_head(setup, done);
	for (size_t i = 0; i < plan->count; i++)
		print_step(&plan->steps[i], i + 1);
	print_left_over(plan);
	if (plan->count == 0)
		return;
	putchar('\n');
	cli_print_wrap(stdout, 0, "",
	    done ? "\"postern setup --undo\" takes it back. Next: \"postern "
		   "doctor\"."
		 : "Nothing was changed. \"postern setup --apply\" does this, "
		   "as root, and keeps each file beside the new one; "
		   "\"postern setup --undo\" takes it back.");
}

/* --- for programs --- */

struct two_lists {
	json_t *before, *after;
};

/* JSON is UTF-8, and a file may be anything. */
static json_t *
make_json_line(const char *line, size_t length)
{
	json_t *made = json_stringn(line, length);
	char *plain;

	if (made != NULL)
		return made;
	plain = xstrndup(line, length);
	for (char *at = plain; *at != '\0'; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	made = json_stringn(plain, length);
	free(plain);
	return made;
}

static void
collect_line(void *arg, char sign, const char *line, size_t length)
{
	struct two_lists *lists = arg;

	if (sign == '-')
		json_array_append_new(
		    lists->before, make_json_line(line, length));
	else if (sign == '+')
		json_array_append_new(
		    lists->after, make_json_line(line, length));
}

static json_t *
step_json(const struct setup_step *step)
{
	struct two_lists lists = {json_array(), json_array()};
	char words[SETUP_PATH_SIZE + 200];
	json_t *object;

	setup_view_step(step, words, sizeof(words));
	if (step->kind != SETUP_FILE) {
		json_decref(lists.before);
		json_decref(lists.after);
		return json_pack("{s:s, s:s, s:s}", "step", "command",
		    "command", words, "why", step->why);
	}
	setup_diff(step->before == NULL ? "" : step->before, step->after,
	    collect_line, &lists);
	object = json_pack("{s:s, s:s, s:b, s:o, s:o, s:s}", "step", "file",
	    "path", step->path, "new", step->before == NULL, "before",
	    lists.before, "after", lists.after, "why", step->why);
	return object;
}

void
setup_view_json(const struct setup *setup, bool done)
{
	const struct setup_plan *plan = &setup->plan;
	json_t *steps = json_array(), *notes = json_array(), *object;

	for (size_t i = 0; i < plan->count; i++)
		json_array_append_new(steps, step_json(&plan->steps[i]));
	for (size_t i = 0; i < plan->note_count; i++)
		json_array_append_new(notes,
		    json_pack("{s:b, s:o}", "must", plan->notes[i].must, "text",
			make_json_line(
			    plan->notes[i].text, strlen(plan->notes[i].text))));
	object = json_pack("{s:i, s:s, s:s, s:o, s:o}", "schema", 1, "mta",
	    setup->mta, "result", done ? "done" : "shown", "steps", steps,
	    "notes", notes);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}
