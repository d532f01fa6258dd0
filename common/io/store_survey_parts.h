/* store_survey_parts - what the files of store_survey share. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SURVEY_PARTS_H
#define COMMON_IO_STORE_SURVEY_PARTS_H

#include "common/io/store_survey.h"

struct sqlite3;

/* store_survey_handle - borrowed */
struct sqlite3 *store_survey_handle(struct store_survey *survey);

#endif
