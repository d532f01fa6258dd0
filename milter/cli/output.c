/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "milter/cli/cli.h"

int
cli_output_open(struct cli_output *output, const char *path)
{
	char temporary[PATH_MAX];
	int fd;

	*output = (struct cli_output){.out = stdout};
	if (path == NULL)
		return 0;
	if (snprintf(temporary, sizeof(temporary), "%s.%ld", path,
		(long)getpid()) >= (int)sizeof(temporary))
		return cli_fail(EX_CANTCREAT, "%.100s...: name too long", path);
	fd = open(temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return cli_fail(
		    EX_CANTCREAT, "%s: %s", temporary, strerror(errno));
	output->out = fdopen(fd, "w");
	output->path = xstrdup(path);
	output->temporary = xstrdup(temporary);
	if (output->out != NULL && fchmod(fd, 0644) == 0)
		return 0;
	if (output->out == NULL)
		close(fd);
	return cli_output_close(output, EX_CANTCREAT);
}

int
cli_output_close(struct cli_output *output, int status)
{
	bool written = output->out != NULL && fflush(output->out) == 0 &&
		       !ferror(output->out);

	if (output->path == NULL)
		return !written ? cli_fail(EX_IOERR, "cannot write the answer")
				: status;
	if (output->out != NULL && fclose(output->out) != 0)
		written = false;
	if (written && status == 0 &&
	    rename(output->temporary, output->path) != 0) {
		written = false;
		status = cli_fail(
		    EX_CANTCREAT, "%s: %s", output->path, strerror(errno));
	}
	if (!written || status != 0)
		unlink(output->temporary);
	if (!written && status == 0)
		status = cli_fail(EX_IOERR, "%s: cannot be written whole: %s",
		    output->path, strerror(errno));
	free(output->path);
	free(output->temporary);
	return status;
}
