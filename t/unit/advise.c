/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios and plans, of facts from a few letters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/sight_row.h"
#include "t/unit/tap.h"

static const struct provider signs_none = {
    .name = "dns", .class = PROVIDER_DNS, .dnssec = PROVIDER_NO};

#define FIRST "P1:do P2:do P3:wait P4:wait "

static const struct case_row rows[] = {
    {"A01 cannot sign", "i", "N", NULL, U, "x", "u", "-", NULL,
	{.cannot_sign = true}, "1", "no", FIRST "P11:wait", NULL},
    {"A01 DNS host", "i", "N", NULL, U, "x", "u", "-", &signs_none, PLAIN, "1",
	"no", FIRST "P11:wait", NULL},
    {"A01 parent", "i", "N", NULL, CHAIN_PARENT_UNSIGNED, "x", "u", "-", NULL,
	PLAIN, "1", "no", FIRST "P11:wait", NULL},
    {"A02", "s", "N", NULL, S, "x", "s", "-", NULL, PLAIN, "2", "yes",
	FIRST "P8:do P11:wait", "ask whoever runs them"},
    {"A03", "s", "NN", NULL, S, "xx", "ss", "-", NULL, PLAIN, "3", "per-host",
	FIRST "P8:do P11:wait", "mx1.d.ex, mx2.d.ex"},
    {"A04", "i", "N", NULL, U, "m", "u", "-", NULL, PLAIN, "4", "provider",
	FIRST "P5:do P6:wait P7:wait P11:wait", "Enable-SmtpDaneInbound"},
    {"A04 moved", "s", "U", NULL, S, "M", "s", "m", NULL, PLAIN, "4 2",
	"provider", "P1:done P2:do P3:wait P4:wait P7:done P9:do P11:do", NULL},
    {"A05", "i", "N", NULL, S, "g", "u", "-", NULL, PLAIN, "5", "no",
	FIRST "P11:wait", NULL},
    {"A06", "s", "N", NULL, S, "o", "s", "-", NULL, PLAIN, "6 2", "yes",
	"P1:do P2:do P8:do P3:wait P4:wait P11:wait", " at mx1.d.ex,"},
    {"A07", "s", "N", NULL, S, "x", "s", "-", NULL, {.bulk = true}, "7 2",
	"yes", FIRST "P8:do P11:wait", "CNAME to one place"},
    {"A08", "i", "N", NULL, U, "x", "s", "-", NULL, {.regulated = true}, "8",
	"after-signing", FIRST "P5:do P6:wait P8:wait P11:wait", NULL},
    {"A08 cannot sign", "i", "N", NULL, U, "x", "s", "-", NULL,
	{.regulated = true, .cannot_sign = true}, "8 1", "after-signing",
	FIRST "P5:blocked P6:wait P8:wait P11:wait", "change the DNS host"},
    {"A08 signed", "s", "U", NULL, S, "x", "s", "m", NULL, {.regulated = true},
	"8 2", "yes", "P1:done P2:do P3:wait P4:wait P9:do P11:do", NULL},
    {"A09", "i", "N", NULL, CHAIN_ISLAND, "x", "s", "-", NULL, PLAIN, "",
	"after-signing", FIRST "P6:do P8:wait P11:wait", "is signed already"},
    {"A10", "f", "", NULL, CHAIN_BOGUS_DS, "", "", "-", NULL, PLAIN, "", "no",
	"P0:do", "DS record"},
    {"A11", "s", "N", NULL, S, "m", "u", "-", NULL, PLAIN, "4", "provider",
	FIRST "P7:wait P11:wait",
	"*.mail.protection.outlook.com and the new host below .mx.microsoft"},
    {"A12", "s", "NN", NULL, S, "mx", "us", "-", NULL, PLAIN, "4 3", "provider",
	FIRST "P7:wait P11:wait", "single MX"},
    {"A14 15 days", "s", "U", "testing mx1.d.ex", S, "x", "s", "m", NULL,
	{.testing_since = NOW - 15 * DAY_S}, "2", "yes",
	"P1:done P2:do P3:done P4:wait P9:do P11:do", NULL},
    {"A15", "s", "U", "enforce mx1.d.ex", S, "x", "s", "-", NULL, PLAIN, "2",
	"yes", "P1:do P2:do P3:done P4:done P9:do P11:do", NULL},
    {"A16", "s", "UNN", NULL, S, "xxx", "sss", "-", NULL, PLAIN, "3",
	"per-host", FIRST "P8:do P11:do", " at mx2.d.ex, mx3.d.ex,"},
    {"A17", "s", "N", NULL, S, "x", "u", "-", NULL, PLAIN, "", "after-signing",
	FIRST "P7:do P11:wait", "zones of these MX hosts"},
    {"own host unsigned", "s", "N", NULL, S, "o", "u", "-", NULL, PLAIN, "6",
	"after-signing", "P1:do P2:do P7:do P8:wait P3:wait P4:wait P11:wait",
	"their DS records put into the zone above: mx1.d.ex"},
    {"A18", "s", "N", NULL, S, "x", "s", "-", NULL, {.cannot_sign = true}, "2",
	"yes", FIRST "P8:do P11:wait", NULL},
    {"A19 regulated", "s", "U", "enforce mx1.d.ex", S, "x", "s", "h", NULL,
	{.regulated = true}, "8 2", "yes",
	"P1:do P2:do P3:done P4:done P9:do P11:do", "does not allow https"},
    {"unsigned", "i", "N", NULL, U, "x", "s", "-", NULL, PLAIN, "",
	"after-signing", FIRST "P5:do P6:wait P8:wait P11:wait", NULL},
    {"unsupported", "i", "N", NULL, CHAIN_UNSUPPORTED, "x", "s", "-", NULL,
	PLAIN, "", "after-signing", FIRST "P5:do P8:wait P11:wait",
	"number 13"},
    {"null MX", "n", "", NULL, S, "", "", "-", NULL, PLAIN, "", "no", "", NULL},
};

