/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/advise/look.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/io/dns_text.h"
#include "common/proto/domain.h"

enum { GRACE_MS = 2000, SMTP_PORT = 25 };

void
sighting_free(struct sighting *sighting)
{
	if (sighting == NULL)
		return;
	verdict_free(sighting->secure);
	verdict_free(sighting->automatic);
	engine_wait_free(sighting->wait);
	free(sighting);
}

struct sighting *
look_begin(const struct look *look, const char *domain)
{
	struct engine_query like = {
	    .level = LEVEL_AUTO, .all_hosts = true, .dns_only = look->dns_only};
	struct sighting *sighting = xcalloc(1, sizeof(*sighting));

	text_copy(sighting->domain, sizeof(sighting->domain), domain);
	sighting->wait = cli_engine_ask(look->cli, &like, domain);
	return sighting;
}

static int64_t
lookup_deadline(const struct look *look)
{
	return clock_mono_ms() + look->dns_timeout_ms;
}

static struct dns_answer *
ask_at(const struct look *look, const char *prefix, const char *name,
    enum dns_type type)
{
	char owner[LIMIT_DOMAIN_SIZE];

	if ((size_t)snprintf(owner, sizeof(owner), "%s%s", prefix, name) >=
	    sizeof(owner))
		return dns_answer_failed(LOOKUP_NXDOMAIN, "name too long");
	return dns_await(
	    dns_ask(look->dns, owner, type, lookup_deadline(look)));
}

static void
look_for_reports(const struct look *look, struct sight *sight)
{
	AUTO(dns_answer)
	struct dns_answer *answer =
	    ask_at(look, "_smtp._tls.", sight->facts->domain, DNS_TXT);
	struct dns_texts texts = {.count = 0};

	sight->extra.tlsrpt = answer->lookup;
	dns_texts_take(&texts, answer);
	sight->extra.tlsrpt_record =
	    tlsrpt_record_select(texts.texts, texts.count, NULL, NULL);
	dns_texts_fini(&texts);
}

static bool
is_enforcing(const struct standing *standing)
{
	return standing->protection == STANDING_BOTH ||
	       standing->protection == STANDING_DANE ||
	       standing->protection == STANDING_STS;
}

/* Of the mailbox that reports go to first; what it is depends on DNS and on a
 * policy alone. */
static void
look_at_mailbox(const struct look *look, struct sight *sight)
{
	const struct tlsrpt_record *record = &sight->extra.tlsrpt_record;
	struct engine_query like = {.level = LEVEL_AUTO, .dns_only = true};
	const struct standing_extra nothing = {.own_tlsa = false};
	struct engine_wait *wait;
	const struct check *check;
	struct standing standing;

	if (record->count == 0 || record->rua[0].scheme != TLSRPT_MAILTO)
		return;
	if (strcmp(record->rua[0].host, sight->facts->domain) == 0) {
		sight->reports_protected = is_enforcing(&sight->standing);
		return;
	}
	wait = cli_engine_ask(look->cli, &like, record->rua[0].host);
	check = engine_await(
	    wait, clock_mono_ms() + look->cli->check_timeout_ms + GRACE_MS);
	if (check != NULL) {
		standing = standing_make(
		    check->facts, &nothing, look->roots, sight->at);
		sight->reports_protected = is_enforcing(&standing);
	}
	engine_wait_free(wait);
}

/* The name servers of the domain's zone: one that is known, or the first. */
static void
look_for_dns_host(const struct look *look, struct sight *sight)
{
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	if (sight->chain_facts.zone[0] == '\0')
		return;
	answer = ask_at(look, "", sight->chain_facts.zone, DNS_NS);
	for (size_t i = 0; i < answer->count; i++) {
		char name[LIMIT_DOMAIN_SIZE];
		struct wire wire;

		wire_init(
		    &wire, answer->records[i].data, answer->records[i].size);
		if (domain_from_wire(&wire, name, NULL) != 0)
			continue;
		sight->dns_provider = providers_find_dns(look->providers, name);
		if (sight->dns_server[0] == '\0' || sight->dns_provider != NULL)
			text_copy(
			    sight->dns_server, sizeof(sight->dns_server), name);
		if (sight->dns_provider != NULL)
			return;
	}
}

/* TLSA records that no sender asks for: for the words alone. */
static bool
has_tlsa_data(const struct look *look, const char *name)
{
	char owner[LIMIT_DOMAIN_SIZE];
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	if (!tlsa_owner(owner, SMTP_PORT, name))
		return false;
	answer = ask_at(look, "", owner, DNS_TLSA);
	return answer->lookup.state == LOOKUP_DATA;
}

static void
look_for_stray_records(const struct look *look, struct sight *sight)
{
	const struct facts *facts = sight->facts;
	bool is_host = false;

	for (size_t i = 0; i < facts->host_count; i++) {
		const struct host_facts *host = &facts->hosts[i];

		is_host |= strcmp(host->name, facts->domain) == 0;
		if (host->tlsa.state != LOOKUP_DATA &&
		    !lookup_failed(&host->tlsa) && !host->literal)
			sight->extra.insecure_tlsa |=
			    has_tlsa_data(look, host->name);
	}
	if (!is_host && facts->host_count > 0)
		sight->extra.own_tlsa = has_tlsa_data(look, facts->domain);
}

static void
look_at_zones(const struct look *look, struct sight *sight)
{
	const struct facts *facts = sight->facts;

	for (size_t i = 0; i < facts->host_count; i++) {
		const char *name = facts->hosts[i].name;
		struct sight_host *host = &sight->hosts[i];

		host->provider = providers_find(look->providers, name);
		host->own = domain_under(name, facts->domain);
		if (facts->hosts[i].literal)
			continue;
		host->chain_facts =
		    look_chain(look->dns, name, lookup_deadline(look));
		host->chain = chain_state_of(&host->chain_facts);
	}
	if (facts->host_count > 0)
		sight->provider = sight->hosts[0].provider;
}

const struct sight *
look_end(const struct look *look, struct sighting *sighting)
{
	struct sight *sight = &sighting->sight;
	const struct check *check = engine_await(sighting->wait,
	    clock_mono_ms() + look->cli->check_timeout_ms + GRACE_MS);

	if (check == NULL)
		return NULL;
	sight->facts = check->facts;
	sight->at = look->at_given ? look->at : check->judged_s;
	sighting->automatic =
	    outlook_judge(sight->facts, OUTLOOK_AUTO, look->roots, sight->at);
	sighting->secure =
	    outlook_judge(sight->facts, OUTLOOK_SECURE, look->roots, sight->at);
	sight->verdict = sighting->automatic;
	sight->secure = sighting->secure;
	if (sight->facts->domain[0] == '\0')
		return sight;
	sight->chain_facts =
	    look_chain(look->dns, sight->facts->domain, lookup_deadline(look));
	sight->chain = chain_state_of(&sight->chain_facts);
	look_at_zones(look, sight);
	look_for_reports(look, sight);
	look_for_dns_host(look, sight);
	look_for_stray_records(look, sight);
	sight->standing =
	    standing_make(sight->facts, &sight->extra, look->roots, sight->at);
	look_at_mailbox(look, sight);
	sight->memory = look_back(look, sight->facts);
	return sight;
}
