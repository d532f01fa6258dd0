/* host_lines - what a survey keeps of the mail hosts of one domain, as JSON.
 * Plain data. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_HOST_LINES_H
#define MILTER_CLI_SURVEY_HOST_LINES_H

#include "common/engine/check.h"
#include "common/io/store_survey_hosts.h"

/* By host. */
struct host_lines {
	size_t count;
	char *names[LIMIT_MX_HOSTS], *facts[LIMIT_MX_HOSTS];
	unsigned probed[LIMIT_MX_HOSTS]; /* addresses */
};

/* host_lines_make - of all hosts of a check; roots: whom a certificate has to
 * be from */
void host_lines_free(struct host_lines *lines);
struct host_lines *host_lines_make(const struct check *check,
    const struct x509_store *roots) OWNED(host_lines_free);

/* host_lines_print - one line of an export, of what was kept, to a FILE */
survey_each_host host_lines_print;

#endif
