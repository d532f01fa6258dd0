/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/fleet_hosts.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/shared_fields.h"

void
fleet_hosts_tell(struct shared *store, struct share *share, const char *version)
{
	struct shared_host host = {.at_s = clock_wall_s()};
	char key[SHARE_NAME_SIZE], name[SHARE_NAME_SIZE], *payload, *value;
	struct resp_words words = {
	    .count = 4, .items = {"HSET", key, share_host(share)}};
	enum shared_result result;

	text_copy(host.version, sizeof(host.version), version);
	share_get_digest(share, host.digest);
	share_name(share, "hosts", "", key);
	share_name(share, "hosts", share_host(share), name);
	payload = shared_host_print(&host);
	value = share_sign(share, name, payload);
	words.items[3] = value;
	resp_free(shared_ask(store, SHARED_OP_PUT, &words, &result));
	free(value);
	free(payload);
}

/* Whether a pair is what a host with the key has said of itself. */
static bool
read_fleet_host(struct share *share, const struct resp *name,
    const struct resp *value, struct fleet_host *out)
{
	char key[SHARE_NAME_SIZE];
	enum shared_fault fault;
	const char *payload;
	size_t size;

	if (name->kind != RESP_TEXT || strlen(name->text) != name->length ||
	    !shared_is_host_name(name->text) ||
	    !text_copy(out->name, sizeof(out->name), name->text))
		return false;
	share_name(share, "hosts", out->name, key);
	payload = share_open_value(share, key, value, &size, &fault);
	return payload != NULL &&
	       shared_host_read(payload, size, &out->says) == SHARED_NO_FAULT;
}

static void
take_out_host(struct shared *store, struct share *share, const char *name)
{
	char key[SHARE_NAME_SIZE];
	struct resp_words words = {.count = 3, .items = {"HDEL", key, name}};
	enum shared_result result;

	share_name(share, "hosts", "", key);
	resp_free(shared_ask(store, SHARED_OP_PUT, &words, &result));
}

static int
compare_fleet_hosts(const void *a, const void *b)
{
	const struct fleet_host *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void
take_fleet_hosts(struct shared *store, struct share *share,
    const struct resp *reply, struct fleet_hosts *out)
{
	time_t now = clock_wall_s();
	char digest[SHARED_DIGEST_SIZE];

	share_get_digest(share, digest);
	for (size_t i = 0; i + 1 < reply->count; i += 2) {
		struct fleet_host *host = &out->items[out->count];

		if (!read_fleet_host(
			share, reply->items[i], reply->items[i + 1], host)) {
			out->unsigned_count++;
			continue;
		}
		host->same = strcmp(host->says.digest, digest) == 0;
		if (host->says.at_s < now - CLOCK_DAY_S)
			take_out_host(store, share, host->name);
		else if (out->count < LIMIT_SHARED_HOSTS)
			out->count++;
	}
}

int
fleet_hosts_read(struct shared *store, struct share *share,
    struct fleet_hosts *out, struct err *err)
{
	char key[SHARE_NAME_SIZE];
	struct resp_words words = {.count = 2, .items = {"HGETALL", key}};
	enum shared_result result;
	struct resp *reply;
	int rc = 0;

	*out = (struct fleet_hosts){.count = 0};
	share_name(share, "hosts", "", key);
	reply = shared_ask(store, SHARED_OP_EVENT, &words, &result);
	if (reply == NULL || reply->kind != RESP_ARRAY) {
		rc = err_set(err, ERR_TEMP,
		    "the store does not list the hosts: it is slow, or they "
		    "are more than can be");
	} else {
		/* one more than count them, for the one that is read */
		out->items =
		    xcalloc(LIMIT_SHARED_HOSTS + 1, sizeof(*out->items));
		take_fleet_hosts(store, share, reply, out);
		qsort(out->items, out->count, sizeof(*out->items),
		    compare_fleet_hosts);
	}
	resp_free(reply);
	return rc;
}

void
fleet_hosts_fini(struct fleet_hosts *hosts)
{
	free(hosts->items);
	hosts->items = NULL;
	hosts->count = 0;
}

long
fleet_hosts_skew(const struct fleet_hosts *hosts, time_t now, const char **name)
{
	long most = 0;

	*name = "";
	for (size_t i = 0; i < hosts->count; i++) {
		long ahead = (long)(hosts->items[i].says.at_s - now);

		if (ahead > most) {
			most = ahead;
			*name = hosts->items[i].name;
		}
	}
	return most;
}
