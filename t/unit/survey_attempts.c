/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/attempts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/conf_text.h"
#include "t/unit/tap.h"

#define POSTFIX "Nov 30 04:15:00 gate postfix/smtp[7]: "
#define QMGR "Nov 30 04:15:00 gate postfix/qmgr[8]: "
#define SENDMAIL "Nov 30 04:15:00 gate sm-mta[9]: "
#define EXIM "2026-11-30 04:15:00 "
#define OURS "Nov 30 04:15:00 gate posternd[6]: "
#define ID "1tHxyz-00000000001-Abcd"
#define DEFERRED ", relay=none, dsn=4.4.3, status=deferred (no)"
#define SENT ", relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)"

/* Lines, and what they come to: "domain=messages", by name. */
static const struct {
	const char *id;
	const char *lines[8];
	const char *found;
	unsigned bad;
} logs[] = {
    {"V04: one message, two recipients, three tries",
	{POSTFIX "A1: to=<joe@x.example>" DEFERRED,
	    POSTFIX "A1: to=<sue@x.example>" DEFERRED,
	    POSTFIX "A1: to=<joe@x.example>" DEFERRED,
	    POSTFIX "A1: to=<joe@X.example>" SENT},
	"x.example=1", 0},
    {"V05: the id again, when the message is gone",
	{POSTFIX "A1: to=<joe@x.example>" SENT, QMGR "A1: removed",
	    POSTFIX "A1: to=<joe@x.example>" SENT},
	"x.example=2", 0},
    {"another id",
	{POSTFIX "A1: to=<joe@x.example>" SENT,
	    POSTFIX "A2: to=<joe@x.example>" SENT,
	    POSTFIX "A2: to=<joe@y.example>" SENT},
	"x.example=2 y.example=1", 0},
    {"V06: who delivers here",
	{"x postfix/local[1]: A1: to=<a@x.example>" SENT,
	    "x postfix/lmtp[1]: A1: to=<a@x.example>" SENT,
	    "x postfix/error[1]: A1: to=<a@x.example>" SENT},
	"", 0},
    {"V06: relay=none", {POSTFIX "A1: to=<a@x.example>" DEFERRED},
	"x.example=1", 0},
    {"V06: another tag",
	{"x out/smtp[1]: A1: to=<a@x.example>" SENT,
	    "x postfix-out/relay/smtp[1]: A2: to=<a@x.example>" SENT},
	"x.example=2", 0},
    {"V06: forged",
	{POSTFIX "A1: to=<a b\"@x.example>" SENT,
	    POSTFIX "A1: to=<\"to=<c@z.example>, \"@x.example>" SENT},
	"x.example=1", 1},
    {"no domain",
	{POSTFIX "A1: to=<joe>" SENT, POSTFIX "A1: to=<joe@[192.0.2.1]>" SENT},
	"", 2},
    {"what is no delivery",
	{POSTFIX "A1: host x.example said: 450 later",
	    POSTFIX "connect to x.example: timed out",
	    "x postfix/smtpd[1]: NOQUEUE: reject: to=<a@x.example>", "",
	    "nonsense"},
	"", 0},
    {"Sendmail",
	{SENDMAIL "B1: to=<a@x.example>,<b@y.example>, delay=1, "
		  "mailer=esmtp, relay=m. [192.0.2.1], dsn=2.0.0, stat=Sent",
	    SENDMAIL "B1: to=<a@x.example>, mailer=esmtp, dsn=4.0.0, "
		     "stat=Deferred",
	    SENDMAIL "B2: to=joe, mailer=local, dsn=2.0.0, stat=Sent",
	    SENDMAIL "B3: to=<a@z.example>, mailer=local, stat=Sent"},
	"x.example=1 y.example=1", 0},
    {"Exim",
	{EXIM ID " => a@x.example R=dns T=out H=m.x.example [192.0.2.1]",
	    EXIM ID " -> b@x.example R=dns T=out H=m.x.example [192.0.2.1]",
	    EXIM ID " -> b@y.example <c@z.example> R=dns T=out H=m [192.0.2.1]",
	    EXIM ID " Completed",
	    EXIM ID " => a@x.example R=dns T=out H=m.x.example [192.0.2.1]"},
	"x.example=2 y.example=1", 0},
    {"Exim: a transport is known late",
	{EXIM ID " == a@x.example R=dns T=out defer (-53): retry time",
	    EXIM ID " == a@x.example R=dns T=out defer (-53): retry time",
	    EXIM ID " ** b@y.example R=dns T=out H=m [192.0.2.1]: 550 no",
	    EXIM ID " => joe <joe@z.example> R=user T=mail_spool",
	    EXIM ID " => joe@z.example R=user T=mail_spool"},
	"x.example=1 y.example=1", 0},
    {"Exim: what a host says is not read",
	{EXIM ID " == a@x.example R=r T=out defer (-46): H=m T=out",
	    EXIM ID " => \"b T=out H=m\"@y.example R=r T=spool",
	    EXIM ID " <= a@x.example H=m T=out", EXIM ID " ** q@z.example: no"},
	"", 0},
    {"Exim: by syslog, of old, with a zone and a number",
	{"Nov 30 04:15:00 gate exim[5]: " EXIM
	 "1tHxyz-000001-AB => a@x.example R=r T=out H=m [192.0.2.1]",
	    "Nov 30 04:15:00 gate exim4[5]: " ID
	    " => a@x.example R=r T=out H=m [192.0.2.1]",
	    EXIM "+0100 [77] " ID " => a@y.example T=out H=m [192.0.2.1]"},
	"x.example=2 y.example=1", 0},
    {"Exim: not in what others log",
	{"Nov 30 04:15:00 gate postfix/cleanup[1]: A1: warning: header "
	 "Subject: " ID " => a@x.example T=out H=m",
	    OURS "A1: " ID " => a@x.example T=out H=m"},
	"", 0},
    {"posternd",
	{OURS "A1: event=check domain=x.example result=pass",
	    OURS "A1: event=check domain=y.example result=fail",
	    POSTFIX "A1: to=<a@x.example>" SENT,
	    OURS "A2: event=skip domain=z.example",
	    "Nov 30 04:15:00 gate other[6]: A3: event=check "
	    "domain=w.example"},
	"x.example=1 y.example=1", 0},
};

