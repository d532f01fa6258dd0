/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/action.h"

static bool
mta_bounces(enum reason reason)
{
	return reason == REASON_NULL_MX || reason == REASON_NXDOMAIN ||
	       reason == REASON_NO_ADDRESS || reason == REASON_NAME_INVALID;
}

/* What may be well tomorrow is never refused for good: trouble of ours, and a
 * policy of MTA-STS, which may have changed (RFC 8461 section 5). */
static enum action
restrain(const struct verdict *verdict, enum action action)
{
	bool transient = verdict->result == RESULT_TEMPERROR ||
			 verdict->policy == POLICY_TYPE_STS;

	return transient && action == ACTION_REJECT ? ACTION_DEFER : action;
}

enum action
action_for(const struct settings *settings, const struct verdict *verdict)
{
	switch (verdict->result) {
	case RESULT_FAIL:
		return restrain(verdict, (enum action)settings->on_fail);
	case RESULT_TEMPERROR:
		return restrain(verdict, (enum action)settings->on_temperror);
	case RESULT_SOFTFAIL:
		return restrain(verdict, (enum action)settings->on_softfail);
	case RESULT_NONE:
		return mta_bounces(verdict->reason)
			   ? ACTION_NONE
			   : (enum action)settings->on_none;
	case RESULT_PASS:
	case RESULT_SKIP:
		break;
	}
	return ACTION_NONE;
}
