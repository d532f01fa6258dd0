/* process - another program: its output read with bounds and a deadline, its
 * arguments never seen by a shell.  Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_PROCESS_H
#define COMMON_BASE_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/err.h"

struct process {
	pid_t pid;
	int fd; /* its standard output */
	int64_t deadline_ms;
};

/*
 * process_start - run argv[0], found in PATH or in /usr/sbin
 *
 * Standard input is empty; what it says to standard error is dropped.  argv
 * ends in NULL.  deadline_ms (clock_mono_ms) is for all that follows.  LOCAL
 * when there is no such program.  End it with process_end.
 */
int process_start(struct process *process, const char *const argv[],
    int64_t deadline_ms, struct err *err);

/* process_filter - the same, with in as its standard input, which stays the
 * caller's */
int process_filter(struct process *process, const char *const argv[], int in,
    int64_t deadline_ms, struct err *err);

/* process_read - some of its output: octets, 0 at the end, -1 and TEMP when the
 * deadline has passed */
ssize_t
process_read(struct process *process, char *to, size_t size, struct err *err);

/* process_end - its exit status, 128 + N for a signal; it is killed if it did
 * not end by itself */
int process_end(struct process *process);

/*
 * process_capture - all of its output, for free(), NUL-terminated
 *
 * NULL with err: LOCAL when there is no such program or its status is not 0,
 * TEMP at the deadline, DATA when there is more than max octets of output.
 */
char *process_capture(const char *const argv[], int64_t deadline_ms, size_t max,
    struct err *err) __attribute__((warn_unused_result));

#endif
