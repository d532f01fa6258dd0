/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

enum {
	DAY = 20786,
	NOW = (DAY + 1) * CLOCK_DAY_S,
	MOST = 8,
	MANY_HOSTS = 2000,
};

static char dir[] = "/tmp/outbox-XXXXXX";
static char path[64];

static struct store_tlsrpt *
open_outbox(bool afresh)
{
	struct store_tlsrpt *store;

	if (afresh)
		unlink(path);
	store = store_tlsrpt_open(path, NULL, NULL);
	assert_non_null(store);
	return store;
}

static void
count_sessions(struct store_tlsrpt *store, int64_t day, const char *domain)
{
	struct tlsrpt_tally tally = {.day = day,
	    .type = TLSRPT_POLICY_NONE,
	    .body = xstrdup("[[],[]]"),
	    .ok = 3,
	    .failed = 1};
	struct tlsrpt_tally *tallies[] = {&tally};
	struct tlsrpt_batch batch = {.tally_count = 1, .tallies = tallies};
	uint64_t left_out;

	text_copy(tally.domain, sizeof(tally.domain), domain);
	text_copy(tally.policy_domain, sizeof(tally.policy_domain), domain);
	assert_int_equal(
	    store_tlsrpt_add(store, &batch, 100, &left_out, NULL), 0);
	free(tally.body);
}

static void
make(struct store_tlsrpt *store, const char *domain, enum outbox_report made_as)
{
	struct outbox_made made = {.row = {.day = DAY, .ok = 3, .failed = 1},
	    .name = "20261129.01.d@example.org",
	    .body = "packed",
	    .size = 6,
	    .state = made_as,
	    .due = NOW};

	text_copy(made.row.domain, sizeof(made.row.domain), domain);
	assert_int_equal(store_outbox_make(store, &made, NULL), 0);
}

static struct tlsrpt_record
record_of(const char *text)
{
	struct sts_txt txt = {text, strlen(text)};
	struct tlsrpt_record record = tlsrpt_record_select(&txt, 1, NULL, NULL);

	assert_int_equal(record.outcome, TLSRPT_RECORD_VALID);
	return record;
}

/* What is due is planned: how many, and how many were too much for a rua. */
static int
plan(struct store_tlsrpt *store, const char *text, uint64_t max, unsigned *over)
{
	struct tlsrpt_record record = record_of(text);
	struct outbox_item items[MOST];
	int count = store_outbox_due(store, NOW, items, MOST, NULL);

	*over = 0;
	for (int i = 0; i < count; i++) {
		int limited = store_outbox_plan(
		    store, &items[i], &record, NOW, max, NULL);

		assert_true(limited >= 0);
		*over += (unsigned)limited;
	}
	return count;
}

static struct tlsrpt_row
row_of(struct store_tlsrpt *store, const char *domain)
{
	struct tlsrpt_query query = {.day = TLSRPT_ALL_DAYS, .domain = domain};
	struct tlsrpt_row row;

	assert_int_equal(store_tlsrpt_rows(store, &query, &row, 1, NULL), 1);
	return row;
}

static void
days_that_are_over_have_reports_to_be_made(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_outbox(true);
	struct tlsrpt_row after = {.day = 0}, rows[MOST];
	size_t size;
	char *body;

	(void)state;
	count_sessions(store, DAY, "a.ex");
	count_sessions(store, DAY, "b.ex");
	count_sessions(store, DAY + 1, "a.ex");
	assert_int_equal(
	    store_outbox_unmade(store, DAY + 1, &after, rows, MOST, NULL), 2);
	assert_int_equal(
	    store_outbox_unmade(store, DAY + 1, &rows[0], rows, MOST, NULL), 1);
	assert_string_equal(rows[0].domain, "b.ex");
	assert_int_equal(rows[0].ok, 3);
	assert_int_equal(row_of(store, "b.ex").report, -1);
	make(store, "b.ex", OUTBOX_REPORT_DUE);
	make(store, "b.ex", OUTBOX_REPORT_EXPIRED); /* is there already */
	assert_int_equal(row_of(store, "b.ex").report, OUTBOX_REPORT_DUE);
	assert_int_equal(
	    store_outbox_unmade(store, DAY + 1, &after, rows, MOST, NULL), 1);
	assert_string_equal(rows[0].domain, "a.ex");
	body = store_outbox_find(store, DAY, "b.ex", &size, NULL);
	assert_int_equal(size, 6);
	assert_memory_equal(body, "packed", 6);
	free(body);
	assert_null(store_outbox_find(store, DAY, "a.ex", &size, NULL));
}

