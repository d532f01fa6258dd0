/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/enforce.h"

#include <string.h>

#include "t/unit/enforce_row.h"
#include "t/unit/tap.h"

static const struct enforce_row dane_first[] = {
    {"P01", "s", "U", NULL, "OK dane-only"},
    {"P01 policy", "s", "UU", BOTH, "OK dane-only"},
    {"P01 no MX looked up", "-", "U", NULL, "OK dane-only"},
    {"P01 own host", "h", "U", "enforce mx9.d.ex", "OK dane-only"},
    {"P02 N", "s", "UN", NULL, "OK dane"},
    {"P02 X", "s", "XU", NULL, "OK dane"},
    {"P02 E", "s", "UE", NULL, "OK dane"},
    {"P03", "s", "UE", BOTH, "OK dane-only"},
    {"P03 address", "s", "UA", BOTH, "OK dane-only"},
    {"P04", "s", "UN", BOTH, "OK dane-only"},
    {"P04 X, E", "s", "UXE", BOTH, "OK dane-only"},
    {"P05", "i", "U", NULL, "OK dane"},
    {"P05 N", "i", "UNE", NULL, "OK dane"},
    {"P06", "i", "U", BOTH, SEC("mx1.d.ex:mx2.d.ex")},
    {"P06 E", "i", "E", BOTH, SEC("mx1.d.ex:mx2.d.ex")},
    {"P06 N", "i", "N", "enforce *.w.ex mx1.d.ex *.w.ex",
	SEC(".w.ex:mx1.d.ex")},
    {"P07 s", "s", "X", NULL, "OK dane"},
    {"P07 i", "i", "XN", NULL, "OK dane"},
    {"P08", "s", "X", BOTH, SEC("mx1.d.ex:mx2.d.ex")},
    {"P09", "s", "E", NULL, "OK dane"},
    {"P09 N", "s", "EN", NULL, "OK dane"},
    {"P10", "s", "EN", BOTH, SEC("mx2.d.ex")},
    {"P10 wildcard", "s", "ENX", "enforce *.d.ex", SEC("mx2.d.ex:mx3.d.ex")},
    {"P10b", "s", "E", BOTH, "TEMP dns-servfail: TLSA _25._tcp.mx1.d.ex"},
    {"P10b not named", "s", "EN", "enforce mx1.d.ex",
	"TEMP dns-servfail: TLSA _25._tcp.mx1.d.ex"},
    {"P10b address", "s", "A", BOTH, "TEMP dns-servfail: address mx1.d.ex"},
    {"P11", "i", "EN", NULL, "OK dane"},
    {"P12", "f", "", NULL, "OK dane"},
    {"P12 error", "f", "", "error", "OK dane"},
    {"P13", "f", "", BOTH, "TEMP dns-servfail: MX d.ex"},
    {"P14 s", "s", "NN", NULL, "NOTFOUND "},
    {"P14 i", "i", "N", "error", "NOTFOUND "},
    {"P15 s", "s", "NN", BOTH, SEC("mx1.d.ex:mx2.d.ex")},
    {"P15 i", "i", "N", BOTH, SEC("mx1.d.ex:mx2.d.ex")},
    {"P16 null MX", "n", "", BOTH, "NOTFOUND "},
    {"P16 NXDOMAIN", "x", "", NULL, "NOTFOUND "},
    {"P16 no address", "s", "00", BOTH, "NOTFOUND "},
    {"P17 deadline", "-", "", "?", "TEMP deadline"},
    {"P17 queue-full", "-", "", "!", "TEMP queue-full"},
    {"P18", "-", "", "~" BOTH, "TEMP resolver-not-validating"},
    {"P19", "-", "", "~", "OK dane"},
    {"P19 error", "-", "", "~error", "OK dane"},
    {"P17 nobody has looked", "-", "", "~?", "TEMP resolver-not-validating"},
    {"P20 N", "s", "N", "testing mx1.d.ex", "NOTFOUND "},
    {"P20 U", "s", "UN", "testing mx1.d.ex", "OK dane"},
    {"P20 mode none", "i", "N", "none", "NOTFOUND "},
};

static void
dane_goes_first_and_a_policy_is_not_overridden(void **state)
{
	struct judge_terms terms = {.level = LEVEL_AUTO};

	(void)state;
	enforce_rows_check(dane_first, COUNT(dane_first), &terms);
}

