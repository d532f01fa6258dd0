/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/sum.h"

#include <stdlib.h>

#include "common/base/xalloc.h"
#include "milter/act/tag.h"

static bool
is_worse(const struct item *item, const struct item *than)
{
	if (than == NULL || item->action != than->action)
		return than == NULL || item->action > than->action;
	return result_is_worse(
	    item_verdict(item)->result, item_verdict(than)->result);
}

/* What was never looked at needs no tag; what the sender waived gets one. */
static bool
deserves_tag(const struct verdict *verdict)
{
	return verdict->result != RESULT_SKIP ||
	       verdict->reason == REASON_TLS_REQUIRED_NO;
}

struct sum
sum_up(const struct item *items, size_t count)
{
	struct sum sum = {
	    .items = items, .count = count, .result = RESULT_SKIP};

	for (size_t i = 0; i < count; i++) {
		const struct item *item = &items[i];
		const struct verdict *verdict = item_verdict(item);

		if (item->refused)
			continue;
		sum.tagged = sum.tagged || deserves_tag(verdict);
		sum.domains++;
		sum.rcpts += item->rcpts;
		if (result_is_worse(verdict->result, sum.result))
			sum.result = verdict->result;
		if (is_worse(item, sum.worst))
			sum.worst = item;
	}
	if (sum.worst != NULL)
		sum.action = sum.worst->action;
	return sum;
}

/* Whether the tag may name the item's domain. */
static bool
is_listed(const struct settings *settings, const struct item *item)
{
	if (item->refused || item->domain[0] == '\0')
		return false;
	switch ((enum header_domains)settings->header_domains) {
	case HEADER_DOMAINS_ALL:
		return true;
	case HEADER_DOMAINS_NONE:
		return false;
	case HEADER_DOMAINS_VISIBLE:
		break;
	}
	return item->visible;
}

/* Worst first, so that the tag shows what matters when it must leave out;
 * else in the order of the envelope. */
static int
compare_tag_items(const void *left, const void *right)
{
	const struct item *a = *(const struct item *const *)left;
	const struct item *b = *(const struct item *const *)right;
	enum result of_a = item_verdict(a)->result;
	enum result of_b = item_verdict(b)->result;

	if (of_a != of_b)
		return result_is_worse(of_a, of_b) ? -1 : 1;
	return (a > b) - (a < b);
}

char *
sum_tag(const struct sum *sum, const struct settings *settings,
    const char *queue_id)
{
	const struct item **listed = xcalloc(sum->count, sizeof(*listed));
	struct tag_item *items = xcalloc(sum->count, sizeof(struct tag_item));
	struct tag tag = {.authserv_id = settings->authserv_id,
	    .queue_id = queue_id,
	    .result = sum->result,
	    .action = sum->action,
	    .items = items};
	char *value;

	for (size_t i = 0; i < sum->count; i++)
		if (is_listed(settings, &sum->items[i]))
			listed[tag.count++] = &sum->items[i];
	qsort(listed, tag.count, sizeof(*listed), compare_tag_items);
	for (size_t i = 0; i < tag.count; i++)
		items[i] = (struct tag_item){
		    listed[i]->domain, item_verdict(listed[i])};
	value = tag_print(&tag);
	free(items);
	free(listed);
	return value;
}

const char *
sum_name(const struct sum *sum, const struct settings *settings)
{
	bool all = settings->header_domains == HEADER_DOMAINS_ALL;

	return sum->worst->visible || all ? item_name(sum->worst) : NULL;
}
