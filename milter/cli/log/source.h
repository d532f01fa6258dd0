/* source - the mail log of this host, or the ones that were named, line by
 * line. The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_SOURCE_H
#define MILTER_CLI_LOG_SOURCE_H

#include <stdint.h>

#include "common/base/err.h"
#include "milter/cli/cli.h"
#include "milter/cli/log/logfile.h"

#define CLI_LOG_PATH "/var/log/mail.log"

struct cli_log {
	const struct cli_list *files; /* of --log; none: those of this host */
	const char *program;          /* whose lines the journal has, too */
	int64_t deadline_ms;          /* of all, by clock_mono_ms */
	logfile_line *each;
	void *arg;
	bool (*go_on)(void *arg, size_t octets); /* as logfile.h has it */

	/* not only the last file that CLI_LOG_PATH was rotated to, but all that
	 * have lines from since on; of the journal those to until; 0: all */
	bool all_rotated;
	time_t since, until;
	struct err passed_over; /* the last rotated file that could not be
				   read; if there is none, its text is "" */
};

/* cli_log_size - octets of the files to be read; 0: not known */
uint64_t cli_log_size(const struct cli_log *log);

/*
 * cli_log_read - the files that were named; or CLI_LOG_PATH behind the file
 * that it was last rotated to; or the journal, where there is no such file
 *
 * LOCAL when a file cannot be read, or there is no log; DATA when one cannot be
 * unpacked; TEMP at the deadline.  Lines may have been seen then.
 */
int cli_log_read(struct cli_log *log, struct err *err);

/* cli_log_is_there - whether there is a file to read, if only by its name */
bool cli_log_is_there(const struct cli_log *log);

#endif
