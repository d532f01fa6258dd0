/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/log/gaps.h"
#include "milter/cli/log/source.h"

enum {
	LOG_MS = 30 * 1000, /* for all of the log; what is read counts */
	FRESH_S = 24 * 60 * 60,
};

static void
take_log_line(void *arg, const char *line)
{
	gaps_line(arg, line);
}

/* What is over for a day is told, but nothing is wrong. */
static enum doctor_state
state_of(const struct gaps *gaps)
{
	time_t now = clock_wall_s(), last;

	return logline_time(gaps->last, now, &last) && last < now - FRESH_S
		   ? DOCTOR_OK
		   : DOCTOR_WARN;
}

static void
tell_gaps(const struct gaps *gaps, bool named, struct doctor_finding *found)
{
	char stopped[64] = "", when[2 * LOGLINE_WHEN_SIZE + 16] = "";

	if (strcmp(gaps->first, gaps->last) != 0)
		snprintf(when, sizeof(when), ", from %s to %s", gaps->first,
		    gaps->last);
	else if (gaps->last[0] != '\0')
		snprintf(when, sizeof(when), ", at %s", gaps->last);
	if (gaps->while_stopped > 0)
		snprintf(stopped, sizeof(stopped),
		    ", %zu of them while posternd was stopped",
		    gaps->while_stopped);
	doctor_say(found, state_of(gaps),
	    "%zu message%s passed unseen%s%s; of the last the MTA "
	    "says: %.*s",
	    gaps->count, gaps->count == 1 ? "" : "s", when, stopped,
	    LIMIT_DETAIL, gaps->said);
	if (found->state == DOCTOR_OK)
		return;
	if (named)
		doctor_mend(found, "# the last one is %s", gaps->id);
	else
		doctor_mend(
		    found, "postern explain %s    # the last one", gaps->id);
	doctor_mend(found, "# where the MTA lets mail wait for this filter "
			   "(default_action = tempfail, F=T) nothing passes "
			   "while posternd is down");
}

static void
tell_none(const struct gaps *gaps, const struct err *err,
    struct doctor_finding *found)
{
	if (err != NULL)
		doctor_blind(found, "%s", err->text);
	else if (gaps->since[0] == '\0')
		doctor_say(found, DOCTOR_SKIP, "the log has no line");
	else
		doctor_say(found, DOCTOR_OK,
		    "no message passed unseen since %s, by the log",
		    gaps->since);
}

void
doctor_gaps(struct doctor *doctor, struct doctor_finding *found)
{
	const struct settings *settings = doctor->settings;
	struct gaps gaps;
	struct cli_log log = {.files = doctor->logs,
	    .program = settings->syslog_name,
	    .deadline_ms = clock_mono_ms() + LOG_MS,
	    .each = take_log_line,
	    .arg = &gaps};
	struct err err;
	int rc;

	gaps_init(&gaps, settings->syslog_name, settings->socket);
	rc = cli_log_read(&log, &err);
	if (gaps.count > 0)
		tell_gaps(&gaps, doctor->logs->count > 0, found);
	else if (rc != 0 && !cli_log_is_there(&log))
		doctor_say(found, DOCTOR_SKIP, "%s", err.text);
	else
		tell_none(&gaps, rc == 0 ? NULL : &err, found);
	gaps_fini(&gaps);
}
