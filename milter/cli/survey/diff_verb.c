/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/form.h"
#include "milter/cli/output.h"
#include "milter/cli/survey/diff.h"
#include "milter/cli/survey/survey.h"

static int
write_comparison(const struct cli_options *options,
    const struct comparison *comparison, enum form form)
{
	AUTO(sheet) struct sheet *sheet = NULL;
	struct cli_output output;
	int status = 0;

	if (form != FORM_CSV && form != FORM_NDJSON) {
		sheet = sheet_new("Two surveys");
		status = survey_put_comparison(sheet, comparison);
	}
	if (status == 0)
		status = cli_output_open(&output, options->output);
	if (status != 0)
		return status;
	if (form == FORM_CSV)
		status = survey_diff_csv(comparison, output.out);
	else if (form == FORM_NDJSON)
		status = survey_diff_ndjson(comparison, output.out);
	else
		cli_form_write(sheet, form, output.out);
	return cli_output_close(&output, status);
}

int
cli_survey_diff(const struct cli_options *options)
{
	AUTO(store_survey) struct store_survey *before = NULL;
	AUTO(store_survey) struct store_survey *survey = NULL;
	enum form form = cli_form_of(options);
	struct comparison comparison;
	int status;

	if (form == FORM_NONE)
		return cli_form_wrong(options);
	before = survey_open_either(options->words.items[0], &status);
	if (before == NULL)
		return status;
	survey = survey_open_either(options->words.items[1], &status);
	if (survey == NULL)
		return status;
	status = survey_compare(&comparison, survey, before);
	if (status == 0)
		status = write_comparison(options, &comparison, form);
	if (status != 0)
		return status;
	return comparison.counts[CHANGE_QUEUED].domains > 0 ? 1 : 0;
}
