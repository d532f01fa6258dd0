/* survey_file - a survey's file in a folder of its own, for its tests. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_SURVEY_FILE_H
#define T_UNIT_SURVEY_FILE_H

#include "common/io/store_survey.h"

/* Where it is, if somebody makes it. */
extern char survey_file_path[64];

/* survey_file_begin, survey_file_end - set-up and end of a group */
int survey_file_begin(void **state);
int survey_file_end(void **state);

/* survey_file_drop - and what SQLite has put beside it */
void survey_file_drop(void);

/* survey_file_open - for a scan, NULL: in memory; trouble ends the test */
struct store_survey *survey_file_open(const char *path);

#endif
