/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_facts.h"

#include <jansson.h>
#include <string.h>

#include "common/base/base64.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/conf/destinations.h"
#include "milter/view/json_measure.h"
#include "milter/view/json_read.h"

/*
 * How it works: the object is measured before it is parsed.  Then each value is
 * taken and held against what the judge relies on: names are normalised, hosts
 * in order, nothing more than the limits allow, and what follows from other
 * facts (which TLSA records are usable, what the policy and its record say) is
 * worked out anew from their octets.
 */

/* What no DNS, policy or certificate has more of. */
enum {
	MOST_PREFERENCE = UINT16_MAX,
	MOST_MS = 24 * 60 * 60 * 1000,
};

static struct lookup
read_lookup(struct json_reader *r, const json_t *object)
{
	return (struct lookup){.state = (enum lookup_state)json_take_word(
				   r, object, "state", facts_lookup_word),
	    .secure = json_take_bool(r, object, "secure"),
	    .ttl_s = json_take_number(r, object, "ttl", UINT32_MAX)};
}

static struct lookup
take_lookup(struct json_reader *r, const json_t *object, const char *key)
{
	size_t length = strlen(r->place);
	const json_t *value = json_take_object(r, object, key);
	struct lookup lookup;

	json_enter(r, key);
	lookup = read_lookup(r, value);
	json_leave(r, length);
	return lookup;
}

/* --- certificates --- */

/* A list of certificates; their octets are of the pile. */
struct pile {
	size_t count;
	struct der *certs;
	uint8_t **octets;
};

static void
pile_fini(struct pile *pile)
{
	for (size_t i = 0; i < pile->count; i++)
		free(pile->octets[i]);
	free(pile->octets);
	free(pile->certs);
}

static struct pile
take_pile(struct json_reader *r, const json_t *object, const char *key,
    size_t most, size_t most_octets)
{
	struct pile pile = {.count = 0};
	size_t count, total = 0;
	const json_t *list = json_take_list(r, object, key, most, &count);

	pile.certs = xcalloc(count, sizeof(*pile.certs));
	pile.octets = xcalloc(count, sizeof(*pile.octets));
	for (; pile.count < count; pile.count++) {
		const char *text =
		    json_string_value(json_array_get(list, pile.count));
		size_t size = 0;
		uint8_t *octets =
		    text == NULL ? NULL : base64_decode(text, &size);

		pile.octets[pile.count] = octets;
		pile.certs[pile.count] = (struct der){octets, size};
		total += size;
		if (octets == NULL || size == 0)
			json_refuse(r, key, "has what is no base64");
	}
	if (total > most_octets)
		json_refuse(r, key, "is over its limit of octets");
	return pile;
}

/* --- probes --- */

static void
read_phases(
    struct json_reader *r, const json_t *object, struct probe_sight *sight)
{
	for (int i = 0; i < PROBE_PHASES; i++) {
		const char *word = facts_phase_word(i);

		sight->is_begun[i] = json_object_get(object, word) != NULL;
		if (sight->is_begun[i])
			sight->phase_ms[i] =
			    json_take_number(r, object, word, MOST_MS);
	}
}

static void
read_sight(
    struct json_reader *r, const json_t *object, struct probe_sight *sight)
{
	json_take_text(r, object, "banner", JSON_ANY_TEXT, sight->banner,
	    sizeof(sight->banner));
	json_take_text(r, object, "cipher", JSON_ANY_TEXT, sight->cipher,
	    sizeof(sight->cipher));
	json_take_text(r, object, "group", JSON_ANY_TEXT, sight->group,
	    sizeof(sight->group));
	json_take_text(r, object, "signature", JSON_ANY_TEXT, sight->signature,
	    sizeof(sight->signature));
	read_phases(r, json_take_object(r, object, "phases"), sight);
}

