/* store - MTA-STS policies and verdict flips that survive a restart. SQLite;
 * any thread, one writer at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_H
#define COMMON_IO_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/own.h"

/* What is kept of a policy domain: RFC 8461 section 3.3 and 10.2. */
struct store_policy {
	char domain[LIMIT_DOMAIN_SIZE]; /* the policy domain, normalised */
	char id[LIMIT_STS_ID + 1];      /* of the record it was fetched for */
	char *body; /* owned, NUL-terminated; NULL: only a failure is known */
	size_t length;
	time_t fetched_s;
	time_t expires_s;
	char failed_id[LIMIT_STS_ID + 1]; /* of the last fetch that failed */
	time_t failed_s;                  /* 0: none since the last success */
	int failed_how;                   /* enum policy_fetch */
	char failed_detail[LIMIT_DETAIL_SIZE];
};

void store_policy_fini(struct store_policy *policy);

struct store;

/*
 * store_open - open, make or migrate the database at path
 *
 * read_only: for a command beside a running daemon; a file that is not there is
 * then LOCAL.  A database that is damaged is moved aside (path.damaged-TIME,
 * never deleted) and a new one made; *renamed tells, when not NULL.  LOCAL when
 * the path cannot be used, or was written by a newer schema.
 */
void store_free(struct store *store);
struct store *store_open(const char *path, bool read_only, bool *renamed,
    struct err *err) OWNED(store_free);
AUTO_DEFINE(store);

/*
 * store_put_policy - insert or replace what is kept of policy->domain
 *
 * On return 0 it is on disk, whatever happens to the process.  LOCAL when it is
 * not (disk full, locked, read-only, damaged): the old row is still there.
 */
int store_put_policy(
    struct store *store, const struct store_policy *policy, struct err *err);

/* store_drop_policy - forget a domain; 0 also when nothing was known */
int store_drop_policy(struct store *store, const char *domain, struct err *err);

/* store_get_policy - 1 and out (fini it), 0 when unknown, -1 with err */
int store_get_policy(struct store *store, const char *domain,
    struct store_policy *out, struct err *err);

/*
 * store_each_policy - call each for every row, by domain; row is borrowed
 *
 * A row whose fields break a limit is skipped.  Returns the count, or -1.
 */
typedef void store_row(void *arg, const struct store_policy *row);
int store_each_policy(
    struct store *store, store_row *each, void *arg, struct err *err);

/*
 * store_flip - note a domain's result; whether it differs from the last noted
 *
 * 1 and the old word in old (size octets) when it differs, 0 when it is the
 * same or the first, -1 with err.
 */
int store_flip(struct store *store, const char *domain, const char *result,
    time_t now, char *old, size_t size, struct err *err);

#endif
