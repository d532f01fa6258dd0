/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_result.h"

#include <stddef.h>
#include <strings.h>

struct word {
	const char *text;
	int code; /* of libtlsrpt */
};

static const struct word results[TLSRPT_RESULTS] = {
    [TLSRPT_RESULT_OTHER] = {"other", 0},
    [TLSRPT_STARTTLS_NOT_SUPPORTED] = {"starttls-not-supported", 201},
    [TLSRPT_CERTIFICATE_HOST_MISMATCH] = {"certificate-host-mismatch", 202},
    [TLSRPT_CERTIFICATE_NOT_TRUSTED] = {"certificate-not-trusted", 203},
    [TLSRPT_CERTIFICATE_EXPIRED] = {"certificate-expired", 204},
    [TLSRPT_VALIDATION_FAILURE] = {"validation-failure", 205},
    [TLSRPT_STS_POLICY_FETCH_ERROR] = {"sts-policy-fetch-error", 301},
    [TLSRPT_STS_POLICY_INVALID] = {"sts-policy-invalid", 302},
    [TLSRPT_STS_WEBPKI_INVALID] = {"sts-webpki-invalid", 303},
    [TLSRPT_TLSA_INVALID] = {"tlsa-invalid", 304},
    [TLSRPT_DNSSEC_INVALID] = {"dnssec-invalid", 305},
    [TLSRPT_DANE_REQUIRED] = {"dane-required", 306},
};

static const struct word types[TLSRPT_POLICY_TYPES] = {
    [TLSRPT_POLICY_OTHER] = {"other", 0},
    [TLSRPT_POLICY_TLSA] = {"tlsa", 1},
    [TLSRPT_POLICY_STS] = {"sts", 2},
    [TLSRPT_POLICY_NONE] = {"no-policy-found", 9},
};

const char *
tlsrpt_result_text(enum tlsrpt_result result)
{
	return results[result].text;
}

const char *
tlsrpt_policy_type_text(enum tlsrpt_policy_type type)
{
	return types[type].text;
}

/* The row of a word, or 0, which is no word's. */
static int
row_of_word(const struct word rows[], int count, const char *text)
{
	for (int i = 1; i < count; i++)
		if (strcasecmp(rows[i].text, text) == 0)
			return i;
	return 0;
}

static int
row_of_code(const struct word rows[], int count, long long code)
{
	for (int i = 1; i < count; i++)
		if (rows[i].code == code)
			return i;
	return 0;
}

enum tlsrpt_result
tlsrpt_result_of(const char *word)
{
	return (enum tlsrpt_result)row_of_word(results, TLSRPT_RESULTS, word);
}

enum tlsrpt_policy_type
tlsrpt_policy_type_of(const char *word)
{
	return (enum tlsrpt_policy_type)row_of_word(
	    types, TLSRPT_POLICY_TYPES, word);
}

enum tlsrpt_result
tlsrpt_result_from_code(long long code)
{
	return (enum tlsrpt_result)row_of_code(results, TLSRPT_RESULTS, code);
}

enum tlsrpt_policy_type
tlsrpt_policy_type_from_code(long long code)
{
	return (enum tlsrpt_policy_type)row_of_code(
	    types, TLSRPT_POLICY_TYPES, code);
}
