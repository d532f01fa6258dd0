/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/tap.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/tried.h"

enum { HOSTS = 4 };

/* "4" an IPv4 address that mail gets to, "6" one of IPv6, "-" one that it does
 * not; a space between hosts.  Shown are as many as are looked at. */
static const struct {
	const char *id;
	unsigned limit;
	struct {
		unsigned preference, ipv4, ipv6;
	} hosts[HOSTS];
	const char *tried;
} cases[] = {
    {"no limit", 0, {{10, 20, 0}, {20, 1, 0}}, "44444444 4"},
    {"few", 5, {{10, 2, 1}, {20, 2, 0}}, "446 44"},
    {"used up", 5, {{10, 5, 0}, {20, 1, 0}}, "44444 -"},
    {"one left", 5, {{10, 4, 0}, {20, 3, 0}, {30, 1, 0}}, "4444 444 -"},
    /* which of them come first is left to chance */
    {"equals", 5, {{10, 4, 0}, {10, 4, 0}, {20, 1, 0}}, "4444 4444 -"},
    /* of a host not all addresses are looked at, but all count */
    {"unseen", 9, {{10, 20, 0}, {20, 1, 0}}, "44444444 -"},
    {"none", 5, {{10, 0, 0}, {20, 5, 0}, {30, 1, 0}}, " 44444 -"},
    /* "used up" by IPv6: IPv4 has its part */
    {"balanced", 5, {{10, 0, 8}, {20, 2, 0}}, "66666666 44"},
    {"balanced, few", 5, {{10, 0, 7}, {20, 1, 0}, {30, 1, 0}}, "6666666 4 4"},
    {"balanced, many", 5, {{10, 0, 7}, {20, 2, 0}, {30, 2, 0}},
	"6666666 44 44"},
    {"balanced, more", 5, {{10, 0, 7}, {20, 3, 0}, {30, 2, 0}},
	"6666666 444 --"},
    {"one family alone", 5, {{10, 6, 0}, {20, 1, 1}}, "444444 -6"},
    {"IPv6 alone", 5, {{10, 0, 4}, {20, 0, 1}}, "6666 6"},
    {"one of IPv6", 5, {{10, 4, 1}, {20, 2, 0}}, "44446 --"},
    {"one of IPv4", 5, {{10, 1, 4}, {20, 0, 2}}, "46666 --"},
    {"both at an end", 4, {{10, 2, 2}, {20, 2, 2}}, "4466 ----"},
};

static void
make_hosts(struct facts *facts, size_t row)
{
	facts->hosts = xcalloc(HOSTS, sizeof(*facts->hosts));
	for (size_t i = 0; i < HOSTS && cases[row].hosts[i].preference; i++) {
		struct host_facts *host = &facts->hosts[facts->host_count++];
		unsigned ipv4 = cases[row].hosts[i].ipv4;
		unsigned ipv6 = cases[row].hosts[i].ipv6;

		host->preference = cases[row].hosts[i].preference;
		host->ipv4_count = ipv4;
		host->ipv6_count = ipv6;
		host->address_count = ipv4 + ipv6 < LIMIT_HOST_ADDRESSES
					  ? ipv4 + ipv6
					  : LIMIT_HOST_ADDRESSES;
		host->addresses =
		    xcalloc(host->address_count, sizeof(*host->addresses));
		for (size_t k = 0; k < host->address_count; k++)
			snprintf(host->addresses[k].text, INET6_ADDRSTRLEN,
			    k < ipv4 ? "192.0.2.1" : "2001:db8::1");
	}
}

static void
show_host(struct text *seen, const struct host_facts *host)
{
	for (size_t i = 0; i < host->address_count; i++) {
		bool ipv6 = strchr(host->addresses[i].text, ':') != NULL;

		text_addf(seen, "%s",
		    host->addresses[i].untried ? "-"
		    : ipv6                     ? "6"
					       : "4");
	}
}

enum { SHOWN_SIZE = HOSTS * (LIMIT_HOST_ADDRESSES + 1) + 1 };

static void
show_tried(const struct facts *facts, char words[SHOWN_SIZE])
{
	struct text seen;

	text_init(&seen, words, SHOWN_SIZE);
	for (size_t k = 0; k < facts->host_count; k++) {
		if (k > 0)
			text_addf(&seen, " ");
		show_host(&seen, &facts->hosts[k]);
	}
}

static void
mail_gets_to_what_the_limit_leaves_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO(facts) struct facts *facts = facts_new();
		char words[SHOWN_SIZE];

		make_hosts(facts, i);
		/* of an earlier look, with a lower limit */
		if (cases[i].limit > 0 && facts->hosts[0].address_count > 0)
			facts->hosts[0].addresses[0].untried = true;
		tried_mark(facts, cases[i].limit);
		show_tried(facts, words);
		ROW_TEXT(cases[i].id, words, cases[i].tried);
	}
}

/* A survey: "d" a host with secure TLSA records, "i" with insecure ones. */
static void
a_survey_connects_to_few(void **state)
{
	static const struct {
		const char *hosts;
		int mode; /* of the policy, or -1 */
		const char *tried;
	} rows[] = {
	    {"..", -1, "4- --"},
	    {".d", -1, "4- 44"},
	    {"d.", -1, "44 --"},
	    {"i.", -1, "4- --"},
	    {"..", STS_MODE_NONE, "4- --"},
	    {"..", STS_MODE_TESTING, "44 44"},
	    {"..", STS_MODE_ENFORCE, "44 44"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(facts) struct facts *facts = facts_new();
		struct policy_facts *policy = policy_facts_new(POLICY_FETCHED);
		char shown[SHOWN_SIZE];

		policy->policy = xcalloc(1, sizeof(*policy->policy));
		if (rows[i].mode >= 0)
			policy->policy->mode = (enum sts_mode)rows[i].mode;
		make_hosts(facts, 1);
		facts->host_count = 2;
		facts->hosts = xrealloc(facts->hosts, 2, sizeof(*facts->hosts));
		for (size_t k = 0; k < 2; k++) {
			struct host_facts *host = &facts->hosts[k];

			host->address_count = 2;
			host->tlsa.state = rows[i].hosts[k] == '.'
					       ? LOOKUP_NODATA
					       : LOOKUP_DATA;
			host->tlsa.secure = rows[i].hosts[k] != 'i';
		}
		facts->sts.policy = rows[i].mode < 0 ? NULL : policy;
		if (rows[i].mode < 0)
			policy_facts_free(policy);
		tried_mark_least(facts);
		show_tried(facts, shown);
		ROW_TEXT(rows[i].hosts, shown, rows[i].tried);
	}
}

int
main(void)
{
	const struct CMUnitTest tried[] = {
	    cmocka_unit_test(mail_gets_to_what_the_limit_leaves_it),
	    cmocka_unit_test(a_survey_connects_to_few),
	};

	return RUN_TESTS(tried);
}
