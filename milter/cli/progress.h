/* progress - a line on a terminal while something takes long, and Ctrl-C, which
 * ends it early. The main thread, where nothing else is said. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_PROGRESS_H
#define MILTER_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct cli_progress {
	const char *what;     /* a word, borrowed: "reading" */
	const char *unit;     /* "MB" */
	uint64_t scale;       /* of what is counted, that are one unit */
	uint64_t done, total; /* total 0: not known */
	int64_t begun_ms, drawn_ms;
	bool drawn;
};

/* cli_progress_begin - catches Ctrl-C from here on, once */
void cli_progress_begin(struct cli_progress *progress, const char *what,
    const char *unit, uint64_t scale, uint64_t total);

/* cli_progress_step - so much more is done; false: Ctrl-C came */
bool cli_progress_step(struct cli_progress *progress, uint64_t more);

/* cli_progress_draw - so much is done in all: the line, if it is time for one;
 * cli_progress_erase - it goes, until it is drawn again; one thread of any */
void cli_progress_draw(struct cli_progress *progress, uint64_t done);
void cli_progress_erase(struct cli_progress *progress);

/* cli_progress_is_stopped - whether Ctrl-C came; any thread */
bool cli_progress_is_stopped(void);

/* cli_progress_end - the line goes; a second Ctrl-C ends the program; whether
 * there was a first */
bool cli_progress_end(struct cli_progress *progress);

/* cli_progress_text - what the line says after so long; returns out */
enum { CLI_PROGRESS_SIZE = 80 };
const char *cli_progress_text(const struct cli_progress *progress,
    int64_t now_ms, char out[CLI_PROGRESS_SIZE]);

#endif
