/* event - the words of a line that posternd logged. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_REVIEW_EVENT_H
#define MILTER_CLI_REVIEW_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/* How the text of each line begins. */
#define EVENT "event="

/* event_begins - whether the text is a line of an event at all
 * event_is_whole - whether it is "event=NAME", and then only words "key=value"
 * event_is - whether it is of this name; the text begins as event_begins asks
 */
bool event_begins(const char *text);
bool event_is_whole(const char *text);
bool event_is(const char *text, const char *name);

/* event_number - the number at a key; 0: there is none
 * event_value_is - whether the key has this value */
uint64_t event_number(const char *text, const char *key);
bool event_value_is(const char *text, const char *key, const char *value);

/* What a word stands for in the enum of its name; -1: nothing. */
int event_action(const char *word);
int event_policy_type(const char *word);

#endif
