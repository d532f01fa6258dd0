/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/notify.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"

enum { USEC_PER_MSEC = 1000 };

static struct {
	struct sockaddr_un address;
	socklen_t size; /* 0: nobody is to be told */
	int watchdog_ms;
} manager;

/* A path, or "@" and a name that is none. */
static void
read_notify_address(const char *text)
{
	size_t length = text == NULL ? 0 : strlen(text);

	if (length < 2 || length >= sizeof(manager.address.sun_path) ||
	    (text[0] != '/' && text[0] != '@'))
		return;
	manager.address.sun_family = AF_UNIX;
	memcpy(manager.address.sun_path, text, length);
	if (text[0] == '@')
		manager.address.sun_path[0] = '\0';
	manager.size =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/* sd_watchdog_enabled(3): the pid says whom it is for, if it is there. */
static void
read_watchdog(const char *usec, const char *pid)
{
	uint32_t number, of;

	if (usec == NULL || text_uint(usec, UINT32_MAX, &number) != 0)
		return;
	if (pid != NULL &&
	    (text_uint(pid, INT_MAX, &of) != 0 || (pid_t)of != getpid()))
		return;
	manager.watchdog_ms = (int)(number / USEC_PER_MSEC / 2);
}

void
notify_open(void)
{
	read_notify_address(getenv("NOTIFY_SOCKET"));
	read_watchdog(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
}

/* Nobody waits: a manager that does not read has forgotten us. */
static void
tell_manager(const char *text)
{
	int fd;

	if (manager.size == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		(const struct sockaddr *)&manager.address, manager.size) < 0)
		perror("NOTIFY_SOCKET");
	close(fd);
}

void
notify_ready(void)
{
	tell_manager("READY=1");
}

void
notify_reloading(void)
{
	char text[80];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)clock_mono_ms() * USEC_PER_MSEC);
	tell_manager(text);
}

void
notify_stopping(void)
{
	tell_manager("STOPPING=1");
}

int
notify_watchdog_ms(void)
{
	return manager.size == 0 ? 0 : manager.watchdog_ms;
}

void
notify_alive(void)
{
	tell_manager("WATCHDOG=1");
}
