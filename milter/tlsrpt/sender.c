/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: two threads, so that web servers that take their time hold up
 * no mail.  Each has a courier, who delivers what is due in the store.  The one
 * that mails also makes the reports of a day that is over, and looks up where
 * they go: some of them, then it mails for as long as that may take.  Each
 * sleeps until something of its own is due, a minute at most, or it is woken:
 * by the other, which has planned deliveries, by sender_hurry, or at the end.
 */
#include "milter/tlsrpt/sender.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "milter/conf/settings_reports.h"
#include "milter/serve/own_mail.h"
#include "milter/serve/service.h"
#include "milter/tlsrpt/collect.h"
#include "milter/tlsrpt/courier.h"
#include "milter/tlsrpt/maker.h"

enum {
	SLEEP_MS = 60 * 1000,
	PACED_MS = 1000,
	STUCK_MS = 5 * 1000, /* until the store is written to again */
	ROUND_MS = 20 * 1000,
	LAST_MS = 10 * 1000, /* of a try that is under way at the end */
};

/* One of the two threads. */
struct sending {
	struct courier courier;
	pthread_t thread;
	bool running;
};

static struct {
	struct sending threads[2];
	atomic_bool over; /* no try begins any more */
	atomic_bool cut;  /* tries that are under way are to end */

	/* the mailing thread's */
	struct maker maker;
	bool recovered;

	struct lock lock; /* guards the rest */
	struct cond woken;
	unsigned turn; /* something is to be looked at */
	unsigned at_work;
	bool ending;
} sender;

/* --- sleeping --- */

static bool
is_sending(void)
{
	bool on;

	lock_take(&sender.lock);
	on = !sender.ending;
	lock_drop(&sender.lock);
	return on;
}

static unsigned
turn_of_sender(void)
{
	unsigned turn;

	lock_take(&sender.lock);
	turn = sender.turn;
	lock_drop(&sender.lock);
	return turn;
}

static void
wake_couriers(void)
{
	lock_take(&sender.lock);
	sender.turn++;
	cond_broadcast(&sender.woken);
	lock_drop(&sender.lock);
}

/* Not long at the start, when it is not known yet which days are over. */
static int64_t
sleep_ms(const struct courier *courier, struct store_tlsrpt *store)
{
	int64_t at, left_s;

	if (courier->paced || collect_closed_before() == 0)
		return PACED_MS;
	at = store == NULL ? -1 : store_outbox_soonest(store, courier->scheme);
	left_s = at - (int64_t)clock_wall_s();
	if ((at < 0 || left_s * 1000 > SLEEP_MS) && !courier->owed.any)
		return SLEEP_MS;
	return left_s > 0 && !courier->owed.any ? left_s * 1000 : STUCK_MS;
}

/* Until something is due in the store, which may be NULL, or there is another
 * turn than that. */
static void
sleep_until_due(
    const struct courier *courier, struct store_tlsrpt *store, unsigned turn)
{
	int64_t until_ms = clock_mono_ms() + sleep_ms(courier, store);

	lock_take(&sender.lock);
	while (!sender.ending && sender.turn == turn)
		if (!cond_wait_until(&sender.woken, &sender.lock, until_ms))
			break;
	lock_drop(&sender.lock);
}

/* --- delivering --- */

static bool
is_to_send(void)
{
	struct service_hold held;
	bool on;

	service_hold(&held);
	on = settings_send_reports(held.settings);
	service_let_go(&held);
	return on;
}

/* Whether there may be more to do at once.  A round takes as long as the
 * lookups of one may, or as a try. */
static bool
deliver_round(struct store_tlsrpt *store, struct courier *courier)
{
	int64_t until_ms = clock_mono_ms() + ROUND_MS;

	while (courier_deliver(courier, store, collect_today()))
		if (clock_left_ms(until_ms) == 0)
			return true;
	return false;
}

/* --- making --- */

static void
note_own_mail(void *arg, const char *address, int64_t tried)
{
	(void)arg;
	own_mail_add(address, tried);
}

