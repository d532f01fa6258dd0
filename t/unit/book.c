/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/tlsrpt/datagram.h"
#include "t/unit/tap.h"

enum { DAY = 20786, MANY = 1000 };

#define HEAD                                                       \
	"{\"d\":\"d.ex\",\"pr\":\"v=TLSRPTv1;rua=mailto:a@d.ex\"," \
	"\"policies\":["
#define SUCCESS HEAD "{\"policy-type\":9,\"f\":0}]}"
#define EXPIRED "{\"c\":204,\"n\":\"mx.d.ex\",\"r\":\"192.0.2.1\"}"

static char book_dir[64], book_path[80];

static int
make_directory(void **state)
{
	(void)state;
	snprintf(book_dir, sizeof(book_dir), "/tmp/book-XXXXXX");
	assert_non_null(mkdtemp(book_dir));
	snprintf(book_path, sizeof(book_path), "%s/tlsrpt.db", book_dir);
	return 0;
}

static int
drop_directory(void **state)
{
	(void)state;
	unlink(book_path);
	return rmdir(book_dir);
}

static void
add_text(struct book *book, int64_t day, const char *text)
{
	AUTO(tlsrpt_session) struct tlsrpt_session *session = NULL;

	assert_int_equal(
	    datagram_read(text, strlen(text), &session), DATAGRAM_GOOD);
	assert_true(book_add(book, day, TLSRPT_SOURCE_MTA, session));
}

static void
flush_whole(struct book *book)
{
	struct book_flushed flushed;

	assert_int_equal(book_flush(book, &flushed, NULL), 0);
	assert_int_equal(flushed.left_out, 0);
}

/* "type ok/failed details:sum" of each policy */
static const char *
show_day(struct book *book, int64_t day)
{
	static char text[512];
	struct tlsrpt_tally **tallies;
	size_t count, used = 0;

	assert_int_equal(store_tlsrpt_tallies(book_store(book), day, "d.ex",
			     &tallies, &count, NULL),
	    0);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		uint64_t sum = 0;

		for (size_t n = 0; n < tallies[i]->failure_count; n++)
			sum += tallies[i]->failures[n].count;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%s %u/%u %zu:%u", i == 0 ? "" : ", ",
		    tlsrpt_policy_type_text(tallies[i]->type),
		    (unsigned)tallies[i]->ok, (unsigned)tallies[i]->failed,
		    tallies[i]->failure_count, (unsigned)sum);
		tlsrpt_tally_free(tallies[i]);
	}
	free(tallies);
	return text;
}

