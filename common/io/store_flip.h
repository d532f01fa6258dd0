/* store_flip - what the store keeps of verdicts: each domain's last result, so
 * that a change is seen. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_FLIP_H
#define COMMON_IO_STORE_FLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/base/err.h"
#include "common/io/store_policy.h"

struct store_db;   /* store_db.h */
struct store_room; /* store_table.h */

/* A domain's result to be noted, and what came of it. */
struct store_flip {
	const char *domain;
	const char *result; /* a word of lower-case letters and "-" */
	bool differs;       /* from the last noted: */
	char old[STORE_RESULT_SIZE];
};

/* store_flip_check - 0, or -1 with err, DATA, for what no row may hold */
int store_flip_check(const struct store_flip *flip, struct err *err);

/*
 * store_flip_write - note some that were checked, each domain once, in one
 * transaction; fill differs and old: SQLite's code
 *
 * Between store_db_ready and store_db_conclude.  What it fills counts only if
 * the latter went well.
 */
int store_flip_write(struct store_db *db, struct store_room *room,
    struct store_flip *flips, size_t count, time_t now);

#endif
