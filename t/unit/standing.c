/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/standing.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/fact_row.h"
#include "t/unit/tap.h"

#define TWO(a1, t1, p1, a2, t2, p2)    \
	{                              \
		{10, a1, t1, p1},      \
		{                      \
			20, a2, t2, p2 \
		}                      \
	}

/* What there is, and what is said of it: the DANE words, then the MTA-STS
 * words, protection, and how it ends for each sender. */
static const struct {
	const char *id;
	enum dns mx;
	struct host_row hosts[2];
	enum sts_kind sts;
	const char *dane, *policy, *protection, *ends;
} rows[] = {
    {"V20", SEC, TWO(SEC, T_OK, P_GOOD, SEC, T_OK, P_GOOD), S_NIL, "full ok",
	"none none na na", "dane", "ddddddd"},
    {"V21", INS, ONE(SEC, T_OK, P_GOOD), S_NIL, "half ok", "none none na na",
	"partial", "dddddqd"},
    {"V22", SEC, TWO(SEC, T_OK, P_GOOD, SEC, T_NIL, P_GOOD), S_NIL,
	"partial ok", "none none na na", "partial", "ddddddd"},
    {"V22 refused", SEC, TWO(SEC, T_OK, P_CLOSED, SEC, T_NIL, P_GOOD), S_NIL,
	"partial unknown", "none none na na", "partial", "dddddqd"},
    {"V23", SEC, ONE(SEC, T_PKIX, P_GOOD), S_NIL, "unusable na",
	"none none na na", "neither", "dddddqd"},
    {"V24", SEC, ONE(SEC, T_INS, P_GOOD), S_NIL, "insecure na",
	"none none na na", "neither", "dddddqd"},
    {"V26", SEC, ONE(SEC, T_BAD, P_GOOD), S_NIL,
	"full broken validation-failure", "none none na na", "dane", "ddqdqqd"},
    {"V26 with a policy", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE,
	"full broken validation-failure", "valid fetched all ok", "both",
	"ddqdqqd"},
    {"V27", SEC, TWO(SEC, T_OK, P_GOOD, SEC, T_BAD, P_GOOD), S_NIL,
	"full degraded validation-failure", "none none na na", "dane",
	"ddddddd"},
    {"V28", SEC, ONE(SEC, T_ERR, P_GOOD), S_NIL, "error na", "none none na na",
	"unknown", "ddtdttd"},
    {"V28 at one of two", SEC, TWO(SEC, T_ERR, P_GOOD, SEC, T_OK, P_GOOD),
	S_NIL, "partial ok", "none none na na", "partial", "ddddddd"},
    {"V29 of V20", SEC, ONE(SEC, T_OK, P_NOT), S_NIL, "full unknown",
	"none none na na", "dane", "duuduuu"},
    {"V40 enforce", SEC, ONE(SEC, T_NIL, P_GOOD), S_ENFORCE, "none na",
	"valid fetched all ok", "sts", "dddddqd"},
    {"V40 testing", SEC, ONE(SEC, T_NIL, P_GOOD), S_TESTING, "none na",
	"valid fetched all ok", "sts-testing", "dddddqd"},
    {"V40 none", SEC, ONE(SEC, T_NIL, P_GOOD), S_NIL, "none na",
	"none none na na", "neither", "dddddqd"},
    {"nobody lets in", SEC, ONE(SEC, T_NIL, P_CLOSED), S_ENFORCE, NULL,
	"valid fetched all unknown", "sts", NULL},
    {"V23 at the second", SEC, TWO(SEC, T_NIL, P_GOOD, SEC, T_PKIX, P_GOOD),
	S_NIL, "unusable na", "none none na na", "neither", NULL},
    {"V42", SEC, ONE(SEC, T_NIL, P_GOOD), S_ERROR, "none na",
	"valid failed na broken sts-policy-fetch-error", "neither", "dddddqd"},
    {"V42 webpki", SEC, ONE(SEC, T_NIL, P_GOOD), S_WEBPKI, "none na",
	"valid failed na broken sts-webpki-invalid", "neither", "dddddqd"},
    {"V44 all", SEC, ONE(SEC, T_NIL, P_GOOD), S_ONLY_2, "none na",
	"valid fetched none broken sts-mx-mismatch", "sts", "dddqqqd"},
    {"V44 one of two", SEC, TWO(SEC, T_NIL, P_GOOD, SEC, T_NIL, P_GOOD),
	S_ONLY_2, "none na", "valid fetched some degraded sts-mx-mismatch",
	"sts", "dddddqd"},
    {"V44 testing", SEC, ONE(SEC, T_NIL, P_GOOD), S_TEST_2, "none na",
	"valid fetched none degraded sts-mx-mismatch", "sts-testing",
	"dddddqd"},
    {"V45", SEC, ONE(SEC, T_OK, P_EXPIRED), S_ENFORCE, NULL,
	"valid fetched all broken certificate-expired", "both", NULL},
    {"V46", SEC, ONE(SEC, T_NIL, P_GOOD), S_MODE_NONE, "none na",
	"valid fetched na na", "neither", "dddddqd"},
    {"V60", SEC, ONE(SEC, T_NIL, P_PLAIN), S_NIL, "none na", "none none na na",
	"neither",
	"dqddd"
	"qq"},
    {"V61", SEC, ONE(SEC, T_NIL, P_GOOD), S_NIL, "none na", "none none na na",
	"neither", "dddddqd"},
    {"V11 servfail", ERR, {{0}}, S_NIL, "error na", "none none na na",
	"unknown", "ttttttt"},
    {"V11 timeout", TMO, {{0}}, S_NIL, "error na", "none none na na", "unknown",
	"ttttttt"},
    {"V11 bogus", BOG, {{0}}, S_NIL, "error na", "none none na na", "unknown",
	"ttttttt"},
    {"V10 nxdomain", NXD, {{0}}, S_NIL, "none na", "none none na na", "na",
	"bbbbbbb"},
    {"V63", SEC, ONE(SEC, T_NIL, P_PRIVATE), S_NIL, "none na",
	"none none na na", "neither", "uuuuuqu"},
};

