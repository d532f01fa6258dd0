/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/action.h"

static bool
mta_bounces(enum reason reason)
{
	return reason == REASON_NULL_MX || reason == REASON_NXDOMAIN ||
	       reason == REASON_NO_ADDRESS || reason == REASON_NAME_INVALID;
}

enum action
action_for(const struct settings *settings, const struct verdict *verdict)
{
	switch (verdict->result) {
	case RESULT_FAIL:
		return (enum action)settings->on_fail;
	case RESULT_TEMPERROR:
		/* what may be well tomorrow is never refused for good */
		return settings->on_temperror == ACTION_REJECT
			   ? ACTION_DEFER
			   : (enum action)settings->on_temperror;
	case RESULT_SOFTFAIL:
		return (enum action)settings->on_softfail;
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
