/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/engine.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/io/https.h"
#include "common/proto/domain.h"
#include "common/proto/nexthop.h"
#include "milter/cli/print.h"
#include "milter/conf/settings_engine.h"

enum {
	SURVEY_CHECK_MS = 10 * 60 * 1000,

	/* A worker has so many checks at their lookups, so that there need not
	 * be one for each job; but there are as many as jobs up to this, for
	 * there are as many leaves, which policies that wait for their turn at
	 * one address hold */
	SURVEY_PLACES = 4,
	SURVEY_WORKERS = 64,
	SURVEY_WORKERS_MIN = 8,
};

struct settings *
cli_load_settings(const struct cli_options *options)
{
	struct conf_faults faults = {.count = 0};
	struct settings *settings =
	    settings_load(options->conf_file, NULL, 0, &faults);

	for (size_t i = 0; i < faults.count; i++)
		cli_fail(EX_CONFIG, "%s", faults.texts[i]);
	conf_faults_fini(&faults);
	return settings;
}

int
cli_load_roots(const struct settings *settings, struct x509_store **roots)
{
	struct err err;

	*roots = x509_store_load(settings->ca_file, &err);
	return *roots == NULL ? cli_fail(EX_CONFIG, "%s", err.text) : 0;
}

static int
start_engine(struct cli_engine *cli, const struct engine_options *options)
{
	char plain[LIMIT_DETAIL_SIZE];
	struct err err;

	if (https_global_init(&err) != 0)
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	cli->engine = engine_new(options, &err);
	if (cli->engine == NULL)
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	if (engine_self_test(cli->engine,
		clock_mono_ms() + options->dns.timeout_ms, &err) == 0)
		return 0;
	cli_fail(EX_UNAVAILABLE, "the resolver cannot be used: %s",
	    cli_plain_detail(err.text, plain));
	return cli_fail(EX_UNAVAILABLE,
	    "\"postern doctor\" tells more; its settings are Resolver, "
	    "Nameservers and TrustAnchorFile");
}

struct for_survey {
	const struct manners *manners;
	struct dns_pace *pace;
};

static unsigned
survey_workers(unsigned jobs)
{
	unsigned workers = (jobs + SURVEY_PLACES - 1) / SURVEY_PLACES;

	if (workers < SURVEY_WORKERS)
		workers = jobs < SURVEY_WORKERS ? jobs : SURVEY_WORKERS;
	return workers < SURVEY_WORKERS_MIN ? SURVEY_WORKERS_MIN : workers;
}

static void
set_for_survey(struct cli_engine *cli, struct engine_options *wanted,
    const struct cli_options *options, const struct for_survey *survey)
{
	snprintf(cli->agent, sizeof(cli->agent), "postern-survey/%s (+%s)",
	    PACKAGE_VERSION, wanted->probe_helo);
	wanted->manners = *survey->manners;
	wanted->dns.pace = survey->pace;
	wanted->manners.agent = cli->agent;
	wanted->probe_per_host = 1;
	wanted->probe_addresses = 0;
	wanted->temperror_ttl_s = options->retry_wait_s;
	wanted->check_timeout_ms = SURVEY_CHECK_MS;
	wanted->max_checks = survey_workers(options->jobs);
}

static int
open_as(struct cli_engine *cli, const struct cli_options *options,
    bool kept_policies, bool own, const struct for_survey *survey)
{
	struct engine_options wanted;

	cli->engine = NULL;
	cli->settings = cli_load_settings(options);
	if (cli->settings == NULL)
		return EX_CONFIG;
	settings_engine_options(cli->settings, &wanted);
	wanted.max_checks = options->jobs;
	wanted.max_queue = UINT_MAX;
	wanted.keep_facts = true;
	wanted.keep_enforcement = true;
	wanted.store_read_only = true;
	if (!kept_policies)
		wanted.store_path = NULL;
	if (own) {
		wanted.allow_private = true;
		wanted.insecure_mx = INSECURE_MX_DANE;
	}
	if (survey != NULL)
		set_for_survey(cli, &wanted, options, survey);
	cli->check_timeout_ms = wanted.check_timeout_ms;
	return start_engine(cli, &wanted);
}

