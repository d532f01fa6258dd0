/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/findings.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/findings_memo.h"
#include "t/unit/fact_row.h"
#include "t/unit/tap.h"

/* A host that DANE-TA and MTA-STS both look at, and what may change of it. */
struct scene {
	struct facts *facts;
	struct host_facts *host;
	struct tlsa *record;
	struct judge_terms terms;
	struct host_case c;
	struct der certs[4];
	struct probe_facts *probe;
};

static void
scene_begin(struct scene *scene)
{
	static const struct row row = {
	    .mx = SEC, .hosts = ONE(SEC, T_TA, P_GOOD), .sts = S_ENFORCE};

	*scene = (struct scene){.facts = fact_row_make(&row)};
	scene->host = &scene->facts->hosts[0];
	scene->record = &scene->host->records.records[0];
	scene->terms = (struct judge_terms){.store = fact_pki.store};
	scene->c =
	    host_case_of(scene->facts, scene->host, &scene->terms, CERTS_NOW);
	scene->certs[0] = cert_der(fact_pki.leaf[0][P_GOOD]);
	scene->certs[1] = cert_der(fact_pki.root);
}

static void
scene_end(struct scene *scene)
{
	probe_facts_free(scene->probe);
	facts_free(scene->facts);
}

/* What is found of count certificates. */
static const struct findings *
find_for(struct scene *scene, size_t count)
{
	probe_facts_free(scene->probe);
	scene->probe = probe_facts_new(PROBE_TLS);
	probe_facts_set_certs(scene->probe, scene->certs, count);
	return findings_of(&scene->c, scene->probe);
}

static void
turn_usage(struct scene *scene)
{
	scene->record->usage = TLSA_DANE_EE;
}

static void
turn_selector(struct scene *scene)
{
	scene->record->selector = TLSA_SPKI;
}

static void
turn_mtype(struct scene *scene)
{
	scene->record->mtype = TLSA_FULL;
}

static void
turn_considered(struct scene *scene)
{
	scene->record->considered = false;
}

static void
turn_data(struct scene *scene)
{
	scene->record->data[scene->record->size - 1] ^= 1;
}

static void
turn_base(struct scene *scene)
{
	text_copy(
	    scene->host->base_domain, LIMIT_DOMAIN_SIZE, "alias.d.example");
}

static void
turn_next_hop(struct scene *scene)
{
	text_copy(scene->facts->next_hop.host, LIMIT_DOMAIN_SIZE, "e.example");
	text_copy(scene->facts->expanded, LIMIT_DOMAIN_SIZE, "e.example");
}

static void
turn_expanded(struct scene *scene)
{
	text_copy(scene->facts->expanded, LIMIT_DOMAIN_SIZE, "e.example");
}

static void
turn_dane(struct scene *scene)
{
	scene->c.dane = DEMAND_NONE;
}

static void
turn_sts(struct scene *scene)
{
	scene->c.sts = NULL;
}

static void
turn_name(struct scene *scene)
{
	text_copy(scene->host->name, LIMIT_DOMAIN_SIZE, "mx2.d.example");
}

static void
turn_rule(struct scene *scene)
{
	static struct rule rule;

	scene->c.demand.rule = &rule;
}

static void
turn_first(struct scene *scene)
{
	scene->certs[0] = cert_der(fact_pki.leaf[0][P_OTHER]);
}

static void
turn_second(struct scene *scene)
{
	scene->certs[1] = cert_der(fact_pki.leaf[0][P_OTHER]);
}

static void
findings_are_others_where_one_part_is_another(void **state)
{
	static const struct {
		const char *part;
		void (*turn)(struct scene *scene);
	} rows[] = {
	    {"usage", turn_usage},
	    {"selector", turn_selector},
	    {"matching type", turn_mtype},
	    {"digest agility", turn_considered},
	    {"data", turn_data},
	    {"TLSA base domain", turn_base},
	    {"next hop", turn_next_hop},
	    {"its expansion", turn_expanded},
	    {"no DANE", turn_dane},
	    {"no MTA-STS", turn_sts},
	    {"name of the host", turn_name},
	    {"rule", turn_rule},
	    {"leaf", turn_first},
	    {"issuer", turn_second},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;
		const struct findings *before, *after;

		scene_begin(&scene);
		before = find_for(&scene, 2);
		ROW(rows[i].part, find_for(&scene, 2) == before);
		rows[i].turn(&scene);
		after = find_for(&scene, 2);
		ROW(rows[i].part, after != before);
		ROW(rows[i].part, find_for(&scene, 2) == after);
		ROW(rows[i].part, find_for(&scene, 1) != after);
		scene_end(&scene);
	}
}

/* Two texts that read alike when nothing stands between their parts. */
static void
where_a_part_ends_counts(void **state)
{
	static const uint8_t octets[] = {'a', 'b', 'c'};
	struct scene scene;
	const struct findings *one, *other;

	(void)state;
	scene_begin(&scene);
	for (size_t i = 0; i < 2; i++)
		scene.certs[i] = (struct der){octets + i, 1 + i};
	one = find_for(&scene, 2); /* a, bc */
	scene.certs[0] = (struct der){octets, 2};
	scene.certs[1] = (struct der){octets + 2, 1};
	other = find_for(&scene, 2); /* ab, c */
	assert_ptr_not_equal(one, other);
	scene.certs[1] = (struct der){octets, 1};
	assert_ptr_not_equal(find_for(&scene, 2), other); /* ab, a */
	scene_end(&scene);
}

