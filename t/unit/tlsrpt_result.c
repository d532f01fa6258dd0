/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_result.h"

#include <string.h>

#include "common/judge/reasons.h"
#include "t/unit/tap.h"

static void
each_result_type_has_its_word_and_number(void **state)
{
	static const struct {
		long long code;
		const char *word;
		enum tlsrpt_result result;
	} rows[] = {
	    {201, "starttls-not-supported", TLSRPT_STARTTLS_NOT_SUPPORTED},
	    {202, "certificate-host-mismatch",
		TLSRPT_CERTIFICATE_HOST_MISMATCH},
	    {203, "certificate-not-trusted", TLSRPT_CERTIFICATE_NOT_TRUSTED},
	    {204, "certificate-expired", TLSRPT_CERTIFICATE_EXPIRED},
	    {205, "validation-failure", TLSRPT_VALIDATION_FAILURE},
	    {301, "sts-policy-fetch-error", TLSRPT_STS_POLICY_FETCH_ERROR},
	    {302, "sts-policy-invalid", TLSRPT_STS_POLICY_INVALID},
	    {303, "sts-webpki-invalid", TLSRPT_STS_WEBPKI_INVALID},
	    {304, "tlsa-invalid", TLSRPT_TLSA_INVALID},
	    {305, "dnssec-invalid", TLSRPT_DNSSEC_INVALID},
	    {306, "dane-required", TLSRPT_DANE_REQUIRED},
	};

	(void)state;
	assert_int_equal(COUNT(rows) + 1, TLSRPT_RESULTS);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ROW_TEXT(rows[i].word, tlsrpt_result_text(rows[i].result),
		    rows[i].word);
		ROW(rows[i].word,
		    tlsrpt_result_of(rows[i].word) == rows[i].result);
		ROW(rows[i].word,
		    tlsrpt_result_from_code(rows[i].code) == rows[i].result);
	}
}

static void
each_policy_type_has_its_word_and_number(void **state)
{
	static const struct {
		long long code;
		const char *word;
		enum tlsrpt_policy_type type;
	} rows[] = {
	    {1, "tlsa", TLSRPT_POLICY_TLSA},
	    {2, "sts", TLSRPT_POLICY_STS},
	    {9, "no-policy-found", TLSRPT_POLICY_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ROW_TEXT(rows[i].word, tlsrpt_policy_type_text(rows[i].type),
		    rows[i].word);
		ROW(rows[i].word,
		    tlsrpt_policy_type_of(rows[i].word) == rows[i].type);
		ROW(rows[i].word,
		    tlsrpt_policy_type_from_code(rows[i].code) == rows[i].type);
	}
}

static void
what_is_not_known_is_other(void **state)
{
	static const char *const words[] = {"", "other", "tls", "sts-", "9"};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		ROW(words[i],
		    tlsrpt_result_of(words[i]) == TLSRPT_RESULT_OTHER);
		ROW(words[i],
		    tlsrpt_policy_type_of(words[i]) == TLSRPT_POLICY_OTHER);
	}
	assert_int_equal(tlsrpt_result_from_code(0), TLSRPT_RESULT_OTHER);
	assert_int_equal(tlsrpt_result_from_code(901), TLSRPT_RESULT_OTHER);
	assert_int_equal(
	    tlsrpt_result_from_code(201 + (1LL << 32)), TLSRPT_RESULT_OTHER);
	assert_int_equal(tlsrpt_policy_type_from_code(0), TLSRPT_POLICY_OTHER);
	assert_int_equal(tlsrpt_policy_type_from_code(3), TLSRPT_POLICY_OTHER);
}

static void
letters_may_be_large(void **state)
{
	(void)state;
	assert_int_equal(tlsrpt_result_of("TLSA-Invalid"), TLSRPT_TLSA_INVALID);
	assert_int_equal(tlsrpt_policy_type_of("STS"), TLSRPT_POLICY_STS);
}

/* The words of verdicts are the same ones. */
static void
a_verdicts_result_type_is_one_of_them(void **state)
{
	(void)state;
	for (int i = 0; i < REASONS; i++) {
		const char *word = reason_rt((enum reason)i);

		ROW(word, word[0] == '\0' ||
			      tlsrpt_result_of(word) != TLSRPT_RESULT_OTHER);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_result_type_has_its_word_and_number),
	    cmocka_unit_test(each_policy_type_has_its_word_and_number),
	    cmocka_unit_test(what_is_not_known_is_other),
	    cmocka_unit_test(letters_may_be_large),
	    cmocka_unit_test(a_verdicts_result_type_is_one_of_them),
	};

	return RUN_TESTS(tests);
}
