/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/review/review.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "milter/cli/review/report.h"
#include "t/unit/tap.h"

enum { NOW = 1800000000 }; /* 2027-01-15T08:00:00Z, local time is UTC */

static struct review r;

static void
begin_with(const char *domain, time_t since, time_t until)
{
	struct review_options options = {.program = "posternd",
	    .domain = domain,
	    .now = NOW,
	    .since = since,
	    .until = until};

	setenv("TZ", "UTC", 1);
	tzset();
	review_init(&r, &options);
}

static void
begin(void)
{
	begin_with(NULL, 0, 0);
}

static void
end(void)
{
	review_fini(&r);
}

/* A line of posternd; of the MTA. */
static void
ours(const char *text)
{
	char line[1200];

	snprintf(
	    line, sizeof(line), "Jan 14 10:00:00 gate posternd[7]: %s", text);
	review_line(&r, line);
}

static void
mta(const char *text)
{
	char line[1200];

	snprintf(line, sizeof(line), "Jan 14 10:00:01 gate postfix/smtp[8]: %s",
	    text);
	review_line(&r, line);
}

#define PASS "result=pass policy=tlsa level=dane reason=ok action=none rcpts=1"
#define FAIL                                                              \
	"result=fail policy=sts level=secure reason=certificate-expired " \
	"action=tag rcpts=1 mx=mx.b.example"
#define NONE                                                             \
	"result=none policy=no-policy-found level=may reason=no-policy " \
	"action=none rcpts=1"
#define TEMP                                                                 \
	"result=temperror policy=no-policy-found level=may reason=deadline " \
	"action=tag rcpts=1"

/* A message to one domain, whole. */
static void
message(const char *id, const char *domain, const char *found)
{
	char text[600], result[16];

	snprintf(text, sizeof(text), "%s: event=check domain=%s %s", id, domain,
	    found);
	ours(text);
	snprintf(result, sizeof(result), "%.*s",
	    (int)strcspn(found + strlen("result="), " "),
	    found + strlen("result="));
	snprintf(text, sizeof(text),
	    "%s: event=message result=%s action=%s domains=1 rcpts=1 auth=%s "
	    "ms=3",
	    id, result, strstr(found, "action=tag") != NULL ? "tag" : "none",
	    strcmp(result, "pass") == 0 ? "yes" : "no");
	ours(text);
}

static const struct review_domain *
domain_of(const char *name)
{
	uint32_t number = names_find(&r.domains.names, name);

	assert_int_not_equal(number, NAMES_NONE);
	return &r.domains.items[number];
}

static void
messages_and_their_domains_are_counted(void **state)
{
	(void)state;
	begin();
	message("A1", "a.example", PASS);
	message("A2", "b.example", FAIL);
	message("A3", "b.example", FAIL);
	message("A4", "c.example", NONE);
	ours("NOQUEUE: event=check domain=b.example result=fail policy=sts "
	     "level=secure reason=certificate-expired action=defer rcpts=3");
	ours("A5: event=skip domain=i.example reason=internal action=none "
	     "rcpts=1");
	assert_int_equal(r.messages, 4);
	assert_int_equal(r.authenticated, 1);
	assert_int_equal(r.results[RESULT_FAIL], 2);
	assert_int_equal(r.actions[ACTION_TAG], 2);
	assert_int_equal(r.check_results[RESULT_FAIL], 3);
	assert_int_equal(r.check_results[RESULT_SKIP], 1);
	assert_int_equal(r.policies[POLICY_TYPE_STS], 3);
	assert_int_equal(r.policies[POLICY_TYPE_NONE], 1);
	assert_int_equal(r.refused_rcpts[ACTION_DEFER], 3);
	assert_int_equal(r.domains.names.count, 4);
	assert_int_equal(domain_of("b.example")->results[RESULT_FAIL], 3);
	assert_string_equal(domain_of("b.example")->mx, "mx.b.example");
	assert_int_equal(r.day_count, 1);
	assert_int_equal(r.days[0].date, 20270114);
	end();
}

