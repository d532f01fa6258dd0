/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/text.h"
#include "milter/cli/survey/import.h"
#include "milter/cli/survey/names.h"

/* Bad lines that are told one by one. */
enum { TOLD = 20, SHOWN_SIZE = 64 };

static int
say_no_room(struct import *import, const struct err *err)
{
	import->status = cli_fail(EX_IOERR, "%s", err->text);
	return import->status;
}

void
import_domain(
    struct import *import, const char *domain, int64_t weight, int64_t rank)
{
	struct err err;

	import->good++;
	if (import->status == 0 &&
	    store_survey_add(import->survey, domain, weight, rank, &err) != 0)
		say_no_room(import, &err);
}

static void
tell_bad(struct import *import, const char *line, size_t length)
{
	char clean[SHOWN_SIZE];

	if (import->bad++ >= TOLD)
		return;
	text_clean(clean, sizeof(clean), line, length);
	cli_fail(0, "line %llu is no name: %s",
	    (unsigned long long)import->line, clean);
}

static void
import_line(struct import *import, const char *line, size_t length)
{
	struct named named;

	import->line++;
	switch (names_read(line, length, &named)) {
	case NAMES_BLANK:
		return;
	case NAMES_BAD:
		tell_bad(import, line,
		    length > LIMIT_SURVEY_LINE ? LIMIT_SURVEY_LINE : length);
		return;
	case NAMES_DOMAIN:
		break;
	}
	import_domain(import, named.domain, named.weight, named.rank);
}

/* Lines of any length, of which no more is kept than counts. */
static void
import_file(struct import *import, FILE *file)
{
	char line[LIMIT_SURVEY_LINE + 1];
	size_t length = 0;
	int c;

	while (import->status == 0 && (c = getc_unlocked(file)) != EOF) {
		if (c != '\n') {
			if (length < sizeof(line))
				line[length++] = (char)c;
			continue;
		}
		import_line(import, line, length);
		length = 0;
	}
	if (import->status == 0 && length > 0)
		import_line(import, line, length);
	if (import->status == 0 && ferror(file))
		import->status = cli_fail(EX_NOINPUT, "cannot read the list");
}

static void
import_list(struct import *import, const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (file == NULL) {
		import->status =
		    cli_fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
		return;
	}
	import_file(import, file);
	if (file != stdin)
		fclose(file);
}

static void
import_note(struct import *import, const char *key, const char *value)
{
	char clean[LIMIT_DOMAIN_SIZE];
	struct err err;

	text_clean(clean, sizeof(clean), value, strlen(value));
	if (import->status == 0 &&
	    store_survey_note(import->survey, key, clean, &err) != 0)
		say_no_room(import, &err);
}

static void
note_sources(struct import *import, const struct cli_options *options)
{
	if (options->words.count > 0)
		import_note(import, SURVEY_NOTE_SOURCE, "arguments");
	if (options->list != NULL)
		import_note(import, SURVEY_NOTE_SOURCE, options->list);
	for (size_t i = 0; i < options->maillogs.count; i++)
		import_note(
		    import, SURVEY_NOTE_SOURCE, options->maillogs.items[i]);
	if (options->journal)
		import_note(import, SURVEY_NOTE_SOURCE, "journal");
	if (options->queue)
		import_note(import, SURVEY_NOTE_SOURCE, "queue");
	if (import->by_line)
		import_note(import, SURVEY_NOTE_BY_LINE, "1");
}

static void
import_all(struct import *import, const struct cli_options *options)
{
	for (size_t i = 0; import->status == 0 && i < options->words.count; i++)
		import_line(import, options->words.items[i],
		    strlen(options->words.items[i]));
	if (import->status == 0 && options->list != NULL)
		import_list(import, options->list);
	if (import->status == 0 &&
	    (options->maillogs.count > 0 || options->journal))
		import_logs(import, options);
	if (import->status == 0 && options->queue)
		import_queue(import);
	if (import->status != 0)
		return;
	if (import->bad > TOLD)
		cli_fail(0, "%llu lines are no names",
		    (unsigned long long)import->bad);
	if (import->unread > 0)
		cli_fail(0, "%llu entries of the queue cannot be read",
		    (unsigned long long)import->unread);
	if (import->good == 0)
		import->status = cli_fail(EX_NOINPUT, "there is no name in it");
	else
		note_sources(import, options);
}

/* In one transaction: who is killed has imported nothing. */
int
survey_import(struct store_survey *survey, const struct cli_options *options)
{
	struct import import = {.survey = survey};
	struct err err;

	if (store_survey_begin(survey, &err) != 0)
		return say_no_room(&import, &err);
	import_all(&import, options);
	if (import.status != 0)
		return import.status;
	if (store_survey_commit(survey, &err) != 0)
		return say_no_room(&import, &err);
	return 0;
}
