/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios, plans and checklists, of facts from a few letters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/advise/groups.h"
#include "t/fake/destination.h"
#include "t/unit/tap.h"

enum { DAY_S = CLOCK_DAY_S, NOW = DESTINATION_NOW };

static const struct provider microsoft = {
    .name = "microsoft", .class = PROVIDER_MAILBOX};
static const struct provider moved = {
    .name = "microsoft-dnssec", .class = PROVIDER_MAILBOX};
static const struct provider google = {
    .name = "google", .class = PROVIDER_MAILBOX};
static const struct provider signs_none = {
    .name = "dns", .class = PROVIDER_DNS, .dnssec = PROVIDER_NO};

/*
 * What there is.  mx, hosts and policy as in fake/destination.h.  whose: a
 * letter for each host, o our own, x another's, m or M Microsoft's before and
 * after it moves, g Google's; zones: s secure, u unsigned.  rua: m mailto, h
 * https, - no record.
 */
struct case_row {
	const char *id, *mx, *hosts, *policy;
	enum chain_state chain;
	const char *whose, *zones, *rua;
	const struct provider *dns;
	struct advise_wish wish;
	/* expected */
	const char *scenarios, *dane, *steps, *says;
};

#define S CHAIN_SECURE
#define U CHAIN_UNSIGNED
#define PLAIN                      \
	{                          \
		.regulated = false \
	}
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
set_rua(struct standing_extra *extra, char letter)
{
	static const struct sts_txt texts[] = {
	    {"v=TLSRPTv1; rua=mailto:r@d.ex", 29},
	    {"v=TLSRPTv1; rua=https://d.ex/r", 30}};

	extra->tlsrpt = (struct lookup){LOOKUP_DATA, false, 60};
	extra->tlsrpt_record = tlsrpt_record_select(
	    &texts[letter == 'h'], letter != '-', NULL, NULL);
}

static const struct provider *
provider_of(char letter)
{
	switch (letter) {
	case 'm':
		return &microsoft;
	case 'M':
		return &moved;
	case 'g':
		return &google;
	}
	return NULL;
}

/* A sight, and what it borrows. */
struct seen {
	struct sight sight;
	struct facts *facts;
	struct verdict *verdict, *secure;
};

static void
seen_make(struct seen *seen, const struct case_row *row)
{
	struct sight *sight = &seen->sight;

	memset(seen, 0, sizeof(*seen));
	seen->facts = destination_make(row->mx, row->hosts, row->policy);
	if (row->policy != NULL)
		seen->facts->sts.record.outcome = STS_RECORD_VALID;
	sight->facts = seen->facts;
	sight->at = NOW;
	sight->chain = row->chain;
	text_copy(sight->chain_facts.zone, LIMIT_DOMAIN_SIZE, "d.ex");
	sight->dns_provider = row->dns;
	for (size_t i = 0; i < seen->facts->host_count; i++) {
		struct sight_host *host = &sight->hosts[i];

		host->own = row->whose[i] == 'o';
		host->provider = provider_of(row->whose[i]);
		host->chain = row->zones[i] == 's' ? S : U;
	}
	set_rua(&sight->extra, row->rua[0]);
	seen->verdict = outlook_judge(seen->facts, OUTLOOK_AUTO, NULL, NOW);
	seen->secure = outlook_judge(seen->facts, OUTLOOK_SECURE, NULL, NOW);
	sight->verdict = seen->verdict;
	sight->secure = seen->secure;
	sight->standing = standing_make(seen->facts, &sight->extra, NULL, NOW);
}

static void
seen_fini(struct seen *seen)
{
	verdict_free(seen->verdict);
	verdict_free(seen->secure);
	facts_free(seen->facts);
}

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

static const struct check_row *
find_check(const struct checklist *list, const char *id);

