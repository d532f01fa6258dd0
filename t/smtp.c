/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/tap.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/io/smtp.h"
#include "t/tlsd.h"

#define GREETING "220 mx.example ESMTP\r\n"
#define OFFER "250-mx.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n"
#define GO_AHEAD "220 go ahead\r\n"
#define TO_TLS GREETING, TLSD_READ, OFFER, TLSD_READ, GO_AHEAD, TLSD_TLS
#define BYE TLSD_READ, "221 bye\r\n"

enum {
	AMPLE_MS = 10000, /* where the server is quick */
	TLS_MS = 2000,    /* where it may be silent after TLS */
	SHORT_MS = 250,   /* where it is silent before */
	SLACK_MS = 1000,  /* what a busy machine may add */
};

static struct probe_facts *
probe(uint16_t port, int timeout_ms)
{
	struct smtp_target target = {.address = "127.0.0.1",
	    .port = port,
	    .sni = "mx.example",
	    .helo = "client.example"};

	return smtp_probe(&target, clock_mono_ms() + timeout_ms);
}

static const struct row {
	const char *id;
	const char *steps[12];
	enum probe_outcome outcome;
	const char *detail;
} rows[] = {
    {"silent", {TLSD_HANG}, PROBE_TIMEOUT, "timeout_at_greeting"},
    {"drip", {TLSD_DRIP}, PROBE_TIMEOUT, "timeout_at_greeting"},
    {"drip in text", {"220 ", TLSD_DRIP}, PROBE_TIMEOUT, "timeout_at_greeting"},
    {"endless lines", {"220-a\r\n220-", TLSD_DRIP}, PROBE_TIMEOUT,
	"timeout_at_greeting"},
    {"hang up", {NULL}, PROBE_CONNECT_FAILED, "connection_closed_at_greeting"},
    {"reset", {TLSD_RESET}, PROBE_CONNECT_FAILED, NULL},
    {"busy", {"421 too busy\r\n", TLSD_HANG}, PROBE_REFUSED, "421_too_busy"},
    {"no", {"554-no\r\n554 way\r\n", BYE}, PROBE_REFUSED, "554_no"},
    {"control octets", {"554 \033[2J=x\r\n", BYE}, PROBE_REFUSED, "554_?[2J?x"},
    {"354", {"354 eh\r\n", BYE}, PROBE_NOT_SMTP, "354_eh"},
    {"SSH", {"SSH-2.0-OpenSSH_9.2\r\n", TLSD_HANG}, PROBE_NOT_SMTP,
	"no_SMTP_at_greeting:_SSH-2.0-OpenSSH_9.2_"},
    {"garbage", {TLSD_GARBAGE, TLSD_HANG}, PROBE_NOT_SMTP, NULL},
    {"1 MB banner", {TLSD_LONG_LINE, TLSD_HANG}, PROBE_NOT_SMTP, NULL},
    {"10 MB greeting", {TLSD_FLOOD, TLSD_HANG}, PROBE_NOT_SMTP, NULL},
    {"silent at EHLO", {GREETING, TLSD_HANG}, PROBE_TIMEOUT, "timeout_at_EHLO"},
    {"hang up at EHLO", {GREETING, TLSD_READ}, PROBE_CONNECT_FAILED,
	"connection_closed_at_EHLO"},
    {"EHLO unknown", {GREETING, TLSD_READ, "502 what?\r\n", BYE},
	PROBE_NO_STARTTLS, "EHLO:_502_what?"},
    {"HELO after EHLO",
	{GREETING, TLSD_READ, "502 what?\r\n", TLSD_READ, "250 mx\r\n", BYE},
	PROBE_NO_STARTTLS, "EHLO:_502_what?"},
    {"HELO refused as well",
	{GREETING, TLSD_READ, "550 stranger\r\n", TLSD_READ, "550 go away\r\n",
	    BYE},
	PROBE_REFUSED, "550_go_away"},
    {"EHLO refused", {GREETING, TLSD_READ, "421 later\r\n", BYE}, PROBE_REFUSED,
	"421_later"},
    {"10 MB EHLO", {GREETING, TLSD_READ, TLSD_FLOOD, TLSD_HANG}, PROBE_NOT_SMTP,
	NULL},
    {"drip in EHLO", {GREETING, TLSD_READ, "250-", TLSD_DRIP}, PROBE_TIMEOUT,
	"timeout_at_EHLO"},
    {"no STARTTLS", {GREETING, TLSD_READ, "250-a\r\n250 SIZE\r\n", BYE},
	PROBE_NO_STARTTLS, "STARTTLS_not_offered"},
    {"454", {GREETING, TLSD_READ, OFFER, TLSD_READ, "454 later\r\n", BYE},
	PROBE_STARTTLS_REFUSED, "454_later"},
    {"250 to STARTTLS",
	{GREETING, TLSD_READ, OFFER, TLSD_READ, "250 ok\r\n", BYE},
	PROBE_STARTTLS_REFUSED, "250_ok"},
    {"garbage to STARTTLS",
	{GREETING, TLSD_READ, OFFER, TLSD_READ, TLSD_GARBAGE, TLSD_HANG},
	PROBE_STARTTLS_REFUSED, NULL},
    {"silent at STARTTLS", {GREETING, TLSD_READ, OFFER, TLSD_HANG},
	PROBE_TIMEOUT, "timeout_at_STARTTLS"},
    {"hang up at STARTTLS", {GREETING, TLSD_READ, OFFER, TLSD_READ},
	PROBE_TLS_FAILED, "connection_closed_at_STARTTLS"},
    {"silent at TLS",
	{GREETING, TLSD_READ, OFFER, TLSD_READ, GO_AHEAD, TLSD_HANG},
	PROBE_TIMEOUT, "timeout_at_TLS_handshake"},
    {"hang up at TLS", {GREETING, TLSD_READ, OFFER, TLSD_READ, GO_AHEAD},
	PROBE_TLS_FAILED, "connection_closed_at_TLS_handshake"},
    {"reset at TLS",
	{GREETING, TLSD_READ, OFFER, TLSD_READ, GO_AHEAD, TLSD_RESET},
	PROBE_TLS_FAILED, NULL},
    {"garbage at TLS",
	{GREETING, TLSD_READ, OFFER, TLSD_READ, GO_AHEAD, TLSD_READ,
	    TLSD_GARBAGE, TLSD_HANG},
	PROBE_TLS_FAILED, NULL},
    {"drip at TLS",
	{GREETING, TLSD_READ, OFFER, TLSD_READ, GO_AHEAD, TLSD_READ,
	    "\026\003\003\020", TLSD_DRIP},
	PROBE_TIMEOUT, "timeout_at_TLS_handshake"},
    {"good", {TO_TLS, TLSD_READ, "250 mx\r\n", BYE}, PROBE_TLS, ""},
    {"plaintext ahead",
	{GREETING, TLSD_READ, OFFER, TLSD_READ,
	    GO_AHEAD "250-mx\r\n250 REQUIRETLS\r\n", TLSD_TLS, TLSD_READ,
	    "250 mx\r\n", BYE},
	PROBE_TLS, ""},
    {"hang up after TLS", {TO_TLS}, PROBE_TLS, ""},
    {"reset after TLS", {TO_TLS, TLSD_RESET}, PROBE_TLS, ""},
    {"silent after TLS", {TO_TLS, TLSD_HANG}, PROBE_TLS, ""},
    {"drip after TLS", {TO_TLS, TLSD_DRIP}, PROBE_TLS, ""},
    {"refused after TLS", {TO_TLS, TLSD_READ, "421 no\r\n"}, PROBE_TLS, ""},
    {"10 MB after TLS", {TO_TLS, TLSD_READ, TLSD_FLOOD}, PROBE_TLS, ""},
    {"no 221", {TO_TLS, TLSD_READ, "250 mx\r\n", TLSD_HANG}, PROBE_TLS, ""},
};

