/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/serve/report.h"
#include "milter/serve/tally.h"
#include "milter/tlsrpt/counted_report.h"
#include "milter/tlsrpt/day_end.h"
#include "t/unit/conf_text.h"
#include "t/unit/tap.h"

enum {
	DAY = 20786, /* 2026-11-29 */
	KEPT = 3,
	NOBODY_ID = 65533, /* in no user database */
	DAEMON_ID = 1      /* user and group of that name, of base-passwd */
};

#define SESSION(domain)                                                 \
	"{\"d\":\"" domain "\",\"pr\":\"v=TLSRPTv1;rua=mailto:a@d.ex\"" \
	",\"policies\":[{\"policy-type\":9,\"f\":0}]}"
#define WITHOUT_RUA                              \
	"{\"d\":\"d.ex\",\"pr\":\"v=TLSRPTv1\"," \
	"\"policies\":[{\"policy-type\":9,\"f\":0}]}"

static char intake_dir[64], intake_db[80];
static struct settings *the_settings;
static char intake_log[4096];
static struct text intake_lines;

void
report_tlsrpt_drop(const char *reason, uintmax_t count)
{
	text_addf(&intake_lines, "drop %s %ju\n", reason, count);
}

void
report_tlsrpt_trouble(const char *reason, const char *detail)
{
	(void)detail;
	text_addf(&intake_lines, "trouble %s\n", reason);
}

void
report_tlsrpt_day(const struct report_tlsrpt_day *day)
{
	text_addf(&intake_lines, "%s %ju:%ju d%ju n%ju f%ju\n", day->day,
	    day->received, day->domains, day->dropped, day->norua,
	    day->foreign);
}

static int
open_intake(void **state)
{
	struct intake *intake = xcalloc(1, sizeof(*intake));

	snprintf(intake_dir, sizeof(intake_dir), "/tmp/intake-XXXXXX");
	assert_non_null(mkdtemp(intake_dir));
	snprintf(intake_db, sizeof(intake_db), "%s/tlsrpt.db", intake_dir);
	the_settings = conf_text_load("InternalDomains internal.example\n"
				      "TLSReportExclude .excluded.example\n"
				      "TLSReportOrganization The Example\n"
				      "TLSReportContact tls@example.org\n"
				      "TLSReportKeep 3d\n");
	intake->book = book_new(intake_db, 10);
	text_init(&intake_lines, intake_log, sizeof(intake_log));
	*state = intake;
	return 0;
}

static int
close_intake(void **state)
{
	struct intake *intake = *state;

	book_free(intake->book);
	free(intake);
	settings_free(the_settings);
	unlink(intake_db);
	return rmdir(intake_dir);
}

static void
take_from(
    struct intake *intake, int64_t day, const char *text, uid_t uid, gid_t gid)
{
	struct inbox_datagram datagram = {.at = (time_t)(day * CLOCK_DAY_S),
	    .uid = uid,
	    .gid = gid,
	    .size = strlen(text)};

	datagram.octets = xstrdup(text);
	intake_take(
	    intake, &datagram, &(struct day_clock){.open = DAY}, the_settings);
	free(datagram.octets);
}

static void
take_own(struct intake *intake, int64_t day, const char *text)
{
	take_from(intake, day, text, 0, 0);
}

/* The store, with all that was counted. */
static struct store_tlsrpt *
flush_intake(struct intake *intake)
{
	struct book_flushed flushed;

	assert_int_equal(book_flush(intake->book, &flushed, NULL), 0);
	return book_store(intake->book);
}

static const char *
say_day(struct intake *intake, int64_t day)
{
	struct store_tlsrpt *store = flush_intake(intake);

	text_init(&intake_lines, intake_log, sizeof(intake_log));
	day_end_tell(store, day);
	return intake_log;
}

