/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/check/json.h"

#include <jansson.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/act/mta_policy.h"
#include "milter/cli/check/text.h"
#include "milter/view/json_check.h"
#include "milter/view/json_facts.h"
#include "milter/view/json_put.h"

static const struct sts_policy *
policy_of_facts(const struct facts *facts)
{
	return facts->sts.policy == NULL ? NULL : facts->sts.policy->policy;
}

static json_t *
tlsa_json(const struct host_facts *host, const struct host_verdict *judged)
{
	json_t *list = json_array();

	for (size_t i = 0; i < host->records.count; i++) {
		const struct tlsa *record = &host->records.records[i];
		size_t size = 2 * record->size + 1;
		char *hex = xmalloc(size);
		json_t *object = json_object();
		bool matched = false;

		text_hex(hex, size, record->data, record->size);
		for (size_t k = 0; k < judged->address_count; k++)
			matched |= judged->addresses[k].matched == (int)i;
		json_put_number(object, "usage", record->usage);
		json_put_number(object, "selector", record->selector);
		json_put_number(object, "mtype", record->mtype);
		json_put_text(object, "data", hex);
		json_put_bool(object, "usable", record->usable);
		json_put_bool(object, "matched", matched);
		json_array_append_new(list, object);
		free(hex);
	}
	return list;
}

static void
append_name(void *arg, const char *name)
{
	json_array_append_new(arg, json_string(name));
}

