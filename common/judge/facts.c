/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/facts.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/judge/findings_memo.h"

const char *
lookup_state_text(enum lookup_state state)
{
	static const char *const words[] = {
	    [LOOKUP_NOT_ASKED] = "not-asked",
	    [LOOKUP_DATA] = "data",
	    [LOOKUP_NODATA] = "nodata",
	    [LOOKUP_NXDOMAIN] = "nxdomain",
	    [LOOKUP_BOGUS] = "bogus",
	    [LOOKUP_SERVFAIL] = "servfail",
	    [LOOKUP_TIMEOUT] = "timeout",
	};

	return words[state];
}

const char *
probe_outcome_text(enum probe_outcome outcome)
{
	static const char *const words[] = {
	    [PROBE_NOT_DONE] = "not-done",
	    [PROBE_TLS] = "tls",
	    [PROBE_TLS_REFUSED] = "tls-refused",
	    [PROBE_TLS_UNSUPPORTED] = "tls-unsupported",
	    [PROBE_NO_STARTTLS] = "no-starttls",
	    [PROBE_STARTTLS_REFUSED] = "starttls-refused",
	    [PROBE_TLS_FAILED] = "tls-failed",
	    [PROBE_REFUSED] = "refused",
	    [PROBE_NOT_SMTP] = "not-smtp",
	    [PROBE_CONNECT_FAILED] = "connect-failed",
	    [PROBE_TIMEOUT] = "timeout",
	    [PROBE_NO_SOURCE] = "no-source",
	    [PROBE_BLOCKED] = "blocked",
	    [PROBE_OWN] = "own",
	};

	return words[outcome];
}

bool
probe_outcome_lasts(enum probe_outcome outcome)
{
	switch (outcome) {
	case PROBE_TLS:
	case PROBE_TLS_REFUSED:
	case PROBE_TLS_UNSUPPORTED:
	case PROBE_TLS_FAILED:
	case PROBE_NO_STARTTLS:
	case PROBE_STARTTLS_REFUSED:
		return true;
	case PROBE_NOT_DONE:
	case PROBE_REFUSED:
	case PROBE_NOT_SMTP:
	case PROBE_CONNECT_FAILED:
	case PROBE_TIMEOUT:
	case PROBE_NO_SOURCE:
	case PROBE_BLOCKED:
	case PROBE_OWN:
		break;
	}
	return false;
}

bool
lookup_denied(const struct lookup *lookup)
{
	return lookup->state == LOOKUP_NODATA ||
	       lookup->state == LOOKUP_NXDOMAIN;
}

bool
lookup_failed(const struct lookup *lookup)
{
	return lookup->state == LOOKUP_BOGUS ||
	       lookup->state == LOOKUP_SERVFAIL ||
	       lookup->state == LOOKUP_TIMEOUT;
}

struct probe_facts *
probe_facts_new(enum probe_outcome outcome)
{
	struct probe_facts *probe = xcalloc(1, sizeof(*probe));

	atomic_init(&probe->refs, 1);
	probe->outcome = outcome;
	return probe;
}

struct probe_facts *
probe_facts_ref(struct probe_facts *probe)
{
	unsigned before = atomic_fetch_add(&probe->refs, 1);

	assert(before > 0);
	return probe;
}

void
probe_facts_free(struct probe_facts *probe)
{
	if (probe == NULL || atomic_fetch_sub(&probe->refs, 1) != 1)
		return;
	free(probe->certs);
	free(probe->octets);
	free(probe->shown_to);
	free(probe);
}

void
probe_facts_set_certs(
    struct probe_facts *probe, const struct der *certs, size_t count)
{
	size_t total = 0;

	assert(probe->certs == NULL);
	for (size_t i = 0; i < count; i++)
		total += certs[i].size;
	probe->octets = xmalloc(total);
	probe->certs = xcalloc(count, sizeof(*certs));
	probe->cert_count = count;
	for (size_t i = 0, at = 0; i < count; at += certs[i++].size) {
		memcpy(probe->octets + at, certs[i].data, certs[i].size);
		probe->certs[i].data = probe->octets + at;
		probe->certs[i].size = certs[i].size;
	}
}