static void
sessions_count_as_they_say(void **state)
{
	static const struct {
		const char *id, *datagrams[3], *shown;
	} rows[] = {
	    {"R01", {SUCCESS}, "no-policy-found 1/0 0:0"},
	    {"R02",
		{HEAD "{\"policy-type\":1,\"f\":1,\"failure-details\":[" EXPIRED
		      "]}]}"},
		"tlsa 0/1 1:1"},
	    {"R03", {HEAD "{\"policy-type\":9,\"f\":1}]}"},
		"no-policy-found 0/1 0:0"},
	    {"R04",
		{HEAD "{\"policy-type\":1,\"f\":0,\"failure-details\":[" EXPIRED
		      ",{\"c\":201}]}]}"},
		"tlsa 1/0 2:2"},
	    {"R05",
		{HEAD "{\"policy-type\":1,\"f\":1,\"failure-details\":[" EXPIRED
		      "," EXPIRED "]}]}"},
		"tlsa 0/1 1:1"},
	    {"R07",
		{HEAD "{\"policy-type\":2,\"f\":0},{\"policy-type\":1,\"f\":1}"
		      "]}"},
		"tlsa 0/1 0:0, sts 1/0 0:0"},
	    {"R08",
		{HEAD "{\"policy-type\":1,\"f\":0,\"policy-string\":["
		      "\"3 1 1 ab\",\"2 1 1 CD\"]}]}",
		    HEAD "{\"policy-type\":1,\"f\":0,\"policy-string\":["
			 "\"2 1 1 cd\",\"3 1 1 AB\"]}]}"},
		"tlsa 2/0 0:0"},
	    {"R20 DANE",
		{HEAD "{\"policy-type\":1,\"policy-domain\":\"a.d.ex\",\"f\":1}"
		      "]}",
		    HEAD
		    "{\"policy-type\":1,\"policy-domain\":\"b.d.ex\",\"f\":0}"
		    "]}"},
		"tlsa 0/1 0:0, tlsa 1/0 0:0"},
	    {"R20 STS",
		{HEAD "{\"policy-type\":2,\"f\":1}]}",
		    HEAD "{\"policy-type\":2,\"f\":0}]}"},
		"sts 1/1 0:0"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(book) struct book *book = NULL;

		unlink(book_path);
		book = book_new(book_path, MANY);
		for (size_t n = 0; rows[i].datagrams[n] != NULL; n++)
			add_text(book, DAY, rows[i].datagrams[n]);
		flush_whole(book);
		ROW_TEXT(rows[i].id, show_day(book, DAY), rows[i].shown);
	}
}

static void
each_day_has_its_own_sums(void **state)
{
	AUTO(book) struct book *book = NULL;
	struct tlsrpt_day day;

	(void)state;
	unlink(book_path);
	book = book_new(book_path, MANY);
	add_text(book, DAY, SUCCESS);
	add_text(book, DAY + 1, SUCCESS);
	flush_whole(book);
	add_text(book, DAY + 1, SUCCESS);
	book_count(book, DAY, BOOK_RECEIVED, 7);
	book_count(book, DAY, BOOK_NO_RUA, 2);
	book_count(book, DAY + 1, BOOK_DROPPED, 3);
	book_count(book, DAY + 1, BOOK_FOREIGN, 4);
	flush_whole(book);
	assert_string_equal(show_day(book, DAY), "no-policy-found 1/0 0:0");
	assert_string_equal(show_day(book, DAY + 1), "no-policy-found 2/0 0:0");
	assert_int_equal(
	    store_tlsrpt_day(book_store(book), DAY, &day, NULL), 1);
	assert_int_equal(day.received, 7);
	assert_int_equal(day.norua, 2);
	assert_int_equal(
	    store_tlsrpt_day(book_store(book), DAY + 1, &day, NULL), 1);
	assert_int_equal(day.dropped, 3);
	assert_int_equal(day.foreign, 4);
}

/* F03 */
static void
counts_wait_for_a_store_that_cannot_be_written(void **state)
{
	AUTO(book) struct book *book = NULL;
	struct book_flushed flushed;
	struct err err = {.text = ""};

	(void)state;
	unlink(book_path);
	assert_int_equal(mkdir(book_path, 0700), 0);
	book = book_new(book_path, MANY);
	add_text(book, DAY, SUCCESS);
	assert_int_equal(book_flush(book, &flushed, &err), -1);
	assert_true(err.text[0] != '\0');
	assert_null(book_store(book));
	add_text(book, DAY, SUCCESS);
	assert_int_equal(rmdir(book_path), 0);
	flush_whole(book);
	assert_string_equal(show_day(book, DAY), "no-policy-found 2/0 0:0");
}

/* F03 */
static void
what_waits_has_a_bound(void **state)
{
	AUTO(book) struct book *book = book_new("/nowhere/tlsrpt.db", MANY);
	AUTO(tlsrpt_session)
	struct tlsrpt_session *session = tlsrpt_session_new("d.ex");
	struct tlsrpt_outcome *outcome =
	    tlsrpt_session_add(session, TLSRPT_POLICY_STS);
	struct tlsrpt_raw_detail raw = {
	    .result = TLSRPT_STARTTLS_NOT_SUPPORTED};
	unsigned added = 0;
	char name[32];

	(void)state;
	for (int i = 0; i < LIMIT_TLSRPT_DETAILS; i++)
		tlsrpt_outcome_add(outcome, &raw);
	tlsrpt_outcome_finish(outcome, NULL, "d.ex");
	while (added < 10 * 1000 * 1000) {
		for (size_t i = 0; i < LIMIT_TLSRPT_DETAILS; i++) {
			snprintf(name, sizeof(name), "mx%u-%zu.d.ex", added, i);
			snprintf(outcome->details[i].mx,
			    sizeof(outcome->details[i].mx), "%s", name);
		}
		if (!book_add(book, DAY, TLSRPT_SOURCE_MTA, session))
			break;
		added++;
	}
	assert_in_range(
	    added * LIMIT_TLSRPT_DETAILS * sizeof(struct tlsrpt_failures),
	    LIMIT_TLSRPT_UNSAVED / 2, LIMIT_TLSRPT_UNSAVED * 2);
}

int
main(void)
{
	const struct CMUnitTest book[] = {
	    cmocka_unit_test(sessions_count_as_they_say),
	    cmocka_unit_test(each_day_has_its_own_sums),
	    cmocka_unit_test(counts_wait_for_a_store_that_cannot_be_written),
	    cmocka_unit_test(what_waits_has_a_bound),
	};

	return RUN_TESTS_WITH(book, make_directory, drop_directory);
}
