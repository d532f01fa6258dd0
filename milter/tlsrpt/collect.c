/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: one thread takes datagrams from the inbox, reads them and
 * counts them in the book; every FLUSH_MS, or FLUSH_COUNT datagrams, it writes
 * the book.  It is the only one that does, so that who asks for what was
 * counted has it write first, and waits.
 *
 * Sessions count to the day on which they came, until that day is closed, a
 * minute after its midnight; what comes later for it, since a clock was set
 * back, counts to the next one.
 */
#include "milter/tlsrpt/collect.h"

#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"
#include "milter/tlsrpt/book.h"
#include "milter/tlsrpt/datagram.h"
#include "milter/tlsrpt/day_report.h"
#include "milter/tlsrpt/inbox.h"

enum {
	FLUSH_MS = 10 * 1000,
	FLUSH_COUNT = 1000,
	AGAIN_MS = 60 * 1000, /* a socket or store that could not be made */
	DROP_MS = 60 * 1000,  /* between two lines on the same loss */
	CLOSE_S = 60,         /* a day, after its end */
	SYNC_MS = 5 * 1000,   /* who asks waits for the disk */
	MEMBER_MS = 60 * 1000,
	GROUPS = 64,
};

/* Why sessions were lost. */
enum drop {
	DROP_MALFORMED,
	DROP_FULL,
	DROP_CUT,
	DROP_FOREIGN,
	DROP_UNSAVED,
	DROP_DOMAINS,
	DROPS
};
static const char *const drop_words[DROPS] = {
    "malformed", "queue-full", "too-large", "foreign", "store", "max-domains"};

/* Whether a user is of the group of the socket, as it was found last. */
struct membership {
	uid_t uid;
	bool is_member;
	int64_t until_ms;
};

static struct {
	bool running;
	pthread_t thread;
	char *path;  /* of the socket; NULL: none */
	gid_t group; /* of it */
	struct book *book;
	struct inbox *inbox; /* the thread's, but for nudges with lock */

	/* the thread's */
	int64_t open_day;
	int64_t flush_ms, again_ms;
	unsigned unwritten;
	bool told_socket, told_store;
	int64_t told_version; /* the day */
	struct membership member;
	struct {
		uint64_t count;
		int64_t said_ms;
	} drops[DROPS];

	struct lock lock; /* guards the rest */
	struct cond flushed;
	unsigned wanted, done; /* flushes */
	bool ending;
} collect;

static int64_t
day_now(void)
{
	return (int64_t)clock_wall_s() / CLOCK_DAY_S;
}

int64_t
collect_today(void)
{
	int64_t day;

	lock_take(&collect.lock);
	day = collect.open_day;
	lock_drop(&collect.lock);
	return day;
}

static void
print_day(int64_t day, char out[CLOCK_PRINT_SIZE])
{
	clock_print((time_t)(day * CLOCK_DAY_S), out);
	out[strcspn(out, "T")] = '\0';
}

/* --- what is lost --- */

static void
note_drop(enum drop drop, uint64_t count)
{
	int64_t now_ms = clock_mono_ms();

	collect.drops[drop].count += count;
	if (collect.drops[drop].count == 0 ||
	    (collect.drops[drop].said_ms != 0 &&
		now_ms < collect.drops[drop].said_ms + DROP_MS))
		return;
	report_tlsrpt_drop(drop_words[drop], collect.drops[drop].count);
	collect.drops[drop].said_ms = now_ms;
	collect.drops[drop].count = 0;
}

static void
note_lost(const struct inbox_lost *lost)
{
	uint64_t sum = lost->full + lost->cut;

	if (sum > 0) {
		book_count(collect.book, collect.open_day, BOOK_RECEIVED, sum);
		book_count(collect.book, collect.open_day, BOOK_DROPPED, sum);
	}
	note_drop(DROP_FULL, lost->full);
	note_drop(DROP_CUT, lost->cut);
}

static void
note_version(void)
{
	if (collect.told_version == collect.open_day)
		return;
	collect.told_version = collect.open_day;
	report_tlsrpt_trouble("version",
	    "sessions are told by a newer protocol than this Postern knows");
}

/* --- who tells --- */

