/* store_survey - the state of a survey in one file: names, what was found of
 * each, and counts of that. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SURVEY_H
#define COMMON_IO_STORE_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/io/store_survey_fields.h"

struct survey_row {
	const char *domain;
	int64_t weight;
	int64_t rank; /* 0: none */
	int64_t tries;
	time_t time;
	bool failing; /* a lookup fails: to be asked once more */
	const char *fields[SURVEY_FIELDS];
};

struct survey_totals {
	int64_t names, done, failing;
	int64_t weight;      /* of all names */
	int64_t messages;    /* of those that are done */
	bool weighted;       /* any name has another weight than 1 */
	time_t began, ended; /* first and last answer, or 0 */
};

enum store_survey_mode {
	STORE_SURVEY_READ,  /* others may write meanwhile */
	STORE_SURVEY_TOTAL, /* the same for store_survey_total alone: names and
			       words are not looked through */
	STORE_SURVEY_SCAN,  /* made if it is not there; nobody else may */
};

/* store_survey_open - path NULL: in memory; "": in a file that nobody else
 * sees, and that goes with it.  LOCAL when it cannot be opened, TEMP when
 * another scan has it, DATA when it is no survey's, or a newer one's, or has
 * what no survey writes (store_survey_check): then it stays as it is */
struct store_survey;
void store_survey_free(struct store_survey *survey);
struct store_survey *store_survey_open(const char *path,
    enum store_survey_mode mode, struct err *err) OWNED(store_survey_free);
AUTO_DEFINE(store_survey);

/* store_survey_handle - for store_survey_diff; borrowed */
struct sqlite3; /* of SQLite */
struct sqlite3 *store_survey_handle(struct store_survey *survey);

/* These return 0, or -1 with LOCAL. */
int store_survey_begin(struct store_survey *survey, struct err *err);
int store_survey_commit(struct store_survey *survey, struct err *err);

/* store_survey_add - a name, or more weight for one that is there */
int store_survey_add(struct store_survey *survey, const char *domain,
    int64_t weight, int64_t rank, struct err *err);

/* store_survey_note - keep a word on the whole, of LIMIT_DOMAIN octets at most:
 * "source" may be said again; store_survey_notes - how many there are of that
 * key */
int store_survey_note(struct store_survey *survey, const char *key,
    const char *value, struct err *err);
int store_survey_notes(struct store_survey *survey, const char *key,
    int64_t *count, struct err *err);

/* store_survey_each_note - each of that key, in the order in which they came */
typedef void survey_noted(void *arg, const char *value);
int store_survey_each_note(struct store_survey *survey, const char *key,
    survey_noted *noted, void *arg, struct err *err);

/* store_survey_least - what is read from here on, and counted, is of names that
 * weigh so much at least */
void store_survey_least(struct store_survey *survey, int64_t weight);
int64_t store_survey_least_weight(const struct store_survey *survey);

/* store_survey_todo - up to most names behind after, in their order: those that
 * nobody asked about, or with tries those that failed so often at most; how
 * many, or -1 with err */
typedef char survey_name[LIMIT_DOMAIN_SIZE];
int store_survey_todo(struct store_survey *survey, const char *after, int tries,
    survey_name names[], int most, struct err *err);

/* store_survey_put - what was found; one try more */
int store_survey_put(
    struct store_survey *survey, const struct survey_row *row, struct err *err);

/* store_survey_reopen - those of which something was inferred at the address
 * are as if nobody had asked about them; *count of them */
int store_survey_reopen(struct store_survey *survey, const char *address,
    int64_t *count, struct err *err);

/* store_survey_age - names that were asked about before that are as if nobody
 * had */
int
store_survey_age(struct store_survey *survey, time_t before, struct err *err);

/* store_survey_undo - names that fail and were asked about since then are as if
 * nobody had */
int
store_survey_undo(struct store_survey *survey, time_t since, struct err *err);

int store_survey_total(
    struct store_survey *survey, struct survey_totals *totals, struct err *err);

/* store_survey_each - each name that was asked about, in their order, or those
 * that auto would queue, by weight; most 0: all.  The row is lent */
typedef void survey_each(void *arg, const struct survey_row *row);
int store_survey_each(struct store_survey *survey, bool queued, size_t most,
    survey_each *each, void *arg, struct err *err);

/* Which of the names that were asked about are counted. */
enum survey_filter {
	SURVEY_ALL,
	SURVEY_MAIL,          /* that take mail */
	SURVEY_MAIL_AND_MODE, /* and of which it is known what policy there is
			       */
};

/* A combination of words: how many domains, and their weights. */
struct survey_count {
	const char *words[2]; /* lent */
	int64_t domains, messages;
};
typedef void survey_counted(void *arg, const struct survey_count *count);

/* store_survey_count - by one field, or by two; the most frequent first, then
 * by the words; most 0: all */
struct survey_question {
	enum survey_filter filter;
	enum survey_field by;
	bool by_two;
	enum survey_field and_by;
	size_t most;
};
int store_survey_count(struct store_survey *survey,
    const struct survey_question *question, survey_counted *counted, void *arg,
    struct err *err);

#endif
