/* several - the advice on some domains, one behind the other. The main thread.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ADVISE_SEVERAL_H
#define MILTER_CLI_ADVISE_SEVERAL_H

#include <stdio.h>

#include "milter/cli/advise/look.h"
#include "milter/cli/advise/plan.h"
#include "milter/cli/form.h"

/* All borrowed. */
struct several {
	const struct look *look;
	const struct advise_wish *wish;
	unsigned standards;   /* bit 1 << enum standard */
	enum form form;       /* text, JSON, Markdown or HTML */
	const char *title;    /* of all but JSON */
	char *const *domains; /* as they were asked for */
	size_t count;
};

/*
 * several_advise - ask about each, and write the advice on them
 *
 * A domain without a verdict in time keeps nobody from the advice on the
 * others: it stands in its place as not looked at, and that is said on stderr.
 * Returns the worst exit status of all, by which 2 is worse than 3, and 3 than
 * 1.
 */
int several_advise(const struct several *several, FILE *out);

/* several_domain - the domain that is asked about, normalised; false: none is
 */
bool several_domain(const char *asked, char out[LIMIT_DOMAIN_SIZE]);

#endif
