/* conf - files of "Keyword value" lines, and what is wrong with them. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_CONF_H
#define COMMON_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/own.h"

/* The mistakes of one run, each "FILE:LINE: text"; zeroed is empty. */
struct conf_faults {
	size_t count;
	char **texts;
};

/*
 * conf_fault - note a mistake
 *
 * file: what is before the line number, a path or an option; line 0: none.
 * After a hundred no more are kept.
 */
void conf_fault(struct conf_faults *faults, const char *file, unsigned line,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
void conf_faults_fini(struct conf_faults *faults);

/* conf_faults_take - the last of at least one, for free(): it is none of the
 * list from here on */
char *conf_faults_take(struct conf_faults *faults);

struct conf_entry {
	unsigned line;
	char *keyword;
	char *value; /* "" if there is none; else trimmed */
};

struct conf {
	char *path;
	size_t count;
	struct conf_entry *entries; /* in the order of the file */
};

/*
 * conf_read - the lines of a file that say something
 *
 * A keyword, white space, a value to the end of the line; "#" at the begin of a
 * word starts a comment.  Lines end in LF or CRLF.  Octets that are no text,
 * and what passes LIMIT_CONF_OCTETS or LIMIT_CONF_LINE, are faults.
 * NULL when the file cannot be read, said in faults; one that is not there is
 * empty if may_be_missing.
 */
void conf_free(struct conf *conf);
struct conf *conf_read(const char *path, bool may_be_missing,
    struct conf_faults *faults) OWNED(conf_free);
AUTO_DEFINE(conf);

#endif
