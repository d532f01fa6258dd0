/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/smtp.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "t/unit/smtp_steps.h"
#include "t/unit/tap.h"

static const struct row {
	const char *id;
	const char *steps[14];
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
	"no_SMTP_at_greeting:_SSH-2.0-OpenSSH_9.2"},
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
    {"HELO after a 4yz", {GREETING, TLSD_READ, "450 eh\r\n", INSIDE},
	PROBE_NO_STARTTLS, "EHLO:_450_eh"},
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
    {"354 to STARTTLS",
	{GREETING, TLSD_READ, OFFER, TLSD_READ, "354 ok\r\n", BYE},
	PROBE_STARTTLS_REFUSED, "354_ok"},
    {"250 to STARTTLS",
	{GREETING, TLSD_READ, OFFER, TLSD_READ, "250 ok\r\n", TLSD_TLS, INSIDE},
	PROBE_TLS, ""},
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
    {"hang up after TLS", {TO_TLS}, PROBE_TLS_REFUSED,
	"connection_closed_at_EHLO_inside_TLS"},
    {"reset after TLS", {TO_TLS, TLSD_RESET}, PROBE_TLS_REFUSED,
	"connection_closed_at_EHLO_inside_TLS"},
    {"alert after TLS", {TO_TLS, TLSD_ALERT}, PROBE_TLS_REFUSED,
	"TLS_alert:_Certificate_is_required,_connection_closed_at_EHLO_inside_"
	"TLS"},
    {"silent after TLS", {TO_TLS, TLSD_HANG}, PROBE_TIMEOUT,
	"timeout_at_EHLO_inside_TLS"},
    {"drip after TLS", {TO_TLS, TLSD_DRIP}, PROBE_TIMEOUT,
	"timeout_at_EHLO_inside_TLS"},
    {"refused after TLS", {TO_TLS, TLSD_READ, "421 no\r\n"}, PROBE_TLS_REFUSED,
	"421_no"},
    {"HELO inside TLS", {TO_TLS, TLSD_READ, "451-x\r\n451 no\r\n", INSIDE},
	PROBE_TLS, ""},
    {"HELO refused inside TLS",
	{TO_TLS, TLSD_READ, "502 no\r\n", TLSD_READ, "550 no\r\n", BYE},
	PROBE_TLS_REFUSED, "550_no"},
    {"10 MB after TLS", {TO_TLS, TLSD_READ, TLSD_FLOOD}, PROBE_TLS_REFUSED,
	NULL},
    {"empty line before the greeting",
	{"\r\n" GREETING, TLSD_READ, OFFER, TLSD_READ, GO_AHEAD, TLSD_TLS,
	    INSIDE},
	PROBE_TLS, ""},
    {"garbage before the greeting",
	{"hello there\n" GREETING, TLSD_READ, OFFER, TLSD_READ, GO_AHEAD,
	    TLSD_TLS, INSIDE},
	PROBE_TLS, ""},
    {"garbage, then closed", {"hello there\n"}, PROBE_NOT_SMTP,
	"no_SMTP_at_greeting:_hello_there"},
    {"masked greeting", {"220 ****2**0*\r\n", TLSD_READ, "250 mx\r\n", BYE},
	PROBE_NO_STARTTLS, "the_greeting_is_masked:_MTAs_say_HELO_to_it"},
    {"no 221", {TO_TLS, TLSD_READ, "250 mx\r\n", TLSD_HANG}, PROBE_TLS, ""},
};

static bool
has_step(const struct row *row, const char *step)
{
	for (size_t i = 0; row->steps[i] != NULL; i++)
		if (strcmp(row->steps[i], step) == 0)
			return true;
	return false;
}

static int
timeout_of(const struct row *row)
{
	if (has_step(row, TLSD_LONG_LINE) || has_step(row, TLSD_FLOOD))
		return AMPLE_MS;
	if (has_step(row, TLSD_TLS))
		return TLS_MS;
	return has_step(row, TLSD_HANG) || has_step(row, TLSD_DRIP) ? SHORT_MS
								    : AMPLE_MS;
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
		    smtp_steps_probe(tlsd_port(server), timeout_of(row));

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
		    (facts->cert_count > 0) == has_step(row, TLSD_TLS));
		ROW(row->id, facts->tls_ehlo == (row->outcome == PROBE_TLS));
		ROW(row->id, !facts->requiretls);
		ROW(row->id, facts->connected);
		ROW(row->id, facts->starttls == offers_starttls(row));
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
	struct probe_facts *facts =
	    smtp_steps_probe(tlsd_port(server), AMPLE_MS);
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

