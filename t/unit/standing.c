/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/standing.h"

#include <string.h>

#include "common/base/text.h"
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
    {"V29 of V20", SEC, ONE(SEC, T_OK, P_NOT), S_NIL, "full unknown",
	"none none na na", "dane", "duuduuu"},
    {"V40 enforce", SEC, ONE(SEC, T_NIL, P_GOOD), S_ENFORCE, "none na",
	"valid fetched all ok", "sts", "dddddqd"},
    {"V40 testing", SEC, ONE(SEC, T_NIL, P_GOOD), S_TESTING, "none na",
	"valid fetched all ok", "sts-testing", "dddddqd"},
    {"V40 none", SEC, ONE(SEC, T_NIL, P_GOOD), S_NIL, "none na",
	"none none na na", "neither", "dddddqd"},
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
	"valid fetched none broken sts-mx-mismatch", "sts-testing", "dddddqd"},
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

int
main(void)
{
	const struct CMUnitTest standing[] = {
	    cmocka_unit_test(facts_tell_how_a_domain_stands),
	};

	return RUN_TESTS_WITH(standing, fact_pki_make, fact_pki_drop);
}
