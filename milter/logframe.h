/* logframe - what containers put around a line of a log: the JSON of Docker,
 * the prefixes of Kubernetes and Compose. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_LOGFRAME_H
#define MILTER_LOGFRAME_H

#include <stddef.h>

#include "milter/logline.h"

/*
 * logframe_open - the line as the program wrote it
 *
 * It is borrowed from line, or stands in room, which has LOGLINE_SIZE octets.
 * when becomes the time that the frame has, or "".
 *
 *	{"log":"LINE\n","stream":"stdout","time":"TIME"}
 *	TIME stdout F LINE
 *	[pod/NAME/CONTAINER] LINE
 *	NAME | LINE
 */
const char *
logframe_open(const char *line, char when[LOGLINE_WHEN_SIZE], char *room);

#endif
