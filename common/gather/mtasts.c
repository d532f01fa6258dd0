/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/mtasts.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/gather/cache.h"
#include "common/io/https.h"
#include "common/proto/address.h"

/* RFC 8461 section 3.3: a failed fetch is not tried again for five minutes */
enum { FAILED_KEEP_S = 300 };

struct policies {
	struct policies_options options;
	char *ca_file;
	struct cache *cache;
};

struct sts_step {
	struct policies *policies;
	struct facts *facts;
	int64_t deadline_ms;
	struct dns_query *txt;
	struct cache_entry *entry;
};

/* One fetch on its way through the leaf pool. */
struct fetch_job {
	struct policies *policies;
	struct cache_entry *entry;
	char id[LIMIT_STS_ID + 1];
	char host[LIMIT_DOMAIN_SIZE]; /* the policy host */
	char text[2 * LIMIT_HOST_ADDRESSES][INET6_ADDRSTRLEN];
	const char *addresses[2 * LIMIT_HOST_ADDRESSES];
	size_t address_count;
};

static void
drop_policy(void *policy)
{
	policy_facts_free(policy);
}

struct policies *
policies_new(const struct policies_options *options)
{
	struct policies *policies = xcalloc(1, sizeof(*policies));

	policies->options = *options;
	if (options->ca_file != NULL)
		policies->ca_file = xstrdup(options->ca_file);
	policies->cache = cache_new(LIMIT_CACHED_POLICIES, drop_policy);
	return policies;
}

void
policies_free(struct policies *policies)
{
	if (policies == NULL)
		return;
	cache_free(policies->cache);
	free(policies->ca_file);
	free(policies);
}

static struct policy_facts *
policy_failed(enum policy_fetch fetch, const char *detail)
{
	struct policy_facts *policy = policy_facts_new(fetch);

	text_clean(
	    policy->detail, sizeof(policy->detail), detail, strlen(detail));
	return policy;
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
	case HTTPS_FAILED:
		return policy_failed(POLICY_FETCH_ERROR, reply->detail);
	case HTTPS_UNTRUSTED:
		return policy_failed(POLICY_WEBPKI_INVALID, reply->detail);
	case HTTPS_TOO_LARGE:
		return policy_failed(POLICY_INVALID, "policy over 64 KiB");
	case HTTPS_ANSWERED:
		break;
	}
	if (reply->status != 200) {
		snprintf(
		    words, sizeof(words), "HTTP status %ld", reply->status);
		return policy_failed(POLICY_FETCH_ERROR, words);
	}
	if (!sts_media_type(reply->content_type))
		return policy_failed(
		    POLICY_INVALID, "Content-Type is not text/plain");
	parsed = sts_policy_parse(reply->body, reply->length, &err);
	if (parsed == NULL)
		return policy_failed(POLICY_INVALID, err.text);
	policy = policy_facts_new(POLICY_FETCHED);
	policy->policy = parsed;
	return policy;
}

static int64_t
keep_until(const struct policy_facts *policy)
{
	uint32_t keep_s = policy->fetch == POLICY_FETCHED
			      ? policy->policy->max_age_s
			      : FAILED_KEEP_S;

	return clock_mono_ms() + (int64_t)keep_s * 1000;
}

static void
finish_fetch(struct fetch_job *job, struct policy_facts *policy)
{
	policy->fetched_s = clock_wall_s();
	text_copy(policy->id, sizeof(policy->id), job->id);
	cache_fill(job->entry, policy, keep_until(policy));
	cache_release(job->entry);
	free(job);
}

static void
run_fetch(void *arg)
{
	struct fetch_job *job = arg;
	struct https_request request = {.host = job->host,
	    .path = "/.well-known/mta-sts.txt",
	    .addresses = job->addresses,
	    .address_count = job->address_count,
	    .ca_file = job->policies->ca_file,
	    .max_octets = LIMIT_STS_BODY,
	    .deadline_ms = clock_mono_ms() + job->policies->options.timeout_ms};
	AUTO(https_reply) struct https_reply *reply = https_get(&request);

	finish_fetch(job, read_reply(reply));
}

