/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/shared_finding.h"

#include <jansson.h>
#include <string.h>

#include "common/base/base64.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/shared_fields.h"
#include "common/proto/shared_record.h"

/* Whether what was found then counts now, for so many seconds. */
static bool
is_of_now(time_t at_s, int life_s, time_t now)
{
	return at_s <= now + SHARED_SKEW_S && now < at_s + life_s;
}

/* --- probes --- */

void
shared_probe_free(struct shared_probe *probe)
{
	if (probe == NULL)
		return;
	for (size_t i = 0; i < LIMIT_CHAIN_CERTS; i++)
		free(probe->octets[i]);
	free(probe);
}

/* So many digits of base64 are no more octets than a chain may have. */
_Static_assert(LIMIT_SHARED_VALUE / 4 * 3 <= LIMIT_CHAIN_OCTETS,
    "a chain of LIMIT_CHAIN_OCTETS would have to be refused");

static bool
take_certificates(const json_t *list, struct shared_probe *probe)
{
	size_t count = json_array_size(list);

	if (count < 1 || count > LIMIT_CHAIN_CERTS)
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		size_t size;

		probe->octets[i] =
		    text == NULL ? NULL : base64_decode(text, &size);
		if (probe->octets[i] == NULL || size == 0)
			return false;
		probe->certs[i] = (struct der){probe->octets[i], size};
	}
	probe->cert_count = count;
	return true;
}

static bool
is_good_tls(const char *version)
{
	return strcmp(version, "TLS1.2") == 0 || strcmp(version, "TLS1.3") == 0;
}

static enum shared_fault
fill_probe(const json_t *object, const struct shared_probe *wanted, time_t now,
    struct shared_probe *probe)
{
	long long port, requiretls;

	if (!shared_fields_text(
		object, "a", probe->address, sizeof(probe->address)) ||
	    !shared_fields_integer(object, "p", &port) ||
	    !shared_fields_text(object, "s", probe->sni, sizeof(probe->sni)) ||
	    !shared_fields_time(object, "t", &probe->at_s) ||
	    !shared_fields_text(object, "v", probe->tls, sizeof(probe->tls)) ||
	    !is_good_tls(probe->tls) ||
	    !shared_fields_integer(object, "r", &requiretls) ||
	    requiretls > 1 || !shared_fields_host(object, "by", probe->by) ||
	    !take_certificates(json_object_get(object, "c"), probe))
		return SHARED_FAULT_SYNTAX;
	if (strcmp(probe->address, wanted->address) != 0 ||
	    port != wanted->port || strcmp(probe->sni, wanted->sni) != 0)
		return SHARED_FAULT_KEY;
	probe->port = wanted->port;
	probe->requiretls = requiretls == 1;
	return is_of_now(probe->at_s, SHARED_PROBE_S, now) ? SHARED_NO_FAULT
							   : SHARED_FAULT_TIME;
}

struct shared_probe *
shared_probe_read(const char *payload, size_t size,
    const struct shared_probe *wanted, time_t now, enum shared_fault *fault)
{
	json_t *object = shared_fields_load(payload, size, 1);
	struct shared_probe *probe;

	*fault = SHARED_FAULT_SYNTAX;
	if (object == NULL)
		return NULL;
	probe = xcalloc(1, sizeof(*probe));
	*fault = fill_probe(object, wanted, now, probe);
	json_decref(object);
	if (*fault == SHARED_NO_FAULT)
		return probe;
	shared_probe_free(probe);
	return NULL;
}

char *
shared_probe_print(const struct shared_probe *probe)
{
	json_t *chain = json_array();

	for (size_t i = 0; i < probe->cert_count; i++) {
		char *text =
		    base64_encode(probe->certs[i].data, probe->certs[i].size);

		json_array_append_new(chain, json_string(text));
		free(text);
	}
	return shared_fields_print(
	    json_pack("{s:s, s:i, s:s, s:I, s:s, s:o, s:i, s:s}", "a",
		probe->address, "p", (int)probe->port, "s", probe->sni, "t",
		(json_int_t)probe->at_s, "v", probe->tls, "c", chain, "r",
		(int)probe->requiretls, "by", probe->by));
}

/* --- verdicts --- */

/* A key, and where its text goes. */
struct place {
	const char *key;
	char *out;
	size_t size;
};

static bool
take_verdict_words(const json_t *object, struct shared_verdict *verdict)
{
	const struct place places[] = {
	    {"h", verdict->hop, sizeof(verdict->hop)},
	    {"d", verdict->domain, sizeof(verdict->domain)},
	    {"l", verdict->level, sizeof(verdict->level)},
	    {"g", verdict->digest, sizeof(verdict->digest)},
	    {"r", verdict->result, sizeof(verdict->result)},
	    {"p", verdict->policy, sizeof(verdict->policy)},
	    {"e", verdict->reason, sizeof(verdict->reason)},
	    {"m", verdict->mx, sizeof(verdict->mx)},
	    {"n", verdict->enforced, sizeof(verdict->enforced)},
	    {"dane", verdict->dane, sizeof(verdict->dane)},
	    {"sts", verdict->sts, sizeof(verdict->sts)},
	    {"mode", verdict->mode, sizeof(verdict->mode)}};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!shared_fields_text(
			object, places[i].key, places[i].out, places[i].size))
			return false;
	return verdict->mx[0] == '\0' || shared_fields_is_domain(verdict->mx);
}

static enum shared_fault
fill_verdict(const json_t *object, const struct shared_verdict *wanted,
    time_t now, struct shared_verdict *verdict)
{
	if (!take_verdict_words(object, verdict) ||
	    !shared_fields_time(object, "f", &verdict->found_s) ||
	    !shared_fields_time(object, "x", &verdict->expires_s) ||
	    !shared_fields_host(object, "by", verdict->by))
		return SHARED_FAULT_SYNTAX;
	if (strcmp(verdict->hop, wanted->hop) != 0 ||
	    strcmp(verdict->domain, wanted->domain) != 0 ||
	    strcmp(verdict->level, wanted->level) != 0 ||
	    strcmp(verdict->digest, wanted->digest) != 0)
		return SHARED_FAULT_KEY;
	return is_of_now(verdict->found_s, SHARED_VERDICT_S, now) &&
		       verdict->expires_s > now
		   ? SHARED_NO_FAULT
		   : SHARED_FAULT_TIME;
}

enum shared_fault
shared_verdict_read(const char *payload, size_t size,
    const struct shared_verdict *wanted, time_t now, struct shared_verdict *out)
{
	json_t *object = shared_fields_load(payload, size, 0);
	enum shared_fault fault = SHARED_FAULT_SYNTAX;

	if (object != NULL)
		fault = fill_verdict(object, wanted, now, out);
	json_decref(object);
	return fault;
}

char *
shared_verdict_print(const struct shared_verdict *verdict)
{
	return shared_fields_print(
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, "
		      "s:s, s:I, s:I, s:s}",
		"h", verdict->hop, "d", verdict->domain, "l", verdict->level,
		"g", verdict->digest, "r", verdict->result, "p",
		verdict->policy, "e", verdict->reason, "m", verdict->mx, "n",
		verdict->enforced, "dane", verdict->dane, "sts", verdict->sts,
		"mode", verdict->mode, "f", (json_int_t)verdict->found_s, "x",
		(json_int_t)verdict->expires_s, "by", verdict->by));
}
