/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/smtp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/io/tls_client.h"
#include "t/unit/smtp_steps.h"
#include "t/unit/tap.h"

static void
odd_certificates_and_versions_are_facts(void **state)
{
	static const struct {
		const char *id;
		unsigned flaws;
		const char *priority;
		const char *tls; /* NULL: no session */
		size_t certs;
	} odd[] = {
	    {"expired", TLSD_EXPIRED, NULL, "TLS1.3", 1},
	    {"RSA 1024", TLSD_RSA_1024, NULL, "TLS1.3", 1},
	    {"RSA 1024, 1.2", TLSD_RSA_1024,
		"NORMAL:-VERS-ALL:+VERS-TLS1.2:%COMPAT", "TLS1.2", 1},
	    {"keyEncipherment", TLSD_KEY_ENCIPHERMENT, NULL, "TLS1.2", 1},
	    {"keyEncipherment, 1.2", TLSD_KEY_ENCIPHERMENT,
		"NORMAL:-VERS-ALL:+VERS-TLS1.2:%COMPAT", "TLS1.2", 1},
	    {"RSA key exchange", TLSD_KEY_ENCIPHERMENT,
		"NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA", "TLS1.2", 1},
	    {"CBC with SHA-2", 0,
		"NORMAL:-VERS-ALL:+VERS-TLS1.2:-MAC-ALL:+SHA256:+SHA384",
		"TLS1.2", 1},
	    {"long chain", TLSD_LONG_CHAIN, NULL, "TLS1.3", LIMIT_CHAIN_CERTS},
	    {"D47", 0, "NORMAL:-VERS-ALL:+VERS-TLS1.0", NULL, 0},
	    {"TLS 1.1", 0, "NORMAL:-VERS-ALL:+VERS-TLS1.1", NULL, 0},
	};
	static const char *const steps[] = {
	    TO_TLS, TLSD_READ, "250 mx\r\n", BYE, NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(odd); i++) {
		struct tlsd_options options = {.steps = steps,
		    .name = "mx.example",
		    .flaws = odd[i].flaws,
		    .priority = odd[i].priority};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		AUTO(probe_facts)
		struct probe_facts *facts =
		    smtp_steps_probe(tlsd_port(server), AMPLE_MS);

		if (facts->outcome !=
		    (odd[i].tls == NULL ? PROBE_TLS_FAILED : PROBE_TLS))
			fail_msg("%s: %d %s", odd[i].id, facts->outcome,
			    facts->detail);
		ROW_TEXT(odd[i].id, facts->tls,
		    odd[i].tls == NULL ? "" : odd[i].tls);
		ROW(odd[i].id, facts->cert_count == odd[i].certs);
		ROW(odd[i].id,
		    (facts->detail[0] != '\0') == (odd[i].tls == NULL));
	}
}

static void
no_version_below_the_floor_will_do(void **state)
{
	static const char *const steps[] = {TO_TLS, INSIDE, NULL};
	static const struct {
		const char *version;
		enum tls_floor floor; /* the highest that takes it */
	} versions[] = {{"TLS1.0", TLS_FROM_1_0}, {"TLS1.1", TLS_FROM_1_1},
	    {"TLS1.2", TLS_FROM_1_2}, {"TLS1.3", TLS_FROM_1_3}};

	(void)state;
	for (size_t i = 0; i < COUNT(versions) * COUNT(versions); i++) {
		size_t has = i / COUNT(versions), wanted = i % COUNT(versions);
		char priority[64];
		struct tlsd_options options = {
		    .steps = steps, .name = "mx.example", .priority = priority};
		AUTO(tlsd) struct tlsd *server = NULL;
		AUTO(probe_facts) struct probe_facts *facts = NULL;
		struct smtp_target target;

		snprintf(priority, sizeof(priority),
		    "NORMAL:-VERS-ALL:+VERS-%s", versions[has].version);
		server = tlsd_new(&options);
		target = smtp_steps_target(tlsd_port(server));
		target.floor = versions[wanted].floor;
		facts = smtp_probe(&target, clock_mono_ms() + AMPLE_MS);
		ROW(priority,
		    facts->outcome ==
			(has >= wanted ? PROBE_TLS : PROBE_TLS_FAILED));
		ROW_TEXT(priority, facts->tls,
		    has >= wanted ? versions[has].version : "");
		ROW(priority, tlsd_connections(server) == 1);
	}
}

