/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/fetch_code.h"

#include <string.h>

#include "common/base/text.h"
#include "t/unit/tap.h"

static const char *
code_of(enum policy_fetch fetch, enum counts_fetch how, const char *detail)
{
	AUTO(policy_facts)
	struct policy_facts *policy = policy_facts_new(fetch);

	policy->how = how;
	text_clean(
	    policy->detail, sizeof(policy->detail), detail, strlen(detail));
	return fetch_code(policy);
}

/* V42 */
static void
each_failure_has_its_word(void **state)
{
	static const struct {
		enum policy_fetch fetch;
		enum counts_fetch how;
		const char *detail, *code;
	} rows[] = {
	    {POLICY_FETCH_ERROR, COUNTS_FETCH_DNS, "x", "dns"},
	    {POLICY_FETCH_ERROR, COUNTS_FETCH_CONNECT, "x", "connect"},
	    {POLICY_FETCH_ERROR, COUNTS_FETCH_TIMEOUT, "x", "timeout"},
	    {POLICY_FETCH_ERROR, COUNTS_FETCH_TLS, "x", "tls"},
	    {POLICY_WEBPKI_INVALID, COUNTS_FETCH_TLS,
		"host is no dNSName of the certificate", "cert-name"},
	    {POLICY_WEBPKI_INVALID, COUNTS_FETCH_TLS, "certificate expired",
		"cert-expired"},
	    {POLICY_WEBPKI_INVALID, COUNTS_FETCH_TLS, "certificate not trusted",
		"cert-untrusted"},
	    {POLICY_FETCH_ERROR, COUNTS_FETCH_HTTP, "HTTP status 301",
		"http-3xx"},
	    {POLICY_FETCH_ERROR, COUNTS_FETCH_HTTP, "HTTP status 404",
		"http-4xx"},
	    {POLICY_FETCH_ERROR, COUNTS_FETCH_HTTP, "HTTP status 500",
		"http-5xx"},
	    {POLICY_FETCH_ERROR, COUNTS_FETCH_HTTP, "HTTP status 204",
		"http-other"},
	    {POLICY_INVALID, COUNTS_FETCH_INVALID, "policy over 64 KiB",
		"too-big"},
	    {POLICY_INVALID, COUNTS_FETCH_INVALID, "policy is empty", "empty"},
	    {POLICY_INVALID, COUNTS_FETCH_INVALID,
		"Content-Type is not text/plain", "charset"},
	    {POLICY_FETCHED, COUNTS_FETCH_OK, "", ""},
	    {POLICY_FETCH_ERROR, COUNTS_FETCH_NONE, "no time", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW_TEXT(rows[i].detail,
		    code_of(rows[i].fetch, rows[i].how, rows[i].detail),
		    rows[i].code);
	assert_string_equal(fetch_code(NULL), "");
}

#define V "version: STSv1\n"
#define M "mode: enforce\n"
#define A "max_age: 86400\n"
#define X "mx: mx1.d.example\n"

/* V43, by what the parser says */
static void
each_mistake_in_a_policy_has_its_word(void **state)
{
	static const struct {
		const char *body, *code;
	} rows[] = {
	    {M X A, "version"},
	    {"version: STSv2\n" M X A, "version"},
	    {V X A, "mode"},
	    {V "mode: Enforce\n" X A, "mode"},
	    {V M X, "max-age"},
	    {V M X "max_age: 1d\n", "max-age"},
	    {V M A, "no-mx"},
	    {V M A "mx: *\n", "mx-syntax"},
	    {V M "\n" X A, "blank-line"},
	    {"\xef\xbb\xbf" V M X A, "charset"},
	    {V M A "mx: m\001.example\n", "charset"},
	    {V M X A "nonsense\n", "syntax"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {.text = ""};

		assert_null(
		    sts_policy_parse(rows[i].body, strlen(rows[i].body), &err));
		ROW_TEXT(err.text,
		    code_of(POLICY_INVALID, COUNTS_FETCH_INVALID, err.text),
		    rows[i].code);
	}
}

int
main(void)
{
	const struct CMUnitTest codes[] = {
	    cmocka_unit_test(each_failure_has_its_word),
	    cmocka_unit_test(each_mistake_in_a_policy_has_its_word),
	};

	return RUN_TESTS(codes);
}
