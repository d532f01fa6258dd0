/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/cli.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/conf/settings_shared.h"
#include "milter/cli/host/postfix.h"
#include "milter/cli/print.h"
#include "milter/view/json_put.h"

/* Of postconf; each check has its own time beyond that */
enum { POSTFIX_MS = 20 * 1000 };

#define STATE_INDENT "      "
#define MEND_INDENT "          "
#define COMMENT_INDENT "            # "

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

void
doctor_say(struct doctor_finding *found, enum doctor_state state,
    const char *format, ...)
{
	va_list args;

	found->state = state;
	found->blind = false;
	va_start(args, format);
	vsnprintf(found->seen, sizeof(found->seen), format, args);
	va_end(args);
}

void
doctor_blind(struct doctor_finding *found, const char *format, ...)
{
	va_list args;

	found->state = DOCTOR_SKIP;
	found->blind = true;
	va_start(args, format);
	vsnprintf(found->seen, sizeof(found->seen), format, args);
	va_end(args);
}

void
doctor_mend(struct doctor_finding *found, const char *format, ...)
{
	size_t before = found->mend == NULL ? 0 : strlen(found->mend) + 1;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(length >= 0);
	found->mend = xrealloc(found->mend, before + (size_t)length + 1, 1);
	if (before > 0)
		found->mend[before - 1] = '\n';
	va_start(args, format);
	vsnprintf(found->mend + before, (size_t)length + 1, format, args);
	va_end(args);
}

static const char *
state_text(enum doctor_state state)
{
	switch (state) {
	case DOCTOR_SKIP:
		return "SKIP";
	case DOCTOR_OK:
		return "OK";
	case DOCTOR_WARN:
		return "WARN";
	case DOCTOR_FAIL:
		break;
	}
	return "FAIL";
}

static const char *
state_colour(enum doctor_state state)
{
	switch (state) {
	case DOCTOR_SKIP:
		return "\033[1m";
	case DOCTOR_OK:
		return "\033[32m";
	case DOCTOR_WARN:
		return "\033[33m";
	case DOCTOR_FAIL:
		break;
	}
	return "\033[31m";
}

/* Names of files and words of hosts are in it: nothing for a terminal. */
static void
clean_finding(char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if (*text != '\n' && (*text < ' ' || *text > '~'))
			*text = '?';
}

static json_t *
lines_json(const char *text)
{
	json_t *lines = json_array();

	while (text != NULL && *text != '\0') {
		size_t length = strcspn(text, "\n");

		json_array_append_new(lines, json_stringn(text, length));
		text += length;
		text += *text == '\n';
	}
	return lines;
}

static void
add_json(struct report *report, const struct row *row,
    const struct doctor_finding *found)
{
	char state[8];

	text_copy(state, sizeof(state), state_text(found->state));
	text_lower(state);
	json_array_append_new(report->checks,
	    json_pack("{s:s, s:s, s:s, s:s, s:o}", "check", row->name, "state",
		state, "what", row->what, "seen", found->seen, "mend",
		lines_json(found->mend)));
}

/* Where the comment of "COMMAND    # why" begins, or NULL; what is quoted is of
 * the command. */
static char *
find_comment(char *line, const char *mark)
{
	bool quoted = false;

	for (char *at = line; *at != '\0'; at++) {
		if (*at == '\'')
			quoted = !quoted;
		else if (!quoted && strncmp(at, mark, strlen(mark)) == 0)
			return at;
	}
	return NULL;
}

/* A command stays whole; a comment that makes the line too long stands below
 * it. */
static void
print_mend(char *line)
{
	static const char mark[] = "    # ";
	char *comment = find_comment(line, mark);

	if (strncmp(line, "# ", 2) == 0) {
		printf(MEND_INDENT "# ");
		cli_print_wrap(stdout, strlen(MEND_INDENT "# "),
		    MEND_INDENT "# ", line + 2);
		return;
	}
	if (comment == NULL ||
	    strlen(MEND_INDENT) + strlen(line) <= cli_print_width()) {
		printf(MEND_INDENT "%s\n", line);
		return;
	}
	*comment = '\0';
	printf(MEND_INDENT "%s\n" COMMENT_INDENT, line);
	cli_print_wrap(stdout, strlen(COMMENT_INDENT), COMMENT_INDENT,
	    comment + strlen(mark));
}

static void
print_text(const struct report *report, const struct row *row,
    const struct doctor_finding *found)
{
	char *mend = xstrdup(found->mend == NULL ? "" : found->mend);
	char *rest;

	printf("%s%-4s%s  %s - ",
	    report->colour ? state_colour(found->state) : "",
	    state_text(found->state), report->colour ? CLI_PRINT_PLAIN : "",
	    row->what);
	cli_print_wrap(stdout, strlen(STATE_INDENT " - ") + strlen(row->what),
	    STATE_INDENT, found->seen);
	for (char *line = strtok_r(mend, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		print_mend(line);
	free(mend);
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
	clean_finding(found.seen);
	clean_finding(found.mend);
	if (found.state > report->worst)
		report->worst = found.state;
	report->blind |= found.blind;
	if (report->json)
		add_json(report, row, &found);
	else
		print_text(report, row, &found);
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
