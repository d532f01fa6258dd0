/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/engine/errand.h"
#include "common/proto/domain.h"
#include "milter/cli/cli.h"
#include "milter/cli/engine.h"
#include "milter/cli/print.h"
#include "milter/cli/tlsrpt/sample.h"
#include "milter/conf/settings_reports.h"
#include "milter/view/json_put.h"

enum { RECORD_MS = 20 * 1000 };

/* What was found out, for people or as an object. */
struct trial {
	struct cli_engine cli;
	bool json;
	char domain[LIMIT_DOMAIN_SIZE];
	json_t *object, *uris;
	size_t used; /* destinations that get reports */
};

/* --- the record --- */

static const char *
refuse_rua(const struct settings *settings, const struct tlsrpt_rua *rua)
{
	return settings_lists_domain(&settings->tls_report_exclude, rua->host)
		   ? "TLSReportExclude"
		   : "";
}

static const char *
way_of_rua(const struct trial *trial, const struct tlsrpt_rua *rua)
{
	return rua->scheme == TLSRPT_MAILTO
		   ? trial->cli.settings->tls_report_mailer
		   : "POST";
}

static void
note_uri(void *arg, const char *uri, size_t length,
    const struct tlsrpt_rua *rua, const char *why)
{
	struct trial *trial = arg;
	const char *by = rua == NULL ? "" : way_of_rua(trial, rua);
	char shown[LIMIT_TLSRPT_RECORD];
	json_t *object;

	if (rua != NULL)
		why = refuse_rua(trial->cli.settings, rua);
	trial->used += rua != NULL && why[0] == '\0';
	snprintf(shown, sizeof(shown), "%.*s", (int)length, uri);
	text_printable(shown, "");
	if (!trial->json) {
		if (why[0] == '\0')
			printf("  %s\n    a report goes there, by %s\n", shown,
			    by);
		else
			printf("  %s\n    none goes there: %s\n", shown, why);
		return;
	}
	object = json_object();
	json_put_text(object, "uri", shown);
	json_put_bool(object, "used", why[0] == '\0');
	json_put_text(object, "why", why);
	json_put_text(object, "by", why[0] == '\0' ? by : "");
	json_array_append_new(trial->uris, object);
}

static const char *
word_of_record(const struct tlsrpt_record *record)
{
	switch (record->outcome) {
	case TLSRPT_RECORD_ABSENT:
		return "absent";
	case TLSRPT_RECORD_MANY:
		return "many";
	case TLSRPT_RECORD_NO_RUA:
		return "no-rua";
	case TLSRPT_RECORD_VALID:
		break;
	}
	return "valid";
}

/* Whether the record could be looked up. */
static bool
try_record(struct trial *trial)
{
	struct tlsrpt_record record = {.why = ""};
	char why[LIMIT_DETAIL_SIZE], plain[LIMIT_DETAIL_SIZE];
	struct dns_query *query = errand_ask(
	    trial->cli.engine, trial->domain, clock_mono_ms() + RECORD_MS);
	bool known;

	if (!trial->json)
		printf("_smtp._tls.%s\n", trial->domain);
	known = errand_record(query, note_uri, trial, &record, why);
	json_put_text(trial->object, "record",
	    known ? word_of_record(&record) : "unknown");
	json_put_text(trial->object, "why",
	    known ? record.why : cli_plain_detail(why, plain));
	json_object_set(trial->object, "uris", trial->uris);
	if (trial->json)
		return known;
	if (!known)
		printf("  no answer: %s\n", plain);
	else if (record.outcome != TLSRPT_RECORD_VALID)
		printf("  no reports are wanted: %s\n", record.why);
	return known;
}

/* --- what posternd does --- */

static void
tell_settings(struct trial *trial)
{
	static const char *const words[] = {
	    [TLS_REPORTS_NO] = "no",
	    [TLS_REPORTS_COLLECT] = "collect",
	    [TLS_REPORTS_YES] = "yes",
	};
	const struct settings *settings = trial->cli.settings;
	bool sent = settings_send_reports(settings);
	bool excluded =
	    settings_lists_domain(&settings->tls_report_exclude, trial->domain);

	json_put_text(trial->object, "reports", words[settings->tls_reports]);
	json_put_bool(trial->object, "sending", sent && !excluded);
	if (trial->json)
		return;
	if (excluded)
		puts("Its sessions are not counted: TLSReportExclude");
	else if (settings->tls_reports != TLS_REPORTS_YES)
		printf("Nothing is sent by itself: TLSReports %s\n",
		    words[settings->tls_reports]);
	else if (!sent)
		puts("Nothing is sent by itself: there is no TLSReportSocket");
}

