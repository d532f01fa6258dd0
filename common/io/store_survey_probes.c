/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a row for each address, port and name; certificates, which many
 * names share, once for each chain, by its digest.  SQLite lets threads share a
 * connection, one call at a time; the lock is around the calls of a statement.
 * A row is part of whatever transaction is open then.
 */
#include "common/io/store_survey_probes.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store_survey_schema.h"
#include "common/proto/x509.h"

enum {
	DIGEST_SIZE = 32,
	SIZES_SIZE = 8 * LIMIT_CHAIN_CERTS,

	FLAG_CONNECTED = 1,
	FLAG_STARTTLS = 2,
	FLAG_TLS_EHLO = 4,
	FLAG_TLS_ANSWERED = 8,
	FLAG_REQUIRETLS = 16,
};

enum statement { PUT_CHAIN, PUT_PROBE, GET_PROBE, STATEMENTS };

struct store_survey_probes {
	sqlite3 *handle; /* of the survey */
	struct lock lock;
	sqlite3_stmt *statements[STATEMENTS];
};

static const char *const sql[STATEMENTS] = {
    [PUT_CHAIN] = "INSERT OR IGNORE INTO chain VALUES (?1, ?2, ?3)",
    [PUT_PROBE] = "INSERT OR REPLACE INTO probe VALUES (?1, ?2, ?3, ?4, ?5, "
		  "?6, ?7, ?8, ?9, ?10)",
    [GET_PROBE] = "SELECT outcome, flags, tls, ms, detail, sizes, octets FROM "
		  "probe LEFT JOIN chain USING (digest) WHERE address = ?1 AND "
		  "port = ?2 AND name = ?3 AND time >= ?4",
};

static int
fail_probes(const struct store_survey_probes *probes, struct err *err)
{
	return err_set(err, ERR_LOCAL, "%s", sqlite3_errmsg(probes->handle));
}

struct store_survey_probes *
store_survey_probes_new(struct store_survey *survey, struct err *err)
{
	struct store_survey_probes *probes = xcalloc(1, sizeof(*probes));
	int rc;

	probes->handle = store_survey_handle(survey);
	/* a chain and its sizes are more than any word of a domain */
	sqlite3_limit(
	    probes->handle, SQLITE_LIMIT_LENGTH, 2 * LIMIT_CHAIN_OCTETS);
	lock_init(&probes->lock);
	rc = sqlite3_exec(
	    probes->handle, store_survey_probe_tables, NULL, NULL, NULL);
	for (int i = 0; rc == SQLITE_OK && i < STATEMENTS; i++)
		rc = sqlite3_prepare_v2(
		    probes->handle, sql[i], -1, &probes->statements[i], NULL);
	if (rc == SQLITE_OK)
		return probes;
	fail_probes(probes, err);
	store_survey_probes_free(probes);
	return NULL;
}

