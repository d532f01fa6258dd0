/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/host_case.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

enum { PORT = 25, NOW = 1800000000 };

static const struct lookup secure = {LOOKUP_DATA, true, 3600};
static const struct lookup insecure = {LOOKUP_DATA, false, 3600};
static const struct lookup denied = {LOOKUP_NODATA, true, 3600};
static const struct lookup failed = {LOOKUP_SERVFAIL, false, 0};

/* A host with one address; its name is "mx", its alias leads to "cloud". */
static struct facts *
make_host(const struct lookup *a, const struct lookup *aaaa, bool alias)
{
	struct facts *facts = facts_new();
	struct host_facts *host = xcalloc(1, sizeof(*host));

	facts->hosts = host;
	facts->host_count = 1;
	facts->mx = secure;
	facts->next_hop.port = PORT;
	text_copy(host->name, sizeof(host->name), "mx");
	text_copy(
	    host->expanded, sizeof(host->expanded), alias ? "cloud" : "mx");
	host->a = *a;
	host->aaaa = *aaaa;
	host->addresses = xcalloc(1, sizeof(*host->addresses));
	host->address_count = 1;
	return facts;
}

static void
add_record(struct host_facts *host, const char *text)
{
	tlsa_set_add_text(&host->records, text, NULL);
	tlsa_set_finish(&host->records);
	host->tlsa = secure;
	text_copy(host->base_domain, sizeof(host->base_domain), "cloud");
}

#define USABLE                                                           \
	"3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabb" \
	"ccddeeff"

