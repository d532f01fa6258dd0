/* tlsrpt_result - the words of RFC 8460 for what failed and under which policy,
 * and libtlsrpt's numbers for them. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_TLSRPT_RESULT_H
#define COMMON_PROTO_TLSRPT_RESULT_H

/* Result types of RFC 8460 section 4.3. */
enum tlsrpt_result {
	TLSRPT_RESULT_OTHER, /* a word that we do not know */
	TLSRPT_STARTTLS_NOT_SUPPORTED,
	TLSRPT_CERTIFICATE_HOST_MISMATCH,
	TLSRPT_CERTIFICATE_NOT_TRUSTED,
	TLSRPT_CERTIFICATE_EXPIRED,
	TLSRPT_VALIDATION_FAILURE,
	TLSRPT_STS_POLICY_FETCH_ERROR,
	TLSRPT_STS_POLICY_INVALID,
	TLSRPT_STS_WEBPKI_INVALID,
	TLSRPT_TLSA_INVALID,
	TLSRPT_DNSSEC_INVALID,
	TLSRPT_DANE_REQUIRED,
};
enum { TLSRPT_RESULTS = TLSRPT_DANE_REQUIRED + 1 };

/* Policy types of section 4.4, in the order in which a report has them. */
enum tlsrpt_policy_type {
	TLSRPT_POLICY_OTHER,
	TLSRPT_POLICY_TLSA,
	TLSRPT_POLICY_STS,
	TLSRPT_POLICY_NONE, /* no-policy-found */
};
enum { TLSRPT_POLICY_TYPES = TLSRPT_POLICY_NONE + 1 };

/* tlsrpt_result_text, tlsrpt_policy_type_text - the word, a constant; "other"
 * for OTHER, which no report has */
const char *tlsrpt_result_text(enum tlsrpt_result result);
const char *tlsrpt_policy_type_text(enum tlsrpt_policy_type type);

/* tlsrpt_result_of, tlsrpt_policy_type_of - what a word means, in any case of
 * letters */
enum tlsrpt_result tlsrpt_result_of(const char *word);
enum tlsrpt_policy_type tlsrpt_policy_type_of(const char *word);

/* tlsrpt_result_from_code, tlsrpt_policy_type_from_code - the same for the
 * numbers of libtlsrpt's datagrams */
enum tlsrpt_result tlsrpt_result_from_code(long long code);
enum tlsrpt_policy_type tlsrpt_policy_type_from_code(long long code);

#endif
