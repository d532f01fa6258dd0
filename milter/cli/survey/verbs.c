/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "milter/cli/cli.h"
#include "milter/cli/form.h"
#include "milter/cli/output.h"
#include "milter/cli/survey/asking.h"
#include "milter/cli/survey/survey.h"
#include "milter/conf/settings_engine.h"
#include "milter/view/json_put.h"

enum {
	JOBS = 256,
	LOOKUPS_A_JOB = 8, /* that are given up count for a while */
	DNS_RATE = 500,    /* to other people's nameservers */
	SECOND_MS = 1000,
	EXCLUDE_OCTETS = 64 * 1024 * 1024,
};

/* --- scan --- */

/* A repeated command must not double the weights. */
static int
take_input(struct store_survey *survey, const struct cli_options *options)
{
	bool input = options->words.count > 0 || options->list != NULL ||
		     options->maillogs.count > 0 || options->journal ||
		     options->queue;
	struct survey_totals totals;
	int64_t sources;
	struct err err;
	int status = 0;

	if (store_survey_notes(survey, SURVEY_NOTE_SOURCE, &sources, &err) != 0)
		return cli_fail(EX_IOERR, "%s", err.text);
	if (!input && sources == 0)
		return cli_fail(
		    EX_USAGE, "survey scan wants a domain, a list or a log");
	if (input && sources > 0 && !options->add)
		return cli_fail(EX_USAGE,
		    "%s has names already: go on without any, or --add more",
		    options->db);
	if (input)
		status = survey_import(survey, options);
	else if (options->max_age_s > 0 &&
		 store_survey_age(survey,
		     clock_wall_s() - (time_t)options->max_age_s, &err) != 0)
		status = cli_fail(EX_IOERR, "%s", err.text);
	if (status != 0 || options->db != NULL)
		return status;
	if (store_survey_total(survey, &totals, &err) != 0)
		return cli_fail(EX_IOERR, "%s", err.text);
	if (totals.names > LIMIT_SURVEY_MEMORY)
		return cli_fail(
		    EX_USAGE, "over %d names want --db", LIMIT_SURVEY_MEMORY);
	return 0;
}

/* What the scan is made of, beside the engine. */
struct scan_parts {
	struct store_survey *survey;
	struct probing *probing;
	const struct exclude *exclude;
	struct dns_pace *pace;
};

/* Of the first run: others may go on with it otherwise. */
static int
note_once(struct store_survey *survey, const char *key, const char *value)
{
	int64_t count;
	struct err err;

	if (store_survey_notes(survey, key, &count, &err) != 0 ||
	    (count == 0 && store_survey_note(survey, key, value, &err) != 0))
		return cli_fail(EX_IOERR, "%s", err.text);
	return 0;
}

static int
note_scan(struct store_survey *survey, const struct settings *settings,
    const struct cli_options *options)
{
	char text[128];
	int status = note_once(survey, SURVEY_NOTE_RESOLVER,
	    settings->resolver == DNS_SYSTEM ? "system" : "embedded");

	if (status != 0)
		return status;
	snprintf(text, sizeof(text),
	    "jobs %u, rate %" PRIu32 ", retry %" PRIu32 "%s", options->jobs,
	    options->rate, options->retries, options->extra ? ", extra" : "");
	return note_once(survey, SURVEY_NOTE_SETTINGS, text);
}

static int
ask_with_engine(const struct scan_parts *parts, struct cli_engine *cli,
    const struct cli_options *options)
{
	AUTO(x509_store) struct x509_store *roots = NULL;
	AUTO(providers) struct providers *providers = NULL;
	AUTO(dns) struct dns *dns = NULL;
	AUTO(further) struct further *further = NULL;
	AUTO(store_survey_hosts) struct store_survey_hosts *hosts = NULL;
	struct engine_options wanted;
	struct asking asking;
	struct err err;
	int status = note_scan(parts->survey, cli->settings, options);

	if (status == 0)
		status = cli_load_roots(cli->settings, &roots);
	if (status != 0)
		return status;
	providers = providers_load(&err);
	if (providers == NULL)
		return cli_fail(EX_CONFIG, "%s", err.text);
	hosts = store_survey_hosts_new(parts->survey, &err);
	if (hosts == NULL)
		return cli_fail(EX_IOERR, "%s", err.text);
	settings_engine_options(cli->settings, &wanted);
	wanted.dns.max_outstanding = LOOKUPS_A_JOB * options->jobs;
	wanted.dns.pace = parts->pace;
	dns = dns_new(&wanted.dns, &err);
	if (dns == NULL)
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	further =
	    further_new(dns, wanted.dns.timeout_ms, options->extra, providers);
	asking = (struct asking){.cli = cli,
	    .further = further,
	    .pace = parts->pace,
	    .roots = roots,
	    .providers = providers,
	    .survey = parts->survey,
	    .hosts = hosts,
	    .probing = parts->probing,
	    .exclude = parts->exclude,
	    .dns_only = options->dns_only,
	    .jobs = options->jobs,
	    .rate = options->rate,
	    .retries = options->retries,
	    .retry_wait_s = options->retry_wait_s,
	    .limit = options->limit};
	return asking_run(&asking);
}

static int
write_report(struct store_survey *survey, const struct cli_options *options,
    enum form form)
{
	AUTO(sheet) struct sheet *sheet = NULL;
	struct survey_totals totals;
	struct cli_output output;
	int status;

