/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/cli/cli.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/doctor_finding.h"
#include "milter/conf/settings_shared.h"
#include "milter/cli/host/postfix.h"
#include "milter/view/json_put.h"

/* Of postconf; each check has its own time beyond that */
enum { POSTFIX_MS = 20 * 1000 };

/* What a check cannot be made without. */
enum {
	NEEDS_NOTHING = 0,
	NEEDS_SETTINGS = 1,
	NEEDS_POSTFIX = 2,
	/* else there is nothing to be said */
	NEEDS_MAP = 4,
	NEEDS_METRICS = 8,
	NEEDS_REPORTS = 16,
	NEEDS_SHARED = 32,
};

/* In the order in which they rest on each other. */
static const struct row {
	const char *name; /* for programs, stays */
	const char *what;
	doctor_check *check;
	unsigned needs;
	bool per_domain; /* once for each that was named */
} rows[] = {
    {"configuration", "configuration", doctor_configuration, NEEDS_NOTHING,
	false},
    {"user", "user of posternd", doctor_user, NEEDS_SETTINGS, false},
    {"store", "store", doctor_store, NEEDS_SETTINGS, false},
    {"shared-store", "SharedStore", doctor_shared,
	NEEDS_SETTINGS | NEEDS_SHARED, false},
    {"socket", "socket", doctor_socket, NEEDS_SETTINGS, false},
    {"socket-user", "socket, for Postfix", doctor_socket_user,
	NEEDS_SETTINGS | NEEDS_POSTFIX, false},
    {"resolver", "resolver", doctor_resolver, NEEDS_SETTINGS, false},
    {"trust-anchor", "trust anchor", doctor_trust_anchor, NEEDS_SETTINGS,
	false},
    {"nameservers", "nameservers", doctor_nameservers, NEEDS_SETTINGS, false},
    {"clock", "clock", doctor_clock, NEEDS_NOTHING, false},
    {"ca-store", "CA certificates", doctor_ca_store, NEEDS_SETTINGS, false},
    {"port-25", "port 25", doctor_port_25, NEEDS_SETTINGS, true},
    {"smtpd-milters", "smtpd_milters", doctor_smtpd_milters,
	NEEDS_SETTINGS | NEEDS_POSTFIX, false},
    {"non-smtpd-milters", "non_smtpd_milters", doctor_non_smtpd_milters,
	NEEDS_SETTINGS | NEEDS_POSTFIX, false},
    {"chroot", "chroot", doctor_chroot, NEEDS_SETTINGS | NEEDS_POSTFIX, false},
    {"default-action", "milter_default_action", doctor_default_action,
	NEEDS_SETTINGS | NEEDS_POSTFIX, false},
    {"timeouts", "milter time-outs", doctor_timeouts,
	NEEDS_SETTINGS | NEEDS_POSTFIX, false},
    {"tls-level", "smtp_tls_security_level", doctor_tls_level, NEEDS_POSTFIX,
	false},
    {"tls-ca", "smtp_tls_CAfile", doctor_tls_ca, NEEDS_POSTFIX, false},
    {"dns-support", "smtp_dns_support_level", doctor_dns_support, NEEDS_POSTFIX,
	false},
    {"tls-policy", "TLS at delivery", doctor_tls_policy, NEEDS_POSTFIX, true},
    {"map", "MapSocket, asked by Postfix", doctor_map,
	NEEDS_SETTINGS | NEEDS_POSTFIX | NEEDS_MAP, false},
    {"map-socket", "MapSocket, for Postfix", doctor_map_socket,
	NEEDS_SETTINGS | NEEDS_POSTFIX | NEEDS_MAP, false},
    {"map-settings", "MapSocket, enforced", doctor_map_settings,
	NEEDS_SETTINGS | NEEDS_POSTFIX | NEEDS_MAP, false},
    {"metrics", "MetricsSocket", doctor_metrics, NEEDS_SETTINGS | NEEDS_METRICS,
	false},
    {"tls-reports", "TLS reports, told by Postfix", doctor_tlsrpt,
	NEEDS_SETTINGS | NEEDS_POSTFIX | NEEDS_REPORTS, false},
    {"tls-report-contact", "TLS reports, from whom", doctor_tlsrpt_contact,
	NEEDS_SETTINGS | NEEDS_REPORTS, false},
    {"internal-domains", "InternalDomains", doctor_internal_domains,
	NEEDS_SETTINGS | NEEDS_POSTFIX, false},
    {"sendmail", "sendmail.cf", doctor_sendmail, NEEDS_SETTINGS, false},
    {"sendmail-tls", "TLS of Sendmail", doctor_sendmail_tls, NEEDS_NOTHING,
	false},
    {"probe-way", "way of probes", doctor_probe_way, NEEDS_SETTINGS, false},
    {"next-hops", "next hops", doctor_next_hops, NEEDS_SETTINGS, false},
    {"gaps", "mail log", doctor_gaps, NEEDS_SETTINGS, false},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* What all findings come to, and where they go. */
struct report {
	bool json, colour;
	json_t *checks;
	enum doctor_state worst;
	bool blind;
};

const char *
doctor_conf_file(const struct doctor *doctor)
{
	return doctor->conf_file == NULL ? SETTINGS_PATH : doctor->conf_file;
}

static void
look_by_row(struct report *report, const struct row *row, struct doctor *doctor)
{
	struct doctor_finding found = {.state = DOCTOR_SKIP};

	if ((row->needs & NEEDS_SETTINGS) != 0 && doctor->settings == NULL)
		doctor_blind(&found, "without a configuration");
	else if ((row->needs & NEEDS_POSTFIX) != 0 && doctor->postfix == NULL)
		doctor_say(&found, DOCTOR_SKIP, "%s", doctor->no_postfix);
	else
		row->check(doctor, &found);
	doctor_finding_clean(&found);
	if (found.state > report->worst)
		report->worst = found.state;
	report->blind |= found.blind;
	if (report->json)
		json_array_append_new(report->checks,
		    doctor_finding_json(row->name, row->what, &found));
	else
		doctor_finding_print(row->what, &found, report->colour);
	free(found.mend);
	fflush(stdout);
}

/* What is of another MTA, or of a part of posternd that is not in use. */
static bool
is_beside_the_point(const struct doctor *doctor, const struct row *row)
{
	if ((row->needs & NEEDS_POSTFIX) != 0 && doctor->sendmail_only)
		return true;
	if ((row->needs & NEEDS_METRICS) != 0 &&
	    (doctor->settings == NULL ||
		doctor->settings->metrics_socket == NULL))
		return true;
	if ((row->needs & NEEDS_REPORTS) != 0 &&
	    (doctor->settings == NULL ||
		doctor->settings->tls_reports == TLS_REPORTS_NO))
		return true;
	if ((row->needs & NEEDS_SHARED) != 0 &&
	    (doctor->settings == NULL || !settings_shares(doctor->settings)))
		return true;
	return (row->needs & NEEDS_MAP) != 0 &&
	       (doctor->settings == NULL ||
		   doctor->settings->map_sockets.count == 0);
}

static void
look_at_rows(struct report *report, struct doctor *doctor,
    const struct cli_list *domains)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (is_beside_the_point(doctor, &rows[i]))
			continue;
		doctor->domain = NULL;
		if (!rows[i].per_domain || domains->count == 0)
			look_by_row(report, &rows[i], doctor);
		for (size_t j = 0; rows[i].per_domain && j < domains->count;
		     j++) {
			doctor->domain = domains->items[j];
			look_by_row(report, &rows[i], doctor);
		}
	}
}

