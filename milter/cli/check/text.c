/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/check/text.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/judge/reasons.h"
#include "milter/act/action.h"
#include "milter/act/advice.h"
#include "milter/act/mta_policy.h"
#include "milter/cli/check/steps.h"
#include "milter/cli/print.h"

enum sts_state
cli_worst_sts(const struct verdict *verdict)
{
	enum sts_state worst = verdict->sts;

	for (size_t i = 0; i < verdict->host_count; i++)
		if (sts_state_is_worse(verdict->hosts[i].sts, worst))
			worst = verdict->hosts[i].sts;
	return worst;
}

enum reason
cli_sts_unseen(const struct check *check)
{
	const struct facts *facts = check->facts;

	if (facts->trouble != TROUBLE_NONE || lookup_failed(&facts->mx))
		return check->verdict->reason;
	return lookup_failed(&facts->sts.txt) ? lookup_reason(&facts->sts.txt)
					      : REASON_OK;
}

void
cli_text_sts_check(FILE *out, const struct check *check, const char *asked)
{
	const struct verdict *verdict = check->verdict;
	const struct sts_facts *sts = &check->facts->sts;
	enum reason unseen = cli_sts_unseen(check);
	enum reason why = unseen == REASON_OK ? verdict->sts_reason : unseen;

	fprintf(out, "%s\n", check->domain[0] == '\0' ? asked : check->domain);
	if (sts->record.outcome == STS_RECORD_VALID)
		cli_print_text(out, "record", "valid");
	else if (sts->record.why != NULL && sts->record.why[0] != '\0')
		cli_print_text(out, "record", sts->record.why);
	cli_steps_mta_sts(out, sts);
	for (size_t i = 0; i < verdict->host_count; i++) {
		const struct host_verdict *host = &verdict->hosts[i];

		cli_print_label(out, "host");
		fprintf(out, "%s: %s%s%s\n", check->facts->hosts[i].name,
		    sts_state_text(host->sts),
		    host->sts_reason == REASON_OK ? "" : ", ",
		    host->sts_reason == REASON_OK
			? ""
			: reason_text(host->sts_reason));
	}
	cli_print_label(out, "verdict");
	if (unseen == REASON_OK)
		fprintf(out, "%s\n", sts_state_text(cli_worst_sts(verdict)));
	else
		fprintf(out, "unknown: %s\n", reason_text(unseen));
	if (why != REASON_OK) {
		cli_print_text(out, "why", advice_for(why).why);
		cli_print_text(out, "try", advice_for(why).what);
	}
}

static void
print_check_verdict(FILE *out, const struct verdict *verdict, bool colour)
{
	fputc('\n', out);
	cli_print_label(out, "verdict");
	fprintf(out, "%s%s%s: %s",
	    colour ? cli_print_colour(verdict->result) : "",
	    result_text(verdict->result), colour ? CLI_PRINT_PLAIN : "",
	    reason_text(verdict->reason));
	if (verdict->mx != NULL)
		fprintf(out, ", %s", verdict->mx);
	fputc('\n', out);
	cli_print_label(out, "");
	fprintf(out, "policy %s, level %s\n", policy_type_text(verdict->policy),
	    level_text(verdict->level));
}

/* Advice, with the domain in the place of DOMAIN. */
static void
print_check_advice(
    FILE *out, const char *name, const char *text, const struct check *check)
{
	const char *place = strstr(text, "DOMAIN");
	char line[1024];

	if (text[0] == '\0')
		return;
	if (place == NULL)
		snprintf(line, sizeof(line), "%s", text);
	else
		snprintf(line, sizeof(line), "%.*s%s%s", (int)(place - text),
		    text, check->domain, place + strlen("DOMAIN"));
	cli_print_text(out, name, line);
}

/* Beside the reason: who takes the mail after all, what testing hides, and
 * that MTA-STS might have more to say. */
static void
print_why(FILE *out, const struct check *check, const struct advice *advice)
{
	const struct verdict *verdict = check->verdict;

	print_check_advice(out, "why", advice->why, check);
	if (verdict->result == RESULT_SOFTFAIL &&
	    verdict->reason != REASON_STS_TESTING)
		cli_print_text(
		    out, "", "Another host or address takes the mail.");
	if (verdict->reason == REASON_STS_TESTING &&
	    verdict->sts_reason != REASON_OK)
		print_check_advice(
		    out, "", advice_for(verdict->sts_reason).why, check);
	if (verdict->detail != NULL && verdict->host_count == 0)
		cli_print_detail(out, "detail", verdict->detail);
}