static int
timeout_of(const struct row *row)
{
	if (row->outcome == PROBE_TLS)
		return TLS_MS;
	return row->outcome == PROBE_TIMEOUT ? SHORT_MS : AMPLE_MS;
}

static bool
offers_starttls(const struct row *row)
{
	for (size_t i = 0; row->steps[i] != NULL; i++)
		if (strstr(row->steps[i], "STARTTLS\r\n") != NULL)
			return true;
	return false;
}

static void
misbehaviour_ends_in_time_and_with_its_name(void **state)
{
	(void)state;
	for (const struct row *row = rows; row < rows + COUNT(rows); row++) {
		struct tlsd_options options = {
		    .steps = row->steps, .name = "mx.example"};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		int64_t begun = clock_mono_ms();
		AUTO(probe_facts)
		struct probe_facts *facts =
		    probe(tlsd_port(server), timeout_of(row));

		ROW(row->id,
		    clock_mono_ms() - begun < timeout_of(row) + SLACK_MS);
		if (row->outcome == PROBE_TIMEOUT)
			ROW(row->id, clock_mono_ms() - begun >= SHORT_MS);
		if (facts->outcome != row->outcome)
			fail_msg("%s: outcome %d, %s", row->id, facts->outcome,
			    facts->detail);
		if (row->detail != NULL)
			ROW_TEXT(row->id, facts->detail, row->detail);
		ROW(row->id,
		    (facts->cert_count > 0) == (row->outcome == PROBE_TLS));
		ROW(row->id, !facts->requiretls);
		ROW(row->id, facts->connected);
		ROW(row->id, facts->starttls == offers_starttls(row));
	}
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
		struct probe_facts *facts = probe(tlsd_port(server), AMPLE_MS);
		enum probe_outcome wanted = PROBE_CONNECT_FAILED;

		if (cut >= strlen(GREETING OFFER))
			wanted = PROBE_TLS_FAILED;
		if (facts->outcome != wanted)
			fail_msg("cut at %zu: outcome %d, %s", cut,
			    facts->outcome, facts->detail);
	}
}