/* Who has no rule has eight such octets in place of one. */
static void
certificates_do_not_pass_for_what_is_looked_at(void **state)
{
	static const uint8_t no_rule[sizeof(struct rule *)];
	struct scene scene;
	const struct findings *both;
	struct der name;

	(void)state;
	scene_begin(&scene);
	both = find_for(&scene, 2);
	name.data = (const uint8_t *)scene.host->name;
	name.size = strlen(scene.host->name);
	scene.certs[2] = scene.certs[0];
	scene.certs[3] = scene.certs[1];
	scene.certs[0] = name;
	scene.certs[1] = (struct der){no_rule, sizeof(no_rule)};
	turn_sts(&scene);
	assert_ptr_not_equal(find_for(&scene, 4), both);
	scene_end(&scene);
}

static void
the_longest_next_hop_has_a_name_below_it(void **state)
{
	char *match[] = {(char[]){"dot-nexthop"}};
	struct rule rule = {.match_count = 1, .match = match};
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene.c.demand.rule = &rule;
	scene.c.demand.level = LEVEL_SECURE;
	assert_int_equal(find_for(&scene, 2)->webpki, REASON_OK);
	memset(scene.facts->next_hop.host, 'a', LIMIT_DOMAIN_SIZE - 1);
	assert_int_equal(
	    find_for(&scene, 2)->webpki, REASON_CERTIFICATE_HOST_MISMATCH);
	scene_end(&scene);
}

static void
what_is_wrong_is_told_apart_from_what_else_is(void **state)
{
	struct scene scene;
	const struct findings *found;

	(void)state;
	scene_begin(&scene);
	scene.certs[0] = cert_der(fact_pki.leaf[0][P_OTHER]);
	text_copy(scene.host->base_domain, LIMIT_DOMAIN_SIZE, "other.example");
	found = find_for(&scene, 2);
	assert_string_equal(found->dane_detail, "");
	assert_string_equal(found->webpki_detail, "subject_");
	turn_data(&scene);
	scene.certs[0] = cert_der(fact_pki.leaf[0][P_GOOD]);
	found = find_for(&scene, 2);
	assert_string_equal(found->dane_detail, "issuer_CN:root");
	assert_string_equal(found->webpki_detail, "");
	scene_end(&scene);
}

static void
what_is_not_looked_at_is_no_part(void **state)
{
	struct scene scene;
	const struct findings *before;

	(void)state;
	scene_begin(&scene);
	turn_dane(&scene);
	before = find_for(&scene, 2);
	turn_data(&scene);
	turn_base(&scene);
	assert_ptr_equal(find_for(&scene, 2), before);
	scene_end(&scene);

	scene_begin(&scene);
	turn_sts(&scene);
	before = find_for(&scene, 2);
	turn_rule(&scene);
	turn_name(&scene);
	assert_ptr_equal(find_for(&scene, 2), before);
	scene_end(&scene);
}

static void
add_leaf_record(struct scene *scene)
{
	certs_tlsa(&scene->host->records, TLSA_DANE_EE, TLSA_SPKI,
	    TLSA_SHA2_256, fact_pki.leaf[0][P_GOOD]);
	tlsa_set_finish(&scene->host->records);
}

static void
findings_say_which_record_matched(void **state)
{
	struct scene scene;
	const struct findings *found;

	(void)state;
	scene_begin(&scene);
	found = find_for(&scene, 2);
	assert_int_equal(found->dane, REASON_OK);
	assert_int_equal(found->webpki, REASON_OK);
	assert_int_equal(found->matched, 0);
	tlsa_set_add_text(&scene.host->records,
	    "3 1 1 " /* of nothing */
	    "00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff",
	    NULL);
	add_leaf_record(&scene);
	scene.host->records.records[0].considered = false;
	for (size_t i = 0; i < 2; i++) {
		scene.host->records.records[2].considered = true;
		found = find_for(&scene, 2);
		assert_int_equal(found->dane, REASON_OK);
		assert_int_equal(found->matched, 2);
		scene.host->records.records[2].considered = false;
		found = find_for(&scene, 2);
		assert_int_equal(found->dane, REASON_VALIDATION_FAILURE);
		assert_int_equal(found->matched, -1);
		turn_sts(&scene); /* for DANE the leaf alone is enough */
	}
	scene_end(&scene);
}

static void
what_nobody_asks_for_is_not_probed(void **state)
{
	struct scene scene;
	const struct findings *found;

	(void)state;
	scene_begin(&scene);
	add_leaf_record(&scene);
	turn_dane(&scene);
	turn_sts(&scene);
	found = find_for(&scene, 2);
	assert_int_equal(found->dane, REASON_NOT_PROBED);
	assert_int_equal(found->webpki, REASON_NOT_PROBED);
	assert_int_equal(found->matched, -1);
	scene.certs[0] = (struct der){(const uint8_t *)"no", 2};
	found = find_for(&scene, 1);
	assert_int_equal(found->dane, REASON_VALIDATION_FAILURE);
	assert_int_equal(found->webpki, REASON_VALIDATION_FAILURE);
	assert_int_equal(found->matched, -1);
	scene_end(&scene);
}

int
main(void)
{
	const struct CMUnitTest findings[] = {
	    cmocka_unit_test(findings_are_others_where_one_part_is_another),
	    cmocka_unit_test(where_a_part_ends_counts),
	    cmocka_unit_test(certificates_do_not_pass_for_what_is_looked_at),
	    cmocka_unit_test(what_is_not_looked_at_is_no_part),
	    cmocka_unit_test(the_longest_next_hop_has_a_name_below_it),
	    cmocka_unit_test(what_is_wrong_is_told_apart_from_what_else_is),
	    cmocka_unit_test(findings_say_which_record_matched),
	    cmocka_unit_test(what_nobody_asks_for_is_not_probed),
	};

	return RUN_TESTS_WITH(findings, fact_pki_make, fact_pki_drop);
}