/* Domains that posternd does not look at are looked at here all the same. */
static const char *
milter_text(const struct cli_view *view, const struct check *check)
{
	const struct settings *settings = view->settings;
	enum action action = action_for(settings, check->verdict);

	if (settings_lists_domain(&settings->internal_domains, check->domain))
		return "does not look at it: InternalDomains lists it";
	if (settings_lists_domain(&settings->exempt_domains, check->domain))
		return "does not look at it: ExemptDomains lists it";
	if (check->verdict->result == RESULT_SKIP)
		return "does not look at such addresses";
	switch (action) {
	case ACTION_NONE:
		return "lets the message pass, and says so in the tag";
	case ACTION_TAG:
		return "tags the message and lets it pass";
	case ACTION_HOLD:
		return "holds the message in quarantine";
	case ACTION_DEFER:
		return "defers the recipient (4xx)";
	case ACTION_REJECT:
		return "rejects the recipient (5xx)";
	}
	return "";
}

/* A policy table has one line for all hosts of a next hop. */
static void
print_shut_out(FILE *out, const struct enforcement *e)
{
	char names[LIMIT_MX_HOSTS * LIMIT_DOMAIN_SIZE + 32];
	struct text text;

	text_init(&text, names, sizeof(names));
	for (size_t i = 0; i < e->host_count; i++)
		if (enforce_shuts_out(e, &e->hosts[i]))
			text_addf(&text, "%s%s",
			    text.len == 0 ? "which shuts out " : ", ",
			    e->hosts[i].name);
	if (text.len > 0)
		cli_print_text(out, "", names);
}

/* A line of the policy table: Postfix looks it up by the next hop. */
static void
print_postfix(
    FILE *out, const struct settings *settings, const struct check *check)
{
	char hop[NEXTHOP_TEXT_SIZE], line[2048];
	char *value;

	if (check->facts->trouble != TROUBLE_NONE)
		return;
	nexthop_print(&check->facts->next_hop, hop);
	value = mta_policy_data(settings, check);
	if (value[0] != '\0') {
		snprintf(line, sizeof(line), "%s %s", hop, value);
		cli_print_line(out, "postfix", line);
		print_shut_out(out, check->enforcement);
	}
	free(value);
	mta_policy_postmap(settings, check, line, sizeof(line));
	if (line[0] != '\0')
		cli_print_line(out, "ask", line);
	mta_policy_finger(settings, check, line, sizeof(line));
	if (line[0] != '\0')
		cli_print_line(out, "reproduce", line);
}

void
cli_text_check(FILE *out, const struct cli_view *view,
    const struct check *check, const char *asked)
{
	const struct verdict *verdict = check->verdict;
	struct advice advice = advice_of(verdict, check->facts);

	fprintf(out, "%s%s%s\n", view->colour ? "\033[1m" : "",
	    check->domain[0] == '\0' ? asked : check->domain,
	    view->colour ? CLI_PRINT_PLAIN : "");
	cli_steps_all(out, view, check);
	print_check_verdict(out, verdict, view->colour);
	print_why(out, check, &advice);
	print_check_advice(out, "who", advice.who, check);
	print_check_advice(out, "try", advice.what, check);
	cli_print_text(out, "posternd", milter_text(view, check));
	print_postfix(out, view->settings, check);
}

void
cli_text_line(FILE *out, const struct cli_view *view, const struct check *check,
    const char *asked)
{
	const struct verdict *verdict = check->verdict;
	const char *policy = verdict->policy == POLICY_TYPE_NONE
				 ? "-"
				 : policy_type_text(verdict->policy);

	fprintf(out, "%s%-9s%s  %-5s  %-34s  %s\n",
	    view->colour ? cli_print_colour(verdict->result) : "",
	    result_text(verdict->result), view->colour ? CLI_PRINT_PLAIN : "",
	    policy, check->domain[0] == '\0' ? asked : check->domain,
	    reason_text(verdict->reason));
}
