/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/shared_finding.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/base64.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

enum { NOW = 1800000000 };

/* What becomes of a payload. */
struct row {
	const char *id;
	const char *payload;
	enum shared_fault fault;
};

/* --- probes --- */

#define PROBE(a, p, s, t, v, c, r, by)                              \
	"{\"a\":" a ",\"p\":" p ",\"s\":" s ",\"t\":" t ",\"v\":" v \
	",\"c\":" c ",\"r\":" r ",\"by\":" by "}"
#define A "\"192.0.2.25\""
#define P "25"
#define S "\"mx.a.example\""
#define T "1800000000"
#define V "\"TLS1.3\""
#define C "[\"AAEC\",\"/w==\"]" /* 00 01 02, ff */
#define R "0"
#define BY "\"mx1.example.org\""
#define CERT "\"AAEC\""
#define FOUR CERT "," CERT "," CERT "," CERT

static const struct shared_probe asked = {
    .address = "192.0.2.25", .port = 25, .sni = "mx.a.example"};

static const struct row probes[] = {
    {"as it is put", PROBE(A, P, S, T, V, C, R, BY), SHARED_NO_FAULT},
    {"TLS 1.2", PROBE(A, P, S, T, "\"TLS1.2\"", C, R, BY), SHARED_NO_FAULT},
    {"REQUIRETLS", PROBE(A, P, S, T, V, C, "1", BY), SHARED_NO_FAULT},
    {"as many certificates as may be",
	PROBE(A, P, S, T, V, "[" FOUR "," FOUR "," FOUR "," FOUR "]", R, BY),
	SHARED_NO_FAULT},
    {"one certificate", PROBE(A, P, S, T, V, "[" CERT "]", R, BY),
	SHARED_NO_FAULT},
    {"one more",
	PROBE(A, P, S, T, V, "[" FOUR "," FOUR "," FOUR "," FOUR "," CERT "]",
	    R, BY),
	SHARED_FAULT_SYNTAX},
    {"no certificate", PROBE(A, P, S, T, V, "[]", R, BY), SHARED_FAULT_SYNTAX},
    {"a certificate of nothing", PROBE(A, P, S, T, V, "[" CERT ",\"\"]", R, BY),
	SHARED_FAULT_SYNTAX},
    {"a certificate that is no base64",
	PROBE(A, P, S, T, V, "[" CERT ",\"AAE\"]", R, BY), SHARED_FAULT_SYNTAX},
    {"a certificate that is no text",
	PROBE(A, P, S, T, V, "[" CERT ",1]", R, BY), SHARED_FAULT_SYNTAX},
    {"another list in its place",
	"{\"z\":[],\"a\":" A ",\"p\":" P ",\"s\":" S ",\"t\":" T ",\"v\":" V
	",\"c\":" CERT ",\"r\":" R ",\"by\":" BY "}",
	SHARED_FAULT_SYNTAX},
    {"F66: a list too many", PROBE(A, P, S, T, V, C, R, "[" BY "]"),
	SHARED_FAULT_SYNTAX},
    {"F66: no JSON", "probe", SHARED_FAULT_SYNTAX},
    {"F60: of another address", PROBE("\"192.0.2.26\"", P, S, T, V, C, R, BY),
	SHARED_FAULT_KEY},
    {"F60: of another port", PROBE(A, "26", S, T, V, C, R, BY),
	SHARED_FAULT_KEY},
    {"F60: of a port of which the same bits are left",
	PROBE(A, "65561", S, T, V, C, R, BY), SHARED_FAULT_KEY},
    {"F60: of another name", PROBE(A, P, "\"mx\"", T, V, C, R, BY),
	SHARED_FAULT_KEY},
    {"no address", PROBE("null", P, S, T, V, C, R, BY), SHARED_FAULT_SYNTAX},
    {"no port", PROBE(A, "\"25\"", S, T, V, C, R, BY), SHARED_FAULT_SYNTAX},
    {"no name", PROBE(A, P, "25", T, V, C, R, BY), SHARED_FAULT_SYNTAX},
    {"no time", PROBE(A, P, S, "\"" T "\"", V, C, R, BY), SHARED_FAULT_SYNTAX},
    {"no TLS", PROBE(A, P, S, T, "null", C, R, BY), SHARED_FAULT_SYNTAX},
    {"TLS that is not good enough", PROBE(A, P, S, T, "\"TLS1.1\"", C, R, BY),
	SHARED_FAULT_SYNTAX},
    {"REQUIRETLS of another kind", PROBE(A, P, S, T, V, C, "true", BY),
	SHARED_FAULT_SYNTAX},
    {"REQUIRETLS beyond yes", PROBE(A, P, S, T, V, C, "2", BY),
	SHARED_FAULT_SYNTAX},
    {"no host", PROBE(A, P, S, T, V, C, R, "\"\""), SHARED_FAULT_SYNTAX},
    {"a quarter of an hour ago, but for a second",
	PROBE(A, P, S, "1799999101", V, C, R, BY), SHARED_NO_FAULT},
    {"a quarter of an hour ago", PROBE(A, P, S, "1799999100", V, C, R, BY),
	SHARED_FAULT_TIME},
    {"a little ahead", PROBE(A, P, S, "1800000300", V, C, R, BY),
	SHARED_NO_FAULT},
    {"of a time to come", PROBE(A, P, S, "1800000301", V, C, R, BY),
	SHARED_FAULT_TIME},
};

