/* SPDX-License-Identifier: BSD-2-Clause */
/* BSI TR-03108, what it demands of who sends. */
#include "milter/cli/advise/checklist.h"
#include "milter/cli/advise/sending.h"

#define RECEIVING "of the receiving side: ask \"postern advise DOMAIN\""
#define ORGANISATION "no program can see it: show an auditor "

static bool
is_ok(const struct doctor_finding *found)
{
	return found->state == DOCTOR_OK;
}

/* What was not looked at, or could not be. */
static void
say_not_looked_at(
    struct check_answer *answer, const struct doctor_finding *found)
{
	check_say(answer, CHECK_NOT_TESTED, "%s",
	    found->seen[0] == '\0' ? "there is no MTA whose settings can be "
				     "read"
				   : found->seen);
}

/* Whether the MTA can know what is secure; else it is said. */
static bool
resolver_validates(const struct sending *sending, struct check_answer *answer)
{
	if (is_ok(&sending->resolver))
		return true;
	if (sending->resolver.state == DOCTOR_FAIL)
		check_say(answer, CHECK_FAIL, "%s", sending->resolver.seen);
	else if (!sending->configured)
		check_say(answer, CHECK_NOT_TESTED,
		    "postern.conf has a fault: see \"postern doctor\"");
	else
		say_not_looked_at(answer, &sending->resolver);
	return false;
}

/* 04-M */
static void
check_outbound_tls(const struct sight *sight, struct check_answer *answer)
{
	const struct sending *sending = sight->sending;
	const struct doctor_finding *level = sending->mta == SENDING_SENDMAIL
						 ? &sending->sendmail
						 : &sending->level;

	if (!resolver_validates(sending, answer))
		return;
	if (sending->mta == SENDING_NO_MTA || level->blind)
		say_not_looked_at(answer, level);
	else if (sending->mta == SENDING_POSTFIX && level->state == DOCTOR_FAIL)
		check_say(answer, CHECK_FAIL, "%s", level->seen);
	else if (sending->nameservers.state == DOCTOR_WARN)
		check_say(
		    answer, CHECK_WARNING, "%s", sending->nameservers.seen);
	else
		check_say(answer, CHECK_PASS, "%s; %s", sending->resolver.seen,
		    level->seen);
}

/* 06-M: by the MTA's own level, or by what posternd answers it. */
static void
check_outbound_dane(const struct sight *sight, struct check_answer *answer)
{
	const struct sending *sending = sight->sending;

	if (!resolver_validates(sending, answer))
		return;
	if (sending->mta == SENDING_SENDMAIL) {
		check_say(answer,
		    is_ok(&sending->sendmail) ? CHECK_PASS : CHECK_FAIL, "%s",
		    sending->sendmail.seen);
		return;
	}
	if (is_ok(&sending->asks) && is_ok(&sending->answers))
		check_say(answer, CHECK_PASS, "%s", sending->answers.seen);
	else if (sending->dane.state == DOCTOR_FAIL)
		check_say(answer, CHECK_FAIL, "%s", sending->dane.seen);
	else if (is_ok(&sending->dane) && is_ok(&sending->level))
		check_say(answer, CHECK_PASS, "%s; smtp_dns_support_level = %s",
		    sending->level.seen, sending->dane.seen);
	else if (sending->mta == SENDING_NO_MTA || sending->level.blind)
		say_not_looked_at(answer, &sending->level);
	else if (sending->refuses)
		check_say(answer, CHECK_WARNING,
		    "posternd keeps mail from going out where DANE fails, but "
		    "at delivery nothing is demanded: %s",
		    sending->level.seen);
	else
		check_say(answer, CHECK_FAIL, "%s", sending->level.seen);
}

