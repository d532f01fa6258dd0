/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/reasons.h"

#include <string.h>

#include "common/base/text.h"

enum reason
lookup_reason(const struct lookup *lookup)
{
	switch (lookup->state) {
	case LOOKUP_BOGUS:
		return REASON_DNSSEC_INVALID;
	case LOOKUP_SERVFAIL:
		return REASON_DNS_SERVFAIL;
	case LOOKUP_TIMEOUT:
		return REASON_DNS_TIMEOUT;
	case LOOKUP_NXDOMAIN:
		return REASON_NXDOMAIN;
	case LOOKUP_NOT_ASKED:
	case LOOKUP_DATA:
	case LOOKUP_NODATA:
		break;
	}
	return REASON_OK;
}

enum reason
policy_fetch_reason(enum policy_fetch fetch)
{
	switch (fetch) {
	case POLICY_FETCH_ERROR:
		return REASON_STS_POLICY_FETCH_ERROR;
	case POLICY_WEBPKI_INVALID:
		return REASON_STS_WEBPKI_INVALID;
	case POLICY_INVALID:
		return REASON_STS_POLICY_INVALID;
	case POLICY_NOT_FETCHED:
	case POLICY_FETCHED:
		break;
	}
	return REASON_OK;
}

const char *
reason_rt(enum reason reason)
{
	switch (reason) {
	case REASON_STARTTLS_NOT_SUPPORTED:
	case REASON_CERTIFICATE_HOST_MISMATCH:
	case REASON_CERTIFICATE_NOT_TRUSTED:
	case REASON_CERTIFICATE_EXPIRED:
	case REASON_VALIDATION_FAILURE:
	case REASON_DANE_REQUIRED:
	case REASON_STS_POLICY_FETCH_ERROR:
	case REASON_STS_POLICY_INVALID:
	case REASON_STS_WEBPKI_INVALID:
		return reason_text(reason);
	case REASON_STS_MX_MISMATCH:
		return "validation-failure";
	case REASON_TLSA_UNUSABLE:
		return "tlsa-invalid";
	default: /* the other reasons are nothing that a report counts */
		return "";
	}
}

enum reason
dane_outcome_reason(enum dane_outcome outcome)
{
	switch (outcome) {
	case DANE_NOT_TRUSTED:
		return REASON_CERTIFICATE_NOT_TRUSTED;
	case DANE_EXPIRED:
		return REASON_CERTIFICATE_EXPIRED;
	case DANE_NAME_MISMATCH:
		return REASON_CERTIFICATE_HOST_MISMATCH;
	case DANE_NO_MATCH:
	case DANE_NOT_YET_VALID:
	case DANE_UNUSABLE:
		return REASON_VALIDATION_FAILURE;
	case DANE_TOO_COSTLY:
		return REASON_TOO_COSTLY;
	case DANE_MATCHED:
		break;
	}
	return REASON_OK;
}

enum reason
x509_status_reason(enum x509_status status)
{
	switch (status) {
	case X509_NOT_TRUSTED:
		return REASON_CERTIFICATE_NOT_TRUSTED;
	case X509_EXPIRED:
		return REASON_CERTIFICATE_EXPIRED;
	case X509_NOT_YET_VALID:
		return REASON_VALIDATION_FAILURE;
	case X509_TOO_COSTLY:
		return REASON_TOO_COSTLY;
	case X509_TRUSTED:
		break;
	}
	return REASON_OK;
}

enum session
probe_session(const struct probe_facts *probe)
{
	switch (probe->outcome) {
	case PROBE_NOT_DONE:
		return SESSION_UNKNOWN;
	case PROBE_CONNECT_FAILED:
	case PROBE_REFUSED:
	case PROBE_NOT_SMTP:
	case PROBE_TIMEOUT:
	case PROBE_NO_SOURCE:
	case PROBE_BLOCKED:
	case PROBE_OWN:
		return SESSION_NOBODY;
	case PROBE_NO_STARTTLS:
	case PROBE_STARTTLS_REFUSED:
	case PROBE_TLS_FAILED:
		return SESSION_PLAIN;
	case PROBE_TLS_UNSUPPORTED:
		return SESSION_UNSUPPORTED;
	case PROBE_TLS_REFUSED:
		return SESSION_SHUT;
	case PROBE_TLS:
		return probe->tls_ehlo ? SESSION_OPEN : SESSION_SHUT;
	}
	return SESSION_UNKNOWN;
}

enum reason
probe_reason(const struct probe_facts *probe)
{
	switch (probe->outcome) {
	case PROBE_NO_STARTTLS:
	case PROBE_STARTTLS_REFUSED:
		return REASON_STARTTLS_NOT_SUPPORTED;
	case PROBE_TLS_FAILED:
		return REASON_VALIDATION_FAILURE;
	case PROBE_TLS_UNSUPPORTED:
		return REASON_TLS_UNSUPPORTED;
	case PROBE_TLS_REFUSED:
	case PROBE_CONNECT_FAILED:
	case PROBE_REFUSED:
	case PROBE_NOT_SMTP:
		return REASON_CONNECT_FAILED;
	case PROBE_TIMEOUT:
		return REASON_PROBE_TIMEOUT;
	case PROBE_NO_SOURCE:
		return REASON_SOURCE_UNUSABLE;
	case PROBE_BLOCKED:
	case PROBE_OWN:
		return REASON_ADDRESS_BLOCKED;
	case PROBE_NOT_DONE:
		return REASON_NOT_PROBED;
	case PROBE_TLS:
		return probe->tls_ehlo ? REASON_OK : REASON_CONNECT_FAILED;
	}
	return REASON_INTERNAL_ERROR;
}

void
reason_detail(const struct x509_chain *chain, enum reason reason,
    char detail[LIMIT_DETAIL_SIZE])
{
	char octets[2 * 32 + 1], words[2 * LIMIT_DETAIL_SIZE];
	struct text text;
	uint8_t digest[32];

	text_init(&text, words, sizeof(words));
	detail[0] = '\0';
	if (reason == REASON_OK || reason == REASON_NOT_PROBED ||
	    reason == REASON_TOO_COSTLY || reason == REASON_TLS_UNSUPPORTED)
		return;
	if (reason == REASON_VALIDATION_FAILURE) {
		x509_sha256(x509_spki(chain, 0), digest);
		text_hex(octets, sizeof(octets), digest, sizeof(digest));
		text_addf(&text, "presented 3 1 1 %s", octets);
	} else if (reason == REASON_CERTIFICATE_NOT_TRUSTED) {
		text_addf(&text, "issuer %s",
		    x509_issuer(chain, x509_count(chain) - 1));
	} else {
		text_addf(&text, "subject %s", x509_subject(chain, 0));
	}
	/* a log value knows no "=", which stands in every subject */
	for (char *c = strchr(words, '='); c != NULL; c = strchr(c, '='))
		*c = ':';
	text_clean(detail, LIMIT_DETAIL_SIZE, words, text.len);
}
