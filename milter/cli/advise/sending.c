/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/advise/sending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/judge/action.h"
#include "milter/cli/host/postfix.h"
#include "milter/conf/settings_engine.h"

enum { POSTFIX_ANSWER_MS = 20 * 1000, LOOKUPS = 64 };

/* The MTA asks the nameservers of /etc/resolv.conf, and takes their word for
 * what is secure: whatever posternd has a resolver of its own for. */
static void
test_resolver(const struct settings *settings, struct doctor_finding *found)
{
	AUTO(dns) struct dns *dns = NULL;
	struct engine_options options;
	struct err err;

	settings_engine_options(settings, &options);
	options.dns.kind = DNS_SYSTEM;
	options.dns.nameservers = NULL;
	options.dns.nameserver_count = 0;
	options.dns.recurse = false;
	options.dns.trust_remote = true;
	options.dns.max_outstanding = LOOKUPS;
	dns = dns_new(&options.dns, &err);
	if (dns != NULL &&
	    dns_self_test(
		dns, clock_mono_ms() + options.dns.timeout_ms, &err) == 0)
		doctor_say(found, DOCTOR_OK,
		    "the nameservers of /etc/resolv.conf validate");
	else if (err.kind == ERR_TEMP)
		doctor_blind(
		    found, "the nameservers of /etc/resolv.conf: %s", err.text);
	else
		doctor_say(found, DOCTOR_FAIL,
		    "the nameservers of /etc/resolv.conf do not validate: %s",
		    err.text);
}

static void
look_at_sender(struct sending *sending, struct doctor *doctor)
{
	const char *enable = postfix_get(doctor->postfix, "smtp_tlsrpt_enable");

	doctor_tls_level(doctor, &sending->level);
	doctor_dns_support(doctor, &sending->dane);
	sending->other_reports = strcmp(enable, "yes") == 0;
	sending->other_policies =
	    postfix_get(doctor->postfix, "smtp_tls_policy_maps")[0] != '\0';
	if (doctor->settings == NULL)
		return;
	doctor_nameservers(doctor, &sending->nameservers);
	if (sending->map) {
		doctor_map(doctor, &sending->asks);
		doctor_map_settings(doctor, &sending->answers);
	}
	if (sending->reports != TLS_REPORTS_NO)
		doctor_tlsrpt(doctor, &sending->told);
}

static void
note_settings(struct sending *sending, const struct settings *settings)
{
	sending->configured = true;
	sending->map = settings->map_sockets.count > 0;
	sending->reports = settings->tls_reports;
	sending->refuses = settings->on_fail == ACTION_DEFER ||
			   settings->on_fail == ACTION_REJECT ||
			   settings->on_fail == ACTION_HOLD;
}

void
sending_look(struct sending *sending, const char *conf_file)
{
	struct doctor doctor = {.conf_file = conf_file};
	struct err err;

	memset(sending, 0, sizeof(*sending));
	doctor.settings = settings_load(conf_file, NULL, 0, &doctor.faults);
	doctor.postfix = postfix_ask(clock_mono_ms() + POSTFIX_ANSWER_MS, &err);
	if (doctor.settings != NULL) {
		note_settings(sending, doctor.settings);
		test_resolver(doctor.settings, &sending->resolver);
	}
	if (doctor.postfix != NULL) {
		sending->mta = SENDING_POSTFIX;
		look_at_sender(sending, &doctor);
	} else if (access(DOCTOR_SENDMAIL_CF, F_OK) == 0) {
		sending->mta = SENDING_SENDMAIL;
		doctor.sendmail_only = true;
		doctor_sendmail_tls(&doctor, &sending->sendmail);
	}
	dns_free(doctor.dns);
	postfix_free(doctor.postfix);
	settings_free(doctor.settings);
	conf_faults_fini(&doctor.faults);
}

void
sending_fini(struct sending *sending)
{
	struct doctor_finding *const all[] = {&sending->resolver,
	    &sending->nameservers, &sending->level, &sending->dane,
	    &sending->asks, &sending->answers, &sending->told,
	    &sending->sendmail};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]->mend);
}
