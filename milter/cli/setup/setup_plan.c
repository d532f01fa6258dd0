/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/setup/setup_plan.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

static const struct {
	const char *text;
	const char *const argv[4];
} commands[SETUP_COMMANDS] = {
    [SETUP_DAEMON_RELOAD] = {"systemctl daemon-reload",
	{"systemctl", "daemon-reload"}},
    [SETUP_RESTART] = {"systemctl restart posternd",
	{"systemctl", "restart", "posternd"}},
    [SETUP_RELOAD] = {"systemctl reload-or-restart posternd",
	{"systemctl", "reload-or-restart", "posternd"}},
    [SETUP_POSTFIX] = {"postfix reload", {"postfix", "reload"}},
    [SETUP_SENDMAIL] = {"systemctl reload sendmail",
	{"systemctl", "reload", "sendmail"}},
};

const char *const *
setup_command_argv(enum setup_command command)
{
	assert((int)command < SETUP_COMMANDS);
	return commands[command].argv;
}

const char *
setup_command_text(enum setup_command command)
{
	assert((int)command < SETUP_COMMANDS);
	return commands[command].text;
}

int
setup_command_parse(const char *text, enum setup_command *out)
{
	for (int i = 0; i < SETUP_COMMANDS; i++)
		if (strcmp(commands[i].text, text) == 0) {
			*out = (enum setup_command)i;
			return 0;
		}
	return -1;
}

static void
clear_steps(struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct setup_step *step = &plan->steps[i];

		free(step->why);
		free(step->path);
		free(step->before);
		free(step->after);
		free(step->user);
		free(step->group);
	}
	free(plan->steps);
	plan->steps = NULL;
	plan->count = 0;
}

void
setup_plan_fini(struct setup_plan *plan)
{
	clear_steps(plan);
	for (size_t i = 0; i < plan->note_count; i++)
		free(plan->notes[i].text);
	free(plan->notes);
	*plan = (struct setup_plan){.count = 0};
}

void
setup_plan_block(struct setup_plan *plan)
{
	plan->blocked = true;
	clear_steps(plan);
}

static struct setup_step *
add_step(struct setup_plan *plan, enum setup_kind kind, const char *why)
{
	struct setup_step *step;

	plan->steps =
	    xrealloc(plan->steps, plan->count + 1, sizeof(*plan->steps));
	step = &plan->steps[plan->count++];
	*step = (struct setup_step){.kind = kind, .why = xstrdup(why)};
	return step;
}

void
setup_plan_file(struct setup_plan *plan, const char *path, const char *before,
    const char *after, const char *why)
{
	struct setup_step *step;

	assert(after != NULL);
	if (plan->blocked || (before != NULL && strcmp(before, after) == 0))
		return;
	step = add_step(plan, SETUP_FILE, why);
	step->path = xstrdup(path);
	step->before = before == NULL ? NULL : xstrdup(before);
	step->after = xstrdup(after);
}

void
setup_plan_folder(struct setup_plan *plan, const char *path, const char *user,
    const char *group, unsigned mode, const char *why)
{
	struct setup_step *step;

	if (plan->blocked)
		return;
	step = add_step(plan, SETUP_FOLDER, why);
	step->path = xstrdup(path);
	step->user = xstrdup(user);
	step->group = xstrdup(group);
	step->mode = mode;
}

void
setup_plan_member(struct setup_plan *plan, const char *user, const char *group,
    const char *why)
{
	struct setup_step *step;

	if (plan->blocked)
		return;
	step = add_step(plan, SETUP_MEMBER, why);
	step->user = xstrdup(user);
	step->group = xstrdup(group);
}

void
setup_plan_run(
    struct setup_plan *plan, enum setup_command command, const char *why)
{
	if (!plan->blocked)
		add_step(plan, SETUP_RUN, why)->command = command;
}

void
setup_plan_note(struct setup_plan *plan, bool must, const char *format, ...)
{
	struct setup_note *note;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(length >= 0);
	plan->notes =
	    xrealloc(plan->notes, plan->note_count + 1, sizeof(*plan->notes));
	note = &plan->notes[plan->note_count++];
	note->must = must;
	note->text = xmalloc((size_t)length + 1);
	va_start(args, format);
	vsnprintf(note->text, (size_t)length + 1, format, args);
	va_end(args);
}

bool
setup_plan_must(const struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->note_count; i++)
		if (plan->notes[i].must)
			return true;
	return false;
}
