/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_policy.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store_sql.h"
#include "common/proto/domain.h"
#include "common/proto/shared_fields.h"

/* Worth of a row: only a failure is known, a policy was asked for, again */
enum worth { WORTH_FAILURE, WORTH_ONCE, WORTH_AGAIN };

void
store_policy_fini(struct store_policy *policy)
{
	free(policy->body);
	policy->body = NULL;
}

bool
store_policy_is_domain(const char *text)
{
	char normal[LIMIT_DOMAIN_SIZE];

	return domain_normalise(text, normal, NULL) == 0 &&
	       strcmp(text, normal) == 0;
}

/* RFC 8461 section 3.1: letters and digits; "" where there is none. */
static bool
is_policy_id(const char *id)
{
	return strspn(id, "abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789") == strlen(id);
}

bool
store_policy_is_result(const char *word)
{
	size_t length = strlen(word);

	return length > 0 && length < STORE_RESULT_SIZE &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyz-") == length;
}

static bool
is_clean_detail(const char *detail)
{
	char clean[LIMIT_DETAIL_SIZE];

	text_clean(clean, sizeof(clean), detail, strlen(detail));
	return strcmp(detail, clean) == 0;
}

static bool
is_policy_body(const char *body, size_t length)
{
	if (body == NULL)
		return length == 0;
	return length <= LIMIT_STS_BODY && memchr(body, '\0', length) == NULL;
}

/* Words, so that the file does not hang on the order of an enum. */
static const char *
word_of_fetch(enum policy_fetch fetch)
{
	switch (fetch) {
	case POLICY_NOT_FETCHED:
		return "";
	case POLICY_FETCHED:
		return "fetched";
	case POLICY_FETCH_ERROR:
		return "fetch-error";
	case POLICY_WEBPKI_INVALID:
		return "webpki-invalid";
	case POLICY_INVALID:
		return "invalid";
	}
	return NULL;
}

const char *
store_policy_fault(const struct store_policy *policy)
{
	if (!store_policy_is_domain(policy->domain))
		return "domain";
	if (!is_policy_id(policy->id) || !is_policy_id(policy->failed_id))
		return "id";
	if (!is_policy_body(policy->body, policy->length))
		return "body";
	if (!store_sql_is_time(policy->fetched_s) ||
	    !store_sql_is_time(policy->expires_s) ||
	    !store_sql_is_time(policy->failed_s) ||
	    !store_sql_is_time(policy->used_s) ||
	    !store_sql_is_time(policy->past.mode_since_s) ||
	    !store_sql_is_time(policy->past.renewed_s) ||
	    !store_sql_is_time(policy->past.same_id_s))
		return "time";
	if (policy->expires_s - policy->fetched_s > LIMIT_STS_MAX_AGE_S)
		return "max_age";
	if (word_of_fetch(policy->failed_how) == NULL)
		return "kind of failure";
	if (policy->source[0] != '\0' && !shared_is_host_name(policy->source))
		return "source";
	return is_clean_detail(policy->failed_detail) ? NULL : "detail";
}

static bool
read_body_column(sqlite3_stmt *stmt, int column, struct store_policy *row)
{
	int type = sqlite3_column_type(stmt, column);
	const void *body = sqlite3_column_blob(stmt, column);
	int octets = sqlite3_column_bytes(stmt, column);

	if (type == SQLITE_NULL)
		return true;
	if (type != SQLITE_BLOB || octets > LIMIT_STS_BODY ||
	    (body == NULL && octets > 0))
		return false;
	row->length = (size_t)octets;
	row->body = xmalloc(row->length + 1);
	if (octets > 0)
		memcpy(row->body, body, row->length);
	row->body[row->length] = '\0';
	return true;
}

static bool
read_kind_of_failure(sqlite3_stmt *stmt, int column, enum policy_fetch *out)
{
	char word[STORE_RESULT_SIZE];
	const char *known;

	if (!store_sql_text(stmt, column, word, sizeof(word)))
		return false;
	for (int i = 0; (known = word_of_fetch((enum policy_fetch)i)) != NULL;
	     i++)
		if (strcmp(word, known) == 0) {
			*out = (enum policy_fetch)i;
			return true;
		}
	return false;
}

static bool
read_worth(sqlite3_stmt *stmt, int column, struct store_policy *row)
{
	sqlite3_int64 use = sqlite3_column_int64(stmt, column);

	row->again = use == WORTH_AGAIN;
	return use >= WORTH_FAILURE && use <= WORTH_AGAIN &&
	       (row->body != NULL) == (use != WORTH_FAILURE);
}

bool
store_policy_read(sqlite3_stmt *stmt, struct store_policy *row)
{
	return store_sql_text(stmt, 0, row->domain, sizeof(row->domain)) &&
	       store_sql_text(stmt, 1, row->id, sizeof(row->id)) &&
	       read_body_column(stmt, 2, row) &&
	       store_sql_time(stmt, 3, &row->fetched_s) &&
	       store_sql_time(stmt, 4, &row->expires_s) &&
	       store_sql_text(
		   stmt, 5, row->failed_id, sizeof(row->failed_id)) &&
	       store_sql_time(stmt, 6, &row->failed_s) &&
	       read_kind_of_failure(stmt, 7, &row->failed_how) &&
	       store_sql_text(
		   stmt, 8, row->failed_detail, sizeof(row->failed_detail)) &&
	       read_worth(stmt, 9, row) &&
	       store_sql_time(stmt, 10, &row->used_s) &&
	       store_sql_text(stmt, 11, row->source, sizeof(row->source)) &&
	       store_sql_time(stmt, 12, &row->past.mode_since_s) &&
	       store_sql_time(stmt, 13, &row->past.renewed_s) &&
	       store_sql_time(stmt, 14, &row->past.same_id_s) &&
	       store_policy_fault(row) == NULL;
}

static enum worth
worth_of(const struct store_policy *policy)
{
	if (policy->body == NULL)
		return WORTH_FAILURE;
	return policy->again ? WORTH_AGAIN : WORTH_ONCE;
}

void
store_policy_bind(sqlite3_stmt *stmt, const struct store_policy *policy)
{
	store_sql_bind_text(stmt, 1, policy->domain);
	store_sql_bind_text(stmt, 2, policy->id);
	if (policy->body != NULL)
		sqlite3_bind_blob(
		    stmt, 3, policy->body, (int)policy->length, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 4, policy->fetched_s);
	sqlite3_bind_int64(stmt, 5, policy->expires_s);
	store_sql_bind_text(stmt, 6, policy->failed_id);
	sqlite3_bind_int64(stmt, 7, policy->failed_s);
	store_sql_bind_text(stmt, 8, word_of_fetch(policy->failed_how));
	store_sql_bind_text(stmt, 9, policy->failed_detail);
	sqlite3_bind_int64(stmt, 10, worth_of(policy));
	sqlite3_bind_int64(stmt, 11, policy->used_s);
	store_sql_bind_text(stmt, 12, policy->source);
	sqlite3_bind_int64(stmt, 13, policy->past.mode_since_s);
	sqlite3_bind_int64(stmt, 14, policy->past.renewed_s);
	sqlite3_bind_int64(stmt, 15, policy->past.same_id_s);
}
