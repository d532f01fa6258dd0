/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works.
 * 1. What is read is input: its signature over the key's name is checked here,
 *    and all else by who asks for it, whatever the store is.  Ten forged values
 *    a minute, and nothing is asked for ten minutes.
 * 2. What is put waits in a queue for a thread.  A policy makes way for a newer
 *    one of another host, which it finds there.
 */
#include "common/sts/share.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/shared_fields.h"

enum {
	MINUTE_MS = 60 * 1000,
	FORGED_A_MINUTE = 10,
	SHUT_MS = 10 * MINUTE_MS,

	LEASE_MS = 15 * 1000,
	/* Others are waited for so long, however slow the store is */
	PATIENCE_MS = 1000,
};

struct share {
	struct share_options options;
	char prefix[SHARE_PREFIX_SIZE];
	char host[LIMIT_DOMAIN_SIZE];
	struct graves *graves;
	struct share_queue *queue;

	struct lock lock; /* for all that follows */
	int64_t minute_ms, shut_until_ms;
	unsigned forged; /* in that minute */
	char digest[SHARED_DIGEST_SIZE];
};

void
share_tell(struct share *share, enum share_what what, const char *domain,
    const char *by, enum shared_fault fault)
{
	if (share->options.told != NULL)
		share->options.told(
		    share->options.arg, what, domain, by, fault);
}

const char *
share_host(const struct share *share)
{
	return share->host;
}

void
share_name(const struct share *share, const char *kind, const char *rest,
    char out[SHARE_NAME_SIZE])
{
	int length = snprintf(out, SHARE_NAME_SIZE, "%s:1:%s%s%s",
	    share->prefix, kind, rest[0] == '\0' ? "" : ":", rest);

	assert(length > 0 && length < SHARE_NAME_SIZE);
}

void
share_name_of(const struct share *share, const char *kind,
    const char *const *fields, size_t count, char out[SHARE_NAME_SIZE])
{
	char digest[SHARED_DIGEST_SIZE];

	shared_digest(fields, count, digest);
	share_name(share, kind, digest, out);
}

bool
share_has(const struct share *share, enum share_content content)
{
	return share != NULL && (share->options.content & content) != 0;
}

struct graves *
share_graves(struct share *share)
{
	return share->graves;
}

void
share_set_digest(struct share *share, const char *digest)
{
	lock_take(&share->lock);
	text_copy(share->digest, sizeof(share->digest), digest);
	lock_drop(&share->lock);
}

void
share_get_digest(struct share *share, char out[SHARED_DIGEST_SIZE])
{
	lock_take(&share->lock);
	memcpy(out, share->digest, SHARED_DIGEST_SIZE);
	lock_drop(&share->lock);
}

bool
share_is_open(struct share *share)
{
	bool shut;

	lock_take(&share->lock);
	shut = clock_left_ms(share->shut_until_ms) > 0;
	lock_drop(&share->lock);
	return !shut && shared_is_up(share->options.store);
}

/* --- what does not count --- */

/* Of forged values the first of a minute is told; true for the tenth. */
static bool
note_forged(struct share *share, bool *first)
{
	bool shut = false;

	lock_take(&share->lock);
	if (share->minute_ms == 0 ||
	    clock_mono_ms() - share->minute_ms > MINUTE_MS) {
		share->minute_ms = clock_mono_ms();
		share->forged = 0;
	}
	*first = share->forged == 0;
	if (++share->forged == FORGED_A_MINUTE) {
		share->shut_until_ms = clock_mono_ms() + SHUT_MS;
		shut = true;
	}
	lock_drop(&share->lock);
	return shut;
}

void
share_reject(struct share *share, const char *domain, const char *by,
    enum shared_fault fault)
{
	bool first = true, shut = false;

	assert(fault != SHARED_NO_FAULT);
	share->options.counts->rejected[fault]++;
	if (fault == SHARED_FAULT_MAC)
		shut = note_forged(share, &first);
	if (first)
		share_tell(share, SHARE_REJECTED, domain, by, fault);
	if (shut)
		share_tell(share, SHARE_SHUT, domain, by, fault);
}

const char *
share_open_value(struct share *share, const char *name,
    const struct resp *value, size_t *size, enum shared_fault *fault)
{
	*fault = SHARED_FAULT_SYNTAX;
	if (value->kind != RESP_TEXT)
		return NULL;
	return shared_value_verify(&share->options.keys, name, value->text,
	    value->length, size, fault);
}

char *
share_sign(const struct share *share, const char *name, const char *payload)
{
	return shared_value_sign(&share->options.keys, name, payload);
}

