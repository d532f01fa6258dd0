/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/dane_match.h"

#include <stdio.h>

#include "t/unit/dane_row.h"
#include "t/unit/tap.h"

struct match_row {
	const char *id, *records, *chain;
	enum dane_outcome outcome;
	size_t record;
	int depth;
};

static void
check_matches(const struct match_row *rows, size_t count)
{
	struct dane_row_pki pki;

	dane_row_good(&pki);
	for (size_t i = 0; i < count; i++) {
		struct dane_result result = dane_row_match(
		    &pki, rows[i].records, rows[i].chain, DANE_ROW_HOST);

		ROW(rows[i].id, result.outcome == rows[i].outcome);
		if (result.outcome != DANE_MATCHED)
			continue;
		ROW(rows[i].id, result.record == rows[i].record);
		ROW(rows[i].id, result.depth == rows[i].depth);
	}
	dane_row_fini(&pki);
}

static void
dane_ee_matches_the_leaf(void **state)
{
	static const struct match_row rows[] = {
	    {"D02", "301L", "LIR", DANE_MATCHED, 0, 0},
	    {"D03", "312L", "LIR", DANE_MATCHED, 0, 0},
	    {"D04", "310L", "LIR", DANE_MATCHED, 0, 0},
	    {"D05", "300L", "LIR", DANE_MATCHED, 0, 0},
	    {"302", "302L", "LIR", DANE_MATCHED, 0, 0},
	    {"D06", "311X", "LIR", DANE_NO_MATCH, 0, 0},
	    {"D06 full", "310X", "LIR", DANE_NO_MATCH, 0, 0},
	    {"D07", "311X 311L", "LIR", DANE_MATCHED, 1, 0},
	    {"leaf only", "311I 311R", "LIR", DANE_NO_MATCH, 0, 0},
	    {"selector", "301X 311L", "L", DANE_MATCHED, 1, 0},
	};

	(void)state;
	check_matches(rows, COUNT(rows));
}

static void
dane_ta_matches_an_anchor_of_the_leaf(void **state)
{
	static const struct match_row rows[] = {
	    {"D08", "201R", "LIR", DANE_MATCHED, 0, 2},
	    {"D08 512", "202R", "LIR", DANE_MATCHED, 0, 2},
	    {"D08 full", "200R", "LIR", DANE_MATCHED, 0, 2},
	    {"D09", "201I", "LI", DANE_MATCHED, 0, 1},
	    {"D10", "211I", "LI", DANE_MATCHED, 0, 1},
	    {"D10 512", "212I", "LI", DANE_MATCHED, 0, 1},
	    {"D10 full", "210I", "LI", DANE_MATCHED, 0, 1},
	    {"D11", "201R", "LI", DANE_NOT_TRUSTED, 0, 0},
	    {"D11 SPKI", "211R", "LI", DANE_NOT_TRUSTED, 0, 0},
	    {"D12", "200R", "LI", DANE_MATCHED, 0, 2},
	    {"D12 intermediate", "200I", "L", DANE_MATCHED, 0, 1},
	    {"D13", "210R", "LI", DANE_MATCHED, 0, 2},
	    {"D13 intermediate", "210I", "L", DANE_MATCHED, 0, 1},
	    {"D13 of two", "210R 210X", "LI", DANE_MATCHED, 0, 2},
	    {"D13 second", "210X 210R", "LI", DANE_MATCHED, 1, 2},
	    {"D14", "210X", "LI", DANE_NOT_TRUSTED, 0, 0},
	    {"D14 alone", "210R", "L", DANE_NOT_TRUSTED, 0, 0},
	    {"D26", "201L", "LIR", DANE_NOT_TRUSTED, 0, 0},
	    {"D27", "201R", "MER", DANE_NOT_TRUSTED, 0, 0},
	    {"D27 full", "200R", "MER", DANE_NOT_TRUSTED, 0, 0},
	    {"D27 key", "210R", "MER", DANE_NOT_TRUSTED, 0, 0},
	    {"D27 with the leaf's issuer", "201R", "MEIR", DANE_NOT_TRUSTED, 0,
		0},
	    {"order", "201R", "LRI", DANE_MATCHED, 0, 1},
	    {"unrelated", "201R", "LXIER", DANE_MATCHED, 0, 4},
	    {"second TA", "201X 201R", "LIR", DANE_MATCHED, 1, 2},
	    {"present but of no use", "201X 201R", "LIRX", DANE_MATCHED, 1, 2},
	    {"twice", "201R 201R", "LIR", DANE_MATCHED, 0, 2},
	};

	(void)state;
	check_matches(rows, COUNT(rows));
}

