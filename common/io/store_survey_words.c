/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_survey_words.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store_survey_schema.h"

struct store_survey_words {
	sqlite3 *handle; /* of the survey */
	/* none of SURVEY_DOMAIN */
	sqlite3_stmt *find[SURVEY_TABLES], *make[SURVEY_TABLES];
};

static int
fail_words(const struct store_survey_words *words, struct err *err)
{
	return err_set(err, ERR_LOCAL, "%s", sqlite3_errmsg(words->handle));
}

/* A question mark for each field of the table. */
static void
add_marks(struct text *sql, enum survey_table table)
{
	const char *mark = "?";

	for (int i = 0; i < SURVEY_FIELDS; i++) {
		if (survey_field_table((enum survey_field)i) != table)
			continue;
		text_add(sql, mark);
		mark = ", ?";
	}
}

static int
prepare_words(struct store_survey_words *words, enum survey_table table)
{
	char find[SURVEY_SQL_SIZE], make[SURVEY_SQL_SIZE];
	const char *name = survey_table_name(table);
	struct text text;
	int rc;

	text_init(&text, find, sizeof(find));
	text_addf(&text, "SELECT id FROM %s WHERE (", name);
	store_survey_schema_fields(&text, table, "", "");
	text_add(&text, ") = (");
	add_marks(&text, table);
	text_add(&text, ")");
	text_init(&text, make, sizeof(make));
	text_addf(&text, "INSERT INTO %s (", name);
	store_survey_schema_fields(&text, table, "", "");
	text_add(&text, ") VALUES (");
	add_marks(&text, table);
	text_add(&text, ")");
	rc = sqlite3_prepare_v2(
	    words->handle, find, -1, &words->find[table], NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(
		    words->handle, make, -1, &words->make[table], NULL);
	return rc;
}

struct store_survey_words *
store_survey_words_new(struct sqlite3 *handle, struct err *err)
{
	struct store_survey_words *words = xcalloc(1, sizeof(*words));

	words->handle = handle;
	for (int i = SURVEY_FINDING; i < SURVEY_TABLES; i++)
		if (prepare_words(words, (enum survey_table)i) != SQLITE_OK) {
			fail_words(words, err);
			store_survey_words_free(words);
			return NULL;
		}
	return words;
}

void
store_survey_words_free(struct store_survey_words *words)
{
	if (words == NULL)
		return;
	for (int i = 0; i < SURVEY_TABLES; i++) {
		sqlite3_finalize(words->find[i]);
		sqlite3_finalize(words->make[i]);
	}
	free(words);
}

static void
bind_fields(sqlite3_stmt *stmt, enum survey_table table,
    const char *const fields[SURVEY_FIELDS])
{
	int at = 1;

	for (int i = 0; i < SURVEY_FIELDS; i++)
		if (survey_field_table((enum survey_field)i) == table)
			sqlite3_bind_text(
			    stmt, at++, fields[i], -1, SQLITE_STATIC);
}

int
store_survey_words_put(struct store_survey_words *words,
    enum survey_table table, const char *const fields[SURVEY_FIELDS],
    int64_t *id, struct err *err)
{
	sqlite3_stmt *find = words->find[table], *make = words->make[table];
	int rc;

	assert(find != NULL);
	bind_fields(find, table, fields);
	rc = sqlite3_step(find);
	if (rc == SQLITE_ROW)
		*id = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	if (rc == SQLITE_ROW)
		return 0;
	if (rc != SQLITE_DONE)
		return fail_words(words, err);
	bind_fields(make, table, fields);
	rc = sqlite3_step(make);
	if (rc != SQLITE_DONE)
		fail_words(words, err);
	sqlite3_reset(make);
	*id = sqlite3_last_insert_rowid(words->handle);
	return rc == SQLITE_DONE ? 0 : -1;
}