/* --- asking --- */

const char *
share_get(struct share *share, const char *name, struct resp **reply,
    size_t *size, enum shared_fault *fault)
{
	const struct resp_words words = {.count = 2, .items = {"GET", name}};
	enum shared_result result;

	*reply = NULL;
	*fault = SHARED_NO_FAULT;
	if (!share_is_open(share))
		return NULL;
	*reply =
	    shared_ask(share->options.store, SHARED_OP_GET, &words, &result);
	if (result != SHARED_RESULT_HIT)
		return NULL;
	return share_open_value(share, name, *reply, size, fault);
}

void
share_seek(
    struct share *share, const char *name, shared_answered *found, void *arg)
{
	const struct resp_words words = {.count = 2, .items = {"GET", name}};

	if (share_is_open(share))
		shared_begin(
		    share->options.store, SHARED_OP_GET, &words, found, arg);
	else
		found(arg, NULL, SHARED_RESULT_RESTED);
}

/* A host that comes back to what it has begun is not its own rival. */
static bool
is_own_lease(struct share *share, const char *name)
{
	struct resp_words words = {.count = 2, .items = {"GET", name}};
	enum shared_result result;
	struct resp *holder =
	    shared_ask(share->options.store, SHARED_OP_LEASE, &words, &result);
	bool own = holder != NULL && resp_is(holder, share->host);

	resp_free(holder);
	return own;
}

bool
share_claim(struct share *share, const char *const *fields, size_t count)
{
	char name[SHARE_NAME_SIZE], life[16];
	struct resp_words words = {
	    .count = 6, .items = {"SET", name, share->host, "NX", "PX", life}};
	enum shared_result result;

	if (!share_is_open(share))
		return true;
	snprintf(life, sizeof(life), "%d", LEASE_MS);
	share_name_of(share, "l", fields, count, name);
	resp_free(
	    shared_ask(share->options.store, SHARED_OP_LEASE, &words, &result));
	return result != SHARED_RESULT_MISS || is_own_lease(share, name);
}

int64_t
share_patience(int64_t deadline_ms)
{
	int half_ms = clock_left_ms(deadline_ms) / 2;

	return clock_mono_ms() +
	       (half_ms < PATIENCE_MS ? half_ms : PATIENCE_MS);
}

bool
share_await(struct share *share, unsigned look, int64_t until_ms)
{
	static const int looks_ms[] = {50, 100, 200, 400};
	struct timespec span = {.tv_sec = 0};

	if (look >= sizeof(looks_ms) / sizeof(looks_ms[0]) ||
	    clock_left_ms(until_ms) < looks_ms[look] || !share_is_open(share))
		return false;
	span.tv_nsec = looks_ms[look] * 1000000L;
	clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL);
	return true;
}

/* --- putting --- */

static void
put_value(void *arg, const struct share_put *put)
{
	struct share *share = arg;
	char until[24];
	struct resp_words words = {
	    .count = 5, .items = {"SET", put->name, NULL, "PXAT", until}};
	enum shared_result result;
	char *value;

	if (!share_is_open(share)) {
		share->options.counts->dropped++;
		return;
	}
	if (put->until_s <= clock_wall_s() ||
	    (put->policy != NULL && put->is_old(share, put->policy)))
		return;
	snprintf(until, sizeof(until), "%lld000", (long long)put->until_s);
	value = share_sign(share, put->name, put->payload);
	words.items[2] = value;
	resp_free(
	    shared_ask(share->options.store, SHARED_OP_PUT, &words, &result));
	free(value);
}

void
share_add(struct share *share, const struct share_put *put)
{
	share_queue_add(share->queue, put);
}

/* --- making and ending --- */

struct share *
share_new(const struct share_options *options, struct err *err)
{
	struct share *share = xcalloc(1, sizeof(*share));

	assert(shared_is_host_name(options->host));
	share->options = *options;
	text_copy(share->prefix, sizeof(share->prefix), options->prefix);
	text_copy(share->host, sizeof(share->host), options->host);
	share->options.prefix = share->options.host = NULL;
	memset(share->digest, '0', SHARED_DIGEST_SIZE - 1);
	lock_init(&share->lock);
	share->graves = graves_new();
	share->queue =
	    share_queue_new(put_value, share, &options->counts->dropped, err);
	if (share->queue != NULL)
		return share;
	share_free(share);
	return NULL;
}

void
share_free(struct share *share)
{
	if (share == NULL)
		return;
	share_queue_free(share->queue);
	graves_free(share->graves);
	lock_fini(&share->lock);
	free(share);
}