static void
what_another_setting_had_stopped_is_known(void **state)
{
	(void)state;
	begin();
	message("A1", "a.example", PASS);
	message("A2", "b.example", FAIL);
	mta("A2: from=<joe@sender.example>, size=1, nrcpt=1 (queue active)");
	mta("A2: from=<joe@sender.example>, size=1, nrcpt=1 (queue active)");
	message("A3", "c.example", FAIL);
	mta("A3: from=<joe@sender.example>, size=1, nrcpt=1 (queue active)");
	message("A4", "d.example", FAIL);
	mta("A4: from=<>, size=1, nrcpt=1 (queue active)");
	message("A5", "e.example", TEMP);
	message("A6", "f.example", NONE);
	/* what was held, or deferred, is stopped as it is */
	message("A7", "g.example",
	    "result=fail policy=sts level=secure reason=validation-failure "
	    "action=hold rcpts=1");
	assert_int_equal(r.would[WOULD_FAIL].messages, 3);
	assert_int_equal(r.would[WOULD_FAIL].null_sender, 1);
	assert_int_equal(r.would[WOULD_FAIL].sender_days.count, 2);
	assert_int_equal(r.would[WOULD_TEMPERROR].messages, 1);
	assert_int_equal(r.would[WOULD_ENCRYPT].messages, 1);
	assert_int_equal(domain_of("b.example")->would[WOULD_FAIL], 1);
	assert_int_equal(domain_of("g.example")->would[WOULD_FAIL], 0);
	end();
}

/* What the log says became of it, and whether that was foreseen. */
static const struct {
	const char *id, *found, *first, *then;
	int foreseen; /* -1: it does not count */
} forecasts[] = {
    {"pass, sent", PASS,
	"relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)", NULL, 1},
    {"pass, waits", PASS,
	"relay=none, dsn=4.4.1, status=deferred (connect to m: no)", NULL, 0},
    {"pass, waits and goes", PASS,
	"relay=none, dsn=4.4.1, status=deferred (connect to m: no)",
	"relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)", 1},
    {"pass, no such user", PASS,
	"relay=m[192.0.2.1]:25, dsn=5.1.1, status=bounced (host m "
	"said: "
	"550 no (in reply to RCPT TO command))",
	NULL, 1},
    {"pass, greylisted", PASS,
	"relay=m[192.0.2.1]:25, dsn=4.2.0, status=deferred (host m "
	"said: 450 later (in reply to RCPT TO command))",
	NULL, 1},
    {"pass, no TLS there", PASS,
	"relay=m[192.0.2.1]:25, dsn=4.7.4, status=deferred (TLS is "
	"required, but was not offered by host m)",
	NULL, 0},
    {"fail, waits", FAIL,
	"relay=m[192.0.2.1]:25, dsn=4.7.5, status=deferred (Server "
	"certificate not trusted)",
	NULL, 1},
    {"fail, waits, mended", FAIL,
	"relay=m[192.0.2.1]:25, dsn=4.7.5, status=deferred (Server "
	"certificate not trusted)",
	"relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)", 1},
    {"fail, sent", FAIL,
	"relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)", NULL, 0},
    {"temperror", TEMP,
	"relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)", NULL, -1},
    {"nothing logged", PASS, NULL, NULL, -1},
    {"sendmail, no such user", PASS,
	"mailer=esmtp, relay=m.example. [192.0.2.1], dsn=5.1.1, "
	"stat=User unknown",
	NULL, 1},
    {"sendmail, TLS fails", PASS,
	"mailer=esmtp, relay=m.example. [192.0.2.1], dsn=4.7.0, "
	"stat=Deferred: 403 4.7.0 TLS handshake failed.",
	NULL, 0},
};

static void
forecasts_are_compared_with_deliveries(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(forecasts); i++) {
		char text[600];

		begin();
		message("A1", "b.example", forecasts[i].found);
		if (forecasts[i].first != NULL) {
			snprintf(text, sizeof(text),
			    "A1: to=<joe@B.example>, %s", forecasts[i].first);
			mta(text);
		}
		if (forecasts[i].then != NULL) {
			snprintf(text, sizeof(text),
			    "A1: to=<joe@b.example>, %s", forecasts[i].then);
			mta(text);
		}
		mta("A1: removed");
		ROW(forecasts[i].id,
		    r.as_foreseen == (forecasts[i].foreseen == 1));
		ROW(forecasts[i].id,
		    r.not_as_foreseen == (forecasts[i].foreseen == 0));
		ROW(forecasts[i].id,
		    r.missed_count == (forecasts[i].foreseen == 0));
		ROW(forecasts[i].id, r.open.oldest == NAMES_NONE);
		end();
	}
}

