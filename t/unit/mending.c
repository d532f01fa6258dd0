/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/mending.h"

#include <string.h>

#include "t/unit/tap.h"

#define TLSA TLSRPT_POLICY_TLSA
#define STS TLSRPT_POLICY_STS

static const struct {
	const char *word, *reason, *says;
	enum tlsrpt_policy_type type;
} rows[] = {
    {"starttls-not-supported", "", "postern check mx:mx1.d.ex", STS},
    {"certificate-host-mismatch", "", "postern sts check d.ex", STS},
    {"certificate-host-mismatch", "", "TLSA base domain", TLSA},
    {"certificate-expired", "", "Renew it", STS},
    {"certificate-not-trusted", "", "intermediate", STS},
    {"certificate-not-trusted", "",
	"No TLSA record of mx1.d.ex matches its key. Yours to mend: postern "
	"tlsa check d.ex",
	TLSA},
    {"validation-failure", "self-signed_certificate", "is self-signed", STS},
    {"validation-failure", "self-signed_certificate", "postern tlsa check",
	TLSA},
    {"validation-failure", "dane-no-match", "No TLSA record", TLSA},
    {"validation-failure", "mtasts-policy-mx-mismatch", "\"mx\" line", STS},
    {"validation-failure", "sts-mx-mismatch", "\"mx\" line", STS},
    {"validation-failure", "tls-handshake-failure", "handshake", TLSA},
    {"validation-failure", "certificate_is_not_yet_valid", "not valid yet",
	STS},
    {"validation-failure", "their own words", "does not name", STS},
    {"tlsa-invalid", "", "postern tlsa gen mx:mx1.d.ex", TLSA},
    {"dnssec-invalid", "", "postern check d.ex", TLSA},
    {"dane-required", "", "by agreement", TLSA},
    {"sts-policy-fetch-error", "", "mta-sts.d.ex", STS},
    {"sts-policy-invalid", "", "postern sts lint", STS},
    {"sts-webpki-invalid", "", "certificate of mta-sts.d.ex", STS},
    {"no-policy-found", "", "no fault of yours", TLSRPT_POLICY_NONE},
    {"Odd_Thing", "", "words that are known", STS},
    {"", "", "words that are known", STS},
};

static void
each_result_has_its_advice(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mending_case of = {
		    .result = tlsrpt_result_of(rows[i].word),
		    .type = rows[i].type,
		    .word = rows[i].word,
		    .reason = rows[i].reason,
		    .domain = "d.ex",
		    .mx = "mx1.d.ex"};
		char text[MENDING_SIZE];

		mending_text(&of, text);
		if (strstr(text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].word, text);
	}
}

/* What somebody else wrote never gets into a command. */
static void
only_names_stand_in_commands(void **state)
{
	static const char *const names[] = {
	    "", "; rm -rf /", "$(id)", "x y", "a\nb", "%H"};
	char text[MENDING_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct mending_case of = {
		    .result = TLSRPT_STARTTLS_NOT_SUPPORTED,
		    .word = "starttls-not-supported",
		    .reason = "",
		    .domain = names[i],
		    .mx = names[i]};

		mending_text(&of, text);
		ROW(names[i], strstr(text, "check mx:HOST.") != NULL);
		ROW(names[i], strchr(text, '$') == NULL);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_result_has_its_advice),
	    cmocka_unit_test(only_names_stand_in_commands),
	};

	return RUN_TESTS(tests);
}
