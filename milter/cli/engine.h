/* engine - the engine in the command's own process. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ENGINE_H
#define MILTER_CLI_ENGINE_H

#include <stdbool.h>

#include "common/engine/engine.h"
#include "milter/cli/cli.h"
#include "milter/conf/settings.h"

struct cli_engine {
	struct settings *settings;
	struct engine *engine;
	int check_timeout_ms;               /* of one check */
	char agent[LIMIT_DOMAIN_SIZE + 64]; /* of a survey */
};

/*
 * cli_engine_open - settings by -c, and an engine whose resolver validates
 *
 * kept_policies: use those that posternd keeps, else see what is published now.
 * Returns 0, or the exit status of what it has said on stderr; close it in
 * either case.
 */
int cli_engine_open(struct cli_engine *cli, const struct cli_options *options,
    bool kept_policies);

/*
 * cli_engine_open_own - the same for one's own hosts, as senders see them
 *
 * What the settings say of other people's does not count: any address is
 * connected to, for one's own are often private, and TLSA is looked for
 * whatever InsecureMX says.
 */
int
cli_engine_open_own(struct cli_engine *cli, const struct cli_options *options);

/*
 * cli_engine_open_survey - the same for a survey, which sees what is published
 * now
 *
 * Probes wait for their turns: a check has ten minutes.  What fails at the
 * moment is asked again after retry_wait_s, and no sooner.  pace, which may be
 * NULL, outlives it.
 */
int cli_engine_open_survey(struct cli_engine *cli,
    const struct cli_options *options, const struct manners *manners,
    struct dns_pace *pace);

void cli_engine_close(struct cli_engine *cli);

/* cli_engine_takes - 0 for what has the shape of a destination, be its name a
 * good one or not; else EX_USAGE, said on stderr */
int cli_engine_takes(const char *asked);

/* cli_engine_ask - start a check of what a user typed: a domain, an address, or
 * mx:HOST[:PORT] for one host alone */
struct engine_wait *cli_engine_ask(struct cli_engine *cli,
    const struct engine_query *like, const char *asked) OWNED(engine_wait_free);

/* cli_engine_submit - the same by engine_submit */
void cli_engine_submit(struct cli_engine *cli, const struct engine_query *like,
    const char *asked, engine_done *done, void *arg);

/* cli_load_roots - those of CAFile; 0, or the exit status of what was said */
int cli_load_roots(const struct settings *settings, struct x509_store **roots);

/* cli_load_settings - by -c; NULL when its mistakes have been said */
struct settings *
cli_load_settings(const struct cli_options *options) OWNED(settings_free);

#endif
