/* survey - what the verbs of a survey share. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_SURVEY_H
#define MILTER_CLI_SURVEY_SURVEY_H

#include <stdio.h>

#include "common/io/store_survey.h"
#include "milter/cli/cli.h"
#include "milter/view/sheet.h"

struct json_t; /* of jansson */

/* survey_open - --db; NULL with *status when that was said */
struct store_survey *survey_open(const char *path, enum store_survey_mode mode,
    int *status) OWNED(store_survey_free);

/* survey_open_either - a survey's file, or what "report --as ndjson" wrote of
 * one, to be compared; NULL with *status when that was said */
struct store_survey *
survey_open_either(const char *path, int *status) OWNED(store_survey_free);

/* survey_put_baseline - a section of what changed since the one in path; 0, or
 * the exit status of what was said */
int survey_put_baseline(
    struct sheet *sheet, struct store_survey *survey, const char *path);

/* survey_import - all names of the list and the command line, or none; 0, or
 * the exit status of what was said */
int
survey_import(struct store_survey *survey, const struct cli_options *options);

/* survey_begin_report - leave out what weighs too little, and count the rest;
 * 0, or the exit status of what was said */
int survey_begin_report(struct store_survey *survey,
    const struct cli_options *options, struct survey_totals *totals);

/* survey_report - brief: of few lines, for a terminal; 0, or the exit status of
 * what was said */
int survey_report(struct store_survey *survey,
    const struct cli_options *options, bool brief, struct sheet **sheet);

/* Keys of what is noted of a scan. */
#define SURVEY_NOTE_SOURCE "source"
#define SURVEY_NOTE_BY_LINE "by_line"
#define SURVEY_NOTE_RESOLVER "resolver"
#define SURVEY_NOTE_SETTINGS "settings"

/* survey_put_notes - what is noted of a scan, to the last section; 0, or -1 */
int survey_put_notes(struct sheet *sheet, struct store_survey *survey,
    const struct cli_options *options, struct err *err);

/* survey_ndjson, survey_csv - a line for each domain; likewise.  NDJSON has one
 * before them, and the report behind them */
int survey_ndjson(
    struct store_survey *survey, const struct sheet *report, FILE *out);
int survey_csv(struct store_survey *survey, FILE *out);

/* survey_share - "12.3 %", "<0.1 %", or "-" of nothing */
enum { SURVEY_SHARE_SIZE = 24 };
const char *
survey_share(int64_t part, int64_t whole, char out[SURVEY_SHARE_SIZE]);

#endif
