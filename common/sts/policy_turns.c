/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policy_turns.h"

#include <stddef.h>

static uint32_t
turn_number_of(const char *domain)
{
	uint32_t hash = 5381;

	for (; *domain != '\0'; domain++)
		hash = hash * 33 + (unsigned char)*domain;
	return (hash ^ hash >> 16) % POLICY_TURNS;
}

struct policy_mark
policy_turns_mark(const struct policy_turns *turns, const char *domain)
{
	uint32_t number;

	if (turns == NULL)
		return (struct policy_mark){.marked = false};
	number = turn_number_of(domain);
	return (struct policy_mark){
	    true, (uint16_t)number, turns->numbers[number]};
}

struct policy_mark
policy_turns_next(struct policy_turns *turns, const char *domain)
{
	uint32_t number;

	if (turns == NULL)
		return (struct policy_mark){.marked = false};
	number = turn_number_of(domain);
	return (struct policy_mark){
	    true, (uint16_t)number, ++turns->numbers[number]};
}

bool
policy_turns_is_current(
    const struct policy_turns *turns, const struct policy_mark *mark)
{
	return turns == NULL || !mark->marked ||
	       turns->numbers[mark->number] == mark->turn;
}