static bool
find_membership(uid_t uid)
{
	char room[4096];
	struct passwd entry, *found = NULL;
	gid_t groups[GROUPS];
	int count = GROUPS;

	if (getpwuid_r(uid, &entry, room, sizeof(room), &found) != 0 ||
	    found == NULL)
		return false;
	if (getgrouplist(entry.pw_name, entry.pw_gid, groups, &count) < 0)
		count = GROUPS; /* those that fitted */
	for (int i = 0; i < count; i++)
		if (groups[i] == collect.group)
			return true;
	return false;
}

/* Whom the control socket would serve; see control_peer. */
static bool
may_tell(const struct inbox_datagram *datagram)
{
	int64_t now_ms = clock_mono_ms();

	if (datagram->uid == 0 || datagram->uid == geteuid() ||
	    datagram->gid == collect.group)
		return true;
	if (collect.member.uid != datagram->uid ||
	    now_ms >= collect.member.until_ms) {
		collect.member.uid = datagram->uid;
		collect.member.is_member = find_membership(datagram->uid);
		collect.member.until_ms = now_ms + MEMBER_MS;
	}
	return collect.member.is_member;
}

/* --- counting --- */

static bool
is_wanted_hop(const char *domain)
{
	AUTO(settings) struct settings *settings = service_settings();

	return !settings_lists_domain(&settings->internal_domains, domain) &&
	       !settings_lists_domain(&settings->tls_report_exclude, domain);
}

static void
count_session(int64_t day, const struct tlsrpt_session *session)
{
	if (!is_wanted_hop(session->domain))
		return;
	if (!book_add(collect.book, day, TLSRPT_SOURCE_MTA, session)) {
		book_count(collect.book, day, BOOK_DROPPED, 1);
		note_drop(DROP_UNSAVED, 1);
	}
}

static void
take_datagram(const struct inbox_datagram *datagram)
{
	AUTO(tlsrpt_session) struct tlsrpt_session *session = NULL;
	int64_t day = (int64_t)datagram->at / CLOCK_DAY_S;

	if (day < collect.open_day)
		day = collect.open_day;
	collect.unwritten++;
	book_count(collect.book, day, BOOK_RECEIVED, 1);
	if (!may_tell(datagram)) {
		book_count(collect.book, day, BOOK_FOREIGN, 1);
		note_drop(DROP_FOREIGN, 1);
		return;
	}
	switch (datagram_read(datagram->octets, datagram->size, &session)) {
	case DATAGRAM_GOOD:
		count_session(day, session);
		break;
	case DATAGRAM_NO_RUA:
		book_count(collect.book, day, BOOK_NO_RUA, 1);
		break;
	case DATAGRAM_VERSION:
		book_count(collect.book, day, BOOK_DROPPED, 1);
		note_version();
		break;
	case DATAGRAM_MALFORMED:
		book_count(collect.book, day, BOOK_DROPPED, 1);
		note_drop(DROP_MALFORMED, 1);
		break;
	}
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
		note_drop(DROP_DOMAINS, flushed->left_out);
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
	collect.done = wanted;
	cond_broadcast(&collect.flushed);
	lock_drop(&collect.lock);
	return rc;
}

static void
tell_day(int64_t day)
{
	struct report_tlsrpt_day told = {.received = 0};
	struct store_tlsrpt *store = book_store(collect.book);
	struct tlsrpt_day sums = {.received = 0};
	char text[CLOCK_PRINT_SIZE];

	if (store == NULL || store_tlsrpt_day(store, day, &sums, NULL) != 1)
		return;
	print_day(day, text);
	told.day = text;
	told.received = sums.received;
	told.domains = sums.domains;
	told.dropped = sums.dropped;
	told.norua = sums.norua;
	told.foreign = sums.foreign;
	report_tlsrpt_day(&told);
}

static void
forget_days(void)
{
	AUTO(settings) struct settings *settings = service_settings();
	struct store_tlsrpt *store = book_store(collect.book);
	int64_t days = settings->tls_report_keep_ms / 1000 / CLOCK_DAY_S;

	if (store != NULL)
		store_tlsrpt_forget(store, collect.open_day - days, NULL);
}

