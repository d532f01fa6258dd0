/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/policy_fetch.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/gather/guard.h"
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

/* The record among the TXT records of an answer. */
static struct sts_record
select_record(const struct dns_answer *answer)
{
	struct sts_txt *texts = xcalloc(answer->count, sizeof(*texts));
	char *joined[LIMIT_DNS_RECORDS];
	struct sts_record record;
	size_t count = 0;

	for (; count < answer->count && count < LIMIT_DNS_RECORDS; count++) {
		joined[count] = xmalloc(answer->records[count].size);
		texts[count].data = joined[count];
		texts[count].length =
		    join_strings(&answer->records[count], joined[count]);
	}
	record = sts_record_select(texts, count);
	while (count > 0)
		free(joined[--count]);
	free(texts);
	return record;
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

struct sts_record
policy_fetch_record(struct dns_query *query, struct lookup *lookup)
{
	struct sts_record none = {.outcome = STS_RECORD_ABSENT, .why = ""};
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	if (query == NULL)
		return none;
	answer = dns_await(query);
	if (lookup != NULL)
		*lookup = answer->lookup;
	return answer->lookup.state == LOOKUP_DATA ? select_record(answer)
						   : none;
}

/* Returns how many addresses were there, allowed or not. */
static size_t
add_addresses(struct policy_fetch_request *request,
    const struct dns_answer *answer, bool allow_private)
{
	size_t seen = 0;

	if (answer->lookup.state != LOOKUP_DATA)
		return 0;
	for (; seen < answer->count && seen < LIMIT_HOST_ADDRESSES; seen++) {
		char *text = request->addresses[request->address_count];
		const struct dns_rdata *rdata = &answer->records[seen];

		if (address_from_rdata(rdata->data, rdata->size, text) == 0 &&
		    (allow_private || !guard_blocks(text)))
			request->address_count++;
	}
	return seen;
}

struct policy_facts *
policy_fetch_prepare(struct policy_fetch_request *request, struct dns *dns,
    const char *domain, bool allow_private, int64_t deadline_ms)
{
	struct dns_query *a, *aaaa;
	AUTO(dns_answer) struct dns_answer *v4 = NULL, *v6 = NULL;
	size_t seen;

	if (snprintf(request->host, sizeof(request->host), "mta-sts.%s",
		domain) >= (int)sizeof(request->host))
		return policy_fetch_failed(
		    POLICY_FETCH_ERROR, "name of the policy host too long");
	a = dns_ask(dns, request->host, DNS_A, deadline_ms);
	aaaa = dns_ask(dns, request->host, DNS_AAAA, deadline_ms);
	v4 = dns_await(a);
	v6 = dns_await(aaaa);
	seen = add_addresses(request, v4, allow_private);
	seen += add_addresses(request, v6, allow_private);
	if (request->address_count > 0)
		return NULL;
	return policy_fetch_failed(POLICY_FETCH_ERROR,
	    seen == 0 ? "policy host has no address" : "address-blocked");
}

/* RFC 8461 section 3.3: only status 200 and text/plain make a policy. */
static struct policy_facts *
read_reply(const struct https_reply *reply)
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

struct policy_facts *
policy_fetch(const struct policy_fetch_request *request, int64_t deadline_ms)
{
	const char *addresses[2 * LIMIT_HOST_ADDRESSES];
	struct https_request get = {.host = request->host,
	    .path = "/.well-known/mta-sts.txt",
	    .addresses = addresses,
	    .address_count = request->address_count,
	    .roots = request->roots,
	    .max_octets = LIMIT_STS_BODY,
	    .deadline_ms = deadline_ms};
	AUTO(https_reply) struct https_reply *reply = NULL;

	for (size_t i = 0; i < request->address_count; i++)
		addresses[i] = request->addresses[i];
	reply = https_get(&get);
	return read_reply(reply);
}
