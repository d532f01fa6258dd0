/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: each step looks at what there is, and is added where it has
 * something to say.  Then steps that need another one which is open wait for
 * it.  The order is that of MTA-STS first, but where the mail host is the
 * owner's own: there DANE comes first, since nobody else has to be asked.
 */
#include "milter/cli/advise/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "milter/act/advice.h"

enum {
	TESTING_DAYS = 14,
	/* TR-03108 wants records that can be taken back soon */
	TLSA_TTL_S = 3600,
};

/* What a step is made from. */
struct planning {
	struct plan *plan;
	const struct sight *sight;
	const struct advise_wish *wish;
	const struct advice_case *found;
};

const struct step *
plan_step(const struct plan *plan, unsigned id)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].id == id)
			return &plan->steps[i];
	return NULL;
}

static struct step *
put_down(const struct planning *p, unsigned id, enum step_state state,
    const char *who)
{
	struct step *step = &p->plan->steps[p->plan->count++];

	*step = (struct step){.id = id, .state = state, .who = who};
	return step;
}

static void
need_step(struct step *step, unsigned id)
{
	step->needs[step->need_count++] = id;
}

static void set_what(struct step *step, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
set_what(struct step *step, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(step->what, sizeof(step->what), format, args);
	va_end(args);
}

static void set_command(struct step *step, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
set_command(struct step *step, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(step->command, sizeof(step->command), format, args);
	va_end(args);
}

static const char *
planned_domain(const struct planning *p)
{
	return p->sight->facts->domain;
}

static const struct sts_policy *
policy_of(const struct planning *p)
{
	const struct policy_facts *policy = p->sight->facts->sts.policy;

	return policy == NULL ? NULL : policy->policy;
}

static bool
wants_dane(const struct planning *p)
{
	return p->found->dane != PUBLISH_NO;
}

/* --- P0: what queues mail now --- */

static bool
queues_now(const struct sight *sight)
{
	enum outlook_end end = sight->standing.ends[OUTLOOK_AUTO];

	return chain_is_bogus(sight->chain) || end == OUTLOOK_QUEUED ||
	       end == OUTLOOK_LOOKUP;
}

static void
plan_mending(const struct planning *p)
{
	const struct sight *sight = p->sight;
	struct advice advice = advice_of(sight->verdict, sight->facts);
	struct step *step;

	if (!queues_now(sight))
		return;
	step = put_down(p, 0, STEP_DO, "mail-host");
	set_command(step, "postern check %s", planned_domain(p));
	if (sight->chain == CHAIN_BOGUS_DS) {
		step->who = "registrar";
		set_what(step,
		    "Mail waits today: no key of %s fits the DS record at its "
		    "parent. Have the DS record of the key that signs the zone "
		    "now put there, or the DS record taken away.",
		    sight->chain_facts.zone);
		return;
	}
	if (sight->chain == CHAIN_BOGUS_SIG) {
		step->who = "dns-host";
		set_what(step,
		    "Mail waits today: signatures of %s are wrong, expired or "
		    "missing. Have the zone signed anew.",
		    sight->chain_facts.zone);
		return;
	}
	set_what(step, "Mail waits today (%s): %s%s%s",
	    reason_text(sight->verdict->reason), advice.why,
	    advice.what[0] == '\0' ? "" : " ", advice.what);
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

static void
plan_reports(const struct planning *p)
{
	bool valid = p->sight->standing.tlsrpt_record == STANDING_RECORD_VALID;
	bool wrong = p->wish->regulated && has_rua(p->sight, TLSRPT_HTTPS);
	struct step *step =
	    put_down(p, 1, valid && !wrong ? STEP_DONE : STEP_DO, "domain");

	set_command(step,
	    "_smtp._tls.%s. TXT \"v=TLSRPTv1; rua=mailto:tlsrpt@%s\"",
	    planned_domain(p), planned_domain(p));
	if (valid && !wrong) {
		step->command[0] = '\0';
		set_what(step, "TLS reports are asked for.");
	} else if (valid) {
		set_what(step,
		    "Have TLS reports sent by mail alone: BSI TR-03108 does "
		    "not allow https. Read them with \"postern tlsrpt read\".");
	} else {
		set_what(step,
		    "Ask for TLS reports (RFC 8460), by one TXT record with a "
		    "mailbox: senders then say what fails, before it stops "
		    "mail. Read them with \"postern tlsrpt read\".%s%s",
		    p->sight->standing.tlsrpt_why[0] == '\0'
			? ""
			: " The record that is there does not count: ",
		    p->sight->standing.tlsrpt_why);
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
	step = put_down(p, 2,
	    failing[0] == '\0' && unseen[0] == '\0' ? STEP_DONE : STEP_DO,
	    "mail-host");
	if (step->state == STEP_DONE) {
		set_what(step, "Every MX host has TLS, and a public "
			       "certificate with its name.");
		return;
	}
	set_command(step, "postern check --level secure %s", planned_domain(p));
	if (failing[0] != '\0')
		set_what(step,
		    "Give each MX host STARTTLS with TLS 1.2 or newer, and a "
		    "certificate of a public CA that has its name, renewed by "
		    "itself. It fails at: %s (%s).",
		    failing, reason_text(p->sight->secure->reason));
	else
		set_what(step,
		    "Look whether each MX host has STARTTLS and a public "
		    "certificate with its name, from a host that may connect "
		    "to port 25: it was not seen of %s.",
		    unseen);
}

/* --- P3, P4: MTA-STS --- */

static const char *
policy_fault(const struct planning *p)
{
	const struct standing *standing = &p->sight->standing;

	if (standing->sts_record == STANDING_RECORD_INVALID)
		return "The record at _mta-sts that is there does not count. ";
	if (standing->sts_policy == STANDING_POLICY_FAILED)
		return "The policy that the record tells of cannot be had. ";
	return "";
}

static void
plan_testing(const struct planning *p)
{
	bool there = p->sight->standing.sts_policy == STANDING_POLICY_FETCHED &&
		     p->sight->standing.sts_mode != STS_MODE_NONE;
	struct step *step =
	    put_down(p, 3, there ? STEP_DONE : STEP_DO, "domain");
	char hosts[SIGHT_NAMES_SIZE];

	if (there) {
		set_what(step, "There is an MTA-STS policy, of mode %s.",
		    sts_mode_text(p->sight->standing.sts_mode));
		return;
	}
	need_step(step, 1);
	need_step(step, 2);
	sight_hosts_text(p->sight, NULL, hosts);
	set_command(step, "postern sts gen --mode testing --max-age 86400 %s",
	    planned_domain(p));
	set_what(step,
	    "%sPublish an MTA-STS policy of mode testing, with a max_age of a "
	    "day, and all MX hosts: %s.%s Then \"postern sts check %s\".",
	    policy_fault(p), hosts,
	    scenario_has(p->found, SCENARIO_MICROSOFT)
		? " With Microsoft 365 list *.mail.protection.outlook.com and "
		  "the new host below .mx.microsoft both, before the MX moves; "
		  "the policy host is yours to run."
	    : scenario_has(p->found, SCENARIO_BULK)
		? " For many domains let mta-sts and _mta-sts of each be a "
		  "CNAME to one place."
		: "",
	    planned_domain(p));
}

static void
plan_enforcing(const struct planning *p)
{
	const struct standing *standing = &p->sight->standing;
	const struct sts_policy *policy = policy_of(p);
	bool enforced = policy != NULL && policy->mode == STS_MODE_ENFORCE;
	struct step *step =
	    put_down(p, 4, enforced ? STEP_DONE : STEP_DO, "domain");

	if (enforced) {
		set_what(step, "The policy is enforced.");
		return;
	}
	need_step(step, 3);
	need_step(step, 2);
	need_step(step, 1);
	set_command(step, "postern sts gen --mode enforce --max-age 1209600 %s",
	    planned_domain(p));
	set_what(step,
	    "After %d days of testing without failures in the reports change "
	    "the mode to enforce, with a max_age of two weeks or more, and a "
	    "new id in the record.%s",
	    TESTING_DAYS,
	    policy != NULL && (standing->sts_health == STANDING_BROKEN ||
				  standing->sts_health == STANDING_DEGRADED)
		? " Not yet: MX hosts do not keep the policy now."
		: "");
	step->not_before =
	    (p->wish->testing_since == 0 ? p->sight->at
					 : p->wish->testing_since) +
	    (time_t)TESTING_DAYS * CLOCK_DAY_S;
}

/* --- P5 to P9: DANE --- */

static const char *
sign_words(const struct planning *p)
{
	const struct provider *provider = p->sight->dns_provider;

	if (p->sight->chain == CHAIN_UNSUPPORTED)
		return " It is signed with algorithms that validators do not "
		       "know: sign it with number 13 (ECDSA).";
	if (p->sight->chain == CHAIN_PARENT_UNSIGNED)
		return " A zone above it is not signed, so it cannot be "
		       "chained to the root: take a name below one that is.";
	if (provider == NULL)
		return "";
	if (provider->dnssec == PROVIDER_NO)
		return " Its DNS host does not sign zones: change it.";
	return provider->dnssec == PROVIDER_YES
		   ? " Its DNS host signs zones on request."
		   : " Its DNS host signs some zones: ask.";
}

static void
plan_signing(const struct planning *p)
{
	const struct sight *sight = p->sight;
	enum chain_state chain = sight->chain;
	bool cannot = p->wish->cannot_sign || chain == CHAIN_PARENT_UNSIGNED;
	struct step *step;

	if (!wants_dane(p) ||
	    (chain != CHAIN_UNSIGNED && chain != CHAIN_PARENT_UNSIGNED &&
		chain != CHAIN_UNSUPPORTED))
		return;
	step = put_down(p, 5, cannot ? STEP_BLOCKED : STEP_DO, "dns-host");
	set_what(step, "Have the zone %s signed%s.%s%s%s DANE rests on it.",
	    sight->chain_facts.zone,
	    cannot ? ", or change the DNS host to one that does" : "",
	    sign_words(p), sight->dns_provider == NULL ? "" : " Its DNS host: ",
	    sight->dns_provider == NULL ? "" : sight->dns_provider->name);
}

static void
plan_anchoring(const struct planning *p)
{
	const struct sight *sight = p->sight;
	struct step *step;

	if (!wants_dane(p) ||
	    (sight->chain != CHAIN_UNSIGNED && sight->chain != CHAIN_ISLAND))
		return;
	step = put_down(p, 6, STEP_DO, "registrar");
	if (sight->chain == CHAIN_UNSIGNED)
		need_step(step, 5);
	set_what(step,
	    "Give the DS record of %s to its registrar, then wait until the "
	    "zone is secure from outside.%s",
	    sight->chain_facts.zone,
	    sight->chain == CHAIN_ISLAND
		? " The zone is signed already; this step is all that is "
		  "missing."
		: "");
	set_command(step, "postern advise %s", planned_domain(p));
}

/* Microsoft's own: RFC 7672 records come with the new MX host. */
static void
plan_microsoft(const struct planning *p)
{
	bool moved = true, foreign = false;
	struct step *step;

	for (size_t i = 0; i < p->sight->facts->host_count; i++) {
		const struct provider *provider = p->sight->hosts[i].provider;
		const char *name = provider == NULL ? "" : provider->name;

		foreign |= strncmp(name, "microsoft", 9) != 0;
		moved &= strcmp(name, "microsoft") != 0;
	}
	step =
	    put_down(p, 7, moved && !foreign ? STEP_DONE : STEP_DO, "provider");
	if (step->state == STEP_DONE) {
		set_what(step, "The MX host is one of Microsoft's that is "
			       "signed; the TLSA records are Microsoft's too.");
		return;
	}
	need_step(step, 3);
	if (p->sight->chain == CHAIN_UNSIGNED ||
	    p->sight->chain == CHAIN_ISLAND)
		need_step(step, 6);
	set_what(step,
	    "When the domain is signed: have Exchange Online make the new MX "
	    "host (Enable-DnssecForVerifiedDomain), and let it be the single "
	    "MX, of preference 0 or 10, with no other beside it%s. Then turn "
	    "DANE on (Enable-SmtpDaneInbound). Publish no TLSA record of your "
	    "own.",
	    foreign ? "; the MX hosts of others go" : "");
	set_command(step, "Enable-DnssecForVerifiedDomain -DomainName %s",
	    planned_domain(p));
}

static void
plan_host_zones(const struct planning *p)
{
	const struct sight *sight = p->sight;
	char hosts[SIGHT_NAMES_SIZE];
	struct step *step;
	bool others = false;

	for (size_t i = 0; i < sight->facts->host_count; i++)
		others |= !sight->hosts[i].own && sight_is_unchained(sight, i);
	if (!wants_dane(p) || !others)
		return;
	step = put_down(p, 7, STEP_DO, "mail-host");
	sight_hosts_text(sight, sight_is_unchained, hosts);
	set_what(step,
	    "Ask whoever runs them to have the zones of these MX hosts signed, "
	    "and TLSA records published there; or take MX hosts in signed "
	    "zones: %s.",
	    hosts);
}

static bool
has_unchained(const struct sight *sight)
{
	return !sight_hosts_secure(sight);
}

static void
plan_records(const struct planning *p)
{
	const struct sight *sight = p->sight;
	char own[SIGHT_NAMES_SIZE], others[SIGHT_NAMES_SIZE];
	struct step *step;
	size_t lacking = 0;

	if (!wants_dane(p) || sight->standing.dane == STANDING_DANE_FULL)
		return;
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		if (!sight->hosts[i].own && sight_is_unchained(sight, i))
			return; /* P7 says it */
		lacking += sight_lacks_tlsa(sight, i);
	}
	sight_hosts_text(sight, sight_lacks_own_tlsa, own);
	sight_hosts_text(sight, sight_lacks_others_tlsa, others);
	if (lacking == 0)
		return;
	step = put_down(p, 8, STEP_DO, "mail-host");
	if (sight->chain == CHAIN_UNSIGNED || sight->chain == CHAIN_ISLAND ||
	    sight->chain == CHAIN_UNSUPPORTED || has_unchained(sight))
		need_step(step, sight->chain == CHAIN_UNSUPPORTED ? 5 : 6);
	set_what(step,
	    "Publish TLSA records \"3 1 1\" of the present and of the next "
	    "key%s%s%s%s, with a TTL of %d s or less. DANE has no testing "
	    "mode: publish when \"postern tlsa check\" finds every address in "
	    "order.%s",
	    own[0] == '\0' ? "" : " at ", own,
	    others[0] == '\0' ? ""
	    : own[0] == '\0'  ? " (ask whoever runs them) at "
			      : "; ask whoever runs them for the same at ",
	    others, TLSA_TTL_S,
	    sight->standing.dane == STANDING_DANE_MISPLACED
		? " The TLSA records at the domain's own name are of no use."
		: "");
	if (own[0] != '\0')
		set_command(step, "postern tlsa gen mx:%.*s '3 1 1'",
		    (int)strcspn(own, ","), own);
}

static void
plan_rollover(const struct planning *p)
{
	const struct sight *sight = p->sight;
	bool two = true;
	struct step *step;

	if (sight->standing.dane != STANDING_DANE_FULL)
		return;
	for (size_t i = 0; i < sight->facts->host_count; i++)
		two &= tlsa_set_usable(&sight->facts->hosts[i].records) > 1;
	step = put_down(p, 9, two ? STEP_DONE : STEP_DO, "mail-host");
	if (two) {
		set_what(step, "There is a second TLSA record at every host.");
		return;
	}
	set_command(step, "postern tlsa plan --name %s CURRENT NEXT",
	    sight->facts->hosts[0].name);
	set_what(step, "Before a key changes publish a second record, of the "
		       "next key (\"3 1 1\") or of the CA (\"2 1 1\"), and ask "
		       "\"postern tlsa plan\" in the hook that renews "
		       "certificates.");
}

static void
plan_watching(const struct planning *p)
{
	struct step *step = put_down(p, 11, STEP_DO, "domain");

	set_command(step, "postern sts check %s", planned_domain(p));
	if (p->sight->standing.dane_hosts > 0)
		set_what(step,
		    "From cron: \"postern tlsa check %s\" and \"postern sts "
		    "check %s\", which say so by their exit status when "
		    "something does not fit any more.",
		    planned_domain(p), planned_domain(p));
	else
		set_what(step,
		    "From cron: \"postern sts check %s\", which says so by its "
		    "exit status when something does not fit any more.",
		    planned_domain(p));
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

static void
plan_dane_part(const struct planning *p)
{
	plan_signing(p);
	plan_anchoring(p);
	if (scenario_has(p->found, SCENARIO_MICROSOFT) && wants_dane(p))
		plan_microsoft(p);
	else
		plan_host_zones(p);
	if (!scenario_has(p->found, SCENARIO_MICROSOFT))
		plan_records(p);
	plan_rollover(p);
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
	plan_dane_part(&p);
	if (dane_first)
		plan_sts_part(&p);
	plan_watching(&p);
	for (size_t i = 0; i < plan->count; i++)
		settle_step(plan, &plan->steps[i], sight->at);
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