static void
print_words(const struct standing *standing, char dane[64], char sts[96],
    char ends[OUTLOOK_SENDERS + 1])
{
	bool fault = standing->dane_fault != REASON_OK;

	snprintf(dane, 64, "%s %s%s%s", standing_dane_text(standing->dane),
	    standing_health_text(standing->dane_health), fault ? " " : "",
	    fault ? reason_text(standing->dane_fault) : "");
	fault = standing->sts_fault != REASON_OK;
	snprintf(sts, 96, "%s %s %s %s%s%s",
	    standing_record_text(standing->sts_record),
	    standing_policy_text(standing->sts_policy),
	    standing_share_text(standing->sts_cover),
	    standing_health_text(standing->sts_health), fault ? " " : "",
	    fault ? reason_text(standing->sts_fault) : "");
	for (int i = 0; i < OUTLOOK_SENDERS; i++)
		ends[i] = outlook_end_text(standing->ends[i])[0];
	ends[OUTLOOK_SENDERS] = '\0';
}

static void
facts_tell_how_a_domain_stands(void **state)
{
	const struct standing_extra extra = {.own_tlsa = false};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = {.id = rows[i].id,
		    .mx = rows[i].mx,
		    .hosts = {rows[i].hosts[0], rows[i].hosts[1]},
		    .sts = rows[i].sts};
		AUTO(facts) struct facts *facts = fact_row_make(&row);
		char dane[64], sts[96], ends[OUTLOOK_SENDERS + 1];
		struct standing standing;

		if (rows[i].sts != S_NIL)
			facts->sts.record.outcome = STS_RECORD_VALID;
		standing =
		    standing_make(facts, &extra, fact_pki.store, CERTS_NOW);
		print_words(&standing, dane, sts, ends);
		if (rows[i].dane != NULL)
			ROW_TEXT(rows[i].id, dane, rows[i].dane);
		ROW_TEXT(rows[i].id, sts, rows[i].policy);
		ROW_TEXT(rows[i].id,
		    standing_protection_text(standing.protection),
		    rows[i].protection);
		if (rows[i].ends != NULL)
			ROW_TEXT(rows[i].id, ends, rows[i].ends);
	}
}