/* S01 */
static void
each_destination_is_a_delivery_of_its_own(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_outbox(true);
	struct outbox_item items[MOST];
	struct tlsrpt_row row;
	unsigned over;

	(void)state;
	count_sessions(store, DAY, "a.ex");
	make(store, "a.ex", OUTBOX_REPORT_DUE);
	assert_int_equal(plan(store,
			     "v=TLSRPTv1;rua=mailto:a@D.ex,mailto:a@d.ex,"
			     "https://r.ex/1,mailto:b@d.ex",
			     9, &over),
	    1);
	assert_int_equal(over, 0);
	row = row_of(store, "a.ex");
	assert_int_equal(row.report, OUTBOX_REPORT_PLANNED);
	assert_int_equal(row.destinations, 3);
	assert_int_equal(row.waiting, 3);
	assert_int_equal(
	    plan(store, "v=TLSRPTv1;rua=mailto:a@d.ex", 9, &over), 0);
	/* one of each host at a time */
	assert_int_equal(
	    store_outbox_next(store, TLSRPT_MAILTO, NOW, items, MOST, NULL), 1);
	assert_string_equal(items[0].rua.target, "a@d.ex");
	assert_string_equal(items[0].name, "20261129.01.d@example.org");
	assert_int_equal(
	    store_outbox_next(store, TLSRPT_HTTPS, NOW, items, MOST, NULL), 1);
	assert_string_equal(items[0].rua.target, "https://r.ex/1");
	assert_string_equal(items[0].rua.host, "r.ex");
	assert_int_equal(
	    store_outbox_next(store, TLSRPT_HTTPS, NOW - 1, items, MOST, NULL),
	    0);
}

/* E08 */
static void
what_was_under_way_is_tried_again_and_what_was_sent_is_not(void **state)
{
	struct store_tlsrpt *store = open_outbox(true);
	struct outbox_item items[MOST];
	unsigned over;

	(void)state;
	count_sessions(store, DAY, "a.ex");
	make(store, "a.ex", OUTBOX_REPORT_DUE);
	plan(store, "v=TLSRPTv1;rua=mailto:a@d.ex,mailto:b@e.ex", 9, &over);
	assert_int_equal(
	    store_outbox_next(store, TLSRPT_MAILTO, NOW, items, MOST, NULL), 2);
	for (int i = 0; i < 2; i++)
		store_outbox_begin(store, items[i].delivery, NOW, NULL);
	store_outbox_end(store, items[0].delivery, OUTBOX_SENT, 0, "", NULL);
	assert_int_equal(
	    store_outbox_next(store, TLSRPT_MAILTO, NOW, items, MOST, NULL), 0);
	store_tlsrpt_free(store);
	store = open_outbox(false);
	assert_int_equal(store_outbox_recover(store, NULL), 0);
	assert_int_equal(
	    store_outbox_next(store, TLSRPT_MAILTO, NOW, items, MOST, NULL), 1);
	assert_string_equal(items[0].rua.target, "b@e.ex");
	assert_int_equal(items[0].tries, 1);
	assert_int_equal(items[0].first, NOW);
	assert_int_equal(row_of(store, "a.ex").sent, 1);
	store_tlsrpt_free(store);
}

/* S03 H03 */
static void
of_too_many_reports_to_one_rua_the_rest_fails(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_outbox(true);
	struct outbox_item items[MOST];
	unsigned over;

	(void)state;
	make(store, "a.ex", OUTBOX_REPORT_DUE);
	make(store, "b.ex", OUTBOX_REPORT_DUE);
	make(store, "c.ex", OUTBOX_REPORT_DUE);
	plan(store, "v=TLSRPTv1;rua=mailto:a@d.ex,https://d.ex/1", 2, &over);
	assert_int_equal(over, 2);
	make(store, "d.ex", OUTBOX_REPORT_DUE);
	plan(store, "v=TLSRPTv1;rua=mailto:b@d.ex,https://d.ex/2", 2, &over);
	assert_int_equal(over, 1); /* another address, the same host */
	assert_int_equal(
	    store_outbox_next(store, TLSRPT_HTTPS, NOW, items, MOST, NULL), 1);
}

/* S03: a host that many reports go to, and that takes a minute for each, does
 * not hold up those to others */
