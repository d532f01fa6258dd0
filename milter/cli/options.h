/* options - the command line: its verbs, and which options each takes. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_OPTIONS_H
#define MILTER_CLI_OPTIONS_H

#include <stdint.h>
#include <stdio.h>

#include "milter/cli/cli.h"

/* Options without a letter; those with one go by it. */
enum {
	OPTION_ADD = 256,
	OPTION_AGAIN,
	OPTION_ALL,
	OPTION_APPLY,
	OPTION_AS,
	OPTION_AT,
	OPTION_AUTH,
	OPTION_BASELINE,
	OPTION_CACHED,
	OPTION_CANNOT_SIGN,
	OPTION_CHAIN,
	OPTION_DAY,
	OPTION_DB,
	OPTION_DEPTH,
	OPTION_DOMAIN,
	OPTION_DRY_RUN,
	OPTION_EVERY,
	OPTION_DNS_RATE,
	OPTION_EXCLUDE,
	OPTION_EXTRA,
	OPTION_FACTS,
	OPTION_FAILURES,
	OPTION_FETCH_RATE,
	OPTION_FLEET,
	OPTION_FORGET,
	OPTION_FORMAT,
	OPTION_FROM,
	OPTION_HTML,
	OPTION_JOURNAL,
	OPTION_JSON,
	OPTION_LEVEL,
	OPTION_LIMIT,
	OPTION_LIST,
	OPTION_LOG,
	OPTION_MAILLOG,
	OPTION_MAX_AGE,
	OPTION_MIN_WEIGHT,
	OPTION_MODE,
	OPTION_NAME,
	OPTION_NO_DOMAINS,
	OPTION_NO_FETCH,
	OPTION_OLD_TTL,
	OPTION_ONCE,
	OPTION_OPENMETRICS,
	OPTION_PART,
	OPTION_PORT,
	OPTION_PROBE_GAP,
	OPTION_PROBE_RATE,
	OPTION_PROMETHEUS,
	OPTION_QUEUE,
	OPTION_RATE,
	OPTION_RAW,
	OPTION_REGULATED,
	OPTION_RETRY,
	OPTION_RETRY_WAIT,
	OPTION_RUA,
	OPTION_SENDING,
	OPTION_SINCE,
	OPTION_STANDARD,
	OPTION_STATE,
	OPTION_TO,
	OPTION_TOP,
	OPTION_TXT,
	OPTION_UNDO,
	OPTION_UNTIL,
};

enum { CLI_VERB_OPTIONS = 24, CLI_ROWS = 96, CLI_WORDS_MANY = 1 << 30 };

struct cli_verb {
	const char *words[2]; /* "tlsa" "match"; one word: NULL behind it */
	int (*run)(const struct cli_options *options);
	int options[CLI_VERB_OPTIONS]; /* up to a 0; --json always */
	size_t least, most;            /* how many words behind the verb */
	const char *arguments;         /* those, and options that must be */
	const char *about;             /* one clause */
};

/* What argv said, before it is known whether its verb takes it. */
struct cli_line {
	struct cli_options options; /* its words: the verb's own first */
	bool given[CLI_ROWS];       /* by the row of the table */
	bool help, version;
	char wrong[120]; /* the first mistake, or "" */
};

/* cli_option_value - take the value of an option, by its letter or OPTION_...;
 * NULL, or what is wrong with it.  cli_list_add - item is borrowed */
const char *
cli_option_value(int code, char *value, struct cli_options *options);
void cli_list_add(struct cli_list *list, char *item);

/* cli_line_read - borrow strings of argv, which is put in order */
void cli_line_read(struct cli_line *line, int argc, char *argv[]);
void cli_line_fini(struct cli_line *line);

/* cli_line_unwanted - an option that was given and that verb has no use for, or
 * NULL */
const char *
cli_line_unwanted(const struct cli_line *line, const struct cli_verb *verb);

/* cli_verb_distance - how many letters the words are from the verb's name, or
 * from its second word alone; 0 is the same, over CLI_NEAR_MAX is far */
enum { CLI_NEAR_MAX = 2 };
unsigned
cli_verb_distance(const struct cli_verb *verb, const struct cli_list *words);

/* cli_print_usage - how verb is called, without what its options mean */
void cli_print_usage(FILE *out, const struct cli_verb *verb);

/* cli_print_options - a line for each option of verb */
void cli_print_options(FILE *out, const struct cli_verb *verb);

#endif
