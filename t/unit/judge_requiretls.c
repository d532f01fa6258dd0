/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/judge.h"

#include "t/unit/fact_row.h"
#include "t/unit/tap.h"

enum offer {
	OFFERED,
	SILENT,  /* EHLO inside TLS has no REQUIRETLS */
	DROPPED, /* nor any answer */
};

struct requiretls_row {
	const char *id;
	enum dns mx;
	struct host_row hosts[2];
	enum sts_kind sts;
	struct rule_row terms[2];
	enum offer offers[2];
	enum requiretls_state expected;
};

static void
set_offers(struct facts *facts, const enum offer offers[2])
{
	for (size_t i = 0; i < facts->host_count; i++) {
		struct probe_facts *probe =
		    facts->hosts[i].address_count == 0
			? NULL
			: facts->hosts[i].addresses[0].probe;

		if (probe == NULL)
			continue;
		probe->tls_ehlo = probe->tls_answered = offers[i] != DROPPED;
		probe->requiretls = offers[i] == OFFERED;
	}
}

static struct verdict *
judge_requiretls_row(const struct requiretls_row *row, bool requiretls)
{
	const struct row facts_row = {.mx = row->mx,
	    .hosts = {row->hosts[0], row->hosts[1]},
	    .sts = row->sts};
	AUTO(rule_list)
	struct rule_list *list = fact_row_rules(LEVEL_AUTO, row->terms);
	struct judge_terms terms = {.store = fact_pki.store,
	    .requiretls = requiretls,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 30};
	AUTO(facts) struct facts *facts = fact_row_make(&facts_row);

	terms_set(&terms, list, "d.example", CERTS_NOW);
	set_offers(facts, row->offers);
	return judge(facts, &terms, CERTS_NOW);
}

#define NO_RULE           \
	{                 \
		{         \
			0 \
		}         \
	}
#define MET REQUIRETLS_MET
#define NOT_OFFERED REQUIRETLS_NOT_OFFERED
#define NO_AUTH REQUIRETLS_NO_AUTH
#define UNKNOWN REQUIRETLS_UNKNOWN
#define UNPROBED REQUIRETLS_UNPROBED

static void
check_requiretls(const struct requiretls_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		AUTO(verdict)
		struct verdict *verdict = judge_requiretls_row(&rows[i], true);
		AUTO(verdict)
		struct verdict *plain = judge_requiretls_row(&rows[i], false);

		if (verdict->requiretls != rows[i].expected)
			fail_msg(
			    "%s: %d", rows[i].id, (int)verdict->requiretls);
		ROW(rows[i].id, plain->requiretls == REQUIRETLS_NOT_ASKED);
		/* it has no part in the verdict itself */
		ROW(rows[i].id, verdict->result == plain->result &&
				    verdict->reason == plain->reason);
		/* while it is not met, another host may do */
		ROW(rows[i].id,
		    !verdict->settled ||
			(plain->settled && rows[i].expected == MET));
		ROW(rows[i].id, verdict->ttl_s <= plain->ttl_s);
		ROW(rows[i].id,
		    rows[i].expected == MET || verdict->ttl_s <= 300);
		ROW(rows[i].id,
		    rows[i].expected != UNKNOWN || verdict->ttl_s <= 30);
	}
}