static void
partial_dane_chooses_which_hosts_are_shut_out(void **state)
{
	static const struct enforce_row secure[] = {
	    {"P04 secure", "s", "UN", BOTH, SEC("mx2.d.ex")},
	    {"P04 secure X, E", "s", "UXE", BOTH, SEC("mx2.d.ex")},
	    {"P04 secure, none named", "s", "UN", "enforce mx1.d.ex",
		"OK dane-only"},
	    {"P03", "s", "UE", BOTH, "OK dane-only"},
	};
	static const struct enforce_row dane[] = {
	    {"P04 dane", "s", "UN", BOTH, "OK dane"},
	    {"P03", "s", "UE", BOTH, "OK dane-only"},
	};
	struct judge_terms terms = {
	    .level = LEVEL_AUTO, .partial_dane = PARTIAL_DANE_SECURE};

	(void)state;
	enforce_rows_check(secure, COUNT(secure), &terms);
	terms.partial_dane = PARTIAL_DANE_DANE;
	enforce_rows_check(dane, COUNT(dane), &terms);
}

static void
a_floor_never_falls_to_cleartext(void **state)
{
	static const struct enforce_row rows[] = {
	    {"P30 P01", "s", "U", NULL, "OK dane-only"},
	    {"P30 P03", "s", "UE", BOTH, "OK dane-only"},
	    {"P30 P06", "i", "U", BOTH, SEC("mx1.d.ex:mx2.d.ex")},
	    {"P30 P08", "s", "X", BOTH, SEC("mx1.d.ex:mx2.d.ex")},
	    {"P30 P10", "s", "EN", BOTH, SEC("mx2.d.ex")},
	    {"P30 P13", "f", "", BOTH, "TEMP dns-servfail: MX d.ex"},
	    {"P30 P15", "s", "N", BOTH, SEC("mx1.d.ex:mx2.d.ex")},
	    {"P30 P16", "x", "", NULL, "NOTFOUND "},
	    {"P30 P17", "-", "", "?", "TEMP deadline"},
	    {"P30 P18", "-", "", "~" BOTH, "TEMP resolver-not-validating"},
	    {"P31 N", "s", "UN", NULL, "OK dane-only"},
	    {"P31 E", "s", "UE", NULL, "OK dane-only"},
	    {"P32", "i", "UX", NULL, "OK dane"},
	    {"P33 N", "i", "UN", NULL, "OK encrypt"},
	    {"P33 E", "i", "UE", NULL, "OK encrypt"},
	    {"P33 P07", "s", "X", NULL, "OK encrypt"},
	    {"P34 P09", "s", "E", NULL,
		"TEMP dns-servfail: TLSA _25._tcp.mx1.d.ex"},
	    {"P34 P11", "i", "EN", NULL,
		"TEMP dns-servfail: TLSA _25._tcp.mx1.d.ex"},
	    {"P34 P12", "f", "", NULL, "TEMP dns-servfail: MX d.ex"},
	    {"P34 P19", "-", "", "~", "TEMP resolver-not-validating"},
	    {"P35", "s", "N", NULL, "OK encrypt"},
	};
	static const struct enforce_row secure[] = {
	    {"P31 secure", "s", "UN", NULL, "OK encrypt"}};
	static const struct enforce_row dane[] = {
	    {"P31 dane", "s", "UN", NULL, "OK dane"}};
	struct judge_terms terms = {.level = LEVEL_AUTO, .encrypt = true};

	(void)state;
	enforce_rows_check(rows, COUNT(rows), &terms);
	terms.partial_dane = PARTIAL_DANE_SECURE;
	enforce_rows_check(secure, COUNT(secure), &terms);
	terms.partial_dane = PARTIAL_DANE_DANE;
	enforce_rows_check(dane, COUNT(dane), &terms);
}

/* P16: whoever forges it to us may tell the MTA of another MX. */
static void
a_policy_stays_in_force_where_nobody_vouches_for_no_mail(void **state)
{
	static const char *const mx[] = {"n", "x"};

	(void)state;
	for (size_t i = 0; i < COUNT(mx); i++) {
		AUTO(facts)
		struct facts *facts = destination_make(mx[i], "", BOTH);
		AUTO(enforcement) struct enforcement *e = NULL;
		struct judge_terms terms = {.level = LEVEL_AUTO};

		facts->mx.secure = false;
		e = enforce(facts, &terms, DESTINATION_NOW);
		enforce_row_reply(mx[i], e, SEC("mx1.d.ex:mx2.d.ex"));
	}
}

/* P16: as with the MX records, so with the addresses of each host. */
static void
each_host_without_an_address_is_vouched_for(void **state)
{
	struct judge_terms terms = {.level = LEVEL_AUTO};
	AUTO(facts) struct facts *facts = destination_make("s", "00", BOTH);

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct host_facts *host = &facts->hosts[i / 2];
		struct lookup *lookup = i % 2 == 0 ? &host->a : &host->aaaa;
		AUTO(enforcement) struct enforcement *vouched = NULL;
		AUTO(enforcement) struct enforcement *forgeable = NULL;

		vouched = enforce(facts, &terms, DESTINATION_NOW);
		assert_int_equal(vouched->answer, ENFORCE_NOTHING);
		lookup->secure = false;
		forgeable = enforce(facts, &terms, DESTINATION_NOW);
		assert_int_equal(forgeable->answer, ENFORCE_POLICY);
		lookup->secure = true;
	}
}

