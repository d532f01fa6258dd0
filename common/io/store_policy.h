/* store_policy - what a row of the store may hold: a policy, and what is kept
 * beside it. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_POLICY_H
#define COMMON_IO_STORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/base/limits.h"
#include "common/judge/facts.h"

struct sqlite3_stmt; /* SQLite's */

/* What was seen of a domain's policies here; 0: never. */
struct policy_past {
	time_t mode_since_s; /* none of another mode was seen since */
	time_t renewed_s; /* the last time that it was another, by a new id */
	time_t same_id_s; /* or by the id of the one before, and no id was
			     new since */
};

/* What is kept of a policy domain: RFC 8461 section 3.3 and 10.2. */
struct store_policy {
	char domain[LIMIT_DOMAIN_SIZE]; /* the policy domain, normalised */
	char id[LIMIT_STS_ID + 1];      /* of the record it was fetched for */
	char *body; /* owned, NUL-terminated; NULL: only a failure is known */
	size_t length;
	time_t fetched_s;
	time_t expires_s; /* at most LIMIT_STS_MAX_AGE_S after fetched_s */
	char failed_id[LIMIT_STS_ID + 1]; /* of the last fetch that failed */
	time_t failed_s;                  /* 0: none since the last success */
	enum policy_fetch failed_how;
	char failed_detail[LIMIT_DETAIL_SIZE]; /* cleaned */
	time_t used_s; /* a check asked for it, to the day */
	bool again;    /* and not for the first time */
	struct policy_past past;
	char source[LIMIT_DOMAIN_SIZE]; /* the host that has fetched the
					   policy; "": this one */
};

void store_policy_fini(struct store_policy *policy);

enum { STORE_RESULT_SIZE = 32 };

/* store_policy_is_domain - in its one spelling; store_policy_is_result - a word
 * as result_text has them */
bool store_policy_is_domain(const char *text);
bool store_policy_is_result(const char *word);

/* store_policy_fault - what keeps it from being written, and a row from being
 * read: a word for it, or NULL */
const char *store_policy_fault(const struct store_policy *policy);

/*
 * store_policy_read, store_policy_bind - between a row, its columns in the
 * order of STORE_POLICY_COLUMNS, and its struct
 *
 * Anybody who may write the file can have put anything there: false for what a
 * row may not hold, and *policy is then for store_policy_fini alone.  A bound
 * policy is borrowed until the statement is released.
 */
bool store_policy_read(struct sqlite3_stmt *stmt, struct store_policy *policy);
void
store_policy_bind(struct sqlite3_stmt *stmt, const struct store_policy *policy);

#define STORE_POLICY_COLUMNS                                         \
	"domain, id, body, fetched, expires, failed_id, failed,"     \
	" failed_how, failed_detail, use, used, source, mode_since," \
	" renewed, same_id"

#endif