static void
requiretls_wants_dane_or_a_certificate_for_the_name(void **state)
{
	static const struct requiretls_row rows[] = {
	    {"other leaf", SEC, ONE(SEC, T_OK, P_SELF), 0, NO_RULE, {0},
		NO_AUTH},
	    {"Q01", SEC, ONE(SEC, T_OK, P_GOOD), 0, NO_RULE, {0}, MET},
	    {"Q01 no MX", NIL, ONE(SEC, T_OK, P_GOOD), 0, NO_RULE, {0}, MET},
	    {"Q01 STS in testing", SEC, ONE(SEC, T_OK, P_GOOD), S_TESTING,
		NO_RULE, {0}, MET},
	    {"Q02", SEC, ONE(SEC, T_OK, P_GOOD), 0, NO_RULE, {SILENT},
		NOT_OFFERED},
	    {"Q04", SEC, ONE(SEC, T_NIL, P_GOOD), 0, NO_RULE, {0}, MET},
	    {"Q04 addresses insecure", SEC, ONE(INS, T_NIL, P_GOOD), 0, NO_RULE,
		{0}, MET},
	    {"Q04 no policy to be had", SEC, ONE(SEC, T_NIL, P_GOOD), S_ERROR,
		NO_RULE, {0}, MET},
	    {"Q04 mode none", SEC, ONE(SEC, T_NIL, P_GOOD), S_MODE_NONE,
		NO_RULE, {0}, MET},
	    {"Q04 not offered", SEC, ONE(SEC, T_NIL, P_GOOD), 0, NO_RULE,
		{SILENT}, NOT_OFFERED},
	    {"Q04 self-signed", SEC, ONE(SEC, T_NIL, P_SELF), 0, NO_RULE, {0},
		NO_AUTH},
	    {"Q04 other name", SEC, ONE(SEC, T_NIL, P_OTHER), 0, NO_RULE, {0},
		NO_AUTH},
	    {"Q04 the domain's name", SEC, ONE(SEC, T_NIL, P_NEXTHOP), 0,
		NO_RULE, {0}, NO_AUTH},
	    {"Q04 CN", SEC, ONE(SEC, T_NIL, P_CN), 0, NO_RULE, {0}, NO_AUTH},
	    {"Q04 expired", SEC, ONE(SEC, T_NIL, P_EXPIRED), 0, NO_RULE, {0},
		NO_AUTH},
	    {"Q04 plain", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, NO_RULE, {0},
		NO_AUTH},
	    {"Q07", SEC, ONE(SEC, T_PKIX, P_GOOD), 0, NO_RULE, {0}, NO_AUTH},
	    {"Q07 with a policy", SEC, ONE(SEC, T_PKIX, P_GOOD), S_ENFORCE,
		NO_RULE, {0}, MET},
	};

	(void)state;
	check_requiretls(rows, COUNT(rows));
}

static void
requiretls_wants_mta_sts_where_dns_is_insecure(void **state)
{
	static const struct requiretls_row rows[] = {
	    {"Q03", INS, ONE(SEC, T_NIL, P_GOOD), 0, NO_RULE, {0}, NO_AUTH},
	    {"Q03 not offered", INS, ONE(SEC, T_NIL, P_GOOD), 0, NO_RULE,
		{SILENT}, NO_AUTH},
	    {"Q05", INS, ONE(INS, T_NIL, P_GOOD), S_ENFORCE, NO_RULE, {0}, MET},
	    {"Q05 not offered", INS, ONE(INS, T_NIL, P_GOOD), S_ENFORCE,
		NO_RULE, {SILENT}, NOT_OFFERED},
	    {"Q05 not kept", INS, ONE(INS, T_NIL, P_SELF), S_ENFORCE, NO_RULE,
		{0}, NO_AUTH},
	    {"Q05 not named", SEC, ONE(INS, T_NIL, P_GOOD), S_ONLY_2, NO_RULE,
		{0}, NO_AUTH},
	    {"Q06", SEC, ONE(SEC, T_NIL, P_GOOD), S_TESTING, NO_RULE, {0},
		NO_AUTH},
	    {"Q06 insecure", INS, ONE(INS, T_NIL, P_GOOD), S_TESTING, NO_RULE,
		{0}, NO_AUTH},
	    {"Q08", INS, ONE(SEC, T_OK, P_GOOD), 0, NO_RULE, {0}, NO_AUTH},
	    {"Q08 with a policy", INS, ONE(SEC, T_OK, P_GOOD), S_ENFORCE,
		NO_RULE, {0}, MET},
	};

	(void)state;
	check_requiretls(rows, COUNT(rows));
}

