/* sts_gen - a policy for a domain of one's own, and what it takes to publish
 * it. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_PUBLISH_STS_GEN_H
#define MILTER_CLI_PUBLISH_STS_GEN_H

#include <stdbool.h>

#include "common/base/limits.h"
#include "common/proto/sts_policy.h"
#include "milter/cli/cli.h"

struct json_t;

enum { STS_GEN_TEXT_SIZE = 2048 };

struct sts_gen {
	const struct cli_options *options;
	char domain[LIMIT_DOMAIN_SIZE];
	struct sts_policy policy; /* its names are those of names */
	char names[LIMIT_STS_MX][LIMIT_DOMAIN_SIZE];
	char *mx[LIMIT_STS_MX];
	char *body;
	char record[64]; /* TXT at _mta-sts */
	char reports[STS_GEN_TEXT_SIZE];
	char nginx[STS_GEN_TEXT_SIZE];
	char apache[STS_GEN_TEXT_SIZE];
	bool doubtful; /* a host would not keep the policy, or was not seen */
	struct json_t *hosts;
	struct json_t *warnings;
};

/* sts_gen_look - see which hosts the domain has and whether they would keep a
 * policy; 0, or the exit status.  In sts_gen_look.c. */
int sts_gen_look(struct sts_gen *gen);

#endif
