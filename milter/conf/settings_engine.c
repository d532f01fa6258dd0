/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/settings_engine.h"

#include <string.h>

#include "common/base/text.h"

enum {
	SECOND = 1000,

	/* A check may end a little before the wait for it: then its own reason
	 * is told, and not "deadline"; and whatever the wait, a check gets a
	 * fair time, for the messages that come after */
	CHECK_MARGIN = SECOND / 2,
	CHECK_MIN = 10 * SECOND,

	/* Hosts of a walk, times A, AAAA, CNAME and TLSA, are never all under
	 * way at once in every check */
	LOOKUPS_PER_CHECK = 32,
};

static int
check_timeout_ms(const struct settings *settings)
{
	int wait_ms = settings->rcpt_wait_ms;

	return (wait_ms < CHECK_MIN ? CHECK_MIN : wait_ms) - CHECK_MARGIN;
}

static struct smtp_source
source_for_probes(const struct settings_list *list)
{
	struct smtp_source source = {NULL, NULL};

	for (size_t i = 0; i < list->count; i++)
		if (strchr(list->items[i], ':') == NULL)
			source.ipv4 = list->items[i];
		else
			source.ipv6 = list->items[i];
	return source;
}

static struct dns_names
names_of(const struct settings_list *list)
{
	return (struct dns_names){
	    .items = (const char *const *)list->items, .count = list->count};
}

enum insecure_mx
settings_insecure_mx(const struct settings *settings, bool answers_mtas)
{
	if (settings->insecure_mx != INSECURE_MX_AUTO)
		return (enum insecure_mx)settings->insecure_mx;
	return answers_mtas ? INSECURE_MX_POLICY : INSECURE_MX_DANE;
}

void
settings_engine_options(
    const struct settings *settings, struct engine_options *options)
{
	unsigned checks = (unsigned)settings->max_checks;

	*options = (struct engine_options){
	    .dns = {.kind = (enum dns_kind)settings->resolver,
		.trust_anchor_file = settings->trust_anchor_file,
		.nameservers = (const char *const *)settings->nameservers.items,
		.nameserver_count = settings->nameservers.count,
		.recurse = settings->recurse,
		.trust_remote = settings->trust_remote_resolver,
		.insecure_zones = names_of(&settings->insecure_domains),
		.broken_names = names_of(&settings->bogus_names),
		.timeout_ms = settings->dns_timeout_ms,
		.max_outstanding = checks * LOOKUPS_PER_CHECK},
	    .max_checks = checks,
	    .max_queue = (unsigned)settings->max_queue,
	    .max_cache_octets = (size_t)settings->max_cache_mib << 20,
	    .check_timeout_ms = check_timeout_ms(settings),
	    .probe = settings->probe,
	    .greeting_timeout_ms = settings->greeting_timeout_ms,
	    .probe_timeout_ms = settings->probe_timeout_ms,
	    .probe_helo = settings->probe_helo,
	    .probe_floor = (enum tls_floor)settings->probe_floor,
	    .probe_source = source_for_probes(&settings->probe_source),
	    .probe_addresses = (unsigned)settings->probe_addresses,
	    .probe_families = (enum families)settings->probe_families,
	    .probe_per_host = (unsigned)settings->probe_per_host,
	    .probe_port = (uint16_t)settings->probe_port,
	    .allow_private = settings->allow_private,
	    .ca_file = settings->ca_file,
	    .sts_timeout_ms = settings->sts_timeout_ms,
	    .keep_walk = settings->log_why,
	    .store_path = settings->store_path,
	    .insecure_mx =
		settings_insecure_mx(settings, settings_answers_mtas(settings)),
	    .partial_dane = (enum partial_dane)settings->partial_dane,
	    .verdict_ttl_s = (uint32_t)settings->verdict_ttl_ms / SECOND,
	    .fail_ttl_s = (uint32_t)settings->fail_ttl_ms / SECOND,
	    .temperror_ttl_s = (uint32_t)settings->temperror_ttl_ms / SECOND,
	};
}

struct judge_terms
settings_terms(const struct settings *settings, const char *domain,
    bool by_level, enum level level, time_t now)
{
	struct engine_options options;
	struct judge_terms terms = {.level = level};

	settings_engine_options(settings, &options);
	terms.insecure_mx = options.insecure_mx;
	terms.partial_dane = options.partial_dane;
	terms.verdict_ttl_s = options.verdict_ttl_s;
	terms.fail_ttl_s = options.fail_ttl_s;
	terms.temperror_ttl_s = options.temperror_ttl_s;
	if (!by_level)
		terms_set(&terms, settings->destinations, domain, now);
	return terms;
}

/* What is made of several keywords, or of a part of one. */
static bool
is_same_derived(const struct settings *a, const struct settings *b)
{
	struct smtp_source of_a = source_for_probes(&a->probe_source);
	struct smtp_source of_b = source_for_probes(&b->probe_source);

	return a->recurse == b->recurse &&
	       text_equal(a->store_path, b->store_path) &&
	       smtp_source_equal(&of_a, &of_b) &&
	       check_timeout_ms(a) == check_timeout_ms(b);
}

bool
settings_engine_same(const struct settings *a, const struct settings *b)
{
	return settings_same_for_engine(a, b) && is_same_derived(a, b);
}
