/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/advise/report.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum { NOTE_TEXT_SIZE = 1024 };

void
counsel_free(struct counsel *counsel)
{
	free(counsel);
}

struct counsel *
counsel_new(const struct sight *sight, const struct advise_wish *wish,
    unsigned standards)
{
	struct counsel *counsel = xcalloc(1, sizeof(*counsel));

	counsel->sight = sight;
	counsel->found = scenario_of(sight, wish);
	plan_make(&counsel->plan, sight, wish, &counsel->found);
	if (standards & 1U << STANDARD_RFC)
		checklist_add_rfc(&counsel->checks, sight);
	if (standards & 1U << STANDARD_BSI)
		checklist_add_bsi(&counsel->checks, sight);
	if (standards & 1U << STANDARD_NL)
		checklist_add_nl(&counsel->checks, sight);
	return counsel;
}

/* What queues mail today is no matter of standards. */
int
counsel_status(const struct counsel *counsel)
{
	return plan_step(&counsel->plan, 0) != NULL
		   ? 2
		   : checklist_status(&counsel->checks);
}

/* Of a zone that is bogus the verdict says so. */
static bool
counsel_stops_mail(const struct counsel *counsel)
{
	return plan_step(&counsel->plan, 0) != NULL &&
	       !chain_is_bogus(counsel->sight->chain);
}

/* --- what there is --- */

static void
put_scenarios(const struct counsel *counsel, struct sheet *sheet)
{
	const struct provider *provider = counsel->sight->provider;
	char line[NOTE_TEXT_SIZE];
	struct text text;

	text_init(&text, line, sizeof(line));
	for (size_t i = 0; i < counsel->found.count; i++)
		text_addf(&text, "%s%s", i == 0 ? "" : "; ",
		    scenario_text(counsel->found.scenarios[i]));
	if (counsel->found.count > 0)
		sheet_note(sheet, "This is: %s.", line);
	if (provider != NULL)
		sheet_note(sheet, "Mail hosts: %s (%s), as of %s.",
		    provider->name, provider_class_text(provider),
		    provider->asof);
	if (counsel->found.contradicted)
		sheet_note(sheet, "You say that the zone cannot be signed, but "
				  "it is: that counts.");
}

static void
put_chains(const struct sight *sight, struct sheet *sheet)
{
	char line[NOTE_TEXT_SIZE];
	struct text text;

	text_init(&text, line, sizeof(line));
	text_addf(&text, "DNSSEC: %s %s", sight->facts->domain,
	    chain_state_text(sight->chain));
	for (size_t i = 0; i < sight->facts->host_count; i++)
		text_addf(&text, ", %s %s", sight->facts->hosts[i].name,
		    chain_state_text(sight->hosts[i].chain));
	if (sight->dns_server[0] != '\0')
		text_addf(&text, "; name server %s", sight->dns_server);
	sheet_note(sheet, "%s.", line);
}

static const char *
dane_words(const struct standing *standing)
{
	switch (standing->dane) {
	case STANDING_DANE_FULL:
		return "TLSA records at every MX host";
	case STANDING_DANE_HALF:
		return "TLSA records at every MX host, but the MX records are "
		       "not secure";
	case STANDING_DANE_PARTIAL:
		return "TLSA records at some MX hosts alone";
	case STANDING_DANE_UNUSABLE:
		return "TLSA records that no sender can use";
	case STANDING_DANE_INSECURE:
		return "TLSA records of no use, since no signature secures "
		       "them";
	case STANDING_DANE_MISPLACED:
		return "TLSA records of no use, at the domain's own name";
	case STANDING_DANE_ERROR:
		return "not known, since a lookup fails";
	case STANDING_DANE_NONE:
		break;
	}
	return "none";
}

static const char *
health_words(enum standing_health health)
{
	switch (health) {
	case STANDING_OK:
		return " (works)";
	case STANDING_DEGRADED:
		return " (fails at a host or address)";
	case STANDING_BROKEN:
		return " (does not work)";
	case STANDING_UNKNOWN:
		return " (not seen whether it works)";
	case STANDING_NO_HEALTH:
		break;
	}
	return "";
}

static const char *
record_words(enum standing_record record)
{
	switch (record) {
	case STANDING_RECORD_VALID:
		return "a valid record";
	case STANDING_RECORD_INVALID:
		return "a record that does not count";
	case STANDING_RECORD_ERROR:
		return "not known, since a lookup fails";
	case STANDING_RECORD_NONE:
		break;
	}
	return "none";
}