static struct probe_facts *
read_probe(struct json_reader *r, const json_t *object)
{
	struct probe_facts *probe =
	    probe_facts_new((enum probe_outcome)json_take_word(
		r, object, "outcome", facts_probe_word));
	struct pile chain;

	probe->connected = json_take_bool(r, object, "connected");
	probe->starttls = json_take_bool(r, object, "starttls");
	probe->tls_ehlo = json_take_bool(r, object, "tls_ehlo");
	probe->tls_answered = json_take_bool(r, object, "tls_answered");
	probe->requiretls = json_take_bool(r, object, "requiretls");
	json_take_text(
	    r, object, "tls", JSON_ANY_TEXT, probe->tls, sizeof(probe->tls));
	json_take_text(r, object, "detail", JSON_ANY_TEXT, probe->detail,
	    sizeof(probe->detail));
	probe->ms = json_take_number(r, object, "ms", MOST_MS);
	read_sight(r, object, &probe->sight);
	chain = take_pile(
	    r, object, "chain", LIMIT_CHAIN_CERTS, LIMIT_CHAIN_OCTETS);
	if (!r->failed && chain.count > 0)
		probe_facts_set_certs(probe, chain.certs, chain.count);
	pile_fini(&chain);
	return probe;
}

static void
read_address_facts(
    struct json_reader *r, const json_t *object, struct address_facts *address)
{
	size_t length = strlen(r->place);
	const json_t *probe = json_take_maybe(r, object, "probe");

	json_take_text(r, object, "address", JSON_ADDRESS, address->text,
	    sizeof(address->text));
	address->untried = json_take_bool(r, object, "untried");
	address->remembered = json_take_bool(r, object, "remembered");
	json_enter(r, "probe");
	if (probe != NULL)
		address->probe = read_probe(r, probe);
	json_leave(r, length);
}

/* --- hosts --- */

static void
read_tlsa_record(struct json_reader *r, const char *text, struct tlsa_set *set)
{
	struct tlsa_form form;
	size_t before = set->count;

	if (tlsa_form_parse(text, &form) == 0) {
		/* no data: RDATA that was too short */
		const uint8_t rdata[] = {form.usage, form.selector, form.mtype};

		tlsa_set_add(set, rdata, sizeof(rdata));
	} else {
		tlsa_set_add_text(set, text, NULL);
	}
	if (set->count == before)
		json_refuse(r, "records", "has what is no TLSA record");
}

static void
read_records(struct json_reader *r, const json_t *object, struct tlsa_set *set)
{
	size_t count;
	const json_t *list =
	    json_take_list(r, object, "records", LIMIT_TLSA_RECORDS, &count);

	for (size_t i = 0; i < count && !r->failed; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text == NULL)
			json_refuse(r, "records", "has what is no text");
		else
			read_tlsa_record(r, text, set);
	}
	tlsa_set_finish(set);
}

static void
read_host_addresses(
    struct json_reader *r, const json_t *object, struct host_facts *host)
{
	size_t length = strlen(r->place);
	const json_t *list = json_take_list(
	    r, object, "addresses", LIMIT_HOST_ADDRESSES, &host->address_count);

	host->addresses =
	    xcalloc(host->address_count, sizeof(*host->addresses));
	for (size_t i = 0; i < host->address_count; i++) {
		json_enter_item(r, "addresses", i);
		read_address_facts(
		    r, json_array_get(list, i), &host->addresses[i]);
		json_leave(r, length);
	}
}

/* RFC 7672 section 2.2.3: no other name is a TLSA base domain. */
static void
check_base_domain(struct json_reader *r, const struct host_facts *host)
{
	bool has_records = host->tlsa.state == LOOKUP_DATA && host->tlsa.secure;

	if (!has_records && host->base_domain[0] == '\0' &&
	    host->records.count == 0)
		return;
	if (!has_records || (strcmp(host->base_domain, host->name) != 0 &&
				strcmp(host->base_domain, host->expanded) != 0))
		json_refuse(r, "base_domain", "is not that of the lookup");
}

static void
read_host_lookups(
    struct json_reader *r, const json_t *object, struct host_facts *host)
{
	host->a = take_lookup(r, object, "a");
	host->aaaa = take_lookup(r, object, "aaaa");
	host->cname = take_lookup(r, object, "cname");
	host->tlsa = take_lookup(r, object, "tlsa");
	read_records(r, object, &host->records);
	check_base_domain(r, host);
}

