/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: one thread takes datagrams from the inbox, reads them and
 * counts them in the book; every FLUSH_MS, or FLUSH_COUNT datagrams, it writes
 * the book.  It is the only one that does, so that who asks for what was
 * counted has it write first, and waits.
 *
 * Sessions count to the day on which they came; see day_clock.h.
 */
#include "milter/tlsrpt/collect.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"
#include "milter/tlsrpt/book.h"
#include "milter/tlsrpt/day_end.h"
#include "milter/tlsrpt/inbox.h"
#include "milter/tlsrpt/inbox_tries.h"
#include "milter/tlsrpt/intake.h"

enum {
	FLUSH_MS = 10 * 1000,
	FLUSH_COUNT = 1000,
	SYNC_MS = 5 * 1000, /* who asks waits for the disk */
};

static struct {
	bool running;
	pthread_t thread;
	struct book *book;
	struct inbox *inbox; /* the thread's, but for nudges with lock */

	/* the thread's */
	int64_t flush_ms;
	struct inbox_tries tries;
	unsigned unwritten;
	bool told_store;
	struct intake intake;

	struct lock lock; /* guards the rest; that of the book is inside */
	struct cond flushed;
	struct day_clock days; /* which the thread alone turns */
	uint64_t unsaved;      /* own sessions that there was no room for */
	unsigned wanted, done; /* flushes */
	int64_t closed_before; /* all of the days before it is written */
	bool ending;
} collect;

int64_t
collect_today(void)
{
	int64_t day;

	lock_take(&collect.lock);
	day = collect.days.open;
	lock_drop(&collect.lock);
	return day;
}

int64_t
collect_closed_before(void)
{
	int64_t day;

	lock_take(&collect.lock);
	day = collect.closed_before;
	lock_drop(&collect.lock);
	return day;
}

struct store_tlsrpt *
collect_store(void)
{
	return collect.book == NULL ? NULL : book_store(collect.book);
}

/* --- writing --- */

static void
note_store(int rc, const struct book_flushed *flushed, const struct err *err)
{
	if (rc != 0 && !collect.told_store)
		report_tlsrpt_trouble("store", err->text);
	if (flushed->renamed)
		report_tlsrpt_trouble(
		    "store", "damaged, moved aside; counting begins anew");
	collect.told_store = rc != 0;
	if (flushed->left_out > 0)
		losses_note(&collect.intake.losses, FIGURES_LOSS_DOMAINS,
		    flushed->left_out);
}

static int
flush_counts(void)
{
	struct book_flushed flushed;
	struct err err = {.text = ""};
	unsigned wanted;
	int rc;

	lock_take(&collect.lock);
	wanted = collect.wanted;
	lock_drop(&collect.lock);
	rc = book_flush(collect.book, &flushed, &err);
	note_store(rc, &flushed, &err);
	collect.unwritten = 0;
	collect.flush_ms = clock_mono_ms() + FLUSH_MS;
	lock_take(&collect.lock);
	if (rc == 0)
		collect.closed_before = day_clock_over(&collect.days);
	collect.done = wanted;
	cond_broadcast(&collect.flushed);
	lock_drop(&collect.lock);
	return rc;
}

static void
end_day(int64_t closed, bool is_written)
{
	AUTO(settings) struct settings *settings = service_settings();
	struct store_tlsrpt *store = book_store(collect.book);

	if (store == NULL)
		return;
	if (is_written)
		day_end_tell(store, closed);
	day_end_forget(store, collect.days.open, settings);
}

/* What came until the day is over, or the clock is set right, is written
 * before. */
static void
turn_day(void)
{
	struct day_clock days = collect.days;
	int64_t closed;
	enum day_turn turn =
	    day_clock_turn(&days, clock_wall_s(), clock_mono_ms(), &closed);
	int rc = turn == DAY_STAYS ? 0 : flush_counts();

	lock_take(&collect.lock);
	collect.days = days;
	lock_drop(&collect.lock);
	if (turn == DAY_OVER)
		end_day(closed, rc == 0);
	if (turn == DAY_BACK)
		report_tlsrpt_trouble("clock",
		    "it was ahead: sessions count to the day that it shows "
		    "now");
	if (turn == DAY_AHEAD)
		report_tlsrpt_trouble("clock",
		    "it was set ahead: no day ends by it within an hour");
}

/* --- sessions of our own --- */

void
collect_count(enum tlsrpt_source source, const struct tlsrpt_session *session)
{
	AUTO(settings) struct settings *settings = service_settings();

	lock_take(&collect.lock);
	if (collect.running && !collect.ending &&
	    intake_wants(&collect.intake, settings, session->domain) &&
	    !book_add(collect.book, day_clock_of(&collect.days, clock_wall_s()),
		source, session))
		collect.unsaved++;
	lock_drop(&collect.lock);
}

static void
note_unsaved(void)
{
	uint64_t unsaved;

	lock_take(&collect.lock);
	unsaved = collect.unsaved;
	collect.unsaved = 0;
	lock_drop(&collect.lock);
	losses_note(&collect.intake.losses, FIGURES_LOSS_UNSAVED, unsaved);
}

/* --- the thread --- */

