/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: each step looks at what there is, and is added where it has
 * something to say.  Then steps that need another one which is open wait for
 * it.  The order is that of MTA-STS first, but where the mail host is the
 * owner's own: there DANE comes first, since nobody else has to be asked.
 */
#include "milter/cli/advise/plan_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"

enum { TESTING_DAYS = 14, SINCE_SIZE = 160 };

const struct step *
plan_step(const struct plan *plan, unsigned id)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].id == id)
			return &plan->steps[i];
	return NULL;
}

struct step *
plan_put(const struct planning *p, unsigned id, enum step_state state,
    const char *who)
{
	struct step *step = &p->plan->steps[p->plan->count++];

	*step = (struct step){.id = id, .state = state, .who = who};
	return step;
}

void
plan_need(struct step *step, unsigned id)
{
	step->needs[step->need_count++] = id;
}

void
plan_say(struct step *step, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(step->what, sizeof(step->what), format, args);
	va_end(args);
}

void
plan_command(struct step *step, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(step->command, sizeof(step->command), format, args);
	va_end(args);
}

const char *
plan_domain(const struct planning *p)
{
	return p->sight->facts->domain;
}

static const struct sts_policy *
policy_of(const struct planning *p)
{
	const struct policy_facts *policy = p->sight->facts->sts.policy;

	return policy == NULL ? NULL : policy->policy;
}

bool
plan_wants_dane(const struct planning *p)
{
	return p->found->dane != PUBLISH_NO;
}

/* --- P1: TLS reports --- */

static bool
has_rua(const struct sight *sight, enum tlsrpt_scheme scheme)
{
	const struct tlsrpt_record *record = &sight->extra.tlsrpt_record;

	for (size_t i = 0; i < record->count; i++)
		if (record->rua[i].scheme == scheme)
			return true;
	return false;
}

/* Why a record is of no use, for who published it. */
static const char *
report_fault(const struct planning *p)
{
	static const char *const words[][2] = {
	    {"multiple",
		" There is more than one such record, so that none counts: "
		"leave one."},
	    {"not-tlsrpt", " The record that is there does not begin with "
			   "\"v=TLSRPTv1;\", and does not count: replace it."},
	    {"no-rua", " The record that is there has no \"rua=\", which says "
		       "where reports go: replace it."},
	    {"no-usable-rua",
		" The record that is there names nowhere that reports can go "
		"to: \"mailto:\" and an address it must be. Replace it."},
	};
	const char *why = p->sight->standing.tlsrpt_why;

	for (size_t i = 0; why != NULL && i < sizeof(words) / sizeof(words[0]);
	     i++)
		if (strcmp(words[i][0], why) == 0)
			return words[i][1];
	return "";
}

static void
plan_reports(const struct planning *p)
{
	bool valid = p->sight->standing.tlsrpt_record == STANDING_RECORD_VALID;
	bool wrong = p->wish->regulated && has_rua(p->sight, TLSRPT_HTTPS);
	struct step *step =
	    plan_put(p, 1, valid && !wrong ? STEP_DONE : STEP_DO, "domain");

	plan_command(step,
	    "_smtp._tls.%s. TXT \"v=TLSRPTv1; rua=mailto:tlsrpt@%s\"",
	    plan_domain(p), plan_domain(p));
	if (valid && !wrong) {
		step->command[0] = '\0';
		plan_say(step, "TLS reports are asked for.");
	} else if (valid) {
		plan_say(step,
		    "Have TLS reports sent by mail alone: BSI TR-03108 does "
		    "not allow https. Read them with \"postern tlsrpt read\".");
	} else {
		plan_say(step,
		    "Ask for TLS reports (RFC 8460): make a mailbox for them, "
		    "and publish the TXT record below, or one that names "
		    "another. Senders then say what fails, before it stops "
		    "mail. Read them with \"postern tlsrpt read\".%s%s",
		    report_fault(p),
		    p->wish->regulated
			? " BSI TR-03108 wants the mailbox at a domain that "
			  "enforces neither DANE nor MTA-STS, so that reports "
			  "on what is broken arrive."
			: "");
	}
}

/* --- P2: TLS with a public certificate --- */

