/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/identity.h"
#include "common/base/text.h"

static int ready_fd = -1;          /* to the parent that waits */
static int wake_fds[2] = {-1, -1}; /* a signal number an octet */

static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

enum {
	SIGNALS = sizeof(signals) / sizeof(signals[0]),

	/* In the place of a signal's number */
	NUDGE = UCHAR_MAX,
};

/* The parent: as the child fares, so do we. */
static void __attribute__((noreturn)) await_child(int fd, pid_t child)
{
	char octet;
	ssize_t got;
	int status;

	do
		got = read(fd, &octet, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		_exit(EX_OK);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE);
}

int
daemon_detach(struct err *err)
{
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_status(err, EX_OSERR, "pipe: %s", strerror(errno));
	fflush(NULL);
	child = fork();
	if (child < 0)
		return err_status(err, EX_OSERR, "fork: %s", strerror(errno));
	if (child > 0) {
		close(fds[1]);
		await_child(fds[0], child);
	}
	close(fds[0]);
	ready_fd = fds[1];
	if (setsid() < 0 || chdir("/") < 0)
		return err_status(err, EX_OSERR, "%s", strerror(errno));
	return 0;
}

void
daemon_ready(void)
{
	int null;

	if (ready_fd < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	if (write(ready_fd, "", 1) < 0)
		_exit(EX_OSERR); /* the parent died: nobody asked for us */
	close(ready_fd);
	ready_fd = -1;
}

int
daemon_find_user(const char *user, struct identity *out, struct err *err)
{
	if (identity_find(user, out, err) != 0)
		return EX_NOUSER;
	if (out->uid == 0)
		return err_status(
		    err, EX_NOUSER, "\"%.64s\" is root", out->name);
	return 0;
}

int
daemon_drop_root(const char *user, struct err *err)
{
	struct identity who;
	struct err why;

	if (geteuid() != 0)
		return 0;
	if (daemon_find_user(user, &who, &why) != 0)
		return err_status(err, EX_NOUSER,
		    "started as root, and %s: make another, or name one with "
		    "UserID or -u",
		    why.text);
	if (initgroups(who.name, who.gid) < 0 ||
	    setresgid(who.gid, who.gid, who.gid) < 0 ||
	    setresuid(who.uid, who.uid, who.uid) < 0)
		return err_status(err, EX_NOPERM, "cannot become \"%.64s\": %s",
		    user, strerror(errno));
	if (setuid(0) == 0)
		return err_status(err, EX_NOPERM, "root did not go away");
	return 0;
}

static void
wake_main(int number)
{
	unsigned char octet = (unsigned char)number;
	int kept = errno;

	/* a full pipe holds signals enough */
	if (write(wake_fds[1], &octet, 1) < 0)
		errno = kept;
}

void
daemon_wake(void)
{
	wake_main(0);
}

void
daemon_nudge(void)
{
	wake_main(NUDGE);
}

static void
mask_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaddset(&set, signals[i]);
	pthread_sigmask(how, &set, NULL);
}

int
daemon_hold_signals(struct err *err)
{
	struct sigaction action = {.sa_handler = wake_main};

	if (pipe2(wake_fds, O_CLOEXEC) < 0 ||
	    fcntl(wake_fds[1], F_SETFL, O_NONBLOCK) < 0)
		return err_status(err, EX_OSERR, "pipe: %s", strerror(errno));
	mask_signals(SIG_BLOCK);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

int
daemon_next_signal(int64_t deadline_ms, int writable)
{
	struct pollfd woken[] = {{.fd = wake_fds[0], .events = POLLIN},
	    {.fd = writable, .events = POLLOUT}};
	unsigned char octet;
	int ready;

	mask_signals(SIG_UNBLOCK);
	do
		ready = poll(woken, 2, clock_left_ms(deadline_ms));
	while (ready < 0 && errno == EINTR);
	mask_signals(SIG_BLOCK);
	if (ready == 0 || woken[0].revents == 0)
		return DAEMON_NO_SIGNAL;
	if (read(wake_fds[0], &octet, 1) != 1)
		return 0;
	return octet == NUDGE ? DAEMON_NO_SIGNAL : octet;
}