static struct standing
stand_by(const struct facts *facts)
{
	const struct standing_extra extra = {.own_tlsa = false};

	return standing_make(facts, &extra, fact_pki.store, CERTS_NOW);
}

/* What there is, in the order of MX: a host's A and AAAA lookups are as the
 * row has them. */
static void
hosts_and_their_addresses_are_counted(void **state)
{
	static const struct {
		const char *id;
		enum dns mx;
		enum dns lookups[2][2];
		const char *records, *secure;
	} found[] = {
	    {"both", SEC, {{SEC, NIL}, {SEC, NIL}}, "mx", "all"},
	    {"one family secure", SEC, {{SEC, INS}, {INS, SEC}}, "mx", "all"},
	    {"the second", SEC, {{INS, INS}, {SEC, NIL}}, "mx", "some"},
	    {"the first", SEC, {{SEC, NIL}, {INS, INS}}, "mx", "some"},
	    {"none secure", SEC, {{INS, INS}, {INS, INS}}, "mx", "none"},
	    {"its own host", NIL, {{SEC, NIL}, {SEC, NIL}}, "implicit", "all"},
	    {"A failed", SEC, {{NIL, NIL}, {ERR, NIL}}, "mx", "all"},
	    {"AAAA failed", SEC, {{NIL, NIL}, {NIL, ERR}}, "mx", "all"},
	    {"no address", SEC, {{NIL, NIL}, {NIL, NIL}}, "no-address", "all"},
	    {"no such name", NXD, {{NIL, NIL}, {NIL, NIL}}, "nxdomain", "all"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(found); i++) {
		const struct row row = {.mx = found[i].mx,
		    .hosts = TWO(SEC, T_NIL, P_GOOD, SEC, T_NIL, P_GOOD)};
		AUTO(facts) struct facts *facts = fact_row_make(&row);
		struct standing standing;

		for (size_t k = 0; k < 2; k++) {
			struct host_facts *host = &facts->hosts[k];

			host->a = fact_row_lookup(found[i].lookups[k][0]);
			host->aaaa = fact_row_lookup(found[i].lookups[k][1]);
			if (host->a.state == LOOKUP_DATA)
				continue;
			probe_facts_free(host->addresses[0].probe);
			host->address_count = 0;
		}
		standing = stand_by(facts);
		ROW_TEXT(found[i].id, standing_mx_text(standing.mx),
		    found[i].records);
		ROW_TEXT(found[i].id,
		    standing_share_text(standing.hosts_secure),
		    found[i].secure);
	}
}

static void
one_lookup_that_failed_leaves_dane_unknown(void **state)
{
	static const struct row row = {
	    .mx = SEC, .hosts = ONE(SEC, T_NIL, P_GOOD)};

	(void)state;
	for (int i = 0; i < 3; i++) {
		AUTO(facts) struct facts *facts = fact_row_make(&row);
		struct host_facts *host = &facts->hosts[0];
		struct lookup *lookups[] = {&host->a, &host->aaaa, &host->tlsa};

		*lookups[i] = fact_row_lookup(ERR);
		assert_int_equal(stand_by(facts).dane, STANDING_DANE_ERROR);
	}
}

/* A record that could not be looked up, or whose policy nobody fetched: it may
 * be protected by that. */
static void
a_policy_that_nobody_saw_leaves_protection_unknown(void **state)
{
	static const struct {
		enum dns mx;
		enum tlsa_kind tlsa;
		enum standing_protection wanted;
	} hosts[] = {{SEC, T_NIL, STANDING_PROTECTION_UNKNOWN},
	    {INS, T_OK, STANDING_PROTECTION_UNKNOWN},
	    {SEC, T_OK, STANDING_DANE}};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(hosts); i++) {
		struct row row = {.mx = hosts[i / 2].mx,
		    .hosts = ONE(SEC, hosts[i / 2].tlsa, P_GOOD)};
		AUTO(facts) struct facts *facts = fact_row_make(&row);

		if (i % 2 == 0)
			facts->sts.txt = fact_row_lookup(ERR);
		else
			facts->sts.record.outcome = STS_RECORD_VALID;
		assert_int_equal(
		    stand_by(facts).protection, hosts[i / 2].wanted);
	}
}

