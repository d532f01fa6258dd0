/* top - what "postern top" shows, and keeps between two looks. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_WATCH_TOP_H
#define MILTER_CLI_WATCH_TOP_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "common/base/limits.h"
#include "milter/cli/watch/watch.h"

/* Between two looks. */
struct top {
	const struct settings *settings;
	const struct cli_options *options;
	bool screen; /* a terminal that is drawn anew */
	bool by_name;
	char asking[LIMIT_DOMAIN_SIZE]; /* whether to forget this one, or "" */
	bool seen;
	int64_t at_ms, messages, pass, none, softfail, fail, temperror, probes,
	    fetches;
	struct termios before;
	sigset_t waiting; /* what is blocked while a key is awaited */
};

/* top_draw - show a look, in top_draw.c */
void top_draw(struct top *top, const struct watch *watch);

/* top_next_by_name - the row that comes behind one of this name; SIZE_MAX:
 * none.  They come by messages. */
size_t top_next_by_name(const struct watch *watch, const char *after);

#endif
