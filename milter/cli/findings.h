/* findings - what a look at one's own hosts found, and how bad it is. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_FINDINGS_H
#define MILTER_CLI_FINDINGS_H

#include <stddef.h>
#include <stdio.h>

struct json_t; /* of jansson */

/* The worst counts: FINDING_FAIL over UNKNOWN over the rest. */
enum finding_level {
	FINDING_NOTE,
	FINDING_WARNING, /* works today */
	FINDING_UNKNOWN, /* could not be looked at */
	FINDING_FAIL,    /* senders that verify defer */
};

struct finding {
	enum finding_level level;
	const char *code; /* a constant word */
	char *host;       /* "": of all hosts */
	char *text;       /* a sentence */
};

struct findings {
	size_t count;
	struct finding *items;
};

void findings_fini(struct findings *findings);

/* findings_add - code is kept, host is copied; the text holds nothing remote
 * that was not cleaned */
void findings_add(struct findings *findings, enum finding_level level,
    const char *code, const char *host, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

enum finding_level findings_worst(const struct findings *findings);

/* findings_status - the exit status: 0, 1 warnings, 2 fail, 3 unknown */
int findings_status(const struct findings *findings);

/* finding_word - "note" "warning" "unknown" "fail"; a constant */
const char *finding_word(enum finding_level level);

/* findings_print - a paragraph each, the worst first; findings_json - a list */
void findings_print(FILE *out, const struct findings *findings);
struct json_t *findings_json(const struct findings *findings);

#endif
