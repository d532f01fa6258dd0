/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: of each report it is asked whether it is one of the time and
 * domain that are wanted, whether it may be believed, and whether it was seen
 * before.  What counts is added to the totals, given to each, and forgotten, so
 * that memory does not grow with the number of reports.  Of the others a count
 * stays, and a note as long as there is room.
 *
 * reading_find.c gets reports out of files and messages.
 */
#include "milter/cli/tlsrpt/reading.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

const char *
reading_state_text(enum reading_state state)
{
	static const char *const words[READING_STATES] = {
	    [READING_INVALID] = "invalid",
	    [READING_ZIP] = "zip",
	    [READING_NO_REPORT] = "no-report",
	    [READING_OUTSIDE] = "outside",
	    [READING_UNAUTHENTICATED] = "unauthenticated",
	    [READING_DUPLICATE] = "duplicate",
	    [READING_CONFLICT] = "conflict",
	    [READING_TOLERATED] = "tolerated",
	    [READING_VALID] = "valid",
	};

	return words[state];
}

void
reading_init(struct reading *reading, const struct reading_options *options,
    reading_each *each, void *arg)
{
	memset(reading, 0, sizeof(*reading));
	reading->options = *options;
	reading->each = each;
	reading->arg = arg;
	totals_init(&reading->totals);
	names_init(&reading->keys, LIMIT_TLSRPT_REPORTS);
}

void
reading_fini(struct reading *reading)
{
	totals_fini(&reading->totals);
	names_fini(&reading->keys);
	free(reading->contents);
	for (size_t i = 0; i < reading->note_count; i++) {
		free(reading->notes[i].source);
		free(reading->notes[i].id);
		free(reading->notes[i].why);
	}
	free(reading->notes);
}

bool
reading_goes_on(struct reading *reading, size_t octets)
{
	if (reading->options.step != NULL &&
	    !reading->options.step(reading->options.step_arg, octets))
		reading->stopped = true;
	return !reading->stopped;
}

void
reading_end(struct reading *reading)
{
	totals_end(&reading->totals);
}

static void
add_note(struct reading *reading, enum reading_state state, const char *source,
    const struct tlsrpt_report *report, const char *why)
{
	char shown[LIMIT_TLSRPT_SHOWN];

	if (reading->note_count == LIMIT_TLSRPT_NOTES) {
		reading->notes_left_out++;
		return;
	}
	/* a file's name may be anything */
	text_escape(shown, sizeof(shown), source, strlen(source));
	reading->notes = xrealloc(
	    reading->notes, reading->note_count + 1, sizeof(*reading->notes));
	reading->notes[reading->note_count++] =
	    (struct reading_note){.source = xstrdup(shown),
		.id = totals_cut(report == NULL ? NULL : report->id),
		.why = xstrdup(why),
		.state = state,
		.quirks = report == NULL ? 0 : report->quirks};
}

static void
note_found(struct reading *reading, enum reading_state state,
    const char *source, const struct tlsrpt_report *report, const char *why)
{
	if (state != READING_VALID && state != READING_NO_REPORT &&
	    state != READING_OUTSIDE)
		add_note(reading, state, source, report, why);
}

void
reading_count(struct reading *reading, enum reading_state state,
    const char *source, const char *why)
{
	reading->counts[state]++;
	reading->failed |= state == READING_INVALID;
	note_found(reading, state, source, NULL, why);
}

void
reading_refuse(struct reading *reading, const char *source, const char *why)
{
	reading_count(reading, READING_INVALID, source, why);
}

static bool
is_asked_for(
    const struct reading_options *options, const struct tlsrpt_report *report)
{
	if ((options->from != 0 && report->end < options->from) ||
	    (options->to != 0 && report->begin > options->to))
		return false;
	for (size_t i = 0; i < report->policy_count; i++)
		if (totals_concerns(
			report, &report->policies[i], options->domain))
			return true;
	return options->domain == NULL;
}

/* Of two reports with the same key the first counts. */
static enum reading_state
look_for_double(struct reading *reading, const struct tlsrpt_report *report)
{
	char key[TLSRPT_DIGEST_SIZE], content[TLSRPT_DIGEST_SIZE];
	uint32_t before = reading->keys.count, number;

	tlsrpt_report_key(report, key, content);
	number = names_add(&reading->keys, key);
	if (number == NAMES_NONE) {
		reading->full = true;
		return READING_OUTSIDE;
	}
	if (number < before)
		return strcmp(reading->contents[number], content) == 0
			   ? READING_DUPLICATE
			   : READING_CONFLICT;
	reading->contents =
	    totals_room(reading->contents, number, sizeof(*reading->contents));
	memcpy(reading->contents[number], content, TLSRPT_DIGEST_SIZE);
	return report->quirks == 0 ? READING_VALID : READING_TOLERATED;
}

static enum reading_state
judge_report(
    struct reading *reading, const struct tlsrpt_report *report, bool passed)
{
	if (!is_asked_for(&reading->options, report))
		return READING_OUTSIDE;
	if (reading->options.authserv_id != NULL) {
		reading->authenticated += passed;
		reading->unauthenticated += !passed;
		if (!passed && !reading->options.all)
			return READING_UNAUTHENTICATED;
	}
	return look_for_double(reading, report);
}

void
reading_report(struct reading *reading, const char *source,
    struct json_t *object, const struct reading_around *around)
{
	AUTO(tlsrpt_report) struct tlsrpt_report *report = NULL;
	enum reading_state state;
	struct err err;

	report = tlsrpt_report_parse(object, around->hints, &err);
	if (report == NULL) {
		reading_refuse(reading, source, err.text);
		return;
	}
	report->quirks |= around->quirks;
	state = judge_report(reading, report, around->passed);
	reading->counts[state]++;
	note_found(reading, state, source, report, "");
	if (state != READING_VALID && state != READING_TOLERATED)
		return;
	totals_add(&reading->totals, report, reading->options.domain);
	reading->each(reading->arg, report);
}