static void
plan_certificates(const struct planning *p)
{
	char failing[SIGHT_NAMES_SIZE], unseen[SIGHT_NAMES_SIZE];
	struct step *step;

	sight_hosts_text(p->sight, sight_fails_secure, failing);
	sight_hosts_text(p->sight, sight_is_unseen, unseen);
	step = plan_put(p, 2,
	    failing[0] == '\0' && unseen[0] == '\0' ? STEP_DONE : STEP_DO,
	    "mail-host");
	if (step->state == STEP_DONE) {
		plan_say(step, "Every MX host has TLS, and a public "
			       "certificate with its name.");
		return;
	}
	plan_command(step, "postern check --level secure %s", plan_domain(p));
	if (failing[0] != '\0')
		plan_say(step,
		    "Give each MX host STARTTLS with TLS 1.2 or newer, and a "
		    "certificate of a public CA that has its name, renewed by "
		    "itself. It fails at: %s (%s).",
		    failing, reason_text(p->sight->secure->reason));
	else
		plan_say(step,
		    "Look whether each MX host has STARTTLS and a public "
		    "certificate with its name, from a host that may connect "
		    "to port 25: it was not seen of %s.",
		    unseen);
}

/* --- P3, P4: MTA-STS --- */

enum { FAULT_SIZE = 2 * LIMIT_DETAIL_SIZE };

static const char *
policy_fault(const struct planning *p, char out[FAULT_SIZE])
{
	const struct standing *standing = &p->sight->standing;
	const struct policy_facts *policy = p->sight->facts->sts.policy;
	bool why = policy != NULL && policy->detail[0] != '\0';

	out[0] = '\0';
	if (standing->sts_record == STANDING_RECORD_INVALID)
		text_copy(out, FAULT_SIZE,
		    "The record at _mta-sts that is there does not count. ");
	else if (standing->sts_policy == STANDING_POLICY_FAILED)
		snprintf(out, FAULT_SIZE,
		    "The policy that the record tells of cannot be had%s%s. ",
		    why ? ": " : "", why ? policy->detail : "");
	/* text_clean was at the detail */
	for (char *c = out; *c != '\0'; c++)
		if (*c == '_' && strncmp(c, "_mta-sts", 8) != 0)
			*c = ' ';
	return out;
}

static void
plan_testing(const struct planning *p)
{
	bool there = p->sight->standing.sts_policy == STANDING_POLICY_FETCHED &&
		     p->sight->standing.sts_mode != STS_MODE_NONE;
	struct step *step =
	    plan_put(p, 3, there ? STEP_DONE : STEP_DO, "domain");
	char hosts[SIGHT_NAMES_SIZE], fault[FAULT_SIZE];

	if (there) {
		plan_say(step, "There is an MTA-STS policy, of mode %s.",
		    sts_mode_text(p->sight->standing.sts_mode));
		return;
	}
	plan_need(step, 1);
	plan_need(step, 2);
	sight_hosts_text(p->sight, NULL, hosts);
	plan_command(step, "postern sts gen --mode testing --max-age 86400 %s",
	    plan_domain(p));
	plan_say(step,
	    "%sPublish an MTA-STS policy of mode testing, with a max_age of a "
	    "day, and all MX hosts: %s. The command prints it, its TXT "
	    "records, and what a web server needs: serve it at "
	    "https://mta-sts.%s/.well-known/mta-sts.txt, with a public "
	    "certificate of that name, then publish the records.%s Last, "
	    "\"postern sts check %s\".",
	    policy_fault(p, fault), hosts, plan_domain(p),
	    scenario_has(p->found, SCENARIO_MICROSOFT)
		? " With Microsoft 365 list *.mail.protection.outlook.com and "
		  "the new host below .mx.microsoft both, before the MX moves; "
		  "the policy host is yours to run."
	    : scenario_has(p->found, SCENARIO_BULK)
		? " For many domains let mta-sts and _mta-sts of each be a "
		  "CNAME to one place."
		: "",
	    plan_domain(p));
}

/* Since when the policy is tested: as its owner says, or as posternd here has
 * seen it; 0 where neither does. */
static time_t
testing_since(const struct planning *p)
{
	if (p->wish->testing_since != 0)
		return p->wish->testing_since;
	return p->sight->memory.any &&
		       p->sight->standing.sts_mode == STS_MODE_TESTING
		   ? p->sight->memory.past.mode_since_s
		   : 0;
}

/* What that rests on, where the owner does not say. */
static void
say_since(const struct planning *p, time_t since, char out[SINCE_SIZE])
{
	char day[CLOCK_PRINT_SIZE];

	out[0] = '\0';
	if (policy_of(p) == NULL || p->wish->testing_since != 0)
		return;
	if (since == 0) {
		text_copy(out, SINCE_SIZE,
		    " If testing began before today, say since when by "
		    "--since.");
		return;
	}
	clock_print(since, day);
	snprintf(out, SINCE_SIZE,
	    " posternd here has seen it tested since %s; if it is tested for "
	    "longer, say since when by --since.",
	    day);
}