static void
a_host_that_keeps_it_at_one_address_is_degraded(void **state)
{
	static const struct row row = {
	    .mx = SEC, .hosts = ONE(SEC, T_OK, P_GOOD)};
	static const struct row other = {
	    .mx = SEC, .hosts = ONE(SEC, T_OK, P_OTHER)};
	AUTO(facts) struct facts *facts = fact_row_make(&row);
	AUTO(facts) struct facts *bad = fact_row_make(&other);
	struct host_facts *host = &facts->hosts[0];
	struct standing standing;

	(void)state;
	host->addresses =
	    xrealloc(host->addresses, 2, sizeof(host->addresses[0]));
	host->addresses[1] = bad->hosts[0].addresses[0];
	probe_facts_ref(host->addresses[1].probe);
	host->address_count = 2;
	standing = stand_by(facts);
	assert_int_equal(standing.dane_health, STANDING_DEGRADED);
	assert_int_equal(standing.dane_fault, REASON_VALIDATION_FAILURE);
}

/* V41 */
static void
what_is_wrong_with_a_record_has_a_word(void **state)
{
	static const struct {
		enum sts_record_outcome outcome;
		const char *why, *word, *record;
	} found[] = {
	    {STS_RECORD_VALID, "", "", "valid"},
	    {STS_RECORD_ABSENT, "", "", "none"},
	    {STS_RECORD_MANY, "more than one", "multiple", "invalid"},
	    {STS_RECORD_INVALID, "no id", "no-id", "invalid"},
	    {STS_RECORD_INVALID, "id is not", "bad-id", "invalid"},
	    {STS_RECORD_INVALID, "field name", "syntax", "invalid"},
	    {STS_RECORD_INVALID, "a field", "syntax", "invalid"},
	};
	static const struct row row = {
	    .mx = SEC, .hosts = ONE(SEC, T_NIL, P_GOOD)};
	AUTO(facts) struct facts *facts = fact_row_make(&row);

	(void)state;
	for (size_t i = 0; i < COUNT(found); i++) {
		struct standing standing;

		facts->sts.record.outcome = found[i].outcome;
		facts->sts.record.why = found[i].why;
		standing = stand_by(facts);
		assert_string_equal(standing.sts_why, found[i].word);
		assert_string_equal(
		    standing_record_text(standing.sts_record), found[i].record);
	}
}

