/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/dane_match.h"

#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/fake/certs.h"
#include "t/unit/tap.h"

/*
 * The certificates of a row, each a letter: L leaf, I its issuer, R the root
 * that issued I; M a leaf and E the evil root that issued it; X one that has
 * to do with none.  L, I and R are as the row wants them.
 */
static const char letters[] = "RILEMX";

struct pki {
	struct cert_made *made[sizeof(letters)];
};

static const struct cert_made *
cert_of(const struct pki *pki, char letter)
{
	const char *at = strchr(letters, letter);

	assert_true(at != NULL && *at != '\0');
	return pki->made[at - letters];
}

static void
pki_init(struct pki *pki, struct cert_spec root, struct cert_spec int1,
    struct cert_spec leaf)
{
	static const struct cert_spec evil = {.cn = "Root", .ca = true};
	struct cert_spec victim = {.names = {"mx1.d.example"}};

	memset(pki, 0, sizeof(*pki));
	root.cn = "Root";
	pki->made[0] = cert_make(&root);
	int1.cn = "Int";
	int1.issuer = pki->made[0];
	pki->made[1] = cert_make(&int1);
	leaf.issuer = pki->made[1];
	pki->made[2] = cert_make(&leaf);
	pki->made[3] = cert_make(&evil);
	victim.issuer = pki->made[3];
	pki->made[4] = cert_make(&victim);
	pki->made[5] = cert_make(&evil);
}

static void
pki_fini(struct pki *pki)
{
	for (size_t i = 0; i < COUNT(pki->made); i++)
		cert_made_free(pki->made[i]);
}

/* Append "USM" of a certificate; "-" in front cuts the last octet off. */
static void
add_record(struct tlsa_set *set, const struct pki *pki, const char *text)
{
	bool cut = *text == '-';
	struct tlsa_set whole = {0};
	uint8_t rdata[1024];

	text += cut;
	certs_tlsa(&whole, text[0] - '0', text[1] - '0', text[2] - '0',
	    cert_of(pki, text[3]));
	rdata[0] = whole.records[0].usage;
	rdata[1] = whole.records[0].selector;
	rdata[2] = whole.records[0].mtype;
	memcpy(rdata + 3, whole.records[0].data, whole.records[0].size);
	tlsa_set_add(set, rdata, 3 + whole.records[0].size - cut);
	tlsa_set_fini(&whole);
}

