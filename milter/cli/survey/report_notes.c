/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>

#include "milter/cli/survey/survey.h"

static void
put_source(void *arg, const char *value)
{
	sheet_note(arg, "Names from: %s.", value);
}

static void
put_by_line(void *arg, const char *value)
{
	(void)value;
	sheet_note(arg, "The log had too many messages at once: weights are "
			"deliveries, not messages.");
}

/* A scan does not begin before it does. */
static void
put_resolver(void *arg, const char *value)
{
	sheet_note(arg, "Resolver: %s, which validated.", value);
}

int
survey_put_notes(struct sheet *sheet, struct store_survey *survey,
    const struct cli_options *options, struct err *err)
{
	static const struct {
		const char *key;
		survey_noted *put;
	} notes[] = {{SURVEY_NOTE_SOURCE, put_source},
	    {SURVEY_NOTE_BY_LINE, put_by_line},
	    {SURVEY_NOTE_RESOLVER, put_resolver}};

	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		if (store_survey_each_note(
			survey, notes[i].key, notes[i].put, sheet, err) != 0)
			return -1;
	if (options->min_weight > 0)
		sheet_note(sheet,
		    "Domains that weigh less than %" PRIu32 " are left out.",
		    options->min_weight);
	return 0;
}
