/* moment - put before a program (LD_PRELOAD), it moves the time of day by as
 * many seconds as the file says that $MOMENT names. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int moment_clock(clockid_t id, struct timespec *out) __asm__("clock_gettime");
int moment_of_day(struct timeval *out, void *zone) __asm__("gettimeofday");
time_t moment_time(time_t *out) __asm__("time");

static long
read_shift(void)
{
	const char *path = getenv("MOMENT");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	char text[32] = {0};
	long shift = 0;

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0)
		shift = strtol(text, NULL, 10);
	if (fd >= 0)
		close(fd);
	return shift;
}

/* The system is asked directly: what comes before this, a sanitizer, may not be
 * ready yet to find the next function of a name. */
int
moment_clock(clockid_t id, struct timespec *out)
{
	int rc = (int)syscall(SYS_clock_gettime, id, out);
	int saved = errno;

	if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		out->tv_sec += read_shift();
	errno = saved;
	return rc;
}

int
moment_of_day(struct timeval *out, void *zone)
{
	struct timespec now = {0};
	int rc = moment_clock(CLOCK_REALTIME, &now);

	(void)zone;
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return rc;
}

time_t
moment_time(time_t *out)
{
	struct timespec now = {0};

	moment_clock(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
