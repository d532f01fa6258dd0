/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a line becomes a record at the end of a ring, and then all
 * records go to the socket, the first first, for as long as it takes them
 * without a wait.  Mostly the ring is empty before and behind.
 *
 * What is not taken stays.  The next line tries again; so does the main thread,
 * which is nudged when a line begins to wait, and asks the kernel when the
 * socket can take more.  A socket that fails is closed, and connected to anew
 * at the next try, for syslog may have been started again.
 *
 * When the ring is full a line is counted and dropped; the count is told as a
 * line of its own as soon as there is room.
 */
#include "milter/serve/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/lock.h"
#include "common/base/text.h"

enum {
	/* A line, and "<22>Nov 22 10:12:44 NAME[PID]: " before it */
	RECORD_SIZE = LIMIT_LOG_LINE + 124,
};

struct record {
	size_t length;
	char text[RECORD_SIZE];
};

/* The memory of records that never wait is never touched. */
static struct {
	struct lock lock;                  /* guards all from fd on */
	const struct log_options *options; /* NULL: not open */
	int fd;
	bool stream;
	size_t sent; /* octets of the first record, to a stream */
	size_t first;
	size_t count;
	uintmax_t lost;
	struct record records[LIMIT_LOG_BACKLOG];
} state;

void
log_open(const struct log_options *options)
{
	lock_init(&state.lock);
	state.fd = -1;
	state.options = options;
}

/* --- the socket --- */

static void
disconnect_locked(void) HOLDS(state.lock)
{
	if (state.fd >= 0)
		close(state.fd);
	state.fd = -1;
}

static int
connect_as_locked(int type) HOLDS(state.lock)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int rc;

	text_copy(
	    address.sun_path, sizeof(address.sun_path), state.options->path);
	state.fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (state.fd < 0)
		return errno;
	state.stream = type == SOCK_STREAM;
	state.sent = 0;
	rc = connect(state.fd, (struct sockaddr *)&address, sizeof(address));
	if (rc == 0)
		return 0;
	rc = errno;
	disconnect_locked();
	return rc;
}

static void
connect_locked(void) HOLDS(state.lock)
{
	if (state.fd < 0 && connect_as_locked(SOCK_DGRAM) == EPROTOTYPE)
		connect_as_locked(SOCK_STREAM);
}

/* Whether the first record is gone; in a stream a NUL ends it. */
static bool
send_first_locked(void) HOLDS(state.lock)
{
	const struct record *record = &state.records[state.first];
	size_t size = record->length + state.stream;
	ssize_t put;

	if (state.fd < 0)
		return false;
	do {
		put = send(state.fd, record->text + state.sent,
		    size - state.sent, MSG_NOSIGNAL);
		if (put > 0)
			state.sent += (size_t)put;
	} while (put > 0 && state.sent < size);
	if (put < 0 && errno != EAGAIN && errno != ENOBUFS)
		disconnect_locked();
	if (put < 0)
		return false;
	state.sent = 0;
	return true;
}

/* --- what waits --- */

static struct tm
local_time(void)
{
	time_t now = time(NULL);
	struct tm local;

	localtime_r(&now, &local);
	return local;
}

/* The format that syslog(3) has in the C locale. */
static void
add_record_locked(int severity, const char *line) HOLDS(state.lock)
{
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	size_t last = (state.first + state.count) % LIMIT_LOG_BACKLOG;
	struct tm local = local_time();
	struct text text;

	text_init(&text, state.records[last].text, RECORD_SIZE);
	text_addf(&text, "<%d>%s %2d %02d:%02d:%02d ", severity,
	    months[local.tm_mon], local.tm_mday, local.tm_hour, local.tm_min,
	    local.tm_sec);
	text_addf(
	    &text, "%s[%d]: %s", state.options->name, (int)getpid(), line);
	state.records[last].length = text.len;
	state.count++;
}

static void
tell_lost_locked(void) HOLDS(state.lock)
{
	char line[LIMIT_LOG_LINE + 1];
	int severity;

	if (state.lost == 0)
		return;
	severity = state.options->lost(line, state.lost);
	state.lost = 0;
	add_record_locked(severity | state.options->facility, line);
}

static void
drop_first_locked(void) HOLDS(state.lock)
{
	state.first = (state.first + 1) % LIMIT_LOG_BACKLOG;
	if (--state.count > 0)
		return;
	state.first = 0;
	tell_lost_locked();
}

/* A socket that nobody listens at any more may have a successor. */
static void
flush_locked(void) HOLDS(state.lock)
{
	bool again = true;

	while (state.count > 0) {
		connect_locked();
		if (send_first_locked()) {
			drop_first_locked();
		} else if (state.fd >= 0 || !again) {
			return;
		} else {
			again = false;
		}
	}
}

bool
log_flush(int *fd)
{
	bool left;

	*fd = -1;
	if (state.options == NULL)
		return false;
	lock_take(&state.lock);
	flush_locked();
	left = state.count > 0;
	*fd = state.fd;
	lock_drop(&state.lock);
	return left;
}

static void
write_line(int severity, const char *line)
{
	bool waited, waits;

	lock_take(&state.lock);
	flush_locked();
	waited = state.count > 0;
	if (state.count + (state.lost > 0) < LIMIT_LOG_BACKLOG) {
		tell_lost_locked();
		add_record_locked(severity, line);
	} else {
		state.lost++;
	}
	flush_locked();
	waits = state.count > 0;
	lock_drop(&state.lock);
	if (waits && !waited)
		state.options->kept();
}

void
log_write(int severity, const char *line)
{
	if (state.options != NULL)
		write_line(severity | state.options->facility, line);
}

void
log_close(int64_t deadline_ms)
{
	struct pollfd writable = {.events = POLLOUT};

	while (log_flush(&writable.fd) && writable.fd >= 0 &&
	       clock_left_ms(deadline_ms) > 0)
		poll(&writable, 1, clock_left_ms(deadline_ms));
}

/* --- syslog(3) --- */

/*
 * libmilter, whose listener and worker threads all connections rest on, calls
 * syslog(3), which waits for as long as nobody reads the socket.  The linker
 * puts these before those of the C library; glibc has the second for code that
 * was built with _FORTIFY_SOURCE.
 */
void log_syslog(int priority, const char *format, ...) __asm__("syslog")
    __attribute__((format(printf, 2, 3)));
void log_syslog_chk(int priority, int flag, const char *format, ...) __asm__(
    "__syslog_chk") __attribute__((format(printf, 3, 4)));

static void __attribute__((format(printf, 2, 0)))
write_others(int priority, const char *format, va_list args)
{
	char line[LIMIT_LOG_LINE + 1];

	if (state.options == NULL ||
	    vsnprintf(line, sizeof(line), format, args) < 0)
		return;
	if ((priority & LOG_FACMASK) == 0)
		priority |= state.options->facility;
	write_line(priority, line);
}

void
log_syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_others(priority, format, args);
	va_end(args);
}

void
log_syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	write_others(priority, format, args);
	va_end(args);
}
