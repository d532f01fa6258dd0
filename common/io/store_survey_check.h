/* store_survey_check - whether a survey's file, which may come from anybody, is
 * as a scan makes it. For store_survey. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SURVEY_CHECK_H
#define COMMON_IO_STORE_SURVEY_CHECK_H

#include "common/base/err.h"

struct sqlite3; /* of SQLite */

/* Both return 0, or -1 with DATA for what no scan makes, LOCAL where it cannot
 * be read. */

/* store_survey_check - nothing that the file brings is run from then on: its
 * tables and its view are those that a scan makes, to the letter, and its
 * triggers are off */
int store_survey_check(struct sqlite3 *handle, struct err *err);

/*
 * store_survey_check_rows - look through all of it, once
 *
 * Names, words and numbers are of the kinds and sizes that a scan writes; words
 * are printable ASCII, names as well, without a blank.  Each row that is
 * pointed at is there.  A million names take two seconds.
 */
int store_survey_check_rows(struct sqlite3 *handle, struct err *err);

#endif
