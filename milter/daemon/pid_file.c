/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/daemon/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static struct {
	int fd;
	const char *path; /* borrowed from the settings */
	bool written;
} pid_file = {.fd = -1};

int
pid_file_open(const char *path, struct err *err)
{
	/* nobody may be at the other end of a FIFO */
	int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	struct stat status;
	int fd;

	if (path == NULL)
		return 0;
	fd = open(path, flags, 0644);
	if (fd < 0)
		return err_status(
		    err, EX_CANTCREAT, "%.150s: %s", path, strerror(errno));
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		return err_status(err, EX_CANTCREAT,
		    "%.150s is there and is no plain file", path);
	}
	pid_file.path = path;
	pid_file.fd = fd;
	return 0;
}

void
pid_file_write(void)
{
	if (pid_file.fd < 0)
		return;
	if (ftruncate(pid_file.fd, 0) < 0 ||
	    dprintf(pid_file.fd, "%ld\n", (long)getpid()) < 0)
		perror(pid_file.path);
	pid_file.written = true;
}

void
pid_file_remove(void)
{
	struct stat status;
	bool ours;

	if (pid_file.fd < 0)
		return;
	ours = pid_file.written ||
	       (fstat(pid_file.fd, &status) == 0 && status.st_size == 0);
	if (ours && ftruncate(pid_file.fd, 0) < 0)
		perror(pid_file.path);
	if (ours)
		unlink(pid_file.path);
	close(pid_file.fd);
	pid_file.fd = -1;
}
