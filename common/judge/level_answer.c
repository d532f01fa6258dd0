/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/level_answer.h"

static void
take_rule_names(struct enforcement *e, const struct rule *rule)
{
	static char hostname[] = "hostname";
	char *const none[] = {hostname};

	if (rule == NULL || rule->match_count == 0)
		enforcement_take_names(e, none, 1);
	else
		enforcement_take_names(e, rule->match, rule->match_count);
}

/* The answer that a level is by itself; AUTO has none. */
static enum enforce_answer
answer_of_level(enum level level)
{
	switch (level) {
	case LEVEL_NONE:
		return ENFORCE_NONE;
	case LEVEL_MAY:
		return ENFORCE_MAY;
	case LEVEL_ENCRYPT:
		return ENFORCE_ENCRYPT;
	case LEVEL_DANE:
		return ENFORCE_DANE;
	case LEVEL_DANE_ONLY:
		return ENFORCE_DANE_ONLY;
	case LEVEL_SECURE:
		return ENFORCE_NAMES;
	case LEVEL_AUTO:
	case LEVEL_HALF_DANE:
		break;
	}
	return ENFORCE_TEMP;
}

struct enforcement *
level_answer(const struct demand *demand)
{
	struct enforcement *e;

	if (demand->level == LEVEL_AUTO && (demand->dane || demand->sts))
		return NULL;
	e = enforcement_new(answer_of_level(demand->level));
	if (demand->level == LEVEL_AUTO)
		e->answer = demand->encrypt ? ENFORCE_ENCRYPT : ENFORCE_MAY;
	if (demand->level == LEVEL_SECURE)
		take_rule_names(e, demand->rule);
	e->level = demand->level;
	e->ruled = demand->rule != NULL;
	return e;
}
