/* hours - put before a program (LD_PRELOAD), it makes any wait of about an hour
 * a short one that took an hour by all clocks. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include <dlfcn.h>
#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

enum { HOUR_S = 3600, LONG_MS = 3000 * 1000, SHORT_MS = 20 };

int
hours_poll(struct pollfd *fds, nfds_t count, int timeout_ms) __asm__("poll");
int hours_clock(clockid_t id, struct timespec *out) __asm__("clock_gettime");
time_t hours_time(time_t *out) __asm__("time");

static atomic_long passed_s;

int
hours_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int (*real)(struct pollfd *, nfds_t, int) = dlsym(RTLD_NEXT, "poll");
	int ready =
	    real(fds, count, timeout_ms > LONG_MS ? SHORT_MS : timeout_ms);

	if (ready == 0 && timeout_ms > LONG_MS)
		passed_s += HOUR_S;
	return ready;
}

int
hours_clock(clockid_t id, struct timespec *out)
{
	int (*real)(clockid_t, struct timespec *) =
	    dlsym(RTLD_NEXT, "clock_gettime");
	int rc = real(id, out);

	out->tv_sec += passed_s;
	return rc;
}

time_t
hours_time(time_t *out)
{
	struct timespec now = {0};

	hours_clock(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
