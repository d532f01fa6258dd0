/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/message_outcome.h"

#include <stdlib.h>

#include "common/base/xalloc.h"
#include "milter/act/tag.h"

static bool
is_worse(
    const struct recipient_group *group, const struct recipient_group *than)
{
	if (than == NULL || group->action != than->action)
		return than == NULL || group->action > than->action;
	return result_is_worse(recipient_group_verdict(group)->result,
	    recipient_group_verdict(than)->result);
}

/* What was never looked at needs no tag; what the sender waived gets one. */
static bool
deserves_tag(const struct verdict *verdict)
{
	return verdict->result != RESULT_SKIP ||
	       verdict->reason == REASON_TLS_REQUIRED_NO;
}

struct message_outcome
message_outcome_of(const struct recipient_group *groups, size_t count)
{
	struct message_outcome outcome = {
	    .groups = groups, .count = count, .result = RESULT_SKIP};

	for (size_t i = 0; i < count; i++) {
		const struct recipient_group *group = &groups[i];
		const struct verdict *verdict = recipient_group_verdict(group);

		if (group->refused)
			continue;
		outcome.tagged = outcome.tagged || deserves_tag(verdict);
		outcome.domains++;
		outcome.rcpts += group->rcpts;
		if (result_is_worse(verdict->result, outcome.result))
			outcome.result = verdict->result;
		if (is_worse(group, outcome.worst))
			outcome.worst = group;
	}
	if (outcome.worst != NULL)
		outcome.action = outcome.worst->action;
	return outcome;
}

/* Whether the tag may name the group's domain. */
static bool
is_tag_listed(
    const struct settings *settings, const struct recipient_group *group)
{
	if (group->refused || group->domain[0] == '\0')
		return false;
	switch ((enum header_domains)settings->header_domains) {
	case HEADER_DOMAINS_ALL:
		return true;
	case HEADER_DOMAINS_NONE:
		return false;
	case HEADER_DOMAINS_VISIBLE:
		break;
	}
	return group->visible;
}

/* Worst first, so that the tag shows what matters when it must leave out;
 * else in the order of the envelope, in which the groups and so their domains
 * lie. */
static int
compare_tag_items(const void *left, const void *right)
{
	const struct tag_item *a = left, *b = right;

	if (a->verdict->result != b->verdict->result)
		return result_is_worse(a->verdict->result, b->verdict->result)
			   ? -1
			   : 1;
	return (a->domain > b->domain) - (a->domain < b->domain);
}

char *
message_outcome_tag(const struct message_outcome *outcome,
    const struct settings *settings, const char *queue_id)
{
	struct tag_item *items =
	    xcalloc(outcome->count, sizeof(struct tag_item));
	struct tag tag = {.authserv_id = settings->authserv_id,
	    .queue_id = queue_id,
	    .result = outcome->result,
	    .action = outcome->action,
	    .items = items};
	char *value;

	for (size_t i = 0; i < outcome->count; i++) {
		const struct recipient_group *group = &outcome->groups[i];

		if (is_tag_listed(settings, group))
			items[tag.count++] = (struct tag_item){
			    group->domain, recipient_group_verdict(group)};
	}
	qsort(items, tag.count, sizeof(*items), compare_tag_items);
	value = tag_print(&tag);
	free(items);
	return value;
}

const char *
message_outcome_name(
    const struct message_outcome *outcome, const struct settings *settings)
{
	bool all = settings->header_domains == HEADER_DOMAINS_ALL;

	return outcome->worst->visible || all
		   ? recipient_group_name(outcome->worst)
		   : NULL;
}