static void
print_counsel(
    const struct counsel *counsel, char scenarios[32], char steps[256])
{
	struct text text;

	text_init(&text, scenarios, 32);
	for (size_t i = 0; i < counsel->found.count; i++)
		text_addf(&text, "%s%u", i == 0 ? "" : " ",
		    counsel->found.scenarios[i]);
	text_init(&text, steps, 256);
	for (size_t i = 0; i < counsel->plan.count; i++)
		text_addf(&text, "%sP%u:%s", i == 0 ? "" : " ",
		    counsel->plan.steps[i].id,
		    step_state_text(counsel->plan.steps[i].state));
}

static bool
plan_says(const struct plan *plan, const char *words)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strstr(plan->steps[i].what, words) != NULL)
			return true;
	return false;
}

static void
each_case_has_its_steps_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char scenarios[32], steps[256];
		struct counsel *counsel;
		struct seen seen;

		seen_make(&seen, &rows[i]);
		counsel =
		    counsel_new(&seen.sight, &rows[i].wish, 1U << STANDARD_RFC);
		print_counsel(counsel, scenarios, steps);
		ROW_TEXT(rows[i].id, scenarios, rows[i].scenarios);
		ROW_TEXT(rows[i].id, publish_text(counsel->found.dane),
		    rows[i].dane);
		ROW_TEXT(rows[i].id, steps, rows[i].steps);
		ROW(rows[i].id, rows[i].says == NULL ||
				    plan_says(&counsel->plan, rows[i].says));
		ROW(rows[i].id,
		    scenario_verdict(&counsel->found, &seen.sight)[0] != '\0');
		counsel_free(counsel);
		seen_fini(&seen);
	}
}

static const struct case_row *
row_with(const char *id)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcmp(rows[i].id, id) == 0)
			return &rows[i];
	fail_msg("no row %s", id);
	return NULL;
}

/* A13, and the same where the zone cannot be signed. */
static void
records_of_no_use_are_named(void **state)
{
	static const char *const ids[] = {"A05", "A01 cannot sign"};

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		const struct case_row *row = row_with(ids[i]);
		struct advice_case found;
		struct seen seen;

		seen_make(&seen, row);
		found = scenario_of(&seen.sight, &row->wish);
		assert_null(
		    strstr(scenario_verdict(&found, &seen.sight), "no use"));
		seen.sight.extra.own_tlsa = true;
		seen.sight.standing =
		    standing_make(seen.facts, &seen.sight.extra, NULL, NOW);
		assert_non_null(
		    strstr(scenario_verdict(&found, &seen.sight), "no use"));
		seen_fini(&seen);
	}
}

/* A14: three days, fifteen, and nobody says since when. */
static void
testing_lasts_two_weeks(void **state)
{
	static const struct {
		time_t since;
		time_t not_before;
	} times[] = {
	    {NOW - 3 * DAY_S, NOW + 11 * DAY_S},
	    {NOW - 15 * DAY_S, NOW - DAY_S},
	    {0, NOW + 14 * DAY_S},
	};
	struct seen seen;

	(void)state;
	seen_make(&seen, &sight_tested);
	for (size_t i = 0; i < COUNT(times); i++) {
		struct advise_wish wish = {.testing_since = times[i].since};
		struct counsel *counsel = counsel_new(&seen.sight, &wish, 0);
		const struct step *step = plan_step(&counsel->plan, 4);

		assert_int_equal(step->not_before, times[i].not_before);
		counsel_free(counsel);
	}
	seen_fini(&seen);
}

/* A14: of hosts that keep the policy, with reports: after 3 days, and 15. */
static void
a_policy_that_was_tested_can_be_enforced(void **state)
{
	struct seen seen;

	(void)state;
	seen_make(&seen, &sight_tested);
	seen.secure->hosts[0].outcome = HOST_STS_OK;
	seen.secure->hosts[0].probed = true;
	for (int days = 3; days <= 15; days += 12) {
		struct advise_wish wish = {.testing_since = NOW - days * DAY_S};
		struct counsel *counsel = counsel_new(&seen.sight, &wish, 0);

		assert_int_equal(plan_step(&counsel->plan, 4)->state,
		    days == 15 ? STEP_DO : STEP_WAIT);
		counsel_free(counsel);
	}
	seen_fini(&seen);
}

