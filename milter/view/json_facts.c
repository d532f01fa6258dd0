/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_facts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base64.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/conf/destinations.h"
#include "milter/view/json_put.h"

static json_t *
base64_json(const void *octets, size_t size)
{
	char *text = base64_encode(octets, size);
	json_t *value = json_string(text);

	free(text);
	return value;
}

/* What came from outside: as it is where it is text, else in base64. */
static json_t *
octets_json(const char *octets, size_t size)
{
	json_t *value = memchr(octets, '\0', size) == NULL
			    ? json_stringn(octets, size)
			    : NULL;

	return value != NULL
		   ? value
		   : json_pack("{s:o}", "base64", base64_json(octets, size));
}

static json_t *
lookup_json(const struct lookup *lookup)
{
	json_t *object = json_object();

	json_put_text(object, "state", lookup_state_text(lookup->state));
	json_put_bool(object, "secure", lookup->secure);
	json_put_number(object, "ttl", lookup->ttl_s);
	return object;
}

/* --- hosts --- */

static json_t *
tlsa_lines_json(const struct tlsa_set *set)
{
	json_t *list = json_array();

	for (size_t i = 0; i < set->count; i++) {
		const struct tlsa *record = &set->records[i];
		size_t size = 2 * record->size + sizeof("255 255 255 ");
		char *line = xmalloc(size);
		struct text text;

		text_init(&text, line, size);
		text_addf(&text, "%u %u %u", record->usage, record->selector,
		    record->mtype);
		if (record->size > 0)
			text_add(&text, " ");
		text_hex(line + text.len, size - text.len, record->data,
		    record->size);
		json_array_append_new(list, json_string(line));
		free(line);
	}
	return list;
}

static json_t *
chain_octets_json(const struct probe_facts *probe)
{
	json_t *list = json_array();

	for (size_t i = 0; i < probe->cert_count; i++)
		json_array_append_new(list,
		    base64_json(probe->certs[i].data, probe->certs[i].size));
	return list;
}

json_t *
json_phases(const struct probe_sight *sight)
{
	json_t *object = json_object();

	for (int i = 0; i < PROBE_PHASES; i++)
		if (sight->is_begun[i])
			json_put_number(
			    object, facts_phase_word(i), sight->phase_ms[i]);
	return object;
}

static json_t *
probe_json(const struct probe_facts *probe)
{
	json_t *object = json_object();

	json_put_text(object, "outcome", probe_outcome_text(probe->outcome));
	json_put_bool(object, "connected", probe->connected);
	json_put_bool(object, "starttls", probe->starttls);
	json_put_bool(object, "tls_ehlo", probe->tls_ehlo);
	json_put_bool(object, "tls_answered", probe->tls_answered);
	json_put_bool(object, "requiretls", probe->requiretls);
	json_put_text(object, "tls", probe->tls);
	json_put_text(object, "detail", probe->detail);
	json_put_text(object, "banner", probe->sight.banner);
	json_put_text(object, "cipher", probe->sight.cipher);
	json_put_text(object, "group", probe->sight.group);
	json_put_text(object, "signature", probe->sight.signature);
	json_put_number(object, "ms", probe->ms);
	json_object_set_new(object, "phases", json_phases(&probe->sight));
	json_object_set_new(object, "chain", chain_octets_json(probe));
	return object;
}

static json_t *
address_json(const struct address_facts *address)
{
	json_t *object = json_object();

	json_put_text(object, "address", address->text);
	json_put_bool(object, "untried", address->untried);
	json_put_bool(object, "remembered", address->remembered);
	json_object_set_new(object, "probe",
	    address->probe == NULL ? json_null() : probe_json(address->probe));
	return object;
}

static json_t *
host_json(const struct host_facts *host)
{
	json_t *object = json_object(), *addresses = json_array();

	json_put_text(object, "name", host->name);
	json_put_text(object, "expanded", host->expanded);
	json_put_bool(object, "literal", host->literal);
	json_put_number(object, "preference", host->preference);
	json_object_set_new(object, "a", lookup_json(&host->a));
	json_object_set_new(object, "aaaa", lookup_json(&host->aaaa));
	json_object_set_new(object, "cname", lookup_json(&host->cname));
	json_object_set_new(object, "tlsa", lookup_json(&host->tlsa));
	json_put_text(object, "base_domain", host->base_domain);
	json_object_set_new(object, "records", tlsa_lines_json(&host->records));
	json_put_text(object, "sni", host->sni);
	json_put_number(object, "ipv4", host->ipv4_count);
	json_put_number(object, "ipv6", host->ipv6_count);
	for (size_t i = 0; i < host->address_count; i++)
		json_array_append_new(
		    addresses, address_json(&host->addresses[i]));
	json_object_set_new(object, "addresses", addresses);
	json_put_text(object, "detail", host->detail);
	return object;
}

/* --- MTA-STS --- */

static json_t *
policy_facts_json(const struct policy_facts *policy)
{
	json_t *object = json_object();

	json_put_text(object, "fetch", facts_fetch_word((int)policy->fetch));
	json_object_set_new(object, "body",
	    policy->fetch != POLICY_FETCHED
		? json_null()
		: octets_json(policy->body, strlen(policy->body)));
	json_put_text(object, "id", policy->id);
	json_put_time(object, "fetched", policy->fetched_s);
	json_put_text(object, "detail", policy->detail);
	return object;
}

