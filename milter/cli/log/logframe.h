/* logframe - what containers put around a line of a log: the JSON of Docker,
 * the prefixes of Kubernetes and Compose. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_LOGFRAME_H
#define MILTER_CLI_LOG_LOGFRAME_H

#include <stddef.h>

/* A line that is longer is cut; a time as it stands there */
enum { LOGFRAME_SIZE = 8192, LOGFRAME_WHEN_SIZE = 40 };

/*
 * logframe_open - the line as the program wrote it
 *
 * It is borrowed from line, or stands in room, which has LOGFRAME_SIZE octets.
 * when becomes the time that the frame has, or "".
 *
 *	{"log":"LINE\n","stream":"stdout","time":"TIME"}
 *	TIME stdout F LINE
 *	[pod/NAME/CONTAINER] LINE
 *	NAME | LINE
 */
const char *
logframe_open(const char *line, char when[LOGFRAME_WHEN_SIZE], char *room);

#endif
