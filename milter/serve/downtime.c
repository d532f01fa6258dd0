/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/downtime.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 32 };

/* False where nothing is kept. */
static bool
find_downtime_file(const struct settings *settings, char path[PATH_MAX])
{
	return settings->store != NULL &&
	       snprintf(path, PATH_MAX, "%s/stopped",
		   settings->state_directory) < PATH_MAX;
}

/* Seconds since 1970 and the end of the line, or 0. */
static time_t
parse_record(const char *line)
{
	char *end;
	long long value;

	if (line[0] < '1' || line[0] > '9')
		return 0;
	errno = 0;
	value = strtoll(line, &end, 10);
	return errno == 0 && strcmp(end, "\n") == 0 ? (time_t)value : 0;
}

/* Not blocked by what is no file. */
static time_t
read_downtime(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	char line[LINE_SIZE];
	ssize_t got;

	if (fd < 0)
		return 0;
	got = read(fd, line, sizeof(line) - 1);
	close(fd);
	line[got < 0 ? 0 : got] = '\0';
	return parse_record(line);
}

time_t
downtime_end(const struct settings *settings, time_t now)
{
	char path[PATH_MAX];
	time_t stopped;

	if (!find_downtime_file(settings, path))
		return 0;
	stopped = read_downtime(path);
	unlink(path);
	return stopped <= now ? stopped : 0;
}

void
downtime_begin(const struct settings *settings, time_t now)
{
	char path[PATH_MAX], line[LINE_SIZE];
	size_t length;
	int fd;

	if (!find_downtime_file(settings, path))
		return;
	length = (size_t)snprintf(line, sizeof(line), "%lld\n", (long long)now);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	if (write(fd, line, length) != (ssize_t)length)
		unlink(path);
	close(fd);
}
