/* survey - many destinations side by side, each answer when it comes. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_CHECK_SURVEY_H
#define MILTER_CLI_CHECK_SURVEY_H

#include <stdio.h>

#include "milter/cli/cli.h"
#include "milter/cli/engine.h"

enum { CLI_SURVEY_RESULTS = RESULTS };

struct cli_survey {
	struct cli_engine *cli;
	const struct engine_query *like; /* what is asked of each */
	const struct cli_list *words;
	FILE *file;    /* more of them, one a line; or NULL */
	size_t jobs;   /* checks at once */
	bool ordered;  /* answers as the words stand, not as they come */
	bool progress; /* a line on stderr that tells how far it is; of a file
			  also how fast, and for how long yet */

	/* Print an answer into out, which is memory.  By any thread. */
	void (*print)(
	    void *arg, FILE *out, const struct check *check, const char *asked);
	void *arg;
};

struct cli_tally {
	size_t count;
	size_t of[CLI_SURVEY_RESULTS];
	enum result worst;
	bool stopped; /* by Ctrl-C, which ends the reading of a file: what had
			 begun by then is in */
};

/*
 * cli_survey_run - check them all
 *
 * Blank lines of the file and what stands behind "#" do not count; a line that
 * is no destination is answered as one.  No more is in memory than jobs checks
 * and their answers.  Returns 0, or the exit status of what it has said.
 */
int cli_survey_run(const struct cli_survey *survey, struct cli_tally *tally);

#endif
