/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/engine/fleet.h"
#include "common/engine/fleet_inside.h"

/* What its client tells, of which the first thing counts. */
struct examined {
	struct lock lock;
	struct cond told;
	bool done; /* with the lock, as what follows */
	enum shared_state state;
	char where[LIMIT_DETAIL_SIZE];
};

static void
note_examined(void *arg, enum shared_state state, const char *where)
{
	struct examined *examined = arg;

	lock_take(&examined->lock);
	examined->done = true;
	examined->state = state;
	text_copy(examined->where, sizeof(examined->where), where);
	cond_broadcast(&examined->told);
	lock_drop(&examined->lock);
}

/* Up, or -1 with why not. */
static int
await_examined(struct examined *examined, int64_t deadline_ms,
    struct fleet_exam *out, struct err *err)
{
	bool up;

	lock_take(&examined->lock);
	while (!examined->done &&
	       cond_wait_until(&examined->told, &examined->lock, deadline_ms))
		continue;
	up = examined->done && examined->state == SHARED_UP;
	text_copy(out->where, sizeof(out->where), examined->where);
	lock_drop(&examined->lock);
	if (up)
		return 0;
	return err_set(err, ERR_TEMP, "%s",
	    out->where[0] == '\0' ? "it does not answer" : out->where);
}

/* Each once, on keys that nobody else has; what is left goes by itself. */
static void
try_requests(
    struct shared *store, const char *prefix, char *denied, size_t size)
{
	char key[SHARE_PREFIX_SIZE + 24], stream[SHARE_PREFIX_SIZE + 32];
	char hash[SHARE_PREFIX_SIZE + 32];
	const struct resp_words tries[] = {
	    {5, {"SET", key, "x", "PX", "60000"}}, {2, {"GET", key}},
	    {8, {"XADD", stream, "MAXLEN", "~", "10", "*", "v", "x"}},
	    {6, {"XREAD", "COUNT", "1", "STREAMS", stream, "0"}},
	    {4, {"HSET", hash, "a", "x"}}, {2, {"HGETALL", hash}},
	    {3, {"HDEL", hash, "a"}}, {4, {"DEL", key, stream, hash}}};
	struct text text;

	snprintf(key, sizeof(key), "%s:1:doctor:%d", prefix, (int)getpid());
	snprintf(stream, sizeof(stream), "%s-e", key);
	snprintf(hash, sizeof(hash), "%s-h", key);
	text_init(&text, denied, size);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		enum shared_result result;

		resp_free(shared_ask(store, SHARED_OP_PUT, &tries[i], &result));
		if (result < SHARED_RESULT_MISS)
			text_addf(&text, "%s%s", text.len > 0 ? "," : "",
			    tries[i].items[0]);
	}
}

/* Another host whose clock is ahead of ours; that there is no list is no
 * matter, for what may be asked is told by itself. */
static void
compare_clocks(struct shared *store, const struct fleet_options *options,
    const struct shared_keys *keys, struct fleet_exam *out)
{
	struct share_counts counts = {.dropped = 0};
	struct share_options with = {.store = store,
	    .keys = *keys,
	    .prefix = options->prefix,
	    .host = options->host,
	    .counts = &counts};
	struct share *share = share_new(&with, NULL);
	struct fleet_hosts hosts;
	const char *name;

	if (share != NULL &&
	    fleet_hosts_read(store, share, &hosts, NULL) == 0) {
		out->behind_s = fleet_hosts_skew(&hosts, clock_wall_s(), &name);
		text_copy(out->ahead, sizeof(out->ahead), name);
		fleet_hosts_fini(&hosts);
	}
	share_free(share);
}

static int
examine_store(const struct shared_options *store,
    const struct fleet_options *options, const struct shared_keys *keys,
    int64_t deadline_ms, struct fleet_exam *out, struct err *err)
{
	struct shared *shared = shared_new(store, err);
	int rc;

	if (shared == NULL)
		return -1;
	rc = await_examined(store->arg, deadline_ms, out, err);
	if (rc == 0)
		try_requests(
		    shared, options->prefix, out->denied, sizeof(out->denied));
	if (rc == 0)
		compare_clocks(shared, options, keys, out);
	shared_free(shared);
	return rc;
}

static int
examine_with(const struct fleet_options *options,
    const struct fleet_secrets *secrets, int64_t deadline_ms,
    struct fleet_exam *out, struct err *err)
{
	struct shared_counts counts = {.took_us = 0};
	struct examined examined = {.done = false};
	struct shared_options store = {.user = options->user,
	    .password = secrets->password[0] == '\0' ? NULL : secrets->password,
	    .timeout_ms = clock_left_ms(deadline_ms) / 10 + 1,
	    .counts = &counts,
	    .changed = note_examined,
	    .arg = &examined};
	bool wants_tls;
	int rc;

	if (fleet_parse_servers(options, &store, &wants_tls, err) != 0)
		return -1;
	if (wants_tls && (store.tls = fleet_load_tls(options, err)) == NULL)
		return -1;
	lock_init(&examined.lock);
	cond_init(&examined.told);
	rc = examine_store(
	    &store, options, &secrets->keys, deadline_ms, out, err);
	cond_fini(&examined.told);
	lock_fini(&examined.lock);
	shared_tls_free(store.tls);
	return rc;
}

int
fleet_examine(const struct fleet_options *options, int64_t deadline_ms,
    struct fleet_exam *out, struct err *err)
{
	struct fleet_secrets secrets;
	int rc = fleet_read_secrets(options, &secrets, err);

	*out = (struct fleet_exam){.where = ""};
	if (rc == 0)
		rc = examine_with(options, &secrets, deadline_ms, out, err);
	explicit_bzero(&secrets, sizeof(secrets));
	return rc;
}
