/* json - a check as the promised JSON object, schema 1. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_CHECK_JSON_H
#define MILTER_CLI_CHECK_JSON_H

#include <stdio.h>

#include "common/engine/engine.h"
#include "milter/conf/settings.h"

struct json_t; /* of jansson */

/* cli_json_check - print check (with its facts) as one line; -1 when the stream
 * takes no more.  facts: to go with it, dropped; or NULL */
int cli_json_check(FILE *out, const struct settings *settings,
    const struct check *check, const char *asked, struct json_t *facts);

/* cli_json_host - a host of it, as there */
struct json_t *cli_json_host(const struct facts *facts,
    const struct host_facts *host, const struct host_verdict *judged);

/* cli_json_sts_check - what `sts check` found, as one line; -1 likewise */
int cli_json_sts_check(FILE *out, const struct check *check, const char *asked);

#endif
