/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/source.h"

#include <limits.h>
#include <unistd.h>

bool
cli_log_is_there(const struct cli_log *log)
{
	return log->files->count > 0 || access(CLI_LOG_PATH, F_OK) == 0;
}

static int
read_log_file(const struct cli_log *log, const char *path, struct err *err)
{
	return logfile_read(path, log->deadline_ms, log->each, log->arg, err);
}

static int
read_journal(const struct cli_log *log, struct err *err)
{
	struct err why;

	if (logfile_read_journal(
		log->program, log->deadline_ms, log->each, log->arg, &why) == 0)
		return 0;
	return why.kind == ERR_TEMP
		   ? err_set(err, ERR_TEMP, "%s", why.text)
		   : err_set(err, why.kind,
			 "no " CLI_LOG_PATH ", and %s; name the log with --log",
			 why.text);
}

/* Without the file that it was rotated to the rest is told. */
static int
read_default(struct cli_log *log, struct err *err)
{
	char before[PATH_MAX];

	if (!cli_log_is_there(log))
		return read_journal(log, err);
	if (logfile_before(CLI_LOG_PATH, before, sizeof(before)) &&
	    read_log_file(log, before, &log->passed_over) == 0)
		log->passed_over.text[0] = '\0';
	return read_log_file(log, CLI_LOG_PATH, err);
}

int
cli_log_read(struct cli_log *log, struct err *err)
{
	log->passed_over.text[0] = '\0';
	if (log->files->count == 0)
		return read_default(log, err);
	for (size_t i = 0; i < log->files->count; i++)
		if (read_log_file(log, log->files->items[i], err) != 0)
			return -1;
	return 0;
}