/* "311L 312X": the records of a set, each of a certificate. */
static void
set_init(struct tlsa_set *set, const struct pki *pki, const char *text)
{
	memset(set, 0, sizeof(*set));
	while (*text != '\0') {
		add_record(set, pki, text);
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	tlsa_set_finish(set);
}

static struct x509_chain *
chain_of(const struct pki *pki, const char *text)
{
	const struct cert_made *made[LIMIT_CHAIN_CERTS];
	size_t count = strlen(text);

	for (size_t i = 0; i < count; i++)
		made[i] = cert_of(pki, text[i]);
	return certs_chain(made, count);
}

static struct dane_result
match(const struct pki *pki, const char *records, const char *chain_text,
    const char *host)
{
	const char *names[] = {host, "d.example"};
	struct x509_chain *chain = chain_of(pki, chain_text);
	struct dane_result result;
	struct tlsa_set set;

	set_init(&set, pki, records);
	result = dane_match(&set, chain, names, 2, CERTS_NOW);
	tlsa_set_fini(&set);
	x509_chain_free(chain);
	return result;
}

#define HOST "mx1.d.example"
#define SAN_OK .names = {HOST}

struct match_row {
	const char *id, *records, *chain;
	enum dane_outcome outcome;
	size_t record;
	int depth;
};

static void
check_matches(const struct match_row *rows, size_t count)
{
	struct pki pki;

	pki_init(&pki, (struct cert_spec){.ca = true},
	    (struct cert_spec){.ca = true}, (struct cert_spec){SAN_OK});
	for (size_t i = 0; i < count; i++) {
		struct dane_result result =
		    match(&pki, rows[i].records, rows[i].chain, HOST);

		ROW(rows[i].id, result.outcome == rows[i].outcome);
		if (result.outcome != DANE_MATCHED)
			continue;
		ROW(rows[i].id, result.record == rows[i].record);
		ROW(rows[i].id, result.depth == rows[i].depth);
	}
	pki_fini(&pki);
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

static const struct {
	const char *id, *host;
	struct cert_spec leaf, int1, root;
	enum dane_outcome outcome;
} named_chains[] = {
    {"D15", HOST, {.names = {"d.example"}}, {0}, {0}, DANE_MATCHED},
    {"D16", HOST, {.names = {"other.example"}}, {0}, {0}, DANE_NAME_MISMATCH},
    {"D17", HOST, {.names = {"*.d.example"}}, {0}, {0}, DANE_MATCHED},
    {"D18", "a.b.d.example", {.names = {"*.d.example"}}, {0}, {0},
	DANE_NAME_MISMATCH},
    {"D19 front", HOST, {.names = {"mx*.d.example"}}, {0}, {0},
	DANE_NAME_MISMATCH},
    {"D19 back", HOST, {.names = {"*1.d.example"}}, {0}, {0},
	DANE_NAME_MISMATCH},
    {"D20", HOST, {.cn = HOST}, {0}, {0}, DANE_MATCHED},
    {"D21", HOST, {.cn = HOST, .names = {"other.example"}}, {0}, {0},
	DANE_NAME_MISMATCH},
    {"no name", HOST, {0}, {0}, {0}, DANE_NAME_MISMATCH},
    {"D22", HOST, {SAN_OK, .flaws = CERTS_EXPIRED}, {0}, {0}, DANE_EXPIRED},
    {"D22 and no name", HOST, {.flaws = CERTS_EXPIRED}, {0}, {0}, DANE_EXPIRED},
    {"D23", HOST, {SAN_OK}, {.flaws = CERTS_EXPIRED}, {0}, DANE_EXPIRED},
    {"D24", HOST, {SAN_OK}, {0}, {.flaws = CERTS_EXPIRED}, DANE_EXPIRED},
    {"D25", HOST, {SAN_OK, .flaws = CERTS_FUTURE}, {0}, {0},
	DANE_NOT_YET_VALID},
    {"EKU", HOST, {SAN_OK, .flaws = CERTS_CLIENT_ONLY}, {0}, {0},
	DANE_NOT_TRUSTED},
    {"D28 pathlen", HOST, {SAN_OK}, {0}, {.path_length = 1}, DANE_NOT_TRUSTED},
    {"SHA-1", HOST, {SAN_OK, .flaws = CERTS_SHA1}, {0}, {0}, DANE_NOT_TRUSTED},
    {"RSA 512", HOST, {SAN_OK}, {.flaws = CERTS_RSA_512}, {0},
	DANE_NOT_TRUSTED},
};

static void
names_and_dates_count_for_dane_ta_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(named_chains); i++) {
		struct cert_spec root = named_chains[i].root;
		struct cert_spec int1 = named_chains[i].int1;
		struct pki pki;

		root.ca = int1.ca = true;
		pki_init(&pki, root, int1, named_chains[i].leaf);
		ROW(named_chains[i].id,
		    match(&pki, "201R", "LIR", named_chains[i].host).outcome ==
			named_chains[i].outcome);
		ROW(named_chains[i].id,
		    match(&pki, "200R", "LI", named_chains[i].host).outcome ==
			named_chains[i].outcome);
		/* the same chain with a DANE-EE record: D01 and its kin */
		ROW(named_chains[i].id,
		    match(&pki, "311L", "LIR", named_chains[i].host).outcome ==
			DANE_MATCHED);
		ROW(named_chains[i].id,
		    match(&pki, "201R 311L", "LIR", named_chains[i].host)
			    .outcome == DANE_MATCHED);
		pki_fini(&pki);
	}
}

static void
a_ca_must_be_one(void **state) /* D28 */
{
	struct pki pki;

	(void)state;
	pki_init(&pki, (struct cert_spec){.ca = true}, (struct cert_spec){0},
	    (struct cert_spec){SAN_OK});
	assert_int_equal(
	    match(&pki, "201R", "LIR", HOST).outcome, DANE_NOT_TRUSTED);
	assert_int_equal(
	    match(&pki, "201I", "LIR", HOST).outcome, DANE_NOT_TRUSTED);
	assert_int_equal(
	    match(&pki, "210R", "LI", HOST).outcome, DANE_NOT_TRUSTED);
	pki_fini(&pki);
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
	    {"D13", {SAN_OK}, 0, DANE_MATCHED},
	    {"name", {.names = {"other.example"}}, 0, DANE_NAME_MISMATCH},
	    {"leaf", {SAN_OK, .flaws = CERTS_EXPIRED}, 0, DANE_EXPIRED},
	    {"topmost", {SAN_OK}, CERTS_EXPIRED, DANE_EXPIRED},
	    {"not begun", {SAN_OK}, CERTS_FUTURE, DANE_NOT_YET_VALID},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cert_spec int1 = {.ca = true, .flaws = rows[i].int1};
		struct pki pki;

		pki_init(
		    &pki, (struct cert_spec){.ca = true}, int1, rows[i].leaf);
		ROW(rows[i].id,
		    match(&pki, "210R", "LI", HOST).outcome == rows[i].outcome);
		pki_fini(&pki);
	}
}

