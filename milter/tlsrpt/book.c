/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: what is new stands in a tree of tallies, by day, next hop and
 * policy, and in a short list of days.  book_flush takes both out, under the
 * lock, writes them without it, and puts them back where that fails, so that
 * those who count never wait for the disk.  Sums that come in meanwhile are
 * other tallies of the same key; nothing minds.
 */
#include "milter/tlsrpt/book.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/tlsrpt/day_report.h"

enum { DAYS = 4 }; /* that are counted between two flushes */

/* What is not written yet. */
struct news {
	void *tree; /* of tallies, by compare_tallies */
	size_t octets;
	size_t day_count;
	struct tlsrpt_day days[DAYS];
};

struct book {
	char *path;
	uint64_t max_domains;
	struct lock lock;
	struct news news; /* with lock */
	/* with lock; made and freed by book_flush and book_free alone */
	struct store_tlsrpt *store;
};

struct book *
book_new(const char *path, uint64_t max_domains)
{
	struct book *book = xcalloc(1, sizeof(*book));

	book->path = xstrdup(path);
	book->max_domains = max_domains;
	lock_init(&book->lock);
	return book;
}

static void
drop_tally(void *tally)
{
	tlsrpt_tally_free(tally);
}

void
book_free(struct book *book)
{
	if (book == NULL)
		return;
	tdestroy(book->news.tree, drop_tally);
	store_tlsrpt_free(book->store);
	lock_fini(&book->lock);
	free(book->path);
	free(book);
}

static int
compare_tallies(const void *left, const void *right)
{
	const struct tlsrpt_tally *a = left, *b = right;
	int order;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	order = strcmp(a->domain, b->domain);
	if (order == 0)
		order = (int)a->type - (int)b->type;
	if (order == 0)
		order = strcmp(a->policy_domain, b->policy_domain);
	return order == 0 ? strcmp(a->body, b->body) : order;
}

static void
add_days(struct tlsrpt_day *day, const struct tlsrpt_day *more)
{
	day->received += more->received;
	day->dropped += more->dropped;
	day->norua += more->norua;
	day->foreign += more->foreign;
}

/* A day for which there is no place is the last one there is: nobody counts
 * into so many. */
static struct tlsrpt_day *
find_day(struct news *news, int64_t day)
{
	for (size_t i = 0; i < news->day_count; i++)
		if (news->days[i].day == day || i == DAYS - 1)
			return &news->days[i];
	news->days[news->day_count] = (struct tlsrpt_day){.day = day};
	return &news->days[news->day_count++];
}

void
book_count(
    struct book *book, int64_t day, enum book_event event, uint64_t count)
{
	struct tlsrpt_day more = {.day = day};

	switch (event) {
	case BOOK_RECEIVED:
		more.received = count;
		break;
	case BOOK_DROPPED:
		more.dropped = count;
		break;
	case BOOK_NO_RUA:
		more.norua = count;
		break;
	case BOOK_FOREIGN:
		more.foreign = count;
		break;
	}
	lock_take(&book->lock);
	add_days(find_day(&book->news, day), &more);
	lock_drop(&book->lock);
}

static size_t
tally_octets(const struct tlsrpt_tally *tally)
{
	return sizeof(*tally) + strlen(tally->body) + 1 +
	       tally->failure_count * sizeof(*tally->failures);
}

/* How many there is room for where there are so many: it doubles, so that
 * adding one by one does not copy all of them each time. */
static size_t
room_for(size_t count)
{
	size_t room = 1;

	while (room < count)
		room *= 2;
	return room;
}

/* What one policy of a session comes to. */
static struct tlsrpt_tally *
tally_of(int64_t day, enum tlsrpt_source source, const char *domain,
    const struct tlsrpt_outcome *outcome)
{
	struct tlsrpt_tally *tally = xcalloc(1, sizeof(*tally));

	tally->day = day;
	text_copy(tally->domain, sizeof(tally->domain), domain);
	tally->type = outcome->type;
	text_copy(tally->policy_domain, sizeof(tally->policy_domain),
	    outcome->domain);
	tally->body = day_report_body(outcome);
	tally->ok = !outcome->failed && !outcome->counted_elsewhere;
	tally->failed = outcome->failed;
	tally->failures =
	    xcalloc(room_for(outcome->detail_count), sizeof(*tally->failures));
	for (size_t i = 0; i < outcome->detail_count; i++) {
		struct tlsrpt_failures *at = &tally->failures[i];

		at->source = source;
		at->detail = outcome->details[i];
		at->count = 1;
	}
	tally->failure_count = outcome->detail_count;
	return tally;
}

static bool
is_same_failure(
    const struct tlsrpt_failures *a, const struct tlsrpt_failures *b)
{
	return a->source == b->source && a->detail.result == b->detail.result &&
	       strcmp(a->detail.mx, b->detail.mx) == 0 &&
	       strcmp(a->detail.receiving, b->detail.receiving) == 0 &&
	       strcmp(a->detail.sending, b->detail.sending) == 0 &&
	       strcmp(a->detail.helo, b->detail.helo) == 0 &&
	       strcmp(a->detail.info, b->detail.info) == 0 &&
	       strcmp(a->detail.reason, b->detail.reason) == 0;
}

