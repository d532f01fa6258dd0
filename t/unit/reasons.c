/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/reasons.h"

#include <string.h>

#include "common/base/text.h"
#include "t/fake/certs.h"
#include "t/unit/tap.h"

static void
what_failed_has_its_reason(void **state)
{
	static const struct {
		enum lookup_state state;
		enum reason reason;
	} lookups[] = {
	    {LOOKUP_NOT_ASKED, REASON_OK},
	    {LOOKUP_DATA, REASON_OK},
	    {LOOKUP_NODATA, REASON_OK},
	    {LOOKUP_NXDOMAIN, REASON_NXDOMAIN},
	    {LOOKUP_BOGUS, REASON_DNSSEC_INVALID},
	    {LOOKUP_SERVFAIL, REASON_DNS_SERVFAIL},
	    {LOOKUP_TIMEOUT, REASON_DNS_TIMEOUT},
	};
	static const enum reason fetches[] = {
	    [POLICY_NOT_FETCHED] = REASON_OK,
	    [POLICY_FETCHED] = REASON_OK,
	    [POLICY_FETCH_ERROR] = REASON_STS_POLICY_FETCH_ERROR,
	    [POLICY_WEBPKI_INVALID] = REASON_STS_WEBPKI_INVALID,
	    [POLICY_INVALID] = REASON_STS_POLICY_INVALID,
	};
	static const enum reason statuses[] = {
	    [X509_TRUSTED] = REASON_OK,
	    [X509_NOT_TRUSTED] = REASON_CERTIFICATE_NOT_TRUSTED,
	    [X509_EXPIRED] = REASON_CERTIFICATE_EXPIRED,
	    [X509_NOT_YET_VALID] = REASON_VALIDATION_FAILURE,
	    [X509_TOO_COSTLY] = REASON_TOO_COSTLY,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lookups); i++) {
		struct lookup lookup = {.state = lookups[i].state};

		assert_int_equal(lookup_reason(&lookup), lookups[i].reason);
	}
	for (size_t i = 0; i < COUNT(fetches); i++)
		assert_int_equal(
		    policy_fetch_reason((enum policy_fetch)i), fetches[i]);
	for (size_t i = 0; i < COUNT(statuses); i++)
		assert_int_equal(
		    x509_status_reason((enum x509_status)i), statuses[i]);
}

static const struct {
	enum probe_outcome outcome;
	bool ehlo;
	enum session session;
	enum reason reason;
} probes[] = {
    {PROBE_NOT_DONE, false, SESSION_UNKNOWN, REASON_NOT_PROBED},
    {PROBE_TLS, true, SESSION_OPEN, REASON_OK},
    {PROBE_TLS, false, SESSION_SHUT, REASON_CONNECT_FAILED},
    {PROBE_TLS_REFUSED, false, SESSION_SHUT, REASON_CONNECT_FAILED},
    {PROBE_TLS_UNSUPPORTED, false, SESSION_UNSUPPORTED, REASON_TLS_UNSUPPORTED},
    {PROBE_NO_STARTTLS, false, SESSION_PLAIN, REASON_STARTTLS_NOT_SUPPORTED},
    {PROBE_STARTTLS_REFUSED, false, SESSION_PLAIN,
	REASON_STARTTLS_NOT_SUPPORTED},
    {PROBE_TLS_FAILED, false, SESSION_PLAIN, REASON_VALIDATION_FAILURE},
    {PROBE_REFUSED, false, SESSION_NOBODY, REASON_CONNECT_FAILED},
    {PROBE_NOT_SMTP, false, SESSION_NOBODY, REASON_CONNECT_FAILED},
    {PROBE_CONNECT_FAILED, false, SESSION_NOBODY, REASON_CONNECT_FAILED},
    {PROBE_TIMEOUT, false, SESSION_NOBODY, REASON_PROBE_TIMEOUT},
    {PROBE_NO_SOURCE, false, SESSION_NOBODY, REASON_SOURCE_UNUSABLE},
    {PROBE_BLOCKED, false, SESSION_NOBODY, REASON_ADDRESS_BLOCKED},
    {PROBE_OWN, false, SESSION_NOBODY, REASON_ADDRESS_BLOCKED},
};

