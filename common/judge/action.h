/* action - what is done about a verdict. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_ACTION_H
#define COMMON_JUDGE_ACTION_H

/* What is done to a message or a recipient, the strictest last. */
enum action {
	ACTION_NONE,
	ACTION_TAG,
	ACTION_HOLD,
	ACTION_DEFER,
	ACTION_REJECT,
};
enum { ACTIONS = ACTION_REJECT + 1 };

/* action_text - the word of the configuration; a constant */
const char *action_text(enum action action);

#endif