static void
one_usage_does_where_both_stand(void **state)
{
	static const struct match_row rows[] = {
	    {"D29", "201X 311L", "LIR", DANE_MATCHED, 1, 0},
	    {"EE first", "201R 311L", "LIR", DANE_MATCHED, 1, 0},
	    {"both bad", "201X 311X", "LIR", DANE_NOT_TRUSTED, 0, 0},
	    {"EE is no anchor", "300R 201X", "LIR", DANE_NOT_TRUSTED, 0, 0},
	    {"nor is its key", "310R 201X", "LI", DANE_NOT_TRUSTED, 0, 0},
	    {"absent, second", "201X 200R", "LI", DANE_MATCHED, 1, 2},
	};

	(void)state;
	check_matches(rows, COUNT(rows));
}

static void
the_strongest_digest_of_a_usage_and_selector_counts(void **state)
{
	static const struct match_row rows[] = {
	    {"D30", "311L 312X", "LIR", DANE_NO_MATCH, 0, 0},
	    {"D31", "-312L 311L", "LIR", DANE_MATCHED, 1, 0},
	    {"D32", "312X 301L", "LIR", DANE_MATCHED, 1, 0},
	    {"D33", "312X 310L", "LIR", DANE_MATCHED, 1, 0},
	    {"D34", "312X 211I", "LIR", DANE_MATCHED, 1, 1},
	    {"D30 for DANE-TA", "201R 202X", "LIR", DANE_NOT_TRUSTED, 0, 0},
	};

	(void)state;
	check_matches(rows, COUNT(rows));
}

static void
unusable_records_match_nothing(void **state)
{
	static const struct match_row rows[] = {
	    {"none", "", "L", DANE_UNUSABLE, 0, 0},
	    {"D35", "111L", "L", DANE_UNUSABLE, 0, 0},
	    {"D36", "001R", "LIR", DANE_UNUSABLE, 0, 0},
	    {"D39", "-311L", "L", DANE_UNUSABLE, 0, 0},
	    {"D42", "111L 311X", "L", DANE_NO_MATCH, 0, 0},
	};

	(void)state;
	check_matches(rows, COUNT(rows));
}

static void
a_record_alone_is_not_outdone(void **state)
{
	static const enum dane_outcome outcomes[] = {
	    DANE_MATCHED, DANE_NO_MATCH, DANE_UNUSABLE};
	const char *name = DANE_ROW_HOST;
	struct x509_chain *chain;
	struct tlsa_set set;
	struct dane_row_pki pki;

	(void)state;
	dane_row_good(&pki);
	chain = dane_row_chain(&pki, "LIR");
	dane_row_set(&set, &pki, "311L 312X 111L");
	for (size_t i = 0; i < COUNT(outcomes); i++)
		assert_int_equal(dane_match_alone(&set.records[i], chain, &name,
				     1, CERTS_NOW),
		    outcomes[i]);
	tlsa_set_fini(&set);
	x509_chain_free(chain);
	dane_row_fini(&pki);
}