static void
requiretls_is_met_by_one_host(void **state)
{
	static const struct requiretls_row rows[] = {
	    {"Q02 both", SEC,
		{{10, SEC, T_OK, P_GOOD}, {20, SEC, T_OK, P_GOOD}}, 0, NO_RULE,
		{SILENT, SILENT}, NOT_OFFERED},
	    {"Q09", SEC, {{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_OK, P_GOOD}}, 0,
		NO_RULE, {0, 0}, MET},
	    {"Q09 first not offered", SEC,
		{{10, SEC, T_OK, P_GOOD}, {20, SEC, T_OK, P_GOOD}}, 0, NO_RULE,
		{SILENT, OFFERED}, MET},
	    {"Q09 first opportunistic", SEC,
		{{10, SEC, T_NIL, P_SELF}, {20, SEC, T_OK, P_GOOD}}, 0, NO_RULE,
		{0, 0}, MET},
	    {"Q09 first down", SEC,
		{{10, SEC, T_OK, P_CLOSED}, {20, SEC, T_OK, P_GOOD}}, 0,
		NO_RULE, {0, 0}, MET},
	    {"first down, second not offered", SEC,
		{{10, SEC, T_OK, P_CLOSED}, {20, SEC, T_OK, P_GOOD}}, 0,
		NO_RULE, {0, SILENT}, UNKNOWN},
	};

	(void)state;
	check_requiretls(rows, COUNT(rows));
}

static void
requiretls_is_not_known_without_an_answer(void **state)
{
	static const struct requiretls_row rows[] = {
	    {"Q02 no answer", SEC, ONE(SEC, T_OK, P_GOOD), 0, NO_RULE,
		{DROPPED}, UNKNOWN},
	    {"TLSA lookup failed", SEC, ONE(SEC, T_ERR, P_GOOD), S_ENFORCE,
		NO_RULE, {0}, UNKNOWN},
	    {"MX lookup failed", BOG, {{0}}, S_ENFORCE, NO_RULE, {0}, UNKNOWN},
	    {"no answer", SEC, ONE(SEC, T_OK, P_SLOW), 0, NO_RULE, {0},
		UNKNOWN},
	    {"not probed", SEC, ONE(SEC, T_OK, P_NOT), 0, NO_RULE, {0},
		UNPROBED},
	    {"not probed, WebPKI may do", SEC, ONE(SEC, T_NIL, P_NOT), 0,
		NO_RULE, {0}, UNPROBED},
	    {"not probed, insecure MX", INS, ONE(SEC, T_OK, P_NOT), 0, NO_RULE,
		{0}, NO_AUTH},
	    {"not probed, not named", INS, ONE(SEC, T_NIL, P_NOT), S_ONLY_2,
		NO_RULE, {0}, NO_AUTH},
	    {"not probed, named", INS, ONE(SEC, T_NIL, P_NOT), S_ENFORCE,
		NO_RULE, {0}, UNPROBED},
	};

	(void)state;
	check_requiretls(rows, COUNT(rows));
}

static void
requiretls_heeds_rules(void **state)
{
	static const struct requiretls_row rows[] = {
	    {"rule: no TLS", SEC, ONE(SEC, T_OK, P_GOOD), 0, D_RULE(LEVEL_NONE),
		{0}, NO_AUTH},
	    {"rule: the admin's names", INS, ONE(SEC, T_NIL, P_OTHER), 0,
		D_RULE_WITH(LEVEL_SECURE, false, false, "other.example"), {0},
		MET},
	    {"rule: names of the DNS", INS, ONE(SEC, T_NIL, P_GOOD), 0,
		D_RULE_WITH(LEVEL_SECURE, false, false, "hostname"), {0},
		NO_AUTH},
	    {"rule: secure", INS, ONE(SEC, T_NIL, P_GOOD), 0,
		D_RULE(LEVEL_SECURE), {0}, NO_AUTH},
	    {"rule: DANE or nothing", SEC, ONE(SEC, T_NIL, P_GOOD), 0,
		D_RULE(LEVEL_DANE_ONLY), {0}, NO_AUTH},
	    {"rule: encrypt", SEC, ONE(SEC, T_NIL, P_GOOD), 0,
		D_RULE(LEVEL_ENCRYPT), {0}, MET},
	};

	(void)state;
	check_requiretls(rows, COUNT(rows));
}

int
main(void)
{
	const struct CMUnitTest judge_requiretls[] = {
	    cmocka_unit_test(
		requiretls_wants_dane_or_a_certificate_for_the_name),
	    cmocka_unit_test(requiretls_wants_mta_sts_where_dns_is_insecure),
	    cmocka_unit_test(requiretls_is_met_by_one_host),
	    cmocka_unit_test(requiretls_is_not_known_without_an_answer),
	    cmocka_unit_test(requiretls_heeds_rules),
	};

	return RUN_TESTS_WITH(judge_requiretls, fact_pki_make, fact_pki_drop);
}
