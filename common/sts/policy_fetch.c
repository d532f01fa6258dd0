/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policy_fetch.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/io/forbidden_address.h"
#include "common/io/https.h"
#include "common/proto/address.h"

struct policy_facts *
policy_fetch_failed(enum policy_fetch fetch, const char *detail)
{
	struct policy_facts *policy = policy_facts_new(fetch);

	text_clean(
	    policy->detail, sizeof(policy->detail), detail, strlen(detail));
	return policy;
}

/* RFC 8461 section 3.1: the strings of one TXT record are one text. */
static size_t
join_strings(const struct dns_rdata *rdata, char *to)
{
	struct wire wire;
	size_t length = 0;

	wire_init(&wire, rdata->data, rdata->size);
	while (wire.left > 0 && !wire.bad) {
		uint8_t part = wire_u8(&wire);
		const uint8_t *octets = wire_take(&wire, part);

		if (octets != NULL)
			memcpy(to + length, octets, part);
		length += octets == NULL ? 0 : part;
	}
	return length;
}

/* The TXT records of an answer, each joined. */
static void
take_texts(struct sts_facts *sts, const struct dns_answer *answer)
{
	struct sts_txt *texts = xcalloc(answer->count, sizeof(*texts));
	char *joined[LIMIT_DNS_RECORDS];
	size_t count = 0;

	for (; count < answer->count && count < LIMIT_DNS_RECORDS; count++) {
		joined[count] = xmalloc(answer->records[count].size);
		texts[count].data = joined[count];
		texts[count].length =
		    join_strings(&answer->records[count], joined[count]);
	}
	sts_facts_set_texts(sts, texts, count);
	while (count > 0)
		free(joined[--count]);
	free(texts);
}

struct dns_query *
policy_fetch_ask(struct dns *dns, const char *domain, int64_t deadline_ms)
{
	char owner[LIMIT_DOMAIN_SIZE];

	if (snprintf(owner, sizeof(owner), "_mta-sts.%s", domain) >=
	    (int)sizeof(owner))
		return NULL;
	return dns_ask(dns, owner, DNS_TXT, deadline_ms);
}

void
policy_fetch_record(struct dns_query *query, struct sts_facts *sts)
{
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	sts->record =
	    (struct sts_record){.outcome = STS_RECORD_ABSENT, .why = ""};
	if (query == NULL)
		return;
	answer = dns_await(query);
	sts->txt = answer->lookup;
	if (answer->lookup.state == LOOKUP_DATA)
		take_texts(sts, answer);
}

/* The policy host, as far as it is known. */
struct policy_host {
	char name[LIMIT_DOMAIN_SIZE];
	size_t seen;  /* addresses, allowed or not */
	size_t count; /* of those allowed */
	const char *addresses[2 * LIMIT_HOST_ADDRESSES];
	char texts[2 * LIMIT_HOST_ADDRESSES][INET6_ADDRSTRLEN];
};

static void
add_policy_addresses(struct policy_host *host, const struct dns_answer *answer,
    bool allow_private, const struct nat64 *prefixes)
{
	if (answer->lookup.state != LOOKUP_DATA)
		return;
	for (size_t i = 0; i < answer->count && i < LIMIT_HOST_ADDRESSES; i++) {
		const struct dns_rdata *rdata = &answer->records[i];
		char *text = host->texts[host->count];

		host->seen++;
		if (address_from_rdata(rdata->data, rdata->size, text) == 0 &&
		    (allow_private || !forbidden_address_is(text, prefixes)))
			host->addresses[host->count++] = text;
	}
}

/* Why there is no address to connect to; learnt if the DNS says so. */
static struct policy_facts *
refuse_host(const struct policy_host *host, const struct dns_answer *v4,
    const struct dns_answer *v6, struct policy_fetch_end *end)
{
	const struct dns_answer *failed = lookup_failed(&v4->lookup) ? v4 : v6;
	char words[2 * LIMIT_DETAIL_SIZE];

	end->learnt = !lookup_failed(&failed->lookup);
	if (lookup_failed(&failed->lookup)) {
		snprintf(words, sizeof(words), "no lookup of %.60s: %s",
		    host->name,
		    failed->lookup.state == LOOKUP_TIMEOUT ? "no answer in time"
							   : failed->why);
		return policy_fetch_failed(POLICY_FETCH_ERROR, words);
	}
	return policy_fetch_failed(POLICY_FETCH_ERROR,
	    host->seen == 0 ? "policy host has no address" : "address-blocked");
}