static void
a_disagreement_has_both_lines_and_no_address(void **state)
{
	(void)state;
	begin();
	message("A1", "b.example", FAIL);
	mta("A1: to=<joe.doe@b.example>, orig_to=<jd@c.example>, "
	    "relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)");
	review_end(&r);
	assert_int_equal(r.missed_count, 1);
	assert_string_equal(r.missed[0].domain, "b.example");
	assert_string_equal(
	    r.missed[0].ours, "A1: event=check domain=b.example " FAIL);
	assert_string_equal(r.missed[0].theirs,
	    "A1: to=<*@b.example>, orig_to=<*@c.example>, "
	    "relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)");
	assert_int_equal(review_agreement(&r), 0);
	end();
}

static void
addresses_are_masked_in_any_form(void **state)
{
	static const struct {
		const char *text, *masked;
	} rows[] = {
	    {"to=<a@b>", "to=<*@b>"},
	    {"to=a@b, x", "to=*@b, x"},
	    {"to=<\"a b\"@c>", "to=<*@c>"},
	    {"to=<a@b>,<c@d>", "to=<*@b>,<*@d>"},
	    {"(host m said: 550 5.1.1 <joe@b> joe is gone (in reply to RCPT TO "
	     "command))",
		"(host m said: 550 5.1.1 ... (in reply to RCPT TO command))"},
	    {"(host m said: joe is gone)", "(host m said: ..."},
	    {"@", "*@"},
	    {"a@b@c", "**@c"},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[200];

		review_mask(out, sizeof(out), rows[i].text);
		ROW_TEXT(rows[i].text, out, rows[i].masked);
	}
}

static void
only_whole_lines_of_posternd_count(void **state)
{
	static const char *const rows[] = {
	    /* another program, whatever its text */
	    "Jan 14 10:00:00 gate dovecot[1]: A1: event=check domain=x.example "
	    "result=fail posternd",
	    "Jan 14 10:00:00 gate dovecot[1]: posternd[7]: A1: event=check "
	    "domain=x.example " FAIL,
	    "Jan 14 10:00:00 gate (x)[1]: posternd[7]: A1: event=check "
	    "domain=x.example " FAIL,
	    "Jan 14 10:00:00 gate a b posternd[7]: A1: event=check "
	    "domain=x.example " FAIL,
	    "Jan 14 10:00:00 gate xposternd[7]: A1: event=check "
	    "domain=x.example " FAIL,
	    "Jan 14 10:00:00 gate postfix/smtp[7]: A1: to=<x@posternd>, "
	    "status=sent (event=check domain=x.example " FAIL ")",
	    /* cut */
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check domain=x.exa",
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check "
	    "domain=x.example "
	    "result=fa",
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check",
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check domain=",
	    /* two in one */
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check "
	    "domain=x.example "
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check "
	    "domain=y.example " FAIL,
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check "
	    "domain=x.example "
	    "result=fail=pass policy=sts level=may reason=ok action=none "
	    "rcpts=1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		begin();
		review_line(&r, rows[i]);
		ROW(rows[i], r.domains.names.count == 0);
		end();
	}
}

static void
damaged_lines_are_counted(void **state)
{
	(void)state;
	begin();
	ours("A1: event=check domain=x.exa");
	ours("A1: event=check domain=x.example result=fa?l policy=sts "
	     "level=may reason=ok action=none rcpts=1");
	ours("A1: event=message resu");
	assert_int_equal(r.damaged, 3);
	end();
}

