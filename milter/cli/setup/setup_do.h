/* setup_do - one step, done and taken back.  The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SETUP_SETUP_DO_H
#define MILTER_CLI_SETUP_SETUP_DO_H

#include <stdbool.h>

#include "common/base/err.h"
#include "milter/cli/setup/setup.h"

enum { SETUP_DIGEST_SIZE = 65 };

/* setup_digest - SHA-256 of a text, as hex digits; "" for NULL */
void setup_digest(const char *text, char out[SETUP_DIGEST_SIZE]);

/* A step that is done, or may be: what it takes to take it back. */
struct setup_deed {
	enum setup_kind kind;
	char path[SETUP_PATH_SIZE];
	char backup[SETUP_PATH_SIZE]; /* FILE; "": there was no such file */
	char before[SETUP_DIGEST_SIZE], after[SETUP_DIGEST_SIZE];
	char user[64], group[64];
	enum setup_command command;
};

/* setup_deed_init - of a step; number tells backups of several runs apart */
void setup_deed_init(
    struct setup_deed *deed, const struct setup_step *step, unsigned number);

/* setup_do_is_taken - whether there is a backup by that number already: of a
 * run whose journal is gone */
bool setup_do_is_taken(const struct setup_step *step, unsigned number);

/*
 * setup_do - do it, and nothing if it fails
 *
 * A file is written beside, and takes the name when it is on the disk whole;
 * the one of before keeps all that it has under the name of its backup.
 */
int setup_do(const struct setup_step *step, const struct setup_deed *deed,
    struct err *err);

/* setup_do_undo - take it back; nothing where it was not done */
int setup_do_undo(const struct setup_deed *deed, struct err *err);

/* setup_do_changed - whether somebody changed the file since: then it is not to
 * be taken back */
bool setup_do_changed(const struct setup_deed *deed);

/* setup_do_run - a command; a Postfix that does not run reads its files when it
 * starts, and is not told */
int setup_do_run(enum setup_command command, struct err *err);

/* setup_write - a new file that is whole or not there; like: whose owner and
 * mode it gets, or NULL */
struct stat;
int setup_write(const char *path, const char *text, const struct stat *like,
    struct err *err);

/* setup_sync_folder - what has a name in the folder of path is on the disk */
int setup_sync_folder(const char *path, struct err *err);

#endif
