/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/engine.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

struct engine_wait {
	char domain[LIMIT_DOMAIN_SIZE];
	struct check check;
	int64_t ready_ms;
};

struct engine fake_engine;
struct fake_engine_seen fake_engine_seen;

static const struct fate {
	const char *label;
	enum result result;
	enum reason reason;
	int seconds;
} fates[] = {
    {"pass", RESULT_PASS, REASON_OK, 0},
    {"none", RESULT_NONE, REASON_NO_POLICY, 0},
    {"softfail", RESULT_SOFTFAIL, REASON_VALIDATION_FAILURE, 0},
    {"fail", RESULT_FAIL, REASON_VALIDATION_FAILURE, 0},
    {"temperror", RESULT_TEMPERROR, REASON_PROBE_TIMEOUT, 0},
    {"servfail", RESULT_TEMPERROR, REASON_DNS_SERVFAIL, 0},
    {"timeout", RESULT_TEMPERROR, REASON_DNS_TIMEOUT, 0},
    {"bogus", RESULT_TEMPERROR, REASON_DNSSEC_INVALID, 0},
    {"nullmx", RESULT_NONE, REASON_NULL_MX, 0},
    {"nxdomain", RESULT_NONE, REASON_NXDOMAIN, 0},
    {"noaddress", RESULT_NONE, REASON_NO_ADDRESS, 0},
    {"met", RESULT_PASS, REASON_OK, 0},
    {"metsoft", RESULT_SOFTFAIL, REASON_VALIDATION_FAILURE, 0},
    {"unoffered", RESULT_PASS, REASON_OK, 0},
    {"open", RESULT_NONE, REASON_NO_POLICY, 0},
    {"half", RESULT_PASS, REASON_INSECURE_MX, 0},
    {"unusable", RESULT_NONE, REASON_TLSA_UNUSABLE, 0},
    {"dns", RESULT_NONE, REASON_NOT_PROBED, 0},
    {"unsure", RESULT_PASS, REASON_OK, 0},
    {"slow", RESULT_FAIL, REASON_VALIDATION_FAILURE, 12},
    {"slower", RESULT_FAIL, REASON_VALIDATION_FAILURE, 40},
    {"hang", RESULT_PASS, REASON_OK, 100000},
};

/* What it comes to under REQUIRETLS; no other meets it. */
static const struct {
	const char *label;
	enum requiretls_state requiretls;
} offers[] = {
    {"met", REQUIRETLS_MET},
    {"metsoft", REQUIRETLS_MET},
    {"unoffered", REQUIRETLS_NOT_OFFERED},
    {"open", REQUIRETLS_NO_AUTH},
    {"half", REQUIRETLS_NO_AUTH},
    {"unusable", REQUIRETLS_NO_AUTH},
    {"dns", REQUIRETLS_UNPROBED},
    {"unsure", REQUIRETLS_UNKNOWN},
};

static enum requiretls_state
requiretls_of_label(const char *domain)
{
	for (size_t i = 0; i < COUNT(offers); i++)
		if (strncmp(offers[i].label, domain, strlen(offers[i].label)) ==
		    0)
			return offers[i].requiretls;
	return REQUIRETLS_NO_AUTH;
}

static const struct fate *
find_fate(const char *domain)
{
	size_t label = strcspn(domain, ".0123456789");

	for (size_t i = 0; i < COUNT(fates); i++)
		if (strlen(fates[i].label) == label &&
		    memcmp(fates[i].label, domain, label) == 0)
			return &fates[i];
	fail_msg("no fate for %s", domain);
	return NULL;
}

/* Each domain has its mail hosts below mx.DOMAIN. */
static struct rule *
find_rule(const struct rule_list *rules, const char *domain)
{
	struct rule *rule = rule_list_find(rules, domain, clock_wall_s());
	struct rule *of_host;
	char host[LIMIT_DOMAIN_SIZE];

	snprintf(host, sizeof(host), "mx.%.240s", domain);
	of_host = rule_list_find_host(rules, host, clock_wall_s());
	return rule == NULL || rule->scope == RULE_ANY
		   ? (of_host != NULL ? of_host : rule)
		   : rule;
}

struct engine_wait *
engine_start(struct engine *engine, const struct engine_query *query)
{
	struct engine_wait *wait = xcalloc(1, sizeof(*wait));
	const struct fate *fate = find_fate(query->domain);

	assert_ptr_equal(engine, &fake_engine);
	assert_non_null(query->rules);
	fake_engine_seen.started++;
	text_copy(fake_engine_seen.last_hop, sizeof(fake_engine_seen.last_hop),
	    query->next_hop == NULL ? "-" : query->next_hop);
	fake_engine_seen.last_port = query->port;
	fake_engine_seen.last_required = query->requiretls;
	text_copy(wait->domain, sizeof(wait->domain), query->domain);
	wait->check.domain = wait->domain;
	wait->check.verdict = verdict_new(fate->result, fate->reason);
	if (query->next_hop != NULL)
		wait->check.verdict->mx = xstrdup("relay.corp.example");
	if (query->requiretls)
		wait->check.verdict->requiretls =
		    requiretls_of_label(query->domain);
	wait->check.verdict->rule =
	    rule_ref(find_rule(query->rules, query->domain));
	wait->check.verdict->comes_back =
	    strstr(query->domain, ".mirror.example") != NULL;
	if (wait->check.verdict->comes_back)
		wait->check.verdict->mx = xstrdup("mx.hosting.example");
	if (strstr(query->domain, ".home.example") != NULL)
		wait->check.verdict->mx = xstrdup("Gate.Sender.Example");
	else if (strstr(query->domain, ".house.example") != NULL)
		wait->check.verdict->mx = xstrdup("mx.inside.example");
	wait->check.expires_ms = clock_mono_ms() + 3600000;
	wait->ready_ms = clock_mono_ms() + fate->seconds * 1000;
	return wait;
}

const struct check *
engine_await(struct engine_wait *wait, int64_t deadline_ms)
{
	int64_t until_ms =
	    wait->ready_ms < deadline_ms ? wait->ready_ms : deadline_ms;

	while (clock_mono_ms() < until_ms)
		clock_shift(1);
	return clock_mono_ms() >= wait->ready_ms ? &wait->check : NULL;
}

bool
engine_congested(struct engine *engine)
{
	return engine->congested;
}

bool
engine_wait_cached(const struct engine_wait *wait)
{
	return strstr(wait->domain, ".cached.example") != NULL;
}

bool
engine_wait_joined(const struct engine_wait *wait)
{
	(void)wait;
	return false;
}

void
engine_wait_free(struct engine_wait *wait)
{
	if (wait == NULL)
		return;
	fake_engine_seen.freed++;
	verdict_free(wait->check.verdict);
	free(wait);
}