static void
plan_enforcing(const struct planning *p)
{
	time_t since = testing_since(p);
	const struct standing *standing = &p->sight->standing;
	const struct sts_policy *policy = policy_of(p);
	bool enforced = policy != NULL && policy->mode == STS_MODE_ENFORCE;
	char since_words[SINCE_SIZE];
	struct step *step =
	    plan_put(p, 4, enforced ? STEP_DONE : STEP_DO, "domain");

	if (enforced) {
		plan_say(step, "The policy is enforced.");
		return;
	}
	say_since(p, since, since_words);
	plan_need(step, 3);
	plan_need(step, 2);
	plan_need(step, 1);
	plan_command(step,
	    "postern sts gen --mode enforce --max-age 1209600 %s",
	    plan_domain(p));
	plan_say(step,
	    "After %d days of testing without failures in the reports serve "
	    "the policy that the command prints, of mode enforce and with a "
	    "max_age of two weeks, then publish its new id.%s%s",
	    TESTING_DAYS, since_words,
	    policy != NULL && (standing->sts_health == STANDING_BROKEN ||
				  standing->sts_health == STANDING_DEGRADED)
		? " Not yet: MX hosts do not keep the policy now."
		: "");
	step->not_before = (since == 0 ? p->sight->at : since) +
			   (time_t)TESTING_DAYS * CLOCK_DAY_S;
}

/* What is published can be looked at; where nothing is yet, later. */
static void
plan_watching(const struct planning *p)
{
	bool dane = p->sight->standing.dane_hosts > 0;
	bool sts = p->sight->standing.sts_policy != STANDING_POLICY_NONE;
	struct step *step = plan_put(p, 11, STEP_DO, "domain");

	if (!dane && !sts)
		plan_need(step, 3);
	plan_say(step,
	    "Look again each day: put the line below into a crontab. cron "
	    "mails "
	    "what it prints, and it prints only when something does not fit "
	    "any "
	    "more.%s",
	    dane && sts ? ""
	    : dane      ? " When there is an MTA-STS policy, the same with "
			  "\"postern sts check\"."
			: " When there are TLSA records, the same with "
			  "\"postern tlsa check\".");
	plan_command(step,
	    "30 5 * * * out=$(postern %s check %s%s%s) || echo \"$out\"",
	    dane ? "tlsa" : "sts", plan_domain(p),
	    dane && sts ? " && postern sts check " : "",
	    dane && sts ? plan_domain(p) : "");
}

/* --- all of them --- */

static bool
is_open(const struct plan *plan, unsigned id)
{
	const struct step *step = plan_step(plan, id);

	return step != NULL && step->state != STEP_DONE;
}

/* Needs that are met, or are no step of this plan, go. */
static void
settle_step(struct plan *plan, struct step *step, time_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < step->need_count; i++)
		if (is_open(plan, step->needs[i]))
			step->needs[kept++] = step->needs[i];
	step->need_count = kept;
	if (step->state == STEP_DO && (kept > 0 || step->not_before > now))
		step->state = STEP_WAIT;
}

static void
plan_sts_part(const struct planning *p)
{
	plan_testing(p);
	plan_enforcing(p);
}

void
plan_make(struct plan *plan, const struct sight *sight,
    const struct advise_wish *wish, const struct advice_case *found)
{
	struct planning p = {plan, sight, wish, found};
	bool dane_first;

	plan->count = 0;
	plan_mending(&p);
	if (!standing_takes_mail(&sight->standing) ||
	    chain_is_bogus(sight->chain))
		return;
	dane_first =
	    found->count > 0 && found->scenarios[0] == SCENARIO_OWN_HOST;
	plan_reports(&p);
	plan_certificates(&p);
	if (!dane_first)
		plan_sts_part(&p);
	plan_dane(&p);
	if (dane_first)
		plan_sts_part(&p);
	plan_watching(&p);
	for (size_t i = 0; i < plan->count; i++)
		settle_step(plan, &plan->steps[i], sight->at);
}

const char *
step_who_text(const char *who)
{
	static const char *const words[][2] = {
	    {"domain", "domain: you, as you have the domain's DNS records and "
		       "web server changed"},
	    {"mail-host", "mail-host: whoever runs the MX hosts"},
	    {"dns-host", "dns-host: whoever runs the name servers"},
	    {"registrar", "registrar: where the domain was bought"},
	    {"provider", "provider: who takes the mail for you, in its own "
			 "administration"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], who) == 0)
			return words[i][1];
	return "";
}

const char *
step_state_text(enum step_state state)
{
	static const char *const words[] = {
	    [STEP_WAIT] = "wait",
	    [STEP_DO] = "do",
	    [STEP_BLOCKED] = "blocked",
	    [STEP_DONE] = "done",
	};

	return words[state];
}
