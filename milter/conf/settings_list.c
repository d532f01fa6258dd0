/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/settings_list.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

void
settings_list_fini(struct settings_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct settings_list){0};
}

void
settings_list_add(struct settings_list *list, const char *item)
{
	list->items =
	    xrealloc(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = xstrdup(item);
}

static int
compare_items(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
settings_list_sort(struct settings_list *list)
{
	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items),
		    compare_items);
}

static bool
has_item(const struct settings_list *list, const char *item)
{
	return list->count > 0 &&
	       bsearch(&item, list->items, list->count, sizeof(*list->items),
		   compare_items) != NULL;
}

bool
settings_lists_domain(const struct settings_list *list, const char *domain)
{
	if (has_item(list, domain))
		return true;
	for (const char *dot = strchr(domain, '.'); dot != NULL;
	     dot = strchr(dot + 1, '.'))
		if (has_item(list, dot))
			return true;
	return false;
}

bool
settings_lists_word(const struct settings_list *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i][0] == word[0] &&
		    strcmp(list->items[i], word) == 0)
			return true;
	return false;
}
