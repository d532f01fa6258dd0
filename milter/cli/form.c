/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/form.h"

#include <string.h>
#include <sysexits.h>

#include "milter/cli/print.h"

enum form
cli_form_of(const struct cli_options *options)
{
	static const char *const words[] = {[FORM_TEXT] = "text",
	    [FORM_JSON] = "json",
	    [FORM_NDJSON] = "ndjson",
	    [FORM_CSV] = "csv",
	    [FORM_MARKDOWN] = "markdown",
	    [FORM_HTML] = "html"};

	if (options->as == NULL)
		return options->json ? FORM_JSON : FORM_TEXT;
	for (int i = FORM_TEXT; i <= FORM_HTML; i++)
		if (strcmp(options->as, words[i]) == 0)
			return !options->json || i == FORM_JSON ? (enum form)i
								: FORM_NONE;
	return FORM_NONE;
}

int
cli_form_wrong(const struct cli_options *options)
{
	return cli_fail(EX_USAGE,
	    options->json ? "--json is --as json"
			  : "--as: text, json, csv, markdown or html");
}

void
cli_form_write(const struct sheet *sheet, enum form form, FILE *out)
{
	switch (form) {
	case FORM_NONE:
	case FORM_TEXT:
		sheet_text(sheet, out, cli_print_width());
		break;
	case FORM_JSON:
		sheet_print_json(sheet, out);
		break;
	case FORM_NDJSON:
		break;
	case FORM_CSV:
		sheet_csv(sheet, out);
		break;
	case FORM_MARKDOWN:
		sheet_markdown(sheet, out);
		break;
	case FORM_HTML:
		sheet_html(sheet, out);
		break;
	}
}