static void
a_probe_counts_if_all_of_it_is_right(void **state)
{
	(void)state;
	assert_int_equal(LIMIT_CHAIN_CERTS, 16);
	for (size_t i = 0; i < COUNT(probes); i++) {
		enum shared_fault fault = SHARED_FAULTS + 1;
		struct shared_probe *probe =
		    shared_probe_read(probes[i].payload,
			strlen(probes[i].payload), &asked, NOW, &fault);

		ROW(probes[i].id, fault == probes[i].fault);
		ROW(probes[i].id,
		    (probe != NULL) == (fault == SHARED_NO_FAULT));
		shared_probe_free(probe);
	}
}

static void
a_probe_is_read_as_it_was_put(void **state)
{
	static const uint8_t octets[] = {0, 1, 2, 255};

	(void)state;
	for (int requiretls = 0; requiretls < 2; requiretls++) {
		struct shared_probe probe = asked, *again;
		enum shared_fault fault;
		char *payload;

		probe.at_s = NOW - 1;
		text_copy(probe.tls, sizeof(probe.tls), "TLS1.2");
		text_copy(probe.by, sizeof(probe.by), "mx1");
		probe.requiretls = requiretls == 1;
		probe.cert_count = 2;
		probe.certs[0] = (struct der){octets, 3};
		probe.certs[1] = (struct der){octets + 3, 1};
		payload = shared_probe_print(&probe);
		again = shared_probe_read(
		    payload, strlen(payload), &asked, NOW, &fault);
		free(payload);
		assert_non_null(again);
		assert_string_equal(again->address, "192.0.2.25");
		assert_int_equal(again->port, 25);
		assert_string_equal(again->sni, "mx.a.example");
		assert_int_equal(again->at_s, NOW - 1);
		assert_string_equal(again->tls, "TLS1.2");
		assert_int_equal(again->requiretls, requiretls);
		assert_string_equal(again->by, "mx1");
		assert_int_equal(again->cert_count, 2);
		assert_int_equal(again->certs[0].size, 3);
		assert_memory_equal(again->certs[0].data, octets, 3);
		assert_int_equal(again->certs[1].size, 1);
		assert_memory_equal(again->certs[1].data, octets + 3, 1);
		shared_probe_free(again);
	}
}

