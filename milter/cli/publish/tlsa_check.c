/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/publish/tlsa_check.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/dns.h"
#include "common/judge/host_case.h"
#include "common/judge/reasons.h"
#include "common/proto/dane_match.h"
#include "milter/cli/publish/own.h"
#include "milter/conf/settings_engine.h"

bool
seen_fits(const struct seen_address *address, size_t record)
{
	bool fits = address->chain != NULL && address->matches[record];

	for (size_t i = 0; i < address->other_count; i++)
		fits |= address->others[i].matches[record];
	return fits;
}

size_t
seen_matches(const struct seen_host *host, size_t record)
{
	size_t count = 0;

	for (size_t i = 0; i < host->facts->address_count; i++)
		count += seen_fits(&host->addresses[i], record);
	return count;
}

size_t
seen_tls(const struct seen_host *host)
{
	size_t count = 0;

	for (size_t i = 0; i < host->facts->address_count; i++)
		count += host->addresses[i].chain != NULL;
	return count;
}

enum reason
seen_reason(const struct seen_address *address)
{
	const struct probe_facts *probe = address->facts->probe;

	return address->judged->outcome == HOST_FAIL || probe == NULL
		   ? address->judged->reason
		   : probe_reason(probe);
}

/* The chain of a probe, and which records it fits; NULL where there is none. */
static struct x509_chain *
see_chain(const struct facts *facts, const struct host_facts *host,
    const struct probe_facts *probe, bool **matches)
{
	const char *names[HOST_REFERENCE_NAMES];
	size_t count = host_reference_names(facts, host, names);
	struct x509_chain *chain;

	*matches = xcalloc(host->records.count, sizeof(**matches));
	if (probe == NULL || probe->cert_count == 0)
		return NULL;
	chain = x509_chain_new(probe->certs, probe->cert_count, NULL);
	for (size_t i = 0; chain != NULL && i < host->records.count; i++)
		(*matches)[i] =
		    dane_match_alone(&host->records.records[i], chain, names,
			count, clock_wall_s()) == DANE_MATCHED;
	return chain;
}

static void
see_others(const struct seen *seen, const struct host_facts *host,
    struct seen_address *address)
{
	const struct cli_address_keys *keys =
	    cli_keys_of(&seen->keys, address->facts);

	if (keys == NULL)
		return;
	address->unsure = keys->unsure;
	for (size_t i = 0; i < keys->count; i++) {
		struct seen_other *other =
		    &address->others[address->other_count];

		other->type = keys->others[i].type;
		other->chain = see_chain(seen->check->facts, host,
		    keys->others[i].probe, &other->matches);
		if (other->chain != NULL)
			address->other_count++;
		else
			free(other->matches);
	}
}

static void
see_checked_host(const struct seen *seen, size_t number, struct seen_host *out)
{
	const struct check *check = seen->check;
	const struct host_facts *host = &check->facts->hosts[number];

	out->facts = host;
	out->judged = &check->verdict->hosts[number];
	out->addresses = xcalloc(host->address_count, sizeof(*out->addresses));
	for (size_t i = 0; i < host->address_count; i++) {
		struct seen_address *address = &out->addresses[i];

		address->facts = &host->addresses[i];
		address->judged = &out->judged->addresses[i];
		address->chain = see_chain(check->facts, host,
		    address->facts->probe, &address->matches);
		see_others(seen, host, address);
	}
}

/* A sender does not look for TLSA where addresses are insecure, nor heeds it
 * where the answer is; whoever published it should know. */
static void
see_unheeded(struct seen *seen, struct dns *dns, int timeout_ms)
{
	const struct facts *facts = seen->check->facts;
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	struct dns_query **queries =
	    xcalloc(facts->host_count, sizeof(struct dns_query *));
	char owner[LIMIT_DOMAIN_SIZE];

	for (size_t i = 0; i < facts->host_count; i++)
		if (!facts->hosts[i].tlsa.secure &&
		    tlsa_owner(
			owner, facts->next_hop.port, facts->hosts[i].name))
			queries[i] = dns_ask(dns, owner, DNS_TLSA, deadline_ms);
	for (size_t i = 0; i < facts->host_count; i++) {
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		if (queries[i] == NULL)
			continue;
		answer = dns_await(queries[i]);
		seen->hosts[i].unheeded = answer->lookup.state == LOOKUP_DATA;
	}
	free(queries);
}

static int
see_all_hosts(
    struct seen *seen, const struct cli_engine *cli, const char *asked)
{
	const struct facts *facts = seen->check->facts;
	struct engine_options options;
	struct dns *dns;
	struct err err;

	text_clean(seen->asked, sizeof(seen->asked), asked, strlen(asked));
	if (seen->check->domain[0] != '\0')
		text_copy(
		    seen->asked, sizeof(seen->asked), seen->check->domain);
	seen->hosts = xcalloc(facts->host_count, sizeof(*seen->hosts));
	cli_keys_look(&seen->keys, cli->settings, facts);
	for (size_t i = 0; i < facts->host_count; i++)
		see_checked_host(seen, i, &seen->hosts[i]);
	settings_engine_options(cli->settings, &options);
	dns = dns_new(&options.dns, &err);
	if (dns == NULL)
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	see_unheeded(seen, dns, options.dns.timeout_ms);
	dns_free(dns);
	return 0;
}

static void
forget_address(struct seen_address *address)
{
	for (size_t i = 0; i < address->other_count; i++) {
		x509_chain_free(address->others[i].chain);
		free(address->others[i].matches);
	}
	x509_chain_free(address->chain);
	free(address->matches);
}

static void
seen_fini(struct seen *seen)
{
	const struct facts *facts = seen->check->facts;

	for (size_t i = 0; seen->hosts != NULL && i < facts->host_count; i++) {
		struct seen_host *host = &seen->hosts[i];

		for (size_t k = 0; k < facts->hosts[i].address_count; k++)
			forget_address(&host->addresses[k]);
		free(host->addresses);
	}
	free(seen->hosts);
	cli_keys_fini(&seen->keys);
	findings_fini(&seen->findings);
}

static int
answer_tlsa_check(const struct cli_options *options, const struct seen *seen)
{
	int status = 0;

	if (options->json)
		status = cli_print_json(seen_json(seen));
	else
		seen_print(stdout, seen);
	return status == 0 ? findings_status(&seen->findings) : status;
}

int
cli_tlsa_check(const struct cli_options *options)
{
	struct engine_query like = {.level = LEVEL_DANE, .all_hosts = true};
	struct engine_wait *wait = NULL;
	struct seen seen = {.check = NULL};
	struct cli_engine cli;
	int status = cli_engine_takes(options->words.items[0]);

	if (status != 0)
		return status;
	status = cli_engine_open_own(&cli, options);
	if (status == 0) {
		seen.check =
		    cli_ask_one(&cli, &like, options->words.items[0], &wait);
		status = seen.check == NULL ? 3
					    : see_all_hosts(&seen, &cli,
						  options->words.items[0]);
	}
	if (status == 0) {
		seen_judge(&seen, clock_wall_s());
		status = answer_tlsa_check(options, &seen);
	}
	if (seen.check != NULL)
		seen_fini(&seen);
	engine_wait_free(wait);
	cli_engine_close(&cli);
	return status;
}