static void
the_oddest_leaf_matches_dane_ee(void **state) /* D01 */
{
	struct cert_made *odd = cert_make(&(struct cert_spec){
	    .flaws = CERTS_EXPIRED | CERTS_SHA1 | CERTS_RSA_512});
	struct x509_chain *chain =
	    certs_chain((const struct cert_made *[]){odd}, 1);
	struct tlsa_set set = {0};

	(void)state;
	certs_tlsa(&set, TLSA_DANE_EE, TLSA_SPKI, TLSA_SHA2_256, odd);
	tlsa_set_finish(&set);
	assert_int_equal(
	    dane_match(&set, chain, NULL, 0, CERTS_NOW).outcome, DANE_MATCHED);
	tlsa_set_fini(&set);
	x509_chain_free(chain);
	cert_made_free(odd);
}

static void
records_that_no_one_can_use_are_unusable(void **state)
{
	static const struct {
		const char *id, *record;
	} rows[] = {
	    {"D37", "3 2 1 "},
	    {"D38", "3 1 3 "},
	    {"D38 private", "3 1 255 "},
	    {"D41", "2 0 0 "},
	    {"garbage key", "2 1 0 "},
	};
	struct dane_row_pki pki;
	struct x509_chain *chain;
	char text[128];
	uint8_t rdata[] = {3, 1, 1};

	(void)state;
	dane_row_good(&pki);
	chain = dane_row_chain(&pki, "LIR");
	for (size_t i = 0; i <= COUNT(rows); i++) {
		const char *id = i < COUNT(rows) ? rows[i].id : "D40";
		struct tlsa_set set = {0};

		if (i < COUNT(rows)) {
			snprintf(
			    text, sizeof(text), "%s%064d", rows[i].record, 0);
			ROW(id, tlsa_set_add_text(&set, text, NULL) == 0);
		} else {
			tlsa_set_add(&set, rdata, sizeof(rdata));
		}
		tlsa_set_finish(&set);
		ROW(id, dane_match(&set, chain, NULL, 0, CERTS_NOW).outcome ==
			    DANE_UNUSABLE);
		tlsa_set_fini(&set);
	}
	x509_chain_free(chain);
	dane_row_fini(&pki);
}

static void
the_last_of_many_records_counts(void **state) /* D50 */
{
	struct dane_row_pki pki;
	struct x509_chain *chain;
	struct dane_result result;
	struct tlsa_set set;
	const char *name = DANE_ROW_HOST;

	(void)state;
	dane_row_good(&pki);
	chain = dane_row_chain(&pki, "LIR");
	dane_row_fill(&set, 39, "311X", &pki, "311L");
	result = dane_match(&set, chain, &name, 1, CERTS_NOW);
	assert_int_equal(result.outcome, DANE_MATCHED);
	assert_int_equal(result.record, 39);
	tlsa_set_fini(&set);
	dane_row_fill(&set, 39, "201X", &pki, "201R");
	result = dane_match(&set, chain, &name, 1, CERTS_NOW);
	assert_int_equal(result.outcome, DANE_MATCHED);
	assert_int_equal(result.record, 39);
	assert_int_equal(result.depth, 2);
	tlsa_set_fini(&set);
	x509_chain_free(chain);
	dane_row_fini(&pki);
}

int
main(void)
{
	static const struct CMUnitTest dane_match_tests[] = {
	    cmocka_unit_test(dane_ee_matches_the_leaf),
	    cmocka_unit_test(dane_ta_matches_an_anchor_of_the_leaf),
	    cmocka_unit_test(one_usage_does_where_both_stand),
	    cmocka_unit_test(
		the_strongest_digest_of_a_usage_and_selector_counts),
	    cmocka_unit_test(unusable_records_match_nothing),
	    cmocka_unit_test(a_record_alone_is_not_outdone),
	    cmocka_unit_test(the_oddest_leaf_matches_dane_ee),
	    cmocka_unit_test(records_that_no_one_can_use_are_unusable),
	    cmocka_unit_test(the_last_of_many_records_counts),
	};

	return RUN_TESTS(dane_match_tests);
}
