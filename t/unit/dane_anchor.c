/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/dane_match.h"

#include "common/base/limits.h"
#include "t/unit/dane_row.h"
#include "t/unit/tap.h"

static const struct {
	const char *id, *host;
	struct cert_spec leaf, int1, root;
	enum dane_outcome outcome;
} named_chains[] = {
    {"D15", DANE_ROW_HOST, {.names = {"d.example"}}, {0}, {0}, DANE_MATCHED},
    {"D16", DANE_ROW_HOST, {.names = {"other.example"}}, {0}, {0},
	DANE_NAME_MISMATCH},
    {"D17", DANE_ROW_HOST, {.names = {"*.d.example"}}, {0}, {0}, DANE_MATCHED},
    {"D18", "a.b.d.example", {.names = {"*.d.example"}}, {0}, {0},
	DANE_NAME_MISMATCH},
    {"D19 front", DANE_ROW_HOST, {.names = {"mx*.d.example"}}, {0}, {0},
	DANE_NAME_MISMATCH},
    {"D19 back", DANE_ROW_HOST, {.names = {"*1.d.example"}}, {0}, {0},
	DANE_NAME_MISMATCH},
    {"D20", DANE_ROW_HOST, {.cn = DANE_ROW_HOST}, {0}, {0}, DANE_MATCHED},
    {"D21", DANE_ROW_HOST, {.cn = DANE_ROW_HOST, .names = {"other.example"}},
	{0}, {0}, DANE_NAME_MISMATCH},
    {"no name", DANE_ROW_HOST, {0}, {0}, {0}, DANE_NAME_MISMATCH},
    {"D22", DANE_ROW_HOST, {DANE_ROW_SAN, .flaws = CERTS_EXPIRED}, {0}, {0},
	DANE_EXPIRED},
    {"D22 and no name", DANE_ROW_HOST, {.flaws = CERTS_EXPIRED}, {0}, {0},
	DANE_EXPIRED},
    {"D23", DANE_ROW_HOST, {DANE_ROW_SAN}, {.flaws = CERTS_EXPIRED}, {0},
	DANE_EXPIRED},
    {"D24", DANE_ROW_HOST, {DANE_ROW_SAN}, {0}, {.flaws = CERTS_EXPIRED},
	DANE_EXPIRED},
    {"D25", DANE_ROW_HOST, {DANE_ROW_SAN, .flaws = CERTS_FUTURE}, {0}, {0},
	DANE_NOT_YET_VALID},
    {"EKU", DANE_ROW_HOST, {DANE_ROW_SAN, .flaws = CERTS_CLIENT_ONLY}, {0}, {0},
	DANE_NOT_TRUSTED},
    {"D28 pathlen", DANE_ROW_HOST, {DANE_ROW_SAN}, {0}, {.path_length = 1},
	DANE_NOT_TRUSTED},
    {"SHA-1", DANE_ROW_HOST, {DANE_ROW_SAN, .flaws = CERTS_SHA1}, {0}, {0},
	DANE_NOT_TRUSTED},
    {"RSA 512", DANE_ROW_HOST, {DANE_ROW_SAN}, {.flaws = CERTS_RSA_512}, {0},
	DANE_NOT_TRUSTED},
};

static void
names_and_dates_count_for_dane_ta_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(named_chains); i++) {
		struct cert_spec root = named_chains[i].root;
		struct cert_spec int1 = named_chains[i].int1;
		struct dane_row_pki pki;

		root.ca = int1.ca = true;
		dane_row_init(&pki, root, int1, named_chains[i].leaf);
		ROW(named_chains[i].id,
		    dane_row_match(&pki, "201R", "LIR", named_chains[i].host)
			    .outcome == named_chains[i].outcome);
		ROW(named_chains[i].id,
		    dane_row_match(&pki, "200R", "LI", named_chains[i].host)
			    .outcome == named_chains[i].outcome);
		/* the same chain with a DANE-EE record: D01 and its kin */
		ROW(named_chains[i].id,
		    dane_row_match(&pki, "311L", "LIR", named_chains[i].host)
			    .outcome == DANE_MATCHED);
		ROW(named_chains[i].id, dane_row_match(&pki, "201R 311L", "LIR",
					    named_chains[i].host)
						.outcome == DANE_MATCHED);
		dane_row_fini(&pki);
	}
}

