/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/outbound.h"

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
	struct outbound_witness host;
	struct network network;
	bool failed;      /* since a connection came about */
	int64_t asked_ms; /* when outbound_wants_witness told it last */
};

struct outbound {
	uint16_t port;
	outbound_changed *changed;
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

struct outbound *
outbound_new(uint16_t port, outbound_changed *changed, void *arg)
{
	struct outbound *outbound = xcalloc(1, sizeof(*outbound));

	outbound->port = port;
	outbound->changed = changed;
	outbound->arg = arg;
	lock_init(&outbound->lock);
	return outbound;
}

void
outbound_free(struct outbound *outbound)
{
	if (outbound == NULL)
		return;
	lock_fini(&outbound->lock);
	free(outbound);
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
add_network_locked(struct outbound *outbound, const struct network *network)
    HOLDS(outbound->lock)
{
	if (outbound->count == 0)
		outbound->failed_ms = clock_mono_ms();
	for (size_t i = 0; i < outbound->count; i++)
		if (is_same(&outbound->networks[i], network))
			return;
	if (outbound->count < NETWORKS)
		outbound->networks[outbound->count++] = *network;
}

/* Those that failed meanwhile do so by themselves: they were no good. */
static void
keep_witnesses_locked(struct outbound *outbound) HOLDS(outbound->lock)
{
	size_t kept = 0;

	for (size_t i = 0; i < outbound->witness_count; i++)
		if (!outbound->witnesses[i].failed)
			outbound->witnesses[kept++] = outbound->witnesses[i];
	outbound->witness_count = kept;
}

static void
add_witness_locked(struct outbound *outbound, const char *address,
    const char *sni, const struct network *network) HOLDS(outbound->lock)
{
	struct witness *witness;

	for (size_t i = 0; i < outbound->witness_count; i++)
		if (is_same(&outbound->witnesses[i].network, network))
			return;
	if (outbound->witness_count == WITNESSES)
		return;
	witness = &outbound->witnesses[outbound->witness_count++];
	*witness = (struct witness){.host.port = outbound->port,
	    .network = *network,
	    .asked_ms = INT64_MIN / 2};
	text_copy(
	    witness->host.address, sizeof(witness->host.address), address);
	text_copy(witness->host.sni, sizeof(witness->host.sni), sni);
}

/* All that could be found without asking a witness. */
static bool
is_suspected_locked(const struct outbound *outbound)
{
	return outbound->count == NETWORKS &&
	       clock_mono_ms() - outbound->failed_ms >= SHUT_AFTER_MS;
}

/* Whether each witness speaks against the way out. */
static bool
all_failed_locked(const struct outbound *outbound)
{
	for (size_t i = 0; i < outbound->witness_count; i++)
		if (!outbound->witnesses[i].failed)
			return false;
	return true;
}

static void
note_connected_locked(struct outbound *outbound, const char *address,
    const char *sni) HOLDS(outbound->lock)
{
	struct network network = network_of(address);

	for (size_t i = 0; i < outbound->witness_count; i++)
		if (strcmp(outbound->witnesses[i].host.address, address) == 0)
			outbound->witnesses[i].failed = false;
	keep_witnesses_locked(outbound);
	add_witness_locked(outbound, address, sni, &network);
	outbound->count = 0;
	outbound->shut = false;
}

static void
note_failed_locked(struct outbound *outbound, const char *address)
    HOLDS(outbound->lock)
{
	struct network network = network_of(address);
	bool before = outbound->shut;

	for (size_t i = 0; i < outbound->witness_count; i++)
		if (strcmp(outbound->witnesses[i].host.address, address) == 0)
			outbound->witnesses[i].failed = true;
	add_network_locked(outbound, &network);
	outbound->shut =
	    is_suspected_locked(outbound) && all_failed_locked(outbound);
	if (outbound->shut && !before)
		outbound->trial_ms = clock_mono_ms();
}

/* One at a time tells, what changes meanwhile as well: so all is told in its
 * order.  Whether there is anything. */
static bool
claim_news(struct outbound *outbound, bool *shut)
{
	bool news;

	lock_take(&outbound->lock);
	news = outbound->shut != outbound->told;
	outbound->told = outbound->shut;
	outbound->telling = news;
	*shut = outbound->shut;
	lock_drop(&outbound->lock);
	return news;
}

void
outbound_note(struct outbound *outbound, const char *address, const char *sni,
    uint16_t port, bool connected)
{
	bool telling, shut;

	if (port != outbound->port)
		return;
	lock_take(&outbound->lock);
	if (connected)
		note_connected_locked(outbound, address, sni);
	else
		note_failed_locked(outbound, address);
	telling = outbound->telling;
	outbound->telling = true;
	lock_drop(&outbound->lock);
	while (!telling && claim_news(outbound, &shut))
		if (outbound->changed != NULL)
			outbound->changed(outbound->arg, !shut);
}

bool
outbound_is_shut(struct outbound *outbound)
{
	bool shut;

	lock_take(&outbound->lock);
	shut = outbound->shut;
	lock_drop(&outbound->lock);
	return shut;
}

bool
outbound_wants_trial(struct outbound *outbound)
{
	int64_t now_ms = clock_mono_ms();
	bool wants;

	lock_take(&outbound->lock);
	wants = outbound->shut && now_ms >= outbound->trial_ms;
	if (wants)
		outbound->trial_ms = now_ms + TRIAL_EVERY_MS;
	lock_drop(&outbound->lock);
	return wants;
}

bool
outbound_wants_witness(struct outbound *outbound, struct outbound_witness *out)
{
	int64_t now_ms = clock_mono_ms();
	struct witness *wanted = NULL;

	lock_take(&outbound->lock);
	assert(outbound->witness_count <= WITNESSES);
	for (size_t i = 0; i < outbound->witness_count; i++)
		if (is_suspected_locked(outbound) &&
		    now_ms - outbound->witnesses[i].asked_ms >= TRIAL_EVERY_MS)
			wanted = &outbound->witnesses[i];
	if (wanted != NULL) {
		wanted->asked_ms = now_ms;
		*out = wanted->host;
	}
	lock_drop(&outbound->lock);
	return wanted != NULL;
}
