/* setup_text - configuration files as texts: what stands in them, and with one
 * thing more.  Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SETUP_SETUP_TEXT_H
#define MILTER_CLI_SETUP_SETUP_TEXT_H

#include <stdbool.h>
#include <stdlib.h>

#include "common/base/own.h"

/* --- postern.conf --- */

/* setup_conf_has - whether a line sets the keyword */
bool setup_conf_has(const char *text, const char *keyword);

/*
 * setup_conf_set - the text with the keyword at that value
 *
 * Where it stood; else below the comment that has its default, or at the end.
 * value NULL: without it.
 */
char *setup_conf_set(const char *text, const char *keyword, const char *value)
    OWNED(free);

/* --- units of systemd: the texts of one and its drop-ins, one after another
 * --- */

/* setup_unit_may_write - whether the service may write there: ReadWritePaths=
 * has it or a folder above, or nothing forbids it */
bool setup_unit_may_write(const char *text, const char *path);

/* setup_unit_has - whether a list such as Before= has the word */
bool setup_unit_has(const char *text, const char *key, const char *word);

/* --- Sendmail --- */

/* setup_mc_insert - sendmail.mc with lines before its mailers and behind all
 * filters; NULL: it is not clear where that is */
char *setup_mc_insert(const char *text, const char *lines) OWNED(free);

/* setup_cf_same - whether two sendmail.cf say the same, comments apart */
bool setup_cf_same(const char *a, const char *b);

/* setup_cf_adds - whether after is before with one filter of that name more, at
 * the end of InputMailFilters, and nothing else */
bool setup_cf_adds(const char *before, const char *after, const char *name);

/* --- what differs --- */

/* Called for each line of two texts, in order: sign ' ' both have it, '-'
 * before alone, '+' after alone.  line is not terminated. */
typedef void
setup_diff_line(void *arg, char sign, const char *line, size_t length);
void setup_diff(
    const char *before, const char *after, setup_diff_line *each, void *arg);

#endif
