/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policy_fetch.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/dns_text.h"
#include "common/io/https.h"
#include "common/io/reachable.h"

struct policy_facts *
policy_fetch_failed(enum policy_fetch fetch, const char *detail)
{
	struct policy_facts *policy = policy_facts_new(fetch);

	text_clean(
	    policy->detail, sizeof(policy->detail), detail, strlen(detail));
	return policy;
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
	struct dns_texts texts;

	sts->record =
	    (struct sts_record){.outcome = STS_RECORD_ABSENT, .why = ""};
	if (query == NULL)
		return;
	answer = dns_await(query);
	sts->txt = answer->lookup;
	dns_texts_take(&texts, answer);
	if (answer->lookup.state == LOOKUP_DATA)
		sts_facts_set_texts(sts, texts.texts, texts.count);
	dns_texts_fini(&texts);
}

/* Why there is no address to connect to; learnt if the DNS says so. */
static struct policy_facts *
refuse_host(const char *name, const struct reachable *host,
    struct policy_fetch_end *end)
{
	char words[2 * LIMIT_DETAIL_SIZE];

	end->learnt = host->outcome != REACHABLE_UNKNOWN;
	if (host->outcome == REACHABLE_UNKNOWN)
		snprintf(words, sizeof(words), "no lookup of %.60s: %s", name,
		    host->why);
	return policy_fetch_failed(POLICY_FETCH_ERROR,
	    host->outcome == REACHABLE_UNKNOWN   ? words
	    : host->outcome == REACHABLE_NOWHERE ? "policy host has no address"
						 : "address-blocked");
}

/* NULL when there is an address, else the failure. */
static struct policy_facts *
find_host(const struct policy_fetch_request *request,
    char name[LIMIT_DOMAIN_SIZE], struct reachable *host, int64_t deadline_ms,
    struct policy_fetch_end *end)
{
	struct reachable_by by = {
	    request->dns, request->translation, request->allow_private};

	if (snprintf(name, LIMIT_DOMAIN_SIZE, "mta-sts.%s", request->domain) >=
	    LIMIT_DOMAIN_SIZE) {
		end->learnt = true;
		return policy_fetch_failed(
		    POLICY_FETCH_ERROR, "name of the policy host too long");
	}
	reachable_find(host, name, &by, deadline_ms);
	return host->outcome == REACHABLE_FOUND ? NULL
						: refuse_host(name, host, end);
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
	if (reply->length == 0)
		return policy_fetch_failed(POLICY_INVALID, "policy is empty");
	parsed = sts_policy_parse(reply->body, reply->length, &err);
	if (parsed == NULL)
		return policy_fetch_failed(POLICY_INVALID, err.text);
	policy = policy_facts_new(POLICY_FETCHED);
	policy->policy = parsed;
	policy->wildcard = reply->wildcard;
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

/* NULL when its turn came too late. */
static struct https_reply *
get_in_turn(const struct fetch_manners *manners, struct https_request *get)
{
	struct https_reply *reply = NULL;
	struct fetch_turn turn;

	if (!fetch_turn_take(&turn, manners->pacing, get->addresses[0]))
		return NULL;
	get->agent = manners->agent;
	/* nobody waits for it any more once that time is over */
	if (clock_left_ms(get->deadline_ms) > 0) {
		get->deadline_ms =
		    clock_sooner_ms(INT64_MAX, manners->transfer_ms);
		reply = https_get(get);
	}
	fetch_turn_end(&turn);
	return reply;
}

struct policy_facts *
policy_fetch(const struct policy_fetch_request *request, int64_t deadline_ms,
    struct policy_fetch_end *end)
{
	char name[LIMIT_DOMAIN_SIZE];
	struct reachable host = {.count = 0};
	struct policy_facts *failed =
	    find_host(request, name, &host, deadline_ms, end);
	struct https_request get = {.host = name,
	    .path = "/.well-known/mta-sts.txt",
	    .addresses = host.addresses,
	    .address_count = host.count,
	    .roots = request->roots,
	    .max_octets = LIMIT_STS_BODY,
	    .deadline_ms = deadline_ms,
	    .ended = request->ended};
	AUTO(https_reply) struct https_reply *reply = NULL;
	struct policy_facts *read;

	end->outcome = COUNTS_FETCH_DNS;
	if (failed != NULL) {
		failed->how = end->outcome;
		return failed;
	}
	reply = request->manners == NULL ? https_get(&get)
					 : get_in_turn(request->manners, &get);
	if (reply == NULL)
		return policy_fetch_failed(
		    POLICY_FETCH_ERROR, "its turn did not come in time");
	end->learnt = reply->outcome != HTTPS_NOT_TRIED;
	read = read_policy_reply(reply);
	end->outcome = counted_reply(reply, read);
	read->how = end->outcome;
	return read;
}
