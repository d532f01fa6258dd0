/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/publish/rollover.h"

#include <string.h>

#include "t/unit/tap.h"

enum { NOW = 1800000000, TTL = 3600 };

/* heeded, published, failing, cached; servers; same, stale; shown; TTL, since
 */
static const struct {
	const char *id;
	struct rollover_facts facts;
	enum rollover_phase phase;
	time_t not_before;
} steps[] = {
    {"unsigned",
	{0, 1, 0, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, TTL, 1, 0, 1, 0},
	ROLLOVER_UNHEEDED, 0},
    {"no records",
	{1, 0, 0, {0, 0}, 2, 0, 0, 0, 0, 0, 0, 1, 0, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_PUBLISH, 0},
    {"the current key's",
	{1, 1, 0, {1, 0}, 2, 2, 0, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_PUBLISH, 0},
    {"one server has both",
	{1, 1, 0, {1, 0}, 2, 2, 1, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_SPREAD, 0},
    {"one server has the next key's only",
	{1, 1, 0, {1, 1}, 2, 1, 2, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_SPREAD, 0},
    {"nobody knows since when",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_WAIT, 0},
    {"since now",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 1, 0, NOW},
	ROLLOVER_WAIT, NOW + 2 * TTL},
    {"since the future",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 1, 0, NOW + 9},
	ROLLOVER_WAIT, NOW + 9 + 2 * TTL},
    {"a second too early",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 1, 0,
	    NOW - 2 * TTL + 1},
	ROLLOVER_WAIT, NOW + 1},
    {"two TTLs ago",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 1, 0,
	    NOW - 2 * TTL},
	ROLLOVER_SWITCH, NOW},
    {"two TTLs ago, but a cache has the old",
	{1, 1, 0, {1, 0}, 2, 2, 2, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 1, 0,
	    NOW - 2 * TTL},
	ROLLOVER_WAIT, NOW},
    {"two TTLs ago, but a server has the old",
	{1, 1, 0, {1, 1}, 2, 2, 1, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 1, 0,
	    NOW - 2 * TTL},
	ROLLOVER_SPREAD, 0},
    {"half of the addresses show the next",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 1, 2, 1, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_WAIT, 0},
    {"all do", {1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 1, 2, 2, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_DROP, 0},
    {"all do, the old records are gone",
	{1, 1, 0, {0, 1}, 2, 0, 2, 0, 0, 0, 0, 2, 2, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_DONE, 0},
    {"all do, a server has the old",
	{1, 1, 0, {1, 1}, 2, 2, 1, 0, 0, 0, 1, 2, 2, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_SPREAD, 0},
    {"all do, too early",
	{1, 1, 1, {1, 0}, 2, 2, 0, 0, 0, 0, 1, 2, 2, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_BROKEN, 0},
    {"the old record went too early",
	{1, 1, 1, {0, 1}, 2, 0, 2, 0, 0, 0, 0, 2, 0, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_BROKEN, 0},
    {"same key, another certificate",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 1, 1, 0, 2, 0, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_SWITCH, 0},
    {"no address answers",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 1, 0, 0, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_WAIT, 0},
    {"no server answers",
	{1, 1, 0, {1, 0}, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_PUBLISH, 0},
    {"no server answers, both",
	{1, 1, 0, {1, 1}, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 1, 1,
	    NOW - 2 * TTL},
	ROLLOVER_SWITCH, NOW},
    {"one TTL ago",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 1, 0,
	    NOW - TTL},
	ROLLOVER_WAIT, NOW + TTL},
    {"years ago, but nobody knows the TTL from before",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 1, 2, 0, 0, TTL, 0, 1, 1, 0},
	ROLLOVER_WAIT, 0},
    {"the longest TTL there is",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 1, 2, 0, 0, UINT32_MAX, 1, 1, 0,
	    NOW},
	ROLLOVER_WAIT, (time_t)NOW + 2 * (int64_t)UINT32_MAX},
    {"one CA for both keys, but not since long",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 1, 0, 0, 2, 0, 0, TTL, 1, 1, 0, NOW},
	ROLLOVER_WAIT, NOW + 2 * TTL},
    {"one CA for both keys, nobody knows the TTL from before",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 1, 0, 0, 2, 0, 0, TTL, 0, 1, 0, 0},
	ROLLOVER_WAIT, 0},
    {"same key, a server is silent",
	{1, 1, 0, {1, 1}, 2, 2, 2, 1, 1, 1, 0, 2, 0, 0, TTL, 0, 0, 0, 0},
	ROLLOVER_SWITCH, 0},
    {"two TTLs ago, but a server is silent",
	{1, 1, 0, {1, 1}, 2, 2, 2, 1, 0, 0, 1, 2, 0, 0, TTL, 1, 1, 0,
	    NOW - 2 * TTL},
	ROLLOVER_SPREAD, 0},
    {"the same, and the administrator vouches for it",
	{1, 1, 0, {1, 1}, 2, 2, 2, 1, 0, 0, 1, 2, 0, 0, TTL, 1, 1, 1,
	    NOW - 2 * TTL},
	ROLLOVER_SWITCH, NOW},
    {"no server answers, and nobody vouches",
	{1, 1, 0, {1, 1}, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, TTL, 1, 1, 0,
	    NOW - 2 * TTL},
	ROLLOVER_SPREAD, 0},
    {"all that are seen show the next, one is not seen",
	{1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 1, 2, 2, 1, TTL, 1, 1, 0, 0},
	ROLLOVER_UNSEEN, 0},
    {"the same, the old records are gone",
	{1, 1, 0, {0, 1}, 2, 0, 2, 0, 0, 0, 0, 2, 2, 1, TTL, 1, 0, 0, 0},
	ROLLOVER_UNSEEN, 0},
    {"all do, a server is silent",
	{1, 1, 0, {1, 1}, 2, 2, 2, 1, 0, 0, 1, 2, 2, 0, TTL, 1, 0, 0, 0},
	ROLLOVER_SPREAD, 0},
};

static void
each_step_waits_for_the_one_before(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct rollover_plan plan =
		    rollover_decide(&steps[i].facts, NOW);

		ROW_TEXT(steps[i].id, rollover_word(plan.phase),
		    rollover_word(steps[i].phase));
		ROW(steps[i].id, plan.not_before == steps[i].not_before);
	}
}

