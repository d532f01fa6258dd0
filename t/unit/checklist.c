/* SPDX-License-Identifier: BSD-2-Clause */
/* Checklists, of facts from a few letters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/sight_row.h"
#include "t/unit/tap.h"

/* An MTA-STS policy that is enforced, before a host with DANE. */
static const struct case_row enforced = {.mx = "s",
    .hosts = "U",
    .policy = "enforce mx1.d.ex",
    .chain = S,
    .whose = "x",
    .zones = "s",
    .rua = "-"};

static const struct check_row *
find_check(const struct checklist *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->rows[i].id, id) == 0)
			return &list->rows[i];
	return NULL;
}

/* A20 */
static void
a_wildcard_of_a_policy_host_is_named(void **state)
{
	struct checklist *list = xcalloc(1, sizeof(*list));
	struct seen seen;

	(void)state;
	seen_make(&seen, &enforced);
	checklist_add_bsi(list, &seen.sight);
	assert_int_equal(find_check(list, "08-R")->result, CHECK_NOT_TESTED);
	seen.facts->sts.policy->wildcard = true;
	list->count = 0;
	checklist_add_bsi(list, &seen.sight);
	assert_int_equal(find_check(list, "08-R")->result, CHECK_WARNING);
	assert_non_null(
	    strstr(find_check(list, "08-R")->evidence, "mta-sts.d.ex"));
	seen_fini(&seen);
	free(list);
}

