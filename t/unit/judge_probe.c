/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/judge.h"

#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/fact_row.h"
#include "t/unit/tap.h"

/* One host and what it let us see, against what would be demanded of it. */
struct session_row {
	const char *id;
	enum tlsa_kind tlsa;
	enum sts_kind sts;
	enum level level;
	enum probe_kind leaf;
	enum result result;
	enum reason reason;
	const char *dane, *sts_state;
};

static struct verdict *
judge_session(
    const struct session_row *row, enum probe_outcome outcome, bool answered)
{
	const struct row like = {.mx = SEC,
	    .hosts = ONE(SEC, row->tlsa, row->leaf),
	    .sts = row->sts};
	struct judge_terms terms = {
	    .store = fact_pki.store, .level = row->level};
	AUTO(facts) struct facts *facts = fact_row_make(&like);
	struct probe_facts *probe = facts->hosts[0].addresses[0].probe;

	probe->outcome = outcome;
	probe->tls_ehlo = false;
	probe->tls_answered = answered;
	return judge(facts, &terms, CERTS_NOW);
}

static void
check_sessions(const struct session_row *rows, size_t count,
    enum probe_outcome outcome, bool answered)
{
	for (size_t i = 0; i < count; i++) {
		const struct session_row *row = &rows[i];
		AUTO(verdict)
		struct verdict *verdict = judge_session(row, outcome, answered);

		ROW_TEXT(row->id, result_text(verdict->result),
		    result_text(row->result));
		ROW_TEXT(row->id, reason_text(verdict->reason),
		    reason_text(row->reason));
		ROW_TEXT(row->id, dane_state_text(verdict->dane), row->dane);
		ROW_TEXT(row->id, sts_state_text(verdict->sts), row->sts_state);
	}
}

/* What smtp(8) finds wrong with a certificate it finds before anybody could
 * let it in. */
#define WRONG_WHATEVER_FOLLOWS                                                 \
	{"DANE, other key", T_BAD, 0, 0, P_GOOD, RESULT_FAIL,                  \
	    REASON_VALIDATION_FAILURE, "fail", "none"},                        \
	    {"DANE-TA, other name", T_TA, 0, 0, P_OTHER, RESULT_FAIL,          \
		REASON_CERTIFICATE_HOST_MISMATCH, "fail", "none"},             \
	    {"MTA-STS, self-signed", T_NIL, S_ENFORCE, 0, P_SELF, RESULT_FAIL, \
		REASON_CERTIFICATE_NOT_TRUSTED, "none", "fail"},               \
	{                                                                      \
		"secure, other name", T_NIL, 0, LEVEL_SECURE, P_OTHER,         \
		    RESULT_FAIL, REASON_CERTIFICATE_HOST_MISMATCH, "none",     \
		    "none"                                                     \
	}

static void
a_host_that_lets_nobody_in_after_tls_is_out_of_reach(void **state)
{
	static const struct session_row rows[] = {
	    WRONG_WHATEVER_FOLLOWS,
	    {"DANE", T_OK, 0, 0, P_GOOD, RESULT_TEMPERROR,
		REASON_CONNECT_FAILED, "temperror", "none"},
	    {"MTA-STS", T_NIL, S_ENFORCE, 0, P_GOOD, RESULT_TEMPERROR,
		REASON_CONNECT_FAILED, "none", "none"},
	    {"encrypt", T_NIL, 0, LEVEL_ENCRYPT, P_SELF, RESULT_TEMPERROR,
		REASON_CONNECT_FAILED, "none", "none"},
	    {"unusable records", T_PKIX, 0, 0, P_SELF, RESULT_TEMPERROR,
		REASON_CONNECT_FAILED, "temperror", "none"},
	};
	static const struct session_row no_policy[] = {
	    {"no policy", T_NIL, 0, 0, P_SELF, RESULT_NONE, REASON_NO_POLICY,
		"none", "none"},
	    {"testing", T_NIL, S_TESTING, 0, P_GOOD, RESULT_NONE,
		REASON_NO_POLICY, "none", "none"},
	    {"testing, self-signed", T_NIL, S_TESTING, 0, P_SELF,
		RESULT_SOFTFAIL, REASON_STS_TESTING, "none", "testing-fail"},
	};
	static const struct session_row refused[] = {{"no policy", T_NIL, 0, 0,
	    P_SELF, RESULT_TEMPERROR, REASON_CONNECT_FAILED, "none", "none"}};

	(void)state;
	check_sessions(rows, COUNT(rows), PROBE_TLS_REFUSED, false);
	check_sessions(rows, COUNT(rows), PROBE_TLS_REFUSED, true);
	/* a finished handshake is not yet the host's yes */
	check_sessions(rows, COUNT(rows), PROBE_TLS, false);
	/* smtp(8) comes back in the clear, but not after a no */
	check_sessions(no_policy, COUNT(no_policy), PROBE_TLS_REFUSED, false);
	check_sessions(refused, COUNT(refused), PROBE_TLS_REFUSED, true);
}

