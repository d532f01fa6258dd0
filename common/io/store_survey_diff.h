/* store_survey_diff - a survey beside an earlier one. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SURVEY_DIFF_H
#define COMMON_IO_STORE_SURVEY_DIFF_H

#include "common/io/store_survey.h"

/* What is compared of a domain. */
enum survey_compared {
	COMPARED_PROTECTION,
	COMPARED_DANE,
	COMPARED_DANE_HEALTH,
	COMPARED_STS_MODE,
	COMPARED_STS_HEALTH,
	COMPARED_AUTO,
	COMPARED_DEPTH, /* no change by itself */
	COMPARED_FIELDS,
};

/* store_survey_compared - the field of it */
enum survey_field store_survey_compared(enum survey_compared which);

/*
 * What kind of change it is, from 0 on to one less than the kinds that there
 * are.  then or now is NULL where the domain was not in it; else words, lent.
 */
typedef int survey_kind(const char *const then[], const char *const now[]);

/* A domain in both, or in one. */
struct survey_pair {
	int kind;
	const char *domain;
	int64_t weight; /* now; of what is gone then */
	const char *then[COMPARED_FIELDS], *now[COMPARED_FIELDS]; /* or "" */
};

/*
 * store_survey_compare - take all that was asked about in before as what was
 *
 * It stands in a table for the time that survey is open, which SQLite puts into
 * a file of its own.  Returns 0, or -1 with LOCAL, as do those below.
 */
int store_survey_compare(struct store_survey *survey,
    struct store_survey *before, survey_kind *kind, struct err *err);

/* store_survey_diff_count - domains and weights of each kind; and how many were
 * looked at with another depth */
struct survey_kind_count {
	int64_t domains, messages;
};
int store_survey_diff_count(struct store_survey *survey,
    struct survey_kind_count counts[], int kinds, int64_t *other_depth,
    struct err *err);

/* store_survey_diff_each - those of a kind below the given one, by kind, weight
 * and name; most 0: all.  The pair is lent */
typedef void survey_pair_each(void *arg, const struct survey_pair *pair);
int store_survey_diff_each(struct store_survey *survey, int below, size_t most,
    survey_pair_each *each, void *arg, struct err *err);

#endif