/* F49: of what is larger no payload is made. */
static void
a_chain_is_put_whole_or_not_at_all(void **state)
{
	static uint8_t octets[LIMIT_CHAIN_OCTETS];
	struct shared_probe probe = asked, *again;
	enum shared_fault fault;
	char *payload;

	(void)state;
	assert_int_equal(LIMIT_CHAIN_OCTETS, 131072);
	probe.at_s = NOW;
	text_copy(probe.tls, sizeof(probe.tls), "TLS1.3");
	text_copy(probe.by, sizeof(probe.by), "mx1");
	probe.cert_count = 1;
	probe.certs[0] = (struct der){octets, sizeof(octets)};
	assert_null(shared_probe_print(&probe));
	probe.certs[0] = (struct der){octets, 120000};
	payload = shared_probe_print(&probe);
	assert_non_null(payload);
	again =
	    shared_probe_read(payload, strlen(payload), &asked, NOW, &fault);
	free(payload);
	assert_int_equal(fault, SHARED_NO_FAULT);
	assert_int_equal(again->certs[0].size, 120000);
	shared_probe_free(again);
}

/* --- verdicts --- */

/* What is there before "d", and behind "g"; the rest of a verdict. */
#define VERDICT(h, d, l, g, mx, f, x)                                    \
	"{\"h\":" h ",\"d\":" d ",\"l\":" l ",\"g\":" g                  \
	",\"r\":\"pass\",\"p\":\"tlsa\",\"e\":\"ok\",\"m\":" mx          \
	",\"n\":\"dane\",\"dane\":\"yes\",\"sts\":\"no\",\"mode\":\"\"," \
	"\"f\":" f ",\"x\":" x ",\"by\":" BY "}"
#define H "\"a.example\""
#define D "\"a.example\""
#define L "\"auto\""
#define G "\"0123456789abcdef0123456789abcdef\""
#define X "1800000001"

static const struct shared_verdict sought = {.hop = "a.example",
    .domain = "a.example",
    .level = "auto",
    .digest = "0123456789abcdef0123456789abcdef"};

static const struct row verdicts[] = {
    {"as it is put", VERDICT(H, D, L, G, S, T, X), SHARED_NO_FAULT},
    {"no host is named", VERDICT(H, D, L, G, "\"\"", T, X), SHARED_NO_FAULT},
    {"a host in another spelling", VERDICT(H, D, L, G, "\"MX.a\"", T, X),
	SHARED_FAULT_SYNTAX},
    {"a host that is none", VERDICT(H, D, L, G, "\"a b\"", T, X),
	SHARED_FAULT_SYNTAX},
    {"F60: of another next hop", VERDICT("\"[b.example]\"", D, L, G, S, T, X),
	SHARED_FAULT_KEY},
    {"F60: of another domain", VERDICT(H, "\"b.example\"", L, G, S, T, X),
	SHARED_FAULT_KEY},
    {"by another level", VERDICT(H, D, "\"dane\"", G, S, T, X),
	SHARED_FAULT_KEY},
    {"by other settings", VERDICT(H, D, L, "\"0123\"", S, T, X),
	SHARED_FAULT_KEY},
    {"no time", VERDICT(H, D, L, G, S, "null", X), SHARED_FAULT_SYNTAX},
    {"no end", VERDICT(H, D, L, G, S, T, "null"), SHARED_FAULT_SYNTAX},
    {"F66: a list in it", VERDICT(H, D, L, G, "[" S "]", T, X),
	SHARED_FAULT_SYNTAX},
    {"F66: no JSON", "verdict", SHARED_FAULT_SYNTAX},
    {"over", VERDICT(H, D, L, G, S, T, "1800000000"), SHARED_FAULT_TIME},
    {"five minutes ago, but for a second",
	VERDICT(H, D, L, G, S, "1799999701", X), SHARED_NO_FAULT},
    {"five minutes ago", VERDICT(H, D, L, G, S, "1799999700", X),
	SHARED_FAULT_TIME},
    {"a little ahead", VERDICT(H, D, L, G, S, "1800000300", X),
	SHARED_NO_FAULT},
    {"of a time to come", VERDICT(H, D, L, G, S, "1800000301", X),
	SHARED_FAULT_TIME},
};

