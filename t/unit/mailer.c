/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/mailer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/io/https.h"
#include "t/fake/tlsd.h"
#include "t/unit/tap.h"

#define GREETING "220 mx\r\n", TLSD_READ, "250-mx\r\n250 8BITMIME\r\n"
#define ENVELOPE TLSD_READ, "250 ok\r\n", TLSD_READ, "250 ok\r\n"
#define DATA TLSD_READ, "354 go\r\n", TLSD_READ_HEAD, TLSD_READ, TLSD_READ

enum { AMPLE_MS = 10000, SHORT_MS = 500 };

static void
a_mailer_is_an_address_or_a_program(void **state)
{
	static const struct {
		const char *text, *address;
		unsigned port;
		const char *program;
	} rows[] = {
	    {"smtp:127.0.0.1:25", "127.0.0.1", 25, ""},
	    {"smtp:127.0.0.1", "127.0.0.1", 25, ""},
	    {"smtp:[::1]:587", "::1", 587, ""},
	    {"smtp:[::1]", "::1", 25, ""},
	    {"sendmail:/usr/sbin/sendmail", "", 0, "/usr/sbin/sendmail"},
	};
	static const char *const wrong[] = {"smtp:", "smtp:mail.example",
	    "smtp:127.0.0.1:0", "smtp:127.0.0.1:65536", "smtp:[::1",
	    "smtp:[::1]x", "smtp:[::1]x:25", "sendmail:sendmail",
	    "lmtp:127.0.0.1", "sendmail:"};
	char path[LIMIT_MAILER_PATH + 20] = "sendmail:";
	struct mailer mailer;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *why = mailer_parse(rows[i].text, &mailer);

		if (why != NULL)
			fail_msg("%s: %s", rows[i].text, why);
		assert_string_equal(mailer.address, rows[i].address);
		assert_int_equal(mailer.port, rows[i].port);
		assert_string_equal(mailer.program, rows[i].program);
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		if (mailer_parse(wrong[i], &mailer) == NULL)
			fail_msg("%s was taken", wrong[i]);
	memset(path + 9, '/', LIMIT_MAILER_PATH);
	path[9 + LIMIT_MAILER_PATH] = '\0';
	assert_null(mailer_parse(path, &mailer));
	path[9 + LIMIT_MAILER_PATH] = '/';
	path[10 + LIMIT_MAILER_PATH] = '\0';
	assert_non_null(mailer_parse(path, &mailer));
}

static struct mailer_mail mail = {.helo = "gate.example",
    .sender = "tls@example.org",
    .recipient = "r@d.ex",
    .octets = "Subject: x\r\n\r\nabc\r\n",
    .size = 19};

static enum mailer_outcome
send_to(const struct tlsd *server, int timeout_ms, char why[LIMIT_DETAIL_SIZE])
{
	struct mailer mailer = {.address = "127.0.0.1"};

	mailer.port = tlsd_port(server);
	mail.deadline_ms = clock_mono_ms() + timeout_ms;
	return mailer_send(&mailer, &mail, why);
}

static const struct {
	const char *id;
	const char *steps[16];
	enum mailer_outcome outcome;
} talks[] = {
    {"S02 taken",
	{GREETING, ENVELOPE, DATA, "250 queued\r\n", TLSD_READ, "221 bye\r\n"},
	MAILER_TAKEN},
    {"S02 taken, then silence",
	{GREETING, ENVELOPE, DATA, "250 queued\r\n", TLSD_READ, TLSD_RESET},
	MAILER_TAKEN},
    {"S02 recipient refused",
	{GREETING, TLSD_READ, "250 ok\r\n", TLSD_READ, "550 no\r\n", TLSD_READ,
	    "250 ok\r\n", TLSD_READ, "221 bye\r\n"},
	MAILER_REFUSED},
    {"S02 recipient put off",
	{GREETING, TLSD_READ, "250 ok\r\n", TLSD_READ, "450 later\r\n",
	    TLSD_READ, "250 ok\r\n", TLSD_READ, "221 bye\r\n"},
	MAILER_LATER},
    {"S02 refused at the end",
	{GREETING, ENVELOPE, DATA, "554 5.7.1 no\r\n", TLSD_READ,
	    "221 bye\r\n"},
	MAILER_REFUSED},
    {"S02 put off at the end",
	{GREETING, ENVELOPE, DATA, "451 4.7.1 later\r\n", TLSD_READ,
	    "221 bye\r\n"},
	MAILER_LATER},
    {"S02 cut off before the end", {GREETING, ENVELOPE, DATA, TLSD_RESET},
	MAILER_LATER},
    {"busy", {"421 busy\r\n"}, MAILER_LATER},
    {"no SMTP", {TLSD_GARBAGE}, MAILER_LATER},
};