static void
good_session_shows_chain_version_and_requiretls(void **state)
{
	static const char *const steps[] = {
	    TO_TLS, TLSD_READ, "250-mx\r\n250 REQUIRETLS\r\n", BYE, NULL};
	struct tlsd_options options = {.steps = steps, .name = "mx.example"};
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	AUTO(probe_facts)
	struct probe_facts *facts = probe(tlsd_port(server), AMPLE_MS);
	const char *pem = tlsd_certificate(server);
	AUTO(x509_chain)
	struct x509_chain *wanted = x509_chain_pem(pem, strlen(pem), NULL);

	(void)state;
	assert_int_equal(facts->outcome, PROBE_TLS);
	assert_string_equal(facts->tls, "TLS1.3");
	assert_true(facts->requiretls);
	assert_true(facts->ms < AMPLE_MS);
	assert_int_equal(facts->cert_count, 1);
	assert_int_equal(facts->certs[0].size, x509_cert(wanted, 0).size);
	assert_memory_equal(facts->certs[0].data, x509_cert(wanted, 0).data,
	    facts->certs[0].size);
	assert_string_equal(tlsd_sni(server), "mx.example");
	assert_string_equal(tlsd_heard(server),
	    "EHLO client.example\r\nSTARTTLS\r\nEHLO client.example\r\n"
	    "QUIT\r\n");
}

static void
what_is_offered_inside_tls_is_told_from_no_answer(void **state)
{
	static const struct {
		const char *id, *steps[16];
		bool tls_ehlo, requiretls;
	} offers[] = {
	    {"offered",
		{TO_TLS, TLSD_READ, "250-mx\r\n250 requiretls\r\n", BYE}, true,
		true},
	    {"not offered", {TO_TLS, TLSD_READ, "250 mx\r\n", BYE}, true,
		false},
	    {"no EHLO", {TO_TLS, TLSD_READ, "502 no\r\n", BYE}, true, false},
	    {"not now", {TO_TLS, TLSD_READ, "421 REQUIRETLS\r\n"}, false,
		false},
	    {"no answer", {TO_TLS, TLSD_READ}, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(offers); i++) {
		struct tlsd_options options = {
		    .steps = offers[i].steps, .name = "mx.example"};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		AUTO(probe_facts)
		struct probe_facts *facts = probe(tlsd_port(server), AMPLE_MS);

		ROW(offers[i].id, facts->outcome == PROBE_TLS);
		ROW(offers[i].id, facts->tls_ehlo == offers[i].tls_ehlo);
		ROW(offers[i].id, facts->requiretls == offers[i].requiretls);
	}
}

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
		struct probe_facts *facts = probe(tlsd_port(server), AMPLE_MS);

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
what_cannot_be_reached_is_told(void **state)
{
	static const struct {
		const char *address;
		const char *detail;
	} places[] = {
	    {"127.0.0.1", "Connection_refused"},
	    {"mx.example", "no_address"},
	    {"127.0.0.1:25", "no_address"},
	    {"2001:db8::25", "no_route"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		struct smtp_target target = {.address = places[i].address,
		    .port = 1,
		    .sni = "",
		    .helo = "client.example"};
		AUTO(probe_facts)
		struct probe_facts *facts =
		    smtp_probe(&target, clock_mono_ms() + 300);

		/* where there is a route, nobody answers */
		if (facts->outcome == PROBE_TIMEOUT && i == 3)
			continue;
		ROW(places[i].address, facts->outcome == PROBE_CONNECT_FAILED);
		ROW_TEXT(places[i].address, facts->detail, places[i].detail);
		ROW(places[i].address, !facts->connected);
	}
}

static void
no_sni_is_sent_without_a_name(void **state)
{
	static const char *const steps[] = {TO_TLS, NULL};
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
deadline_in_the_past_is_a_timeout(void **state)
{
	static const char *const steps[] = {TLSD_HANG, NULL};
	struct tlsd_options options = {.steps = steps};
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	AUTO(probe_facts)
	struct probe_facts *facts = probe(tlsd_port(server), -1000);

	(void)state;
	assert_int_equal(facts->outcome, PROBE_TIMEOUT);
}

int
main(void)
{
	const struct CMUnitTest smtp[] = {
	    cmocka_unit_test(misbehaviour_ends_in_time_and_with_its_name),
	    cmocka_unit_test(connection_cut_at_any_octet_is_no_tls),
	    cmocka_unit_test(good_session_shows_chain_version_and_requiretls),
	    cmocka_unit_test(what_is_offered_inside_tls_is_told_from_no_answer),
	    cmocka_unit_test(odd_certificates_and_versions_are_facts),
	    cmocka_unit_test(what_cannot_be_reached_is_told),
	    cmocka_unit_test(no_sni_is_sent_without_a_name),
	    cmocka_unit_test(deadline_in_the_past_is_a_timeout),
	};

	return RUN_TESTS(smtp);
}