static void
a_bare_key_has_no_date_where_its_certificate_is_over(void **state)
{
	struct pki pki;

	(void)state;
	pki_init(&pki, (struct cert_spec){.ca = true, .flaws = CERTS_EXPIRED},
	    (struct cert_spec){.ca = true}, (struct cert_spec){SAN_OK});
	assert_int_equal(match(&pki, "200R", "LI", HOST).outcome, DANE_EXPIRED);
	assert_int_equal(
	    match(&pki, "200R 210R", "LI", HOST).outcome, DANE_MATCHED);
	assert_int_equal(
	    match(&pki, "200R 210X", "LI", HOST).outcome, DANE_EXPIRED);
	pki_fini(&pki);
}

static void
the_key_that_signed_the_leaf_does_whatever_another_signed(void **state)
{
	static const char *const records[] = {"210I 210R", "210R 210I"};
	struct pki pki;

	(void)state;
	pki_init(&pki, (struct cert_spec){.ca = true},
	    (struct cert_spec){.ca = true, .flaws = CERTS_EXPIRED},
	    (struct cert_spec){SAN_OK});
	for (size_t i = 0; i < COUNT(records); i++) {
		struct dane_result result = match(&pki, records[i], "LI", HOST);

		ROW(records[i], result.outcome == DANE_MATCHED);
		ROW(records[i], result.record == i);
	}
	pki_fini(&pki);
}

