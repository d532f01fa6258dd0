/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/advise/sending_report.h"

#include <jansson.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/cli/advise/report.h"
#include "milter/view/json_put.h"

/* --- the step --- */

static bool
is_wanting(const struct checklist *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->rows[i].id, id) == 0)
			return list->rows[i].result == CHECK_FAIL ||
			       list->rows[i].unseen;
	return false;
}

static void
add_dane_words(const struct sending *sending, struct text *what)
{
	if (sending->mta == SENDING_SENDMAIL)
		text_add(what,
		    " DANE: Sendmail 8.16 or later that was built with it, and "
		    "confDANE in sendmail.mc.");
	else if (sending->mta == SENDING_POSTFIX)
		text_add(what, " DANE: smtp_tls_security_level = dane and "
			       "smtp_dns_support_level = dnssec in main.cf.");
	else
		text_add(what,
		    " DANE: Postfix and Exim have it, and Sendmail where it "
		    "was built with it.");
}

/* P10: the resolver first, since DANE rests on it; then DANE before MTA-STS,
 * which it overrules (RFC 8461 section 2). */
static void
plan_sending(struct sending_counsel *counsel)
{
	const struct sending *sending = counsel->sending;
	const struct checklist *checks = &counsel->checks;
	struct step *step = &counsel->plan.steps[0];
	struct text what;

	counsel->plan.count = 1;
	*step = (struct step){.id = 10, .who = "mail-host"};
	text_init(&what, step->what, sizeof(step->what));
	if (sending->resolver.state != DOCTOR_OK)
		text_add(&what,
		    " A resolver on this host that validates: install "
		    "unbound, and have \"nameserver 127.0.0.1\" alone in "
		    "/etc/resolv.conf.");
	if (is_wanting(checks, "06-M"))
		add_dane_words(sending, &what);
	if (is_wanting(checks, "08-R"))
		text_add(&what,
		    " MTA-STS: MapSocket in postern.conf, and "
		    "smtp_tls_policy_maps as postern-map(5) has it.");
	if (is_wanting(checks, "09-M"))
		text_add(&what, " TLS reports: TLSReports yes, and what "
				"postern-tlsrpt(7) says of the MTA.");
	if (what.len == 0) {
		step->state = STEP_DONE;
		text_add(&what, " Resolver, DANE, MTA-STS and TLS reports are "
				"as they should be.");
	} else {
		step->state = STEP_DO;
		text_copy(
		    step->command, sizeof(step->command), "postern doctor");
	}
	memmove(step->what, step->what + 1, strlen(step->what));
}

void
sending_counsel_make(
    struct sending_counsel *counsel, const struct sending *sending, time_t at)
{
	struct sight sight = {
	    .sending = sending, .standing = {.mx = STANDING_MX_RECORDS}};

	memset(counsel, 0, sizeof(*counsel));
	counsel->sending = sending;
	counsel->at = at;
	checklist_add_sending(&counsel->checks, &sight);
	plan_sending(counsel);
}

/* --- for people --- */

static const char *
mta_words(enum sending_mta mta)
{
	switch (mta) {
	case SENDING_POSTFIX:
		return "postfix";
	case SENDING_SENDMAIL:
		return "sendmail";
	case SENDING_NO_MTA:
		break;
	}
	return "none";
}

static const char *
sending_verdict(const struct sending_counsel *counsel)
{
	if (counsel->plan.steps[0].state == STEP_DONE)
		return "This host authenticates whom it sends to, by DANE and "
		       "by MTA-STS, and reports on it.";
	return counsel->sending->resolver.state == DOCTOR_FAIL
		   ? "Begin with the resolver: without one that validates, no "
		     "DANE."
		   : "This host sends, but not all of DANE, MTA-STS and TLS "
		     "reports is in force.";
}

static void
put_found_line(
    struct sheet *sheet, const char *what, const struct doctor_finding *found)
{
	char clean[DOCTOR_SEEN_SIZE];

	if (found->seen[0] == '\0')
		return;
	text_clean(clean, sizeof(clean), found->seen, strlen(found->seen));
	sheet_note(sheet, "%s: %s.", what, clean);
}

void
sending_counsel_put(
    const struct sending_counsel *counsel, bool whole, struct sheet *sheet)
{
	const struct sending *sending = counsel->sending;

	sheet_section(sheet, "advice", "This host, as it sends");
	sheet_note(sheet, "%s", sending_verdict(counsel));
	sheet_note(sheet, "MTA: %s.", mta_words(sending->mta));
	put_found_line(sheet, "Resolver", &sending->resolver);
	put_found_line(sheet, "Level", &sending->level);
	put_found_line(sheet, "DANE", &sending->dane);
	put_found_line(sheet, "MTA-STS", &sending->asks);
	put_found_line(sheet, "TLS", &sending->sendmail);
	put_found_line(sheet, "TLS reports", &sending->told);
	counsel_put_plan(&counsel->plan, whole, sheet);
	counsel_put_checks(&counsel->checks, whole, sheet);
}

json_t *
sending_counsel_json(const struct sending_counsel *counsel)
{
	json_t *object = json_object(), *scenarios = json_array();
	int status = checklist_status(&counsel->checks);

	if (counsel->sending->mta != SENDING_NO_MTA)
		json_array_append_new(
		    scenarios, json_integer(SCENARIO_OWN_HOST));
	json_put_number(object, "schema", 1);
	json_put_time(object, "time", counsel->at);
	json_put_text(object, "version", PACKAGE_VERSION);
	json_put_text(object, "mta", mta_words(counsel->sending->mta));
	json_put_text(object, "verdict", sending_verdict(counsel));
	json_object_set_new(object, "scenario", scenarios);
	json_object_set_new(object, "steps", counsel_json_plan(&counsel->plan));
	json_object_set_new(
	    object, "checks", counsel_json_checks(&counsel->checks));
	json_put_text(object, "worst", checklist_status_text(status));
	return object;
}
