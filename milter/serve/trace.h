/* trace - each step of a check as a debug line, for an admin who sends it to
 * somebody. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_TRACE_H
#define MILTER_SERVE_TRACE_H

#include "common/engine/check.h"
#include "common/judge/facts.h"
#include "milter/conf/settings.h"

/* trace_check - event=step lines for a check that was made, if LogLevel and
 * DebugDomains want them of its domain or next hop; else nothing */
void trace_check(const struct settings *settings, const struct facts *facts,
    const struct check *check);

/* The lines alone, in their order, to put: for tests.  Each is of at most
 * LIMIT_LOG_LINE octets. */
typedef void trace_put(void *arg, const char *line);
void trace_lines(const struct facts *facts, const struct check *check,
    trace_put *put, void *arg);

#endif