static void
a_ca_must_be_one(void **state) /* D28 */
{
	struct dane_row_pki pki;

	(void)state;
	dane_row_init(&pki, (struct cert_spec){.ca = true},
	    (struct cert_spec){0}, (struct cert_spec){DANE_ROW_SAN});
	assert_int_equal(
	    dane_row_match(&pki, "201R", "LIR", DANE_ROW_HOST).outcome,
	    DANE_NOT_TRUSTED);
	assert_int_equal(
	    dane_row_match(&pki, "201I", "LIR", DANE_ROW_HOST).outcome,
	    DANE_NOT_TRUSTED);
	assert_int_equal(
	    dane_row_match(&pki, "210R", "LI", DANE_ROW_HOST).outcome,
	    DANE_NOT_TRUSTED);
	dane_row_fini(&pki);
}

static void
a_bare_key_asks_for_names_and_dates(void **state)
{
	static const struct {
		const char *id;
		struct cert_spec leaf;
		unsigned int1;
		enum dane_outcome outcome;
	} rows[] = {
	    {"D13", {DANE_ROW_SAN}, 0, DANE_MATCHED},
	    {"name", {.names = {"other.example"}}, 0, DANE_NAME_MISMATCH},
	    {"leaf", {DANE_ROW_SAN, .flaws = CERTS_EXPIRED}, 0, DANE_EXPIRED},
	    {"topmost", {DANE_ROW_SAN}, CERTS_EXPIRED, DANE_EXPIRED},
	    {"not begun", {DANE_ROW_SAN}, CERTS_FUTURE, DANE_NOT_YET_VALID},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cert_spec int1 = {.ca = true, .flaws = rows[i].int1};
		struct dane_row_pki pki;

		dane_row_init(
		    &pki, (struct cert_spec){.ca = true}, int1, rows[i].leaf);
		ROW(rows[i].id,
		    dane_row_match(&pki, "210R", "LI", DANE_ROW_HOST).outcome ==
			rows[i].outcome);
		dane_row_fini(&pki);
	}
}

static void
a_bare_key_has_no_date_where_its_certificate_is_over(void **state)
{
	struct dane_row_pki pki;

	(void)state;
	dane_row_init(&pki,
	    (struct cert_spec){.ca = true, .flaws = CERTS_EXPIRED},
	    (struct cert_spec){.ca = true}, (struct cert_spec){DANE_ROW_SAN});
	assert_int_equal(
	    dane_row_match(&pki, "200R", "LI", DANE_ROW_HOST).outcome,
	    DANE_EXPIRED);
	assert_int_equal(
	    dane_row_match(&pki, "200R 210R", "LI", DANE_ROW_HOST).outcome,
	    DANE_MATCHED);
	assert_int_equal(
	    dane_row_match(&pki, "200R 210X", "LI", DANE_ROW_HOST).outcome,
	    DANE_EXPIRED);
	dane_row_fini(&pki);
}

static void
the_key_that_signed_the_leaf_does_whatever_another_signed(void **state)
{
	static const char *const records[] = {"210I 210R", "210R 210I"};
	struct dane_row_pki pki;

	(void)state;
	dane_row_init(&pki, (struct cert_spec){.ca = true},
	    (struct cert_spec){.ca = true, .flaws = CERTS_EXPIRED},
	    (struct cert_spec){DANE_ROW_SAN});
	for (size_t i = 0; i < COUNT(records); i++) {
		struct dane_result result =
		    dane_row_match(&pki, records[i], "LI", DANE_ROW_HOST);

		ROW(records[i], result.outcome == DANE_MATCHED);
		ROW(records[i], result.record == i);
	}
	dane_row_fini(&pki);
}

