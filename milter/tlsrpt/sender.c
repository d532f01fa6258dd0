/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: two threads, so that web servers that take their time hold up
 * no mail.  Both take one delivery at a time out of the store, note there that
 * a try begins, make it, and note what came of it.  The one that mails also
 * makes the reports of a day that is over, and looks up where they go.  Each
 * sleeps until something of its own is due, a minute at most, or it is woken:
 * by the other, which has planned deliveries, by sender_hurry, or at the end.
 */
#include "milter/tlsrpt/sender.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "milter/conf/settings_reports.h"
#include "milter/serve/own_mail.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"
#include "milter/tlsrpt/collect.h"
#include "milter/tlsrpt/delivery.h"
#include "milter/tlsrpt/due.h"
#include "milter/tlsrpt/maker.h"
#include "milter/tlsrpt/outcome_line.h"
#include "milter/tlsrpt/pace.h"

enum {
	SLEEP_MS = 60 * 1000,
	PACED_MS = 1000,
	LAST_MS = 10 * 1000, /* of a try that is under way at the end */
	HOSTS = PACE_HOSTS,
};

/* One of the two threads. */
struct courier {
	enum tlsrpt_scheme scheme;
	pthread_t thread;
	bool running;
	struct pace pace;
	bool paced; /* what is due must wait a moment */
};

static struct {
	struct courier couriers[2];
	atomic_bool cut; /* tries that are under way are to end */

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

/* Until something is due by scheme, or there is another turn than that; not
 * long at the start, when it is not known yet which days are over. */
static void
sleep_until_due(
    struct courier *courier, struct store_tlsrpt *store, unsigned turn)
{
	int64_t at =
	    store == NULL ? -1 : store_outbox_soonest(store, courier->scheme);
	int64_t left_s = at - (int64_t)clock_wall_s();
	int64_t until_ms = clock_mono_ms() + SLEEP_MS;

	if (courier->paced || collect_closed_before() == 0)
		until_ms = clock_mono_ms() + PACED_MS;
	else if (at >= 0 && left_s * 1000 < SLEEP_MS)
		until_ms = clock_mono_ms() + (left_s < 1 ? 1 : left_s) * 1000;
	lock_take(&sender.lock);
	while (!sender.ending && sender.turn == turn)
		if (!cond_wait_until(&sender.woken, &sender.lock, until_ms))
			break;
	lock_drop(&sender.lock);
}

/* --- one try --- */

static void
settle_try(struct store_tlsrpt *store, struct outbox_item *item, int64_t begun,
    const struct delivery_end *end)
{
	enum outbox_delivery state = OUTBOX_SENT;
	int64_t due = 0, now = (int64_t)clock_wall_s();
	const char *action = "sent";

	item->tries++;
	if (item->first == 0)
		item->first = begun;
	switch (end->outcome) {
	case DELIVERY_TAKEN:
		break;
	case DELIVERY_REFUSED:
		state = OUTBOX_FAILED;
		action = "failed";
		break;
	case DELIVERY_LATER:
		state = due_again(item->tries, item->first, now,
			    (uint32_t)clock_mono_ms() + (uint32_t)item->report,
			    end->asked_s, &due)
			    ? OUTBOX_RETRY
			    : OUTBOX_EXPIRED;
		action = state == OUTBOX_RETRY ? "retry" : "expired";
		break;
	}
	/* where this cannot be written it is tried again after a restart */
	store_outbox_end(store, item->delivery, state, due, end->why, NULL);
	outcome_line_try(action, item, end->untrusted,
	    end->why[0] == '\0' || state == OUTBOX_SENT ? NULL : end->why);
}

static bool
try_item(struct store_tlsrpt *store, struct courier *courier,
    struct outbox_item *item)
{
	int64_t now = (int64_t)clock_wall_s();
	struct service_hold held;
	struct delivery_end end;
	struct delivery_body body;
	void *octets;

	if (store_outbox_begin(store, item->delivery, now, NULL) != 0)
		return false;
	octets = store_outbox_body(store, item->report, &body.size, NULL);
	if (octets == NULL)
		return false; /* SENDING, until a restart finds it so */
	body.octets = octets;
	pace_note(&courier->pace, item->rua.host, clock_mono_ms());
	service_hold(&held);
	delivery_try(
	    held.settings, held.engine, item, &body, &sender.cut, &end);
	service_let_go(&held);
	free(octets);
	settle_try(store, item, now, &end);
	return true;
}

/* Whether there may be more to do at once. */
static bool
deliver_next(struct store_tlsrpt *store, struct courier *courier)
{
	struct outbox_item items[HOSTS];
	int count = store_outbox_next(store, courier->scheme,
	    (int64_t)clock_wall_s(), items, HOSTS, NULL);

	courier->paced = false;
	for (int i = 0; i < count; i++)
		if (pace_allows(
			&courier->pace, items[i].rua.host, clock_mono_ms()))
			return try_item(store, courier, &items[i]);
	courier->paced = count > 0;
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

	if (!recover_once(store))
		return false;
	service_hold(&held);
	if (settings_send_reports(held.settings))
		more = maker_make(&sender.maker, store, held.settings,
		    collect_closed_before());
	if (settings_send_reports(held.settings))
		more |= maker_plan(store, held.settings, held.engine);
	service_let_go(&held);
	if (more)
		wake_couriers();
	return more;
}

/* --- the threads --- */

static void *
run_courier(void *arg)
{
	struct courier *courier = arg;

	while (is_sending()) {
		unsigned turn = turn_of_sender();
		struct store_tlsrpt *store = collect_store();
		bool more = false;

		if (store != NULL && courier->scheme == TLSRPT_MAILTO)
			more = make_some(store);
		if (store != NULL)
			more |= deliver_next(store, courier);
		if (!more)
			sleep_until_due(courier, store, turn);
	}
	lock_take(&sender.lock);
	sender.at_work--;
	cond_broadcast(&sender.woken);
	lock_drop(&sender.lock);
	return NULL;
}

static bool
start_courier(struct courier *courier)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	courier->running =
	    pthread_create(&courier->thread, NULL, run_courier, courier) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (courier->running)
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
	sender.couriers[0].scheme = TLSRPT_MAILTO;
	sender.couriers[1].scheme = TLSRPT_HTTPS;
	sender.at_work = 2;
	if (start_courier(&sender.couriers[0]) &&
	    start_courier(&sender.couriers[1]))
		return 0;
	return err_set(err, ERR_LOCAL, "cannot start a thread");
}

void
sender_stop(void)
{
	int64_t deadline_ms = clock_mono_ms() + LAST_MS;

	if (!sender.couriers[0].running)
		return;
	lock_take(&sender.lock);
	sender.ending = true;
	cond_broadcast(&sender.woken);
	while (sender.at_work > 0)
		if (!cond_wait_until(&sender.woken, &sender.lock, deadline_ms))
			break;
	lock_drop(&sender.lock);
	atomic_store(&sender.cut, true);
	for (size_t i = 0; i < 2; i++)
		if (sender.couriers[i].running)
			pthread_join(sender.couriers[i].thread, NULL);
	sender.couriers[0].running = false;
	sender.couriers[1].running = false;
}

int
sender_hurry(int64_t day, const char *domain, bool again, struct err *err)
{
	struct store_tlsrpt *store;

	if (!sender.couriers[0].running)
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
