/* log - lines to syslog, which nobody waits for. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_LOG_H
#define MILTER_SERVE_LOG_H

#include <stdbool.h>
#include <stdint.h>

struct log_options {
	const char *path; /* of the socket */
	const char *name; /* with facility: before each line, as syslog(3)
			     puts them */
	int facility;     /* syslog.h */

	/* The line (of LIMIT_LOG_LINE) about so many that are lost; returns
	 * its severity */
	int (*lost)(char *line, uintmax_t count);

	/* Called by any thread when the socket does not take a line, so that
	 * somebody calls log_flush until nothing is left */
	void (*kept)(void);
};

/* log_open - write there from here on (options are borrowed); before there are
 * threads */
void log_open(const struct log_options *options);

/*
 * log_write - a line of this severity (syslog.h)
 *
 * What the socket does not take now waits, LIMIT_LOG_BACKLOG lines at most, and
 * goes in its order once it is taken; those that did not fit are counted in a
 * line behind.  The C library's syslog(3), in this process, does the same.
 */
void log_write(int severity, const char *line);

/* log_flush - send what waits: whether some is left, which is for when fd can
 * be written to; -1: after some time */
bool log_flush(int *fd);

/* log_close - the same, until deadline_ms (clock_mono_ms) if there is anybody
 * to take it; what is left then is lost */
void log_close(int64_t deadline_ms);

#endif
