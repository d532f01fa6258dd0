/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/base/xalloc.h"
#include "milter/cli/engine.h"
#include "milter/cli/log/logfile.h"
#include "milter/cli/log/source.h"
#include "milter/cli/progress.h"
#include "milter/cli/survey/attempts.h"
#include "milter/cli/survey/import.h"
#include "milter/cli/survey/names.h"

enum {
	MEGABYTE = 1000 * 1000,
	QUEUE_MS = 30000,
	CHUNK = 4096,
};

/* --- logs --- */

struct log_import {
	struct import *import;
	struct attempts attempts;
	struct cli_progress progress;
};

static void
import_attempt(void *arg, const char *domain, int64_t messages)
{
	struct log_import *log = arg;

	import_domain(log->import, domain, messages, 0);
}

static void
import_log_line(void *arg, const char *line)
{
	struct log_import *log = arg;

	attempts_line(&log->attempts, line);
}

static bool
import_step(void *arg, size_t octets)
{
	struct log_import *log = arg;

	return cli_progress_step(&log->progress, octets) &&
	       log->import->status == 0;
}

static void
tell_attempts(const struct attempts *attempts)
{
	if (attempts->bad > 0)
		cli_fail(0, "%" PRIu64 " deliveries in the log have no domain",
		    attempts->bad);
	if (attempts->passed > 0)
		cli_fail(0,
		    "%" PRIu64 " deliveries of Exim were passed over: too many "
		    "transports",
		    attempts->passed);
}

static int
import_each_log(
    struct log_import *log, const struct cli_options *options, struct err *err)
{
	const struct cli_list *paths = &options->maillogs;
	struct cli_log source = {.files = paths};
	struct logfile logfile = {.deadline_ms = INT64_MAX,
	    .each = import_log_line,
	    .go_on = import_step,
	    .arg = log};
	int rc = 0;

	cli_progress_begin(&log->progress, "reading", "MB", MEGABYTE,
	    paths->count > 0 ? cli_log_size(&source) : 0);
	for (size_t i = 0; rc == 0 && i < paths->count; i++)
		rc = logfile_read(&logfile, paths->items[i], err);
	if (rc == 0 && options->journal)
		rc = logfile_read_journal(
		    &logfile, log->attempts.program, 0, 0, err);
	if (cli_progress_end(&log->progress) && rc == 0)
		rc = err_set(err, ERR_TEMP, "stopped");
	return rc;
}

void
import_logs(struct import *import, const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = cli_load_settings(options);
	struct log_import log = {.import = import};
	struct err err;
	int rc;

	if (settings == NULL) {
		import->status = EX_CONFIG;
		return;
	}
	attempts_init(&log.attempts, settings, import_attempt, &log);
	rc = import_each_log(&log, options, &err);
	if (rc != 0 && import->status == 0)
		import->status = cli_fail(err.kind == ERR_DATA   ? EX_DATAERR
					  : err.kind == ERR_TEMP ? EX_TEMPFAIL
								 : EX_NOINPUT,
		    "%s", err.text);
	tell_attempts(&log.attempts);
	import->by_line |= log.attempts.pairs.full;
	attempts_end(&log.attempts);
}

/* --- the queue --- */

/* Domains of one message, each once. */
static void
import_queued(struct import *import, const json_t *message)
{
	const json_t *list = json_object_get(message, "recipients");
	struct pairs pairs;

	pairs_init(&pairs, LIMIT_SURVEY_MESSAGES);
	for (size_t i = 0; import->status == 0 && i < json_array_size(list);
	     i++) {
		const char *address = json_string_value(
		    json_object_get(json_array_get(list, i), "address"));
		char domain[LIMIT_DOMAIN_SIZE];

		/* without a domain it is for a mailbox here */
		if (address == NULL || strchr(address, '@') == NULL)
			continue;
		if (!names_domain(address, domain))
			import->unread++;
		else if (pairs_add(&pairs, "", domain))
			import_domain(import, domain, 1, 0);
	}
	pairs_fini(&pairs);
}

/* What came of a line, of which no more is kept than a message may have. */
struct queue_line {
	char *text;
	size_t length;
};

static void
end_queue_line(struct import *import, struct queue_line *line)
{
	json_t *message = NULL;

	if (line->length <= LIMIT_SURVEY_QUEUED)
		message = json_loadb(line->text, line->length, 0, NULL);
	if (json_is_object(message))
		import_queued(import, message);
	else if (line->length > 0)
		import->unread++;
	json_decref(message);
	line->length = 0;
}

static void
take_queue_octets(struct import *import, struct queue_line *line,
    const char *octets, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (octets[i] == '\n')
			end_queue_line(import, line);
		else if (line->length < LIMIT_SURVEY_QUEUED)
			line->text[line->length++] = octets[i];
		else
			line->length = LIMIT_SURVEY_QUEUED + 1;
	}
}

void
import_queue(struct import *import)
{
	static const char *const argv[] = {"/usr/sbin/postqueue", "-j", NULL};
	struct queue_line line = {.text = xmalloc(LIMIT_SURVEY_QUEUED)};
	struct process process;
	char chunk[CHUNK];
	struct err err;
	ssize_t got;
	int ended;

	if (process_start(&process, argv, clock_mono_ms() + QUEUE_MS, &err) !=
	    0) {
		import->status =
		    cli_fail(EX_UNAVAILABLE, "the queue: %s", err.text);
		free(line.text);
		return;
	}
	while ((got = process_read(&process, chunk, sizeof(chunk), &err)) > 0)
		take_queue_octets(import, &line, chunk, (size_t)got);
	end_queue_line(import, &line);
	free(line.text);
	ended = process_end(&process);
	if (got < 0)
		import->status =
		    cli_fail(EX_UNAVAILABLE, "the queue: %s", err.text);
	else if (ended != 0 && import->status == 0)
		import->status = cli_fail(EX_UNAVAILABLE,
		    "the queue: %s ended with status %d", argv[0], ended);
}