static void
a_record_alone_is_not_outdone(void **state)
{
	static const enum dane_outcome outcomes[] = {
	    DANE_MATCHED, DANE_NO_MATCH, DANE_UNUSABLE};
	const char *name = HOST;
	struct x509_chain *chain;
	struct tlsa_set set;
	struct pki pki;

	(void)state;
	pki_init(&pki, (struct cert_spec){.ca = true},
	    (struct cert_spec){.ca = true}, (struct cert_spec){SAN_OK});
	chain = chain_of(&pki, "LIR");
	set_init(&set, &pki, "311L 312X 111L");
	for (size_t i = 0; i < COUNT(outcomes); i++)
		assert_int_equal(dane_match_alone(&set.records[i], chain, &name,
				     1, CERTS_NOW),
		    outcomes[i]);
	tlsa_set_fini(&set);
	x509_chain_free(chain);
	pki_fini(&pki);
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
a_self_signed_leaf_is_no_trust_anchor(void **state) /* D26 */
{
	static const char *records[] = {"201X", "211X", "200X"};
	const char *name = HOST;
	struct pki pki;

	(void)state;
	pki_init(&pki, (struct cert_spec){.ca = true},
	    (struct cert_spec){.ca = true}, (struct cert_spec){SAN_OK});
	cert_made_free(pki.made[5]);
	pki.made[5] = cert_make(&(struct cert_spec){SAN_OK, .ca = true});
	for (size_t i = 0; i < COUNT(records); i++) {
		struct x509_chain *chain = chain_of(&pki, "X");
		struct tlsa_set set;

		set_init(&set, &pki, records[i]);
		ROW(records[i],
		    dane_match(&set, chain, &name, 1, CERTS_NOW).outcome ==
			DANE_NOT_TRUSTED);
		tlsa_set_fini(&set);
		x509_chain_free(chain);
		ROW(records[i], match(&pki, records[i], "XX", HOST).outcome ==
				    DANE_NOT_TRUSTED);
	}
	/* RFC 7671 section 5.2.3: but the key has signed the topmost */
	cert_made_free(pki.made[5]);
	pki.made[5] = cert_make(&(struct cert_spec){SAN_OK});
	assert_int_equal(match(&pki, "210X", "X", HOST).outcome, DANE_MATCHED);
	assert_int_equal(match(&pki, "210X", "X", "other.example").outcome,
	    DANE_NAME_MISMATCH);
	pki_fini(&pki);
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
	struct pki pki;
	struct x509_chain *chain;
	char text[128];
	uint8_t rdata[] = {3, 1, 1};

	(void)state;
	pki_init(&pki, (struct cert_spec){.ca = true},
	    (struct cert_spec){.ca = true}, (struct cert_spec){SAN_OK});
	chain = chain_of(&pki, "LIR");
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
	pki_fini(&pki);
}

/* count records that do not match, and then one of the certificate. */
static void
fill(struct tlsa_set *set, size_t count, const char *text,
    const struct pki *pki, const char *last)
{
	memset(set, 0, sizeof(*set));
	for (size_t i = 0; i < count; i++)
		add_record(set, pki, text);
	if (last != NULL)
		add_record(set, pki, last);
	tlsa_set_finish(set);
}

static void
the_last_of_many_records_counts(void **state) /* D50 */
{
	struct pki pki;
	struct x509_chain *chain;
	struct dane_result result;
	struct tlsa_set set;
	const char *name = HOST;

	(void)state;
	pki_init(&pki, (struct cert_spec){.ca = true},
	    (struct cert_spec){.ca = true}, (struct cert_spec){SAN_OK});
	chain = chain_of(&pki, "LIR");
	fill(&set, 39, "311X", &pki, "311L");
	result = dane_match(&set, chain, &name, 1, CERTS_NOW);
	assert_int_equal(result.outcome, DANE_MATCHED);
	assert_int_equal(result.record, 39);
	tlsa_set_fini(&set);
	fill(&set, 39, "201X", &pki, "201R");
	result = dane_match(&set, chain, &name, 1, CERTS_NOW);
	assert_int_equal(result.outcome, DANE_MATCHED);
	assert_int_equal(result.record, 39);
	assert_int_equal(result.depth, 2);
	tlsa_set_fini(&set);
	x509_chain_free(chain);
	pki_fini(&pki);
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
	const char *name = HOST;
	struct pki pki;

	(void)state;
	pki_init(&pki, (struct cert_spec){.ca = true},
	    (struct cert_spec){.ca = true}, (struct cert_spec){SAN_OK});
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct x509_chain *chain = chain_of(&pki, "LI");
		struct tlsa_set set;

		fill(&set, rows[i].others, rows[i].other, &pki, "210R");
		ROW(rows[i].id,
		    dane_match(&set, chain, &name, 1, CERTS_NOW).outcome ==
			rows[i].outcome);
		tlsa_set_fini(&set);
		x509_chain_free(chain);
	}
	pki_fini(&pki);
}

static void
a_thousand_anchors_end_soon(void **state)
{
	static const char *records[] = {"200E", "200X", "210X", "210E"};
	const char *name = HOST;
	struct pki pki;

	(void)state;
	pki_init(&pki, (struct cert_spec){.ca = true},
	    (struct cert_spec){.ca = true}, (struct cert_spec){SAN_OK});
	for (size_t i = 0; i < COUNT(records); i++) {
		struct x509_chain *chain = chain_of(&pki, "LI");
		struct tlsa_set set;

		fill(&set, LIMIT_TLSA_RECORDS, records[i], &pki, NULL);
		ROW(records[i],
		    dane_match(&set, chain, &name, 1, CERTS_NOW).outcome ==
			DANE_NOT_TRUSTED);
		tlsa_set_fini(&set);
		x509_chain_free(chain);
	}
	pki_fini(&pki);
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
	    cmocka_unit_test(names_and_dates_count_for_dane_ta_only),
	    cmocka_unit_test(a_ca_must_be_one),
	    cmocka_unit_test(a_bare_key_asks_for_names_and_dates),
	    cmocka_unit_test(
		a_bare_key_has_no_date_where_its_certificate_is_over),
	    cmocka_unit_test(
		the_key_that_signed_the_leaf_does_whatever_another_signed),
	    cmocka_unit_test(a_record_alone_is_not_outdone),
	    cmocka_unit_test(the_oddest_leaf_matches_dane_ee),
	    cmocka_unit_test(a_self_signed_leaf_is_no_trust_anchor),
	    cmocka_unit_test(records_that_no_one_can_use_are_unusable),
	    cmocka_unit_test(the_last_of_many_records_counts),
	    cmocka_unit_test(bare_keys_are_tried_to_a_limit),
	    cmocka_unit_test(a_thousand_anchors_end_soon),
	};

	return RUN_TESTS(dane_match_tests);
}
