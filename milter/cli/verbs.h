/* verbs - which there are, and which of them a line names. Pure, but for what
 * is printed. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_VERBS_H
#define MILTER_CLI_VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "milter/cli/options.h"

/*
 * cli_verbs_find - the verb that the words begin with, whole; NULL: none
 *
 * cli_verbs_begin - whether the first of the words begins a verb, be there more
 * to it or not
 * cli_verb_size - of how many words its name is
 */
const struct cli_verb *cli_verbs_find(const struct cli_list *words);
bool cli_verbs_begin(const struct cli_list *words);
size_t cli_verb_size(const struct cli_verb *verb);

/* cli_verbs_near - verbs that the words are near to, as "; did you mean ...?",
 * or "" */
enum { CLI_VERBS_NEAR_SIZE = 128 };
void
cli_verbs_near(const struct cli_list *words, char out[CLI_VERBS_NEAR_SIZE]);

/* cli_verbs_overview - a line for each verb that begins with the first of the
 * words, or for all where there are none; what exit statuses mean */
void cli_verbs_overview(FILE *out, const struct cli_list *words);

#endif
