/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/waiver.h"

#include "milter/conf/destinations.h"

/* Whether the admin has said something of the group's destination; without a
 * verdict a rule for hosts is not known yet. */
static bool
is_ruled(const struct recipient_group *group)
{
	const struct verdict *verdict = recipient_group_verdict(group);
	const struct rule *rule = verdict == NULL ? NULL : verdict->rule;

	return (group->rule != NULL && group->rule->scope != RULE_ANY) ||
	       (rule != NULL && rule->scope != RULE_ANY);
}

/*
 * RFC 8689 section 1 - "TLS-Required: No" is about what the recipient's side
 * asks for, DANE and MTA-STS; what our admin asks for is another matter.
 */
static bool
may_waive(const struct settings *settings, const struct recipient_group *group)
{
	switch ((enum honor_no)settings->honor_no) {
	case HONOR_NO_ALWAYS:
		return true;
	case HONOR_NO_UNRULED:
		return !is_ruled(group);
	case HONOR_NO_NEVER:
		break;
	}
	return false;
}

static bool
names_hosts(const struct rule_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (rule_is_of_host(list->rules[i]))
			return true;
	return false;
}

/* Whether the check may yet find that a rule for hosts names the group's. */
static bool
may_be_ruled(
    const struct settings *settings, const struct recipient_group *group)
{
	return settings->honor_no == HONOR_NO_UNRULED &&
	       recipient_group_verdict(group) == NULL &&
	       names_hosts(settings->destinations);
}

void
waiver_apply(const struct settings *settings, struct recipient_group *groups,
    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct recipient_group *group = &groups[i];
		const struct verdict *verdict = recipient_group_verdict(group);

		if (group->refused ||
		    (verdict != NULL && verdict->result == RESULT_SKIP) ||
		    may_be_ruled(settings, group) ||
		    !may_waive(settings, group))
			continue;
		recipient_group_set(
		    group, verdict_new(RESULT_SKIP, REASON_TLS_REQUIRED_NO));
	}
}
