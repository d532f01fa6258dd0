/* store_survey_words - combinations of words in a survey's file, each once. One
 * thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SURVEY_WORDS_H
#define COMMON_IO_STORE_SURVEY_WORDS_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/store_survey_fields.h"

struct sqlite3; /* of SQLite */

/* store_survey_words_new - those of a survey's file, which stays open longer;
 * LOCAL */
struct store_survey_words;
void store_survey_words_free(struct store_survey_words *words);
struct store_survey_words *store_survey_words_new(
    struct sqlite3 *handle, struct err *err) OWNED(store_survey_words_free);

/* store_survey_words_put - the number of a row in a table other than
 * SURVEY_DOMAIN that has its fields of these, made if there is none; 0, or -1
 * with LOCAL */
int store_survey_words_put(struct store_survey_words *words,
    enum survey_table table, const char *const fields[SURVEY_FIELDS],
    int64_t *id, struct err *err);

#endif