/* A14: what posternd has seen counts, but for what the owner says, or where it
 * has seen another mode. */
static void
testing_is_counted_since_posternd_has_seen_it(void **state)
{
	static const struct {
		const char *policy;
		int seen, said; /* days ago; 0: not */
		enum step_state wanted;
		const char *words;
	} sights[] = {
	    {"testing mx1.d.ex", 3, 0, STEP_WAIT, "since 2"},
	    {"testing mx1.d.ex", 15, 0, STEP_DO, "since 2"},
	    {"testing mx1.d.ex", 3, 15, STEP_DO, "two weeks, then"},
	    {"testing mx1.d.ex", 15, 3, STEP_WAIT, "two weeks, then"},
	    {"testing mx1.d.ex", 0, 0, STEP_WAIT, "say since when"},
	    {"none", 15, 0, STEP_WAIT, "say since when"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sights); i++) {
		struct advise_wish wish = {
		    .testing_since =
			sights[i].said == 0 ? 0 : NOW - sights[i].said * DAY_S};
		struct case_row row = sight_tested;
		struct counsel *counsel;
		struct seen seen;

		row.policy = sights[i].policy;
		seen_make(&seen, &row);
		seen.secure->hosts[0].outcome = HOST_STS_OK;
		seen.secure->hosts[0].probed = true;
		seen.sight.memory.any = sights[i].seen != 0;
		seen.sight.memory.past.mode_since_s =
		    NOW - sights[i].seen * DAY_S;
		counsel = counsel_new(&seen.sight, &wish, 0);
		ROW(sights[i].words,
		    plan_step(&counsel->plan, 4)->state == sights[i].wanted);
		ROW(sights[i].words, strstr(plan_step(&counsel->plan, 4)->what,
					 sights[i].words) != NULL);
		counsel_free(counsel);
		seen_fini(&seen);
	}
}

static void
what_is_published_counts_in_the_verdict(void **state)
{
	static const struct {
		const char *hosts, *policy, *words;
	} kinds[] = {
	    {"N", NULL, "Publish MTA-STS, and DANE"},
	    {"U", NULL, "DANE is published: publish MTA-STS"},
	    {"U", "testing mx1.d.ex", "MTA-STS is tested: have it enforced"},
	    {"U", "enforce mx1.d.ex", "both published"},
	    {"N", "enforce mx1.d.ex", "MTA-STS is enforced: publish DANE"},
	    {"N", "testing mx1.d.ex", "and publish DANE"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct case_row row = {.mx = "s",
		    .hosts = kinds[i].hosts,
		    .policy = kinds[i].policy,
		    .chain = S,
		    .whose = "x",
		    .zones = "s",
		    .rua = "m"};
		struct advice_case found;
		struct seen seen;

		seen_make(&seen, &row);
		found = scenario_of(&seen.sight, &row.wish);
		if (strstr(scenario_verdict(&found, &seen.sight),
			kinds[i].words) == NULL)
			fail_msg("%s: %s", kinds[i].words,
			    scenario_verdict(&found, &seen.sight));
		seen_fini(&seen);
	}
}

/* A21 */
static void
domains_in_one_state_are_a_group(void **state)
{
	struct advise_groups groups = {.count = 0};
	struct advise_wish wish = {.bulk = true};

	(void)state;
	for (size_t i = 0; i < 120; i++) {
		const struct case_row row = {.mx = "s",
		    .hosts = i % 2 == 0   ? "U"
			     : i % 3 == 0 ? "N"
					  : "X",
		    .chain = S,
		    .whose = "x",
		    .zones = "s",
		    .rua = "m"};
		struct counsel *counsel;
		struct seen seen;

		seen_make(&seen, &row);
		counsel = counsel_new(&seen.sight, &wish, 1U << STANDARD_RFC);
		advise_groups_add(&groups, counsel);
		counsel_free(counsel);
		seen_fini(&seen);
	}
	assert_int_equal(groups.count, 3);
	assert_int_equal(groups.items[0].count, 60);
	assert_int_equal(groups.items[0].count + groups.items[1].count +
			     groups.items[2].count,
	    120);
	advise_groups_fini(&groups);
}

int
main(void)
{
	const struct CMUnitTest advise[] = {
	    cmocka_unit_test(each_case_has_its_steps_in_order),
	    cmocka_unit_test(records_of_no_use_are_named),
	    cmocka_unit_test(testing_lasts_two_weeks),
	    cmocka_unit_test(a_policy_that_was_tested_can_be_enforced),
	    cmocka_unit_test(testing_is_counted_since_posternd_has_seen_it),
	    cmocka_unit_test(what_is_published_counts_in_the_verdict),
	    cmocka_unit_test(domains_in_one_state_are_a_group),
	};

	return RUN_TESTS(advise);
}
