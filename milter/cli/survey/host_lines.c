/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: what is found of a host goes to the file as an object of JSON,
 * which becomes a line of the export with its name and who has it.  Records and
 * addresses stand in an order of their own, for that of answers changes.
 */
#include "milter/cli/survey/host_lines.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/reasons.h"
#include "common/proto/x509.h"
#include "milter/view/json_put.h"

enum { DIGEST_SIZE = 32 };

/* --- what DNS has --- */

static const char *
security_of(const struct host_facts *host)
{
	if (host->a.state == LOOKUP_BOGUS || host->aaaa.state == LOOKUP_BOGUS)
		return "bogus";
	if (lookup_failed(&host->a) || lookup_failed(&host->aaaa))
		return "error";
	return host->a.secure || host->aaaa.secure ? "secure" : "insecure";
}

static json_t *
tlsa_text_json(const struct tlsa *record)
{
	char hex[2 * LIMIT_SURVEY_TLSA_DATA + 1];
	bool cut = record->size > LIMIT_SURVEY_TLSA_DATA;

	text_hex(hex, sizeof(hex), record->data,
	    cut ? LIMIT_SURVEY_TLSA_DATA : record->size);
	return json_sprintf("%u %u %u %s%s", record->usage, record->selector,
	    record->mtype, hex, cut ? "..." : "");
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(json_string_value(*(json_t *const *)a),
	    json_string_value(*(json_t *const *)b));
}

/* All are sorted before any is left out. */
static json_t *
tlsa_list_json(const struct tlsa_set *set)
{
	json_t *list = json_array();
	json_t **texts = xcalloc(set->count + 1, sizeof(json_t *));

	for (size_t i = 0; i < set->count; i++)
		texts[i] = tlsa_text_json(&set->records[i]);
	qsort(texts, set->count, sizeof(json_t *), compare_texts);
	for (size_t i = 0; i < set->count; i++)
		if (i < LIMIT_SURVEY_TLSA)
			json_array_append_new(list, texts[i]);
		else
			json_decref(texts[i]);
	free(texts);
	return list;
}

/* --- what a host shows --- */

/* By whoever demands a public certificate with the name of the host. */
static enum reason
verify_leaf(const char *name, struct x509_chain *chain,
    const struct x509_store *roots, time_t now)
{
	unsigned left = LIMIT_SIGNATURE_CHECKS;
	enum reason reason;

	if (!x509_leaf_is_read(chain))
		return REASON_TLS_UNSUPPORTED;
	x509_chain_charge(chain, &left);
	reason = x509_status_reason(x509_verify_store(chain, roots, now));
	if (reason != REASON_OK)
		return reason;
	return x509_leaf_has_name(chain, &name, 1, X509_NAMES_SAN)
		   ? REASON_OK
		   : REASON_CERTIFICATE_HOST_MISMATCH;
}

struct showing {
	const char *name; /* of the host */
	const struct x509_store *roots;
	time_t now;
};

static void
put_leaf(json_t *object, const struct showing *showing,
    const struct probe_facts *probe)
{
	AUTO(x509_chain) struct x509_chain *chain = NULL;
	char hex[2 * DIGEST_SIZE + 1] = "";
	uint8_t digest[DIGEST_SIZE];

	if (probe != NULL && probe->cert_count > 0)
		chain = x509_chain_new(probe->certs, probe->cert_count, NULL);
	if (chain != NULL) {
		x509_sha256(x509_spki(chain, 0), digest);
		text_hex(hex, sizeof(hex), digest, sizeof(digest));
	}
	json_put_text(object, "verify",
	    chain == NULL ? ""
			  : reason_text(verify_leaf(showing->name, chain,
				showing->roots, showing->now)));
	json_put_text(object, "spki_sha256", hex);
	if (chain == NULL)
		json_object_set_new(object, "not_after", json_null());
	else
		json_put_time(object, "not_after", x509_not_after(chain, 0));
}

