/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/action.h"

const char *
action_text(enum action action)
{
	static const char *const words[] = {
	    [ACTION_NONE] = "none",
	    [ACTION_TAG] = "tag",
	    [ACTION_HOLD] = "hold",
	    [ACTION_DEFER] = "defer",
	    [ACTION_REJECT] = "reject",
	};

	return words[action];
}
