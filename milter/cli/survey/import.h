/* import - names that come into the file of a survey. One thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_IMPORT_H
#define MILTER_CLI_SURVEY_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "milter/cli/survey/survey.h"

struct import {
	struct store_survey *survey;
	uint64_t line, good, bad; /* of a list */
	uint64_t unread;          /* of the queue */
	bool by_line;             /* deliveries of a log, not messages */
	int status;               /* of what was said; 0: go on */
};

/* import_domain - one that is normalised */
void import_domain(
    struct import *import, const char *domain, int64_t weight, int64_t rank);

/* import_logs - of --maillog and --journal; import_queue - of Postfix */
void import_logs(struct import *import, const struct cli_options *options);
void import_queue(struct import *import);

#endif
