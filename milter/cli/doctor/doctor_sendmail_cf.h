/* doctor_sendmail_cf - sendmail.cf, line by line. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DOCTOR_DOCTOR_SENDMAIL_CF_H
#define MILTER_CLI_DOCTOR_DOCTOR_SENDMAIL_CF_H

/* doctor_sendmail_read - call each for every line of it, with those that go on
 * with it; 0, or -1 with errno.  The line may be cut up. */
typedef void doctor_sendmail_line(void *arg, char *line);
int doctor_sendmail_read(doctor_sendmail_line *each, void *arg);

/* doctor_sendmail_option - the value of "O NAME=value", in the line, or NULL */
char *doctor_sendmail_option(char *line, const char *name);

#endif
