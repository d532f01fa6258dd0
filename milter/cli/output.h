/* output - where an answer goes: standard output, or a file that has all of it
 * or stays as it was. The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_OUTPUT_H
#define MILTER_CLI_OUTPUT_H

#include <stdio.h>

struct cli_output {
	FILE *out;
	char *path, *temporary; /* NULL: standard output */
};

/*
 * cli_output_open - path NULL: standard output
 *
 * Else PATH.PID beside it, mode 0644, which becomes PATH at the end; a link is
 * replaced, not followed.  Returns 0, or the exit status of what it has said on
 * stderr.
 */
int cli_output_open(struct cli_output *output, const char *path);

/* cli_output_close - status, or EX_IOERR, said on stderr, when not all could be
 * written; where it is not 0 what was there before stays */
int cli_output_close(struct cli_output *output, int status);

#endif
