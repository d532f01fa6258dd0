/* setup_trial - main.cf and master.cf as postconf(1) changes them, on copies.
 * The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SETUP_SETUP_TRIAL_H
#define MILTER_CLI_SETUP_SETUP_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

/* One parameter, in main.cf or at the "-o" of a service. */
struct setup_edit {
	char *service; /* NULL: main.cf */
	char *parameter;
	char *value;
};

/* Zeroed is empty. */
struct setup_edits {
	size_t count;
	struct setup_edit *items;
};

void setup_edits_fini(struct setup_edits *edits);

/* setup_edits_add - copied; nothing where that place has an edit */
void setup_edits_add(struct setup_edits *edits, const char *service,
    const char *parameter, const char *value);

/* setup_edits_has - whether main.cf's parameter is changed */
bool setup_edits_has(const struct setup_edits *edits, const char *parameter);

/* Two files of Postfix: texts, for free(). */
struct setup_trial {
	char *main, *master;
};

/*
 * setup_trial - both files with the edits made
 *
 * -1 with err when that cannot be tried, and when Postfix would read anything
 * but those parameters otherwise than before.
 */
int
setup_trial(const struct setup_trial *before, const struct setup_edits *edits,
    struct setup_trial *after, struct err *err);

#endif
