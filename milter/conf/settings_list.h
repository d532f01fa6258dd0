/* settings_list - words or domains, as a keyword lists them. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CONF_SETTINGS_LIST_H
#define MILTER_CONF_SETTINGS_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Words or normalised names; sorted where they are domains.  Zeroed: empty. */
struct settings_list {
	size_t count;
	char **items;
};

void settings_list_fini(struct settings_list *list); /* empty again */

/* settings_list_add - a copy of item, behind the others */
void settings_list_add(struct settings_list *list, const char *item);

/* settings_list_sort - for settings_lists_domain */
void settings_list_sort(struct settings_list *list);

/* settings_lists_domain - whether a list names a normalised domain, itself or
 * by a ".parent" */
bool
settings_lists_domain(const struct settings_list *list, const char *domain);

/* settings_lists_word - whether the word stands in the list, spelt so */
bool settings_lists_word(const struct settings_list *list, const char *word);

#endif
