/* logfile - the lines of a log: of a file, of standard input, of the journal.
 * One line in memory at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_LOGFILE_H
#define MILTER_CLI_LOG_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

/* line is borrowed, without its end; what is over LOGLINE_SIZE is cut off, and
 * a NUL in it is a "?". */
typedef void logfile_line(void *arg, const char *line);

/*
 * logfile_read - every line of a file, "-" for standard input
 *
 * A file of gzip, bzip2, xz or zstd is unpacked by that program.  LOCAL when it
 * cannot be read, DATA when it cannot be unpacked, TEMP when there is more at
 * deadline_ms (clock_mono_ms); lines may have been seen then.
 */
int logfile_read(const char *path, int64_t deadline_ms, logfile_line *each,
    void *arg, struct err *err);

/* logfile_before - the file that a log was last rotated to, in the same folder;
 * whether there is one */
bool logfile_before(const char *path, char *out, size_t size);

/*
 * logfile_read_journal - the lines of facility mail, and those of a program
 *
 * What journalctl(1) gives until deadline_ms (clock_mono_ms).  LOCAL when there
 * is none or it fails, TEMP at the deadline; lines may have been seen then.
 */
int logfile_read_journal(const char *program, int64_t deadline_ms,
    logfile_line *each, void *arg, struct err *err);

#endif