static void
open_inbox(void)
{
	struct inbox *inbox;

	if (collect.inbox != NULL)
		return;
	inbox = inbox_tries_open(&collect.tries, &collect.intake.group);
	if (inbox == NULL)
		return;
	lock_take(&collect.lock);
	collect.inbox = inbox;
	lock_drop(&collect.lock);
}

static bool
wants_flush(void)
{
	bool wanted;

	lock_take(&collect.lock);
	wanted = collect.wanted != collect.done;
	lock_drop(&collect.lock);
	return wanted || collect.unwritten >= FLUSH_COUNT ||
	       clock_left_ms(collect.flush_ms) == 0;
}

static bool
is_stopping(void)
{
	bool over;

	lock_take(&collect.lock);
	over = collect.ending;
	lock_drop(&collect.lock);
	return over;
}

/* Without a socket: until there is something to do. */
static void
wait_without_inbox(int64_t until_ms)
{
	lock_take(&collect.lock);
	while (!collect.ending && collect.wanted == collect.done)
		if (!cond_wait_until(&collect.flushed, &collect.lock, until_ms))
			break;
	lock_drop(&collect.lock);
}

/* By the settings that are in force when it is counted. */
static void
count_datagram_now(struct inbox_datagram *datagram)
{
	AUTO(settings) struct settings *settings = service_settings();

	intake_take(&collect.intake, datagram, &collect.days, settings);
	collect.unwritten++;
	free(datagram->octets);
}

/* Whether more may have come than is counted before the book is written. */
static bool
receive_some(void)
{
	struct inbox_datagram datagram;
	struct inbox_lost lost;
	int64_t until_ms = clock_sooner_ms(collect.flush_ms, INBOX_TRIES_MS);
	int got;

	if (collect.inbox == NULL) {
		wait_without_inbox(until_ms);
		return false;
	}
	do {
		got = inbox_take(collect.inbox, until_ms, &datagram, &lost);
		intake_lost(&collect.intake, &lost, collect.days.open);
		if (got == 1)
			count_datagram_now(&datagram);
	} while (got == 1 && collect.unwritten < FLUSH_COUNT);
	return got == 1;
}

/* All that has come, at the end. */
static void
receive_last(void)
{
	if (collect.inbox == NULL)
		return;
	inbox_wake(collect.inbox);
	while (receive_some())
		flush_counts();
}

static void *
run_collect(void *arg)
{
	while (!is_stopping()) {
		open_inbox();
		receive_some();
		if (wants_flush())
			flush_counts();
		note_unsaved();
		turn_day();
	}
	receive_last();
	flush_counts();
	return arg;
}

/* --- from outside --- */

int
collect_start(const struct settings *settings, const struct intake_hops *hops,
    struct err *err)
{
	char path[4096 + sizeof("/tlsrpt.db")];
	sigset_t all, before;
	int rc;

	lock_init(&collect.lock);
	cond_init(&collect.flushed);
	if (settings->tls_reports == TLS_REPORTS_NO)
		return 0;
	snprintf(
	    path, sizeof(path), "%.4095s/tlsrpt.db", settings->state_directory);
	collect.book =
	    book_new(path, (uint64_t)settings->tls_report_max_domains);
	inbox_tries_init(&collect.tries, settings->tls_report_socket);
	day_clock_start(&collect.days, clock_wall_s(), clock_mono_ms());
	collect.intake.hops = hops;
	collect.intake.book = collect.book;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&collect.thread, NULL, run_collect, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	lock_take(&collect.lock);
	collect.running = rc == 0;
	lock_drop(&collect.lock);
	if (rc == 0)
		return 0;
	collect_stop();
	return err_set(err, ERR_LOCAL, "cannot start a thread");
}

static void
wake_collect(void)
{
	lock_take(&collect.lock);
	cond_broadcast(&collect.flushed);
	if (collect.inbox != NULL)
		inbox_nudge(collect.inbox);
	lock_drop(&collect.lock);
}

void
collect_stop(void)
{
	if (collect.running) {
		lock_take(&collect.lock);
		collect.ending = true;
		lock_drop(&collect.lock);
		wake_collect();
		pthread_join(collect.thread, NULL);
		lock_take(&collect.lock);
		collect.running = false;
		lock_drop(&collect.lock);
	}
	inbox_free(collect.inbox);
	collect.inbox = NULL;
	book_free(collect.book);
	collect.book = NULL;
	inbox_tries_fini(&collect.tries);
}

struct store_tlsrpt *
collect_write(struct err *err)
{
	int64_t deadline_ms = clock_mono_ms() + SYNC_MS;
	struct store_tlsrpt *store;
	unsigned wanted;

	if (!collect.running) {
		err_set(err, ERR_LOCAL, "TLSReports no: nothing is counted");
		return NULL;
	}
	lock_take(&collect.lock);
	wanted = ++collect.wanted;
	lock_drop(&collect.lock);
	wake_collect();
	lock_take(&collect.lock);
	while ((int)(collect.done - wanted) < 0)
		if (!cond_wait_until(
			&collect.flushed, &collect.lock, deadline_ms))
			break;
	lock_drop(&collect.lock);
	store = book_store(collect.book);
	if (store == NULL)
		err_set(err, ERR_LOCAL, "the store cannot be opened");
	return store;
}
