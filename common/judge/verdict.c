/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/verdict.h"

#include "common/base/xalloc.h"

struct verdict *
verdict_new(enum result result, enum reason reason)
{
	struct verdict *verdict = xcalloc(1, sizeof(*verdict));

	verdict->result = result;
	verdict->policy = POLICY_TYPE_NONE;
	verdict->level = LEVEL_MAY;
	verdict->reason = reason;
	verdict->dane = DANE_STATE_NONE;
	verdict->sts = STS_STATE_NONE;
	verdict->sts_reason = REASON_OK;
	verdict->requiretls = REQUIRETLS_NOT_ASKED;
	verdict->rt = "";
	verdict->mode = "";
	return verdict;
}

struct verdict *
verdict_restate(
    const struct verdict *verdict, enum result result, enum reason reason)
{
	struct verdict *out = xmalloc(sizeof(*out));

	*out = *verdict;
	out->result = result;
	out->reason = reason;
	out->rt = "";
	out->rule = rule_ref(verdict->rule);
	out->mx = verdict->mx == NULL ? NULL : xstrdup(verdict->mx);
	out->detail = verdict->detail == NULL ? NULL : xstrdup(verdict->detail);
	out->walk = verdict->walk == NULL ? NULL : xstrdup(verdict->walk);
	out->hosts = NULL;
	out->host_count = 0;
	return out;
}

void
verdict_slim(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->host_count; i++) {
		free(verdict->hosts[i].addresses);
		rule_free(verdict->hosts[i].rule);
	}
	free(verdict->hosts);
	verdict->hosts = NULL;
	verdict->host_count = 0;
}

void
verdict_free(struct verdict *verdict)
{
	if (verdict == NULL)
		return;
	verdict_slim(verdict);
	rule_free(verdict->rule);
	free(verdict->mx);
	free(verdict->detail);
	free(verdict->walk);
	free(verdict);
}

int
result_badness(enum result result)
{
	static const int badness[] = {
	    [RESULT_SKIP] = 0,
	    [RESULT_PASS] = 1,
	    [RESULT_NONE] = 2,
	    [RESULT_SOFTFAIL] = 3,
	    [RESULT_TEMPERROR] = 4,
	    [RESULT_FAIL] = 5,
	};

	return badness[result];
}

bool
result_is_worse(enum result a, enum result b)
{
	return result_badness(a) > result_badness(b);
}

bool
host_is_good(enum host_outcome outcome)
{
	return outcome != HOST_SKIP && outcome != HOST_FAIL;
}

bool
host_is_weaker(enum host_outcome a, enum host_outcome b)
{
	static const int strength[] = {
	    [HOST_FAIL] = 0,
	    [HOST_SKIP] = 1,
	    [HOST_NO_POLICY] = 2,
	    [HOST_ENCRYPT_ONLY] = 3,
	    [HOST_STS_OK] = 4,
	    [HOST_HALF_DANE] = 5,
	    [HOST_SECURE_DANE] = 6,
	};

	return strength[a] < strength[b];
}

bool
requiretls_is_better(enum requiretls_state a, enum requiretls_state b)
{
	static const int goodness[] = {
	    [REQUIRETLS_NO_AUTH] = 0,
	    [REQUIRETLS_NOT_OFFERED] = 1,
	    [REQUIRETLS_UNKNOWN] = 2,
	    [REQUIRETLS_UNPROBED] = 3,
	    [REQUIRETLS_MET] = 4,
	    [REQUIRETLS_NOT_ASKED] = 5,
	};

	return goodness[a] > goodness[b];
}

bool
sts_state_is_worse(enum sts_state a, enum sts_state b)
{
	static const int badness[] = {
	    [STS_STATE_NONE] = 0,
	    [STS_STATE_PASS] = 1,
	    [STS_STATE_FAIL] = 2,
	    [STS_STATE_TESTING_FAIL] = 3,
	    [STS_STATE_ERROR] = 4,
	};

	return badness[a] > badness[b];
}

const char *
result_text(enum result result)
{
	static const char *const words[] = {
	    [RESULT_SKIP] = "skip",
	    [RESULT_PASS] = "pass",
	    [RESULT_NONE] = "none",
	    [RESULT_SOFTFAIL] = "softfail",
	    [RESULT_TEMPERROR] = "temperror",
	    [RESULT_FAIL] = "fail",
	};

	return words[result];
}

const char *
policy_type_text(enum policy_type policy)
{
	static const char *const words[] = {
	    [POLICY_TYPE_NONE] = "no-policy-found",
	    [POLICY_TYPE_TLSA] = "tlsa",
	    [POLICY_TYPE_STS] = "sts",
	    [POLICY_TYPE_LOCAL] = "local",
	};

	return words[policy];
}

