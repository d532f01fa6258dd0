/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libmilter - functions of the C library that libmilter gets from here
 *
 * The linker puts them before the C library's, and nobody else in this process
 * calls them.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "milter/serve/report.h"

enum {
	/* Soon enough for a client that waits for a descriptor */
	REST_MS = 100,

	/* Between two words about it */
	SILENT_MS = 60 * 1000,
};

/*
 * libmilter has a thread of its own that waits for TERM, HUP and INT, and then
 * drops the messages in flight.  sigwait lets them in for as long as it waits,
 * so Linux may well give them to that thread; nothing but another sigwait keeps
 * them from it.
 */
int
sigwait(const sigset_t *restrict set, int *restrict number)
{
	(void)set;
	(void)number;
	for (;;)
		pause();
}

/*
 * libmilter's listener asks again at once when there is no descriptor for a
 * connection, and burns a core until there is one.  This one
 * lets it rest.
 */
int
accept(int fd, struct sockaddr *restrict address, socklen_t *restrict length)
{
	static int64_t silent_until_ms;
	int got = accept4(fd, address, length, 0);
	int kept = errno;

	if (got < 0 && (kept == EMFILE || kept == ENFILE || kept == ENOBUFS ||
			   kept == ENOMEM)) {
		if (clock_left_ms(silent_until_ms) == 0) {
			report_accept(strerror(kept));
			silent_until_ms = clock_mono_ms() + SILENT_MS;
		}
		poll(NULL, 0, REST_MS);
	}
	errno = kept;
	return got;
}