static void
each_datagram_counts_as_what_it_is(void **state)
{
	static const struct {
		const char *datagram, *counted, *logged;
	} rows[] = {
	    {SESSION("d.ex"), "2026-11-29 1:1 d0 n0 f0\n", ""},
	    {SESSION("internal.example"), "2026-11-29 1:0 d0 n0 f0\n", ""},
	    {SESSION("a.excluded.example"), "2026-11-29 1:0 d0 n0 f0\n", ""},
	    {WITHOUT_RUA, "2026-11-29 1:0 d0 n1 f0\n", ""},
	    {"{\"dpv\":\"2\"}", "2026-11-29 1:0 d1 n0 f0\n",
		"trouble version\n"},
	    {"{", "2026-11-29 1:0 d1 n0 f0\n", "drop malformed 1\n"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (i > 0) {
			close_intake(state);
			open_intake(state);
		}
		take_own(*state, DAY, rows[i].datagram);
		ROW_TEXT(rows[i].datagram, intake_log, rows[i].logged);
		ROW_TEXT(
		    rows[i].datagram, say_day(*state, DAY), rows[i].counted);
	}
}

static void
what_comes_for_a_closed_day_counts_to_the_open_one(void **state)
{
	take_own(*state, DAY - 1, SESSION("d.ex"));
	take_own(*state, DAY + 1, SESSION("d.ex"));
	assert_string_equal(say_day(*state, DAY), "2026-11-29 1:1 d0 n0 f0\n");
	assert_string_equal(
	    say_day(*state, DAY + 1), "2026-11-30 1:1 d0 n0 f0\n");
	assert_string_equal(say_day(*state, DAY - 1), "");
}

static void
a_stranger_is_not_heard_and_a_member_of_the_group_is(void **state)
{
	struct intake *intake = *state;

	intake->group = DAEMON_ID;
	take_from(intake, DAY, SESSION("a.ex"), NOBODY_ID, NOBODY_ID);
	assert_string_equal(intake_log, "drop foreign 1\n");
	take_from(intake, DAY, SESSION("b.ex"), NOBODY_ID, DAEMON_ID);
	take_from(intake, DAY, SESSION("c.ex"), DAEMON_ID, NOBODY_ID);
	take_from(intake, DAY, SESSION("d.ex"), geteuid(), NOBODY_ID);
	assert_string_equal(say_day(intake, DAY), "2026-11-29 4:3 d0 n0 f1\n");
}

static void
membership_is_looked_for_again_for_another_group(void **state)
{
	struct teller teller = {.uid = 0};

	(void)state;
	assert_true(teller_may_tell(&teller, DAEMON_ID, NOBODY_ID, DAEMON_ID));
	assert_false(
	    teller_may_tell(&teller, DAEMON_ID, NOBODY_ID, DAEMON_ID + 1));
}

/* What was found is good for a minute. */
static void
membership_is_looked_for_again_after_a_minute(void **state)
{
	struct teller teller = {.uid = 0};

	(void)state;
	assert_true(teller_may_tell(&teller, DAEMON_ID, NOBODY_ID, DAEMON_ID));
	teller.is_member = false; /* as if the database had said so */
	assert_false(teller_may_tell(&teller, DAEMON_ID, NOBODY_ID, DAEMON_ID));
	clock_shift(61);
	assert_true(teller_may_tell(&teller, DAEMON_ID, NOBODY_ID, DAEMON_ID));
}

static void
a_loss_is_told_once_a_minute_with_all_that_came_since(void **state)
{
	struct losses losses = {.untold = {0}};

	(void)state;
	losses_note(&losses, FIGURES_LOSS_CUT, 0);
	assert_string_equal(intake_log, "");
	losses_note(&losses, FIGURES_LOSS_CUT, 2);
	losses_note(&losses, FIGURES_LOSS_CUT, 3);
	losses_note(&losses, FIGURES_LOSS_FULL, 1);
	assert_string_equal(
	    intake_log, "drop too-large 2\ndrop queue-full 1\n");
	clock_shift(61);
	text_init(&intake_lines, intake_log, sizeof(intake_log));
	losses_note(&losses, FIGURES_LOSS_CUT, 0);
	losses_note(&losses, FIGURES_LOSS_CUT, 0);
	assert_string_equal(intake_log, "drop too-large 3\n");
}

static void
what_did_not_come_in_is_received_and_dropped(void **state)
{
	struct inbox_lost lost = {.full = 5, .cut = 2};
	struct report_counts before, after;

	tally_counts(&before);
	intake_lost(*state, &lost, DAY);
	tally_counts(&after);
	assert_int_equal(after.datagrams - before.datagrams, 7);
	assert_int_equal(after.dropped[FIGURES_LOSS_FULL] -
			     before.dropped[FIGURES_LOSS_FULL],
	    5);
	assert_int_equal(
	    after.dropped[FIGURES_LOSS_CUT] - before.dropped[FIGURES_LOSS_CUT],
	    2);
	assert_string_equal(
	    intake_log, "drop queue-full 5\ndrop too-large 2\n");
	assert_string_equal(say_day(*state, DAY), "2026-11-29 7:0 d7 n0 f0\n");
}

static void
a_newer_protocol_is_told_once_a_day(void **state)
{
	for (int i = 0; i < 3; i++)
		take_own(*state, DAY, "{\"dpv\":\"2\"}");
	take_own(*state, DAY + 1, "{\"dpv\":\"2\"}");
	assert_string_equal(intake_log, "trouble version\ntrouble version\n");
}

static void
days_beyond_those_to_keep_are_forgotten(void **state)
{
	struct store_tlsrpt *store;

	take_own(*state, DAY, SESSION("d.ex"));
	store = flush_intake(*state);
	day_end_forget(store, DAY + KEPT, the_settings);
	assert_string_equal(say_day(*state, DAY), "2026-11-29 1:1 d0 n0 f0\n");
	day_end_forget(store, DAY + KEPT + 1, the_settings);
	assert_string_equal(say_day(*state, DAY), "");
}

static void
the_report_says_who_reports_and_what_was_counted(void **state)
{
	struct store_tlsrpt *store;
	struct err err;
	char *text;

	take_own(*state, DAY, SESSION("d.ex"));
	store = flush_intake(*state);
	text = counted_report_print(store, the_settings, DAY, "d.ex", &err);
	assert_non_null(text);
	assert_non_null(strstr(text, "The Example"));
	assert_non_null(strstr(text, "tls@example.org"));
	assert_non_null(strstr(text, "\"total-successful-session-count\""));
	free(text);
	assert_null(
	    counted_report_print(store, the_settings, DAY, "e.ex", &err));
	assert_int_equal(err.kind, ERR_DATA);
}

#define WITH_STORE(test) \
	cmocka_unit_test_setup_teardown(test, open_intake, close_intake)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    WITH_STORE(each_datagram_counts_as_what_it_is),
	    WITH_STORE(what_comes_for_a_closed_day_counts_to_the_open_one),
	    WITH_STORE(a_stranger_is_not_heard_and_a_member_of_the_group_is),
	    cmocka_unit_test(membership_is_looked_for_again_for_another_group),
	    cmocka_unit_test(membership_is_looked_for_again_after_a_minute),
	    WITH_STORE(a_loss_is_told_once_a_minute_with_all_that_came_since),
	    WITH_STORE(what_did_not_come_in_is_received_and_dropped),
	    WITH_STORE(a_newer_protocol_is_told_once_a_day),
	    WITH_STORE(days_beyond_those_to_keep_are_forgotten),
	    WITH_STORE(the_report_says_who_reports_and_what_was_counted),
	};

	return RUN_TESTS(tests);
}