static void
put_standing(const struct sight *sight, struct sheet *sheet)
{
	const struct standing *standing = &sight->standing;
	char policy[NOTE_TEXT_SIZE];

	if (standing->sts_policy == STANDING_POLICY_FETCHED)
		snprintf(policy, sizeof(policy), "a policy of mode %s",
		    sts_mode_text(standing->sts_mode));
	else if (standing->sts_policy == STANDING_POLICY_FAILED)
		snprintf(policy, sizeof(policy),
		    "a record, but no policy can be had");
	else
		snprintf(policy, sizeof(policy), "%s",
		    record_words(standing->sts_record));
	sheet_note(sheet, "DANE: %s%s. MTA-STS: %s%s. TLS reports: %s.",
	    dane_words(standing), health_words(standing->dane_health), policy,
	    standing->sts_policy == STANDING_POLICY_FETCHED
		? health_words(standing->sts_health)
		: "",
	    record_words(standing->tlsrpt_record));
}

static const char *
end_words(enum outlook_end end)
{
	switch (end) {
	case OUTLOOK_QUEUED:
		return "waits in their queue";
	case OUTLOOK_LOOKUP:
		return "waits, since a lookup fails";
	case OUTLOOK_BOUNCED:
		return "comes back";
	case OUTLOOK_DELIVERED:
		return "delivered";
	case OUTLOOK_UNKNOWN:
		break;
	}
	return "not seen to arrive";
}

static void
put_ends(const struct sight *sight, struct sheet *sheet)
{
	const enum outlook_end *ends = sight->standing.ends;

	sheet_note(sheet,
	    "Mail today, from senders with DANE: %s; with MTA-STS: %s; that "
	    "want a public certificate: %s.",
	    end_words(ends[OUTLOOK_DANE]), end_words(ends[OUTLOOK_STS]),
	    end_words(ends[OUTLOOK_SECURE]));
}

/* --- steps --- */

static const struct sheet_column step_columns[] = {
    {"id", "step", SHEET_WORDS},
    {"state", "state", SHEET_WORDS},
    {"who", "who", SHEET_WORDS},
    {"what", "what", SHEET_BELOW},
    {"needs", "waits for", SHEET_BELOW},
    {"command", "command or record", SHEET_BELOW},
};

static void
put_step(const struct step *step, struct sheet *sheet)
{
	char id[8], needs[NOTE_TEXT_SIZE], day[CLOCK_PRINT_SIZE];
	struct text text;

	snprintf(id, sizeof(id), "P%u", step->id);
	text_init(&text, needs, sizeof(needs));
	for (size_t i = 0; i < step->need_count; i++)
		text_addf(&text, "%sP%u", i == 0 ? "" : ", ", step->needs[i]);
	if (step->not_before != 0 && clock_print(step->not_before, day))
		text_addf(&text, "%snot before %.10s",
		    text.len == 0 ? "" : "; ", day);
	sheet_cell(sheet, id);
	sheet_cell(sheet, step_state_text(step->state));
	sheet_cell(sheet, step->who);
	sheet_cell(sheet, step->what);
	sheet_cell(sheet, needs);
	sheet_cell(sheet, step->command);
}

static void
put_steps(const struct plan *plan, const char *id, const char *title,
    enum step_state state, struct sheet *sheet)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		count += plan->steps[i].state == state;
	if (count == 0)
		return;
	sheet_table(sheet, id, title, SHEET_PLAIN, step_columns,
	    sizeof(step_columns) / sizeof(step_columns[0]));
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].state == state)
			put_step(&plan->steps[i], sheet);
}

/* --- checks --- */

static const struct sheet_column check_columns[] = {
    {"id", "requirement", SHEET_WORDS},
    {"level", "level", SHEET_WORDS},
    {"result", "result", SHEET_WORDS},
    {"title", "what", SHEET_BELOW},
    {"evidence", "evidence", SHEET_BELOW},
    {"how", "how it was tested", SHEET_BELOW},
};

static bool
is_open_row(const struct check_row *row)
{
	return row->result == CHECK_FAIL || row->result == CHECK_WARNING ||
	       row->unseen;
}

static void
put_check_row(const struct check_row *row, bool whole, struct sheet *sheet)
{
	sheet_cell(sheet, row->id);
	sheet_cell(sheet, check_level_text(row->level));
	sheet_cell(sheet, check_result_text(row->result));
	sheet_cell(sheet, row->title);
	sheet_cell(sheet, row->evidence);
	sheet_cell(sheet, whole ? row->how : "");
}

