/* cli_check - `postern check`: ask the engine in this process. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_CHECK_H
#define MILTER_CLI_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "common/judge/rules.h"

struct cli_check_options {
	const char *conf_file; /* NULL: the default one */
	bool json;
	bool dns_only;
	enum level level;
};

/*
 * cli_check - check count destinations side by side, and print them in order
 *
 * Returns the exit status: 0 pass, 1 none or softfail, 2 fail, 3 temperror or
 * skip, of several the worst; or a code of sysexits(3) with a line on stderr.
 */
int cli_check(const struct cli_check_options *options, char *const domains[],
    size_t count);

#endif
