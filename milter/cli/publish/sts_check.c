/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/cli/check/json.h"
#include "milter/cli/check/text.h"
#include "milter/cli/cli.h"
#include "milter/cli/engine.h"

enum { GRACE_MS = 2000 };

static int
sts_status(const struct check *check)
{
	if (cli_sts_unseen(check) != REASON_OK)
		return 3;
	switch (cli_worst_sts(check->verdict)) {
	case STS_STATE_PASS:
		return 0;
	case STS_STATE_FAIL:
	case STS_STATE_TESTING_FAIL:
	case STS_STATE_ERROR:
		return 2;
	case STS_STATE_NONE:
		break;
	}
	return 1;
}

static int
sts_answer(struct cli_engine *cli, const struct cli_options *options)
{
	struct engine_query like = {.level = LEVEL_AUTO, .all_hosts = true};
	const char *domain = options->words.items[0];
	AUTO(engine_wait)
	struct engine_wait *wait = cli_engine_ask(cli, &like, domain);
	const struct check *check = engine_await(
	    wait, clock_mono_ms() + cli->check_timeout_ms + GRACE_MS);
	char asked[LIMIT_DOMAIN_SIZE];

	if (check == NULL)
		return cli_fail(3, "no verdict in time");
	text_clean(asked, sizeof(asked), domain, strlen(domain));
	if (!options->json)
		cli_text_sts_check(stdout, check, asked);
	else if (cli_json_sts_check(stdout, check, asked) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	if (fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return sts_status(check);
}

int
cli_sts_check(const struct cli_options *options)
{
	struct cli_engine cli;
	int status = cli_engine_takes(options->words.items[0]);

	if (status != 0)
		return status;
	status = cli_engine_open(&cli, options, false);
	if (status == 0)
		status = sts_answer(&cli, options);
	cli_engine_close(&cli);
	return status;
}