/* A20 */
static void
a_wildcard_of_a_policy_host_is_named(void **state)
{
	struct checklist *list = xcalloc(1, sizeof(*list));
	struct seen seen;

	(void)state;
	seen_make(&seen, row_with("A15"));
	checklist_add_bsi(list, &seen.sight);
	assert_int_equal(find_check(list, "08-R")->result, CHECK_NOT_TESTED);
	seen.facts->sts.policy->wildcard = true;
	list->count = 0;
	checklist_add_bsi(list, &seen.sight);
	assert_int_equal(find_check(list, "08-R")->result, CHECK_WARNING);
	assert_non_null(
	    strstr(find_check(list, "08-R")->evidence, "mta-sts.d.ex"));
	seen_fini(&seen);
	free(list);
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
	const struct case_row row = {.mx = "s",
	    .hosts = "U",
	    .policy = "testing mx1.d.ex",
	    .chain = S,
	    .whose = "x",
	    .zones = "s",
	    .rua = "m"};
	struct seen seen;

	(void)state;
	seen_make(&seen, &row);
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
	const struct case_row row = {.mx = "s",
	    .hosts = "U",
	    .policy = "testing mx1.d.ex",
	    .chain = S,
	    .whose = "x",
	    .zones = "s",
	    .rua = "m"};
	struct seen seen;

	(void)state;
	seen_make(&seen, &row);
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

static const struct check_row *
find_check(const struct checklist *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->rows[i].id, id) == 0)
			return &list->rows[i];
	return NULL;
}

