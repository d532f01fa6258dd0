/* print - lines of text for people: labels, wrapped to the terminal. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_PRINT_H
#define MILTER_CLI_PRINT_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/judge/verdict.h"

/* cli_time - as clock_print, or "never"; returns out */
enum { CLI_TIME_SIZE = CLOCK_PRINT_SIZE };
const char *cli_time(time_t at, char out[CLI_TIME_SIZE]);

/* cli_print_width - columns of the terminal, 60 to 132; 80 where there is none
 */
size_t cli_print_width(void);

/* cli_print_is_terminal - whether people read what is printed */
bool cli_print_is_terminal(void);

/* cli_print_label - begin a line; name is "" on the further lines of a step */
void cli_print_label(FILE *out, const char *name);

/* cli_print_part - the same for a step within a step */
void cli_print_part(FILE *out, const char *name);

/* cli_print_wrap - the rest of a line that has come to column, and as many
 * further lines behind indent as it needs */
void
cli_print_wrap(FILE *out, size_t column, const char *indent, const char *text);

/* cli_print_text - text behind a label, on as many lines as it needs */
void cli_print_text(FILE *out, const char *name, const char *text);

/* cli_print_line - text behind a label, on one line: it is there to be copied
 */
void cli_print_line(FILE *out, const char *name, const char *text);

/* cli_plain_detail - a detail of a verdict with blanks where a log line has
 * "_", and with the quotes and apostrophes that it cannot have; returns out */
const char *cli_plain_detail(const char *detail, char out[LIMIT_DETAIL_SIZE]);

/* cli_print_detail - the same behind a label, on as many lines as it needs;
 * nothing for "" */
void cli_print_detail(FILE *out, const char *name, const char *detail);

#define CLI_PRINT_PLAIN "\033[0m"

/* cli_print_colour - what a terminal is told before such a result; behind it
 * CLI_PRINT_PLAIN */
const char *cli_print_colour(enum result result);

#endif
