/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/action.h"

bool
action_is_left_to_mta(const struct verdict *verdict)
{
	return verdict->result == RESULT_NONE &&
	       (reason_is_nowhere(verdict->reason) ||
		   verdict->reason == REASON_NAME_INVALID);
}

/* What may be well tomorrow is never refused for good: trouble of ours, and a
 * policy of MTA-STS, which may have changed (RFC 8461 section 5). */
static enum action
restrain_action(const struct verdict *verdict, enum action action)
{
	bool transient = verdict->result == RESULT_TEMPERROR ||
			 verdict->policy == POLICY_TYPE_STS;

	return transient && action == ACTION_REJECT ? ACTION_DEFER : action;
}

static enum action
on_fail(const struct settings *settings, const struct rule *rule)
{
	return (enum action)(rule != NULL && rule->on_fail != RULE_NO_ACTION
				 ? rule->on_fail
				 : settings->on_fail);
}

static enum action
on_temperror(const struct settings *settings, const struct rule *rule)
{
	return (enum action)(
	    rule != NULL && rule->on_temperror != RULE_NO_ACTION
		? rule->on_temperror
		: settings->on_temperror);
}

enum action
action_for(const struct settings *settings, const struct verdict *verdict)
{
	switch (verdict->result) {
	case RESULT_FAIL:
		return restrain_action(
		    verdict, on_fail(settings, verdict->rule));
	case RESULT_TEMPERROR:
		return restrain_action(
		    verdict, on_temperror(settings, verdict->rule));
	case RESULT_SOFTFAIL:
		return restrain_action(
		    verdict, (enum action)settings->on_softfail);
	case RESULT_NONE:
		return action_is_left_to_mta(verdict)
			   ? ACTION_NONE
			   : (enum action)settings->on_none;
	case RESULT_PASS:
	case RESULT_SKIP:
		break;
	}
	return ACTION_NONE;
}

static void
raise_action(enum action *strictest, enum action action)
{
	if (action > *strictest)
		*strictest = action;
}

enum action
action_strictest(const struct settings *settings, const struct rule *rule)
{
	const struct rule_list *list = settings->destinations;
	enum action strictest = on_fail(settings, rule);

	raise_action(&strictest, on_temperror(settings, rule));
	raise_action(&strictest, (enum action)settings->on_softfail);
	raise_action(&strictest, (enum action)settings->on_none);
	if (rule != NULL && rule->scope != RULE_ANY)
		return strictest;
	for (size_t i = 0; i < list->count; i++) {
		if (!rule_is_of_host(list->rules[i]))
			continue;
		raise_action(&strictest, on_fail(settings, list->rules[i]));
		raise_action(
		    &strictest, on_temperror(settings, list->rules[i]));
	}
	return strictest;
}
