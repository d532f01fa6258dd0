/* doctor_finding - what a check of the doctor has found: said, and shown. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DOCTOR_DOCTOR_FINDING_H
#define MILTER_CLI_DOCTOR_DOCTOR_FINDING_H

#include <stdbool.h>

struct json_t; /* jansson's */

/* The worse the later. */
enum doctor_state { DOCTOR_SKIP, DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

enum { DOCTOR_SEEN_SIZE = 400 };

/* What was seen, and lines that mend it: text of this host and of others, to be
 * cleaned where it is printed.  A line is never cut: it may be a command. */
struct doctor_finding {
	enum doctor_state state;
	bool blind; /* SKIP because it could not be looked at */
	char seen[DOCTOR_SEEN_SIZE];
	char *mend; /* a line each; or NULL */
};

/* doctor_say - the state, and what was seen; a finding that nothing is said of
 * is a SKIP */
void doctor_say(struct doctor_finding *found, enum doctor_state state,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* doctor_blind - a SKIP because it could not be looked at */
void doctor_blind(struct doctor_finding *found, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* doctor_mend - one more line that mends it: a command, "LINE    # where it
 * goes", or "# " and words where no command is sure to be right */
void doctor_mend(struct doctor_finding *found, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* doctor_finding_clean - put "?" for what a terminal might obey: names of files
 * and words of other hosts are in it */
void doctor_finding_clean(struct doctor_finding *found);

/* doctor_finding_json - a cleaned one, as an object that the caller owns; name
 * is what programs know the check by, what what people do */
struct json_t *doctor_finding_json(
    const char *name, const char *what, const struct doctor_finding *found);

/*
 * doctor_finding_print - a cleaned one to stdout: its state, what was seen, and
 * each line that mends it
 *
 * A line that mends is never cut or wrapped, so that it can be copied; only its
 * comment goes to a line below where both are too wide.
 */
void doctor_finding_print(
    const char *what, const struct doctor_finding *found, bool colour);

#endif