static void
times_that_cannot_be_stand_apart(void **state)
{
	static const struct {
		const char *when;
		int days, untimed;
	} rows[] = {
	    {"Jan 14 10:00:00", 1, 0},
	    {"2027-01-14T10:00:00.5+01:00", 1, 0},
	    {"2099-01-14T10:00:00Z", 0, 2},
	    {"Okt 14 10:00:00", 0, 2},
	    {"Mär 14 10:00:00", 0, 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[500];

		begin();
		snprintf(line, sizeof(line),
		    "%s gate posternd[7]: A1: event=check "
		    "domain=x.example " PASS,
		    rows[i].when);
		review_line(&r, line);
		snprintf(line, sizeof(line),
		    "%s gate posternd[7]: A1: event=message result=pass "
		    "action=none domains=1 rcpts=1 auth=yes ms=1",
		    rows[i].when);
		review_line(&r, line);
		ROW(rows[i].when, r.messages == 1);
		ROW(rows[i].when, (int)r.day_count == rows[i].days);
		ROW(rows[i].when, (int)r.untimed == rows[i].untimed);
		end();
	}
}

static void
day_line(const char *when)
{
	char line[300];

	snprintf(line, sizeof(line),
	    "%s gate posternd[7]: A1: event=message result=pass action=none "
	    "domains=1 rcpts=1 auth=yes ms=1",
	    when);
	review_line(&r, line);
}

static void
a_clock_may_go_back(void **state)
{
	(void)state;
	begin();
	day_line("Jan 13 23:59:59");
	day_line("Jan 14 00:00:00");
	day_line("Jan 12 10:00:00");
	day_line("Jan 14 00:00:59");
	day_line("Jan 13 00:00:00");
	assert_int_equal(r.day_count, 3);
	assert_int_equal(r.days[0].date, 20270112);
	assert_int_equal(r.days[0].messages, 1);
	assert_int_equal(r.days[1].messages, 2);
	assert_int_equal(r.days[2].messages, 2);
	assert_int_equal(r.last - r.first, 38 * 3600 + 59);
	end();
}

static void
a_time_can_be_asked_for(void **state)
{
	(void)state;
	begin_with(NULL, NOW - 2 * 86400, NOW - 86400);
	day_line("Jan 13 07:59:59");
	day_line("Jan 13 08:00:00");
	day_line("Jan 14 07:59:59");
	day_line("Jan 14 08:00:00");
	day_line("no time");
	assert_int_equal(r.messages, 2);
	assert_int_equal(r.outside, 2);
	assert_int_equal(r.untimed, 1);
	end();
}

static void
one_domain_can_be_asked_for(void **state)
{
	(void)state;
	begin_with("b.example", 0, 0);
	message("A1", "a.example", PASS);
	message("A2", "b.example", FAIL);
	assert_int_equal(r.messages, 1);
	assert_int_equal(r.domains.names.count, 1);
	end();
}

static void
a_queue_id_that_comes_again_is_another_message(void **state)
{
	(void)state;
	begin();
	message("A1", "b.example", FAIL);
	message("A1", "b.example", PASS);
	mta("A1: to=<x@b.example>, relay=m[192.0.2.1]:25, dsn=2.0.0, "
	    "status=sent (250 ok)");
	review_end(&r);
	assert_int_equal(r.messages, 2);
	assert_int_equal(r.as_foreseen, 1);
	assert_int_equal(r.not_as_foreseen, 0);
	assert_int_equal(r.forecast[STORY_PREDICTS_DEFERRED][OUTCOME_OPEN], 1);
	end();
}

static void
flips_are_kept_and_temperrors_are_none(void **state)
{
	const struct review_domain *domain;

	(void)state;
	begin();
	message("A1", "b.example", PASS);
	message("A2", "b.example", TEMP);
	assert_false(review_domain_is_mended(domain_of("b.example")));
	message("A3", "b.example", PASS);
	message("A4", "b.example", FAIL);
	ours("-: event=change domain=b.example old=fail new=pass");
	domain = domain_of("b.example");
	assert_int_equal(domain->flip_count, 2);
	assert_int_equal(domain->flips[0].before, RESULT_PASS);
	assert_int_equal(domain->flips[0].after, RESULT_FAIL);
	assert_true(review_domain_is_mended(domain));
	for (int i = 0; i < LIMIT_REVIEW_FLIPS; i++)
		message("A5", "b.example", i % 2 == 0 ? FAIL : PASS);
	assert_int_equal(
	    domain_of("b.example")->flip_count, 2 + LIMIT_REVIEW_FLIPS);
	end();
}

static void
trouble_of_its_own_is_told(void **state)
{
	(void)state;
	begin();
	ours("-: event=start version=1");
	ours(
	    "-: event=resolver addr=embedded validating=no reason=dns-timeout");
	ours("-: event=store reason=internal-error detail=full");
	ours("-: event=store reason=ok");
	ours("-: event=probe port=25 depth=dns reason=connect-failed");
	ours("-: event=log lost=17");
	ours("-: event=log lost=3");
	ours("-: event=reload faults=2 detail=x");
	ours("-: event=rule rule=old.example until=2027-01-20");
	ours("-: event=rule rule=gone.example until=2026-12-31 "
	     "reason=expired-rule");
	ours("A1: event=check domain=a.example result=none policy=local "
	     "level=may reason=no-policy action=none rcpts=1 ms=70 "
	     "rule=old.example");
	assert_int_equal(r.own.starts, 1);
	assert_int_equal(r.own.resolver_down, 1);
	assert_true(r.own.resolver_is_down);
	assert_int_equal(r.own.store_down, 1);
	assert_false(r.own.store_is_down);
	assert_true(r.own.port_is_closed);
	assert_int_equal(r.own.lost_lines, 20);
	assert_int_equal(r.own.reload_faults, 1);
	assert_int_equal(r.rule_names.count, 2);
	assert_int_equal(r.rules[0].checks, 1);
	assert_string_equal(r.rules[0].until, "2027-01-20");
	assert_true(r.rules[1].expired);
	assert_int_equal(r.slow_count, 1);
	end();
}

static void
the_answer_is_what_the_log_supports(void **state)
{
	(void)state;
	begin();
	assert_int_equal(review_answer(&r), REVIEW_NOT_KNOWN);
	message("A1", "a.example", PASS);
	assert_int_equal(review_answer(&r), REVIEW_NOT_KNOWN);
	mta("A1: to=<x@a.example>, relay=m[192.0.2.1]:25, dsn=2.0.0, "
	    "status=sent (250 ok)");
	review_end(&r);
	assert_int_equal(review_answer(&r), REVIEW_YES);
	message("A2", "b.example", FAIL);
	assert_int_equal(review_answer(&r), REVIEW_LOOK);
	mta("A2: to=<x@b.example>, relay=m[192.0.2.1]:25, dsn=2.0.0, "
	    "status=sent (250 ok)");
	review_end(&r);
	assert_int_equal(review_answer(&r), REVIEW_NOT_YET);
	end();
	begin();
	message("A1", "b.example", FAIL);
	message("A2", "b.example", TEMP);
	assert_int_equal(review_answer(&r), REVIEW_NOT_YET);
	end();
}

/* --- limits --- */

static void
domains_beyond_the_limit_are_counted(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 0; i < LIMIT_REVIEW_DOMAINS + 2; i++) {
		char text[300];

		snprintf(text, sizeof(text),
		    "NOQUEUE: event=check domain=d%u.example " NONE, i);
		ours(text);
	}
	assert_int_equal(r.domains.names.count, LIMIT_REVIEW_DOMAINS);
	assert_int_equal(r.domains.beyond, 2);
	end();
}

