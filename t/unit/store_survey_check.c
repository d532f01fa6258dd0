/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of a survey that somebody sent. */
#include <sqlite3.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/io/store_survey_hosts.h"
#include "common/io/store_survey_probes.h"
#include "t/unit/survey_file.h"
#include "t/unit/tap.h"

static void
put_name(struct store_survey *survey, const char *domain, const char *hosts,
    const char *patterns)
{
	struct survey_row row = {.domain = domain, .time = 1800000000};

	for (int i = 0; i < SURVEY_FIELDS; i++)
		row.fields[i] = "";
	row.fields[SURVEY_MX_STATE] = "mx";
	row.fields[SURVEY_AUTO] = "q";
	row.fields[SURVEY_HOSTS] = hosts;
	row.fields[SURVEY_STS_MX] = patterns;
	store_survey_add(survey, domain, 1, 0, NULL);
	assert_int_equal(store_survey_put(survey, &row, NULL), 0);
}

/* As a scan leaves it, and then what somebody does to it. */
static void
make_file(const char *sql)
{
	static const struct survey_host host = {"mx.example", "{}", 0};
	struct store_survey *survey =
	    store_survey_open(survey_file_path, STORE_SURVEY_SCAN, NULL);
	struct store_survey_hosts *hosts = store_survey_hosts_new(survey, NULL);
	char *text = NULL;
	sqlite3 *handle;

	store_survey_probes_free(store_survey_probes_new(survey, NULL));
	put_name(survey, "a.example", "mx.example", "");
	put_name(survey, "b.example", "mx.example", "");
	store_survey_add(survey, "new.example", 2, 0, NULL);
	store_survey_note(survey, "source", "list", NULL);
	store_survey_host_put(hosts, &host, 1800000000, 0, NULL);
	store_survey_hosts_free(hosts);
	store_survey_free(survey);
	assert_int_equal(sqlite3_open(survey_file_path, &handle), SQLITE_OK);
	if (sqlite3_exec(handle, sql, NULL, NULL, &text) != SQLITE_OK)
		fail_msg("%s: %s", sql, text);
	sqlite3_close(handle);
}

#define FULL ", 1, 0, 1, 1, 1800000000, 1, 1, 1, 'example', NULL, NULL)"
#define NEW ", 1, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL)"