static int
exit_status(const struct report *report)
{
	if (report->worst == DOCTOR_FAIL)
		return 2;
	if (report->worst == DOCTOR_WARN)
		return 1;
	return report->blind ? 3 : 0;
}

static void
print_json(const struct report *report)
{
	static const char *const words[] = {"ok", "warn", "fail", "unknown"};
	json_t *object = json_pack("{s:i, s:s, s:O}", "schema", 1, "result",
	    words[exit_status(report)], "checks", report->checks);

	json_print(stdout, object);
}

int
cli_doctor(const struct cli_options *options)
{
	struct report report = {.json = options->json,
	    .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL,
	    .checks = json_array()};
	struct doctor doctor = {
	    .conf_file = options->conf_file, .logs = &options->logs};
	struct err err;

	doctor.settings =
	    settings_load(options->conf_file, NULL, 0, &doctor.faults);
	doctor.postfix = postfix_ask(clock_mono_ms() + POSTFIX_MS, &err);
	if (doctor.postfix == NULL) {
		text_copy(
		    doctor.no_postfix, sizeof(doctor.no_postfix), err.text);
		doctor.sendmail_only =
		    strstr(err.text, strerror(ENOENT)) != NULL &&
		    access(DOCTOR_SENDMAIL_CF, F_OK) == 0;
	}
	look_at_rows(&report, &doctor, &options->words);
	if (report.json)
		print_json(&report);
	json_decref(report.checks);
	dns_free(doctor.dns);
	postfix_free(doctor.postfix);
	settings_free(doctor.settings);
	conf_faults_fini(&doctor.faults);
	if (ferror(stdout) || fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return exit_status(&report);
}