static void
the_oldest_message_is_given_up(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 0; i < LIMIT_REVIEW_MESSAGES + 3; i++) {
		char text[300];

		snprintf(text, sizeof(text),
		    "I%u: event=check domain=a.example " NONE, i);
		ours(text);
	}
	assert_int_equal(r.open.given_up, 3);
	assert_null(review_messages_find(&r.open, "I2"));
	assert_non_null(review_messages_find(&r.open, "I3"));
	review_end(&r);
	assert_int_equal(r.forecast[STORY_PREDICTS_SENT][OUTCOME_OPEN],
	    LIMIT_REVIEW_MESSAGES + 3);
	end();
}

static void
domains_of_a_message_are_bounded(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 0; i < LIMIT_REVIEW_PAIRS + 1; i++) {
		char text[300];

		snprintf(text, sizeof(text),
		    "A1: event=check domain=d%u.example " NONE, i);
		ours(text);
	}
	assert_int_equal(review_messages_find(&r.open, "A1")->pair_count,
	    LIMIT_REVIEW_PAIRS);
	end();
}

static void
rules_are_bounded(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 0; i < LIMIT_REVIEW_RULES + 1; i++) {
		char text[100];

		snprintf(text, sizeof(text),
		    "-: event=rule rule=r%u.example until=2027-01-20", i);
		ours(text);
	}
	assert_int_equal(r.rule_names.count, LIMIT_REVIEW_RULES);
	end();
}

static void
days_are_bounded(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < LIMIT_REVIEW_DAYS + 5; i++) {
		time_t at = NOW - (time_t)i * 86400;
		struct tm tm;
		char when[40];

		gmtime_r(&at, &tm);
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
		day_line(when);
	}
	assert_int_equal(r.day_count, LIMIT_REVIEW_DAYS);
	assert_int_equal(r.messages, LIMIT_REVIEW_DAYS + 5);
	end();
}

static void
senders_are_bounded(void **state)
{
	struct review_set set = {.count = 0};

	(void)state;
	for (uint64_t i = 0; i < LIMIT_REVIEW_SENDERS; i++)
		review_set_add(&set, i + 1);
	review_set_add(&set, 1);
	assert_false(set.full);
	review_set_add(&set, UINT64_MAX);
	assert_true(set.full);
	assert_int_equal(set.count, LIMIT_REVIEW_SENDERS);
	review_set_fini(&set);
}