struct policy_facts *
policy_facts_new(enum policy_fetch fetch)
{
	struct policy_facts *policy = xcalloc(1, sizeof(*policy));

	atomic_init(&policy->refs, 1);
	policy->fetch = fetch;
	return policy;
}

struct policy_facts *
policy_facts_ref(struct policy_facts *policy)
{
	unsigned before = atomic_fetch_add(&policy->refs, 1);

	assert(before > 0);
	return policy;
}

void
policy_facts_free(struct policy_facts *policy)
{
	if (policy == NULL || atomic_fetch_sub(&policy->refs, 1) != 1)
		return;
	sts_policy_free(policy->policy);
	free(policy->body);
	free(policy);
}

void
sts_facts_set_texts(
    struct sts_facts *sts, const struct sts_txt *texts, size_t count)
{
	size_t total = 0;

	assert(sts->texts == NULL);
	for (size_t i = 0; i < count; i++)
		total += texts[i].length;
	sts->octets = xmalloc(total);
	sts->texts = xcalloc(count, sizeof(*sts->texts));
	sts->text_count = count;
	for (size_t i = 0, at = 0; i < count; at += texts[i++].length) {
		memcpy(sts->octets + at, texts[i].data, texts[i].length);
		sts->texts[i].data = sts->octets + at;
		sts->texts[i].length = texts[i].length;
	}
	sts->record = sts_record_select(sts->texts, count);
}

void
sts_facts_drop_texts(struct sts_facts *sts)
{
	free(sts->texts);
	free(sts->octets);
	sts->texts = NULL;
	sts->octets = NULL;
	sts->text_count = 0;
}

bool
facts_mx_is_insecure(const struct facts *facts)
{
	return facts->mx.state == LOOKUP_DATA && !facts->mx.secure;
}

bool
facts_mx_is_vouched(const struct facts *facts)
{
	return facts->mx.state == LOOKUP_NOT_ASKED || facts->mx.secure;
}

struct facts *
facts_new(void)
{
	struct facts *facts = xcalloc(1, sizeof(*facts));

	facts->least_ttl_s = UINT32_MAX;
	facts->memo = findings_memo_new();
	return facts;
}

const struct sts_policy *
sts_facts_policy(const struct sts_facts *sts)
{
	return sts->policy == NULL ? NULL : sts->policy->policy;
}

void
facts_note(struct facts *facts, const struct lookup *lookup)
{
	if (lookup_failed(lookup))
		facts->any_failed = true;
	else if (lookup->state != LOOKUP_NOT_ASKED &&
		 lookup->ttl_s < facts->least_ttl_s)
		facts->least_ttl_s = lookup->ttl_s;
}

static void
host_fini(struct host_facts *host)
{
	for (size_t i = 0; i < host->address_count; i++)
		probe_facts_free(host->addresses[i].probe);
	free(host->addresses);
	tlsa_set_fini(&host->records);
}

void
facts_free(struct facts *facts)
{
	if (facts == NULL)
		return;
	for (size_t i = 0; i < facts->host_count; i++)
		host_fini(&facts->hosts[i]);
	free(facts->hosts);
	policy_facts_free(facts->sts.policy);
	sts_facts_drop_texts(&facts->sts);
	findings_memo_free(facts->memo);
	free(facts);
}

bool
facts_connected(const struct facts *facts)
{
	for (size_t i = 0; i < facts->host_count; i++)
		for (size_t j = 0; j < facts->hosts[i].address_count; j++) {
			const struct probe_facts *probe =
			    facts->hosts[i].addresses[j].probe;

			if (probe != NULL && probe->connected)
				return true;
		}
	return false;
}

void
facts_forget_probes(struct facts *facts)
{
	facts->probed = false;
	for (size_t i = 0; i < facts->host_count; i++)
		for (size_t j = 0; j < facts->hosts[i].address_count; j++) {
			struct address_facts *address =
			    &facts->hosts[i].addresses[j];

			probe_facts_free(address->probe);
			address->probe = NULL;
			address->remembered = false;
		}
}