/* NULL when there is an address, else the failure. */
static struct policy_facts *
find_host(const struct policy_fetch_request *request, struct policy_host *host,
    int64_t deadline_ms, struct policy_fetch_end *end)
{
	struct dns_query *a, *aaaa, *gates;
	struct nat64 prefixes;
	AUTO(dns_answer) struct dns_answer *v4 = NULL, *v6 = NULL;

	if (snprintf(host->name, sizeof(host->name), "mta-sts.%s",
		request->domain) >= (int)sizeof(host->name)) {
		end->learnt = true;
		return policy_fetch_failed(
		    POLICY_FETCH_ERROR, "name of the policy host too long");
	}
	gates = translation_ask(request->translation, deadline_ms);
	a = dns_ask(request->dns, host->name, DNS_A, deadline_ms);
	aaaa = dns_ask(request->dns, host->name, DNS_AAAA, deadline_ms);
	v4 = dns_await(a);
	v6 = dns_await(aaaa);
	translation_learn(request->translation, gates, deadline_ms, &prefixes);
	add_policy_addresses(host, v4, request->allow_private, &prefixes);
	add_policy_addresses(host, v6, request->allow_private, &prefixes);
	return host->count > 0 ? NULL : refuse_host(host, v4, v6, end);
}

/* RFC 8461 section 3.3: only status 200 and text/plain make a policy. */
static struct policy_facts *
read_policy_reply(const struct https_reply *reply)
{
	struct policy_facts *policy;
	struct sts_policy *parsed;
	char words[64];
	struct err err;

	switch (reply->outcome) {
	case HTTPS_NOT_TRIED:
	case HTTPS_FAILED:
		return policy_fetch_failed(POLICY_FETCH_ERROR, reply->detail);
	case HTTPS_UNTRUSTED:
		return policy_fetch_failed(
		    POLICY_WEBPKI_INVALID, reply->detail);
	case HTTPS_TOO_LARGE:
		return policy_fetch_failed(
		    POLICY_INVALID, "policy over 64 KiB");
	case HTTPS_ANSWERED:
		break;
	}
	if (reply->status != 200) {
		snprintf(
		    words, sizeof(words), "HTTP status %ld", reply->status);
		return policy_fetch_failed(POLICY_FETCH_ERROR, words);
	}
	if (!sts_media_type(reply->content_type))
		return policy_fetch_failed(
		    POLICY_INVALID, "Content-Type is not text/plain");
	parsed = sts_policy_parse(reply->body, reply->length, &err);
	if (parsed == NULL)
		return policy_fetch_failed(POLICY_INVALID, err.text);
	policy = policy_facts_new(POLICY_FETCHED);
	policy->policy = parsed;
	policy->body = xstrndup(reply->body, reply->length);
	return policy;
}

static enum counts_fetch
counted_failure(enum https_failure failure)
{
	switch (failure) {
	case HTTPS_AT_TIME:
		return COUNTS_FETCH_TIMEOUT;
	case HTTPS_AT_CONNECTION:
		return COUNTS_FETCH_CONNECT;
	case HTTPS_AT_TLS:
		return COUNTS_FETCH_TLS;
	case HTTPS_AT_PROTOCOL:
		break;
	}
	return COUNTS_FETCH_HTTP;
}

static enum counts_fetch
counted_reply(const struct https_reply *reply, const struct policy_facts *read)
{
	switch (reply->outcome) {
	case HTTPS_NOT_TRIED:
		return COUNTS_FETCH_NONE;
	case HTTPS_FAILED:
		return counted_failure(reply->failure);
	case HTTPS_UNTRUSTED:
		return COUNTS_FETCH_TLS;
	case HTTPS_TOO_LARGE:
		return COUNTS_FETCH_INVALID;
	case HTTPS_ANSWERED:
		break;
	}
	if (reply->status != 200)
		return COUNTS_FETCH_HTTP;
	return read->fetch == POLICY_FETCHED ? COUNTS_FETCH_OK
					     : COUNTS_FETCH_INVALID;
}

struct policy_facts *
policy_fetch(const struct policy_fetch_request *request, int64_t deadline_ms,
    struct policy_fetch_end *end)
{
	struct policy_host host = {.count = 0};
	struct policy_facts *failed =
	    find_host(request, &host, deadline_ms, end);
	struct https_request get = {.host = host.name,
	    .path = "/.well-known/mta-sts.txt",
	    .addresses = host.addresses,
	    .address_count = host.count,
	    .roots = request->roots,
	    .max_octets = LIMIT_STS_BODY,
	    .deadline_ms = deadline_ms};
	AUTO(https_reply) struct https_reply *reply = NULL;
	struct policy_facts *read;

	end->outcome = COUNTS_FETCH_DNS;
	if (failed != NULL)
		return failed;
	reply = https_get(&get);
	end->learnt = reply->outcome != HTTPS_NOT_TRIED;
	read = read_policy_reply(reply);
	end->outcome = counted_reply(reply, read);
	return read;
}
