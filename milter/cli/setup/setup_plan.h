/* setup_plan - what "postern setup" would do, step by step.  Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SETUP_SETUP_PLAN_H
#define MILTER_CLI_SETUP_SETUP_PLAN_H

#include <stdbool.h>
#include <stddef.h>

enum setup_kind {
	SETUP_FILE,   /* another text of a file, or a new file */
	SETUP_FOLDER, /* a folder that is not there */
	SETUP_MEMBER, /* a user in one more group */
	SETUP_RUN,    /* a command that puts it into force */
};

enum setup_command {
	SETUP_DAEMON_RELOAD,
	SETUP_RESTART,
	SETUP_RELOAD,
	SETUP_POSTFIX,
	SETUP_SENDMAIL,
};
enum { SETUP_COMMANDS = SETUP_SENDMAIL + 1 };

struct setup_step {
	enum setup_kind kind;
	char *why;    /* a sentence */
	char *path;   /* FILE, FOLDER */
	char *before; /* FILE; NULL: there is none */
	char *after;
	char *user, *group; /* FOLDER, MEMBER */
	unsigned mode;      /* FOLDER */
	enum setup_command command;
};

/* What is left to the admin. */
struct setup_note {
	bool must; /* it is not done without that */
	char *text;
};

/* Zeroed is empty. */
struct setup_plan {
	size_t count, note_count;
	struct setup_step *steps;
	struct setup_note *notes;
	bool blocked;
};

void setup_plan_fini(struct setup_plan *plan);

/* All strings are copied. */

/* setup_plan_file - nothing where both texts are the same */
void setup_plan_file(struct setup_plan *plan, const char *path,
    const char *before, const char *after, const char *why);
void setup_plan_folder(struct setup_plan *plan, const char *path,
    const char *user, const char *group, unsigned mode, const char *why);
void setup_plan_member(struct setup_plan *plan, const char *user,
    const char *group, const char *why);

void setup_plan_run(
    struct setup_plan *plan, enum setup_command command, const char *why);
void setup_plan_note(struct setup_plan *plan, bool must, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* setup_plan_block - no steps, those before and those after: some without the
 * others would do harm */
void setup_plan_block(struct setup_plan *plan);

/* setup_plan_must - whether something is left to the admin that must be done */
bool setup_plan_must(const struct setup_plan *plan);

/* setup_command_argv - of a command, ended by NULL */
const char *const *setup_command_argv(enum setup_command command);

/* setup_command_parse - from the words of setup_command_text; -1 for none */
int setup_command_parse(const char *text, enum setup_command *out);

/* setup_command_text - as a shell takes it; a constant */
const char *setup_command_text(enum setup_command command);

#endif
