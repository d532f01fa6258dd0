/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file or a part of a message is unpacked, loaded, and looked at: whether it
 * is a report, whether it is asked for, whether it may be believed, whether it
 * was seen before.  What counts is added to the totals, given to each, and
 * forgotten, so that memory does not grow with the number of reports.
 */
#include "milter/cli/tlsrpt/reading.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/gzip.h"
#include "common/proto/tlsrpt_json.h"
#include "milter/cli/tlsrpt/mail.h"

/* Something that may be a report. */
struct candidate {
	struct reading *reading;
	const char *source;
	const struct mail_part *part; /* what stands around it */
	uint32_t quirks;
	bool claims;  /* it says that it is one: what is wrong is told */
	bool of_mail; /* it is a part of a message */
	bool found;   /* it was one, or was to be */
};

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
count_state(struct reading *reading, enum reading_state state,
    const char *source, const struct tlsrpt_report *report, const char *why)
{
	reading->counts[state]++;
	reading->failed |= state == READING_INVALID;
	if (state != READING_VALID && state != READING_NO_REPORT &&
	    state != READING_OUTSIDE)
		add_note(reading, state, source, report, why);
}

void
reading_refuse(struct reading *reading, const char *source, const char *why)
{
	count_state(reading, READING_INVALID, source, NULL, why);
}