static void
hosts_take_turns(void **state)
{
	static const char *const turns[] = {"slow.ex", "z.ex", "slow.ex"};
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_outbox(true);
	struct outbox_item items[MOST];
	unsigned over;

	(void)state;
	make(store, "a.ex", OUTBOX_REPORT_DUE);
	make(store, "b.ex", OUTBOX_REPORT_DUE);
	plan(store, "v=TLSRPTv1;rua=https://slow.ex/1", 9, &over);
	for (size_t i = 0; i < COUNT(turns); i++) {
		int64_t now = NOW + (int64_t)i * 60;

		assert_in_range(store_outbox_next(store, TLSRPT_HTTPS, now,
				    items, MOST, NULL),
		    1, 2);
		assert_string_equal(items[0].rua.host, turns[i]);
		store_outbox_begin(store, items[0].delivery, now, NULL);
		store_outbox_end(store, items[0].delivery, OUTBOX_RETRY,
		    now + 300, "", NULL);
		if (i > 0)
			continue;
		make(store, "c.ex", OUTBOX_REPORT_DUE);
		plan(store, "v=TLSRPTv1;rua=https://z.ex/1", 9, &over);
	}
}

/* CPU, for others may have the machine. */
static double
cpu_s(void)
{
	struct timespec spent;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent), 0);
	return (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
}

/* F07: after a day without a mailer all of them are due, to as many hosts */
static void
the_next_of_many_is_found_soon(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_outbox(true);
	struct outbox_item items[MOST];
	double began;
	unsigned over;

	(void)state;
	for (int i = 0; i < MANY_HOSTS; i++) {
		char domain[32], record[64];

		snprintf(domain, sizeof(domain), "d%d.ex", i);
		snprintf(record, sizeof(record), "v=TLSRPTv1;rua=mailto:a@%s",
		    domain);
		make(store, domain, OUTBOX_REPORT_DUE);
		plan(store, record, 9, &over);
	}
	began = cpu_s();
	for (int i = 0; i < 20; i++) {
		assert_int_equal(store_outbox_next(store, TLSRPT_MAILTO, NOW,
				     items, MOST, NULL),
		    MOST);
		store_outbox_begin(store, items[0].delivery, NOW, NULL);
	}
	assert_true(cpu_s() - began < 2);
}

/* H03: what is one too many for a rua stays so; nor is there anything to send
 * of a report that could not be made */
static void
what_must_not_be_sent_is_not_hurried(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_outbox(true);
	struct outbox_made none = {.row = {.day = DAY, .domain = "c.ex"},
	    .name = "",
	    .body = "",
	    .state = OUTBOX_REPORT_EXPIRED};
	struct outbox_item items[MOST];
	unsigned over;

	(void)state;
	make(store, "a.ex", OUTBOX_REPORT_DUE);
	make(store, "b.ex", OUTBOX_REPORT_DUE);
	plan(store, "v=TLSRPTv1;rua=mailto:a@d.ex", 1, &over);
	assert_int_equal(over, 1);
	assert_int_equal(store_outbox_make(store, &none, NULL), 0);
	store_outbox_hurry(store, TLSRPT_ALL_DAYS, NULL, NOW, true, NULL);
	assert_int_equal(
	    store_outbox_next(store, TLSRPT_MAILTO, NOW, items, MOST, NULL), 1);
	assert_string_equal(items[0].row.domain, "a.ex");
	store_outbox_end(store, items[0].delivery, OUTBOX_SENT, 0, "", NULL);
	store_outbox_hurry(store, TLSRPT_ALL_DAYS, NULL, NOW, false, NULL);
	assert_int_equal(
	    store_outbox_next(store, TLSRPT_MAILTO, NOW, items, MOST, NULL), 0);
	assert_int_equal(store_outbox_due(store, NOW, items, MOST, NULL), 0);
}