int
cli_engine_open(struct cli_engine *cli, const struct cli_options *options,
    bool kept_policies)
{
	return open_as(cli, options, kept_policies, false, NULL);
}

int
cli_engine_open_own(struct cli_engine *cli, const struct cli_options *options)
{
	return open_as(cli, options, false, true, NULL);
}

int
cli_engine_open_survey(struct cli_engine *cli,
    const struct cli_options *options, const struct manners *manners,
    struct dns_pace *pace)
{
	struct for_survey survey = {.manners = manners, .pace = pace};

	return open_as(cli, options, false, false, &survey);
}

void
cli_engine_close(struct cli_engine *cli)
{
	engine_free(cli->engine);
	settings_free(cli->settings);
}

/* "mx:HOST" or "mx:HOST:PORT": that host alone, whatever its domain's MX. */
static int
read_mx_host(const char *text, char hop[NEXTHOP_TEXT_SIZE],
    char domain[LIMIT_DOMAIN_SIZE])
{
	const char *colon = strrchr(text, ':');
	size_t length = colon == NULL ? strlen(text) : (size_t)(colon - text);

	return snprintf(domain, LIMIT_DOMAIN_SIZE, "%.*s", (int)length, text) <
			   LIMIT_DOMAIN_SIZE &&
		       snprintf(hop, NEXTHOP_TEXT_SIZE, "[%s]%s", domain,
			   colon == NULL ? "" : colon) < NEXTHOP_TEXT_SIZE
		   ? 0
		   : -1;
}

/* The query for what was typed; domain and hop are its memory. */
static struct engine_query
read_asked(const struct cli_engine *cli, const struct engine_query *like,
    const char *asked, char domain[LIMIT_RAW_DOMAIN_SIZE],
    char hop[NEXTHOP_TEXT_SIZE])
{
	struct engine_query query = *like;

	query.domain = asked;
	query.port = (uint16_t)cli->settings->probe_port;
	if (strncasecmp(asked, "mx:", 3) == 0) {
		if (read_mx_host(asked + 3, hop, domain) != 0)
			domain[0] = '\0';
		query.domain = domain;
		query.next_hop = hop;
	} else if (strchr(asked, '@') != NULL) {
		if (domain_of_address(
			asked, domain, LIMIT_RAW_DOMAIN_SIZE, NULL) != 0)
			domain[0] = '\0';
		query.domain = domain;
	}
	return query;
}

int
cli_engine_takes(const char *asked)
{
	bool host = strncasecmp(asked, "mx:", 3) == 0;
	const char *name = host ? asked + 3 : asked;
	const char *colon = host ? strrchr(name, ':') : NULL;
	char domain[LIMIT_RAW_DOMAIN_SIZE], clean[LIMIT_DOMAIN_SIZE];
	uint16_t port;
	struct err err;

	text_clean(clean, sizeof(clean), asked, strlen(asked));
	if (name[0] == '\0' || colon == name)
		return cli_fail(EX_USAGE, "\"%s\" is no destination", clean);
	if (colon != NULL && nexthop_port(colon + 1, &port, NULL) != 0)
		return cli_fail(EX_USAGE,
		    "%s: the port is 1 to 65535, or a mail service such as "
		    "submission",
		    clean);
	if (!host && strchr(name, '@') != NULL &&
	    domain_of_address(name, domain, sizeof(domain), &err) != 0)
		return cli_fail(EX_USAGE, "%s: %s", clean, err.text);
	return 0;
}

struct engine_wait *
cli_engine_ask(
    struct cli_engine *cli, const struct engine_query *like, const char *asked)
{
	char domain[LIMIT_RAW_DOMAIN_SIZE], hop[NEXTHOP_TEXT_SIZE];
	struct engine_query query = read_asked(cli, like, asked, domain, hop);

	return engine_start(cli->engine, &query);
}

void
cli_engine_submit(struct cli_engine *cli, const struct engine_query *like,
    const char *asked, engine_done *done, void *arg)
{
	char domain[LIMIT_RAW_DOMAIN_SIZE], hop[NEXTHOP_TEXT_SIZE];
	struct engine_query query = read_asked(cli, like, asked, domain, hop);

	engine_submit(cli->engine, &query, done, arg);
}