static json_t *
chain_json(const struct probe_facts *probe)
{
	AUTO(x509_chain)
	struct x509_chain *chain =
	    x509_chain_new(probe->certs, probe->cert_count, NULL);
	json_t *list = json_array();

	for (size_t i = 0; chain != NULL && i < x509_count(chain); i++) {
		json_t *object = json_object();
		json_t *names = json_array();
		char hex[2 * 32 + 1];
		uint8_t digest[32];
		unsigned bits;

		x509_each_name(chain, i, append_name, names);
		x509_sha256(x509_spki(chain, i), digest);
		text_hex(hex, sizeof(hex), digest, sizeof(digest));
		json_put_text(object, "subject", x509_subject(chain, i));
		json_put_text(object, "issuer", x509_issuer(chain, i));
		json_put_time(object, "not_after", x509_not_after(chain, i));
		json_put_text(object, "spki_sha256", hex);
		json_put_text(
		    object, "key_type", x509_key_type(chain, i, &bits));
		json_put_number(object, "key_bits", bits);
		json_object_set_new(object, "names", names);
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *
checked_address_json(
    const struct address_facts *address, const struct address_verdict *judged)
{
	static const struct probe_facts none = {.outcome = PROBE_NOT_DONE};
	const struct probe_facts *probe =
	    address->probe == NULL ? &none : address->probe;
	json_t *object = json_object();

	json_put_text(object, "address", address->text);
	json_put_bool(object, "starttls", probe->starttls);
	json_put_text(object, "tls", probe->tls);
	json_put_text(object, "cipher", probe->sight.cipher);
	json_put_text(object, "group", probe->sight.group);
	json_put_text(object, "signature", probe->sight.signature);
	json_put_text(object, "banner", probe->sight.banner);
	json_put_number(object, "ms", probe->ms);
	json_object_set_new(object, "phases", json_phases(&probe->sight));
	json_object_set_new(object, "chain", chain_json(probe));
	json_put_text(object, "verify",
	    judged->verified                  ? "ok"
	    : judged->outcome == HOST_FAIL    ? reason_text(judged->reason)
	    : judged->sts_reason != REASON_OK ? reason_text(judged->sts_reason)
					      : "");
	json_put_text(object, "reason", reason_text(judged->reason));
	if (judged->detail[0] != '\0')
		json_put_text(object, "detail", judged->detail);
	return object;
}

static const char *
security_text(const struct lookup *lookup)
{
	switch (lookup->state) {
	case LOOKUP_BOGUS:
		return "bogus";
	case LOOKUP_SERVFAIL:
	case LOOKUP_TIMEOUT:
		return "error";
	case LOOKUP_NOT_ASKED:
	case LOOKUP_DATA:
	case LOOKUP_NODATA:
	case LOOKUP_NXDOMAIN:
		break;
	}
	return lookup->secure ? "secure" : "insecure";
}

/* The security of a host's addresses is that of the family that answered, the
 * worse of two that did. */
static const char *
address_security(const struct host_facts *host)
{
	const struct lookup *a = &host->a, *aaaa = &host->aaaa;

	if (a->state == LOOKUP_DATA && aaaa->state == LOOKUP_DATA)
		return security_text(a->secure ? aaaa : a);
	if (aaaa->state == LOOKUP_DATA)
		return security_text(aaaa);
	if (a->state != LOOKUP_DATA && lookup_failed(aaaa))
		return security_text(aaaa);
	return security_text(a);
}

json_t *
cli_json_host(const struct facts *facts, const struct host_facts *host,
    const struct host_verdict *judged)
{
	json_t *object = json_object(), *addresses = json_array();

	for (size_t i = 0; i < host->address_count; i++)
		json_array_append_new(
		    addresses, checked_address_json(
				   &host->addresses[i], &judged->addresses[i]));
	json_put_text(object, "name", host->name);
	json_put_number(object, "preference", host->preference);
	/* a host that was given can be forged by no MX record */
	json_put_text(object, "security",
	    facts->mx.state == LOOKUP_NOT_ASKED ? "secure"
						: security_text(&facts->mx));
	json_put_text(object, "address_security", address_security(host));
	json_put_text(object, "verdict", host_outcome_text(judged->outcome));
	json_put_text(object, "reason", reason_text(judged->reason));
	json_put_text(object, "base_domain", host->base_domain);
	json_object_set_new(object, "tlsa", tlsa_json(host, judged));
	json_object_set_new(object, "addresses", addresses);
	return object;
}

static json_t *
sts_json(const struct check *check)
{
	const struct sts_facts *sts = &check->facts->sts;
	const struct sts_policy *policy = policy_of_facts(check->facts);
	json_t *object = json_object(), *mx = json_array();

	for (size_t i = 0; policy != NULL && i < policy->mx_count; i++)
		json_array_append_new(mx, json_string(policy->mx[i]));
	json_put_text(object, "result", sts_state_text(check->verdict->sts));
	json_put_text(
	    object, "mode", policy == NULL ? "" : sts_mode_text(policy->mode));
	json_put_text(
	    object, "id", policy == NULL ? sts->record.id : sts->policy->id);
	json_object_set_new(object, "mx", mx);
	json_put_number(
	    object, "max_age", policy == NULL ? 0 : policy->max_age_s);
	json_put_text(object, "source",
	    policy == NULL ? ""
	    : sts->cached  ? "cached"
			   : "fetched");
	json_put_text(object, "reason",
	    check->verdict->sts_reason == REASON_OK
		? ""
		: reason_text(check->verdict->sts_reason));
	return object;
}

static json_t *
sts_host_json(const struct host_facts *host, const struct host_verdict *judged)
{
	return json_pack("{s:s, s:s, s:s}", "name", host->name, "result",
	    sts_state_text(judged->sts), "reason",
	    judged->sts_reason == REASON_OK ? ""
					    : reason_text(judged->sts_reason));
}

int
cli_json_sts_check(FILE *out, const struct check *check, const char *asked)
{
	const struct sts_record *record = &check->facts->sts.record;
	enum reason unseen = cli_sts_unseen(check);
	json_t *hosts = json_array(), *object;

	for (size_t i = 0; i < check->verdict->host_count; i++)
		json_array_append_new(
		    hosts, sts_host_json(&check->facts->hosts[i],
			       &check->verdict->hosts[i]));
	object = json_pack("{s:i, s:s, s:{s:b, s:s, s:s}, s:o, s:o, s:s, s:s}",
	    "schema", 1, "domain",
	    check->domain[0] == '\0' ? asked : check->domain, "record", "valid",
	    record->outcome == STS_RECORD_VALID, "id", record->id, "reason",
	    record->why == NULL ? "" : record->why, "sts", sts_json(check),
	    "hosts", hosts, "verdict",
	    unseen == REASON_OK ? sts_state_text(cli_worst_sts(check->verdict))
				: "unknown",
	    "unseen", unseen == REASON_OK ? "" : reason_text(unseen));
	return json_print(out, object);
}

int
cli_json_check(FILE *out, const struct settings *settings,
    const struct check *check, const char *asked, json_t *facts)
{
	const struct verdict *verdict = check->verdict;
	json_t *object = json_object(), *hosts = json_array();
	char *postfix = mta_policy_data(settings, check);

	json_put_number(object, "schema", 1);
	json_check_put(
	    object, settings, check, asked, false, check->verdict->ttl_s);
	json_put_text(object, "rt", verdict->rt);
	json_put_text(object, "dane", dane_state_text(verdict->dane));
	json_object_set_new(object, "sts", sts_json(check));
	json_put_text(object, "postfix", postfix);
	free(postfix);
	for (size_t i = 0; i < verdict->host_count; i++)
		json_array_append_new(
		    hosts, cli_json_host(check->facts, &check->facts->hosts[i],
			       &verdict->hosts[i]));
	json_object_set_new(object, "hosts", hosts);
	if (facts != NULL)
		json_object_set_new(object, "facts", facts);
	return json_print(out, object);
}