static const struct {
	const char *id, *mx, *hosts, *policy, *zones, *rua;
	enum chain_state chain;
	const char *result, *evidence;
} checks[] = {
    {"R1", "s", "U", NULL, "s", "-", S, "pass", "1 hosts"},
    {"R1", "s", "UN", NULL, "ss", "-", S, "fail", "mx2.d.ex"},
    {"R1", "i", "U", NULL, "s", "-", U, "fail", "not secure"},
    {"R1", "s", "E", NULL, "s", "-", S, "not-tested", ""},
    {"R2", "s", "U", NULL, "s", "-", S, "pass", "1 records"},
    {"R2", "s", "X", NULL, "s", "-", S, "fail", "1 1 1"},
    {"R2", "s", "N", NULL, "s", "-", S, "not-applicable", ""},
    {"R3", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"R3", "s", "N", NULL, "s", "-", S, "not-applicable", ""},
    {"R4", "s", "U", NULL, "s", "-", S, "warning", "one record"},
    {"R5", "s", "U", NULL, "s", "-", S, "pass", ""},
    {"R5", "s", "U", NULL, "u", "-", S, "fail", "mx1.d.ex: unsigned"},
    {"R5", "i", "U", NULL, "s", "-", U, "fail", "d.ex: unsigned"},
    {"R5", "i", "U", NULL, "s", "-", CHAIN_ERROR, "not-tested", ""},
    {"R6", "s", "U", NULL, "s", "-", S, "fail", "there is none"},
    {"R6", "s", "U", "enforce mx1.d.ex", "s", "-", S, "pass", "id="},
    {"R7", "s", "U", "enforce mx1.d.ex", "s", "-", S, "pass",
	"https://mta-sts.d.ex/"},
    {"R7", "s", "U", "error", "s", "-", S, "fail", "sts-policy-fetch-error"},
    {"R8", "s", "U", "enforce mx1.d.ex", "s", "-", S, "pass", ""},
    {"R8", "s", "UN", "enforce mx1.d.ex", "ss", "-", S, "fail", "some"},
    {"R8", "s", "U", "enforce mx1.d.ex *.e.ex", "s", "-", S, "warning",
	"*.e.ex"},
    {"R9", "s", "U", "enforce mx1.d.ex", "s", "-", S, "warning", "86400"},
    {"R9", "s", "U", NULL, "s", "-", S, "not-applicable", ""},
    {"R10", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"R11", "s", "U", NULL, "s", "m", S, "pass", "r@d.ex"},
    /* A19 */
    {"R11", "s", "U", NULL, "s", "h", S, "pass", "https://d.ex/r"},
    {"10-M", "s", "U", NULL, "s", "h", S, "fail", "https"},
    {"10-M", "s", "U", NULL, "s", "m", S, "pass", "r@d.ex"},
    {"10-M", "s", "U", NULL, "s", "-", S, "fail", "none"},
    /* A23 */
    {"R12", "s", "U", NULL, "s", "-", S, "not-tested", "not probed"},
    {"R13", "s", "U", NULL, "s", "-", S, "pass", ""},
    {"R14", "n", "", NULL, "", "-", S, "pass", "null MX"},
    {"R14", "x", "", NULL, "", "-", S, "fail", "nxdomain"},
    {"R1", "n", "", NULL, "", "-", S, "not-applicable", "no mail"},
    {"R15", "s", "U", "enforce mx1.d.ex", "s", "-", S, "pass", ""},
    {"R15", "s", "U", "enforce mx9.d.ex", "s", "-", S, "fail", "mx1.d.ex"},
    {"01-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"02-R", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"03-M", "s", "U", NULL, "s", "-", S, "not-tested", "not probed"},
    {"04-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"05-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"05-M", "s", "N", NULL, "s", "-", S, "fail",
	"no usable TLSA record at mx1"},
    {"05-M", "i", "U", NULL, "s", "-", U, "fail", "unsigned"},
    {"06-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"07-R", "s", "U", NULL, "s", "-", S, "fail", "record none"},
    {"07-R", "s", "U", "enforce mx1.d.ex", "s", "-", S, "pass", ""},
    {"07-R", "s", "U", "testing mx1.d.ex", "s", "-", S, "warning", "testing"},
    {"07-R", "s", "U", "enforce mx2.d.ex", "s", "-", S, "fail", "none"},
    {"08-R", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"09-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"11-R", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"12-R", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"13-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"14-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"15-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"16-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"mail_dnssec_mailto_exist", "s", "U", NULL, "s", "-", S, "pass", ""},
    {"mail_dnssec_mailto_exist", "i", "U", NULL, "s", "-", U, "fail",
	"unsigned"},
    {"mail_dnssec_mailto_valid", "i", "U", NULL, "s", "-", U, "not-applicable",
	""},
    {"mail_dnssec_mailto_valid", "f", "", NULL, "", "-", CHAIN_BOGUS_SIG,
	"fail", "bogus-sig"},
    {"mail_dnssec_mx_exist", "s", "UU", NULL, "su", "-", S, "fail", "mx2.d.ex"},
    {"mail_dnssec_mx_valid", "s", "UU", NULL, "ss", "-", S, "pass", ""},
    {"mail_starttls_dane_exist", "s", "UN", NULL, "ss", "-", S, "fail",
	"mx2.d.ex"},
    {"mail_starttls_dane_valid", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"mail_starttls_dane_rollover", "s", "U", NULL, "s", "-", S, "warning", ""},
    {"mail_starttls_tls_available", "s", "U", NULL, "s", "-", S, "not-tested",
	""},
    {"mail_starttls_tls_0rtt", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"mail_ipv6_mx_address", "s", "U", NULL, "s", "-", S, "fail", "0 of 1"},
    {"mail_ipv6_mx_reach", "s", "U", NULL, "s", "-", S, "not-applicable", ""},
    {"mail_auth_spf_exist", "s", "U", NULL, "s", "-", S, "not-tested", ""},
};

/* What checklists say, where nothing was probed. */
static void
requirements_are_judged_with_evidence(void **state)
{
	struct checklist *list = xmalloc(sizeof(*list));

	(void)state;
	for (size_t i = 0; i < COUNT(checks); i++) {
		const struct case_row row = {.mx = checks[i].mx,
		    .hosts = checks[i].hosts,
		    .policy = checks[i].policy,
		    .chain = checks[i].chain,
		    .whose = "xxx",
		    .zones = checks[i].zones,
		    .rua = checks[i].rua};
		const struct check_row *found;
		struct seen seen;

		seen_make(&seen, &row);
		list->count = 0;
		checklist_add_rfc(list, &seen.sight);
		checklist_add_bsi(list, &seen.sight);
		checklist_add_nl(list, &seen.sight);
		found = find_check(list, checks[i].id);
		ROW(checks[i].id, found != NULL);
		ROW_TEXT(checks[i].id, check_result_text(found->result),
		    checks[i].result);
		if (strstr(found->evidence, checks[i].evidence) == NULL)
			fail_msg("%s: %s", checks[i].id, found->evidence);
		ROW(checks[i].id, found->how[0] != '\0');
		seen_fini(&seen);
	}
	free(list);
}

/* 10-M */
static void
a_mailbox_under_dane_is_a_warning(void **state)
{
	struct checklist *list = xcalloc(1, sizeof(*list));
	struct seen seen;

	(void)state;
	seen_make(&seen, row_with("A14 15 days"));
	checklist_add_bsi(list, &seen.sight);
	assert_int_equal(find_check(list, "10-M")->result, CHECK_PASS);
	seen.sight.reports_protected = true;
	list->count = 0;
	checklist_add_bsi(list, &seen.sight);
	assert_int_equal(find_check(list, "10-M")->result, CHECK_WARNING);
	assert_non_null(
	    strstr(find_check(list, "10-M")->evidence, "mail to d.ex"));
	seen_fini(&seen);
	free(list);
}

/* R2, R4, R9, R13 and 05-M, by what alone is another. */
static void
records_and_policies_are_measured(void **state)
{
	static const struct {
		const char *id;
		enum check_result result;
		uint32_t max_age, ttl;
		const char *more_tlsa, *alias;
	} rows_of[] = {
	    {"R2", CHECK_PASS, 604800, 60, NULL, NULL},
	    {"R2", CHECK_WARNING, 604800, 60, "3 0 1", NULL},
	    {"R2", CHECK_WARNING, 604800, 60, "2 0 1", NULL},
	    {"R4", CHECK_WARNING, 604800, 60, NULL, NULL},
	    {"R4", CHECK_PASS, 604800, 60, "2 1 1", NULL},
	    {"R9", CHECK_PASS, 604800, 60, NULL, NULL},
	    {"R9", CHECK_WARNING, 604799, 60, NULL, NULL},
	    {"R9", CHECK_PASS, 31557600, 60, NULL, NULL},
	    {"R9", CHECK_WARNING, 31557601, 60, NULL, NULL},
	    {"R13", CHECK_PASS, 604800, 60, NULL, NULL},
	    {"R13", CHECK_WARNING, 604800, 60, NULL, "other.ex"},
	    {"05-M", CHECK_WARNING, 604800, 60, NULL, NULL},
	    {"05-M", CHECK_PASS, 604800, 3600, "2 1 1", NULL},
	    {"05-M", CHECK_WARNING, 604800, 3601, "2 1 1", NULL},
	};
	struct checklist *list = xcalloc(1, sizeof(*list));

	(void)state;
	for (size_t i = 0; i < COUNT(rows_of); i++) {
		struct host_facts *host;
		struct seen seen;
		char record[128];

		seen_make(&seen, row_with("A15"));
		host = &seen.facts->hosts[0];
		seen.facts->sts.policy->policy->max_age_s = rows_of[i].max_age;
		host->tlsa.ttl_s = rows_of[i].ttl;
		if (rows_of[i].alias != NULL)
			text_copy(host->expanded, sizeof(host->expanded),
			    rows_of[i].alias);
		if (rows_of[i].more_tlsa != NULL) {
			snprintf(record, sizeof(record),
			    "%s ffeeddccbbaa99887766554433221100ffeeddccbbaa99"
			    "887766554433221100",
			    rows_of[i].more_tlsa);
			tlsa_set_add_text(&host->records, record, NULL);
			tlsa_set_finish(&host->records);
		}
		seen.sight.standing.dane_health = STANDING_OK;
		list->count = 0;
		checklist_add_rfc(list, &seen.sight);
		checklist_add_bsi(list, &seen.sight);
		if (find_check(list, rows_of[i].id)->result !=
		    rows_of[i].result)
			fail_msg("%s, row %zu: %s", rows_of[i].id, i,
			    find_check(list, rows_of[i].id)->evidence);
		seen_fini(&seen);
	}
	free(list);
}

/* A25: each requirement of a standard once. */
static void
a_list_is_whole(void **state)
{
	const struct case_row row = {.mx = "s",
	    .hosts = "U",
	    .chain = S,
	    .whose = "x",
	    .zones = "s",
	    .rua = "m"};
	struct checklist *list = xcalloc(1, sizeof(*list));
	struct seen seen;

	(void)state;
	seen_make(&seen, &row);
	checklist_add_rfc(list, &seen.sight);
	assert_int_equal(list->count, 15);
	checklist_add_bsi(list, &seen.sight);
	assert_int_equal(list->count, 15 + 16);
	checklist_add_nl(list, &seen.sight);
	assert_int_equal(list->count, 15 + 16 + 33);
	for (size_t i = 0; i < list->count; i++)
		assert_ptr_equal(
		    find_check(list, list->rows[i].id), &list->rows[i]);
	seen_fini(&seen);
	free(list);
}

/* The exit status: A22, A23 and what is worse. */
static void
the_worst_must_counts(void **state)
{
	static const struct {
		const char *id;
		struct check_row row;
		int status;
	} one[] = {
	    {"pass", {.result = CHECK_PASS}, 0},
	    {"not applicable", {.result = CHECK_NOT_APPLICABLE}, 0},
	    {"organisational", {.result = CHECK_NOT_TESTED}, 0},
	    {"should fails", {.level = CHECK_SHOULD, .result = CHECK_FAIL}, 1},
	    {"must warns", {.result = CHECK_WARNING}, 1},
	    {"note fails", {.level = CHECK_NOTE, .result = CHECK_FAIL}, 0},
	    {"must fails", {.result = CHECK_FAIL}, 2},
	    {"must unseen", {.result = CHECK_NOT_TESTED, .unseen = true}, 3},
	    {"should unseen",
		{.level = CHECK_SHOULD,
		    .result = CHECK_NOT_TESTED,
		    .unseen = true},
		0},
	};
	struct checklist *list = xcalloc(1, sizeof(*list));

	(void)state;
	for (size_t i = 0; i < COUNT(one); i++) {
		list->count = 1;
		list->rows[0] = one[i].row;
		ROW(one[i].id, checklist_status(list) == one[i].status);
	}
	list->count = 2;
	list->rows[0] = one[6].row;
	list->rows[1] = one[7].row;
	assert_int_equal(checklist_status(list), 2);
	list->rows[0] = one[3].row;
	assert_int_equal(checklist_status(list), 3);
	free(list);
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
	    cmocka_unit_test(a_wildcard_of_a_policy_host_is_named),
	    cmocka_unit_test(testing_lasts_two_weeks),
	    cmocka_unit_test(a_policy_that_was_tested_can_be_enforced),
	    cmocka_unit_test(what_is_published_counts_in_the_verdict),
	    cmocka_unit_test(a_mailbox_under_dane_is_a_warning),
	    cmocka_unit_test(records_and_policies_are_measured),
	    cmocka_unit_test(requirements_are_judged_with_evidence),
	    cmocka_unit_test(a_list_is_whole),
	    cmocka_unit_test(the_worst_must_counts),
	    cmocka_unit_test(domains_in_one_state_are_a_group),
	};

	return RUN_TESTS(advise);
}