static void
put_checks(const struct checklist *list, enum standard standard, bool whole,
    struct sheet *sheet)
{
	static const char *const titles[] = {
	    [STANDARD_RFC] = "RFC 7672, 8461, 8460, and good practice",
	    [STANDARD_BSI] = "BSI TR-03108, version 2.0",
	    [STANDARD_NL] = "Internet.nl, mail test",
	};
	size_t of[CHECK_PASS + 1] = {0}, count = 0, shown = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->rows[i].standard == standard) {
			of[list->rows[i].result]++;
			shown += whole || is_open_row(&list->rows[i]);
			count++;
		}
	if (count == 0)
		return;
	sheet_note(sheet,
	    "%s: %zu pass, %zu fail, %zu warning, %zu not tested, %zu not "
	    "applicable.",
	    titles[standard], of[CHECK_PASS], of[CHECK_FAIL], of[CHECK_WARNING],
	    of[CHECK_NOT_TESTED], of[CHECK_NOT_APPLICABLE]);
	if (shown == 0)
		return;
	sheet_table(sheet, standard_text(standard), titles[standard],
	    SHEET_PLAIN, check_columns,
	    sizeof(check_columns) / sizeof(check_columns[0]));
	for (size_t i = 0; i < list->count; i++)
		if (list->rows[i].standard == standard &&
		    (whole || is_open_row(&list->rows[i])))
			put_check_row(&list->rows[i], whole, sheet);
}

/* Who has a step, for who does not know the words: each once. */
static void
put_who(const struct plan *plan, struct sheet *sheet)
{
	char line[NOTE_TEXT_SIZE];
	struct text text;

	text_init(&text, line, sizeof(line));
	for (size_t i = 0; i < plan->count; i++) {
		const char *words = step_who_text(plan->steps[i].who);

		if (strstr(line, words) == NULL)
			text_addf(
			    &text, "%s%s", text.len == 0 ? "" : "; ", words);
	}
	sheet_note(sheet, "Who does it: %s.", line);
}

void
counsel_put_plan(const struct plan *plan, bool whole, struct sheet *sheet)
{
	if (plan->count > 0) {
		sheet_section(sheet, "steps", "Steps, in order");
		put_who(plan, sheet);
	}
	put_steps(plan, "now", "Now", STEP_DO, sheet);
	put_steps(plan, "blocked", "Not possible where the zone is now",
	    STEP_BLOCKED, sheet);
	put_steps(plan, "later", "Later", STEP_WAIT, sheet);
	if (whole)
		put_steps(plan, "done", "Done", STEP_DONE, sheet);
}

void
counsel_put_checks(
    const struct checklist *list, bool whole, struct sheet *sheet)
{
	sheet_section(sheet, "checks",
	    whole ? "Requirements" : "Requirements that are open");
	for (int i = 0; i < STANDARDS; i++)
		put_checks(list, (enum standard)i, whole, sheet);
}

void
counsel_put(const struct counsel *counsel, const char *domain, bool whole,
    struct sheet *sheet)
{
	const struct sight *sight = counsel->sight;

	sheet_section(sheet, "advice", domain);
	sheet_note(sheet, "%s%s",
	    counsel_stops_mail(counsel)
		? "Mail from some senders waits today: mend that first (P0). "
		: "",
	    scenario_verdict(&counsel->found, sight));
	put_scenarios(counsel, sheet);
	put_chains(sight, sheet);
	if (standing_takes_mail(&sight->standing) ||
	    sight->standing.mx == STANDING_MX_ERROR) {
		put_standing(sight, sheet);
		put_ends(sight, sheet);
	}
	counsel_put_plan(&counsel->plan, whole, sheet);
	counsel_put_checks(&counsel->checks, whole, sheet);
}

void
counsel_state(const struct counsel *counsel, char out[COUNSEL_STATE_SIZE])
{
	const struct sight *sight = counsel->sight;
	const struct standing *standing = &sight->standing;
	struct text text;

	text_init(&text, out, COUNSEL_STATE_SIZE);
	text_addf(&text,
	    "mx %s, dnssec %s, dane %s %s, sts %s %s %s, reports "
	    "%s; steps",
	    standing_mx_text(standing->mx), chain_state_text(sight->chain),
	    standing_dane_text(standing->dane),
	    standing_health_text(standing->dane_health),
	    standing_policy_text(standing->sts_policy),
	    standing->sts_policy == STANDING_POLICY_FETCHED
		? sts_mode_text(standing->sts_mode)
		: "none",
	    standing_health_text(standing->sts_health),
	    standing_record_text(standing->tlsrpt_record));
	for (size_t i = 0; i < counsel->plan.count; i++)
		if (counsel->plan.steps[i].state != STEP_DONE)
			text_addf(&text, " P%u", counsel->plan.steps[i].id);
}