static void
hosts_that_are_not_looked_at_are_not_known(void **state)
{
	AUTO(facts) struct facts *facts = destination_make("s", "U", NULL);
	AUTO(enforcement) struct enforcement *e = NULL;
	struct judge_terms terms = {.level = LEVEL_AUTO};

	(void)state;
	facts->more_hosts = true;
	e = enforce(facts, &terms, DESTINATION_NOW);
	assert_int_equal(e->answer, ENFORCE_DANE);
	assert_int_equal(e->dane, ENFORCE_DANE_PARTIAL);
}

static void
hosts_that_are_shut_out_are_known(void **state)
{
	static const struct {
		const char *id, *hosts, *policy;
		enum partial_dane partial;
		const char *shut_out; /* y or n for each host */
	} rows[] = {
	    {"P01", "U", BOTH, PARTIAL_DANE_ONLY, "n"},
	    {"P03", "UE", BOTH, PARTIAL_DANE_ONLY, "nn"},
	    {"P04", "UNX", "enforce *.d.ex", PARTIAL_DANE_ONLY, "nyy"},
	    {"P04 not named", "UN", "enforce mx1.d.ex", PARTIAL_DANE_ONLY,
		"nn"},
	    {"P04 secure", "UN", BOTH, PARTIAL_DANE_SECURE, "yn"},
	    {"P04 dane", "UN", BOTH, PARTIAL_DANE_DANE, "nn"},
	    {"P10", "EN", BOTH, PARTIAL_DANE_ONLY, "nn"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(facts)
		struct facts *facts =
		    destination_make("s", rows[i].hosts, rows[i].policy);
		struct judge_terms terms = {
		    .level = LEVEL_AUTO, .partial_dane = rows[i].partial};
		AUTO(enforcement)
		struct enforcement *e = enforce(facts, &terms, DESTINATION_NOW);

		ROW(rows[i].id, e->host_count == strlen(rows[i].hosts));
		for (size_t k = 0; k < e->host_count; k++)
			ROW(rows[i].id, enforce_shuts_out(e, &e->hosts[k]) ==
					    (rows[i].shut_out[k] == 'y'));
	}
}

/* What each of the two comes to, and whether hosts are kept since one of them
 * may be answered another way. */
static const struct {
	const char *id, *mx, *hosts, *policy;
	enum level level;
	bool floor;
	enum enforce_dane dane;
	enum enforce_sts sts;
	size_t kept;
} states[] = {
    {"none", "s", "N", NULL, 0, false, ENFORCE_DANE_NONE, ENFORCE_STS_NONE, 0},
    {"unusable", "s", "XN", NULL, 0, false, ENFORCE_DANE_UNUSABLE,
	ENFORCE_STS_NONE, 0},
    {"all", "s", "UU", NULL, 0, false, ENFORCE_DANE_ALL, ENFORCE_STS_NONE, 0},
    {"N", "s", "UN", NULL, 0, false, ENFORCE_DANE_PARTIAL, ENFORCE_STS_NONE, 0},
    {"X", "s", "UX", NULL, 0, false, ENFORCE_DANE_PARTIAL, ENFORCE_STS_NONE, 0},
    {"X and E", "s", "UXE", NULL, 0, false, ENFORCE_DANE_PARTIAL,
	ENFORCE_STS_NONE, 0},
    {"N and X", "s", "UNX", NULL, 0, false, ENFORCE_DANE_PARTIAL,
	ENFORCE_STS_NONE, 0},
    {"half", "i", "UN", NULL, 0, false, ENFORCE_DANE_HALF, ENFORCE_STS_NONE, 0},
    {"one lookup failed", "s", "EN", NULL, 0, false, ENFORCE_DANE_UNKNOWN,
	ENFORCE_STS_NONE, 0},
    {"one failed, one unusable", "s", "XE", NULL, 0, false,
	ENFORCE_DANE_UNKNOWN, ENFORCE_STS_NONE, 0},
    {"MX failed", "f", "", "error", 0, false, ENFORCE_DANE_UNKNOWN,
	ENFORCE_STS_ERROR, 0},
    {"deadline", "-", "", "?", 0, false, ENFORCE_DANE_UNKNOWN,
	ENFORCE_STS_UNKNOWN, 0},
    {"testing", "s", "N", "testing mx1.d.ex", 0, false, ENFORCE_DANE_NONE,
	ENFORCE_STS_TESTING, 0},
    {"mode none", "s", "N", "none", 0, false, ENFORCE_DANE_NONE,
	ENFORCE_STS_NONE, 0},
    {"policy", "s", "UN", BOTH, 0, false, ENFORCE_DANE_PARTIAL,
	ENFORCE_STS_ENFORCE, 2},
    {"a floor, all", "s", "UU", NULL, 0, true, ENFORCE_DANE_ALL,
	ENFORCE_STS_NONE, 0},
    {"a floor, not all", "s", "UN", NULL, 0, true, ENFORCE_DANE_PARTIAL,
	ENFORCE_STS_NONE, 2},
    {"dane-only", "s", "UU", NULL, LEVEL_DANE_ONLY, false, ENFORCE_DANE_ALL,
	ENFORCE_STS_NONE, 2},
};

static void
what_both_come_to_is_told_beside_the_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(states); i++) {
		struct judge_terms terms = {
		    .level = states[i].level, .encrypt = states[i].floor};
		AUTO(facts)
		struct facts *facts = destination_make(
		    states[i].mx, states[i].hosts, states[i].policy);
		AUTO(enforcement)
		struct enforcement *e = enforce(facts, &terms, DESTINATION_NOW);

		ROW(states[i].id, e->dane == states[i].dane);
		ROW(states[i].id, e->sts == states[i].sts);
		ROW(states[i].id, e->host_count == states[i].kept);
		ROW(states[i].id, e->level == states[i].level && !e->ruled);
	}
}