static const struct {
	const char *sql;
	const char *where; /* in the error; NULL: none */
} files[] = {
    {"", NULL},
    /* names */
    {"INSERT INTO domain VALUES ('c.example'" FULL, NULL},
    {"INSERT INTO domain VALUES (printf('%.*c', 253, 'x')" NEW, NULL},
    {"INSERT INTO domain VALUES (printf('%.*c', 254, 'x')" NEW, "domain"},
    {"INSERT INTO domain VALUES (printf('%.*c', 100000, 'x')" NEW, "domain"},
    {"INSERT INTO domain VALUES (CAST(x'610062' AS TEXT)" NEW, "domain"},
    {"INSERT INTO domain VALUES (x'616263'" NEW, "domain"},
    {"INSERT INTO domain VALUES (zeroblob(50000000)" NEW, "domain"},
    {"INSERT INTO domain VALUES (''" NEW, "domain"},
    {"INSERT INTO domain VALUES ('a b'" NEW, "domain"},
    {"INSERT INTO domain VALUES (char(27) || '[2J'" NEW, "domain"},
    {"INSERT INTO domain VALUES (char(155)" NEW, "domain"},
    {"INSERT INTO domain VALUES (CAST(x'ff' AS TEXT)" NEW, "domain"},
    {"INSERT INTO domain VALUES (char(10)" NEW, "domain"},
    {"INSERT INTO domain VALUES ('\"<b>.=cmd'" NEW, NULL},
    /* numbers */
    {"UPDATE domain SET weight = 0", "domain"},
    {"UPDATE domain SET weight = -1", "domain"},
    {"UPDATE domain SET weight = 4611686018427387904", NULL},
    {"UPDATE domain SET weight = 4611686018427387905", "domain"},
    {"UPDATE domain SET weight = 'x'", "domain"},
    {"UPDATE domain SET weight = x'00'", "domain"},
    {"UPDATE domain SET weight = 1e300", "domain"},
    {"UPDATE domain SET rank = -1", "domain"},
    {"UPDATE domain SET state = 3", "domain"},
    {"UPDATE domain SET state = 'x'", "domain"},
    {"UPDATE domain SET tries = -9223372036854775808", "domain"},
    {"UPDATE domain SET tries = 2147483648", "domain"},
    {"UPDATE domain SET time = 253402300800", "domain"},
    {"UPDATE domain SET time = -1", "domain"},
    /* rows that are not there, of a name that was asked about */
    {"UPDATE domain SET finding = 99", "domain"},
    {"UPDATE domain SET mxset = NULL", "domain"},
    {"UPDATE domain SET policy = 'x'", "domain"},
    {"DELETE FROM policy", "domain"},
    /* words */
    {"UPDATE domain SET tld = char(27)", "domain"},
    {"UPDATE domain SET inferred_at = x'20'", "domain"},
    {"UPDATE domain SET dns_host = char(7)", "domain"},
    {"UPDATE finding SET reason = char(27) || '[2J'", "finding"},
    {"UPDATE finding SET auto = x'71'", "finding"},
    {"UPDATE finding SET auto = CAST(x'710071' AS TEXT)", "finding"},
    {"UPDATE finding SET auto = '\xc2\x9b'", "finding"},
    {"UPDATE finding SET whys = printf('%.*c', 6000, 'x')", "finding"},
    {"UPDATE mxset SET hosts = char(10)", "mxset"},
    {"UPDATE policy SET sts_id = char(27)", "policy"},
    {"UPDATE note SET value = char(27)", "note"},
    {"UPDATE note SET value = printf('%.*c', 300, 'x')", "note"},
    {"UPDATE note SET value = x'00'", "note"},
    {"UPDATE host SET name = x'00'", "host"},
    {"UPDATE host SET facts = printf('%.*c', 16384, '[')", NULL},
    {"UPDATE host SET facts = printf('%.*c', 16385, '[')", "host"},
    {"UPDATE host SET facts = '\xc2\x9b'", "host"},
    {"UPDATE host SET probed = -1", "host"},
    /* what there is */
    {"DROP TABLE host; DROP TABLE probe; DROP TABLE chain; DROP TABLE inferred",
	NULL},
    {"CREATE TABLE notes (mine); CREATE VIEW look AS SELECT * FROM answer; "
     "CREATE INDEX by_weight ON domain (weight)",
	NULL},
    {"DROP TABLE note", "note"},
    {"DROP VIEW answer; CREATE VIEW answer AS WITH RECURSIVE r (n) AS (SELECT "
     "1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM domain, finding, mxset, "
     "policy, r",
	"answer"},
    {"DROP VIEW answer; CREATE VIEW answer AS SELECT * FROM answer", "answer"},
    {"DROP VIEW answer; ALTER TABLE domain RENAME TO d; CREATE VIEW domain AS "
     "SELECT * FROM d",
	"domain"},
    {"DROP VIEW answer; ALTER TABLE domain DROP COLUMN dns_host", "domain"},
    {"DROP TABLE host; CREATE VIEW host AS WITH RECURSIVE r (n) AS (SELECT 1 "
     "UNION ALL SELECT n + 1 FROM r) SELECT n AS name, 0 AS time, 0 AS probed, "
     "'' AS facts FROM r",
	"host"},
    {"DROP TABLE probe; CREATE TABLE PROBE (a)", "probe"},
};

static bool
is_opened(enum store_survey_mode mode, struct err *err)
{
	AUTO(store_survey)
	struct store_survey *survey =
	    store_survey_open(survey_file_path, mode, err);

	return survey != NULL;
}

static void
a_row_that_no_scan_writes_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		static const enum store_survey_mode modes[] = {
		    STORE_SURVEY_READ, STORE_SURVEY_SCAN};
		char quoted[32];

		make_file(files[i].sql);
		snprintf(quoted, sizeof(quoted), "\"%s\"",
		    files[i].where == NULL ? "" : files[i].where);
		for (size_t k = 0; k < COUNT(modes); k++) {
			struct err err = {.text = ""};
			bool opened = is_opened(modes[k], &err);

			ROW(files[i].sql, opened == (files[i].where == NULL));
			ROW(files[i].sql,
			    opened || (err.kind == ERR_DATA &&
					  strstr(err.text, quoted) != NULL));
		}
		survey_file_drop();
	}
}