static json_t *
address_line_json(
    const struct showing *showing, const struct address_facts *address)
{
	const struct probe_facts *probe = address->probe;
	json_t *object = json_object();

	json_put_text(object, "address", address->text);
	json_put_text(object, "probe",
	    probe_outcome_text(
		probe == NULL ? PROBE_NOT_DONE : probe->outcome));
	json_put_bool(object, "starttls", probe != NULL && probe->starttls);
	json_put_text(object, "tls", probe == NULL ? "" : probe->tls);
	put_leaf(object, showing, probe);
	json_put_text(object, "inferred_from",
	    probe == NULL || probe->shown_to == NULL ? "" : probe->shown_to);
	return object;
}

static int
compare_addresses(const void *a, const void *b)
{
	const struct address_facts *const *one = a, *const *other = b;

	return strcmp((*one)->text, (*other)->text);
}

static json_t *
address_lines_json(const struct showing *showing, const struct host_facts *host)
{
	const struct address_facts *sorted[LIMIT_HOST_ADDRESSES] = {NULL};
	json_t *list = json_array();

	for (size_t i = 0; i < host->address_count; i++)
		sorted[i] = &host->addresses[i];
	qsort(sorted, host->address_count, sizeof(*sorted), compare_addresses);
	for (size_t i = 0; i < host->address_count; i++)
		json_array_append_new(
		    list, address_line_json(showing, sorted[i]));
	return list;
}

static unsigned
count_connected(const struct host_facts *host)
{
	unsigned count = 0;

	for (size_t i = 0; i < host->address_count; i++) {
		const struct probe_facts *probe = host->addresses[i].probe;

		count += probe != NULL && probe->outcome != PROBE_NOT_DONE;
	}
	return count;
}

/* --- lines --- */

void
host_lines_free(struct host_lines *lines)
{
	if (lines == NULL)
		return;
	for (size_t i = 0; i < lines->count; i++) {
		free(lines->names[i]);
		free(lines->facts[i]);
	}
	free(lines);
}

struct host_lines *
host_lines_make(const struct check *check, const struct x509_store *roots)
{
	const struct facts *facts = check->facts;
	struct host_lines *lines = xcalloc(1, sizeof(*lines));

	for (size_t i = 0; i < facts->host_count && i < LIMIT_MX_HOSTS; i++) {
		const struct host_facts *host = &facts->hosts[i];
		struct showing showing = {
		    .name = host->name, .roots = roots, .now = check->judged_s};
		json_t *object = json_object();

		json_put_text(object, "security", security_of(host));
		json_object_set_new(
		    object, "tlsa", tlsa_list_json(&host->records));
		json_object_set_new(
		    object, "addresses", address_lines_json(&showing, host));
		lines->names[i] = xstrdup(host->name);
		lines->facts[i] = json_line(object);
		lines->probed[i] = count_connected(host);
		lines->count++;
	}
	return lines;
}

/* What was kept, or of a file that has lost it the same of nothing; no more of
 * it than that, whoever wrote the file. */
static json_t *
kept_facts_json(const char *facts)
{
	json_t *kept = facts == NULL ? NULL : json_loads(facts, 0, NULL);
	json_t *object = json_pack(
	    "{s:s,s:[],s:[]}", "security", "error", "tlsa", "addresses");
	const char *key;
	json_t *nothing;

	json_object_foreach(object, key, nothing)
	{
		json_t *value = json_object_get(kept, key);

		if (json_typeof(nothing) ==
		    (value == NULL ? JSON_NULL : json_typeof(value)))
			json_object_set(object, key, value);
	}
	json_decref(kept);
	return object;
}

void
host_lines_print(
    void *out, const struct survey_host *host, const struct survey_count *count)
{
	json_t *object = json_object(), *facts = kept_facts_json(host->facts);

	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "host");
	json_put_text(object, "name", host->name);
	json_object_update(object, facts);
	json_put_number(object, "domains", count->domains);
	json_put_number(object, "messages", count->messages);
	json_decref(facts);
	json_print(out, object);
}
