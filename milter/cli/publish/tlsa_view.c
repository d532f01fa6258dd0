/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/print.h"
#include "milter/cli/publish/own.h"
#include "milter/cli/publish/tlsa_check.h"

enum { HEX_SHOWN = 32 };

static const char *
tlsa_verdict_text(const struct seen *seen)
{
	switch (findings_worst(&seen->findings)) {
	case FINDING_NOTE:
		return "ok";
	case FINDING_WARNING:
		return "works, with warnings";
	case FINDING_UNKNOWN:
		return "could not be seen in full";
	case FINDING_FAIL:
		break;
	}
	return "fails for DANE senders";
}

/* --- text --- */

static void
print_seen_record(FILE *out, const struct seen_host *host, size_t number)
{
	const struct tlsa *record = &host->facts->records.records[number];
	size_t matches = seen_matches(host, number), all = seen_tls(host);
	char hex[HEX_SHOWN + 1];

	text_hex(hex, sizeof(hex), record->data, record->size);
	cli_print_part(out, number == 0 ? "TLSA" : "");
	fprintf(out, "%u %u %u %s%s  ", record->usage, record->selector,
	    record->mtype, hex, 2 * record->size > HEX_SHOWN ? "..." : "");
	if (!record->usable)
		fprintf(out, "does not count\n");
	else if (all == 0)
		fprintf(out, "not compared\n");
	else if (matches == 0)
		fprintf(out, "no match\n");
	else if (matches == all)
		fprintf(out, "matches\n");
	else
		fprintf(out, "matches %zu of %zu\n", matches, all);
}

static void
print_seen_address(FILE *out, const struct seen_address *address, bool first)
{
	const struct probe_facts *probe = address->facts->probe;
	char date[CLI_TIME_SIZE];

	cli_print_part(out, first ? "address" : "");
	fprintf(out, "%s  ", address->facts->text);
	if (address->chain != NULL)
		fprintf(out, "%s, until %.10s\n", probe->tls,
		    cli_time(x509_not_after(address->chain, 0), date));
	else
		fprintf(out, "%s\n", reason_text(seen_reason(address)));
	for (size_t i = 0; i < address->other_count; i++) {
		cli_print_part(out, "");
		fprintf(out, "%s  with %s, until %.10s\n", address->facts->text,
		    address->others[i].type,
		    cli_time(
			x509_not_after(address->others[i].chain, 0), date));
	}
}

static void
print_host(FILE *out, const struct seen_host *host)
{
	const struct host_facts *facts = host->facts;

	cli_print_label(out, "host");
	fprintf(out, "%s\n", facts->name);
	if (facts->base_domain[0] != '\0' &&
	    strcmp(facts->base_domain, facts->name) != 0) {
		cli_print_part(out, "alias of");
		fprintf(out, "%s\n", facts->expanded);
	}
	if (facts->records.count == 0) {
		cli_print_part(out, "TLSA");
		fprintf(out, "none%s\n",
		    host->unheeded ? " that DNSSEC vouches for" : "");
	}
	for (size_t i = 0; i < facts->records.count; i++)
		print_seen_record(out, host, i);
	for (size_t i = 0; i < facts->address_count; i++)
		print_seen_address(out, &host->addresses[i], i == 0);
}

void
seen_print(FILE *out, const struct seen *seen)
{
	const struct facts *facts = seen->check->facts;

	fprintf(out, "%s\n", seen->asked);
	for (size_t i = 0; i < facts->host_count; i++)
		print_host(out, &seen->hosts[i]);
	findings_print(out, &seen->findings);
	cli_print_text(out, "verdict", tlsa_verdict_text(seen));
}

/* --- JSON --- */

static json_t *
seen_record_json(const struct seen_host *host, size_t number)
{
	const struct tlsa *record = &host->facts->records.records[number];
	json_t *object = cli_tlsa_json(record), *matches = json_array();

	for (size_t i = 0; i < host->facts->address_count; i++)
		if (seen_fits(&host->addresses[i], number))
			json_array_append_new(matches,
			    json_string(host->addresses[i].facts->text));
	json_object_set_new(object, "usable", json_boolean(record->usable));
	json_object_set_new(
	    object, "considered", json_boolean(record->considered));
	json_object_set_new(object, "fault", json_string(tlsa_fault(record)));
	json_object_set_new(object, "matches", matches);
	return object;
}

static void
key_hex(const struct x509_chain *chain, char out[2 * 32 + 1])
{
	uint8_t digest[32];

	x509_sha256(x509_spki(chain, 0), digest);
	text_hex(out, 2 * 32 + 1, digest, sizeof(digest));
}

static json_t *
others_json(const struct seen_address *address)
{
	json_t *list = json_array();

	for (size_t i = 0; i < address->other_count; i++) {
		const struct seen_other *other = &address->others[i];
		char date[CLI_TIME_SIZE], hex[2 * 32 + 1];

		key_hex(other->chain, hex);
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:s, s:s}", "type", other->type,
			"subject", x509_subject(other->chain, 0), "not_after",
			cli_time(x509_not_after(other->chain, 0), date),
			"spki_sha256", hex));
	}
	return list;
}

static json_t *
seen_address_json(const struct seen_address *address)
{
	const struct probe_facts *probe = address->facts->probe;
	const struct x509_chain *chain = address->chain;
	char date[CLI_TIME_SIZE], hex[2 * 32 + 1] = "";

	if (chain != NULL)
		key_hex(chain, hex);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "address",
	    address->facts->text, "tls", probe == NULL ? "" : probe->tls,
	    "reason", reason_text(seen_reason(address)), "subject",
	    chain == NULL ? "" : x509_subject(chain, 0), "not_after",
	    chain == NULL ? "" : cli_time(x509_not_after(chain, 0), date),
	    "spki_sha256", hex, "others", others_json(address));
}

static json_t *
seen_host_json(const struct seen_host *host)
{
	const struct host_facts *facts = host->facts;
	json_t *records = json_array(), *addresses = json_array();

	for (size_t i = 0; i < facts->records.count; i++)
		json_array_append_new(records, seen_record_json(host, i));
	for (size_t i = 0; i < facts->address_count; i++)
		json_array_append_new(
		    addresses, seen_address_json(&host->addresses[i]));
	return json_pack("{s:s, s:i, s:s, s:I, s:o, s:o}", "name", facts->name,
	    "preference", (int)facts->preference, "base_domain",
	    facts->base_domain, "ttl", (json_int_t)facts->tlsa.ttl_s, "tlsa",
	    records, "addresses", addresses);
}

json_t *
seen_json(const struct seen *seen)
{
	const struct facts *facts = seen->check->facts;
	enum finding_level worst = findings_worst(&seen->findings);
	json_t *hosts = json_array();

	for (size_t i = 0; i < facts->host_count; i++)
		json_array_append_new(hosts, seen_host_json(&seen->hosts[i]));
	return json_pack("{s:i, s:s, s:s, s:o, s:o}", "schema", 1, "domain",
	    seen->asked, "result",
	    worst == FINDING_NOTE ? "ok" : finding_word(worst), "hosts", hosts,
	    "findings", findings_json(&seen->findings));
}