/* V50 */
static void
records_for_tls_reports_are_told(void **state)
{
	static const struct {
		enum dns txt;
		struct tlsrpt_record reports;
		const char *word, *record;
	} found[] = {
	    {SEC, {.outcome = TLSRPT_RECORD_VALID, .named = 1}, "", "valid"},
	    {SEC, {.outcome = TLSRPT_RECORD_MANY}, "multiple", "invalid"},
	    {SEC, {.outcome = TLSRPT_RECORD_NO_RUA}, "no-rua", "invalid"},
	    {SEC, {.outcome = TLSRPT_RECORD_NO_RUA, .named = 1},
		"no-usable-rua", "invalid"},
	    {SEC, {.outcome = TLSRPT_RECORD_ABSENT, .other = true},
		"not-tlsrpt", "invalid"},
	    {SEC, {.outcome = TLSRPT_RECORD_ABSENT}, "", "none"},
	    {NIL, {.outcome = TLSRPT_RECORD_ABSENT}, "", "none"},
	    {ERR, {.outcome = TLSRPT_RECORD_ABSENT}, "", "error"},
	    {NOT, {.outcome = TLSRPT_RECORD_ABSENT}, "", "error"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(found); i++) {
		struct standing_extra extra = {
		    .tlsrpt = fact_row_lookup(found[i].txt)};
		struct standing standing = {.tlsrpt_why = "old"};

		extra.tlsrpt_record = found[i].reports;
		standing_add_reports(&standing, &extra);
		assert_string_equal(standing.tlsrpt_why, found[i].word);
		assert_string_equal(
		    standing_record_text(standing.tlsrpt_record),
		    found[i].record);
	}
}

/* V24, V25: records that nobody relies on, by what the check found. */
static void
records_that_no_check_asks_for_count_last(void **state)
{
	static const struct {
		enum standing_dane dane;
		const char *insecure, *own, *both;
	} found[] = {
	    {STANDING_DANE_NONE, "insecure", "misplaced", "insecure"},
	    {STANDING_DANE_ERROR, "insecure", "misplaced", "insecure"},
	    {STANDING_DANE_INSECURE, "insecure", "insecure", "insecure"},
	    {STANDING_DANE_UNUSABLE, "unusable", "unusable", "unusable"},
	    {STANDING_DANE_PARTIAL, "partial", "partial", "partial"},
	    {STANDING_DANE_HALF, "half", "half", "half"},
	    {STANDING_DANE_FULL, "full", "full", "full"},
	};
	const struct standing_extra none = {.own_tlsa = false},
				    insecure = {.insecure_tlsa = true},
				    own = {.own_tlsa = true},
				    both = {.insecure_tlsa = true,
					.own_tlsa = true};

	(void)state;
	for (size_t i = 0; i < COUNT(found); i++) {
		const char *id = standing_dane_text(found[i].dane);

		ROW_TEXT(id,
		    standing_dane_text(
			standing_dane_beside(found[i].dane, &none)),
		    id);
		ROW_TEXT(id,
		    standing_dane_text(
			standing_dane_beside(found[i].dane, &insecure)),
		    found[i].insecure);
		ROW_TEXT(id,
		    standing_dane_text(
			standing_dane_beside(found[i].dane, &own)),
		    found[i].own);
		ROW_TEXT(id,
		    standing_dane_text(
			standing_dane_beside(found[i].dane, &both)),
		    found[i].both);
	}
}

static void
each_sender_has_a_reason_of_its_own(void **state)
{
	static const struct row row = {
	    .mx = SEC, .hosts = ONE(SEC, T_BAD, P_EXPIRED), .sts = S_ENFORCE};
	AUTO(facts) struct facts *facts = fact_row_make(&row);
	struct standing standing = stand_by(facts);

	(void)state;
	for (int i = 0; i < OUTLOOK_SENDERS; i++) {
		AUTO(verdict)
		struct verdict *verdict = outlook_judge(
		    facts, (enum outlook_sender)i, fact_pki.store, CERTS_NOW);

		assert_int_equal(standing.reasons[i], verdict->reason);
		assert_int_equal(standing.ends[i], outlook_end_of(verdict));
	}
}

static void
who_demands_nothing_delivers_what_was_not_probed(void **state)
{
	static const struct {
		enum level level;
		enum outlook_end end;
	} ends[] = {
	    {LEVEL_MAY, OUTLOOK_DELIVERED},
	    {LEVEL_NONE, OUTLOOK_DELIVERED},
	    {LEVEL_ENCRYPT, OUTLOOK_UNKNOWN},
	    {LEVEL_SECURE, OUTLOOK_UNKNOWN},
	};
	AUTO(verdict)
	struct verdict *verdict = verdict_new(RESULT_NONE, REASON_NOT_PROBED);

	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		verdict->level = ends[i].level;
		assert_int_equal(outlook_end_of(verdict), ends[i].end);
	}
}

int
main(void)
{
	const struct CMUnitTest standing[] = {
	    cmocka_unit_test(facts_tell_how_a_domain_stands),
	    cmocka_unit_test(hosts_and_their_addresses_are_counted),
	    cmocka_unit_test(one_lookup_that_failed_leaves_dane_unknown),
	    cmocka_unit_test(
		a_policy_that_nobody_saw_leaves_protection_unknown),
	    cmocka_unit_test(a_host_that_keeps_it_at_one_address_is_degraded),
	    cmocka_unit_test(what_is_wrong_with_a_record_has_a_word),
	    cmocka_unit_test(records_for_tls_reports_are_told),
	    cmocka_unit_test(records_that_no_check_asks_for_count_last),
	    cmocka_unit_test(each_sender_has_a_reason_of_its_own),
	    cmocka_unit_test(who_demands_nothing_delivers_what_was_not_probed),
	};

	return RUN_TESTS_WITH(standing, fact_pki_make, fact_pki_drop);
}
