/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a candidate is a file, or a part of a message, and is told by
 * its content, whatever it is called.  What is gzip is unpacked, what may be
 * JSON is loaded, and each object in it that looks like a report goes to
 * reading_report.
 *
 * Most of what lies in a mailbox is no report, and nothing is said of it.  What
 * is wrong with a candidate is told only if it claims to be one: by the type of
 * its part, or by words of a report inside, or since it is a file that somebody
 * named.
 */
#include "milter/cli/tlsrpt/reading.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
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
	/* of all parts of a message: one of a few kilobytes must not cost what
	 * a folder of reports does, nor leave no room for the rest of one */
	size_t unpacked, reports;
	bool over;
};

/* What is wrong with a candidate: told if it claims to be a report. */
static void
refuse_candidate(struct candidate *candidate, const char *why)
{
	if (!candidate->claims)
		return;
	candidate->found = true;
	reading_refuse(candidate->reading, candidate->source, why);
}

/* Of a message there is more than anybody sends: the rest is passed over. */
static void
give_up_message(struct candidate *candidate, const char *why)
{
	candidate->over = true;
	candidate->claims = true;
	refuse_candidate(candidate, why);
}

static void
take_report(struct candidate *candidate, json_t *object)
{
	if (candidate->over)
		return;
	if (candidate->of_mail &&
	    candidate->reports++ == LIMIT_TLSRPT_OF_MESSAGE) {
		give_up_message(candidate, "over 1000 reports in one message");
		return;
	}
	candidate->found = true;
	reading_report(candidate->reading, candidate->source, object,
	    &(struct reading_around){.hints = &candidate->part->hints,
		.quirks = candidate->quirks,
		.passed = candidate->part->passed});
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
	size_t left = LIMIT_TLSRPT_JSON - candidate->unpacked;
	struct gzip_inside inside;
	enum gzip_outcome outcome;

	if (size > LIMIT_TLSRPT_PACKED) {
		refuse_candidate(candidate, "gzip over 16 MiB");
		return;
	}
	outcome = gzip_unpack(octets, size, left, &inside);
	if (candidate->of_mail)
		candidate->unpacked += inside.size;
	if (outcome == GZIP_TOO_LARGE && left < LIMIT_TLSRPT_JSON) {
		give_up_message(
		    candidate, "gzip of over 20 MiB in one message");
	} else if (outcome != GZIP_WHOLE) {
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
	if (candidate->reading->full || candidate->over)
		return;
	if (gzip_is(octets, size)) {
		take_gzip(candidate, octets, size);
	} else if (is_zip(octets, size)) {
		candidate->found = true;
		candidate->reading->failed |= candidate->part->claims_zip;
		reading_count(candidate->reading, READING_ZIP,
		    candidate->source, "a zip archive is not read");
	} else {
		take_json(candidate, octets, size);
	}
}

static void
count_found(const struct candidate *candidate)
{
	if (!candidate->found && !candidate->reading->full)
		reading_count(candidate->reading, READING_NO_REPORT,
		    candidate->source, "");
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