/* 08-R: RFC 8461 section 4.1 lets a wildcard be; the guideline would not. */
static void
check_outbound_sts(const struct sight *sight, struct check_answer *answer)
{
	const struct sending *sending = sight->sending;

	if (is_ok(&sending->asks))
		check_say(answer, CHECK_WARNING,
		    "%s; posternd takes wildcard certificates of policy hosts, "
		    "as RFC 8461 does, and the guideline does not",
		    sending->asks.seen);
	else if (sending->mta == SENDING_POSTFIX && sending->other_policies)
		check_say(answer, CHECK_WARNING,
		    "smtp_tls_policy_maps has a table that is not posternd's: "
		    "show what it knows of MTA-STS");
	else if (sending->refuses)
		check_say(answer, CHECK_WARNING,
		    "posternd keeps mail from going out where a policy is not "
		    "kept, but at delivery nothing is demanded");
	else if (sending->mta == SENDING_POSTFIX)
		check_say(answer, CHECK_FAIL,
		    "smtp_tls_policy_maps has no table that knows policies");
	else
		answer->result = CHECK_NOT_TESTED;
}

static void
check_our_reports(const struct sending *sending, struct check_answer *answer)
{
	if (is_ok(&sending->told) || sending->mta == SENDING_SENDMAIL)
		check_say(answer, CHECK_PASS, "TLSReports yes; %s",
		    sending->told.seen[0] == '\0'
			? "failures that posternd sees"
			: sending->told.seen);
	else if (sending->told.blind)
		say_not_looked_at(answer, &sending->told);
	else
		check_say(answer, CHECK_WARNING, "TLSReports yes; %s",
		    sending->told.seen);
}

/* 09-M */
static void
check_sent_reports(const struct sight *sight, struct check_answer *answer)
{
	const struct sending *sending = sight->sending;

	if (sending->reports == TLS_REPORTS_YES)
		check_our_reports(sending, answer);
	else if (sending->other_reports)
		check_say(answer, CHECK_PASS,
		    "smtp_tlsrpt_enable = yes: another program is told");
	else if (sending->mta == SENDING_POSTFIX || sending->configured)
		check_say(answer, CHECK_FAIL,
		    "TLSReports is not yes, and Postfix tells no other program "
		    "of its sessions");
	else
		say_not_looked_at(answer, &sending->told);
}

static const struct check_spec specs[] = {
    {"01-M", CHECK_MUST, "secure connections of mail programs",
	"IMAP and submission are not looked at: show their configuration", NULL,
	true},
    {"02-R", CHECK_SHOULD, "compatibility of mail programs",
	"not looked at: show which are supported", NULL, true},
    {"03-M", CHECK_MUST, "inbound: STARTTLS, TLS 1.2, forward secrecy",
	RECEIVING, NULL, true},
    {"04-M", CHECK_MUST, "outbound: TLS, a validating resolver",
	"the resolver asked for what is secure, and for what is broken; the "
	"MTA's settings; forward secrecy is not tested",
	check_outbound_tls, true},
    {"05-M", CHECK_MUST, "inbound: DANE", RECEIVING, NULL, true},
    {"06-M", CHECK_MUST, "outbound: DANE",
	"the resolver, the MTA's settings, and what its table says of a "
	"destination that it does not name",
	check_outbound_dane, true},
    {"07-R", CHECK_SHOULD, "inbound: MTA-STS", RECEIVING, NULL, true},
    {"08-R", CHECK_SHOULD, "outbound: MTA-STS",
	"the tables that the MTA asks for policies", check_outbound_sts, true},
    {"09-M", CHECK_MUST, "sending TLS reports",
	"TLSReports, and what the MTA tells of its sessions",
	check_sent_reports, true},
    {"10-M", CHECK_MUST, "receiving TLS reports, by mail", RECEIVING, NULL,
	true},
    {"11-R", CHECK_SHOULD, "evaluating TLS reports",
	ORGANISATION "what \"postern tlsrpt read\" says of them", NULL, true},
    {"12-R", CHECK_SHOULD, "certificates of a secure CA", RECEIVING, NULL,
	true},
    {"13-M", CHECK_MUST, "a security concept", ORGANISATION "the paper", NULL,
	true},
    {"14-M", CHECK_MUST, "data protection", ORGANISATION "the paper", NULL,
	true},
    {"15-M", CHECK_MUST, "mandatory reporting",
	ORGANISATION "how incidents are reported", NULL, true},
    {"16-M", CHECK_MUST, "transparency", ORGANISATION "what users are told",
	NULL, true},
};

void
checklist_add_sending(struct checklist *list, const struct sight *sight)
{
	checklist_run(
	    list, STANDARD_BSI, specs, sizeof(specs) / sizeof(specs[0]), sight);
}