static void
a_probe_is_a_session_and_a_reason(void **state)
{
	bool had[PROBE_OWN + 1] = {false};

	(void)state;
	for (size_t i = 0; i < COUNT(probes); i++) {
		struct probe_facts probe = {
		    .outcome = probes[i].outcome, .tls_ehlo = probes[i].ehlo};
		const char *id = probe_outcome_text(probe.outcome);

		ROW(id, probe_session(&probe) == probes[i].session);
		ROW(id, probe_reason(&probe) == probes[i].reason);
		ROW(id, (probe_reason(&probe) == REASON_OK) ==
			    (probes[i].session == SESSION_OPEN));
		had[probe.outcome] = true;
	}
	for (size_t i = 0; i < COUNT(had); i++)
		assert_true(had[i]);
}

/* RFC 8460 section 4.3 has no others. */
static void
a_report_knows_nothing_but_the_types_of_its_rfc(void **state)
{
	static const char *const types[] = {"", "starttls-not-supported",
	    "certificate-host-mismatch", "certificate-expired",
	    "certificate-not-trusted", "validation-failure", "tlsa-invalid",
	    "dnssec-invalid", "dane-required", "sts-policy-fetch-error",
	    "sts-policy-invalid", "sts-webpki-invalid"};

	(void)state;
	for (int i = 0; i < REASONS; i++) {
		enum reason reason = (enum reason)i;
		bool is_type = false;

		for (size_t k = 0; k < COUNT(types); k++)
			is_type |= strcmp(reason_rt(reason), types[k]) == 0;
		ROW(reason_text(reason), is_type);
	}
	assert_string_equal(
	    reason_rt(REASON_STS_MX_MISMATCH), "validation-failure");
	assert_string_equal(reason_rt(REASON_TLSA_UNUSABLE), "tlsa-invalid");
	assert_string_equal(reason_rt(REASON_CONNECT_FAILED), "");
}

/* What the admin compares; no "=", which a log value does not know. */
static void
what_the_host_showed_is_told(void **state)
{
	static const struct cert_spec root_spec = {
	    .cn = "The Root", .ca = true};
	AUTO(cert_made) struct cert_made *root = cert_make(&root_spec);
	const struct cert_spec leaf_spec = {
	    .cn = "mx1", .names = {"mx1.d.example"}, .issuer = root};
	AUTO(cert_made) struct cert_made *leaf = cert_make(&leaf_spec);
	AUTO(x509_chain)
	struct x509_chain *chain =
	    certs_chain((const struct cert_made *[]){leaf}, 1);
	char detail[LIMIT_DETAIL_SIZE], hex[2 * 32 + 1];
	uint8_t digest[32];

	(void)state;
	reason_detail(chain, REASON_CERTIFICATE_NOT_TRUSTED, detail);
	assert_string_equal(detail, "issuer_CN:The_Root");
	reason_detail(chain, REASON_CERTIFICATE_EXPIRED, detail);
	assert_string_equal(detail, "subject_CN:mx1");
	reason_detail(chain, REASON_VALIDATION_FAILURE, detail);
	assert_memory_equal(detail, "presented_3_1_1_", 16);
	x509_sha256(cert_spki(leaf), digest);
	text_hex(hex, sizeof(hex), digest, sizeof(digest));
	assert_string_equal(detail + 16, hex);
	reason_detail(chain, REASON_OK, detail);
	assert_string_equal(detail, "");
	reason_detail(chain, REASON_TOO_COSTLY, detail);
	assert_string_equal(detail, "");
}

int
main(void)
{
	const struct CMUnitTest reasons[] = {
	    cmocka_unit_test(what_failed_has_its_reason),
	    cmocka_unit_test(a_probe_is_a_session_and_a_reason),
	    cmocka_unit_test(a_report_knows_nothing_but_the_types_of_its_rfc),
	    cmocka_unit_test(what_the_host_showed_is_told),
	};

	return RUN_TESTS(reasons);
}