static void
a_self_signed_leaf_is_no_trust_anchor(void **state) /* D26 */
{
	static const char *records[] = {"201X", "211X", "200X"};
	const char *name = DANE_ROW_HOST;
	struct dane_row_pki pki;

	(void)state;
	dane_row_good(&pki);
	cert_made_free(pki.made[5]);
	pki.made[5] = cert_make(&(struct cert_spec){DANE_ROW_SAN, .ca = true});
	for (size_t i = 0; i < COUNT(records); i++) {
		struct x509_chain *chain = dane_row_chain(&pki, "X");
		struct tlsa_set set;

		dane_row_set(&set, &pki, records[i]);
		ROW(records[i],
		    dane_match(&set, chain, &name, 1, CERTS_NOW).outcome ==
			DANE_NOT_TRUSTED);
		tlsa_set_fini(&set);
		x509_chain_free(chain);
		ROW(records[i],
		    dane_row_match(&pki, records[i], "XX", DANE_ROW_HOST)
			    .outcome == DANE_NOT_TRUSTED);
	}
	/* RFC 7671 section 5.2.3: but the key has signed the topmost */
	cert_made_free(pki.made[5]);
	pki.made[5] = cert_make(&(struct cert_spec){DANE_ROW_SAN});
	assert_int_equal(
	    dane_row_match(&pki, "210X", "X", DANE_ROW_HOST).outcome,
	    DANE_MATCHED);
	assert_int_equal(
	    dane_row_match(&pki, "210X", "X", "other.example").outcome,
	    DANE_NAME_MISMATCH);
	dane_row_fini(&pki);
}

static void
bare_keys_are_tried_to_a_limit(void **state)
{
	static const struct {
		const char *id, *other;
		size_t others;
		enum dane_outcome outcome;
	} rows[] = {
	    {"the last", "210X", LIMIT_BARE_KEYS - 1, DANE_MATCHED},
	    {"the next", "210X", LIMIT_BARE_KEYS, DANE_NOT_TRUSTED},
	    {"digests", "211X", LIMIT_BARE_KEYS, DANE_MATCHED},
	    {"certificates", "200X", LIMIT_BARE_KEYS, DANE_MATCHED},
	    {"of the leaf", "310X", LIMIT_BARE_KEYS, DANE_MATCHED},
	};
	const char *name = DANE_ROW_HOST;
	struct dane_row_pki pki;

	(void)state;
	dane_row_good(&pki);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct x509_chain *chain = dane_row_chain(&pki, "LI");
		struct tlsa_set set;

		dane_row_fill(
		    &set, rows[i].others, rows[i].other, &pki, "210R");
		ROW(rows[i].id,
		    dane_match(&set, chain, &name, 1, CERTS_NOW).outcome ==
			rows[i].outcome);
		tlsa_set_fini(&set);
		x509_chain_free(chain);
	}
	dane_row_fini(&pki);
}

static void
a_thousand_anchors_end_soon(void **state)
{
	static const char *records[] = {"200E", "200X", "210X", "210E"};
	const char *name = DANE_ROW_HOST;
	struct dane_row_pki pki;

	(void)state;
	dane_row_good(&pki);
	for (size_t i = 0; i < COUNT(records); i++) {
		struct x509_chain *chain = dane_row_chain(&pki, "LI");
		struct tlsa_set set;

		dane_row_fill(&set, LIMIT_TLSA_RECORDS, records[i], &pki, NULL);
		ROW(records[i],
		    dane_match(&set, chain, &name, 1, CERTS_NOW).outcome ==
			DANE_NOT_TRUSTED);
		tlsa_set_fini(&set);
		x509_chain_free(chain);
	}
	dane_row_fini(&pki);
}

int
main(void)
{
	static const struct CMUnitTest dane_anchor[] = {
	    cmocka_unit_test(names_and_dates_count_for_dane_ta_only),
	    cmocka_unit_test(a_ca_must_be_one),
	    cmocka_unit_test(a_bare_key_asks_for_names_and_dates),
	    cmocka_unit_test(
		a_bare_key_has_no_date_where_its_certificate_is_over),
	    cmocka_unit_test(
		the_key_that_signed_the_leaf_does_whatever_another_signed),
	    cmocka_unit_test(a_self_signed_leaf_is_no_trust_anchor),
	    cmocka_unit_test(bare_keys_are_tried_to_a_limit),
	    cmocka_unit_test(a_thousand_anchors_end_soon),
	};

	return RUN_TESTS(dane_anchor);
}
