/* arguments - the words of the command line of posternd. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_DAEMON_ARGUMENTS_H
#define MILTER_DAEMON_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/conf/settings.h"

enum { ARGUMENTS_OVERRIDES = 3 };

struct arguments {
	const char *file; /* NULL: the default path */
	bool foreground;
	bool check_only;
	bool verbose;
	bool version;
	bool help;
	size_t count;
	struct settings_override overrides[ARGUMENTS_OVERRIDES];
};

/* arguments_read - fill a zeroed struct; 0, or EX_USAGE and the usage told */
int arguments_read(struct arguments *arguments, int argc, char **argv);

/* arguments_print_help - on standard output */
void arguments_print_help(void);

#endif