/* Only the last ones are compared: a host that fails does so alike, and the
 * store finds the others. */
enum { COMPARED = 16 };

static void
add_failures_to(struct tlsrpt_tally *tally, const struct tlsrpt_failures *more)
{
	size_t count = tally->failure_count;

	for (size_t i = count; i > 0 && count - i < COMPARED; i--)
		if (is_same_failure(&tally->failures[i - 1], more)) {
			tally->failures[i - 1].count += more->count;
			return;
		}
	if (count == room_for(count))
		tally->failures = xrealloc(tally->failures, room_for(count + 1),
		    sizeof(*tally->failures));
	tally->failures[tally->failure_count++] = *more;
}

/* R05: the same failure twice in one session is one. */
static void
merge_session_failures(struct tlsrpt_tally *tally)
{
	size_t kept = 0;

	for (size_t i = 0; i < tally->failure_count; i++) {
		size_t j = 0;

		while (j < kept && !is_same_failure(&tally->failures[j],
				       &tally->failures[i]))
			j++;
		if (j == kept)
			tally->failures[kept++] = tally->failures[i];
	}
	tally->failure_count = kept;
}

/* Takes tally. */
static void
enter_tally(struct news *news, struct tlsrpt_tally *tally)
{
	struct tlsrpt_tally **at = tsearch(tally, &news->tree, compare_tallies);
	size_t before;

	if (at == NULL)
		abort(); /* as xalloc: there is no memory */
	if (*at == tally) {
		news->octets += tally_octets(tally);
		return;
	}
	before = tally_octets(*at);
	(*at)->ok += tally->ok;
	(*at)->failed += tally->failed;
	for (size_t i = 0; i < tally->failure_count; i++)
		add_failures_to(*at, &tally->failures[i]);
	news->octets += tally_octets(*at) - before;
	tlsrpt_tally_free(tally);
}

bool
book_add(struct book *book, int64_t day, enum tlsrpt_source source,
    const struct tlsrpt_session *session)
{
	bool room;

	assert(session->outcome_count > 0);
	lock_take(&book->lock);
	room = book->news.octets < LIMIT_TLSRPT_UNSAVED;
	for (size_t i = 0; i < session->outcome_count && room; i++) {
		struct tlsrpt_tally *tally = tally_of(
		    day, source, session->domain, &session->outcomes[i]);

		merge_session_failures(tally);
		enter_tally(&book->news, tally);
	}
	lock_drop(&book->lock);
	return room;
}

/* --- writing --- */

/* The tallies of a tree, in its order. */
struct gathered {
	size_t count;
	struct tlsrpt_tally **tallies;
};

static void
gather_tally(const void *node, VISIT visit, void *arg)
{
	struct gathered *gathered = arg;

	if (visit != postorder && visit != leaf)
		return;
	gathered->tallies = xrealloc(
	    gathered->tallies, gathered->count + 1, sizeof(*gathered->tallies));
	gathered->tallies[gathered->count++] =
	    *(struct tlsrpt_tally *const *)node;
}

static void
keep_tally(void *tally)
{
	(void)tally; /* it is elsewhere now */
}

static struct news
take_news(struct book *book)
{
	struct news news;

	lock_take(&book->lock);
	news = book->news;
	memset(&book->news, 0, sizeof(book->news));
	lock_drop(&book->lock);
	return news;
}

static void
give_back(
    struct book *book, const struct news *news, const struct gathered *gathered)
{
	lock_take(&book->lock);
	for (size_t i = 0; i < news->day_count; i++)
		add_days(
		    find_day(&book->news, news->days[i].day), &news->days[i]);
	for (size_t i = 0; i < gathered->count; i++)
		enter_tally(&book->news, gathered->tallies[i]);
	lock_drop(&book->lock);
}

static int
open_counts(struct book *book, bool *renamed, struct err *err)
{
	struct store_tlsrpt *store;

	if (book->store != NULL)
		return 0;
	store = store_tlsrpt_open(book->path, renamed, err);
	lock_take(&book->lock);
	book->store = store;
	lock_drop(&book->lock);
	return store == NULL ? -1 : 0;
}

int
book_flush(struct book *book, struct book_flushed *flushed, struct err *err)
{
	struct gathered gathered = {0, NULL};
	struct tlsrpt_batch batch;
	struct news news;
	int rc;

	memset(flushed, 0, sizeof(*flushed));
	if (open_counts(book, &flushed->renamed, err) != 0)
		return -1;
	news = take_news(book);
	twalk_r(news.tree, gather_tally, &gathered);
	tdestroy(news.tree, keep_tally);
	batch = (struct tlsrpt_batch){
	    news.day_count, news.days, gathered.count, gathered.tallies};
	rc = store_tlsrpt_add(
	    book->store, &batch, book->max_domains, &flushed->left_out, err);
	if (rc != 0)
		give_back(book, &news, &gathered);
	for (size_t i = 0; i < gathered.count && rc == 0; i++)
		tlsrpt_tally_free(gathered.tallies[i]);
	free(gathered.tallies);
	return rc;
}

struct store_tlsrpt *
book_store(struct book *book)
{
	struct store_tlsrpt *store;

	lock_take(&book->lock);
	store = book->store;
	lock_drop(&book->lock);
	return store;
}
