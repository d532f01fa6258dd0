/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/destination.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

static const struct lookup secure = {LOOKUP_DATA, true, 3600};
static const struct lookup insecure = {LOOKUP_DATA, false, 3600};
static const struct lookup denied = {LOOKUP_NODATA, true, 3600};
static const struct lookup failed = {LOOKUP_SERVFAIL, false, 0};

static void
add_tlsa(struct host_facts *host, const char *text)
{
	host->tlsa = secure;
	text_copy(host->base_domain, sizeof(host->base_domain), host->name);
	tlsa_set_add_text(&host->records, text, NULL);
	tlsa_set_finish(&host->records);
}

static void
set_host(struct host_facts *host, size_t number, char letter)
{
	snprintf(host->name, sizeof(host->name), "mx%zu.d.ex", number + 1);
	text_copy(host->expanded, sizeof(host->expanded), host->name);
	host->preference = (unsigned)number;
	host->a = letter == 'A' ? failed : letter == '0' ? denied : secure;
	host->aaaa = letter == 'A' ? failed : denied;
	host->tlsa = letter == 'E' ? failed : denied;
	if (letter == 'U')
		add_tlsa(host, "3 1 1 00112233445566778899aabbccddeeff"
			       "00112233445566778899aabbccddeeff");
	if (letter == 'X')
		add_tlsa(host, "1 1 1 00112233445566778899aabbccddeeff"
			       "00112233445566778899aabbccddeeff");
	if (letter == 'A' || letter == '0')
		return;
	host->addresses = xcalloc(1, sizeof(*host->addresses));
	host->address_count = 1;
}

static void
set_mx(struct facts *facts, char letter)
{
	switch (letter) {
	case 's':
		facts->mx = secure;
		break;
	case 'i':
		facts->mx = insecure;
		break;
	case 'f':
		facts->mx = failed;
		break;
	case 'n':
		facts->mx = secure;
		facts->null_mx = true;
		break;
	case 'x':
		facts->mx = (struct lookup){LOOKUP_NXDOMAIN, true, 3600};
		break;
	case 'h':
		facts->mx = denied;
		break;
	default:
		assert(letter == '-');
	}
}

static void
set_policy(struct facts *facts, const char *text)
{
	char body[16384], copy[8192], *rest, *word;
	struct policy_facts *policy;
	struct text out;

	facts->sts.txt = denied;
	if (text == NULL)
		return;
	facts->sts.txt = insecure;
	if (strcmp(text, "error") == 0) {
		facts->sts.policy = policy_facts_new(POLICY_FETCH_ERROR);
		return;
	}
	text_copy(copy, sizeof(copy), text);
	text_init(&out, body, sizeof(body));
	word = strtok_r(copy, " ", &rest);
	text_addf(&out, "version: STSv1\nmode: %s\nmax_age: 86400\n", word);
	while ((word = strtok_r(NULL, " ", &rest)) != NULL)
		text_addf(&out, "mx: %s\n", word);
	policy = policy_facts_new(POLICY_FETCHED);
	policy->policy = sts_policy_parse(body, out.len, NULL);
	assert(policy->policy != NULL);
	facts->sts.policy = policy;
}

struct facts *
destination_make(const char *mx, const char *hosts, const char *policy)
{
	struct facts *facts = facts_new();

	text_copy(facts->domain, sizeof(facts->domain), "d.ex");
	facts->next_hop = (struct nexthop){"d.ex", 25, mx[0] != '-', false};
	text_copy(facts->expanded, sizeof(facts->expanded), "d.ex");
	if (policy != NULL && policy[0] == '~') {
		facts->trouble = TROUBLE_NOT_VALIDATING;
		if (strcmp(policy, "~?") != 0)
			set_policy(
			    facts, policy[1] == '\0' ? NULL : policy + 1);
		return facts;
	}
	set_mx(facts, mx[0]);
	facts->host_count = strlen(hosts);
	facts->hosts = xcalloc(facts->host_count, sizeof(*facts->hosts));
	for (size_t i = 0; i < facts->host_count; i++)
		set_host(&facts->hosts[i], i, hosts[i]);
	if (policy != NULL && (policy[0] == '?' || policy[0] == '!'))
		facts->trouble =
		    policy[0] == '?' ? TROUBLE_DEADLINE : TROUBLE_QUEUE_FULL;
	else
		set_policy(facts, policy);
	return facts;
}

void
destination_host_rule(
    struct rule_list *list, const char *host, enum level level)
{
	struct rule *rule = rule_new();

	rule->scope = RULE_MX;
	text_copy(rule->name, sizeof(rule->name), host);
	rule->level = level;
	rule_list_add(list, rule);
}