static void
the_slowest_checks_are_kept(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 1; i <= LIMIT_REVIEW_SLOWEST + 5; i++) {
		char text[300];

		snprintf(text, sizeof(text),
		    "NOQUEUE: event=check domain=d%u.example " NONE " ms=%u", i,
		    i % 7 * 100 + i);
		ours(text);
	}
	assert_int_equal(r.slow_count, LIMIT_REVIEW_SLOWEST);
	assert_int_equal(r.slowest[0].ms, 613);
	for (size_t i = 1; i < r.slow_count; i++)
		assert_true(r.slowest[i].ms <= r.slowest[i - 1].ms);
	end();
}

static void
disagreements_that_are_kept_are_bounded(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 0; i < LIMIT_REVIEW_MISSED + 1; i++) {
		message("A1", "b.example", FAIL);
		mta("A1: to=<x@b.example>, relay=m[192.0.2.1]:25, dsn=2.0.0, "
		    "status=sent (250 ok)");
	}
	review_end(&r);
	assert_int_equal(r.missed_count, LIMIT_REVIEW_MISSED);
	assert_int_equal(r.not_as_foreseen, LIMIT_REVIEW_MISSED + 1);
	end();
}

/* Rows of a table of a sheet, by their ids; how many more there are. */
static const struct sheet_table *
table_of(const struct sheet *sheet, const char *section, const char *id)
{
	for (size_t i = 0; i < sheet->section_count; i++) {
		const struct sheet_section *part = &sheet->sections[i];

		for (size_t j = 0;
		     strcmp(part->id, section) == 0 && j < part->table_count;
		     j++)
			if (strcmp(part->tables[j].id, id) == 0)
				return &part->tables[j];
	}
	fail_msg("no table %s.%s", section, id);
	return NULL;
}

static void
rows_of_a_table_are_bounded(void **state)
{
	struct sheet *sheet;

	(void)state;
	begin();
	for (unsigned i = 0; i < LIMIT_REVIEW_ROWS + 7; i++) {
		char domain[40];

		snprintf(domain, sizeof(domain), "d%u.example", i);
		message("A1", domain, FAIL);
	}
	sheet = review_sheet(&r, NULL);
	assert_int_equal(table_of(sheet, "failing", "domains")->row_count,
	    LIMIT_REVIEW_ROWS);
	assert_int_equal(table_of(sheet, "failing", "domains")->more, 7);
	assert_int_equal(table_of(sheet, "would", "on_fail")->more, 7);
	sheet_free(sheet);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_and_their_domains_are_counted),
	    cmocka_unit_test(what_another_setting_had_stopped_is_known),
	    cmocka_unit_test(forecasts_are_compared_with_deliveries),
	    cmocka_unit_test(a_disagreement_has_both_lines_and_no_address),
	    cmocka_unit_test(addresses_are_masked_in_any_form),
	    cmocka_unit_test(only_whole_lines_of_posternd_count),
	    cmocka_unit_test(damaged_lines_are_counted),
	    cmocka_unit_test(times_that_cannot_be_stand_apart),
	    cmocka_unit_test(a_clock_may_go_back),
	    cmocka_unit_test(a_time_can_be_asked_for),
	    cmocka_unit_test(one_domain_can_be_asked_for),
	    cmocka_unit_test(a_queue_id_that_comes_again_is_another_message),
	    cmocka_unit_test(flips_are_kept_and_temperrors_are_none),
	    cmocka_unit_test(trouble_of_its_own_is_told),
	    cmocka_unit_test(the_answer_is_what_the_log_supports),
	    cmocka_unit_test(domains_beyond_the_limit_are_counted),
	    cmocka_unit_test(the_oldest_message_is_given_up),
	    cmocka_unit_test(domains_of_a_message_are_bounded),
	    cmocka_unit_test(rules_are_bounded),
	    cmocka_unit_test(days_are_bounded),
	    cmocka_unit_test(senders_are_bounded),
	    cmocka_unit_test(the_slowest_checks_are_kept),
	    cmocka_unit_test(disagreements_that_are_kept_are_bounded),
	    cmocka_unit_test(rows_of_a_table_are_bounded),
	};

	return RUN_TESTS(tests);
}
