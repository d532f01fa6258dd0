/* form - the form of an answer that is a sheet: --as and --json. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_FORM_H
#define MILTER_CLI_FORM_H

#include <stdio.h>

#include "milter/cli/cli.h"
#include "milter/view/sheet.h"

enum form {
	FORM_NONE, /* no such form, or two at once */
	FORM_TEXT,
	FORM_JSON,
	FORM_NDJSON, /* a line for each thing, of who has them */
	FORM_CSV,
	FORM_MARKDOWN,
	FORM_HTML,
};

/* cli_form_of - ndjson is for the verbs that say so: FORM_NDJSON is theirs to
 * refuse */
enum form cli_form_of(const struct cli_options *options);

/* cli_form_wrong - EX_USAGE said, for FORM_NONE */
int cli_form_wrong(const struct cli_options *options);

/* cli_form_write - the sheet in that form */
void cli_form_write(const struct sheet *sheet, enum form form, FILE *out);

#endif
