/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/translation.h"

#include <assert.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/xalloc.h"

/* RFC 7050 section 8.2 */
static const char well_known_name[] = "ipv4only.arpa";

enum {
	LEAST_S = 60,
	MOST_S = 3600,
	FAILED_S = 10,
};

/* Who waits for the first answer. */
struct watcher {
	cache_ready *ready;
	void *arg;
};

struct translation {
	struct dns *dns;
	struct lock lock;
	struct cond answered;
	/* with lock */
	bool asking;
	bool tried;
	int64_t due_ms;
	struct nat64 known;
	struct watcher *watchers;
	size_t watcher_count;
};

struct translation *
translation_new(struct dns *dns)
{
	struct translation *translation = xcalloc(1, sizeof(*translation));

	translation->dns = dns;
	lock_init(&translation->lock);
	cond_init(&translation->answered);
	return translation;
}

void
translation_free(struct translation *translation)
{
	if (translation == NULL)
		return;
	assert(!translation->asking && translation->watcher_count == 0);
	cond_fini(&translation->answered);
	lock_fini(&translation->lock);
	free(translation);
}

static void
read_nat64(const struct dns_answer *answer, struct nat64 *out)
{
	struct address addresses[LIMIT_DNS_RECORDS];
	size_t count = 0;

	for (size_t i = 0; i < answer->count && count < LIMIT_DNS_RECORDS;
	     i++) {
		if (answer->records[i].size != 16)
			continue;
		addresses[count].family = AF_INET6;
		addresses[count].size = 16;
		memcpy(addresses[count++].octets, answer->records[i].data, 16);
	}
	nat64_find(addresses, count, out);
}

/* How long an answer stands.  What the caller's own deadline has cut off says
 * nothing: the next one asks again. */
static int64_t
standing_ms(const struct lookup *lookup, int64_t deadline_ms)
{
	int64_t ttl_s = lookup->ttl_s;

	if (lookup_failed(lookup))
		return clock_left_ms(deadline_ms) == 0 ? 0 : FAILED_S * 1000;
	if (ttl_s < LEAST_S)
		ttl_s = LEAST_S;
	return (ttl_s > MOST_S ? MOST_S : ttl_s) * 1000;
}

static void
tell_waiting(struct watcher *watchers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		watchers[i].ready(watchers[i].arg, NULL);
	free(watchers);
}

static void
note_answer(struct translation *translation, const struct dns_answer *answer,
    int64_t deadline_ms)
{
	struct watcher *watchers;
	struct nat64 found;
	size_t count;

	read_nat64(answer, &found);
	lock_take(&translation->lock);
	assert(translation->asking);
	if (!lookup_failed(&answer->lookup))
		translation->known = found;
	translation->tried = true;
	translation->asking = false;
	translation->due_ms =
	    clock_mono_ms() + standing_ms(&answer->lookup, deadline_ms);
	cond_broadcast(&translation->answered);
	watchers = translation->watchers;
	count = translation->watcher_count;
	translation->watchers = NULL;
	translation->watcher_count = 0;
	lock_drop(&translation->lock);
	tell_waiting(watchers, count);
}

unsigned
translation_watch(
    struct translation *translation, cache_ready *ready, void *arg)
{
	size_t *count;
	bool waits;

	if (translation == NULL)
		return 0;
	count = &translation->watcher_count;
	lock_take(&translation->lock);
	waits = translation->asking && !translation->tried;
	if (waits) {
		translation->watchers = xrealloc(
		    translation->watchers, *count + 1, sizeof(struct watcher));
		translation->watchers[(*count)++] =
		    (struct watcher){ready, arg};
	}
	lock_drop(&translation->lock);
	return waits ? 1 : 0;
}

struct dns_query *
translation_ask(struct translation *translation, int64_t deadline_ms)
{
	bool mine;

	if (translation == NULL)
		return NULL;
	lock_take(&translation->lock);
	mine = !translation->asking && clock_mono_ms() >= translation->due_ms;
	translation->asking |= mine;
	lock_drop(&translation->lock);
	if (!mine)
		return NULL;
	return dns_ask(translation->dns, well_known_name, DNS_AAAA,
	    clock_sooner_ms(deadline_ms, TRANSLATION_WAIT_MS));
}

void
translation_learn(struct translation *translation, struct dns_query *query,
    int64_t deadline_ms, struct nat64 *out)
{
	int64_t until_ms = clock_sooner_ms(deadline_ms, TRANSLATION_WAIT_MS);

	*out = (struct nat64){.count = 0};
	if (translation == NULL)
		return;
	if (query != NULL) {
		AUTO(dns_answer) struct dns_answer *answer = dns_await(query);

		note_answer(translation, answer, deadline_ms);
	}
	lock_take(&translation->lock);
	while (translation->asking && !translation->tried)
		if (!cond_wait_until(
			&translation->answered, &translation->lock, until_ms))
			break;
	*out = translation->known;
	lock_drop(&translation->lock);
}