static void
a_verdict_counts_if_all_of_it_is_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		struct shared_verdict verdict;

		ROW(verdicts[i].id, shared_verdict_read(verdicts[i].payload,
					strlen(verdicts[i].payload), &sought,
					NOW, &verdict) == verdicts[i].fault);
	}
}

/* Each of its words has a place of its own. */
static void
a_verdict_is_read_as_it_was_put(void **state)
{
	struct shared_verdict verdict = sought, again;
	char *payload;

	(void)state;
	text_copy(verdict.result, sizeof(verdict.result), "fail");
	text_copy(verdict.policy, sizeof(verdict.policy), "sts");
	text_copy(verdict.reason, sizeof(verdict.reason), "no-match");
	text_copy(verdict.mx, sizeof(verdict.mx), "mx.b.example");
	text_copy(verdict.enforced, sizeof(verdict.enforced), "secure");
	text_copy(verdict.dane, sizeof(verdict.dane), "none");
	text_copy(verdict.sts, sizeof(verdict.sts), "found");
	text_copy(verdict.mode, sizeof(verdict.mode), "enforce");
	text_copy(verdict.by, sizeof(verdict.by), "mx1");
	verdict.found_s = NOW - 2;
	verdict.expires_s = NOW + 7;
	payload = shared_verdict_print(&verdict);
	assert_int_equal(
	    shared_verdict_read(payload, strlen(payload), &sought, NOW, &again),
	    SHARED_NO_FAULT);
	free(payload);
	assert_string_equal(again.hop, verdict.hop);
	assert_string_equal(again.domain, verdict.domain);
	assert_string_equal(again.level, verdict.level);
	assert_string_equal(again.digest, verdict.digest);
	assert_string_equal(again.result, "fail");
	assert_string_equal(again.policy, "sts");
	assert_string_equal(again.reason, "no-match");
	assert_string_equal(again.mx, "mx.b.example");
	assert_string_equal(again.enforced, "secure");
	assert_string_equal(again.dane, "none");
	assert_string_equal(again.sts, "found");
	assert_string_equal(again.mode, "enforce");
	assert_string_equal(again.by, "mx1");
	assert_int_equal(again.found_s, NOW - 2);
	assert_int_equal(again.expires_s, NOW + 7);
}

/* A word is missing, each in turn: "r" becomes "q". */
static void
no_word_of_a_verdict_may_be_missing(void **state)
{
	static const char *const keys[] = {"h", "d", "l", "g", "r", "p", "e",
	    "m", "n", "dane", "sts", "mode", "f", "x", "by"};
	char payload[] = VERDICT(H, D, L, G, S, T, X), quoted[16];

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct shared_verdict verdict;
		char *at;

		snprintf(quoted, sizeof(quoted), "\"%s\":", keys[i]);
		at = strstr(payload, quoted) + 1;
		*at = 'Q';
		ROW(keys[i],
		    shared_verdict_read(payload, strlen(payload), &sought, NOW,
			&verdict) == SHARED_FAULT_SYNTAX);
		*at = keys[i][0];
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_probe_counts_if_all_of_it_is_right),
	    cmocka_unit_test(a_probe_is_read_as_it_was_put),
	    cmocka_unit_test(a_chain_is_put_whole_or_not_at_all),
	    cmocka_unit_test(a_verdict_counts_if_all_of_it_is_right),
	    cmocka_unit_test(a_verdict_is_read_as_it_was_put),
	    cmocka_unit_test(no_word_of_a_verdict_may_be_missing),
	};

	return RUN_TESTS(tests);
}
