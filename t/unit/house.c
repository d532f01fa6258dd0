/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/house.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/sts/policy_want.h"
#include "t/fake/dns.h"
#include "t/fake/https.h"
#include "t/unit/tap.h"

struct house_host house_host;

static void
note_lookup(const struct dns_query *query)
{
	(void)query;
	house_host.lookups++;
}

static void
answer_lookup(const struct dns_query *query, struct dns_answer *answer)
{
	while (house_host.dns_silent && clock_left_ms(query->deadline_ms) > 0)
		usleep(1000);
	if (house_host.dns_silent)
		answer->lookup.state = LOOKUP_TIMEOUT;
	else if (house_host.dns_fails != LOOKUP_NOT_ASKED)
		answer->lookup.state = house_host.dns_fails;
	else if (query->type == DNS_A)
		fake_dns_add(answer, "\xc6\x33\x64\x01", 4);
	if (query->type == DNS_TXT && house_host.record)
		fake_dns_add(answer, "\015v=STSv1;id=1;", 14);
}

static void
answer_fetch(const struct https_request *request, struct https_reply *reply)
{
	house_host.given_ms = clock_left_ms(request->deadline_ms);
	house_host.gets++;
	while (house_host.silent)
		usleep(1000);
	if (house_host.body != NULL)
		fake_https_body(reply, house_host.body);
	else if (house_host.reply != NULL)
		*reply = *house_host.reply;
}

static const struct fake_dns house_resolver = {
    .asked = note_lookup, .answer = answer_lookup};

struct policy_turns house_turns;
struct house_store_news house_store_news;

void
house_hear_of_trouble(void *arg, const struct err *err)
{
	(void)arg;
	if (err == NULL) {
		house_store_news.recoveries++;
		return;
	}
	assert_int_equal(err->kind, ERR_LOCAL);
	house_store_news.troubles++;
}

char house_path[64];

char house_failures[256];

static void
note_house_failure(const char *domain, const struct policy_facts *failed,
    const struct sts_policy *kept)
{
	size_t length = strlen(house_failures);

	snprintf(house_failures + length, sizeof(house_failures) - length,
	    "%s %d %s\n", domain, (int)failed->fetch,
	    kept == NULL ? "-" : sts_mode_text(kept->mode));
}

void
house_move_in_with(
    struct house *house, bool read_only, bool refresh, unsigned max_queue)
{
	struct policies_options options = {
	    .timeout_ms = house->timeout_ms == 0 ? 1000 : house->timeout_ms,
	    .patient = house->patient,
	    .turns = &house_turns,
	    .failed = note_house_failure,
	    .allow_private = true,
	    .keep = {.read_only = read_only, .trouble = house_hear_of_trouble}};

	house->leaves = pool_new("leaf", 2, max_queue, NULL);
	house->store = read_only ? store_open(house_path, true, NULL, NULL)
				 : store_open_patiently(house_path, NULL);
	assert_non_null(house->store);
	options.leaves = house->leaves;
	options.counts = house->counts;
	options.share = house->share;
	options.keep.budget = house->budget;
	options.keep.store = house->store;
	house->policies = policies_new(&options);
	house->refresh =
	    refresh ? policy_refresh_new(house->policies, NULL, 4) : NULL;
}

void
house_move_in(struct house *house, bool read_only, bool refresh)
{
	house_move_in_with(house, read_only, refresh, 100);
}

void
house_move_out(struct house *house)
{
	policy_refresh_free(house->refresh);
	policies_end(house->policies);
	pool_free(house->leaves);
	policies_free(house->policies);
	store_free(house->store);
}

void
house_unlink_store(void)
{
	char other[80];

	unlink(house_path);
	snprintf(other, sizeof(other), "%s-wal", house_path);
	unlink(other);
	snprintf(other, sizeof(other), "%s-shm", house_path);
	unlink(other);
}

void
house_new_store(void)
{
	house_unlink_store();
	snprintf(house_path, sizeof(house_path), "/tmp/policies-%d.db",
	    (int)getpid());
	house_unlink_store();
	house_host.gets = 0;
	house_host.body = ENFORCE;
	house_host.reply = NULL;
	house_host.record = true;
	house_host.silent = false;
	house_host.dns_silent = false;
	house_host.dns_fails = LOOKUP_NOT_ASKED;
	house_store_news.troubles = house_store_news.recoveries = 0;
}

struct sts_facts
house_ask_for(
    struct house *house, const char *domain, const char *id, int wait_ms)
{
	struct sts_facts sts = {.record = {.outcome = STS_RECORD_ABSENT}};
	int64_t deadline_ms = clock_mono_ms() + wait_ms;

	if (id != NULL) {
		sts.record.outcome = STS_RECORD_VALID;
		text_copy(sts.record.id, sizeof(sts.record.id), id);
	}
	policy_want_finish(
	    policy_want_begin(house->policies, domain, id, false), &sts,
	    deadline_ms);
	return sts;
}

struct sts_facts
house_ask(struct house *house, const char *id)
{
	return house_ask_for(house, "d.ex", id, 5000);
}

void
house_ask_for_many(struct house *house, unsigned count, int wait_ms)
{
	char domain[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(domain, sizeof(domain), "d%u.ex", i);
		policy_facts_free(
		    house_ask_for(house, domain, "1", wait_ms).policy);
	}
}

void
house_use_fakes(void)
{
	fake_dns_use(&house_resolver);
	fake_https_use(answer_fetch);
}