/* What is wrong with a candidate: told if it claims to be a report. */
static void
refuse_candidate(struct candidate *candidate, const char *why)
{
	if (!candidate->claims)
		return;
	candidate->found = true;
	reading_refuse(candidate->reading, candidate->source, why);
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

static void
take_report(struct candidate *candidate, json_t *object)
{
	struct reading *reading = candidate->reading;
	const struct mail_part *part = candidate->part;
	AUTO(tlsrpt_report) struct tlsrpt_report *report = NULL;
	enum reading_state state;
	struct err err;

	candidate->found = true;
	report = tlsrpt_report_parse(object, &part->hints, &err);
	if (report == NULL) {
		reading_refuse(reading, candidate->source, err.text);
		return;
	}
	report->quirks |= candidate->quirks;
	state = judge_report(reading, report, part->passed);
	count_state(reading, state, candidate->source, report, "");
	if (state != READING_VALID && state != READING_TOLERATED)
		return;
	totals_add(&reading->totals, report, reading->options.domain);
	reading->each(reading->arg, report);
}

/* An object, or an array of them. */
static void
take_loaded(struct candidate *candidate, json_t *value)
{
	bool any = false;

	if (tlsrpt_json_is_report(value)) {
		take_report(candidate, value);
		return;
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		json_t *object = json_array_get(value, i);

		if (!tlsrpt_json_is_report(object))
			continue;
		any = true;
		candidate->quirks |= TLSRPT_QUIRK(TLSRPT_IN_ARRAY);
		take_report(candidate, object);
	}
	if (!any && candidate->part->claims)
		refuse_candidate(
		    candidate, "JSON without report-id and policies");
}

static bool
mentions_report(const char *octets, size_t size)
{
	static const char id[] = "\"report-id\"", policies[] = "\"policies\"";

	return memmem(octets, size, id, sizeof(id) - 1) != NULL ||
	       memmem(octets, size, policies, sizeof(policies) - 1) != NULL;
}

static void
take_json(struct candidate *candidate, const char *octets, size_t size)
{
	bool mended = false;
	struct err err;
	json_t *value;

	if (!tlsrpt_json_begins(octets, size)) {
		refuse_candidate(candidate, "no JSON");
		return;
	}
	candidate->claims |=
	    !candidate->of_mail || mentions_report(octets, size);
	if (size > LIMIT_TLSRPT_JSON) {
		refuse_candidate(candidate, "JSON over 20 MiB");
		return;
	}
	value = tlsrpt_json_load(octets, size, &mended, &err);
	if (value == NULL) {
		refuse_candidate(candidate, err.text);
		return;
	}
	if (mended)
		candidate->quirks |= TLSRPT_QUIRK(TLSRPT_MENDED_JSON);
	take_loaded(candidate, value);
	json_decref(value);
}

/* What is cut or a bomb claims to be a report if what came of it is JSON. */
static void
refuse_gzip(struct candidate *candidate, enum gzip_outcome outcome,
    const struct gzip_inside *inside)
{
	char why[64];

	candidate->claims |= tlsrpt_json_begins(inside->octets, inside->size);
	switch (outcome) {
	case GZIP_CUT:
		snprintf(why, sizeof(why),
		    "gzip ends early, after %zu octets of JSON", inside->size);
		break;
	case GZIP_TOO_LARGE:
		snprintf(why, sizeof(why), "gzip of over 20 MiB");
		break;
	case GZIP_TOO_DENSE:
		snprintf(why, sizeof(why), "gzip of over %d times its size",
		    LIMIT_GZIP_RATIO);
		break;
	case GZIP_DAMAGED:
	case GZIP_WHOLE:
		snprintf(why, sizeof(why), "gzip is damaged");
		break;
	}
	refuse_candidate(candidate, why);
}

static void
take_gzip(struct candidate *candidate, const char *octets, size_t size)
{
	struct gzip_inside inside;
	enum gzip_outcome outcome;

	if (size > LIMIT_TLSRPT_PACKED) {
		refuse_candidate(candidate, "gzip over 16 MiB");
		return;
	}
	outcome = gzip_unpack(octets, size, LIMIT_TLSRPT_JSON, &inside);
	if (outcome != GZIP_WHOLE) {
		refuse_gzip(candidate, outcome, &inside);
	} else {
		if (inside.members > 1)
			candidate->quirks |= TLSRPT_QUIRK(TLSRPT_MEMBERS);
		take_json(candidate, inside.octets, inside.size);
	}
	free(inside.octets);
}

static bool
is_zip(const char *octets, size_t size)
{
	return size >= 4 && memcmp(octets, "PK\x03\x04", 4) == 0;
}

/* Whatever it is called: by content. */
static void
take_octets(struct candidate *candidate, const char *octets, size_t size)
{
	if (candidate->reading->full)
		return;
	if (gzip_is(octets, size)) {
		take_gzip(candidate, octets, size);
	} else if (is_zip(octets, size)) {
		candidate->found = true;
		candidate->reading->failed |= candidate->part->claims_zip;
		count_state(candidate->reading, READING_ZIP, candidate->source,
		    NULL, "a zip archive is not read");
	} else {
		take_json(candidate, octets, size);
	}
}

static void
count_found(const struct candidate *candidate)
{
	if (!candidate->found && !candidate->reading->full)
		count_state(candidate->reading, READING_NO_REPORT,
		    candidate->source, NULL, "");
}

void
reading_take(struct reading *reading, const char *source, const char *octets,
    size_t size)
{
	struct mail_part part = {.octets = octets, .size = size};
	struct candidate candidate = {
	    .reading = reading, .source = source, .part = &part};

	tlsrpt_hints_file(&part.hints, source);
	take_octets(&candidate, octets, size);
	count_found(&candidate);
}

/* Whether the media type is the one for what is inside. */
static bool
has_right_type(const struct mail_part *part)
{
	return part->is_gzip == gzip_is(part->octets, part->size) &&
	       part->claims;
}

static void
take_part(void *arg, const struct mail_part *part)
{
	struct candidate *candidate = arg;

	candidate->part = part;
	candidate->claims = part->claims;
	candidate->quirks =
	    (has_right_type(part) ? 0 : TLSRPT_QUIRK(TLSRPT_PART_TYPE)) |
	    (part->forwarded ? TLSRPT_QUIRK(TLSRPT_FORWARDED) : 0);
	take_octets(candidate, part->octets, part->size);
}

void
reading_message(struct reading *reading, const char *source, const char *octets,
    size_t size)
{
	struct candidate candidate = {
	    .reading = reading, .source = source, .of_mail = true};
	const char *why;

	if (reading->full)
		return;
	why = mail_read(
	    octets, size, reading->options.authserv_id, take_part, &candidate);
	if (why != NULL) {
		reading_refuse(reading, source, why);
		return;
	}
	count_found(&candidate);
}
