/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/courier.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/serve/service.h"
#include "milter/tlsrpt/delivery.h"
#include "t/unit/made.h"
#include "t/unit/tap.h"

enum { MOST = 8, MANY = 40 };

/* --- in place of the service, and of who delivers --- */

static unsigned delivery_tries;
static enum delivery_outcome delivery_outcome;
static bool delivery_locks; /* the store cannot be written when it ends */
static sqlite3 *other_hand;

void
service_hold(struct service_hold *held)
{
	memset(held, 0, sizeof(*held));
}

void
service_let_go(struct service_hold *held)
{
	assert_null(held->settings);
}

static void
lock_store(void)
{
	assert_int_equal(sqlite3_open(maker_db, &other_hand), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(other_hand, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
}

static void
unlock_store(void)
{
	assert_int_equal(sqlite3_close(other_hand), SQLITE_OK);
}

void
delivery_try(const struct settings *settings, struct engine *engine,
    const struct outbox_item *item, const struct delivery_body *body,
    const atomic_bool *ended, struct delivery_end *end)
{
	assert_null(settings);
	assert_null(engine);
	assert_true(item->first > 0);
	assert_true(body->size > 0);
	assert_false(atomic_load(ended));
	memset(end, 0, sizeof(*end));
	end->outcome = delivery_outcome;
	delivery_tries++;
	if (delivery_locks)
		lock_store();
}

/* --- what is due --- */

static atomic_bool over, cut;

static struct courier
new_courier(void)
{
	delivery_tries = 0;
	delivery_locks = false;
	delivery_outcome = DELIVERY_TAKEN;
	atomic_store(&over, false);
	return (struct courier){
	    .scheme = TLSRPT_MAILTO, .over = &over, .cut = &cut};
}

static int64_t
today_now(void)
{
	return (int64_t)clock_wall_s() / CLOCK_DAY_S;
}

/* The reports that there are go to a host each. */
static void
plan_each(void)
{
	struct outbox_item items[MOST];
	int64_t now = (int64_t)clock_wall_s();
	int count;

	while ((count = store_outbox_due(
		    maker_store, now + CLOCK_DAY_S, items, MOST, NULL)) > 0)
		for (int i = 0; i < count; i++) {
			char text[LIMIT_DOMAIN_SIZE + 64];
			struct sts_txt txt = {text, 0};
			struct tlsrpt_record record;

			txt.length = (size_t)snprintf(text, sizeof(text),
			    "v=TLSRPTv1;rua=mailto:tls@%s",
			    items[i].row.domain);
			record = tlsrpt_record_select(&txt, 1, NULL, NULL);
			assert_int_equal(store_outbox_plan(maker_store,
					     &items[i], &record, now, 9, NULL),
			    0);
		}
}

static void
make_one(void)
{
	add_sums(yesterday, "a.ex", 1, 1, 0);
	make_all("");
	plan_each();
}

/* What came of the only report: its deliveries that are under way or to be
 * tried, and those that were taken. */
static void
assert_row(unsigned left, unsigned taken)
{
	struct tlsrpt_query query = {.day = TLSRPT_ALL_DAYS, .domain = "a.ex"};
	struct tlsrpt_row row;

	assert_int_equal(
	    store_tlsrpt_rows(maker_store, &query, &row, 1, NULL), 1);
	assert_int_equal(row.waiting, left);
	assert_int_equal(row.sent, taken);
}

/* F03: a store that cannot be written for a moment has nothing sent twice, nor
 * left until a restart */
static void
what_came_of_a_try_is_noted_later(void **state)
{
	static const enum delivery_outcome outcomes[] = {
	    DELIVERY_TAKEN, DELIVERY_REFUSED, DELIVERY_LATER};

	for (size_t i = 0; i < COUNT(outcomes); i++) {
		bool later = outcomes[i] == DELIVERY_LATER;
		struct courier courier = new_courier();
		int64_t soonest;

		make_one();
		delivery_outcome = outcomes[i];
		delivery_locks = true;
		assert_false(
		    courier_deliver(&courier, maker_store, today_now()));
		assert_false(
		    courier_deliver(&courier, maker_store, today_now()));
		unlock_store();
		assert_row(1, 0);
		assert_false(
		    courier_deliver(&courier, maker_store, today_now()));
		assert_int_equal(delivery_tries, 1);
		assert_row(later, outcomes[i] == DELIVERY_TAKEN);
		soonest = store_outbox_soonest(maker_store, TLSRPT_MAILTO);
		assert_int_equal(soonest > (int64_t)clock_wall_s(), later);
		close_outbox_store(state);
		open_outbox_store(state);
	}
}

/* F03 */
static void
no_try_begins_that_cannot_be_noted(void **state)
{
	struct courier courier = new_courier();

	(void)state;
	make_one();
	lock_store();
	assert_false(courier_deliver(&courier, maker_store, today_now()));
	assert_int_equal(delivery_tries, 0);
	unlock_store();
	assert_true(courier_deliver(&courier, maker_store, today_now()));
	assert_int_equal(delivery_tries, 1);
	assert_row(0, 1);
}

/* S03 F07: one of each host, without the store being asked for each */
static void
many_hosts_are_served_in_one_turn(void **state)
{
	struct courier courier = new_courier();

	(void)state;
	for (int i = 0; i < MANY; i++) {
		char domain[32];

		snprintf(domain, sizeof(domain), "d%02d.ex", i / 2);
		add_sums(yesterday - i % 2, domain, 1, 1, 0);
	}
	make_all("");
	plan_each();
	assert_true(courier_deliver(&courier, maker_store, today_now()));
	assert_int_equal(delivery_tries, MANY / 2);
	assert_false(courier.paced);
	assert_false(courier_deliver(&courier, maker_store, today_now()));
	assert_true(courier.paced); /* a second to one host */
	assert_int_equal(delivery_tries, MANY / 2);
}

/* F09 */
static void
at_the_end_no_try_begins(void **state)
{
	struct courier courier = new_courier();

	(void)state;
	make_one();
	atomic_store(&over, true);
	assert_false(courier_deliver(&courier, maker_store, today_now()));
	assert_int_equal(delivery_tries, 0);
}

/* F05: unless somebody wants it; by the clock of the counts */
static void
what_nobody_tried_for_two_days_expires(void **state)
{
	struct courier courier = new_courier();

	(void)state;
	make_one();
	clock_shift(2 * CLOCK_DAY_S + 1);
	assert_true(courier_deliver(&courier, maker_store, today_now()));
	assert_int_equal(delivery_tries, 0);
	assert_row(0, 0);
	assert_string_equal(made_log, "made a.ex 1/0 \nexpired a.ex 1/0 \n");
	assert_false(courier_deliver(&courier, maker_store, today_now()));
	store_outbox_hurry(maker_store, TLSRPT_ALL_DAYS, NULL,
	    (int64_t)clock_wall_s(), false, NULL);
	assert_true(courier_deliver(&courier, maker_store, today_now()));
	assert_int_equal(delivery_tries, 1);
	assert_row(0, 1);
}

static void
a_clock_that_is_ahead_has_it_tried(void **state)
{
	struct courier courier = new_courier();

	(void)state;
	make_one();
	clock_shift(9 * CLOCK_DAY_S);
	assert_true(courier_deliver(&courier, maker_store, yesterday + 1));
	assert_int_equal(delivery_tries, 1);
	assert_row(0, 1);
}

int
main(void)
{
	static const struct CMUnitTest courier[] = {
	    MADE_TEST(what_came_of_a_try_is_noted_later),
	    MADE_TEST(no_try_begins_that_cannot_be_noted),
	    MADE_TEST(many_hosts_are_served_in_one_turn),
	    MADE_TEST(at_the_end_no_try_begins),
	    MADE_TEST(what_nobody_tried_for_two_days_expires),
	    MADE_TEST(a_clock_that_is_ahead_has_it_tried),
	};

	return RUN_TESTS(courier);
}
