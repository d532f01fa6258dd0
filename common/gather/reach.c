/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/reach.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum {
	SHUT_AFTER_MS = 5 * 60 * 1000,
	TRIAL_EVERY_MS = 60 * 1000,

	/* One or two hosts that are down, where there is little other mail,
	 * say nothing of the way out */
	NETWORKS = 4,
	WITNESSES = 4,
};

/* The part of an address that its neighbours share. */
struct network {
	int family;
	uint8_t octets[6];
};

struct witness {
	struct reach_witness host;
	struct network network;
	bool failed;      /* since a connection came about */
	int64_t asked_ms; /* when reach_wants_witness told it last */
};

struct reach {
	uint16_t port;
	reach_changed *changed;
	void *arg;
	struct lock lock;
	/* with lock; of the time since a connection came about */
	int64_t failed_ms; /* the first that did not */
	size_t count;      /* networks where none did, up to so many */
	struct network networks[NETWORKS];
	bool shut;
	bool told; /* what was told last */
	bool telling;
	int64_t trial_ms; /* the next */
	size_t witness_count;
	struct witness witnesses[WITNESSES];
};

struct reach *
reach_new(uint16_t port, reach_changed *changed, void *arg)
{
	struct reach *reach = xcalloc(1, sizeof(*reach));

	reach->port = port;
	reach->changed = changed;
	reach->arg = arg;
	lock_init(&reach->lock);
	return reach;
}

void
reach_free(struct reach *reach)
{
	if (reach == NULL)
		return;
	lock_fini(&reach->lock);
	free(reach);
}

static struct network
network_of(const char *address)
{
	struct network network = {.family = AF_INET};
	uint8_t octets[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, address, octets) == 1) {
		memcpy(network.octets, octets, 3);
		return network;
	}
	network.family = AF_INET6;
	if (inet_pton(AF_INET6, address, octets) == 1)
		memcpy(network.octets, octets, 6);
	return network;
}

static bool
is_same(const struct network *a, const struct network *b)
{
	return a->family == b->family &&
	       memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

static void
add_network_locked(struct reach *reach, const struct network *network)
    HOLDS(reach->lock)
{
	if (reach->count == 0)
		reach->failed_ms = clock_mono_ms();
	for (size_t i = 0; i < reach->count; i++)
		if (is_same(&reach->networks[i], network))
			return;
	if (reach->count < NETWORKS)
		reach->networks[reach->count++] = *network;
}

/* Those that failed meanwhile do so by themselves: they were no good. */
static void
keep_witnesses_locked(struct reach *reach) HOLDS(reach->lock)
{
	size_t kept = 0;

	for (size_t i = 0; i < reach->witness_count; i++)
		if (!reach->witnesses[i].failed)
			reach->witnesses[kept++] = reach->witnesses[i];
	reach->witness_count = kept;
}

static void
add_witness_locked(struct reach *reach, const char *address, const char *sni,
    const struct network *network) HOLDS(reach->lock)
{
	struct witness *witness;

	for (size_t i = 0; i < reach->witness_count; i++)
		if (is_same(&reach->witnesses[i].network, network))
			return;
	if (reach->witness_count == WITNESSES)
		return;
	witness = &reach->witnesses[reach->witness_count++];
	*witness = (struct witness){.host.port = reach->port,
	    .network = *network,
	    .asked_ms = INT64_MIN / 2};
	text_copy(
	    witness->host.address, sizeof(witness->host.address), address);
	text_copy(witness->host.sni, sizeof(witness->host.sni), sni);
}

/* All that could be found without asking a witness. */
static bool
is_suspected_locked(const struct reach *reach)
{
	return reach->count == NETWORKS &&
	       clock_mono_ms() - reach->failed_ms >= SHUT_AFTER_MS;
}

/* Whether each witness speaks against the way out. */
static bool
all_failed_locked(const struct reach *reach)
{
	for (size_t i = 0; i < reach->witness_count; i++)
		if (!reach->witnesses[i].failed)
			return false;
	return true;
}

static void
note_connected_locked(struct reach *reach, const char *address, const char *sni)
    HOLDS(reach->lock)
{
	struct network network = network_of(address);

	for (size_t i = 0; i < reach->witness_count; i++)
		if (strcmp(reach->witnesses[i].host.address, address) == 0)
			reach->witnesses[i].failed = false;
	keep_witnesses_locked(reach);
	add_witness_locked(reach, address, sni, &network);
	reach->count = 0;
	reach->shut = false;
}

static void
note_failed_locked(struct reach *reach, const char *address) HOLDS(reach->lock)
{
	struct network network = network_of(address);
	bool before = reach->shut;

	for (size_t i = 0; i < reach->witness_count; i++)
		if (strcmp(reach->witnesses[i].host.address, address) == 0)
			reach->witnesses[i].failed = true;
	add_network_locked(reach, &network);
	reach->shut = is_suspected_locked(reach) && all_failed_locked(reach);
	if (reach->shut && !before)
		reach->trial_ms = clock_mono_ms();
}

/* One at a time tells, what changes meanwhile as well: so all is told in its
 * order.  Whether there is anything. */
static bool
claim_news(struct reach *reach, bool *shut)
{
	bool news;

	lock_take(&reach->lock);
	news = reach->shut != reach->told;
	reach->told = reach->shut;
	reach->telling = news;
	*shut = reach->shut;
	lock_drop(&reach->lock);
	return news;
}

void
reach_note(struct reach *reach, const char *address, const char *sni,
    uint16_t port, bool connected)
{
	bool telling, shut;

	if (port != reach->port)
		return;
	lock_take(&reach->lock);
	if (connected)
		note_connected_locked(reach, address, sni);
	else
		note_failed_locked(reach, address);
	telling = reach->telling;
	reach->telling = true;
	lock_drop(&reach->lock);
	while (!telling && claim_news(reach, &shut))
		if (reach->changed != NULL)
			reach->changed(reach->arg, !shut);
}

bool
reach_is_shut(struct reach *reach)
{
	bool shut;

	lock_take(&reach->lock);
	shut = reach->shut;
	lock_drop(&reach->lock);
	return shut;
}

bool
reach_wants_trial(struct reach *reach)
{
	int64_t now_ms = clock_mono_ms();
	bool wants;

	lock_take(&reach->lock);
	wants = reach->shut && now_ms >= reach->trial_ms;
	if (wants)
		reach->trial_ms = now_ms + TRIAL_EVERY_MS;
	lock_drop(&reach->lock);
	return wants;
}

bool
reach_wants_witness(struct reach *reach, struct reach_witness *out)
{
	int64_t now_ms = clock_mono_ms();
	struct witness *wanted = NULL;

	lock_take(&reach->lock);
	assert(reach->witness_count <= WITNESSES);
	for (size_t i = 0; i < reach->witness_count; i++)
		if (is_suspected_locked(reach) &&
		    now_ms - reach->witnesses[i].asked_ms >= TRIAL_EVERY_MS)
			wanted = &reach->witnesses[i];
	if (wanted != NULL) {
		wanted->asked_ms = now_ms;
		*out = wanted->host;
	}
	lock_drop(&reach->lock);
	return wanted != NULL;
}