/* The day that is over, and what is too old. */
static void
close_day(void)
{
	int64_t now_s = (int64_t)clock_wall_s();
	int64_t day = (now_s - CLOSE_S) / CLOCK_DAY_S;

	if (day <= collect.open_day)
		return;
	if (flush_counts() == 0)
		tell_day(collect.open_day);
	lock_take(&collect.lock);
	collect.open_day = day;
	lock_drop(&collect.lock);
	forget_days();
}

/* --- the thread --- */

static void
open_inbox(void)
{
	struct err err = {.text = ""};
	struct inbox *inbox;
	struct stat status;

	if (collect.path == NULL || collect.inbox != NULL ||
	    clock_left_ms(collect.again_ms) > 0)
		return;
	collect.again_ms = clock_mono_ms() + AGAIN_MS;
	inbox = inbox_open(collect.path, &err);
	if (inbox == NULL) {
		if (!collect.told_socket)
			report_tlsrpt_trouble("socket", err.text);
		collect.told_socket = true;
		return;
	}
	collect.told_socket = false;
	collect.group =
	    stat(collect.path, &status) == 0 ? status.st_gid : getegid();
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

/* Whether more may have come than is counted before the book is written. */
static bool
receive_some(void)
{
	struct inbox_datagram datagram;
	struct inbox_lost lost;
	int64_t until_ms = clock_sooner_ms(collect.flush_ms, AGAIN_MS);
	int got;

	if (collect.inbox == NULL) {
		wait_without_inbox(until_ms);
		return false;
	}
	do {
		got = inbox_take(collect.inbox, until_ms, &datagram, &lost);
		note_lost(&lost);
		if (got == 1) {
			take_datagram(&datagram);
			free(datagram.octets);
		}
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
		close_day();
	}
	receive_last();
	flush_counts();
	return arg;
}

/* --- from outside --- */

int
collect_start(const struct settings *settings, struct err *err)
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
	if (settings->tls_report_socket != NULL)
		collect.path = xstrdup(settings->tls_report_socket);
	collect.open_day = day_now();
	collect.told_version = -1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&collect.thread, NULL, run_collect, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	collect.running = rc == 0;
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
		collect.running = false;
	}
	inbox_free(collect.inbox);
	collect.inbox = NULL;
	book_free(collect.book);
	collect.book = NULL;
	free(collect.path);
	collect.path = NULL;
}

/* What is counted is written; the store, or NULL with err. */
static struct store_tlsrpt *
write_counts(struct err *err)
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

int
collect_rows(const struct tlsrpt_query *query, struct tlsrpt_row *rows,
    int most, struct err *err)
{
	struct store_tlsrpt *store = write_counts(err);

	return store == NULL ? -1
			     : store_tlsrpt_rows(store, query, rows, most, err);
}

static char *
print_report(struct store_tlsrpt *store, int64_t day, const char *domain,
    struct err *err)
{
	AUTO(settings) struct settings *settings = service_settings();
	char id[STORE_TLSRPT_ID_SIZE];
	struct day_report report = {.day = day,
	    .domain = domain,
	    .organization = settings->tls_report_organization,
	    .contact = settings->tls_report_contact,
	    .store_id = id,
	    .minimal = settings->tls_report_details == TLS_DETAILS_MINIMAL};
	struct tlsrpt_tally **tallies;
	size_t count;
	char *text = NULL;

	if (report.organization == NULL)
		report.organization = "";
	if (report.contact == NULL)
		report.contact = "";
	if (store_tlsrpt_id(store, id, err) != 0 ||
	    store_tlsrpt_tallies(store, day, domain, &tallies, &count, err) !=
		0)
		return NULL;
	if (count > 0)
		text = day_report_print(&report, tallies, count);
	else
		err_set(err, ERR_DATA, "no session on that day");
	for (size_t i = 0; i < count; i++)
		tlsrpt_tally_free(tallies[i]);
	free(tallies);
	return text;
}

char *
collect_report(int64_t day, const char *domain, struct err *err)
{
	struct store_tlsrpt *store = write_counts(err);

	return store == NULL ? NULL : print_report(store, day, domain, err);
}
