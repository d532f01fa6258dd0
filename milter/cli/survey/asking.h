/* asking - all names of a survey that are still to be asked about. One thread
 * calls it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_ASKING_H
#define MILTER_CLI_SURVEY_ASKING_H

#include "common/io/dns_pace.h"
#include "milter/cli/engine.h"
#include "milter/cli/survey/exclude.h"
#include "milter/cli/survey/host_lines.h"
#include "milter/cli/survey/probing.h"
#include "milter/cli/survey/further.h"
#include "milter/cli/survey/record.h"

/* All borrowed. */
struct asking {
	struct cli_engine *cli;
	struct further *further;
	struct dns_pace *pace; /* of all lookups */
	const struct x509_store *roots;
	const struct providers *providers;
	struct store_survey *survey;
	struct store_survey_hosts *hosts; /* of the survey */
	struct probing *probing;
	const struct exclude *exclude; /* NULL: nobody */
	bool dns_only;
	unsigned jobs;
	unsigned rate;         /* domains a second; 0: as it goes */
	unsigned retries;      /* rounds over those that fail */
	unsigned retry_wait_s; /* before each round */
	uint64_t limit;        /* domains of this run; 0: all */
};

/*
 * asking_run - ask about each of them, and keep the answers
 *
 * Ctrl-C ends it early.  Returns 0 when there are none left, EX_TEMPFAIL when
 * some are, EX_UNAVAILABLE when the resolver answers no more, and EX_IOERR when
 * an answer cannot be kept; all but the first was said on stderr.
 */
int asking_run(const struct asking *asking);

#endif
