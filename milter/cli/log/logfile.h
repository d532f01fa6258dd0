/* logfile - the lines of a log: of a file, of standard input, of the journal.
 * One line in memory at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_LOGFILE_H
#define MILTER_CLI_LOG_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/err.h"

/* line is borrowed, without its end; what is over LOGLINE_SIZE is cut off, and
 * a NUL in it is a "?". */
typedef void logfile_line(void *arg, const char *line);

struct logfile {
	int64_t deadline_ms; /* by clock_mono_ms */
	logfile_line *each;

	/* or NULL: called now and then with the octets of the file, as it is
	 * on disk, that came since; false: no more */
	bool (*go_on)(void *arg, size_t octets);
	void *arg; /* of both */
};

/*
 * logfile_read - every line of a file, "-" for standard input
 *
 * A file of gzip, bzip2, xz or zstd is unpacked by that program.  LOCAL when it
 * cannot be read, DATA when it cannot be unpacked, TEMP when there is more at
 * the deadline, or when go_on says so; lines may have been seen then.
 */
int
logfile_read(const struct logfile *logfile, const char *path, struct err *err);

/* logfile_before - the file that a log was last rotated to, in the same folder;
 * whether there is one */
bool logfile_before(const char *path, char *out, size_t size);

/*
 * logfile_read_journal - the lines of facility mail, and those of a program
 *
 * What journalctl(1) gives from since to until, where they are not 0.  LOCAL
 * when there is none or it fails, TEMP as above; lines may have been seen then.
 */
int logfile_read_journal(const struct logfile *logfile, const char *program,
    time_t since, time_t until, struct err *err);

#endif
