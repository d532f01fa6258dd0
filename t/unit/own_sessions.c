/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/own_sessions.h"

#include <string.h>

#include "common/base/cache.h"
#include "common/base/text.h"
#include "t/fake/watch.h"
#include "t/unit/fact_row.h"
#include "t/unit/tap.h"

static void
open_as(int sources, bool told)
{
	struct settings settings = {.tls_reports = TLS_REPORTS_COLLECT,
	    .tls_report_sources = sources,
	    .verdict_ttl_ms = 3600 * 1000};
	char path[] = "/run/tlsrpt.sock";

	if (told)
		settings.tls_report_socket = path;
	fake_watch_clear();
	own_sessions_open(&settings);
}

/* A check of d.example, or of another domain that goes there. */
static void
look(const struct row *row, const char *domain)
{
	AUTO(facts) struct facts *facts = fact_row_make(row);
	struct judge_terms terms = {.store = fact_pki.store};
	struct check check = {.domain = domain};

	check.verdict = judge(facts, &terms, CERTS_NOW);
	text_copy(facts->domain, sizeof(facts->domain), domain);
	fake_watch_look(facts, &check);
	verdict_free(check.verdict);
}

static const struct row failing_lookup = {.id = "R33",
    .mx = SEC,
    .hosts = ONE(SEC, T_BOG, P_GOOD),
    .sts = 0,
    .level = 0};
static const struct row unnamed_tested = {.id = "R42",
    .mx = SEC,
    .hosts = ONE(SEC, T_NIL, P_GOOD),
    .sts = S_TEST_2,
    .level = 0};

static void
what_no_mta_tells_is_counted(void **state)
{
	(void)state;
	open_as(TLS_SOURCE_POLICY, false);
	assert_false(fake_watch_keeps_refusals());
	look(&failing_lookup, "d.example");
	look(&unnamed_tested, "d.example");
	assert_string_equal(fake_counted,
	    "policy d.example tlsa 0 dnssec-invalid dnssec-invalid F\n"
	    "policy d.example sts 4 validation-failure sts-mx-mismatch -\n");
	own_sessions_close();
}

static void
sources_that_are_not_wanted_are_silent(void **state)
{
	(void)state;
	open_as(TLS_SOURCE_MTA | TLS_SOURCE_REFUSED, true);
	assert_true(fake_watch_keeps_refusals());
	assert_false(fake_watch_fail("d.example", NULL, NULL));
	look(&failing_lookup, "d.example");
	assert_string_equal(fake_counted, "");
	own_sessions_close();
}

/* R43: what the MTA takes for a success is the failure that was found, and that
 * alone */
static void
a_session_under_a_tested_policy_is_known(void **state)
{
	AUTO(tlsrpt_session)
	struct tlsrpt_session *told = tlsrpt_session_new("d.example");
	struct cache_entry *entry;

	(void)state;
	tlsrpt_session_add(told, TLSRPT_POLICY_NONE);
	open_as(TLS_SOURCE_MTA | TLS_SOURCE_POLICY, true);
	assert_null(own_sessions_tested(told));
	look(&unnamed_tested, "d.example");
	assert_string_equal(fake_counted, "");
	entry = own_sessions_tested(told);
	assert_non_null(entry);
	cache_release(entry);
	own_sessions_close();
}

static void
where_mail_of_others_goes_is_a_relay(void **state)
{
	(void)state;
	/* R17 */
	open_as(TLS_SOURCE_MTA | TLS_SOURCE_POLICY, true);
	look(&failing_lookup, "d.example");
	assert_false(own_sessions_relay("d.example"));
	fake_counted[0] = '\0';
	look(&failing_lookup, "other.example");
	assert_true(own_sessions_relay("d.example"));
	assert_string_equal(fake_counted, "");
	own_sessions_close();
}

static void
a_policy_that_cannot_be_had_is_a_failure(void **state)
{
	static const struct {
		const char *id;
		enum policy_fetch fetch;
		const char *kept;
		const char *counted;
	} rows[] = {
	    {"R40", POLICY_FETCH_ERROR, NULL,
		"policy d.example sts 0 sts-policy-fetch-error HTTP_404 F\n"},
	    {"R40 invalid", POLICY_INVALID, NULL,
		"policy d.example sts 0 sts-policy-invalid HTTP_404 F\n"},
	    {"R40 certificate", POLICY_WEBPKI_INVALID, NULL,
		"policy d.example sts 0 sts-webpki-invalid HTTP_404 F\n"},
	    {"R41", POLICY_FETCH_ERROR, "enforce",
		"policy d.example sts 4 sts-policy-fetch-error HTTP_404 F\n"},
	    {"R41 testing", POLICY_FETCH_ERROR, "testing",
		"policy d.example sts 4 sts-policy-fetch-error HTTP_404 F\n"},
	    {"R41 none", POLICY_FETCH_ERROR, "none", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(policy_facts)
		struct policy_facts *failed = policy_facts_new(rows[i].fetch);
		AUTO(sts_policy) struct sts_policy *kept = NULL;
		char body[128];

		snprintf(body, sizeof(body),
		    "version: STSv1\nmode: %s\nmax_age: 9999\n"
		    "mx: mx.d.example\n",
		    rows[i].kept == NULL ? "" : rows[i].kept);
		if (rows[i].kept != NULL)
			kept = sts_policy_parse(body, strlen(body), NULL);
		text_copy(failed->detail, sizeof(failed->detail), "HTTP_404");
		open_as(TLS_SOURCE_POLICY, false);
		fake_watch_fail("d.example", failed, kept);
		ROW_TEXT(rows[i].id, fake_counted, rows[i].counted);
		own_sessions_close();
	}
}

static void
refused_mail_counts_once(void **state)
{
	static const struct row row = {.id = "R30",
	    .mx = SEC,
	    .hosts = ONE(SEC, T_OK, P_PLAIN),
	    .sts = 0,
	    .level = 0};
	AUTO(facts) struct facts *facts = fact_row_make(&row);
	struct judge_terms terms = {.store = fact_pki.store};
	AUTO(verdict)
	struct verdict *verdict = judge(facts, &terms, CERTS_NOW);
	struct check check = {.domain = "d.example", .verdict = verdict};

	(void)state;
	facts->hosts[0].addresses[0].probe->connected = true;
	open_as(TLS_SOURCE_REFUSED, false);
	own_sessions_refused(&check);
	assert_string_equal(fake_counted, "");
	check.refusal = tls_refusal_new(facts, verdict);
	own_sessions_refused(&check);
	own_sessions_refused(&check);
	assert_string_equal(fake_counted,
	    "refused d.example tlsa 1 starttls-not-supported "
	    "starttls-not-supported F\n");
	tls_refusal_free(check.refusal);
	own_sessions_close();
}

int
main(void)
{
	const struct CMUnitTest own_sessions[] = {
	    cmocka_unit_test(what_no_mta_tells_is_counted),
	    cmocka_unit_test(sources_that_are_not_wanted_are_silent),
	    cmocka_unit_test(a_session_under_a_tested_policy_is_known),
	    cmocka_unit_test(where_mail_of_others_goes_is_a_relay),
	    cmocka_unit_test(a_policy_that_cannot_be_had_is_a_failure),
	    cmocka_unit_test(refused_mail_counts_once),
	};

	return RUN_TESTS_WITH(own_sessions, fact_pki_make, fact_pki_drop);
}