/* What is asked for by hand. */
static void
only_what_was_not_sent_is_hurried(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_outbox(true);
	struct outbox_item items[MOST];
	unsigned over;

	(void)state;
	make(store, "a.ex", OUTBOX_REPORT_DUE);
	plan(store, "v=TLSRPTv1;rua=mailto:a@d.ex,mailto:b@e.ex", 9, &over);
	store_outbox_next(store, TLSRPT_MAILTO, NOW, items, MOST, NULL);
	store_outbox_end(store, items[0].delivery, OUTBOX_SENT, 0, "", NULL);
	store_outbox_end(
	    store, items[1].delivery, OUTBOX_EXPIRED, 0, "why", NULL);
	assert_int_equal(store_outbox_soonest(store, TLSRPT_MAILTO), -1);
	store_outbox_hurry(store, DAY, "z.ex", NOW, true, NULL);
	assert_int_equal(store_outbox_soonest(store, TLSRPT_MAILTO), -1);
	store_outbox_hurry(store, DAY, "a.ex", NOW, false, NULL);
	assert_int_equal(store_outbox_soonest(store, TLSRPT_MAILTO), NOW);
	assert_int_equal(
	    store_outbox_next(store, TLSRPT_MAILTO, NOW, items, MOST, NULL), 1);
	store_outbox_hurry(store, TLSRPT_ALL_DAYS, NULL, NOW, true, NULL);
	assert_int_equal(
	    store_outbox_next(store, TLSRPT_MAILTO, NOW, items, MOST, NULL), 2);
	make(store, "b.ex", OUTBOX_REPORT_EXPIRED);
	assert_int_equal(store_outbox_due(store, NOW, items, MOST, NULL), 0);
	store_outbox_hurry(store, DAY, NULL, NOW, false, NULL);
	assert_int_equal(store_outbox_due(store, NOW, items, MOST, NULL), 1);
}

static void
note_address(void *arg, const char *address, int64_t tried)
{
	struct text *text = arg;

	text_addf(text, "%s %d;", address, (int)(tried - NOW));
}

/* R44 X01 */
static void
what_was_mailed_is_known(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_outbox(true);
	struct outbox_item items[MOST];
	char array[200];
	struct text text;
	unsigned over;

	(void)state;
	make(store, "a.ex", OUTBOX_REPORT_DUE);
	plan(store, "v=TLSRPTv1;rua=mailto:a@d.ex,https://d.ex/", 9, &over);
	store_outbox_next(store, TLSRPT_MAILTO, NOW, items, MOST, NULL);
	store_outbox_begin(store, items[0].delivery, NOW + 5, NULL);
	text_init(&text, array, sizeof(array));
	store_outbox_mailed(store, NOW + 6, note_address, &text, NULL);
	assert_string_equal(text.s, "");
	store_outbox_mailed(store, NOW, note_address, &text, NULL);
	assert_string_equal(text.s, "a@d.ex 5;");
	assert_int_equal(store_outbox_own(store, DAY + 1, "d.ex", NULL), 0);
	store_outbox_end(store, items[0].delivery, OUTBOX_SENT, 0, "", NULL);
	assert_int_equal(store_outbox_own(store, DAY + 1, "d.ex", NULL), 1);
	assert_int_equal(store_outbox_own(store, DAY, "d.ex", NULL), 0);
	assert_int_equal(store_outbox_own(store, DAY + 1, "a.ex", NULL), 0);
	assert_int_equal(store_tlsrpt_forget(store, DAY + 1, NULL), 0);
	assert_int_equal(
	    store_outbox_next(store, TLSRPT_HTTPS, NOW, items, MOST, NULL), 0);
}

/* J10: as large as a report gets */
static void
a_large_report_is_kept(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_outbox(true);
	char *octets = xcalloc(1, LIMIT_TLSRPT_MADE);
	struct outbox_made made = {.row = {.day = DAY, .domain = "a.ex"},
	    .name = "n",
	    .body = octets,
	    .size = LIMIT_TLSRPT_MADE};
	size_t size;
	void *body;

	(void)state;
	assert_int_equal(store_outbox_make(store, &made, NULL), 0);
	body = store_outbox_find(store, DAY, "a.ex", &size, NULL);
	assert_int_equal(size, LIMIT_TLSRPT_MADE);
	free(body);
	free(octets);
}

static int
set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/tlsrpt.db", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(days_that_are_over_have_reports_to_be_made),
	    cmocka_unit_test(each_destination_is_a_delivery_of_its_own),
	    cmocka_unit_test(
		what_was_under_way_is_tried_again_and_what_was_sent_is_not),
	    cmocka_unit_test(of_too_many_reports_to_one_rua_the_rest_fails),
	    cmocka_unit_test(hosts_take_turns),
	    cmocka_unit_test(the_next_of_many_is_found_soon),
	    cmocka_unit_test(what_must_not_be_sent_is_not_hurried),
	    cmocka_unit_test(only_what_was_not_sent_is_hurried),
	    cmocka_unit_test(what_was_mailed_is_known),
	    cmocka_unit_test(a_large_report_is_kept),
	};

	return RUN_TESTS_WITH(tests, set_up, tear_down);
}