static void
a_name_that_comes_again_is_taken_once(void **state)
{
	char a[] = "a.ex", b[] = "b.ex";
	char *const names[] = {a, b, b, a};
	AUTO(enforcement)
	struct enforcement *e = enforcement_new(ENFORCE_NAMES);

	(void)state;
	enforcement_take_names(e, names, COUNT(names));
	assert_int_equal(e->name_count, 2);
}

static void
a_new_answer_knows_of_no_policy(void **state)
{
	AUTO(enforcement)
	struct enforcement *e = enforcement_new(ENFORCE_MAY);

	(void)state;
	assert_int_equal(e->answer, ENFORCE_MAY);
	assert_int_equal(e->reason, REASON_OK);
	assert_int_equal(e->sts, ENFORCE_STS_NONE);
	assert_int_equal(e->dane, ENFORCE_DANE_NONE);
}

static void
a_record_that_cannot_be_looked_up_is_an_error(void **state)
{
	struct judge_terms terms = {.level = LEVEL_AUTO};
	AUTO(facts) struct facts *facts = destination_make("s", "N", NULL);
	AUTO(enforcement) struct enforcement *e = NULL;

	(void)state;
	facts->sts.txt = (struct lookup){LOOKUP_SERVFAIL, false, 0};
	e = enforce(facts, &terms, DESTINATION_NOW);
	assert_int_equal(e->sts, ENFORCE_STS_ERROR);
}

/* P16, P30: and TLS is a must. */
static void
what_is_no_name_takes_no_mail_and_a_floor_counts_unknown_hosts(void **state)
{
	static const enum trouble troubles[] = {
	    TROUBLE_NAME_INVALID, TROUBLE_LITERAL};
	struct judge_terms terms = {.level = LEVEL_AUTO, .encrypt = true};
	AUTO(facts) struct facts *mixed = destination_make("i", "UNE", NULL);
	AUTO(enforcement)
	struct enforcement *floor = enforce(mixed, &terms, DESTINATION_NOW);

	(void)state;
	assert_int_equal(floor->answer, ENFORCE_ENCRYPT);
	for (size_t i = 0; i < COUNT(troubles); i++) {
		AUTO(facts)
		struct facts *facts = destination_make("-", "", NULL);
		AUTO(enforcement) struct enforcement *e = NULL;

		facts->trouble = troubles[i];
		e = enforce(facts, &terms, DESTINATION_NOW);
		assert_int_equal(e->answer, ENFORCE_NOTHING);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dane_goes_first_and_a_policy_is_not_overridden),
	    cmocka_unit_test(partial_dane_chooses_which_hosts_are_shut_out),
	    cmocka_unit_test(a_floor_never_falls_to_cleartext),
	    cmocka_unit_test(
		a_policy_stays_in_force_where_nobody_vouches_for_no_mail),
	    cmocka_unit_test(each_host_without_an_address_is_vouched_for),
	    cmocka_unit_test(hosts_that_are_not_looked_at_are_not_known),
	    cmocka_unit_test(hosts_that_are_shut_out_are_known),
	    cmocka_unit_test(what_both_come_to_is_told_beside_the_answer),
	    cmocka_unit_test(a_name_that_comes_again_is_taken_once),
	    cmocka_unit_test(a_new_answer_knows_of_no_policy),
	    cmocka_unit_test(a_record_that_cannot_be_looked_up_is_an_error),
	    cmocka_unit_test(
		what_is_no_name_takes_no_mail_and_a_floor_counts_unknown_hosts),
	};

	return RUN_TESTS(tests);
}