static void
the_wait_begins_when_every_server_has_both(void **state)
{
	static const struct {
		const char *id;
		struct rollover_facts facts;
		bool ready;
	} rows[] = {
	    {"both",
		{1, 1, 0, {1, 1}, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, TTL, 1, 0, 0,
		    0},
		true},
	    {"a cache has the old",
		{1, 1, 0, {1, 0}, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, TTL, 1, 0, 0,
		    0},
		true},
	    {"one server",
		{1, 1, 0, {1, 1}, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, TTL, 1, 0, 0,
		    0},
		false},
	    {"one server lost it",
		{1, 1, 0, {1, 1}, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, TTL, 1, 0, 0,
		    0},
		false},
	    {"current",
		{1, 1, 0, {1, 0}, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, TTL, 1, 0, 0,
		    0},
		false},
	    {"none",
		{1, 0, 0, {0, 0}, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, TTL, 1, 0, 0,
		    0},
		false},
	    {"no server answers",
		{1, 1, 0, {1, 1}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, TTL, 1, 0, 1,
		    0},
		true},
	    {"nor has the cache both",
		{1, 1, 0, {1, 0}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, TTL, 1, 0, 0,
		    0},
		false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].id,
		    rollover_is_ready(&rows[i].facts) == rows[i].ready);
}

static void
safe_is_what_no_sender_notices(void **state)
{
	(void)state;
	for (int phase = ROLLOVER_UNHEEDED; phase <= ROLLOVER_DONE; phase++)
		assert_int_equal(rollover_is_safe(phase),
		    phase == ROLLOVER_UNHEEDED || phase >= ROLLOVER_SWITCH);
}

int
main(void)
{
	const struct CMUnitTest rollover[] = {
	    cmocka_unit_test(each_step_waits_for_the_one_before),
	    cmocka_unit_test(the_wait_begins_when_every_server_has_both),
	    cmocka_unit_test(safe_is_what_no_sender_notices),
	};

	return RUN_TESTS(rollover);
}
