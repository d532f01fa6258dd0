/* store_survey_schema - the tables of a survey's file. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SURVEY_SCHEMA_H
#define COMMON_IO_STORE_SURVEY_SCHEMA_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/io/store_survey_fields.h"

struct sqlite3; /* of SQLite */
struct text;    /* text.h */

enum { SURVEY_SQL_SIZE = 4096 };

/* store_survey_schema_fields - add first, and the names of a table's fields
 * with a comma between and behind behind each; SURVEY_ANY_TABLE: of
 * all */
void store_survey_schema_fields(struct text *sql, enum survey_table table,
    const char *first, const char *behind);

/* Tables that are made when they are wanted first: what is known of hosts,
 * probes with their chains, and of whom something was inferred. */
extern const char store_survey_host_table[], store_survey_probe_tables[],
    store_survey_inferred_table[];

/* store_survey_schema_make - all tables there are, in an empty file; 0, or -1
 * with LOCAL */
int store_survey_schema_make(struct sqlite3 *handle, struct err *err);

/*
 * store_survey_schema_check - whether the file is a survey's of this version;
 * with make an empty one is made one
 *
 * 0, or -1: DATA for another file, which stays as it is, LOCAL.
 */
int
store_survey_schema_check(struct sqlite3 *handle, bool make, struct err *err);

#endif