/* Of what is sent all but printable ASCII is "?"; a long banner is cut. */
static void
what_nobody_judges_is_there_to_be_shown(void **state)
{
	static const char *const steps[] = {
	    "220-mx \033[2J\tESMTP\r\n220 more\r\n", TLSD_READ, OFFER,
	    TLSD_PAUSE, TLSD_READ, GO_AHEAD, TLSD_TLS, INSIDE, NULL};
	struct tlsd_options options = {.steps = steps,
	    .name = "mx.example",
	    .flaws = TLSD_RSA,
	    .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-RSA:"
			"-GROUP-ALL:+GROUP-SECP384R1:-CIPHER-ALL:+AES-256-GCM:"
			"-SIGN-ALL:+SIGN-RSA-SHA512"};
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	AUTO(probe_facts)
	struct probe_facts *facts =
	    smtp_steps_probe(tlsd_port(server), AMPLE_MS);
	const struct probe_sight *sight = &facts->sight;
	unsigned sum = 0;

	(void)state;
	assert_int_equal(facts->outcome, PROBE_TLS);
	assert_string_equal(sight->banner, "mx ?[2J?ESMTP");
	assert_string_equal(
	    sight->cipher, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
	assert_string_equal(sight->group, "SECP384R1");
	assert_string_equal(sight->signature, "RSA-SHA512");
	for (int i = 0; i < PROBE_PHASES; i++) {
		assert_true(sight->is_begun[i]);
		sum += sight->phase_ms[i];
	}
	assert_in_range(sight->phase_ms[PHASE_STARTTLS], TLSD_PAUSE_MS,
	    TLSD_PAUSE_MS + SLACK_MS);
	assert_true(sum <= facts->ms);
}

static void
phases_that_were_not_come_to_are_told_from_short_ones(void **state)
{
	static const char *const steps[] = {GREETING, TLSD_HANG, NULL};
	struct tlsd_options options = {.steps = steps, .name = "mx.example"};
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	AUTO(probe_facts)
	struct probe_facts *facts =
	    smtp_steps_probe(tlsd_port(server), SHORT_MS);

	(void)state;
	assert_true(facts->sight.is_begun[PHASE_STARTTLS]);
	assert_true(facts->sight.phase_ms[PHASE_STARTTLS] >= SHORT_MS / 2);
	assert_false(facts->sight.is_begun[PHASE_HANDSHAKE]);
	assert_false(facts->sight.is_begun[PHASE_EHLO]);
	assert_string_equal(facts->sight.cipher, "");
	assert_string_equal(facts->sight.banner, "mx.example ESMTP");
}

static void
what_is_offered_inside_tls_is_told_from_no_answer(void **state)
{
	static const struct {
		const char *id, *steps[18];
		bool tls_ehlo, requiretls;
	} offers[] = {
	    {"offered",
		{TO_TLS, TLSD_READ, "250-mx\r\n250 requiretls\r\n", BYE}, true,
		true},
	    {"not offered", {TO_TLS, TLSD_READ, "250 mx\r\n", BYE}, true,
		false},
	    {"no EHLO", {TO_TLS, TLSD_READ, "502 no\r\n", INSIDE}, true, false},
	    {"EHLO refused, HELO not",
		{TO_TLS, TLSD_READ, "502-no\r\n502 REQUIRETLS\r\n", INSIDE},
		true, false},
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
		struct probe_facts *facts =
		    smtp_steps_probe(tlsd_port(server), AMPLE_MS);

		ROW(offers[i].id,
		    facts->outcome ==
			(offers[i].tls_ehlo ? PROBE_TLS : PROBE_TLS_REFUSED));
		ROW(offers[i].id, facts->tls_ehlo == offers[i].tls_ehlo);
		ROW(offers[i].id, facts->requiretls == offers[i].requiretls);
	}
}

static void
a_greeting_has_a_time_of_its_own(void **state)
{
	static const char *const late[] = {
	    TLSD_PAUSE, TO_TLS, TLSD_READ, "250 mx\r\n", BYE, NULL};
	static const char *const after[] = {GREETING, TLSD_READ, TLSD_PAUSE,
	    OFFER, TLSD_READ, GO_AHEAD, TLSD_TLS, INSIDE, NULL};
	static const struct {
		const char *id;
		const char *const *steps;
		int greeting_ms, timeout_ms;
		const char *detail;
	} times[] = {
	    {"late greeting", late, AMPLE_MS, TLSD_PAUSE_MS / 2, ""},
	    {"too late", late, TLSD_PAUSE_MS / 2, AMPLE_MS,
		"timeout_at_greeting"},
	    {"late answer to EHLO", after, AMPLE_MS, TLSD_PAUSE_MS / 2,
		"timeout_at_EHLO"},
	    {"the rest has time", after, TLSD_PAUSE_MS / 2, AMPLE_MS, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		struct tlsd_options options = {
		    .steps = times[i].steps, .name = "mx.example"};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		struct smtp_target target =
		    smtp_steps_target(tlsd_port(server));
		struct probe_facts *facts;

		target.greeting_ms = times[i].greeting_ms;
		target.timeout_ms = times[i].timeout_ms;
		facts = smtp_probe(&target, clock_mono_ms() + AMPLE_MS);
		ROW_TEXT(times[i].id, facts->detail, times[i].detail);
		ROW(times[i].id,
		    facts->outcome ==
			(*times[i].detail == '\0' ? PROBE_TLS : PROBE_TIMEOUT));
		probe_facts_free(facts);
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

/* A socket of loopback that takes connections and never speaks. */
static int
listen_at(const char *host, uint16_t *port)
{
	struct sockaddr_storage at = {.ss_family = AF_INET};
	struct sockaddr_in *v4 = (struct sockaddr_in *)&at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at;
	socklen_t size = sizeof(*v4);
	int fd;

	if (inet_pton(AF_INET, host, &v4->sin_addr) != 1) {
		at.ss_family = AF_INET6;
		size = sizeof(*v6);
		assert_int_equal(inet_pton(AF_INET6, host, &v6->sin6_addr), 1);
	}
	fd = socket(at.ss_family, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&at, size) != 0) {
		close(fd);
		return -1;
	}
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	*port = ntohs(at.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
	return fd;
}

/* Where the one that has connected comes from. */
static void
take_peer(int listener, char out[INET6_ADDRSTRLEN])
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	int fd = accept(listener, (struct sockaddr *)&peer, &size);

	assert_true(fd >= 0);
	assert_int_equal(getnameinfo((struct sockaddr *)&peer, size, out,
			     INET6_ADDRSTRLEN, NULL, 0, NI_NUMERICHOST),
	    0);
	close(fd);
}

static void
a_probe_leaves_from_the_address_of_its_family(void **state)
{
	static const struct {
		const char *host;
		struct smtp_source source;
		const char *peer;
	} ways[] = {
	    {"127.0.0.1", {NULL, NULL}, "127.0.0.1"},
	    {"127.0.0.1", {"127.0.0.7", NULL}, "127.0.0.7"},
	    {"127.0.0.1", {"127.0.0.7", "2001:db8::1"}, "127.0.0.7"},
	    {"127.0.0.1", {NULL, "2001:db8::1"}, "127.0.0.1"},
	    {"::1", {"192.0.2.1", "::1"}, "::1"},
	    {"::1", {"192.0.2.1", NULL}, "::1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct smtp_target target = smtp_steps_target(0);
		AUTO(probe_facts) struct probe_facts *facts = NULL;
		char peer[INET6_ADDRSTRLEN];
		int listener = listen_at(ways[i].host, &target.port);

		if (listener < 0) /* no IPv6 here */
			continue;
		target.address = ways[i].host;
		target.source = ways[i].source;
		facts = smtp_probe(&target, clock_mono_ms() + SHORT_MS);
		ROW(ways[i].peer, facts->connected);
		take_peer(listener, peer);
		ROW_TEXT(ways[i].host, peer, ways[i].peer);
		close(listener);
	}
}

static void
an_address_that_is_not_ours_is_no_fault_of_the_host(void **state)
{
	static const struct {
		const char *host;
		struct smtp_source source;
		const char *detail;
	} ways[] = {
	    {"127.0.0.1", {"192.0.2.1", NULL},
		"ProbeSource_192.0.2.1:_Cannot_assign_requested_address"},
	    {"::1", {NULL, "2001:db8::1"},
		"ProbeSource_2001:db8::1:_Cannot_assign_requested_address"},
	    /* loopback, from where nobody outside can be reached */
	    {"198.51.100.1", {"127.0.0.1", NULL},
		"ProbeSource_127.0.0.1:_Invalid_argument"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct smtp_target target = smtp_steps_target(0);
		AUTO(probe_facts) struct probe_facts *facts = NULL;
		uint16_t port = 25;
		int listener = i == 2 ? 0 : listen_at(ways[i].host, &port);

		if (listener < 0)
			continue;
		target.address = ways[i].host;
		target.port = port;
		target.source = ways[i].source;
		facts = smtp_probe(&target, clock_mono_ms() + SHORT_MS);
		if (listener > 0)
			close(listener);
		/* without any route there is nothing to refuse */
		if (i == 2 && facts->outcome == PROBE_CONNECT_FAILED)
			continue;
		ROW(ways[i].host, facts->outcome == PROBE_NO_SOURCE);
		ROW(ways[i].host, !facts->connected);
		ROW_TEXT(ways[i].host, facts->detail, ways[i].detail);
	}
}

static void
deadline_in_the_past_is_a_timeout(void **state)
{
	static const char *const steps[] = {TLSD_HANG, NULL};
	struct tlsd_options options = {.steps = steps};
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	AUTO(probe_facts)
	struct probe_facts *facts = smtp_steps_probe(tlsd_port(server), -1000);

	(void)state;
	assert_int_equal(facts->outcome, PROBE_TIMEOUT);
}

/* A session that is lost has no end; one that is left outlives its facts. */
static void
what_is_left_of_a_session_is_quit(void **state)
{
	static const struct {
		const char *id;
		const char *steps[12];
		enum probe_outcome outcome;
		const char *heard; /* with what smtp_quit says; NULL: nothing */
	} ends[] = {
	    {"TLS", {TO_TLS, INSIDE}, PROBE_TLS,
		"EHLO client.example\r\nSTARTTLS\r\n"
		"EHLO client.example\r\nQUIT\r\n"},
	    {"silent at QUIT inside TLS",
		{TO_TLS, TLSD_READ, "250 mx\r\n", TLSD_READ, TLSD_HANG},
		PROBE_TLS,
		"EHLO client.example\r\nSTARTTLS\r\n"
		"EHLO client.example\r\nQUIT\r\n"},
	    {"refused", {"554 no\r\n", BYE}, PROBE_REFUSED, "QUIT\r\n"},
	    {"silent at QUIT", {"554 no\r\n", TLSD_READ, TLSD_HANG},
		PROBE_REFUSED, "QUIT\r\n"},
	    {"no SMTP at QUIT", {"554 no\r\n", TLSD_READ, TLSD_GARBAGE},
		PROBE_REFUSED, "QUIT\r\n"},
	    {"hung up", {NULL}, PROBE_CONNECT_FAILED, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		struct tlsd_options options = {
		    .steps = ends[i].steps, .name = "mx.example"};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		struct smtp_target target =
		    smtp_steps_target(tlsd_port(server));
		struct smtp_session *left;
		struct probe_facts *facts =
		    smtp_look(&target, clock_mono_ms() + AMPLE_MS, &left);

		ROW(ends[i].id, facts->outcome == ends[i].outcome);
		ROW(ends[i].id, (left != NULL) == (ends[i].heard != NULL));
		probe_facts_free(facts);
		smtp_quit(left);
		if (ends[i].heard != NULL)
			ROW(ends[i].id,
			    strcmp(tlsd_heard(server), ends[i].heard) == 0);
	}
}

int
main(void)
{
	const struct CMUnitTest smtp[] = {
	    cmocka_unit_test(misbehaviour_ends_in_time_and_with_its_name),
	    cmocka_unit_test(good_session_shows_chain_version_and_requiretls),
	    cmocka_unit_test(what_nobody_judges_is_there_to_be_shown),
	    cmocka_unit_test(
		phases_that_were_not_come_to_are_told_from_short_ones),
	    cmocka_unit_test(what_is_offered_inside_tls_is_told_from_no_answer),
	    cmocka_unit_test(a_greeting_has_a_time_of_its_own),
	    cmocka_unit_test(what_cannot_be_reached_is_told),
	    cmocka_unit_test(a_probe_leaves_from_the_address_of_its_family),
	    cmocka_unit_test(
		an_address_that_is_not_ours_is_no_fault_of_the_host),
	    cmocka_unit_test(deadline_in_the_past_is_a_timeout),
	    cmocka_unit_test(what_is_left_of_a_session_is_quit),
	};

	return RUN_TESTS(smtp);
}