void
store_survey_probes_free(struct store_survey_probes *probes)
{
	if (probes == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(probes->statements[i]);
	lock_fini(&probes->lock);
	free(probes);
}

/* --- writing --- */

static int
flags_of_probe(const struct probe_facts *facts)
{
	return (facts->connected ? FLAG_CONNECTED : 0) |
	       (facts->starttls ? FLAG_STARTTLS : 0) |
	       (facts->tls_ehlo ? FLAG_TLS_EHLO : 0) |
	       (facts->tls_answered ? FLAG_TLS_ANSWERED : 0) |
	       (facts->requiretls ? FLAG_REQUIRETLS : 0);
}

static void
bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

static bool
run_put_locked(struct store_survey_probes *probes, enum statement which)
    HOLDS(probes->lock)
{
	int rc = sqlite3_step(probes->statements[which]);

	sqlite3_reset(probes->statements[which]);
	sqlite3_clear_bindings(probes->statements[which]);
	return rc == SQLITE_DONE;
}

static bool
put_chain_locked(struct store_survey_probes *probes,
    const struct probe_facts *facts, uint8_t digest[DIGEST_SIZE])
    HOLDS(probes->lock)
{
	sqlite3_stmt *stmt = probes->statements[PUT_CHAIN];
	struct der all = {.data = facts->octets, .size = 0};
	char sizes[SIZES_SIZE];
	struct text text;

	text_init(&text, sizes, sizeof(sizes));
	for (size_t i = 0; i < facts->cert_count; i++) {
		text_addf(&text, "%zu ", facts->certs[i].size);
		all.size += facts->certs[i].size;
	}
	x509_sha256(all, digest);
	sqlite3_bind_blob(stmt, 1, digest, DIGEST_SIZE, SQLITE_STATIC);
	bind_text(stmt, 2, sizes);
	sqlite3_bind_blob64(stmt, 3, all.data, all.size, SQLITE_STATIC);
	return !text.cut && run_put_locked(probes, PUT_CHAIN);
}

static bool
put_probe_locked(struct store_survey_probes *probes,
    const struct survey_probe_key *key, const struct probe_facts *facts,
    time_t now) HOLDS(probes->lock)
{
	sqlite3_stmt *stmt = probes->statements[PUT_PROBE];
	uint8_t digest[DIGEST_SIZE];

	if (facts->cert_count > 0 && !put_chain_locked(probes, facts, digest))
		return false;
	bind_text(stmt, 1, key->address);
	sqlite3_bind_int(stmt, 2, key->port);
	bind_text(stmt, 3, key->name);
	sqlite3_bind_int64(stmt, 4, now);
	bind_text(stmt, 5, probe_outcome_text(facts->outcome));
	sqlite3_bind_int(stmt, 6, flags_of_probe(facts));
	bind_text(stmt, 7, facts->tls);
	sqlite3_bind_int64(stmt, 8, facts->ms);
	bind_text(stmt, 9, facts->detail);
	if (facts->cert_count > 0)
		sqlite3_bind_blob(stmt, 10, digest, DIGEST_SIZE, SQLITE_STATIC);
	return run_put_locked(probes, PUT_PROBE);
}

int
store_survey_probe_put(struct store_survey_probes *probes,
    const struct survey_probe_key *key, const struct probe_facts *facts,
    time_t now, struct err *err)
{
	bool good;

	if (!probe_outcome_lasts(facts->outcome))
		return 0;
	lock_take(&probes->lock);
	good = put_probe_locked(probes, key, facts, now);
	lock_drop(&probes->lock);
	return good ? 0 : fail_probes(probes, err);
}

/* --- reading --- */

static bool
read_outcome(const char *word, enum probe_outcome *out)
{
	for (int i = PROBE_NOT_DONE; i <= PROBE_OWN; i++) {
		*out = (enum probe_outcome)i;
		if (strcmp(word, probe_outcome_text(*out)) == 0)
			return probe_outcome_lasts(*out);
	}
	return false;
}

/* The chain as it was kept; false if it is not whole. */
static bool
read_kept_chain(const char *sizes, struct der octets, struct probe_facts *facts)
{
	struct der certs[LIMIT_CHAIN_CERTS];
	size_t count = 0;

	while (*sizes != '\0' && count < LIMIT_CHAIN_CERTS) {
		char *end;
		unsigned long size = strtoul(sizes, &end, 10);

		if (end == sizes || size == 0 || size > octets.size)
			return false;
		certs[count].data = octets.data;
		certs[count++].size = size;
		octets.data += size;
		octets.size -= size;
		sizes = end + strspn(end, " ");
	}
	if (*sizes != '\0' || octets.size > 0)
		return false;
	probe_facts_set_certs(facts, certs, count);
	return true;
}

static const char *
column_text(sqlite3_stmt *stmt, int at)
{
	const char *text = (const char *)sqlite3_column_text(stmt, at);

	return text == NULL ? "" : text;
}

static bool
is_clean_word(const char *word)
{
	for (; *word != '\0'; word++)
		if (*word < ' ' || *word > '~')
			return false;
	return true;
}

static struct probe_facts *
read_kept_probe(sqlite3_stmt *stmt)
{
	AUTO(probe_facts) struct probe_facts *facts = NULL;
	enum probe_outcome outcome;
	int flags = sqlite3_column_int(stmt, 1);
	struct der octets = {.data = sqlite3_column_blob(stmt, 6),
	    .size = (size_t)sqlite3_column_bytes(stmt, 6)};

	/* a name of a version that no scan writes would be printed */
	if (!read_outcome(column_text(stmt, 0), &outcome) ||
	    !is_clean_word(column_text(stmt, 2)))
		return NULL;
	facts = probe_facts_new(outcome);
	facts->connected = (flags & FLAG_CONNECTED) != 0;
	facts->starttls = (flags & FLAG_STARTTLS) != 0;
	facts->tls_ehlo = (flags & FLAG_TLS_EHLO) != 0;
	facts->tls_answered = (flags & FLAG_TLS_ANSWERED) != 0;
	facts->requiretls = (flags & FLAG_REQUIRETLS) != 0;
	text_copy(facts->tls, sizeof(facts->tls), column_text(stmt, 2));
	facts->ms = (unsigned)sqlite3_column_int64(stmt, 3);
	text_copy(facts->detail, sizeof(facts->detail), column_text(stmt, 4));
	if (octets.size > 0 &&
	    !read_kept_chain(column_text(stmt, 5), octets, facts))
		return NULL;
	/* these have a chain, always */
	if (facts->cert_count == 0 &&
	    (outcome == PROBE_TLS || outcome == PROBE_TLS_REFUSED ||
		outcome == PROBE_TLS_UNSUPPORTED))
		return NULL;
	return probe_facts_ref(facts);
}

struct probe_facts *
store_survey_probe_get(struct store_survey_probes *probes,
    const struct survey_probe_key *key, time_t since)
{
	sqlite3_stmt *stmt = probes->statements[GET_PROBE];
	struct probe_facts *facts = NULL;

	lock_take(&probes->lock);
	bind_text(stmt, 1, key->address);
	sqlite3_bind_int(stmt, 2, key->port);
	bind_text(stmt, 3, key->name);
	sqlite3_bind_int64(stmt, 4, since);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		facts = read_kept_probe(stmt);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	lock_drop(&probes->lock);
	return facts;
}