static void
what_the_mta_says_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(talks); i++) {
		struct tlsd_options options = {.steps = talks[i].steps};
		AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
		char why[LIMIT_DETAIL_SIZE];
		enum mailer_outcome outcome = send_to(server, AMPLE_MS, why);

		if (outcome != talks[i].outcome)
			fail_msg("%s: %d, %s", talks[i].id, (int)outcome, why);
		assert_int_equal(why[0] == '\0', outcome == MAILER_TAKEN);
	}
}

/* S14 H05 */
static void
the_envelope_is_what_was_asked_for(void **state)
{
	struct tlsd_options options = {.steps = talks[0].steps};
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	char why[LIMIT_DETAIL_SIZE];
	const char *heard;

	(void)state;
	mail.sender = "";
	mail.recipient = "-oQ/@d.ex";
	assert_int_equal(send_to(server, AMPLE_MS, why), MAILER_TAKEN);
	heard = tlsd_heard(server);
	assert_memory_equal(heard, "EHLO gate.example", 17);
	assert_non_null(strstr(heard, "MAIL FROM:<>"));
	assert_non_null(strstr(heard, "RCPT TO:<-oQ/@d.ex>"));
	assert_null(strstr(heard, "AUTH"));
	mail.sender = "tls@example.org";
	mail.recipient = "r@d.ex";
}

static void
a_silent_one_ends_at_the_deadline(void **state)
{
	static const char *const steps[] = {"220 mx\r\n", TLSD_HANG, NULL};
	struct tlsd_options options = {.steps = steps};
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	char why[LIMIT_DETAIL_SIZE];

	(void)state;
	assert_int_equal(send_to(server, SHORT_MS, why), MAILER_LATER);
}

/* F09 */
static void
it_gives_up_when_told(void **state)
{
	static const char *const steps[] = {"220 mx\r\n", TLSD_HANG, NULL};
	static const atomic_bool ended = true;
	struct tlsd_options options = {.steps = steps};
	AUTO(tlsd) struct tlsd *server = tlsd_new(&options);
	char why[LIMIT_DETAIL_SIZE];
	int64_t begun_ms = clock_mono_ms();

	(void)state;
	mail.ended = &ended;
	assert_int_equal(send_to(server, 10 * AMPLE_MS, why), MAILER_LATER);
	assert_in_range(clock_mono_ms() - begun_ms, 0, 5 * AMPLE_MS);
	mail.ended = NULL;
}

static char script[] = "/tmp/postern-t-mailer-XXXXXX";

static enum mailer_outcome
send_by_script(const char *text, int timeout_ms, char why[LIMIT_DETAIL_SIZE])
{
	struct mailer mailer = {.port = 0};
	FILE *file = fopen(script, "we");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	fclose(file);
	snprintf(mailer.program, sizeof(mailer.program), "%s", script);
	mail.deadline_ms = clock_mono_ms() + timeout_ms;
	return mailer_send(&mailer, &mail, why);
}

/* S14 */
static void
a_program_is_judged_by_its_status(void **state)
{
	char why[LIMIT_DETAIL_SIZE];

	(void)state;
	assert_int_equal(
	    send_by_script("[ \"$*\" = \"-i -f tls@example.org -- r@d.ex\" ] "
			   "&& grep -q abc",
		AMPLE_MS, why),
	    MAILER_TAKEN);
	assert_int_equal(
	    send_by_script("exit 75", AMPLE_MS, why), MAILER_LATER);
	assert_int_equal(
	    send_by_script("exit 67", AMPLE_MS, why), MAILER_REFUSED);
	assert_string_equal(why, "status_67");
	assert_int_equal(
	    send_by_script("kill -9 $$", AMPLE_MS, why), MAILER_LATER);
	assert_int_equal(
	    send_by_script("exec sleep 60", SHORT_MS, why), MAILER_LATER);
	unlink(script);
}

static int
set_up(void **state)
{
	int fd = mkstemp(script);

	(void)state;
	if (fd < 0 || fchmod(fd, 0700) != 0)
		return -1;
	close(fd);
	return https_global_init(NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_mailer_is_an_address_or_a_program),
	    cmocka_unit_test(what_the_mta_says_decides),
	    cmocka_unit_test(the_envelope_is_what_was_asked_for),
	    cmocka_unit_test(a_silent_one_ends_at_the_deadline),
	    cmocka_unit_test(it_gives_up_when_told),
	    cmocka_unit_test(a_program_is_judged_by_its_status),
	};

	return RUN_TESTS_WITH(tests, set_up, NULL);
}
