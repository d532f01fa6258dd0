/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/publish/keys.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/engine/engine.h"
#include "milter/conf/settings_engine.h"

/* Addresses that are connected to at once */
enum { WORKERS = 16 };

/* Shared by the workers, each of which takes the next address. */
struct keys_run {
	struct cli_keys *keys;
	struct engine_options options;
	uint16_t port;
	atomic_size_t next;
};

static bool
shows_same_leaf(const struct probe_facts *a, const struct probe_facts *b)
{
	return a->cert_count > 0 && b->cert_count > 0 &&
	       a->certs[0].size == b->certs[0].size &&
	       memcmp(a->certs[0].data, b->certs[0].data, a->certs[0].size) ==
		   0;
}

static bool
is_known_key(
    const struct cli_address_keys *address, const struct probe_facts *probe)
{
	if (shows_same_leaf(address->facts->probe, probe))
		return true;
	for (size_t i = 0; i < address->count; i++)
		if (shows_same_leaf(address->others[i].probe, probe))
			return true;
	return false;
}

/* A handshake that fails is how a host says that it has no such key. */
static void
take_probe(struct cli_address_keys *address, const char *type,
    struct probe_facts *probe)
{
	if (probe->outcome != PROBE_TLS_FAILED && probe->cert_count > 0 &&
	    !is_known_key(address, probe)) {
		address->others[address->count].type = type;
		address->others[address->count++].probe = probe;
		return;
	}
	if (probe->cert_count == 0 && probe->outcome != PROBE_TLS_FAILED)
		address->unsure = true;
	probe_facts_free(probe);
}

static void
look_at_address(const struct keys_run *run, struct cli_address_keys *address)
{
	static const struct {
		enum tls_keys keys;
		const char *type;
	} types[CLI_KEY_TYPES] = {{TLS_KEYS_RSA, "RSA"},
	    {TLS_KEYS_ECDSA, "ECDSA"}, {TLS_KEYS_EDDSA, "EdDSA"}};
	struct smtp_target target = {.address = address->facts->text,
	    .port = run->port,
	    .sni = address->sni,
	    .helo = run->options.probe_helo,
	    .floor = run->options.probe_floor,
	    .source = run->options.probe_source,
	    .greeting_ms = run->options.greeting_timeout_ms,
	    .timeout_ms = run->options.probe_timeout_ms};

	for (size_t i = 0; i < CLI_KEY_TYPES; i++) {
		target.keys = types[i].keys;
		take_probe(address, types[i].type,
		    smtp_probe(&target,
			clock_mono_ms() + run->options.check_timeout_ms));
	}
}

static void *
look_at_some(void *arg)
{
	struct keys_run *run = arg;
	size_t i;

	while ((i = atomic_fetch_add(&run->next, 1)) < run->keys->count)
		look_at_address(run, &run->keys->items[i]);
	return NULL;
}

static void
list_addresses(struct cli_keys *keys, const struct facts *facts)
{
	for (size_t i = 0; i < facts->host_count; i++) {
		const struct host_facts *host = &facts->hosts[i];

		for (size_t k = 0; k < host->address_count; k++) {
			const struct probe_facts *probe =
			    host->addresses[k].probe;

			if (probe == NULL || probe->cert_count == 0)
				continue;
			keys->items = xrealloc(
			    keys->items, keys->count + 1, sizeof(*keys->items));
			keys->items[keys->count++] = (struct cli_address_keys){
			    .facts = &host->addresses[k], .sni = host->sni};
		}
	}
}

void
cli_keys_look(struct cli_keys *keys, const struct settings *settings,
    const struct facts *facts)
{
	struct keys_run run = {
	    .keys = keys, .port = facts->next_hop.port, .next = 0};
	pthread_t threads[WORKERS];
	size_t count = 0;

	settings_engine_options(settings, &run.options);
	list_addresses(keys, facts);
	while (count < WORKERS && count + 1 < keys->count &&
	       pthread_create(&threads[count], NULL, look_at_some, &run) == 0)
		count++;
	look_at_some(&run);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

void
cli_keys_fini(struct cli_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		for (size_t k = 0; k < keys->items[i].count; k++)
			probe_facts_free(keys->items[i].others[k].probe);
	free(keys->items);
}

const struct cli_address_keys *
cli_keys_of(const struct cli_keys *keys, const struct address_facts *facts)
{
	for (size_t i = 0; i < keys->count; i++)
		if (keys->items[i].facts == facts)
			return &keys->items[i];
	return NULL;
}