static void
add_addresses(struct fetch_job *job, const struct dns_answer *answer)
{
	if (answer->lookup.state != LOOKUP_DATA)
		return;
	for (size_t i = 0; i < answer->count && i < LIMIT_HOST_ADDRESSES; i++) {
		char *text = job->text[job->address_count];

		if (address_from_rdata(answer->records[i].data,
			answer->records[i].size, text) != 0)
			continue;
		if (address_is_special(text) &&
		    !job->policies->options.allow_private)
			continue;
		job->addresses[job->address_count++] = text;
	}
}

/* The policy host's addresses are looked up here and pinned, so that nothing
 * between this and the connection can point it elsewhere. */
static void
submit_fetch(struct fetch_job *job, int64_t deadline_ms)
{
	struct dns *dns = job->policies->options.dns;
	struct dns_query *a, *aaaa;
	AUTO(dns_answer) struct dns_answer *v4 = NULL, *v6 = NULL;

	a = dns_ask(dns, job->host, DNS_A, deadline_ms);
	aaaa = dns_ask(dns, job->host, DNS_AAAA, deadline_ms);
	v4 = dns_await(a);
	v6 = dns_await(aaaa);
	add_addresses(job, v4);
	add_addresses(job, v6);
	if (job->address_count == 0)
		finish_fetch(job, policy_failed(POLICY_FETCH_ERROR,
				      "policy host has no usable address"));
	else if (!pool_submit(job->policies->options.leaves, run_fetch, job))
		finish_fetch(job, policy_failed(POLICY_FETCH_ERROR,
				      "too many fetches are waiting"));
}

static void
join_fetch(struct sts_step *step)
{
	const char *domain = step->facts->next_hop.host;
	const char *id = step->facts->sts.record.id;
	char key[LIMIT_DOMAIN_SIZE + LIMIT_STS_ID + 2];
	struct fetch_job *job;
	bool mine;

	snprintf(key, sizeof(key), "%s %s", domain, id);
	step->entry = cache_claim(step->policies->cache, key, &mine);
	step->facts->sts.cached = cache_value(step->entry) != NULL;
	if (!mine)
		return;
	job = xcalloc(1, sizeof(*job));
	job->policies = step->policies;
	job->entry = cache_hold(step->entry);
	text_copy(job->id, sizeof(job->id), id);
	if (snprintf(job->host, sizeof(job->host), "mta-sts.%s", domain) >=
	    (int)sizeof(job->host))
		finish_fetch(
		    job, policy_failed(POLICY_FETCH_ERROR, "name too long"));
	else
		submit_fetch(job, step->deadline_ms);
}

struct sts_step *
sts_start(struct policies *policies, struct facts *facts, int64_t deadline_ms)
{
	struct sts_step *step = xcalloc(1, sizeof(*step));
	char owner[LIMIT_DOMAIN_SIZE];

	step->policies = policies;
	step->facts = facts;
	step->deadline_ms = deadline_ms;
	if (!facts->next_hop.literal &&
	    snprintf(owner, sizeof(owner), "_mta-sts.%s",
		facts->next_hop.host) < (int)sizeof(owner))
		step->txt =
		    dns_ask(policies->options.dns, owner, DNS_TXT, deadline_ms);
	return step;
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

void
sts_fetch(struct sts_step *step)
{
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	if (step->txt == NULL)
		return;
	answer = dns_await(step->txt);
	step->txt = NULL;
	step->facts->sts.txt = answer->lookup;
	if (answer->lookup.state == LOOKUP_DATA)
		step->facts->sts.record = select_record(answer);
	if (step->facts->sts.record.outcome == STS_RECORD_VALID)
		join_fetch(step);
}

void
sts_finish(struct sts_step *step)
{
	struct policy_facts *policy;

	if (step->entry != NULL) {
		policy = cache_await(step->entry, step->deadline_ms);
		step->facts->sts.policy =
		    policy == NULL
			? policy_failed(POLICY_FETCH_ERROR, "no policy in time")
			: policy_facts_ref(policy);
		cache_release(step->entry);
	}
	free(step);
}
