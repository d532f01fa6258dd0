/* names - a line of a list of domains: a name, and how much it weighs. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_NAMES_H
#define MILTER_CLI_SURVEY_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"

enum names_line { NAMES_BAD, NAMES_BLANK, NAMES_DOMAIN };

struct named {
	char domain[LIMIT_DOMAIN_SIZE]; /* normalised */
	int64_t weight;                 /* 1 where none is said */
	int64_t rank;                   /* 0 where none is said */
};

/* names_domain - normalise a name that mail can be for, alone or behind an "@";
 * whether it is one */
bool names_domain(const char *word, char out[LIMIT_DOMAIN_SIZE]);

/*
 * names_read - read a line without its end, length octets of it
 *
 * "NAME", "NAME WEIGHT" with a blank, TAB or comma between, or "RANK,NAME".
 * What stands behind "#" does not count.  Of user@name the name counts.
 */
enum names_line names_read(const char *line, size_t length, struct named *out);

#endif