/* Whoever wants numbers alone does not wait for it, but nothing is run. */
static void
for_totals_alone_rows_are_not_looked_through(void **state)
{
	(void)state;
	make_file("UPDATE finding SET auto = char(27)");
	assert_true(is_opened(STORE_SURVEY_TOTAL, NULL));
	survey_file_drop();
	make_file("DROP VIEW answer; CREATE VIEW answer AS SELECT 1");
	assert_false(is_opened(STORE_SURVEY_TOTAL, NULL));
	survey_file_drop();
}

/* It would open each name again that is closed. */
static void
no_trigger_of_a_file_runs(void **state)
{
	struct store_survey *survey;
	survey_name names[8];

	(void)state;
	make_file("CREATE TRIGGER again AFTER UPDATE ON domain BEGIN UPDATE "
		  "domain SET state = 0, tries = 0 WHERE domain = new.domain; "
		  "END");
	survey = store_survey_open(survey_file_path, STORE_SURVEY_SCAN, NULL);
	put_name(survey, "new.example", "mx.example", "");
	assert_int_equal(store_survey_todo(survey, "", 0, names, 8, NULL), 0);
	store_survey_free(survey);
	survey_file_drop();
}

static void
take_queued(void *arg, const struct survey_row *row)
{
	size_t *octets = arg;

	*octets = strlen(row->fields[SURVEY_HOSTS]) +
		  strlen(row->fields[SURVEY_STS_MX]);
}

/* LIMIT_SURVEY_JOINED: whoever has a policy of very many patterns must not keep
 * others from the report. */
static void
the_longest_words_of_a_domain_are_read_and_sorted(void **state)
{
	enum { HOSTS = LIMIT_MX_HOSTS * LIMIT_DOMAIN_SIZE - 1 };
	char *hosts = xmalloc(HOSTS + 1);
	char *patterns = xmalloc(LIMIT_SURVEY_ROW);
	struct store_survey *survey =
	    store_survey_open(survey_file_path, STORE_SURVEY_SCAN, NULL);
	size_t octets = 0;

	(void)state;
	memset(hosts, 'h', HOSTS);
	hosts[HOSTS] = '\0';
	memset(patterns, 'p', LIMIT_SURVEY_ROW - 1);
	patterns[LIMIT_SURVEY_ROW - 1] = '\0';
	put_name(survey, "long.example", hosts, patterns);
	store_survey_free(survey);
	survey = store_survey_open(survey_file_path, STORE_SURVEY_READ, NULL);
	assert_non_null(survey);
	assert_int_equal(
	    store_survey_each(survey, true, 10, take_queued, &octets, NULL), 0);
	assert_int_equal(octets, HOSTS + LIMIT_SURVEY_ROW - 1);
	store_survey_free(survey);
	free(hosts);
	free(patterns);
	survey_file_drop();
}

/* What is too long to be read again is not written. */
static void
a_note_that_is_kept_can_be_read_again(void **state)
{
	struct store_survey *survey = survey_file_open(survey_file_path);
	char note[LIMIT_DOMAIN + 2];

	(void)state;
	memset(note, 'n', sizeof(note));
	note[LIMIT_DOMAIN + 1] = '\0';
	assert_int_equal(store_survey_note(survey, "source", note, NULL), -1);
	note[LIMIT_DOMAIN] = '\0';
	assert_int_equal(store_survey_note(survey, "source", note, NULL), 0);
	store_survey_free(survey);
	assert_true(is_opened(STORE_SURVEY_READ, NULL));
	survey_file_drop();
}

int
main(void)
{
	const struct CMUnitTest store_survey_check[] = {
	    cmocka_unit_test(a_row_that_no_scan_writes_is_told),
	    cmocka_unit_test(for_totals_alone_rows_are_not_looked_through),
	    cmocka_unit_test(no_trigger_of_a_file_runs),
	    cmocka_unit_test(the_longest_words_of_a_domain_are_read_and_sorted),
	    cmocka_unit_test(a_note_that_is_kept_can_be_read_again),
	};

	return RUN_TESTS_WITH(
	    store_survey_check, survey_file_begin, survey_file_end);
}
