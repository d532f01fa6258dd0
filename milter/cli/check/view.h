/* view - how a check is shown. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_CHECK_VIEW_H
#define MILTER_CLI_CHECK_VIEW_H

#include <stdbool.h>

#include "common/judge/rules.h"
#include "milter/conf/settings.h"

struct cli_view {
	const struct settings *settings;
	const struct rule_list *rules; /* that counted; NULL: level did */
	enum level level;
	bool colour;
	bool verbose;
	const char *judged; /* of facts that were learnt before: how they are
			       judged; NULL: they were learnt now */
	const struct x509_store *roots; /* for --facts; else NULL */
};

#endif