static void
tlsa_records_are_looked_for_at_the_alias_first(void **state)
{
	static const struct {
		const char *id;
		const struct lookup *a, *aaaa, *cname;
		bool alias, ask_alias;
		const char *names[2];
	} rows[] = {
	    {"no alias", &secure, &denied, NULL, false, false, {"mx"}},
	    {"alias", &secure, &denied, NULL, true, false, {"cloud", "mx"}},
	    {"one family failed", &secure, &failed, NULL, false, false, {"mx"}},
	    {"insecure", &insecure, &denied, NULL, false, false, {0}},
	    {"one family insecure", &secure, &insecure, NULL, false, false,
		{0}},
	    {"insecure alias, not asked", &insecure, &denied, NULL, true, true,
		{0}},
	    {"insecure alias, itself secure", &insecure, &denied, &secure, true,
		false, {"mx"}},
	    {"insecure alias throughout", &insecure, &denied, &insecure, true,
		false, {0}},
	    {"insecure alias, failed", &insecure, &denied, &failed, true, false,
		{0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(facts)
		struct facts *facts =
		    make_host(rows[i].a, rows[i].aaaa, rows[i].alias);
		struct tlsa_search search;

		if (rows[i].cname != NULL)
			facts->hosts[0].cname = *rows[i].cname;
		search = tlsa_search(&facts->hosts[0], PORT);
		ROW(rows[i].id, search.ask_alias == rows[i].ask_alias);
		for (size_t k = 0; k < COUNT(rows[i].names); k++)
			ROW_TEXT(rows[i].id,
			    k < search.count ? search.names[k] : "-",
			    rows[i].names[k] == NULL ? "-" : rows[i].names[k]);
	}
}

static void
a_host_without_an_owner_of_tlsa_records_is_not_asked_for_any(void **state)
{
	AUTO(facts) struct facts *facts = make_host(&secure, &denied, false);
	struct host_facts *host = &facts->hosts[0];

	(void)state;
	memset(host->name, 'a', LIMIT_DOMAIN);
	text_copy(host->expanded, sizeof(host->expanded), host->name);
	assert_int_equal(tlsa_search(host, PORT).count, 0);
	text_copy(host->name, sizeof(host->name), "192.0.2.1");
	text_copy(host->expanded, sizeof(host->expanded), host->name);
	host->literal = true;
	assert_int_equal(tlsa_search(host, PORT).count, 0);
	host->literal = false;
	host->address_count = 0;
	assert_int_equal(tlsa_search(host, PORT).count, 0);
}

static void
sni_is_the_base_domain_where_dane_will_verify(void **state)
{
	static const struct {
		const char *id;
		const struct lookup *mx;
		const char *record;
		enum level level;
		enum insecure_mx insecure_mx;
		bool literal;
		const char *sni;
	} rows[] = {
	    {"verified", &secure, USABLE, 0, 0, false, "cloud"},
	    {"no records", &secure, NULL, 0, 0, false, "mx"},
	    {"unusable", &secure, "1 1 1 00", 0, 0, false, "mx"},
	    {"half", &insecure, USABLE, 0, 0, false, "cloud"},
	    {"half, encrypt", &insecure, USABLE, 0, INSECURE_MX_ENCRYPT, false,
		"mx"},
	    {"half, may", &insecure, USABLE, 0, INSECURE_MX_MAY, false, "mx"},
	    {"half, no policy", &insecure, USABLE, 0, INSECURE_MX_POLICY, false,
		"cloud"},
	    {"waived", &secure, USABLE, LEVEL_MAY, 0, false, "mx"},
	    {"address", &secure, NULL, 0, 0, true, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct judge_terms terms = {
		    .level = rows[i].level, .insecure_mx = rows[i].insecure_mx};
		AUTO(facts)
		struct facts *facts = make_host(&secure, &denied, true);
		struct host_facts *host = &facts->hosts[0];

		facts->mx = *rows[i].mx;
		host->tlsa = denied;
		host->literal = rows[i].literal;
		if (rows[i].record != NULL)
			add_record(host, rows[i].record);
		ROW_TEXT(rows[i].id, host_sni(facts, host, &terms, NOW),
		    rows[i].sni);
	}
}

static void
what_was_to_be_asked_for_and_was_not_is_unknown(void **state)
{
	struct judge_terms terms = {.level = LEVEL_AUTO};
	AUTO(facts) struct facts *open = make_host(&secure, &denied, false);
	AUTO(facts) struct facts *alias = make_host(&insecure, &denied, true);
	AUTO(facts) struct facts *plain = make_host(&insecure, &denied, false);

	(void)state;
	assert_int_equal(
	    host_case_of(open, open->hosts, &terms, NOW).dane, DEMAND_UNKNOWN);
	assert_int_equal(host_case_of(alias, alias->hosts, &terms, NOW).dane,
	    DEMAND_UNKNOWN);
	assert_int_equal(
	    host_case_of(plain, plain->hosts, &terms, NOW).dane, DEMAND_NONE);
}

/* Rules for "mx" alone and for the domain; LEVEL_HALF_DANE: there is none. */
static struct rule_list *
make_rules(enum level domain, enum level host)
{
	struct rule_list *list = rule_list_new(domain);
	struct rule *rule;

	if (host != LEVEL_HALF_DANE) {
		rule = rule_new();
		rule->scope = RULE_MX;
		rule->level = host;
		text_copy(rule->name, sizeof(rule->name), "mx");
		rule_list_add(list, rule);
	}
	rule_list_sort(list);
	return list;
}

static void
tlsa_records_are_wanted_where_they_may_count(void **state)
{
	static const struct {
		const char *id;
		const struct lookup *mx;
		enum insecure_mx insecure_mx;
		enum level domain, host;
		bool wanted;
	} rows[] = {
	    {"secure", &secure, 0, LEVEL_AUTO, LEVEL_HALF_DANE, true},
	    {"secure, may", &secure, INSECURE_MX_MAY, LEVEL_AUTO,
		LEVEL_HALF_DANE, true},
	    {"insecure, dane", &insecure, 0, LEVEL_AUTO, LEVEL_HALF_DANE, true},
	    {"insecure, may", &insecure, INSECURE_MX_MAY, LEVEL_AUTO,
		LEVEL_HALF_DANE, false},
	    {"level may", &secure, 0, LEVEL_MAY, LEVEL_HALF_DANE, false},
	    {"level may, insecure", &insecure, 0, LEVEL_MAY, LEVEL_HALF_DANE,
		false},
	    {"rule dane", &secure, 0, LEVEL_MAY, LEVEL_DANE, true},
	    {"rule may", &secure, 0, LEVEL_AUTO, LEVEL_MAY, false},
	    {"rule may, that may be set aside", &insecure, 0, LEVEL_AUTO,
		LEVEL_MAY, true},
	    {"rule dane, insecure", &insecure, 0, LEVEL_MAY, LEVEL_DANE, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule_list)
		struct rule_list *list =
		    make_rules(rows[i].domain, rows[i].host);
		struct judge_terms terms = {.insecure_mx = rows[i].insecure_mx};
		AUTO(facts)
		struct facts *facts = make_host(&secure, &denied, false);

		terms_set(&terms, list, "d.example", NOW);
		facts->mx = *rows[i].mx;
		ROW(rows[i].id, host_wants_tlsa(facts, facts->hosts, &terms,
				    NOW) == rows[i].wanted);
	}
}

/* A rule of level secure that names others than the host itself. */
static void
names_are_given_unless_the_host_itself_is_among_them(void **state)
{
	static const struct {
		const char *match[3];
		enum level level;
		bool given;
	} rows[] = {
	    {{NULL}, LEVEL_SECURE, false},
	    {{"a.example"}, LEVEL_SECURE, true},
	    {{"hostname"}, LEVEL_SECURE, false},
	    {{"a.example", "hostname"}, LEVEL_SECURE, false},
	    {{"hostname", "a.example"}, LEVEL_SECURE, false},
	    {{"gate", "zone"}, LEVEL_SECURE, true},
	    {{"a.example"}, LEVEL_ENCRYPT, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule) struct rule *rule = rule_new();
		struct host_case c = {
		    .demand = {.rule = rule, .level = rows[i].level}};

		rule->match = xcalloc(3, sizeof(*rule->match));
		for (size_t k = 0; k < 3 && rows[i].match[k] != NULL; k++)
			rule->match[rule->match_count++] =
			    xstrdup(rows[i].match[k]);
		if (case_names_are_given(&c) != rows[i].given)
			fail_msg("row %zu", i);
	}
}

/* RFC 7672 section 3.2.2. */
static void
reference_names_are_those_that_the_mx_vouches_for(void **state)
{
	static const struct {
		const char *id;
		const struct lookup *mx;
		const char *expanded;
		size_t count;
	} rows[] = {
	    {"insecure", &insecure, "z.example", 1},
	    {"secure", &secure, "d.example", 2},
	    {"secure alias", &secure, "z.example", 3},
	    {"secure alias, sorted before", &secure, "a.example", 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *names[HOST_REFERENCE_NAMES] = {NULL};
		AUTO(facts)
		struct facts *facts = make_host(&secure, &denied, false);

		facts->mx = *rows[i].mx;
		text_copy(facts->next_hop.host, sizeof(facts->next_hop.host),
		    "d.example");
		text_copy(
		    facts->expanded, sizeof(facts->expanded), rows[i].expanded);
		ROW(rows[i].id, host_reference_names(facts, facts->hosts,
				    names) == rows[i].count);
		ROW_TEXT(rows[i].id, names[0], facts->hosts[0].base_domain);
		if (rows[i].count > 1)
			ROW_TEXT(rows[i].id, names[1], "d.example");
		if (rows[i].count > 2)
			ROW_TEXT(rows[i].id, names[2], rows[i].expanded);
	}
}

static void
a_host_may_have_an_address_unless_that_is_denied(void **state)
{
	static const struct lookup unasked = {LOOKUP_NOT_ASKED, false, 0};
	static const struct {
		const char *id;
		const struct lookup *a, *aaaa;
		size_t addresses;
		bool may;
	} rows[] = {
	    {"literal", &unasked, &unasked, 1, true},
	    {"denied", &denied, &denied, 0, false},
	    {"A failed", &failed, &denied, 0, true},
	    {"AAAA failed", &denied, &failed, 0, true},
	    {"A of a family without a route", &secure, &denied, 0, true},
	    {"AAAA likewise", &denied, &secure, 0, true},
	    {"nobody asked", &unasked, &unasked, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(facts)
		struct facts *facts = make_host(rows[i].a, rows[i].aaaa, false);

		facts->hosts[0].address_count = rows[i].addresses;
		ROW(rows[i].id,
		    host_may_have_address(facts->hosts) == rows[i].may);
	}
}

int
main(void)
{
	const struct CMUnitTest host_case[] = {
	    cmocka_unit_test(tlsa_records_are_looked_for_at_the_alias_first),
	    cmocka_unit_test(
		a_host_without_an_owner_of_tlsa_records_is_not_asked_for_any),
	    cmocka_unit_test(sni_is_the_base_domain_where_dane_will_verify),
	    cmocka_unit_test(what_was_to_be_asked_for_and_was_not_is_unknown),
	    cmocka_unit_test(tlsa_records_are_wanted_where_they_may_count),
	    cmocka_unit_test(
		names_are_given_unless_the_host_itself_is_among_them),
	    cmocka_unit_test(reference_names_are_those_that_the_mx_vouches_for),
	    cmocka_unit_test(a_host_may_have_an_address_unless_that_is_denied),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(host_case, NULL, NULL);
}
