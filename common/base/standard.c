/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/standard.h"

#include <fcntl.h>
#include <unistd.h>

/* open(2) gives the lowest that is free, which is the one that is looked at. */
void
standard_open(void)
{
	static const int modes[] = {[STDIN_FILENO] = O_WRONLY,
	    [STDOUT_FILENO] = O_RDONLY,
	    [STDERR_FILENO] = O_RDWR};

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
			return;
}
