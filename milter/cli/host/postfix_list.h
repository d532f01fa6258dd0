/* postfix_list - a list of milters as main.cf has it: each an address, or
 * "{ address, name=value ... }".  Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_HOST_POSTFIX_LIST_H
#define MILTER_CLI_HOST_POSTFIX_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "common/base/own.h"

/* Octets of a list, not terminated. */
struct postfix_word {
	const char *text;
	size_t length;
};

struct postfix_milter {
	struct postfix_word whole; /* with its braces */
	struct postfix_word address;
	struct postfix_word attributes; /* what follows it in the braces */
};

enum postfix_list {
	POSTFIX_LIST_BROKEN, /* Postfix's processes end at such a list */
	POSTFIX_LIST_END,
	POSTFIX_LIST_MILTER,
};

/*
 * postfix_list_next - the next milter of a list; *at starts as the list
 *
 * Lists may have $names replaced or not: an address with a "$" then stands for
 * any number of milters.
 */
enum postfix_list
postfix_list_next(const char **at, struct postfix_milter *milter);

/* postfix_list_count - of its milters, or -1 if it is broken */
int postfix_list_count(const char *list);

enum postfix_attribute {
	POSTFIX_ATTRIBUTE_UNKNOWN, /* one that Postfix does not take */
	POSTFIX_ATTRIBUTE_ABSENT,
	POSTFIX_ATTRIBUTE_SET,
};

/* postfix_list_attribute - what a milter of its own has of "command_timeout"
 * and the like; the last one counts */
enum postfix_attribute
postfix_list_attribute(const struct postfix_milter *milter, const char *name,
    struct postfix_word *value);

/* Changes make a new list, for free(), and keep every other milter as it is
 * written. */

/* postfix_list_add - one more at the end */
char *postfix_list_add(const char *list, const char *milter) OWNED(free);

/* postfix_list_set - milter, of this list, with another value of an attribute;
 * NULL if its address has braces in it and cannot stand between others */
char *postfix_list_set(const char *list, const struct postfix_milter *milter,
    const char *name, const char *value) OWNED(free);

/* postfix_list_move - milter, of this list, with another address */
char *postfix_list_move(const char *list, const struct postfix_milter *milter,
    const char *address) OWNED(free);

/* postfix_list_dense - the list without white space, as "postconf -P" wants it;
 * NULL if it cannot be written so */
char *postfix_list_dense(const char *list) OWNED(free);

/* postfix_word_is - whether a word is this text */
bool postfix_word_is(const struct postfix_word *word, const char *text);

/* postfix_time_ms - "30", "30s", "5m", "1h", "1d", "1w"; -1 for anything else
 * and for what is no int */
int postfix_time_ms(const struct postfix_word *word);

#endif
