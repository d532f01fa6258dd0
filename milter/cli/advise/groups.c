/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/advise/groups.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

void
advise_groups_fini(struct advise_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++) {
		free(groups->items[i].state);
		free(groups->items[i].verdict);
		free(groups->items[i].first);
	}
	free(groups->items);
}

static struct advise_group *
group_in_state(struct advise_groups *groups, const char *state)
{
	for (size_t i = 0; i < groups->count; i++)
		if (strcmp(groups->items[i].state, state) == 0)
			return &groups->items[i];
	return NULL;
}

void
advise_groups_add(struct advise_groups *groups, const struct counsel *counsel)
{
	int status = counsel_status(counsel);
	char state[COUNSEL_STATE_SIZE];
	struct advise_group *group;

	counsel_state(counsel, state);
	group = group_in_state(groups, state);
	if (group == NULL) {
		groups->items = xrealloc(
		    groups->items, groups->count + 1, sizeof(*groups->items));
		group = &groups->items[groups->count++];
		*group = (struct advise_group){.state = xstrdup(state),
		    .verdict = xstrdup(
			scenario_verdict(&counsel->found, counsel->sight)),
		    .first = xstrdup(counsel->sight->facts->domain)};
	}
	group->count++;
	if (status == 2 || (status > group->status && group->status != 2))
		group->status = status;
}

static int
compare_groups(const void *a, const void *b)
{
	const struct advise_group *const *one = a, *const *other = b;

	if ((*one)->count != (*other)->count)
		return (*one)->count < (*other)->count ? 1 : -1;
	return strcmp((*one)->state, (*other)->state);
}

void
advise_groups_put(const struct advise_groups *groups, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"domains", "domains", SHEET_NUMBER},
	    {"example", "such as", SHEET_WORDS},
	    {"checks", "checks", SHEET_WORDS},
	    {"verdict", "advice", SHEET_BELOW},
	    {"state", "state", SHEET_BELOW},
	};
	const struct advise_group **sorted =
	    xcalloc(groups->count, sizeof(const struct advise_group *));

	for (size_t i = 0; i < groups->count; i++)
		sorted[i] = &groups->items[i];
	qsort(sorted, groups->count, sizeof(const struct advise_group *),
	    compare_groups);
	sheet_section(sheet, "groups", "Domains in the same state");
	sheet_note(sheet,
	    "%zu states. Ask about the domain of a row for its steps.",
	    groups->count);
	sheet_table(sheet, "states", "States", SHEET_BARS, columns,
	    sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < groups->count; i++) {
		sheet_number(sheet, sorted[i]->count);
		sheet_cell(sheet, sorted[i]->first);
		sheet_cell(sheet, checklist_status_text(sorted[i]->status));
		sheet_cell(sheet, sorted[i]->verdict);
		sheet_cell(sheet, sorted[i]->state);
	}
	free(sorted);
}