const char *
reason_text(enum reason reason)
{
	static const char *const words[] = {
	    [REASON_OK] = "ok",
	    [REASON_NO_POLICY] = "no-policy",
	    [REASON_NOT_PROBED] = "not-probed",
	    [REASON_INSECURE_MX] = "insecure-mx",
	    [REASON_STARTTLS_NOT_SUPPORTED] = "starttls-not-supported",
	    [REASON_CERTIFICATE_HOST_MISMATCH] = "certificate-host-mismatch",
	    [REASON_CERTIFICATE_NOT_TRUSTED] = "certificate-not-trusted",
	    [REASON_CERTIFICATE_EXPIRED] = "certificate-expired",
	    [REASON_VALIDATION_FAILURE] = "validation-failure",
	    [REASON_DANE_REQUIRED] = "dane-required",
	    [REASON_TLSA_UNUSABLE] = "tlsa-unusable",
	    [REASON_DNSSEC_INVALID] = "dnssec-invalid",
	    [REASON_DNS_SERVFAIL] = "dns-servfail",
	    [REASON_DNS_TIMEOUT] = "dns-timeout",
	    [REASON_STS_POLICY_FETCH_ERROR] = "sts-policy-fetch-error",
	    [REASON_STS_POLICY_INVALID] = "sts-policy-invalid",
	    [REASON_STS_WEBPKI_INVALID] = "sts-webpki-invalid",
	    [REASON_STS_MX_MISMATCH] = "sts-mx-mismatch",
	    [REASON_STS_TESTING] = "sts-testing",
	    [REASON_NULL_MX] = "null-mx",
	    [REASON_NXDOMAIN] = "nxdomain",
	    [REASON_NO_ADDRESS] = "no-address",
	    [REASON_NAME_INVALID] = "name-invalid",
	    [REASON_CONNECT_FAILED] = "connect-failed",
	    [REASON_PROBE_TIMEOUT] = "probe-timeout",
	    [REASON_ADDRESS_BLOCKED] = "address-blocked",
	    [REASON_SOURCE_UNUSABLE] = "source-unusable",
	    [REASON_NOT_TRIED] = "not-tried",
	    [REASON_TLS_UNSUPPORTED] = "tls-unsupported",
	    [REASON_TOO_COSTLY] = "too-costly",
	    [REASON_DEADLINE] = "deadline",
	    [REASON_QUEUE_FULL] = "queue-full",
	    [REASON_RATE_LIMITED] = "rate-limited",
	    [REASON_RESOLVER_NOT_VALIDATING] = "resolver-not-validating",
	    [REASON_INTERNAL_ERROR] = "internal-error",
	    [REASON_EXEMPT] = "exempt",
	    [REASON_INTERNAL] = "internal",
	    [REASON_RELAYED] = "relayed",
	    [REASON_TLS_REQUIRED_NO] = "tls-required-no",
	    [REASON_REQUIRETLS_UNMET] = "requiretls-unmet",
	    [REASON_EXPIRED_RULE] = "expired-rule",
	};

	return words[reason];
}

bool
reason_is_nowhere(enum reason reason)
{
	return reason == REASON_NULL_MX || reason == REASON_NXDOMAIN ||
	       reason == REASON_NO_ADDRESS;
}

const char *
host_outcome_text(enum host_outcome outcome)
{
	static const char *const words[] = {
	    [HOST_SECURE_DANE] = "secure-dane",
	    [HOST_HALF_DANE] = "half-dane",
	    [HOST_STS_OK] = "sts-ok",
	    [HOST_ENCRYPT_ONLY] = "encrypt-only",
	    [HOST_NO_POLICY] = "no-policy",
	    [HOST_SKIP] = "skip",
	    [HOST_FAIL] = "fail",
	};

	return words[outcome];
}

const char *
dane_state_text(enum dane_state state)
{
	static const char *const words[] = {
	    [DANE_STATE_NONE] = "none",
	    [DANE_STATE_PASS] = "pass",
	    [DANE_STATE_FAIL] = "fail",
	    [DANE_STATE_ENCRYPT] = "encrypt",
	    [DANE_STATE_TEMPERROR] = "temperror",
	};

	return words[state];
}

const char *
sts_state_text(enum sts_state state)
{
	static const char *const words[] = {
	    [STS_STATE_NONE] = "none",
	    [STS_STATE_PASS] = "pass",
	    [STS_STATE_FAIL] = "fail",
	    [STS_STATE_TESTING_FAIL] = "testing-fail",
	    [STS_STATE_ERROR] = "error",
	};

	return words[state];
}
