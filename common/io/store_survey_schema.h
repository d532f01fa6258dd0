/* store_survey_schema - the tables of a survey's file, and in which of them
 * each field stands. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SURVEY_SCHEMA_H
#define COMMON_IO_STORE_SURVEY_SCHEMA_H

#include <stdbool.h>

#include "common/io/store_survey.h"

struct text; /* text.h */

enum survey_table {
	SURVEY_DOMAIN,  /* the names, and what is of one alone */
	SURVEY_FINDING, /* words of which there are few */
	SURVEY_MXSET,
	SURVEY_POLICY,
	SURVEY_ANY_TABLE,
};
enum { SURVEY_TABLES = SURVEY_ANY_TABLE, SURVEY_SQL_SIZE = 4096 };

/* store_survey_schema_table - where a field stands; store_survey_schema_name -
 * of a table, a constant */
enum survey_table store_survey_schema_table(enum survey_field field);
const char *store_survey_schema_name(enum survey_table table);

/* store_survey_schema_fields - add first, and the names of a table's fields
 * with a comma between and behind behind each; SURVEY_ANY_TABLE: of
 * all */
void store_survey_schema_fields(struct text *sql, enum survey_table table,
    const char *first, const char *behind);

/*
 * store_survey_schema_check - whether the file is a survey's of this version;
 * with make an empty one is made one
 *
 * 0, or -1: DATA for another file, which stays as it is, LOCAL.
 */
int store_survey_schema_check(
    struct store_survey *survey, bool make, struct err *err);

#endif