static void
read_host(struct json_reader *r, const json_t *object, struct host_facts *host)
{
	json_take_text(r, object, "name", JSON_NAME_OR_HOST, host->name,
	    sizeof(host->name));
	json_take_text(r, object, "expanded", JSON_NAME_OR_HOST, host->expanded,
	    sizeof(host->expanded));
	json_take_text(r, object, "base_domain", JSON_NAME, host->base_domain,
	    sizeof(host->base_domain));
	json_take_text(
	    r, object, "sni", JSON_NAME_OR_HOST, host->sni, sizeof(host->sni));
	json_take_text(r, object, "detail", JSON_ANY_TEXT, host->detail,
	    sizeof(host->detail));
	host->literal = json_take_bool(r, object, "literal");
	host->preference =
	    json_take_number(r, object, "preference", MOST_PREFERENCE);
	host->ipv4_count =
	    json_take_number(r, object, "ipv4", LIMIT_DNS_RECORDS);
	host->ipv6_count =
	    json_take_number(r, object, "ipv6", LIMIT_DNS_RECORDS);
	read_host_lookups(r, object, host);
	read_host_addresses(r, object, host);
}

/* By preference; of equal ones no order counts. */
static void
check_host_order(struct json_reader *r, const struct facts *facts)
{
	for (size_t i = 1; i < facts->host_count; i++)
		if (facts->hosts[i].preference < facts->hosts[i - 1].preference)
			json_refuse(r, "hosts", "is not in order");
}

static void
read_hosts(struct json_reader *r, const json_t *object, struct facts *facts)
{
	const json_t *list = json_take_list(
	    r, object, "hosts", LIMIT_MX_HOSTS, &facts->host_count);

	facts->hosts = xcalloc(facts->host_count, sizeof(*facts->hosts));
	for (size_t i = 0; i < facts->host_count; i++) {
		json_enter_item(r, "hosts", i);
		read_host(r, json_array_get(list, i), &facts->hosts[i]);
		json_leave(r, 0);
	}
	check_host_order(r, facts);
}

/* --- MTA-STS --- */

static void
read_policy_facts(
    struct json_reader *r, const json_t *object, struct policy_facts *policy)
{
	const json_t *body = json_object_get(object, "body");
	size_t size = 0;

	json_take_text(
	    r, object, "id", JSON_ANY_TEXT, policy->id, sizeof(policy->id));
	json_take_text(r, object, "detail", JSON_ANY_TEXT, policy->detail,
	    sizeof(policy->detail));
	policy->fetched_s = json_take_time(r, object, "fetched");
	if (policy->fetch != POLICY_FETCHED) {
		if (!json_is_null(body))
			json_refuse(r, "body", "is of no policy");
		return;
	}
	policy->body = json_take_octets(r, body, "body", &size);
	if (policy->body == NULL)
		return;
	if (size <= LIMIT_STS_BODY && strlen(policy->body) == size)
		policy->policy = sts_policy_parse(policy->body, size, NULL);
	if (policy->policy == NULL)
		json_refuse(r, "body", "is no policy");
}

static void
read_texts(struct json_reader *r, const json_t *object, struct sts_facts *sts)
{
	size_t count, made = 0, total = 0;
	const json_t *list =
	    json_take_list(r, object, "texts", LIMIT_DNS_RECORDS, &count);
	struct sts_txt *texts = xcalloc(count, sizeof(*texts));
	char **octets = xcalloc(count, sizeof(*octets));

	for (; made < count && !r->failed; made++) {
		octets[made] = json_take_octets(r, json_array_get(list, made),
		    "texts", &texts[made].length);
		texts[made].data = octets[made];
		total += texts[made].length;
	}
	/* of one message of the DNS */
	if (total > UINT16_MAX)
		json_refuse(r, "texts", "is over its limit of octets");
	if (!r->failed)
		sts_facts_set_texts(sts, texts, count);
	while (made > 0)
		free(octets[--made]);
	free(octets);
	free(texts);
}