static int64_t
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* In the time of a thousand small checks, one of these would not be over. */
static void
keys_that_take_long_to_check_with_are_refused(void **state)
{
	static const char *const steps[] = {TO_TLS, INSIDE, NULL};
	static const struct {
		unsigned flaw;
		const char *detail;
	} huge[] = {
	    {TLSD_HUGE_MODULUS, "TLS:_key_costs_too_much_to_check_by:_an_RSA_"
				"modulus_of_65536_bits"},
	    {TLSD_HUGE_EXPONENT, "TLS:_key_costs_too_much_to_check_by:_an_RSA_"
				 "exponent_of_16000_bits"},
	};
	static const char *const priorities[] = {NULL,
	    "NORMAL:-VERS-ALL:+VERS-TLS1.2:%COMPAT",
	    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA:%COMPAT"};

	(void)state;
	for (size_t i = 0; i < COUNT(huge) * COUNT(priorities); i++) {
		struct tlsd_options options = {.steps = steps,
		    .name = "mx.example",
		    .flaws = huge[i % COUNT(huge)].flaw,
		    .priority = priorities[i / COUNT(huge)]};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		int64_t begun_ms = cpu_ms();
		AUTO(probe_facts)
		struct probe_facts *facts =
		    smtp_steps_probe(tlsd_port(server), AMPLE_MS);

		assert_true(cpu_ms() - begun_ms < 100);
		assert_int_equal(facts->outcome, PROBE_TLS_FAILED);
		assert_string_equal(
		    facts->detail, huge[i % COUNT(huge)].detail);
		assert_int_equal(facts->cert_count, 1);
	}
}

static void
a_chain_beyond_the_limit_is_refused(void **state)
{
	static const char *const steps[] = {TO_TLS, INSIDE, NULL};
	static const struct {
		unsigned flaw;
		const char *detail;
	} huge[] = {
	    {TLSD_HUGE_CHAIN, "TLS:_chain_is_too_long"},
	    {TLSD_LONG_DN, "TLS:_a_name_in_a_certificate_is_too_long"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(huge); i++) {
		struct tlsd_options options = {.steps = steps,
		    .name = "mx.example",
		    .flaws = huge[i].flaw};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		AUTO(probe_facts)
		struct probe_facts *facts =
		    smtp_steps_probe(tlsd_port(server), AMPLE_MS);

		assert_string_equal(facts->detail, huge[i].detail);
		assert_int_equal(facts->outcome, PROBE_TLS_FAILED);
	}
}

static void
what_openssl_takes_and_our_library_does_not_is_our_lack(void **state)
{
	static const char *const steps[] = {TO_TLS, INSIDE, NULL};
	static const char *const priorities[] = {
	    NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2:%COMPAT"};

	(void)state;
	for (size_t i = 0; i < COUNT(priorities); i++) {
		struct tlsd_options options = {.steps = steps,
		    .name = "mx.example",
		    .flaws = TLSD_VERSION_1,
		    .priority = priorities[i]};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		AUTO(probe_facts)
		struct probe_facts *facts =
		    smtp_steps_probe(tlsd_port(server), AMPLE_MS);

		assert_string_equal(
		    facts->detail, "TLS:_Error_in_the_certificate.");
		assert_int_equal(facts->outcome, PROBE_TLS_UNSUPPORTED);
		assert_int_equal(facts->cert_count, 1);
	}
}

static void
what_openssl_does_not_get_through_is_a_failure(void **state)
{
	static const char *const steps[] = {TO_TLS, INSIDE, NULL};
	static const struct {
		const char *id;
		const char *priority;
		unsigned flaws;
	} hosts[] = {
	    {"no RFC 5746",
		"NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION", 0},
	    {"ffdhe of 4096 in TLS 1.3",
		"NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-FFDHE4096", 0},
	    {"SHA-1",
		"NORMAL:-VERS-ALL:+VERS-TLS1.2:-SIGN-ALL:+SIGN-ECDSA-SHA1", 0},
	    {"CCM in TLS 1.3",
		"NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-CCM", 0},
	    {"Camellia in GCM",
		"NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CAMELLIA-256-GCM",
		0},
	    {"a client certificate, TLS 1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.2",
		TLSD_CLIENT_CERTIFICATE},
	    {"a key that may not sign, TLS 1.2",
		"NORMAL:-VERS-ALL:+VERS-TLS1.2:%COMPAT", TLSD_UNSIGNING},
	    {"no certificate behind the leaf", NULL, TLSD_NO_ISSUER},
	    {"nor behind an odd one", NULL, TLSD_NO_ISSUER | TLSD_VERSION_1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct tlsd_options options = {.steps = steps,
		    .name = "mx.example",
		    .flaws = hosts[i].flaws,
		    .priority = hosts[i].priority};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		AUTO(probe_facts)
		struct probe_facts *facts =
		    smtp_steps_probe(tlsd_port(server), AMPLE_MS);

		if (facts->outcome != PROBE_TLS_FAILED)
			fail_msg("%s: outcome %d, %s", hosts[i].id,
			    facts->outcome, facts->detail);
	}
}

/* ServerHello with ECDHE-ARIA256-GCM-SHA384, and a chain of one octet. */
#define ARIA_FLIGHT                                                 \
	"\26\3\3\0\74\2\0\0\55\3\3rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr" \
	"\0\300\141\0\0\5\377\1\0\1\0\13\0\0\7\0\0\4\0\0\1c"
#define BEFORE_TLS GREETING, TLSD_READ, OFFER, TLSD_READ, GO_AHEAD

static const struct tlsd_options without_our_suites = {
    .name = "mx.example",
    .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CAMELLIA-256-GCM",
    .octets = ARIA_FLIGHT,
    .octet_count = sizeof(ARIA_FLIGHT) - 1,
};

static void
who_takes_none_of_our_suites_is_asked_once_for_its_chain(void **state)
{
	static const char *const steps[] = {TO_TLS, NULL};
	static const struct {
		const char *id;
		const char *steps[9];
		bool has_chain;
	} seconds[] = {
	    {"has a chain", {BEFORE_TLS, TLSD_READ, TLSD_OCTETS, TLSD_HANG},
		true},
	    {"and more", {BEFORE_TLS, TLSD_READ, TLSD_OCTETS, TLSD_FLOOD},
		true},
	    {"hangs", {BEFORE_TLS, TLSD_HANG}, false},
	    {"hangs early", {TLSD_HANG}, false},
	    {"drips", {BEFORE_TLS, TLSD_DRIP}, false},
	    {"drips a record", {BEFORE_TLS, "\26\3\3\77\77\2", TLSD_DRIP},
		false},
	    {"floods", {BEFORE_TLS, TLSD_FLOOD}, false},
	    {"garbage", {BEFORE_TLS, TLSD_GARBAGE, TLSD_HANG}, false},
	    {"garbage in a record", {BEFORE_TLS, "\26\3\3\77\77", TLSD_FLOOD},
		false},
	    {"closes", {BEFORE_TLS}, false},
	    {"resets", {BEFORE_TLS, TLSD_RESET}, false},
	    {"lets nobody in", {"421 busy\r\n"}, false},
	    {"has no TLS now", {GREETING, TLSD_READ, "250 mx\r\n", BYE}, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(seconds); i++) {
		struct tlsd_options options = without_our_suites;
		AUTO(tlsd) struct tlsd *server = NULL;
		AUTO(probe_facts) struct probe_facts *facts = NULL;
		struct smtp_target target;

		options.steps = steps;
		options.later_steps = seconds[i].steps;
		server = tlsd_new(&options);
		target = smtp_steps_target(tlsd_port(server));
		target.timeout_ms = target.greeting_ms = TLS_MS;
		facts = smtp_probe(&target, INT64_MAX);
		if (facts->outcome != (seconds[i].has_chain
					      ? PROBE_TLS_UNSUPPORTED
					      : PROBE_TLS_FAILED))
			fail_msg("%s: outcome %d, %s", seconds[i].id,
			    facts->outcome, facts->detail);
		ROW_TEXT(seconds[i].id, facts->detail,
		    seconds[i].has_chain
			? "TLS:_no_suite_in_common_with_our_library"
			: "TLS_alert:_Handshake_failed");
		ROW(seconds[i].id, facts->connected && facts->starttls);
		ROW(seconds[i].id, facts->ms < 2 * TLS_MS + SLACK_MS);
		ROW(seconds[i].id, facts->cert_count == seconds[i].has_chain);
		if (seconds[i].has_chain)
			assert_memory_equal(facts->certs[0].data, "c", 1);
		ROW(seconds[i].id, tlsd_connections(server) == 2);
	}
}

static void
a_second_session_that_is_cut_short_is_a_timeout(void **state)
{
	static const char *const steps[] = {TO_TLS, NULL};
	static const char *const hang[] = {BEFORE_TLS, TLSD_HANG, NULL};
	struct tlsd_options options = without_our_suites;
	AUTO(tlsd) struct tlsd *server = NULL;
	AUTO(probe_facts) struct probe_facts *facts = NULL;

	(void)state;
	options.steps = steps;
	options.later_steps = hang;
	server = tlsd_new(&options);
	facts = smtp_steps_probe(tlsd_port(server), TLS_MS);
	assert_int_equal(facts->outcome, PROBE_TIMEOUT);
	assert_int_equal(tlsd_connections(server), 2);
}

/* It may well have a certificate of another kind. */
static void
who_is_asked_for_one_kind_of_key_is_asked_once(void **state)
{
	static const char *const steps[] = {TO_TLS, INSIDE, NULL};
	struct tlsd_options options = {.steps = steps, .name = "mx.example"};
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	struct smtp_target target = smtp_steps_target(tlsd_port(server));
	AUTO(probe_facts) struct probe_facts *facts = NULL;

	(void)state;
	target.keys = TLS_KEYS_RSA;
	facts = smtp_probe(&target, clock_mono_ms() + AMPLE_MS);
	assert_int_equal(facts->outcome, PROBE_TLS_FAILED);
	assert_int_equal(tlsd_connections(server), 1);
}

static void
what_openssl_gets_through_is_taken(void **state)
{
	static const char *const steps[] = {TO_TLS, INSIDE, NULL};
	static const char *const priorities[] = {
	    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CAMELLIA-256-CBC:+"
	    "SHA384",
	    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CAMELLIA-128-CBC:+"
	    "SHA256",
	    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CCM",
	    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X448",
	    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP521R1"};

	(void)state;
	for (size_t i = 0; i < COUNT(priorities); i++) {
		struct tlsd_options options = {.steps = steps,
		    .name = "mx.example",
		    .priority = priorities[i]};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		AUTO(probe_facts)
		struct probe_facts *facts =
		    smtp_steps_probe(tlsd_port(server), AMPLE_MS);

		if (facts->outcome != PROBE_TLS)
			fail_msg("%s: outcome %d, %s", priorities[i],
			    facts->outcome, facts->detail);
	}
}

static void
what_later_ones_offer_depends_on_those_here(void **state)
{
	static const char *const steps[] = {TO_TLS, INSIDE, NULL};
	static const struct {
		const char *priority;
		enum tls_offer of;
	} hosts[] = {
	    {"NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-FFDHE2048",
		TLS_OFFER_3_5},
	    {"NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CCM-8",
		TLS_OFFER_3_0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct tlsd_options options = {.steps = steps,
		    .name = "mx.example",
		    .priority = hosts[i].priority};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		AUTO(probe_facts)
		struct probe_facts *facts =
		    smtp_steps_probe(tlsd_port(server), AMPLE_MS);

		ROW(hosts[i].priority,
		    facts->outcome == (hosts[i].of == tls_client_offer()
					      ? PROBE_TLS
					      : PROBE_TLS_FAILED));
	}
}

/* An ECDSA server, asked for each kind of key. */
static void
the_kind_of_key_can_be_chosen(void **state)
{
	static const char *const steps[] = {TO_TLS, INSIDE, NULL};
	static const char *const priorities[] = {
	    NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2:%COMPAT"};
	static const enum tls_keys keys[] = {
	    TLS_KEYS_RSA, TLS_KEYS_ECDSA, TLS_KEYS_EDDSA, TLS_KEYS_ALL};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(keys) * COUNT(priorities); i++) {
		bool has_rsa = i % 2 == 1;
		enum tls_keys asked = keys[i / 2 % COUNT(keys)];
		enum tls_keys shown = has_rsa ? TLS_KEYS_RSA : TLS_KEYS_ECDSA;
		struct tlsd_options options = {.steps = steps,
		    .name = "mx.example",
		    .flaws = has_rsa ? TLSD_RSA : 0,
		    .priority = priorities[i / (2 * COUNT(keys))]};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		struct smtp_target target =
		    smtp_steps_target(tlsd_port(server));
		struct probe_facts *facts;

		target.keys = asked;
		facts = smtp_probe(&target, clock_mono_ms() + AMPLE_MS);
		assert_int_equal(facts->outcome,
		    asked == shown || asked == TLS_KEYS_ALL ? PROBE_TLS
							    : PROBE_TLS_FAILED);
		probe_facts_free(facts);
	}
}

static void
no_sni_is_sent_without_a_name(void **state)
{
	static const char *const steps[] = {TO_TLS, INSIDE, NULL};
	struct tlsd_options options = {.steps = steps, .name = "mx.example"};
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	struct smtp_target target = {.address = "127.0.0.1",
	    .port = tlsd_port(server),
	    .sni = "",
	    .helo = "client.example"};
	AUTO(probe_facts)
	struct probe_facts *facts =
	    smtp_probe(&target, clock_mono_ms() + AMPLE_MS);

	(void)state;
	assert_int_equal(facts->outcome, PROBE_TLS);
	assert_string_equal(tlsd_sni(server), "");
}

static void
connection_cut_at_any_octet_is_no_tls(void **state)
{
	static const char *const steps[] = {
	    GREETING, TLSD_READ, OFFER, TLSD_READ, GO_AHEAD, TLSD_TLS, NULL};
	size_t total = strlen(GREETING OFFER GO_AHEAD);

	(void)state;
	for (size_t cut = 1; cut <= total; cut++) {
		struct tlsd_options options = {
		    .steps = steps, .cut = cut, .name = NULL};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		AUTO(probe_facts)
		struct probe_facts *facts =
		    smtp_steps_probe(tlsd_port(server), AMPLE_MS);
		enum probe_outcome wanted = PROBE_CONNECT_FAILED;

		if (cut >= strlen(GREETING OFFER))
			wanted = PROBE_TLS_FAILED;
		if (facts->outcome != wanted)
			fail_msg("cut at %zu: outcome %d, %s", cut,
			    facts->outcome, facts->detail);
	}
}

int
main(void)
{
	const struct CMUnitTest smtp_tls[] = {
	    cmocka_unit_test(odd_certificates_and_versions_are_facts),
	    cmocka_unit_test(no_version_below_the_floor_will_do),
	    cmocka_unit_test(keys_that_take_long_to_check_with_are_refused),
	    cmocka_unit_test(a_chain_beyond_the_limit_is_refused),
	    cmocka_unit_test(
		what_openssl_takes_and_our_library_does_not_is_our_lack),
	    cmocka_unit_test(what_openssl_does_not_get_through_is_a_failure),
	    cmocka_unit_test(
		who_takes_none_of_our_suites_is_asked_once_for_its_chain),
	    cmocka_unit_test(a_second_session_that_is_cut_short_is_a_timeout),
	    cmocka_unit_test(who_is_asked_for_one_kind_of_key_is_asked_once),
	    cmocka_unit_test(what_openssl_gets_through_is_taken),
	    cmocka_unit_test(what_later_ones_offer_depends_on_those_here),
	    cmocka_unit_test(the_kind_of_key_can_be_chosen),
	    cmocka_unit_test(no_sni_is_sent_without_a_name),
	    cmocka_unit_test(connection_cut_at_any_octet_is_no_tls),
	};

	return RUN_TESTS(smtp_tls);
}