/* What was under way when we ended is tried again, and what was handed over
 * may still come by. */
static bool
recover_once(struct store_tlsrpt *store)
{
	int64_t since = (int64_t)clock_wall_s() - CLOCK_DAY_S;

	if (!sender.recovered)
		sender.recovered = store_outbox_recover(store, NULL) == 0 &&
				   store_outbox_mailed(store, since,
				       note_own_mail, NULL, NULL) == 0;
	return sender.recovered;
}

/* Whether there may be more to do at once. */
static bool
make_some(struct store_tlsrpt *store)
{
	struct service_hold held;
	bool more = false;

	service_hold(&held);
	more = maker_make(
	    &sender.maker, store, held.settings, collect_closed_before());
	more |= maker_plan(store, held.settings, held.engine, collect_today());
	service_let_go(&held);
	if (more)
		wake_couriers();
	return more;
}

/* --- the threads --- */

static void *
run_sending(void *arg)
{
	struct courier *courier = &((struct sending *)arg)->courier;

	while (is_sending()) {
		unsigned turn = turn_of_sender();
		struct store_tlsrpt *store = collect_store();
		bool mails = courier->scheme == TLSRPT_MAILTO, more = false;
		bool on = store != NULL && (!mails || recover_once(store)) &&
			  is_to_send();

		if (on && mails)
			more = make_some(store);
		if (on)
			more |= deliver_round(store, courier);
		if (!more)
			sleep_until_due(courier, on ? store : NULL, turn);
	}
	if (collect_store() != NULL) /* what is still owed to it */
		courier_deliver(courier, collect_store(), collect_today());
	lock_take(&sender.lock);
	sender.at_work--;
	cond_broadcast(&sender.woken);
	lock_drop(&sender.lock);
	return NULL;
}

static bool
start_sending(struct sending *thread, enum tlsrpt_scheme scheme)
{
	sigset_t all, before;

	thread->courier.scheme = scheme;
	thread->courier.over = &sender.over;
	thread->courier.cut = &sender.cut;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	thread->running =
	    pthread_create(&thread->thread, NULL, run_sending, thread) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (thread->running)
		return true;
	lock_take(&sender.lock);
	sender.at_work--;
	lock_drop(&sender.lock);
	return false;
}

int
sender_start(const struct settings *settings, struct err *err)
{
	lock_init(&sender.lock);
	cond_init(&sender.woken);
	if (settings->tls_reports != TLS_REPORTS_YES)
		return 0;
	sender.at_work = 2;
	if (start_sending(&sender.threads[0], TLSRPT_MAILTO) &&
	    start_sending(&sender.threads[1], TLSRPT_HTTPS))
		return 0;
	return err_set(err, ERR_LOCAL, "cannot start a thread");
}

void
sender_stop(void)
{
	int64_t deadline_ms = clock_mono_ms() + LAST_MS;

	if (!sender.threads[0].running)
		return;
	lock_take(&sender.lock);
	sender.ending = true;
	atomic_store(&sender.over, true);
	cond_broadcast(&sender.woken);
	while (sender.at_work > 0)
		if (!cond_wait_until(&sender.woken, &sender.lock, deadline_ms))
			break;
	lock_drop(&sender.lock);
	atomic_store(&sender.cut, true);
	for (size_t i = 0; i < 2; i++)
		if (sender.threads[i].running)
			pthread_join(sender.threads[i].thread, NULL);
	sender.threads[0].running = false;
	sender.threads[1].running = false;
}

int
sender_hurry(int64_t day, const char *domain, bool again, struct err *err)
{
	struct store_tlsrpt *store;

	if (!sender.threads[0].running)
		return err_set(
		    err, ERR_LOCAL, "nothing is sent without TLSReports yes");
	store = collect_write(err);
	if (store == NULL)
		return -1;
	if (store_outbox_hurry(
		store, day, domain, (int64_t)clock_wall_s(), again, err) != 0)
		return -1;
	wake_couriers();
	return 0;
}