static void
read_sts(struct json_reader *r, const json_t *object, struct sts_facts *sts)
{
	const json_t *policy = json_take_maybe(r, object, "policy");

	sts->record =
	    (struct sts_record){.outcome = STS_RECORD_ABSENT, .why = ""};
	sts->txt = read_lookup(r, object);
	read_texts(r, object, sts);
	sts->cached = json_take_bool(r, object, "cached");
	sts->failed = (enum policy_fetch)json_take_word(
	    r, object, "failed", facts_fetch_word);
	if (policy == NULL)
		return;
	json_enter(r, "policy");
	sts->policy = policy_facts_new((enum policy_fetch)json_take_word(
	    r, policy, "fetch", facts_fetch_word));
	read_policy_facts(r, policy, sts->policy);
}

/* --- what they were judged by --- */

static const char *
rule_level_word(int level)
{
	return level < LEVEL_HALF_DANE ? level_text((enum level)level) : NULL;
}

static void
read_rule(struct json_reader *r, const char *text, struct rule_list *list)
{
	struct conf_faults faults = {.count = 0};
	AUTO(rule)
	struct rule *rule = text == NULL || strlen(text) >= LIMIT_CONF_LINE
				? NULL
				: destinations_read(text, "rules", &faults);

	conf_faults_fini(&faults);
	if (rule == NULL) {
		json_refuse(r, "rules", "has what is no rule");
		return;
	}
	if (rule_list_get(list, rule->scope, rule->name) != NULL)
		json_refuse(r, "rules", "has a rule twice");
	rule_list_add(list, rule_ref(rule));
	rule_list_sort(list);
}

static void
read_rules(struct json_reader *r, const json_t *object, struct facts_file *file)
{
	size_t count;
	const json_t *list;

	if (json_is_null(json_object_get(object, "rules")))
		return;
	list = json_take_list(r, object, "rules", LIMIT_MX_HOSTS + 1, &count);
	file->rules = rule_list_new(file->level);
	for (size_t i = 0; i < count && !r->failed; i++)
		read_rule(
		    r, json_string_value(json_array_get(list, i)), file->rules);
}

static void
read_terms(struct json_reader *r, const json_t *object, struct facts_file *file)
{
	struct judge_terms *terms = &file->terms;

	file->level =
	    (enum level)json_take_word(r, object, "level", rule_level_word);
	read_rules(r, object, file);
	terms->insecure_mx = (enum insecure_mx)json_take_word(
	    r, object, "insecure_mx", facts_insecure_mx_word);
	terms->partial_dane = (enum partial_dane)json_take_word(
	    r, object, "partial_dane", facts_partial_dane_word);
	terms->requiretls = json_take_bool(r, object, "requiretls");
	terms->verdict_ttl_s =
	    json_take_number(r, object, "verdict_ttl", UINT32_MAX);
	terms->fail_ttl_s = json_take_number(r, object, "fail_ttl", UINT32_MAX);
	terms->temperror_ttl_s =
	    json_take_number(r, object, "temperror_ttl", UINT32_MAX);
}

static void
read_roots(struct json_reader *r, const json_t *object, struct facts_file *file)
{
	struct pile pile = take_pile(
	    r, object, "roots", LIMIT_FACTS_ROOTS, LIMIT_FACTS_OCTETS);

	if (!r->failed)
		file->roots = x509_store_of(pile.certs, pile.count);
	file->terms.store = file->roots;
	pile_fini(&pile);
}

void
facts_file_judge_at(struct facts_file *file, time_t at)
{
	if (file->rules == NULL)
		file->terms.level = file->level;
	else
		terms_set(
		    &file->terms, file->rules, file->facts->next_hop.host, at);
}

/* --- the whole --- */

