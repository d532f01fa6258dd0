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

int
main(void)
{
	const struct CMUnitTest host_case[] = {
	    cmocka_unit_test(tlsa_records_are_looked_for_at_the_alias_first),
	    cmocka_unit_test(
		a_host_without_an_owner_of_tlsa_records_is_not_asked_for_any),
	    cmocka_unit_test(sni_is_the_base_domain_where_dane_will_verify),
	    cmocka_unit_test(what_was_to_be_asked_for_and_was_not_is_unknown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(host_case, NULL, NULL);
}
