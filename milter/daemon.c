/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/identity.h"
#include "milter/report.h"
#include "milter/settings.h"

static int ready_fd = -1;          /* to the parent that waits */
static int wake_fds[2] = {-1, -1}; /* a signal number an octet */

static struct {
	int fd;
	const char *path; /* borrowed from the settings */
	bool written;
} pid_file = {.fd = -1};

static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

enum {
	SIGNALS = sizeof(signals) / sizeof(signals[0]),

	/* In the place of a signal's number */
	NUDGE = UCHAR_MAX,

	/* Soon enough for a client that waits for a descriptor */
	REST_MS = 100,

	/* Between two words about it */
	SILENT_MS = 60 * 1000,
};

static int fail(struct err *err, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int
fail(struct err *err, int status, const char *format, ...)
{
	va_list args;

	err->kind = ERR_LOCAL;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return status;
}

/* open(2) gives the lowest that is free. */
void
daemon_open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

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
		return fail(err, EX_OSERR, "pipe: %s", strerror(errno));
	fflush(NULL);
	child = fork();
	if (child < 0)
		return fail(err, EX_OSERR, "fork: %s", strerror(errno));
	if (child > 0) {
		close(fds[1]);
		await_child(fds[0], child);
	}
	close(fds[0]);
	ready_fd = fds[1];
	if (setsid() < 0 || chdir("/") < 0)
		return fail(err, EX_OSERR, "%s", strerror(errno));
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
		return fail(err, EX_NOUSER, "\"%.64s\" is root", out->name);
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
		return fail(err, EX_NOUSER,
		    "started as root, and %s: make another, or name one with "
		    "UserID or -u",
		    why.text);
	if (initgroups(who.name, who.gid) < 0 ||
	    setresgid(who.gid, who.gid, who.gid) < 0 ||
	    setresuid(who.uid, who.uid, who.uid) < 0)
		return fail(err, EX_NOPERM, "cannot become \"%.64s\": %s", user,
		    strerror(errno));
	if (setuid(0) == 0)
		return fail(err, EX_NOPERM, "root did not go away");
	return 0;
}

/* Whether a server answers at the Unix socket; else it is of no use. */
static int
claim_path(const char *path, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat status;
	int fd;
	int rc;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0
				       : fail(err, EX_CANTCREAT, "%.150s: %s",
					     path, strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return fail(err, EX_CANTCREAT,
		    "%.150s is there and is no socket", path);
	text_copy(address.sun_path, sizeof(address.sun_path), path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(err, EX_OSERR, "socket: %s", strerror(errno));
	rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
	if (rc < 0)
		rc = errno;
	close(fd);
	/* EAGAIN: somebody lets them wait */
	if (rc == 0 || rc == EAGAIN)
		return fail(err, EX_UNAVAILABLE,
		    "%.150s is in use by another process", path);
	if (rc != ECONNREFUSED && rc != ENOENT)
		return fail(
		    err, EX_CANTCREAT, "%.150s: %s", path, strerror(rc));
	if (unlink(path) < 0 && errno != ENOENT)
		return fail(err, EX_CANTCREAT, "cannot remove %.150s: %s", path,
		    strerror(errno));
	return 0;
}

/* Whether a listener could have the directory of path; libmilter says it to
 * syslog alone. */
static int
try_directory(const char *path, struct err *err)
{
	char directory[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	char *slash;

	text_copy(directory, sizeof(directory), path);
	slash = strrchr(directory, '/');
	slash[slash == directory] = '\0';
	if (access(directory, W_OK | X_OK) < 0)
		return fail(err, EX_CANTCREAT,
		    "cannot make a socket in %.150s: %s", directory,
		    strerror(errno));
	return 0;
}

/* Bind as libmilter is going to, and let go. */
static int
try_bind(const struct addrinfo *info, const char *socket_text, struct err *err)
{
	int on = 1;
	int status = 0;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail(err, EX_UNAVAILABLE, "%.150s: %s", socket_text,
		    strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, info->ai_addr, info->ai_addrlen) < 0)
		status = fail(err, errno == EACCES ? EX_NOPERM : EX_UNAVAILABLE,
		    "%.150s: %s", socket_text, strerror(errno));
	close(fd);
	return status;
}

static int
claim_port(
    const char *text, int family, const char *socket_text, struct err *err)
{
	struct addrinfo hints = {.ai_family = family,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *info;
	char copy[300];
	char *host;
	int rc;

	text_copy(copy, sizeof(copy), text);
	host = settings_cut_host(copy);
	rc = getaddrinfo(host, copy, &hints, &info);
	if (rc != 0)
		return fail(err, EX_NOHOST, "%.150s: %s", socket_text,
		    gai_strerror(rc));
	rc = try_bind(info, socket_text, err);
	freeaddrinfo(info);
	return rc;
}

int
daemon_claim_socket(const char *text, struct err *err)
{
	const char *rest = strchr(text, ':') + 1;
	int status;

	if (rest[0] != '/')
		return claim_port(rest,
		    strncmp(text, "inet6:", 6) == 0 ? AF_INET6 : AF_INET, text,
		    err);
	status = try_directory(rest, err);
	return status != 0 ? status : claim_path(rest, err);
}

void
daemon_own_socket(const char *text, struct daemon_socket *own)
{
	const char *rest = strchr(text, ':') + 1;
	struct stat status;

	if (rest[0] == '/' && lstat(rest, &status) == 0)
		*own = (struct daemon_socket){status.st_dev, status.st_ino};
}

void
daemon_release_socket(const char *text, struct daemon_socket *own)
{
	struct daemon_socket there = {0, 0};

	if (own->inode == 0)
		return;
	daemon_own_socket(text, &there);
	if (there.device == own->device && there.inode == own->inode)
		unlink(strchr(text, ':') + 1);
	own->inode = 0;
}

int
daemon_open_pid_file(const char *path, struct err *err)
{
	/* nobody may be at the other end of a FIFO */
	int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	struct stat status;
	int fd;

	if (path == NULL)
		return 0;
	fd = open(path, flags, 0644);
	if (fd < 0)
		return fail(
		    err, EX_CANTCREAT, "%.150s: %s", path, strerror(errno));
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		return fail(err, EX_CANTCREAT,
		    "%.150s is there and is no plain file", path);
	}
	pid_file.path = path;
	pid_file.fd = fd;
	return 0;
}

void
daemon_write_pid(void)
{
	if (pid_file.fd < 0)
		return;
	if (ftruncate(pid_file.fd, 0) < 0 ||
	    dprintf(pid_file.fd, "%ld\n", (long)getpid()) < 0)
		perror(pid_file.path);
	pid_file.written = true;
}

void
daemon_remove_pid(void)
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

static void
wake(int number)
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
	wake(0);
}

void
daemon_nudge(void)
{
	wake(NUDGE);
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
	struct sigaction action = {.sa_handler = wake};

	if (pipe2(wake_fds, O_CLOEXEC) < 0 ||
	    fcntl(wake_fds[1], F_SETFL, O_NONBLOCK) < 0)
		return fail(err, EX_OSERR, "pipe: %s", strerror(errno));
	mask_signals(SIG_BLOCK);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

/*
 * libmilter has a thread of its own that waits for TERM, HUP and INT, and then
 * drops the messages in flight.  sigwait lets them in for as long as it waits,
 * so Linux may well give them to that thread; nothing but another sigwait,
 * which the linker puts before that of the C library, keeps them from it.
 * Nobody else in this process calls it.
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
 * connection, and burns a core until there is one.  As with sigwait, it gets
 * this one, which lets it rest; nobody else in this process calls it.
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