static void
read_next_hop(struct json_reader *r, const json_t *object, struct nexthop *hop)
{
	json_enter(r, "next_hop");
	json_take_text(
	    r, object, "host", JSON_NAME_OR_HOST, hop->host, sizeof(hop->host));
	hop->port = (uint16_t)json_take_number(r, object, "port", UINT16_MAX);
	hop->mx_lookup = json_take_bool(r, object, "mx_lookup");
	hop->literal = json_take_bool(r, object, "literal");
	json_leave(r, 0);
}

static void
read_destination(struct json_reader *r, const json_t *object, struct facts *f)
{
	json_take_text(
	    r, object, "domain", JSON_NAME, f->domain, sizeof(f->domain));
	f->trouble = (enum trouble)json_take_word(
	    r, object, "trouble", facts_trouble_word);
	read_next_hop(r, json_take_object(r, object, "next_hop"), &f->next_hop);
	json_take_text(r, object, "expanded", JSON_NAME_OR_HOST, f->expanded,
	    sizeof(f->expanded));
	f->probed = json_take_bool(r, object, "probed");
	f->all_hosts = json_take_bool(r, object, "all_hosts");
	f->mx = take_lookup(r, object, "mx");
	f->null_mx = json_take_bool(r, object, "null_mx");
	read_hosts(r, object, f);
	f->more_hosts = json_take_bool(r, object, "more_hosts");
	json_take_text(
	    r, object, "detail", JSON_ANY_TEXT, f->detail, sizeof(f->detail));
	f->least_ttl_s = json_take_number(r, object, "least_ttl", UINT32_MAX);
	f->any_failed = json_take_bool(r, object, "any_failed");
	json_enter(r, "sts");
	read_sts(r, json_take_object(r, object, "sts"), &f->sts);
	json_leave(r, 0);
}

/* By themselves, or in the answer of a check. */
static const json_t *
facts_within(const json_t *object)
{
	const json_t *facts = json_object_get(object, "facts");

	return facts == NULL ? object : facts;
}

static void
read_file(struct json_reader *r, const json_t *object, struct facts_file *file)
{
	const char *kind = json_string_value(json_object_get(object, "kind"));

	if (kind == NULL || strcmp(kind, "facts") != 0)
		json_refuse(r, "kind", "is not \"facts\"");
	if (json_take_number(r, object, "schema", UINT16_MAX) != 1)
		json_refuse(r, "schema", "is another than 1");
	json_take_text(r, object, "asked", JSON_ANY_TEXT, file->asked,
	    sizeof(file->asked));
	file->judged_s = json_take_time(r, object, "at");
	file->ms = json_take_number(r, object, "ms", MOST_MS);
	read_destination(r, object, file->facts);
	json_enter(r, "terms");
	read_terms(r, json_take_object(r, object, "terms"), file);
	json_leave(r, 0);
	read_roots(r, object, file);
	facts_file_judge_at(file, file->judged_s);
}

void
facts_file_free(struct facts_file *file)
{
	if (file == NULL)
		return;
	facts_free(file->facts);
	rule_list_free(file->rules);
	x509_store_free(file->roots);
	free(file);
}

static json_t *
parse_object(const char *text, size_t length, struct err *err)
{
	json_error_t error;
	json_t *object =
	    json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	char why[LIMIT_DETAIL_SIZE];

	if (object != NULL)
		return object;
	text_escape(why, sizeof(why), error.text, strlen(error.text));
	err_set(err, ERR_DATA, "line %d: %s", error.line, why);
	return NULL;
}

struct facts_file *
facts_file_read(const char *text, size_t length, size_t *used, struct err *err)
{
	static const struct json_bounds most = {
	    LIMIT_FACTS_OCTETS, LIMIT_FACTS_DEPTH, LIMIT_FACTS_VALUES};
	struct json_reader r = {.err = err, .place = ""};
	struct facts_file *file;
	json_t *object;

	*used = json_measure(text, length, &most, err);
	object = *used == 0 ? NULL : parse_object(text, *used, err);
	if (object == NULL)
		return NULL;
	file = xcalloc(1, sizeof(*file));
	file->facts = facts_new();
	read_file(&r, facts_within(object), file);
	json_decref(object);
	if (!r.failed)
		return file;
	facts_file_free(file);
	return NULL;
}
