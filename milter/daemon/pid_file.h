/* pid_file - the file with the number of the process. The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_DAEMON_PID_FILE_H
#define MILTER_DAEMON_PID_FILE_H

#include "common/base/err.h"

/*
 * pid_file_open - get hold of the file while we may, and
 * pid_file_write - write it once the start succeeded
 *
 * pid_file_remove empties it, and removes it if that is allowed; not if
 * another process's id stands there.  path NULL: no PID file.
 */
int pid_file_open(const char *path, struct err *err);
void pid_file_write(void);
void pid_file_remove(void);

#endif