	if (form == FORM_CSV)
		status = survey_begin_report(survey, options, &totals);
	else
		status =
		    survey_report(survey, options, form == FORM_TEXT, &sheet);
	if (status == 0)
		status = cli_output_open(&output, options->output);
	if (status != 0)
		return status;
	if (form == FORM_NDJSON)
		status = survey_ndjson(survey, sheet, output.out);
	else if (form == FORM_CSV)
		status = survey_csv(survey, output.out);
	else
		cli_form_write(sheet, form, output.out);
	return cli_output_close(&output, status);
}

static int
run_scan(struct store_survey *survey, const struct exclude *exclude,
    const struct cli_options *options)
{
	AUTO(probing) struct probing *probing = NULL;
	AUTO(dns_pace)
	struct dns_pace *pace =
	    dns_pace_new(options->dns_rate_given ? options->dns_rate : 0,
		options->dns_rate_given ? options->dns_rate : DNS_RATE);
	struct scan_parts parts = {
	    .survey = survey, .exclude = exclude, .pace = pace};
	struct cli_engine cli;
	struct manners manners;
	struct err err;
	int status;

	probing = probing_new(survey, exclude, &err);
	if (probing == NULL)
		return cli_fail(EX_IOERR, "%s", err.text);
	parts.probing = probing;
	manners = probing_manners(probing,
	    (int)options->probe_gap_s * SECOND_MS, options->probe_rate);
	manners.fetch_rate = options->fetch_rate;
	manners.no_fetch = options->no_fetch;
	status = cli_engine_open_survey(&cli, options, &manners, pace);
	if (status == 0)
		status = ask_with_engine(&parts, &cli, options);
	cli_engine_close(&cli);
	return status;
}

static int
load_excluded(const struct cli_options *options, struct exclude **exclude)
{
	struct err err;
	size_t length;
	char *text;

	*exclude = NULL;
	if (options->exclude == NULL)
		return 0;
	text = cli_read_file(options->exclude, EXCLUDE_OCTETS, &length, &err);
	if (text == NULL)
		return cli_fail(
		    EX_NOINPUT, "%s: %s", options->exclude, err.text);
	*exclude = exclude_read(text, length, &err);
	free(text);
	if (*exclude != NULL)
		return 0;
	return cli_fail(EX_DATAERR, "%s: %s", options->exclude, err.text);
}

int
cli_survey_scan(const struct cli_options *options)
{
	AUTO(store_survey) struct store_survey *survey = NULL;
	AUTO(exclude) struct exclude *exclude = NULL;
	struct cli_options own = *options;
	int status;

	if (!options->jobs_given)
		own.jobs = JOBS;
	/* whom nobody asked to connect to mail hosts does not */
	own.dns_only = !options->probe_given;
	status = load_excluded(options, &exclude);
	if (status != 0)
		return status;
	survey = survey_open(options->db, STORE_SURVEY_SCAN, &status);
	if (survey == NULL)
		return status;
	status = take_input(survey, options);
	if (status != 0)
		return status;
	status = run_scan(survey, exclude, &own);
	if (options->db == NULL && (status == 0 || status == EX_TEMPFAIL)) {
		int told = write_report(
		    survey, options, options->json ? FORM_JSON : FORM_TEXT);

		status = told == 0 ? status : told;
	}
	return status;
}

/* --- status and report --- */

static struct store_survey *
open_to_read(
    const struct cli_options *options, enum store_survey_mode mode, int *status)
{
	if (options->db != NULL)
		return survey_open(options->db, mode, status);
	*status = cli_fail(EX_USAGE, "which file? --db FILE");
	return NULL;
}

int
cli_survey_status(const struct cli_options *options)
{
	AUTO(store_survey) struct store_survey *survey = NULL;
	struct survey_totals totals;
	struct err err;
	int status;

	survey = open_to_read(options, STORE_SURVEY_TOTAL, &status);
	if (survey == NULL)
		return status;
	if (store_survey_total(survey, &totals, &err) != 0)
		return cli_fail(EX_DATAERR, "%s", err.text);
	if (options->json) {
		json_t *object = json_object();

		json_put_number(object, "schema", 1);
		json_put_number(object, "names", totals.names);
		json_put_number(object, "done", totals.done);
		json_put_number(object, "left", totals.names - totals.done);
		json_put_number(object, "failing", totals.failing);
		json_put_number(object, "weight", totals.weight);
		json_put_time(object, "began", totals.began);
		json_put_time(object, "ended", totals.ended);
		return json_print(stdout, object) == 0 ? 0 : EX_IOERR;
	}
	printf("%" PRId64 " names, %" PRId64 " asked about, %" PRId64
	       " left; lookups of %" PRId64 " fail\n",
	    totals.names, totals.done, totals.names - totals.done,
	    totals.failing);
	return 0;
}

int
cli_survey_report(const struct cli_options *options)
{
	AUTO(store_survey) struct store_survey *survey = NULL;
	enum form form = cli_form_of(options);
	int status;

	if (form == FORM_NONE)
		return cli_form_wrong(options);
	survey = open_to_read(options, STORE_SURVEY_READ, &status);
	return survey == NULL ? status : write_report(survey, options, form);
}