static json_t *
sts_facts_json(const struct sts_facts *sts)
{
	json_t *object = lookup_json(&sts->txt), *texts = json_array();

	for (size_t i = 0; i < sts->text_count; i++)
		json_array_append_new(texts,
		    octets_json(sts->texts[i].data, sts->texts[i].length));
	json_object_set_new(object, "texts", texts);
	json_object_set_new(object, "policy",
	    sts->policy == NULL ? json_null() : policy_facts_json(sts->policy));
	json_put_bool(object, "cached", sts->cached);
	json_put_text(object, "failed", facts_fetch_word((int)sts->failed));
	return object;
}

/* --- what they were judged by --- */

static void
append_rule(json_t *list, const struct rule *rule)
{
	char line[LIMIT_CONF_LINE];
	size_t i;
	json_t *known;

	destinations_print(rule, line, sizeof(line));
	json_array_foreach (list, i, known)
		if (strcmp(json_string_value(known), line) == 0)
			return;
	json_array_append_new(list, json_string(line));
}

/* Those that apply to the next hop and to its hosts. */
static json_t *
rules_json(
    const struct facts *facts, const struct judge_terms *terms, time_t now)
{
	json_t *list;

	if (terms->list == NULL)
		return json_null();
	list = json_array();
	if (terms->rule != NULL)
		append_rule(list, terms->rule);
	for (size_t i = 0; i < facts->host_count; i++) {
		const struct rule *rule =
		    rule_list_find_host(terms->list, facts->hosts[i].name, now);

		if (rule != NULL)
			append_rule(list, rule);
	}
	return list;
}

static json_t *
terms_json(const struct facts *facts, const struct facts_told *told)
{
	const struct judge_terms *terms = told->terms;
	json_t *object = json_object();

	json_put_text(object, "level",
	    level_text(
		terms->list == NULL ? terms->level : terms->list->level));
	json_object_set_new(
	    object, "rules", rules_json(facts, terms, told->judged_s));
	json_put_text(object, "insecure_mx",
	    facts_insecure_mx_word((int)terms->insecure_mx));
	json_put_text(object, "partial_dane",
	    facts_partial_dane_word((int)terms->partial_dane));
	json_put_bool(object, "requiretls", terms->requiretls);
	json_put_number(object, "verdict_ttl", terms->verdict_ttl_s);
	json_put_number(object, "fail_ttl", terms->fail_ttl_s);
	json_put_number(object, "temperror_ttl", terms->temperror_ttl_s);
	return object;
}

static void
append_root(void *arg, struct der cert)
{
	json_t *list = arg, *value = base64_json(cert.data, cert.size), *known;
	size_t i;

	json_array_foreach (list, i, known)
		if (json_equal(known, value)) {
			json_decref(value);
			return;
		}
	if (json_array_size(list) < LIMIT_FACTS_ROOTS)
		json_array_append(list, value);
	json_decref(value);
}

static json_t *
roots_json(const struct facts *facts, const struct x509_store *store)
{
	json_t *list = json_array();

	for (size_t i = 0; store != NULL && i < facts->host_count; i++)
		for (size_t j = 0; j < facts->hosts[i].address_count; j++) {
			const struct probe_facts *probe =
			    facts->hosts[i].addresses[j].probe;
			AUTO(x509_chain)
			struct x509_chain *chain =
			    probe == NULL ? NULL
					  : x509_chain_new(probe->certs,
						probe->cert_count, NULL);

			if (chain != NULL)
				x509_store_issuers(
				    store, chain, append_root, list);
		}
	return list;
}

/* --- the whole --- */

static json_t *
next_hop_json(const struct nexthop *hop)
{
	json_t *object = json_object();

	json_put_text(object, "host", hop->host);
	json_put_number(object, "port", hop->port);
	json_put_bool(object, "mx_lookup", hop->mx_lookup);
	json_put_bool(object, "literal", hop->literal);
	return object;
}

static void
put_destination(json_t *object, const struct facts *facts)
{
	json_t *hosts = json_array();

	json_put_text(object, "domain", facts->domain);
	json_put_text(
	    object, "trouble", facts_trouble_word((int)facts->trouble));
	json_object_set_new(
	    object, "next_hop", next_hop_json(&facts->next_hop));
	json_put_text(object, "expanded", facts->expanded);
	json_put_bool(object, "probed", facts->probed);
	json_put_bool(object, "all_hosts", facts->all_hosts);
	json_object_set_new(object, "mx", lookup_json(&facts->mx));
	json_put_bool(object, "null_mx", facts->null_mx);
	for (size_t i = 0; i < facts->host_count; i++)
		json_array_append_new(hosts, host_json(&facts->hosts[i]));
	json_object_set_new(object, "hosts", hosts);
	json_put_bool(object, "more_hosts", facts->more_hosts);
	json_object_set_new(object, "sts", sts_facts_json(&facts->sts));
	json_put_text(object, "detail", facts->detail);
	json_put_number(object, "least_ttl", facts->least_ttl_s);
	json_put_bool(object, "any_failed", facts->any_failed);
}

json_t *
json_facts(const struct facts *facts, const struct facts_told *told)
{
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "facts");
	json_put_text(object, "asked", told->asked);
	json_put_time(object, "at", told->judged_s);
	json_put_number(object, "ms", told->ms);
	put_destination(object, facts);
	json_object_set_new(object, "terms", terms_json(facts, told));
	json_object_set_new(
	    object, "roots", roots_json(facts, told->terms->store));
	return object;
}