static void
tls_that_only_we_cannot_finish_is_no_fail_and_no_pass(void **state)
{
	static const struct session_row rows[] = {
	    WRONG_WHATEVER_FOLLOWS,
	    {"DANE", T_OK, 0, 0, P_GOOD, RESULT_NONE, REASON_TLS_UNSUPPORTED,
		"temperror", "none"},
	    {"DANE-TA", T_TA, 0, 0, P_GOOD, RESULT_NONE, REASON_TLS_UNSUPPORTED,
		"temperror", "none"},
	    {"MTA-STS", T_NIL, S_ENFORCE, 0, P_GOOD, RESULT_NONE,
		REASON_TLS_UNSUPPORTED, "none", "none"},
	    {"secure", T_NIL, 0, LEVEL_SECURE, P_GOOD, RESULT_NONE,
		REASON_TLS_UNSUPPORTED, "none", "none"},
	    {"encrypt", T_NIL, 0, LEVEL_ENCRYPT, P_SELF, RESULT_NONE,
		REASON_TLS_UNSUPPORTED, "none", "none"},
	    {"no policy", T_NIL, 0, 0, P_SELF, RESULT_NONE, REASON_NO_POLICY,
		"none", "none"},
	};

	(void)state;
	check_sessions(rows, COUNT(rows), PROBE_TLS_UNSUPPORTED, false);
}

static void
a_certificate_seen_before_time_ran_out_counts(void **state)
{
	static const struct session_row rows[] = {
	    WRONG_WHATEVER_FOLLOWS,
	    {"DANE", T_OK, 0, 0, P_GOOD, RESULT_TEMPERROR, REASON_PROBE_TIMEOUT,
		"temperror", "none"},
	    {"MTA-STS", T_NIL, S_ENFORCE, 0, P_GOOD, RESULT_TEMPERROR,
		REASON_PROBE_TIMEOUT, "none", "none"},
	};

	(void)state;
	check_sessions(rows, COUNT(rows), PROBE_TIMEOUT, false);
}

/* The good leaf as version 1, with its extensions: OpenSSL takes it. */
static struct probe_facts *
make_version_1_probe(uint8_t octets[4096])
{
	static const uint8_t version_3[] = {0xa0, 3, 2, 1, 2};
	struct der leaf = cert_der(fact_pki.leaf[0][P_GOOD]);
	struct der chain[] = {{octets, leaf.size}, cert_der(fact_pki.root)};
	struct probe_facts *probe = probe_facts_new(PROBE_TLS_UNSUPPORTED);
	uint8_t *version;

	assert_true(leaf.size <= 4096);
	memcpy(octets, leaf.data, leaf.size);
	version = memmem(octets, leaf.size, version_3, sizeof(version_3));
	assert_non_null(version);
	version[4] = 0;
	probe_facts_set_certs(probe, chain, COUNT(chain));
	return probe;
}

static void
a_leaf_that_our_library_cannot_read_is_compared_by_its_octets(void **state)
{
	static const struct {
		const char *id;
		enum tlsa_kind tlsa;
		enum sts_kind sts;
		enum result result;
		enum reason reason;
		enum requiretls_state requiretls;
	} rows[] = {
	    {"its key", T_OK, 0, RESULT_NONE, REASON_TLS_UNSUPPORTED,
		REQUIRETLS_UNKNOWN},
	    {"another key", T_BAD, 0, RESULT_FAIL, REASON_VALIDATION_FAILURE,
		REQUIRETLS_NO_AUTH},
	    {"trust anchor", T_TA, 0, RESULT_TEMPERROR, REASON_TLS_UNSUPPORTED,
		REQUIRETLS_UNKNOWN},
	    {"MTA-STS", T_NIL, S_ENFORCE, RESULT_TEMPERROR,
		REASON_TLS_UNSUPPORTED, REQUIRETLS_UNKNOWN},
	    {"no policy", T_NIL, 0, RESULT_NONE, REASON_NO_POLICY,
		REQUIRETLS_UNKNOWN},
	};
	struct judge_terms terms = {
	    .store = fact_pki.store, .requiretls = true};
	uint8_t octets[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row row = {.mx = SEC,
		    .hosts = ONE(SEC, rows[i].tlsa, P_GOOD),
		    .sts = rows[i].sts};
		AUTO(facts) struct facts *facts = fact_row_make(&row);
		AUTO(verdict) struct verdict *verdict = NULL;
		struct address_facts *address = &facts->hosts[0].addresses[0];

		probe_facts_free(address->probe);
		address->probe = make_version_1_probe(octets);
		verdict = judge(facts, &terms, CERTS_NOW);
		ROW_TEXT(rows[i].id, result_text(verdict->result),
		    result_text(rows[i].result));
		ROW_TEXT(rows[i].id, reason_text(verdict->reason),
		    reason_text(rows[i].reason));
		ROW_TEXT(rows[i].id, sts_state_text(verdict->sts), "none");
		ROW(rows[i].id, verdict->requiretls == rows[i].requiretls);
	}
}