static const struct {
	const char *id, *mx, *hosts, *policy, *zones, *rua;
	enum chain_state chain;
	const char *result, *evidence;
} checks[] = {
    {"R1", "s", "U", NULL, "s", "-", S, "pass", "1 hosts"},
    {"R1", "s", "UN", NULL, "ss", "-", S, "fail", "mx2.d.ex"},
    {"R1", "i", "U", NULL, "s", "-", U, "fail", "not secure"},
    {"R1", "s", "E", NULL, "s", "-", S, "not-tested", ""},
    {"R2", "s", "U", NULL, "s", "-", S, "pass", "1 records"},
    {"R2", "s", "X", NULL, "s", "-", S, "fail", "1 1 1"},
    {"R2", "s", "N", NULL, "s", "-", S, "not-applicable", ""},
    {"R3", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"R3", "s", "N", NULL, "s", "-", S, "not-applicable", ""},
    {"R4", "s", "U", NULL, "s", "-", S, "warning", "one record"},
    {"R5", "s", "U", NULL, "s", "-", S, "pass", ""},
    {"R5", "s", "U", NULL, "u", "-", S, "fail", "mx1.d.ex: unsigned"},
    {"R5", "i", "U", NULL, "s", "-", U, "fail", "d.ex: unsigned"},
    {"R5", "i", "U", NULL, "s", "-", CHAIN_ERROR, "not-tested", ""},
    {"R6", "s", "U", NULL, "s", "-", S, "fail", "there is none"},
    {"R6", "s", "U", "enforce mx1.d.ex", "s", "-", S, "pass", "id="},
    {"R7", "s", "U", "enforce mx1.d.ex", "s", "-", S, "pass",
	"https://mta-sts.d.ex/"},
    {"R7", "s", "U", "error", "s", "-", S, "fail", "sts-policy-fetch-error"},
    {"R8", "s", "U", "enforce mx1.d.ex", "s", "-", S, "pass", ""},
    {"R8", "s", "UN", "enforce mx1.d.ex", "ss", "-", S, "fail", "some"},
    {"R8", "s", "U", "enforce mx1.d.ex *.e.ex", "s", "-", S, "warning",
	"*.e.ex"},
    {"R9", "s", "U", "enforce mx1.d.ex", "s", "-", S, "warning", "86400"},
    {"R9", "s", "U", NULL, "s", "-", S, "not-applicable", ""},
    {"R10", "s", "U", "enforce mx1.d.ex", "s", "-", S, "not-tested", ""},
    {"R11", "s", "U", NULL, "s", "m", S, "pass", "r@d.ex"},
    /* A19 */
    {"R11", "s", "U", NULL, "s", "h", S, "pass", "https://d.ex/r"},
    {"10-M", "s", "U", NULL, "s", "h", S, "fail", "https"},
    {"10-M", "s", "U", NULL, "s", "m", S, "pass", "r@d.ex"},
    {"10-M", "s", "U", NULL, "s", "-", S, "fail", "none"},
    /* A23 */
    {"R12", "s", "U", NULL, "s", "-", S, "not-tested", "not probed"},
    {"R13", "s", "U", NULL, "s", "-", S, "pass", ""},
    {"R14", "n", "", NULL, "", "-", S, "pass", "null MX"},
    {"R14", "x", "", NULL, "", "-", S, "fail", "nxdomain"},
    {"R1", "n", "", NULL, "", "-", S, "not-applicable", "no mail"},
    {"R15", "s", "U", "enforce mx1.d.ex", "s", "-", S, "pass", ""},
    {"R15", "s", "U", "enforce mx9.d.ex", "s", "-", S, "fail", "mx1.d.ex"},
    /* of what could not be looked up nothing is said */
    {"R1", "s", "UE", NULL, "ss", "-", S, "not-tested", "mx2.d.ex"},
    {"R1", "s", "UNE", NULL, "sss", "-", S, "fail", "mx2.d.ex"},
    {"R2", "s", "E", NULL, "s", "-", S, "not-tested", "mx1.d.ex"},
    {"R2", "s", "UA", NULL, "ss", "-", S, "not-tested", "mx2.d.ex"},
    {"R2", "s", "XE", NULL, "ss", "-", S, "fail", "1 1 1"},
    {"R3", "s", "E", NULL, "s", "-", S, "not-tested", "mx1.d.ex"},
    {"R4", "s", "E", NULL, "s", "-", S, "not-tested", "mx1.d.ex"},
    {"R5", "f", "", NULL, "", "-", S, "not-tested", "no mail host"},
    {"R8", "f", "", "enforce mx1.d.ex", "", "-", S, "not-tested",
	"no mail host"},
    {"R13", "f", "", NULL, "", "-", S, "not-tested", "no mail host"},
    {"R15", "s", "E", "enforce mx1.d.ex", "s", "-", S, "not-tested",
	"mx1.d.ex"},
    {"R15", "f", "", "enforce mx1.d.ex", "", "-", S, "not-tested",
	"no mail host"},
    {"07-R", "f", "", "enforce mx1.d.ex", "", "-", S, "not-tested",
	"no mail host"},
    {"mail_dnssec_mx_exist", "f", "", NULL, "", "-", S, "not-tested",
	"no mail host"},
    {"mail_ipv6_mx_address", "f", "", NULL, "", "-", S, "not-tested",
	"no mail host"},
    {"mail_ipv6_mx_reach", "f", "", NULL, "", "-", S, "not-tested",
	"no mail host"},
    {"01-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"02-R", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"03-M", "s", "U", NULL, "s", "-", S, "not-tested", "not probed"},
    {"04-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"05-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"05-M", "s", "N", NULL, "s", "-", S, "fail",
	"no usable TLSA record at mx1"},
    {"05-M", "i", "U", NULL, "s", "-", U, "fail", "unsigned"},
    {"06-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"07-R", "s", "U", NULL, "s", "-", S, "fail", "record none"},
    {"07-R", "s", "U", "enforce mx1.d.ex", "s", "-", S, "pass", ""},
    {"07-R", "s", "U", "testing mx1.d.ex", "s", "-", S, "warning", "testing"},
    {"07-R", "s", "U", "enforce mx2.d.ex", "s", "-", S, "fail", "none"},
    {"08-R", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"09-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"11-R", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"12-R", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"13-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"14-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"15-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"16-M", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"mail_dnssec_mailto_exist", "s", "U", NULL, "s", "-", S, "pass", ""},
    {"mail_dnssec_mailto_exist", "i", "U", NULL, "s", "-", U, "fail",
	"unsigned"},
    {"mail_dnssec_mailto_valid", "i", "U", NULL, "s", "-", U, "not-applicable",
	""},
    {"mail_dnssec_mailto_valid", "f", "", NULL, "", "-", CHAIN_BOGUS_SIG,
	"fail", "bogus-sig"},
    {"mail_dnssec_mx_exist", "s", "UU", NULL, "su", "-", S, "fail", "mx2.d.ex"},
    {"mail_dnssec_mx_valid", "s", "UU", NULL, "ss", "-", S, "pass", ""},
    {"mail_starttls_dane_exist", "s", "UN", NULL, "ss", "-", S, "fail",
	"mx2.d.ex"},
    {"mail_starttls_dane_valid", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"mail_starttls_dane_rollover", "s", "U", NULL, "s", "-", S, "warning", ""},
    {"mail_starttls_tls_available", "s", "U", NULL, "s", "-", S, "not-tested",
	""},
    {"mail_starttls_tls_0rtt", "s", "U", NULL, "s", "-", S, "not-tested", ""},
    {"mail_ipv6_mx_address", "s", "U", NULL, "s", "-", S, "fail", "0 of 1"},
    {"mail_ipv6_mx_reach", "s", "U", NULL, "s", "-", S, "not-applicable", ""},
    {"mail_auth_spf_exist", "s", "U", NULL, "s", "-", S, "not-tested", ""},
};

/* What they say, where nothing was probed. */
static void
requirements_are_judged_with_evidence(void **state)
{
	struct checklist *list = xmalloc(sizeof(*list));

	(void)state;
	for (size_t i = 0; i < COUNT(checks); i++) {
		const struct case_row row = {.mx = checks[i].mx,
		    .hosts = checks[i].hosts,
		    .policy = checks[i].policy,
		    .chain = checks[i].chain,
		    .whose = "xxx",
		    .zones = checks[i].zones,
		    .rua = checks[i].rua};
		const struct check_row *found;
		struct seen seen;

		seen_make(&seen, &row);
		list->count = 0;
		checklist_add_rfc(list, &seen.sight);
		checklist_add_bsi(list, &seen.sight);
		checklist_add_nl(list, &seen.sight);
		found = find_check(list, checks[i].id);
		ROW(checks[i].id, found != NULL);
		ROW_TEXT(checks[i].id, check_result_text(found->result),
		    checks[i].result);
		if (strstr(found->evidence, checks[i].evidence) == NULL)
			fail_msg("%s: %s", checks[i].id, found->evidence);
		ROW(checks[i].id, found->how[0] != '\0');
		seen_fini(&seen);
	}
	free(list);
}

/* R10: what posternd has kept, and what it has not. */
static void
an_id_is_to_change_with_its_policy(void **state)
{
	static const struct {
		const char *policy;
		struct sight_memory memory;
		enum check_result result;
		const char *evidence;
	} rows[] = {
	    {NULL, {.any = true, .past = {1, 1, 1}}, CHECK_NOT_APPLICABLE,
		"there is no policy"},
	    {"testing mx1.d.ex", {.any = false, .why = "no such file"},
		CHECK_NOT_TESTED, "no such file"},
	    {"testing mx1.d.ex", {.any = true, .past = {NOW, 0, 0}},
		CHECK_NOT_APPLICABLE, "no change"},
	    {"testing mx1.d.ex", {.any = true, .past = {NOW, 86400, 0}},
		CHECK_PASS, "a new id: seen 1970-01-02T00:00:00Z"},
	    {"testing mx1.d.ex", {.any = true, .past = {NOW, 0, 86400}},
		CHECK_FAIL, "the same id: seen 1970-01-02T00:00:00Z"},
	    {"testing mx1.d.ex", {.any = true, .past = {NOW, 1, 86400}},
		CHECK_FAIL, "same id"},
	};
	struct checklist *list = xcalloc(1, sizeof(*list));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct case_row row = sight_tested;
		const struct check_row *found;
		struct seen seen;

		row.policy = rows[i].policy;
		seen_make(&seen, &row);
		seen.sight.memory = rows[i].memory;
		list->count = 0;
		checklist_add_rfc(list, &seen.sight);
		found = find_check(list, "R10");
		ROW(rows[i].evidence, found->result == rows[i].result);
		ROW(rows[i].evidence,
		    strstr(found->evidence, rows[i].evidence) != NULL);
		seen_fini(&seen);
	}
	free(list);
}

/* 10-M */
static void
a_mailbox_under_dane_is_a_warning(void **state)
{
	struct checklist *list = xcalloc(1, sizeof(*list));
	struct seen seen;

	(void)state;
	seen_make(&seen, &sight_tested);
	checklist_add_bsi(list, &seen.sight);
	assert_int_equal(find_check(list, "10-M")->result, CHECK_PASS);
	seen.sight.reports_protected = true;
	list->count = 0;
	checklist_add_bsi(list, &seen.sight);
	assert_int_equal(find_check(list, "10-M")->result, CHECK_WARNING);
	assert_non_null(
	    strstr(find_check(list, "10-M")->evidence, "mail to d.ex"));
	seen_fini(&seen);
	free(list);
}

/* R2, R4, R9, R13 and 05-M, by what alone is another. */
static void
records_and_policies_are_measured(void **state)
{
	static const struct {
		const char *id;
		enum check_result result;
		uint32_t max_age, ttl;
		const char *more_tlsa, *alias;
	} rows_of[] = {
	    {"R2", CHECK_PASS, 604800, 60, NULL, NULL},
	    {"R2", CHECK_WARNING, 604800, 60, "3 0 1", NULL},
	    {"R2", CHECK_WARNING, 604800, 60, "2 0 1", NULL},
	    {"R4", CHECK_WARNING, 604800, 60, NULL, NULL},
	    {"R4", CHECK_PASS, 604800, 60, "2 1 1", NULL},
	    {"R9", CHECK_PASS, 604800, 60, NULL, NULL},
	    {"R9", CHECK_WARNING, 604799, 60, NULL, NULL},
	    {"R9", CHECK_PASS, 31557600, 60, NULL, NULL},
	    {"R9", CHECK_WARNING, 31557601, 60, NULL, NULL},
	    {"R13", CHECK_PASS, 604800, 60, NULL, NULL},
	    {"R13", CHECK_WARNING, 604800, 60, NULL, "other.ex"},
	    {"05-M", CHECK_WARNING, 604800, 60, NULL, NULL},
	    {"05-M", CHECK_PASS, 604800, 3600, "2 1 1", NULL},
	    {"05-M", CHECK_WARNING, 604800, 3601, "2 1 1", NULL},
	};
	struct checklist *list = xcalloc(1, sizeof(*list));

	(void)state;
	for (size_t i = 0; i < COUNT(rows_of); i++) {
		struct host_facts *host;
		struct seen seen;
		char record[128];

		seen_make(&seen, &enforced);
		host = &seen.facts->hosts[0];
		seen.facts->sts.policy->policy->max_age_s = rows_of[i].max_age;
		host->tlsa.ttl_s = rows_of[i].ttl;
		if (rows_of[i].alias != NULL)
			text_copy(host->expanded, sizeof(host->expanded),
			    rows_of[i].alias);
		if (rows_of[i].more_tlsa != NULL) {
			snprintf(record, sizeof(record),
			    "%s ffeeddccbbaa99887766554433221100ffeeddccbbaa99"
			    "887766554433221100",
			    rows_of[i].more_tlsa);
			tlsa_set_add_text(&host->records, record, NULL);
			tlsa_set_finish(&host->records);
		}
		host->addresses[0].probe = probe_facts_new(PROBE_TLS);
		seen.sight.standing.dane_health = STANDING_OK;
		list->count = 0;
		checklist_add_rfc(list, &seen.sight);
		checklist_add_bsi(list, &seen.sight);
		if (find_check(list, rows_of[i].id)->result !=
		    rows_of[i].result)
			fail_msg("%s, row %zu: %s", rows_of[i].id, i,
			    find_check(list, rows_of[i].id)->evidence);
		seen_fini(&seen);
	}
	free(list);
}

/* R3, 05-M: certificates that match are no word on those of other addresses. */
static void
an_address_that_nobody_saw_is_not_tested(void **state)
{
	const enum probe_outcome outcomes[] = {
	    PROBE_TIMEOUT, PROBE_REFUSED, PROBE_NO_SOURCE, PROBE_TLS};
	struct checklist *list = xcalloc(1, sizeof(*list));
	struct case_row row = enforced;

	(void)state;
	row.hosts = "UU";
	row.whose = "xx";
	row.zones = "ss";
	for (size_t i = 0; i < COUNT(outcomes); i++) {
		bool seen_all = outcomes[i] == PROBE_TLS;
		struct seen seen;

		seen_make(&seen, &row);
		seen.facts->hosts[0].addresses[0].probe =
		    probe_facts_new(PROBE_TLS);
		seen.facts->hosts[1].addresses[0].probe =
		    probe_facts_new(outcomes[i]);
		seen.sight.standing.dane_health = STANDING_OK;
		list->count = 0;
		checklist_add_rfc(list, &seen.sight);
		checklist_add_bsi(list, &seen.sight);
		assert_int_equal(find_check(list, "R3")->result,
		    seen_all ? CHECK_PASS : CHECK_NOT_TESTED);
		assert_int_equal(find_check(list, "05-M")->result,
		    seen_all ? CHECK_WARNING : CHECK_NOT_TESTED);
		assert_true(seen_all || strstr(find_check(list, "R3")->evidence,
					    "mx2.d.ex") != NULL);
		seen_fini(&seen);
	}
	free(list);
}

/* A25: each requirement of a standard once. */
static void
a_list_is_whole(void **state)
{
	const struct case_row row = {.mx = "s",
	    .hosts = "U",
	    .chain = S,
	    .whose = "x",
	    .zones = "s",
	    .rua = "m"};
	struct checklist *list = xcalloc(1, sizeof(*list));
	struct seen seen;

	(void)state;
	seen_make(&seen, &row);
	checklist_add_rfc(list, &seen.sight);
	assert_int_equal(list->count, 15);
	checklist_add_bsi(list, &seen.sight);
	assert_int_equal(list->count, 15 + 16);
	checklist_add_nl(list, &seen.sight);
	assert_int_equal(list->count, 15 + 16 + 33);
	for (size_t i = 0; i < list->count; i++)
		assert_ptr_equal(
		    find_check(list, list->rows[i].id), &list->rows[i]);
	seen_fini(&seen);
	free(list);
}

/* Level, and what a connection or DNS shows: the rest is never passed. */
static const struct {
	const char *id;
	enum check_level level;
	bool seen;
} mail_test[] = {
    {"mail_dnssec_mailto_exist", CHECK_MUST, true},
    {"mail_dnssec_mailto_valid", CHECK_MUST, true},
    {"mail_dnssec_mx_exist", CHECK_MUST, true},
    {"mail_dnssec_mx_valid", CHECK_MUST, true},
    {"mail_starttls_tls_available", CHECK_MUST, true},
    {"mail_starttls_tls_version", CHECK_MUST, true},
    {"mail_starttls_dane_exist", CHECK_MUST, true},
    {"mail_starttls_dane_valid", CHECK_MUST, true},
    {"mail_starttls_dane_rollover", CHECK_NOTE, true},
    {"mail_starttls_cert_chain", CHECK_NOTE, true},
    {"mail_starttls_cert_domain", CHECK_NOTE, true},
    {"mail_starttls_cert_pubkey", CHECK_MUST, true},
    {"mail_starttls_cert_sig", CHECK_MUST, false},
    {"mail_starttls_tls_ciphers", CHECK_MUST, false},
    {"mail_starttls_tls_cipherorder", CHECK_MUST, false},
    {"mail_starttls_tls_keyexchange", CHECK_MUST, false},
    {"mail_starttls_tls_keyexchangehash", CHECK_SHOULD, false},
    {"mail_starttls_tls_compress", CHECK_MUST, false},
    {"mail_starttls_tls_secreneg", CHECK_MUST, false},
    {"mail_starttls_tls_0rtt", CHECK_MUST, false},
    {"mail_starttls_tls_extendedmastersecret", CHECK_MUST, false},
    {"mail_starttls_caa", CHECK_SHOULD, false},
    {"mail_ipv6_mx_address", CHECK_MUST, true},
    {"mail_ipv6_mx_reach", CHECK_MUST, true},
    {"mail_ipv6_ns_address", CHECK_MUST, false},
    {"mail_ipv6_ns_reach", CHECK_MUST, false},
    {"mail_auth_spf_exist", CHECK_MUST, false},
    {"mail_auth_spf_policy", CHECK_MUST, false},
    {"mail_auth_dkim_exist", CHECK_MUST, false},
    {"mail_auth_dmarc_exist", CHECK_MUST, false},
    {"mail_auth_dmarc_policy", CHECK_MUST, false},
    {"mail_rpki_exists", CHECK_MUST, false},
    {"mail_rpki_valid", CHECK_MUST, false},
};

static void
each_row_of_the_mail_test_has_its_level(void **state)
{
	const struct case_row row = sight_tested;
	struct checklist *list = xcalloc(1, sizeof(*list));
	struct seen seen;

	(void)state;
	seen_make(&seen, &row);
	checklist_add_nl(list, &seen.sight);
	assert_int_equal(list->count, COUNT(mail_test));
	for (size_t i = 0; i < COUNT(mail_test); i++) {
		const struct check_row *found =
		    find_check(list, mail_test[i].id);

		ROW(mail_test[i].id, found != NULL &&
					 found->standard == STANDARD_NL &&
					 found->level == mail_test[i].level);
		ROW(mail_test[i].id,
		    mail_test[i].seen ||
			(found->result == CHECK_NOT_TESTED && !found->unseen &&
			    (strncmp(found->how, "not tested", 10) == 0 ||
				strncmp(found->how, "outside", 7) == 0)));
	}
	seen_fini(&seen);
	free(list);
}

/* The exit status: A22, A23 and what is worse. */
static void
the_worst_must_counts(void **state)
{
	static const struct {
		const char *id;
		struct check_row row;
		int status;
	} one[] = {
	    {"pass", {.result = CHECK_PASS}, 0},
	    {"not applicable", {.result = CHECK_NOT_APPLICABLE}, 0},
	    {"organisational", {.result = CHECK_NOT_TESTED}, 0},
	    {"should fails", {.level = CHECK_SHOULD, .result = CHECK_FAIL}, 1},
	    {"must warns", {.result = CHECK_WARNING}, 1},
	    {"note fails", {.level = CHECK_NOTE, .result = CHECK_FAIL}, 0},
	    {"must fails", {.result = CHECK_FAIL}, 2},
	    {"must unseen", {.result = CHECK_NOT_TESTED, .unseen = true}, 3},
	    {"should unseen",
		{.level = CHECK_SHOULD,
		    .result = CHECK_NOT_TESTED,
		    .unseen = true},
		0},
	};
	struct checklist *list = xcalloc(1, sizeof(*list));

	(void)state;
	for (size_t i = 0; i < COUNT(one); i++) {
		list->count = 1;
		list->rows[0] = one[i].row;
		ROW(one[i].id, checklist_status(list) == one[i].status);
	}
	list->count = 2;
	list->rows[0] = one[6].row;
	list->rows[1] = one[7].row;
	assert_int_equal(checklist_status(list), 2);
	list->rows[0] = one[3].row;
	assert_int_equal(checklist_status(list), 3);
	free(list);
}

int
main(void)
{
	const struct CMUnitTest checklist[] = {
	    cmocka_unit_test(a_wildcard_of_a_policy_host_is_named),
	    cmocka_unit_test(requirements_are_judged_with_evidence),
	    cmocka_unit_test(a_mailbox_under_dane_is_a_warning),
	    cmocka_unit_test(an_id_is_to_change_with_its_policy),
	    cmocka_unit_test(an_address_that_nobody_saw_is_not_tested),
	    cmocka_unit_test(records_and_policies_are_measured),
	    cmocka_unit_test(a_list_is_whole),
	    cmocka_unit_test(each_row_of_the_mail_test_has_its_level),
	    cmocka_unit_test(the_worst_must_counts),
	};

	return RUN_TESTS(checklist);
}
