/* rotated - the files that a log was rotated to. The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_ROTATED_H
#define MILTER_CLI_LOG_ROTATED_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Paths, the oldest first. */
struct rotated {
	size_t count;
	char **paths;
};

/*
 * rotated_list - "LOG.N" and "LOG-DATE" in the folder of a log, packed or not,
 * that were written to since then (0: ever)
 *
 * Of one number or date that is there twice, the one that is not packed.
 */
void rotated_list(const char *path, time_t since, struct rotated *out);
void rotated_fini(struct rotated *rotated);

#endif
