/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/publish/rollover.h"

/* Where no authoritative server can be asked, the validated answer stands for
 * all of them. */
static bool
all_have(const struct rollover_facts *facts, size_t servers, bool cached)
{
	return facts->servers > 0 ? servers == facts->servers : cached;
}

static bool
any_has(const struct rollover_facts *facts, size_t servers, bool cached)
{
	return facts->servers > 0 ? servers > 0 : cached;
}

/* What a server that did not answer has, nobody but the administrator knows;
 * it may fill the next cache with the RRset from before. */
static bool
all_are_known(const struct rollover_facts *facts)
{
	return facts->vouched ||
	       (facts->servers > 0 && facts->servers_silent == 0);
}

int64_t
rollover_wait_s(const struct rollover_facts *facts)
{
	return 2 * (int64_t)facts->ttl_s;
}

bool
rollover_is_ready(const struct rollover_facts *facts)
{
	return facts->published && all_are_known(facts) &&
	       all_have(facts, facts->servers_current, facts->cached.current) &&
	       all_have(facts, facts->servers_next, facts->cached.next);
}

static bool
shows_next(const struct rollover_facts *facts)
{
	return facts->shown > 0 && facts->shown_next == facts->shown;
}

/* With one key for both there is nothing to wait for, whatever a server that
 * is silent has. */
static bool
is_renewal(const struct rollover_facts *facts)
{
	return facts->published && facts->same && facts->same_key &&
	       all_have(facts, facts->servers_current, facts->cached.current) &&
	       all_have(facts, facts->servers_next, facts->cached.next);
}

/* The next key is in use, and the records allow it. */
static enum rollover_phase
after_switch(const struct rollover_facts *facts)
{
	if (!all_are_known(facts) ||
	    !all_have(facts, facts->servers_next, facts->cached.next))
		return ROLLOVER_SPREAD;
	if (facts->unseen > 0)
		return ROLLOVER_UNSEEN;
	return facts->stale ? ROLLOVER_DROP : ROLLOVER_DONE;
}

static enum rollover_phase
before_wait(const struct rollover_facts *facts)
{
	if (!facts->published ||
	    !any_has(facts, facts->servers_current, facts->cached.current) ||
	    !any_has(facts, facts->servers_next, facts->cached.next))
		return ROLLOVER_PUBLISH;
	return ROLLOVER_SPREAD;
}

static struct rollover_plan
in_wait(const struct rollover_facts *facts, time_t now)
{
	struct rollover_plan plan = {.phase = ROLLOVER_WAIT};

	if (facts->since_known && facts->before_known) {
		plan.not_before = facts->since + (time_t)rollover_wait_s(facts);
		if (now >= plan.not_before && facts->cached.current &&
		    facts->cached.next)
			plan.phase = ROLLOVER_SWITCH;
	}
	return plan;
}

struct rollover_plan
rollover_decide(const struct rollover_facts *facts, time_t now)
{
	struct rollover_plan plan = {.not_before = 0};

	if (!facts->heeded)
		plan.phase = ROLLOVER_UNHEEDED;
	else if (facts->failing)
		plan.phase = ROLLOVER_BROKEN;
	else if (facts->published && facts->cached.next && shows_next(facts))
		plan.phase = after_switch(facts);
	else if (is_renewal(facts))
		plan.phase = ROLLOVER_SWITCH;
	else if (rollover_is_ready(facts))
		return in_wait(facts, now);
	else
		plan.phase = before_wait(facts);
	return plan;
}

bool
rollover_is_safe(enum rollover_phase phase)
{
	switch (phase) {
	case ROLLOVER_UNHEEDED:
	case ROLLOVER_SWITCH:
	case ROLLOVER_DROP:
	case ROLLOVER_DONE:
		return true;
	case ROLLOVER_BROKEN:
	case ROLLOVER_PUBLISH:
	case ROLLOVER_SPREAD:
	case ROLLOVER_WAIT:
	case ROLLOVER_UNSEEN:
		break;
	}
	return false;
}

const char *
rollover_word(enum rollover_phase phase)
{
	switch (phase) {
	case ROLLOVER_UNHEEDED:
		return "unheeded";
	case ROLLOVER_BROKEN:
		return "broken";
	case ROLLOVER_PUBLISH:
		return "publish";
	case ROLLOVER_SPREAD:
		return "spread";
	case ROLLOVER_WAIT:
		return "wait";
	case ROLLOVER_UNSEEN:
		return "unseen";
	case ROLLOVER_SWITCH:
		return "switch";
	case ROLLOVER_DROP:
		return "drop";
	case ROLLOVER_DONE:
		return "done";
	}
	return "";
}
