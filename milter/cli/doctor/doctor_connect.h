/* doctor_connect - a connection to a socket of posternd. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DOCTOR_DOCTOR_CONNECT_H
#define MILTER_CLI_DOCTOR_DOCTOR_CONNECT_H

/* doctor_connect - connect to "unix:/path" or "inet:port@host", as a setting
 * has it: a descriptor, or -1 with errno */
int doctor_connect(const char *socket_text);

#endif