struct summed {
	size_t count;
	struct {
		char domain[LIMIT_DOMAIN_SIZE];
		int64_t messages;
	} items[16];
};

static void
sum_found(void *arg, const char *domain, int64_t messages)
{
	struct summed *summed = arg;
	size_t i = 0;

	while (
	    i < summed->count && strcmp(summed->items[i].domain, domain) != 0)
		i++;
	assert_true(i < COUNT(summed->items));
	if (i == summed->count)
		snprintf(summed->items[summed->count++].domain,
		    LIMIT_DOMAIN_SIZE, "%s", domain);
	summed->items[i].messages += messages;
}

static int
compare_summed(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
print_summed(struct summed *summed, char *out, size_t size)
{
	size_t used = 0;

	qsort(summed->items, summed->count, sizeof(summed->items[0]),
	    compare_summed);
	out[0] = '\0';
	for (size_t i = 0; i < summed->count; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s=%d",
		    i == 0 ? "" : " ", summed->items[i].domain,
		    (int)summed->items[i].messages);
}

/* V04 to V06 */
static void
messages_count_once_for_each_domain(void **state)
{
	struct settings *settings = conf_text_load("");

	(void)state;
	for (size_t i = 0; i < COUNT(logs); i++) {
		struct summed summed = {.count = 0};
		struct attempts attempts;
		char text[256];

		attempts_init(&attempts, settings, sum_found, &summed);
		for (size_t j = 0; j < 8 && logs[i].lines[j] != NULL; j++)
			attempts_line(&attempts, logs[i].lines[j]);
		ROW(logs[i].id, attempts.bad == logs[i].bad);
		attempts_end(&attempts);
		print_summed(&summed, text, sizeof(text));
		ROW_TEXT(logs[i].id, text, logs[i].found);
	}
	settings_free(settings);
}

static void
count_found(void *arg, const char *domain, int64_t messages)
{
	(void)domain;
	*(int64_t *)arg += messages;
}

/* LIMIT_SURVEY_WAITING */
static void
exim_has_bounds(void **state)
{
	struct settings *settings = conf_text_load("");
	struct attempts attempts;
	int64_t found = 0;
	char line[200];

	(void)state;
	attempts_init(&attempts, settings, count_found, &found);
	for (int i = 0; i < LIMIT_SURVEY_WAITING + 5; i++) {
		snprintf(line, sizeof(line),
		    EXIM ID " == a@d%d.example T=out defer (0): x", i);
		attempts_line(&attempts, line);
	}
	assert_int_equal(attempts.passed, 5);
	for (int i = 1; i < ATTEMPTS_TRANSPORTS + 3; i++) {
		snprintf(line, sizeof(line),
		    EXIM ID " == a@x%d.example T=t%d defer (0): x", i, i);
		attempts_line(&attempts, line);
	}
	assert_int_equal(attempts.transport_count, ATTEMPTS_TRANSPORTS);
	attempts_line(&attempts, EXIM ID " => a@y.example T=out H=m");
	attempts_end(&attempts);
	assert_int_equal(found, LIMIT_SURVEY_WAITING + 1);
	settings_free(settings);
}

static void
pairs_are_forgotten_with_their_message(void **state)
{
	struct pairs pairs;
	char id[16];

	(void)state;
	pairs_init(&pairs, 6);
	for (int i = 0; i < 5000; i++) {
		snprintf(id, sizeof(id), "A%d", i);
		assert_true(pairs_add(&pairs, id, "x.example"));
		assert_false(pairs_add(&pairs, id, "x.example"));
		assert_true(pairs_add(&pairs, id, "y.example"));
		assert_false(pairs_add(&pairs, id, "x.example"));
		pairs_end(&pairs, id);
		pairs_end(&pairs, id);
	}
	assert_false(pairs.full);
	assert_int_equal(pairs.count, 3);
	pairs_fini(&pairs);
}

/* LIMIT_SURVEY_MESSAGES is what the command has: beyond it lines count. */
static void
where_there_is_no_room_lines_count(void **state)
{
	struct pairs pairs;
	char id[16];

	(void)state;
	pairs_init(&pairs, 4000);
	for (int i = 0; i < 2000; i++) {
		snprintf(id, sizeof(id), "A%d", i);
		assert_true(pairs_add(&pairs, id, "x.example"));
	}
	assert_false(pairs.full);
	assert_true(pairs_add(&pairs, "B", "x.example"));
	assert_true(pairs_add(&pairs, "B", "x.example"));
	assert_true(pairs.full);
	for (int i = 0; i < 2000; i++) {
		snprintf(id, sizeof(id), "A%d", i);
		assert_false(pairs_add(&pairs, id, "x.example"));
	}
	pairs_end(&pairs, "A7");
	assert_true(pairs_add(&pairs, "B", "x.example"));
	assert_false(pairs_add(&pairs, "B", "x.example"));
	pairs_fini(&pairs);
}

int
main(void)
{
	const struct CMUnitTest attempts[] = {
	    cmocka_unit_test(messages_count_once_for_each_domain),
	    cmocka_unit_test(exim_has_bounds),
	    cmocka_unit_test(pairs_are_forgotten_with_their_message),
	    cmocka_unit_test(where_there_is_no_room_lines_count),
	};

	return RUN_TESTS(attempts);
}
