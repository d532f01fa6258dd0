/* reading - TLS reports while they are read: what is one, which count, and what
 * they come to. The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_TLSRPT_READING_H
#define MILTER_CLI_TLSRPT_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/proto/tlsrpt_report.h"
#include "milter/cli/review/names.h"
#include "milter/cli/tlsrpt/totals.h"

/* What became of something that was found. */
enum reading_state {
	READING_INVALID,         /* a report that cannot be read */
	READING_ZIP,             /* a zip archive, which nobody looked into */
	READING_NO_REPORT,       /* a file or message without a report */
	READING_OUTSIDE,         /* of another time or domain */
	READING_UNAUTHENTICATED, /* no DKIM of its submitter: not counted */
	READING_DUPLICATE,
	READING_CONFLICT, /* a duplicate that says something else */
	READING_TOLERATED,
	READING_VALID,
};
enum { READING_STATES = READING_VALID + 1 };

const char *reading_state_text(enum reading_state state);

/* For all but what is plainly valid, or of no interest. */
struct reading_note {
	char *source; /* a file, and which message of it */
	char *id;     /* report-id, or "" */
	char *why;    /* or "" */
	enum reading_state state;
	uint32_t quirks;
};

/* Called behind so many octets more; returns whether to go on. */
typedef bool reading_step(void *arg, size_t octets);

struct reading_options {
	time_t from, to;         /* seconds; 0: no bound */
	const char *domain;      /* normalised, or NULL */
	const char *authserv_id; /* or NULL: nobody asks */
	bool all;                /* unauthenticated ones too */
	reading_step *step;      /* or NULL */
	void *step_arg;
};

/* Called for each report that counts, in the order in which they came. */
typedef void reading_each(void *arg, const struct tlsrpt_report *report);

struct reading {
	struct reading_options options;
	reading_each *each;
	void *arg;
	struct totals totals;
	struct names keys;
	char (*contents)[TLSRPT_DIGEST_SIZE]; /* by number of keys */
	uint64_t counts[READING_STATES];
	uint64_t authenticated, unauthenticated;
	size_t note_count;
	uint64_t notes_left_out;
	struct reading_note *notes;
	bool failed;  /* what claims to be a report was not readable */
	bool full;    /* LIMIT_TLSRPT_REPORTS: the rest is not read */
	bool stopped; /* step wanted no more */
};

void reading_init(struct reading *reading,
    const struct reading_options *options, reading_each *each, void *arg);
void reading_fini(struct reading *reading);

/* reading_goes_on - so many octets more were read; false: leave the rest */
bool reading_goes_on(struct reading *reading, size_t octets);

/* reading_take - the octets of a file that is JSON, gzip, zip or something else
 * but mail; source is its name */
void reading_take(struct reading *reading, const char *source,
    const char *octets, size_t size);

/* reading_message - a message */
void reading_message(struct reading *reading, const char *source,
    const char *octets, size_t size);

/* What stands around a report. */
struct reading_around {
	const struct tlsrpt_hints *hints;
	uint32_t quirks; /* that were met on the way to it */
	bool passed;     /* its submitter is authenticated */
};

/* reading_report - an object of JSON that looks like a report */
void reading_report(struct reading *reading, const char *source,
    struct json_t *object, const struct reading_around *around);

/* reading_count - what became of something that is no report to be read, and
 * why */
void reading_count(struct reading *reading, enum reading_state state,
    const char *source, const char *why);

/* reading_refuse - note that source is not readable, and why */
void
reading_refuse(struct reading *reading, const char *source, const char *why);

/* reading_end - after the last: the totals are in order */
void reading_end(struct reading *reading);

#endif