/* No probe makes such facts, but who writes a file of them may. */
static void
tls_without_a_certificate_is_found_wrong(void **state)
{
	static const enum probe_outcome outcomes[] = {
	    PROBE_TLS, PROBE_TLS_REFUSED, PROBE_TLS_UNSUPPORTED};
	static const struct row row = {
	    .mx = SEC, .hosts = ONE(SEC, T_OK, P_GOOD)};
	struct judge_terms terms = {.store = fact_pki.store};

	(void)state;
	for (size_t i = 0; i < COUNT(outcomes); i++) {
		AUTO(facts) struct facts *facts = fact_row_make(&row);
		AUTO(verdict) struct verdict *verdict = NULL;
		struct address_facts *address = &facts->hosts[0].addresses[0];

		probe_facts_free(address->probe);
		address->probe = probe_facts_new(outcomes[i]);
		address->probe->tls_ehlo = true;
		verdict = judge(facts, &terms, CERTS_NOW);
		assert_int_equal(verdict->result, RESULT_FAIL);
		assert_int_equal(verdict->reason, REASON_VALIDATION_FAILURE);
	}
}

/* Of the host's addresses, all with the chain of the first. */
static void
add_addresses(struct host_facts *host, size_t count)
{
	struct probe_facts *probe = host->addresses[0].probe;

	host->addresses =
	    xrealloc(host->addresses, count, sizeof(*host->addresses));
	for (size_t i = 1; i < count; i++) {
		host->addresses[i] = host->addresses[0];
		probe_facts_ref(probe);
	}
	host->address_count = count;
}

static void
a_chain_is_checked_once_however_often_it_is_judged(void **state)
{
	const struct row row = {
	    .mx = SEC, .hosts = ONE(SEC, T_TA, P_GOOD), .sts = S_ENFORCE};
	struct judge_terms terms = {.store = fact_pki.store};
	AUTO(facts) struct facts *facts = fact_row_make(&row);

	(void)state;
	add_addresses(&facts->hosts[0], LIMIT_HOST_ADDRESSES);
	for (int i = 0; i < LIMIT_SIGNATURE_CHECKS; i++) {
		AUTO(verdict)
		struct verdict *verdict = judge(facts, &terms, CERTS_NOW);

		assert_int_equal(verdict->result, RESULT_PASS);
	}
}

static struct verdict *
judge_pair(enum probe_kind better, enum probe_kind worse, bool untried)
{
	const struct row row = {.mx = SEC,
	    .hosts = {{10, SEC, T_OK, better}, {20, SEC, T_OK, worse}}};
	AUTO(facts) struct facts *facts = fact_row_make(&row);
	struct judge_terms terms = {.store = fact_pki.store,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 30};

	facts->hosts[1].addresses[0].untried = untried;
	return judge(facts, &terms, CERTS_NOW);
}

static void
a_host_that_mail_never_gets_to_does_not_count(void **state)
{
	static const struct {
		const char *id;
		enum probe_kind better, worse;
		bool untried;
		enum result result;
		enum reason reason, of_worse;
	} rows[] = {
	    {"tried", P_CLOSED, P_GOOD, false, RESULT_PASS, REASON_OK,
		REASON_OK},
	    {"good", P_CLOSED, P_GOOD, true, RESULT_TEMPERROR,
		REASON_CONNECT_FAILED, REASON_NOT_TRIED},
	    {"bad", P_CLOSED, P_OTHER, true, RESULT_TEMPERROR,
		REASON_CONNECT_FAILED, REASON_NOT_TRIED},
	    {"needless", P_GOOD, P_NOT, true, RESULT_PASS, REASON_OK,
		REASON_NOT_TRIED},
	    {"no help", P_OTHER, P_GOOD, true, RESULT_FAIL,
		REASON_VALIDATION_FAILURE, REASON_NOT_TRIED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(verdict)
		struct verdict *verdict =
		    judge_pair(rows[i].better, rows[i].worse, rows[i].untried);

		ROW_TEXT(rows[i].id, result_text(verdict->result),
		    result_text(rows[i].result));
		ROW_TEXT(rows[i].id, reason_text(verdict->reason),
		    reason_text(rows[i].reason));
		ROW_TEXT(rows[i].id, reason_text(verdict->hosts[1].reason),
		    reason_text(rows[i].of_worse));
		ROW(rows[i].id,
		    rows[i].better != P_GOOD || verdict->ttl_s == 3600);
	}
}

/* Whichever of two that mail never comes to is first. */
static void
an_untried_host_tells_more_than_one_without_an_address(void **state)
{
	static const struct host_row untried = {10, SEC, T_OK, P_GOOD};
	static const struct host_row absent = {10, NIL, T_NIL, P_NOT};

	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct row row = {.mx = SEC,
		    .hosts = {
			i == 0 ? untried : absent, i == 0 ? absent : untried}};
		AUTO(facts) struct facts *facts = fact_row_make(&row);
		AUTO(verdict) struct verdict *verdict = NULL;

		facts->hosts[i].addresses[0].untried = true;
		verdict = judge(facts,
		    &(struct judge_terms){.store = fact_pki.store}, CERTS_NOW);
		assert_int_equal(verdict->result, RESULT_TEMPERROR);
		assert_int_equal(verdict->reason, REASON_NOT_TRIED);
	}
}