/* --- the sample --- */

/* An address is as good as its URI. */
static const char *
read_sample_rua(const char *asked, struct tlsrpt_rua *rua)
{
	char uri[LIMIT_TLSRPT_URI + sizeof("mailto:")];
	bool address = strncasecmp(asked, "mailto:", 7) != 0 &&
		       strncasecmp(asked, "https:", 6) != 0 &&
		       strchr(asked, '@') != NULL;
	int length =
	    snprintf(uri, sizeof(uri), "%s%s", address ? "mailto:" : "", asked);

	if (length >= (int)sizeof(uri))
		return "too long";
	return tlsrpt_rua_parse(uri, (size_t)length, rua);
}

static bool
try_sample(struct trial *trial, const struct tlsrpt_rua *rua)
{
	char plain[LIMIT_DETAIL_SIZE];
	struct sample_end end = {.taken = false};
	json_t *object = json_object();

	sample_send(&trial->cli, trial->domain, rua, &end);
	json_put_text(object, "to", rua->target);
	json_put_text(object, "by", way_of_rua(trial, rua));
	json_put_text(object, "id", end.id);
	json_put_bool(object, "taken", end.taken);
	if (rua->scheme == TLSRPT_HTTPS)
		json_put_bool(object, "verified", end.taken && !end.untrusted);
	json_put_text(
	    object, "why", end.taken ? "" : cli_plain_detail(end.why, plain));
	json_object_set_new(trial->object, "sample", object);
	if (trial->json)
		return end.taken;
	printf("sample %s\n  to %s, by %s\n", end.id, rua->target,
	    way_of_rua(trial, rua));
	if (end.taken)
		printf("    taken%s\n",
		    end.untrusted
			? ", though no certificate of its name was shown"
			: "");
	else
		printf("    not taken: %s\n", plain);
	return end.taken;
}

/* --- the verb --- */

/* 0, or the exit status of what is wrong with the command. */
static int
read_trial(struct trial *trial, const struct cli_options *options,
    struct tlsrpt_rua *rua)
{
	const char *wrong;
	struct err err;

	if (domain_normalise(options->words.items[0], trial->domain, &err) != 0)
		return cli_fail(EX_USAGE, "%s", err.text);
	wrong = options->to == NULL ? NULL : read_sample_rua(options->to, rua);
	return wrong == NULL ? 0 : cli_fail(EX_USAGE, "--to: %s", wrong);
}

static int
run_trial(struct trial *trial, const struct tlsrpt_rua *rua)
{
	const struct settings *settings = trial->cli.settings;
	bool known, taken = false;

	if (rua != NULL && (settings->tls_report_organization == NULL ||
			       settings->tls_report_contact == NULL))
		return cli_fail(EX_CONFIG,
		    "a sample needs TLSReportOrganization and "
		    "TLSReportContact");
	trial->object = json_object();
	trial->uris = json_array();
	json_put_number(trial->object, "schema", 1);
	json_put_text(trial->object, "kind", "tlsrpt-test");
	json_put_text(trial->object, "domain", trial->domain);
	known = try_record(trial);
	tell_settings(trial);
	if (rua != NULL)
		taken = try_sample(trial, rua);
	json_decref(trial->uris);
	if (!trial->json)
		json_decref(trial->object);
	else if (json_print(stdout, trial->object) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	if (rua != NULL)
		return taken ? 0 : 1;
	return !known ? 3 : trial->used > 0 ? 0 : 1;
}

int
cli_tlsrpt_test(const struct cli_options *options)
{
	struct trial trial = {.json = options->json};
	struct tlsrpt_rua rua;
	int status = read_trial(&trial, options, &rua);

	if (status != 0)
		return status;
	status = cli_engine_open(&trial.cli, options, false);
	if (status == 0)
		status = run_trial(&trial, options->to == NULL ? NULL : &rua);
	cli_engine_close(&trial.cli);
	return status;
}
