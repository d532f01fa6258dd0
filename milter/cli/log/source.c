/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/source.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/cli/log/rotated.h"

bool
cli_log_is_there(const struct cli_log *log)
{
	return log->files->count > 0 || access(CLI_LOG_PATH, F_OK) == 0;
}

static struct logfile
logfile_of(const struct cli_log *log)
{
	return (struct logfile){.deadline_ms = log->deadline_ms,
	    .each = log->each,
	    .go_on = log->go_on,
	    .arg = log->arg};
}

static int
read_log_file(const struct cli_log *log, const char *path, struct err *err)
{
	struct logfile logfile = logfile_of(log);

	return logfile_read(&logfile, path, err);
}

static int
read_journal(const struct cli_log *log, struct err *err)
{
	struct logfile logfile = logfile_of(log);
	struct err why;

	if (logfile_read_journal(&logfile, log->program,
		log->all_rotated ? log->since : 0,
		log->all_rotated ? log->until : 0, &why) == 0)
		return 0;
	return why.kind == ERR_TEMP
		   ? err_set(err, ERR_TEMP, "%s", why.text)
		   : err_set(err, why.kind,
			 "no " CLI_LOG_PATH ", and %s; name the log with --log",
			 why.text);
}

/* One that cannot be unpacked is passed over; at the deadline no more is read.
 */
static int
read_rotated(struct cli_log *log, struct err *err)
{
	struct rotated rotated;
	struct err why = {.kind = ERR_DATA};

	rotated_list(CLI_LOG_PATH, log->since, &rotated);
	for (size_t i = 0; i < rotated.count; i++)
		if (read_log_file(log, rotated.paths[i], &why) != 0) {
			log->passed_over = why;
			if (why.kind == ERR_TEMP)
				break;
		}
	rotated_fini(&rotated);
	if (log->passed_over.text[0] != '\0' && why.kind == ERR_TEMP)
		return err_set(err, why.kind, "%s", why.text);
	return read_log_file(log, CLI_LOG_PATH, err);
}

/* Without the file that it was rotated to the rest is told. */
static int
read_default(struct cli_log *log, struct err *err)
{
	char before[PATH_MAX];

	if (!cli_log_is_there(log))
		return read_journal(log, err);
	if (log->all_rotated)
		return read_rotated(log, err);
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

static uint64_t
file_size(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode)
		   ? (uint64_t)info.st_size
		   : 0;
}

uint64_t
cli_log_size(const struct cli_log *log)
{
	struct rotated rotated;
	uint64_t octets;

	if (log->files->count > 0) {
		octets = 0;
		for (size_t i = 0; i < log->files->count; i++)
			octets += file_size(log->files->items[i]);
		return octets;
	}
	octets = file_size(CLI_LOG_PATH);
	rotated_list(CLI_LOG_PATH, log->since, &rotated);
	for (size_t i = 0; i < rotated.count; i++)
		octets += file_size(rotated.paths[i]);
	rotated_fini(&rotated);
	return octets;
}