/* The leaf, and the root over and over. */
static struct probe_facts *
make_long_probe(size_t count)
{
	struct probe_facts *probe = probe_facts_new(PROBE_TLS);
	struct der chain[LIMIT_CHAIN_CERTS];

	chain[0] = cert_der(fact_pki.leaf[0][P_GOOD]);
	for (size_t i = 1; i < count; i++)
		chain[i] = cert_der(fact_pki.root);
	probe_facts_set_certs(probe, chain, count);
	probe->tls_ehlo = probe->tls_answered = true;
	return probe;
}

/* As many bare keys as are tried, none of which has signed anything. */
static void
add_strange_keys(struct host_facts *host)
{
	const struct cert_spec spec = {.cn = "stranger", .ca = true};

	tlsa_set_fini(&host->records);
	for (int i = 0; i < LIMIT_BARE_KEYS; i++) {
		AUTO(cert_made) struct cert_made *stranger = cert_make(&spec);

		certs_tlsa(&host->records, TLSA_DANE_TA, TLSA_SPKI, TLSA_FULL,
		    stranger);
	}
	tlsa_set_finish(&host->records);
}

static void
what_is_too_costly_to_check_is_no_failure(void **state)
{
	const struct row row = {.mx = SEC,
	    .hosts = {{10, SEC, T_TA, P_GOOD}, {10, SEC, T_TA, P_GOOD}}};
	struct judge_terms terms = {.store = fact_pki.store};
	AUTO(facts) struct facts *facts = fact_row_make(&row);
	AUTO(verdict) struct verdict *verdict = NULL;

	(void)state;
	for (size_t i = 0; i < facts->host_count; i++) {
		struct host_facts *host = &facts->hosts[i];

		add_addresses(host, 2);
		add_strange_keys(host);
		for (size_t k = 0; k < 2; k++) {
			probe_facts_free(host->addresses[k].probe);
			host->addresses[k].probe =
			    make_long_probe(LIMIT_CHAIN_CERTS - 2 * i - k);
		}
	}
	verdict = judge(facts, &terms, CERTS_NOW);
	assert_int_equal(verdict->hosts[0].outcome, HOST_FAIL);
	assert_int_equal(verdict->hosts[1].outcome, HOST_SKIP);
	assert_int_equal(verdict->hosts[1].reason, REASON_TOO_COSTLY);
	facts->host_count = 1; /* the first alone is dear as well */
	verdict_free(verdict);
	verdict = judge(facts, &terms, CERTS_NOW);
	assert_int_equal(verdict->reason, REASON_CERTIFICATE_NOT_TRUSTED);
	facts->host_count = 2;
}

int
main(void)
{
	const struct CMUnitTest judge_probe[] = {
	    cmocka_unit_test(
		a_host_that_lets_nobody_in_after_tls_is_out_of_reach),
	    cmocka_unit_test(
		tls_that_only_we_cannot_finish_is_no_fail_and_no_pass),
	    cmocka_unit_test(a_certificate_seen_before_time_ran_out_counts),
	    cmocka_unit_test(
		a_leaf_that_our_library_cannot_read_is_compared_by_its_octets),
	    cmocka_unit_test(tls_without_a_certificate_is_found_wrong),
	    cmocka_unit_test(
		a_chain_is_checked_once_however_often_it_is_judged),
	    cmocka_unit_test(a_host_that_mail_never_gets_to_does_not_count),
	    cmocka_unit_test(
		an_untried_host_tells_more_than_one_without_an_address),
	    cmocka_unit_test(what_is_too_costly_to_check_is_no_failure),
	};

	return RUN_TESTS_WITH(judge_probe, fact_pki_make, fact_pki_drop);
}
