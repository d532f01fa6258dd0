/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/act/requiretls.h"
#include "milter/serve/report.h"
#include "t/unit/tap.h"

/*
 * The engine of these tests, linked before libcommon.a.  A domain's first label
 * says what its check comes to ("fail", "temperror", "slow", ...); time passes
 * when it is waited for.
 */
struct engine {
	bool congested;
};

struct engine_wait {
	char domain[LIMIT_DOMAIN_SIZE];
	struct check check;
	int64_t ready_ms;
};

static struct {
	unsigned started;
	unsigned freed;
	char last_hop[300]; /* of the last query, "-" for none */
	bool last_required;
	unsigned last_port;
	char log[8192]; /* of the fake report, a line an event */
	struct text text;
	unsigned progressed;
} seen;

static struct engine fake;

static const struct fate {
	const char *label;
	enum result result;
	enum reason reason;
	int seconds;
} fates[] = {
    {"pass", RESULT_PASS, REASON_OK, 0},
    {"none", RESULT_NONE, REASON_NO_POLICY, 0},
    {"softfail", RESULT_SOFTFAIL, REASON_VALIDATION_FAILURE, 0},
    {"fail", RESULT_FAIL, REASON_VALIDATION_FAILURE, 0},
    {"temperror", RESULT_TEMPERROR, REASON_PROBE_TIMEOUT, 0},
    {"servfail", RESULT_TEMPERROR, REASON_DNS_SERVFAIL, 0},
    {"timeout", RESULT_TEMPERROR, REASON_DNS_TIMEOUT, 0},
    {"bogus", RESULT_TEMPERROR, REASON_DNSSEC_INVALID, 0},
    {"nullmx", RESULT_NONE, REASON_NULL_MX, 0},
    {"nxdomain", RESULT_NONE, REASON_NXDOMAIN, 0},
    {"noaddress", RESULT_NONE, REASON_NO_ADDRESS, 0},
    {"met", RESULT_PASS, REASON_OK, 0},
    {"metsoft", RESULT_SOFTFAIL, REASON_VALIDATION_FAILURE, 0},
    {"unoffered", RESULT_PASS, REASON_OK, 0},
    {"open", RESULT_NONE, REASON_NO_POLICY, 0},
    {"half", RESULT_PASS, REASON_INSECURE_MX, 0},
    {"unusable", RESULT_NONE, REASON_TLSA_UNUSABLE, 0},
    {"dns", RESULT_NONE, REASON_NOT_PROBED, 0},
    {"unsure", RESULT_PASS, REASON_OK, 0},
    {"slow", RESULT_FAIL, REASON_VALIDATION_FAILURE, 12},
    {"slower", RESULT_FAIL, REASON_VALIDATION_FAILURE, 40},
    {"hang", RESULT_PASS, REASON_OK, 100000},
};

/* What it comes to under REQUIRETLS; no other meets it. */
static const struct {
	const char *label;
	enum requiretls_state requiretls;
} offers[] = {
    {"met", REQUIRETLS_MET},
    {"metsoft", REQUIRETLS_MET},
    {"unoffered", REQUIRETLS_NOT_OFFERED},
    {"open", REQUIRETLS_NO_AUTH},
    {"half", REQUIRETLS_NO_AUTH},
    {"unusable", REQUIRETLS_NO_AUTH},
    {"dns", REQUIRETLS_UNPROBED},
    {"unsure", REQUIRETLS_UNKNOWN},
};

static enum requiretls_state
offer_of(const char *domain)
{
	for (size_t i = 0; i < COUNT(offers); i++)
		if (strncmp(offers[i].label, domain, strlen(offers[i].label)) ==
		    0)
			return offers[i].requiretls;
	return REQUIRETLS_NO_AUTH;
}

static const struct fate *
fate_of(const char *domain)
{
	size_t label = strcspn(domain, ".0123456789");

	for (size_t i = 0; i < COUNT(fates); i++)
		if (strlen(fates[i].label) == label &&
		    memcmp(fates[i].label, domain, label) == 0)
			return &fates[i];
	fail_msg("no fate for %s", domain);
	return NULL;
}

/* Each domain has its mail hosts below mx.DOMAIN. */
static struct rule *
rule_of(const struct rule_list *rules, const char *domain)
{
	struct rule *rule = rule_list_find(rules, domain, clock_wall_s());
	struct rule *of_host;
	char host[LIMIT_DOMAIN_SIZE];

	snprintf(host, sizeof(host), "mx.%.240s", domain);
	of_host = rule_list_find_host(rules, host, clock_wall_s());
	return rule == NULL || rule->scope == RULE_ANY
		   ? (of_host != NULL ? of_host : rule)
		   : rule;
}

struct engine_wait *
engine_start(struct engine *engine, const struct engine_query *query)
{
	struct engine_wait *wait = xcalloc(1, sizeof(*wait));
	const struct fate *fate = fate_of(query->domain);

	assert_ptr_equal(engine, &fake);
	assert_non_null(query->rules);
	seen.started++;
	text_copy(seen.last_hop, sizeof(seen.last_hop),
	    query->next_hop == NULL ? "-" : query->next_hop);
	seen.last_port = query->port;
	seen.last_required = query->requiretls;
	text_copy(wait->domain, sizeof(wait->domain), query->domain);
	wait->check.domain = wait->domain;
	wait->check.verdict = verdict_new(fate->result, fate->reason);
	if (query->next_hop != NULL)
		wait->check.verdict->mx = xstrdup("relay.corp.example");
	if (query->requiretls)
		wait->check.verdict->requiretls = offer_of(query->domain);
	wait->check.verdict->rule =
	    rule_ref(rule_of(query->rules, query->domain));
	wait->check.verdict->comes_back =
	    strstr(query->domain, ".mirror.example") != NULL;
	if (wait->check.verdict->comes_back)
		wait->check.verdict->mx = xstrdup("mx.hosting.example");
	if (strstr(query->domain, ".home.example") != NULL)
		wait->check.verdict->mx = xstrdup("Gate.Sender.Example");
	else if (strstr(query->domain, ".house.example") != NULL)
		wait->check.verdict->mx = xstrdup("mx.inside.example");
	wait->check.expires_ms = clock_mono_ms() + 3600000;
	wait->ready_ms = clock_mono_ms() + fate->seconds * 1000;
	return wait;
}

const struct check *
engine_await(struct engine_wait *wait, int64_t deadline_ms)
{
	int64_t until_ms =
	    wait->ready_ms < deadline_ms ? wait->ready_ms : deadline_ms;

	while (clock_mono_ms() < until_ms)
		clock_shift(1);
	return clock_mono_ms() >= wait->ready_ms ? &wait->check : NULL;
}

bool
engine_congested(struct engine *engine)
{
	return engine->congested;
}

bool
engine_wait_cached(const struct engine_wait *wait)
{
	(void)wait;
	return false;
}

void
engine_wait_free(struct engine_wait *wait)
{
	if (wait == NULL)
		return;
	seen.freed++;
	verdict_free(wait->check.verdict);
	free(wait);
}

void
report_check(const char *queue_id, const struct report_check *check)
{
	text_addf(&seen.text, "%s check%s %s %s %s %s %u\n", queue_id,
	    check->why ? "+why" : "", check->domain,
	    result_text(check->verdict->result),
	    reason_text(check->verdict->reason), action_text(check->action),
	    check->rcpts);
	assert_true(check->looked ==
		    (check->domain[0] != '[' &&
			check->verdict->reason != REASON_DEADLINE &&
			check->verdict->reason != REASON_QUEUE_FULL &&
			check->verdict->reason != REASON_NAME_INVALID));
}

void
report_skip(const char *queue_id, const struct report_check *check)
{
	text_addf(&seen.text, "%s skip %s %s %s %u\n", queue_id, check->domain,
	    reason_text(check->verdict->reason), action_text(check->action),
	    check->rcpts);
}

void
report_message(const char *queue_id, const struct report_message *message)
{
	text_addf(&seen.text, "%s message %s %s %zu %u", queue_id,
	    result_text(message->result), action_text(message->action),
	    message->domains, message->rcpts);
	if (message->overdone)
		text_addf(&seen.text, " overdone %u", message->forged);
	text_addf(&seen.text, "\n");
}

static void
on_progress(void *arg)
{
	(void)arg;
	seen.progressed++;
}

/* A session under the settings of a text. */
static struct session *
begin_mail(const char *conf, const struct session_mail *mail)
{
	struct conf_faults faults = {0};
	char path[] = "/tmp/session-XXXXXX";
	int fd = mkstemp(path);
	struct settings *settings;
	struct session *session;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, conf, strlen(conf)), strlen(conf));
	close(fd);
	settings = settings_load(path, NULL, 0, &faults);
	unlink(path);
	if (settings == NULL)
		fail_msg("%s", faults.texts[0]);
	session = session_new(settings, &fake, mail);
	settings_free(settings);
	memset(&seen, 0, sizeof(seen));
	text_init(&seen.text, seen.log, sizeof(seen.log));
	return session;
}

static struct session *
begin_as(const char *conf, bool null_sender)
{
	struct session_mail mail = {
	    .null_sender = null_sender, .mta_name = "Gate.Sender.Example"};

	return begin_mail(conf, &mail);
}

static struct session *
begin(const char *conf)
{
	return begin_as(conf, false);
}

/* The same with rules. */
static struct session *
begin_with_rules(const char *conf, const char *rules)
{
	char path[] = "/tmp/session-XXXXXX", text[512];
	int fd = mkstemp(path);
	struct session *session;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, rules, strlen(rules)), strlen(rules));
	close(fd);
	snprintf(text, sizeof(text), "%sDestinations %s\n", conf, path);
	session = begin(text);
	unlink(path);
	return session;
}

static enum action
rcpt_to(struct session *session, const char *address)
{
	struct route_rcpt rcpt = {
	    .address = address, .mailer = "smtp", .host = ""};
	struct reply reply;

	return session_rcpt(session, &rcpt, &reply);
}

/* As a message that did not come by SMTP. */
static enum action
rcpt_without_macros(struct session *session, const char *address)
{
	struct route_rcpt rcpt = {.address = address};
	struct reply reply;

	return session_rcpt(session, &rcpt, &reply);
}

static struct session_end
finish(struct session *session)
{
	struct session_end end;

	session_end(session, "Q1", on_progress, NULL, &end);
	return end;
}

static void
finish_and_free(struct session *session)
{
	struct session_end end = finish(session);

	session_end_fini(&end);
	session_free(session);
	assert_int_equal(seen.started, seen.freed);
}

/* One recipient, one verdict, one row of the table of actions. */
struct row {
	const char *conf;
	const char *address;
	const char *how; /* "" "null" "local": null sender, no SMTP */
	enum action at_rcpt;
	enum action at_end; /* if it came so far */
};

static void
run_row(const struct row *row)
{
	bool null = strstr(row->how, "null") != NULL;
	bool local = strstr(row->how, "local") != NULL;
	struct session *session = begin_as(row->conf, null);
	struct session_end end;
	enum action action;
	char id[256];

	snprintf(id, sizeof(id), "%s %s %s", row->conf, row->address, row->how);
	action = local ? rcpt_without_macros(session, row->address)
		       : rcpt_to(session, row->address);
	if (action != row->at_rcpt)
		fail_msg("%s: %s at RCPT", id, action_text(action));
	if (action == ACTION_NONE) {
		end = finish(session);
		if (end.action != row->at_end)
			fail_msg("%s: %s at end", id, action_text(end.action));
		ROW(id, (end.tag == NULL) == (row->at_end >= ACTION_DEFER));
		session_end_fini(&end);
	}
	session_free(session);
}

#define NONE ACTION_NONE
#define TAG ACTION_TAG
#define HOLD ACTION_HOLD
#define DEFER ACTION_DEFER
#define REJECT ACTION_REJECT
#define ALL(action)                                     \
	"On-Fail " action "\nOn-TempError " action "\n" \
	"On-SoftFail " action "\nOn-None " action "\n"
#define MESSAGE "DecideAt message\n"

static void
each_action_is_done_where_it_belongs(void **state)
{
	static const struct row rows[] = {
	    {"", "a@fail.example", "", NONE, TAG},
	    {"", "a@temperror.example", "", NONE, TAG},
	    {"", "a@softfail.example", "", NONE, TAG},
	    {"", "a@none.example", "", NONE, NONE},
	    {"", "a@pass.example", "", NONE, NONE},
	    {"On-Fail none\n", "a@fail.example", "", NONE, NONE},
	    {"On-Fail hold\n", "a@fail.example", "", NONE, HOLD},
	    {"On-Fail defer\n", "a@fail.example", "", DEFER, NONE},
	    {"On-Fail reject\n", "a@fail.example", "", REJECT, NONE},
	    {"On-Fail defer\n", "a@temperror.example", "", NONE, TAG},
	    {"On-TempError defer\n", "a@temperror.example", "", DEFER, NONE},
	    {"On-TempError hold\n", "a@temperror.example", "", NONE, HOLD},
	    {"On-SoftFail reject\n", "a@softfail.example", "", REJECT, NONE},
	    {"On-None defer\n", "a@none.example", "", DEFER, NONE},
	    {MESSAGE "On-Fail hold\n", "a@fail.example", "", NONE, HOLD},
	    {MESSAGE "On-Fail defer\n", "a@fail.example", "", NONE, DEFER},
	    {MESSAGE "On-Fail reject\n", "a@fail.example", "", NONE, REJECT},
	    /* what is good is let alone, whatever else is strict */
	    {ALL("reject"), "a@pass.example", "", NONE, NONE},
	    {MESSAGE ALL("reject"), "a@pass.example", "", NONE, NONE},
	    /* the MTA bounces these itself */
	    {ALL("reject"), "a@nullmx.example", "", NONE, NONE},
	    {ALL("reject"), "a@nxdomain.example", "", NONE, NONE},
	    {ALL("reject"), "a@noaddress.example", "", NONE, NONE},
	    {ALL("reject"), "a@in..valid", "", NONE, NONE},
	    /* a temperror is never refused for good */
	    {ALL("reject"), "a@temperror.example", "", DEFER, NONE},
	    {MESSAGE ALL("reject"), "a@temperror.example", "", NONE, DEFER},
	    /* a bounce is tagged only */
	    {ALL("reject"), "a@fail.example", "null", NONE, TAG},
	    {ALL("hold"), "a@fail.example", "null", NONE, TAG},
	    {ALL("defer"), "a@temperror.example", "null", NONE, TAG},
	    {MESSAGE ALL("reject"), "a@fail.example", "null", NONE, TAG},
	    {ALL("none"), "a@fail.example", "null", NONE, NONE},
	    /* what did not come by SMTP is held, not refused */
	    {ALL("reject"), "a@fail.example", "local", NONE, HOLD},
	    {ALL("defer"), "a@fail.example", "local", NONE, HOLD},
	    {ALL("defer"), "a@temperror.example", "local", NONE, HOLD},
	    {ALL("hold"), "a@fail.example", "local", NONE, HOLD},
	    {ALL("tag"), "a@fail.example", "local", NONE, TAG},
	    {MESSAGE ALL("reject"), "a@fail.example", "local", NONE, HOLD},
	    {ALL("reject"), "a@fail.example", "local null", NONE, TAG},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		run_row(&rows[i]);
}

static void
the_strictest_action_wins_at_the_end(void **state)
{
	static const struct {
		const char *conf, *rcpts[4];
		enum action action;
	} rows[] = {
	    {MESSAGE "On-Fail defer\nOn-SoftFail hold\n",
		{"a@pass.example", "a@fail.example", "a@softfail.example"},
		DEFER},
	    {MESSAGE "On-Fail reject\nOn-SoftFail defer\n",
		{"a@softfail.example", "a@fail.example", "a@pass.example"},
		REJECT},
	    {MESSAGE "On-Fail tag\nOn-SoftFail hold\n",
		{"a@softfail.example", "a@fail.example"}, HOLD},
	    {MESSAGE "On-Fail none\nOn-SoftFail tag\n",
		{"a@softfail.example", "a@fail.example"}, TAG},
	    {MESSAGE ALL("reject"), {"a@temperror.example", "a@pass.example"},
		DEFER},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session = begin(rows[i].conf);
		struct session_end end;

		for (size_t r = 0; rows[i].rcpts[r] != NULL; r++)
			rcpt_to(session, rows[i].rcpts[r]);
		end = finish(session);
		ROW(rows[i].conf, end.action == rows[i].action);
		session_end_fini(&end);
		session_free(session);
	}
}

static void
a_refused_recipient_is_out_of_the_message(void **state)
{
	struct session *session = begin(
	    "On-Fail defer\nHeaderDomains all\nAuthservID gate.example\n");
	struct session_end end;

	(void)state;
	assert_int_equal(rcpt_to(session, "<a@pass.example>"), NONE);
	assert_int_equal(rcpt_to(session, "<a@fail.example>"), DEFER);
	assert_int_equal(rcpt_to(session, "<b@fail.example>"), DEFER);
	assert_int_equal(rcpt_to(session, "<b@pass.example>"), NONE);
	end = finish(session);
	assert_string_equal(end.tag,
	    "gate.example; v=1; result=pass; action=none; id=Q1;\n"
	    " d=pass.example/pass/no-policy-found/ok");
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(seen.log,
	    "Q1 check pass.example pass ok none 2\n"
	    "NOQUEUE check fail.example fail validation-failure defer 2\n"
	    "Q1 message pass none 1 2\n");
	assert_int_equal(seen.started, 2);
	assert_int_equal(seen.freed, 2);
}

/* The MTA may know the way of one and, for a moment, not of another. */
static void
who_was_let_in_is_not_out_with_who_was_refused(void **state)
{
	static const bool refused_first[] = {true, false};

	(void)state;
	for (size_t i = 0; i < COUNT(refused_first); i++) {
		struct session *session = begin("On-Fail reject\n");
		struct session_end end;

		if (refused_first[i])
			assert_int_equal(
			    rcpt_to(session, "<a@fail.example>"), REJECT);
		assert_int_equal(
		    rcpt_without_macros(session, "<b@fail.example>"), NONE);
		if (!refused_first[i])
			assert_int_equal(
			    rcpt_to(session, "<a@fail.example>"), REJECT);
		end = finish(session);
		assert_int_equal(end.action, REJECT);
		assert_non_null(strstr(seen.log,
		    "Q1 check fail.example fail validation-failure "
		    "reject 1\n"));
		session_end_fini(&end);
		session_free(session);
	}
}

static void
an_abandoned_message_logs_what_was_refused(void **state)
{
	struct session *session = begin("On-Fail defer\n");

	(void)state;
	rcpt_to(session, "<a@pass.example>");
	rcpt_to(session, "<a@fail.example>");
	session_abandon(session);
	session_free(session);
	assert_string_equal(seen.log,
	    "NOQUEUE check fail.example fail validation-failure defer 1\n");
}

static void
why_is_told_of_what_was_looked_at(void **state)
{
	struct session *session =
	    begin("LogWhy yes\nOn-Fail defer\nInternalDomains in.example\n");

	(void)state;
	rcpt_to(session, "<a@pass.example>");
	rcpt_to(session, "<a@fail.example>");
	rcpt_to(session, "<a@in.example>");
	rcpt_to(session, "<a@in..valid>");
	finish_and_free(session);
	assert_string_equal(seen.log,
	    "Q1 check+why pass.example pass ok none 1\n"
	    "NOQUEUE check+why fail.example fail validation-failure defer 1\n"
	    "Q1 skip in.example internal none 1\n"
	    "Q1 check  none name-invalid none 1\n"
	    "Q1 message none none 3 3\n");
}

static void
replies_are_as_promised(void **state)
{
	static const struct {
		const char *conf, *address, *code, *status, *text;
	} rows[] = {
	    {ALL("defer"), "a@fail.example", "451", "4.7.5",
		"fail.example: validation-failure (outbound TLS precheck)"},
	    {ALL("reject"), "a@fail.example", "550", "5.7.5",
		"fail.example: validation-failure (outbound TLS precheck)"},
	    {ALL("reject"), "a@temperror.example", "451", "4.7.5",
		"temperror.example: probe-timeout (outbound TLS precheck)"},
	    {ALL("reject"), "a@servfail.example", "450", "4.4.3",
		"servfail.example: dns-servfail (outbound TLS precheck)"},
	    {ALL("defer"), "a@timeout.example", "450", "4.4.3",
		"timeout.example: dns-timeout (outbound TLS precheck)"},
	    {ALL("defer"), "a@bogus.example", "450", "4.4.3",
		"bogus.example: dnssec-invalid (outbound TLS precheck)"},
	    {ALL("defer"), "a@hang.example", "451", "4.7.5",
		"hang.example: deadline (outbound TLS precheck)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session = begin(rows[i].conf);
		struct route_rcpt rcpt = {
		    .address = rows[i].address, .mailer = "smtp"};
		struct reply reply;

		session_rcpt(session, &rcpt, &reply);
		ROW_TEXT(rows[i].address, reply.code, rows[i].code);
		ROW_TEXT(rows[i].address, reply.status, rows[i].status);
		ROW_TEXT(rows[i].address, reply.text, rows[i].text);
		session_free(session);
	}
}

static void
a_reply_names_the_next_hop_that_is_at_fault(void **state)
{
	static const struct {
		const char *address, *host, *name;
	} rows[] = {
	    {"a@bogus.example", "[relay.corp.example]", "relay.corp.example"},
	    {"a@bogus.example", "corp.example", "relay.corp.example"},
	    {"a@bogus.example", "[bogus.example]", "relay.corp.example"},
	    {"a@bogus.example", "bogus.example, [x.example]",
		"relay.corp.example"},
	    {"a@bogus.example", "bogus.example.org", "relay.corp.example"},
	    {"a@bogus.example", "bogus.example", "bogus.example"},
	    {"a@bogus.example", "bogus.example:587", "bogus.example"},
	    {"a@bogus.example", "", "bogus.example"},
	    /* ours, not the next hop's */
	    {"a@hang.example", "[relay.corp.example]", "hang.example"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session = begin(ALL("defer") "RcptWait 2s\n");
		struct route_rcpt rcpt = {.address = rows[i].address,
		    .mailer = "smtp",
		    .host = rows[i].host};
		struct reply reply;

		session_rcpt(session, &rcpt, &reply);
		reply.text[strcspn(reply.text, ":")] = '\0';
		ROW_TEXT(rows[i].host, reply.text, rows[i].name);
		session_free(session);
	}
}

static void
a_reply_at_the_end_names_the_next_hop_as_well(void **state)
{
	struct session *session =
	    begin(ALL("defer") "DecideAt message\nHeaderDomains all\n");
	struct route_rcpt rcpt = {.address = "a@bogus.example",
	    .mailer = "smtp",
	    .host = "[relay.corp.example]"};
	struct session_end end;
	struct reply reply;

	(void)state;
	session_rcpt(session, &rcpt, &reply);
	end = finish(session);
	assert_string_equal(end.reply.text,
	    "relay.corp.example: dnssec-invalid (outbound TLS precheck)");
	session_end_fini(&end);
	session_free(session);
}

static void
rcpt_waits_no_longer_than_told(void **state)
{
	struct session *session = begin(ALL("defer") "RcptWait 20s\n");
	int64_t begun_ms = clock_mono_ms();
	int64_t waited_ms;

	(void)state;
	assert_int_equal(rcpt_to(session, "a@slow.example"), DEFER);
	waited_ms = clock_mono_ms() - begun_ms;
	assert_true(waited_ms >= 11000 && waited_ms < 14000);
	assert_int_equal(rcpt_to(session, "a@hang.example"), DEFER);
	waited_ms = clock_mono_ms() - begun_ms - waited_ms;
	assert_true(waited_ms >= 19000 && waited_ms < 22000);
	session_abandon(session);
	session_free(session);
	assert_string_equal(seen.log,
	    "NOQUEUE check slow.example fail validation-failure defer 1\n"
	    "NOQUEUE check hang.example temperror deadline defer 1\n");
}

static void
a_deadline_stays_the_verdict_of_the_message(void **state)
{
	struct session *session = begin("On-Fail defer\nRcptWait 20s\n");
	struct session_end end;

	(void)state;
	assert_int_equal(rcpt_to(session, "a@slower.example"), NONE);
	clock_shift(60);
	assert_int_equal(rcpt_to(session, "b@slower.example"), NONE);
	end = finish(session);
	assert_int_equal(end.action, TAG);
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(seen.log,
	    "Q1 check slower.example temperror deadline tag 2\n"
	    "Q1 message temperror tag 1 2\n");
}

/* Two that take all of RcptWait, and one that the rest of the minute is not
 * enough for. */
static struct session *
use_up_the_minute(const char *conf)
{
	struct session *session = begin(conf);
	int64_t begun_ms = clock_mono_ms();
	int64_t waited_ms;

	assert_int_equal(rcpt_to(session, "a@hang1.example"), DEFER);
	assert_int_equal(rcpt_to(session, "a@hang2.example"), DEFER);
	assert_int_equal(rcpt_to(session, "a@hang3.example"), NONE);
	waited_ms = clock_mono_ms() - begun_ms;
	assert_true(waited_ms >= 59000 && waited_ms < 65000);
	return session;
}

static void
all_recipients_together_wait_a_minute(void **state)
{
	struct session *session =
	    use_up_the_minute(ALL("defer") "RcptWait 25s\n");
	int64_t begun_ms = clock_mono_ms();
	char address[32];

	(void)state;
	for (int i = 4; i < 10; i++) {
		snprintf(address, sizeof(address), "a@hang%d.example", i);
		assert_int_equal(rcpt_to(session, address), NONE);
	}
	/* what is there at once needs no wait */
	assert_int_equal(rcpt_to(session, "a@pass.example"), NONE);
	assert_int_equal(rcpt_to(session, "a@fail.example"), DEFER);
	assert_true(clock_mono_ms() - begun_ms < 900);
	session_free(session);
}

static void
who_is_beyond_the_minute_is_decided_at_the_end(void **state)
{
	struct session *session = use_up_the_minute(
	    "On-Fail reject\nOn-TempError defer\nRcptWait 25s\n");
	struct session_end end;

	(void)state;
	assert_int_equal(rcpt_to(session, "a@slow.example"), NONE);
	clock_shift(20);
	/* the verdict is there, but the first of them is in already */
	assert_int_equal(rcpt_to(session, "b@slow.example"), NONE);
	end = finish(session);
	assert_int_equal(end.action, REJECT);
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(seen.log,
	    "NOQUEUE check hang1.example temperror deadline defer 1\n"
	    "NOQUEUE check hang2.example temperror deadline defer 1\n"
	    "Q1 check hang3.example temperror deadline defer 1\n"
	    "Q1 check slow.example fail validation-failure reject 2\n"
	    "Q1 message fail reject 2 3\n");
}

static void
nobody_waits_at_rcpt_where_nothing_could_be_refused(void **state)
{
	static const struct {
		const char *conf;
		bool null;
	} rows[] = {{"", false}, {ALL("hold"), false}, {ALL("tag"), false},
	    {MESSAGE ALL("reject"), false}, {ALL("reject"), true}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session = begin_as(rows[i].conf, rows[i].null);
		int64_t begun_ms = clock_mono_ms();

		ROW(rows[i].conf, rcpt_to(session, "a@hang.example") == NONE);
		ROW(rows[i].conf, clock_mono_ms() - begun_ms < 900);
		ROW(rows[i].conf, seen.started == 1);
		session_free(session);
	}
}

static void
the_end_of_the_message_waits_as_long_as_told(void **state)
{
	static const struct {
		const char *conf;
		bool null, local, congested;
		int seconds;
	} rows[] = {
	    {"MessageWait 30s\n", false, false, false, 30},
	    {"MessageWait 30s\n", false, false, true, 30},
	    {"MessageWait 0\n", false, false, false, 0},
	    {"", false, false, false, 5},
	    {"", false, false, true, 0},
	    {"On-Fail hold\n", false, false, false, 60},
	    {"On-Fail hold\n", false, false, true, 60},
	    {MESSAGE "On-Fail defer\n", false, false, false, 60},
	    {MESSAGE "On-Fail defer\n", true, false, false, 5},
	    {MESSAGE "On-Fail defer\n", true, false, true, 0},
	    /* what did not come by SMTP */
	    {"On-Fail defer\n", false, true, false, 5},
	    {"On-Fail hold\n", false, true, true, 5},
	    {"MessageWait 30s\n", false, true, false, 5},
	    {"MessageWait 2s\n", false, true, false, 2},
	    {"", false, true, true, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session = begin_as(rows[i].conf, rows[i].null);
		int64_t begun_ms = clock_mono_ms();
		int64_t left_ms;
		char address[32];

		fake.congested = rows[i].congested;
		for (int r = 0; r < 5; r++) {
			snprintf(
			    address, sizeof(address), "a@hang%d.example", r);
			if (rows[i].local)
				rcpt_without_macros(session, address);
			else
				rcpt_to(session, address);
		}
		finish_and_free(session);
		left_ms = clock_mono_ms() - begun_ms - rows[i].seconds * 1000;
		ROW(rows[i].conf, left_ms > -1500 && left_ms < 2500);
		ROW(rows[i].conf,
		    (int)seen.progressed >= rows[i].seconds / 6 - 1);
	}
	fake.congested = false;
}

static void
a_rule_has_its_own_actions(void **state)
{
	static const struct {
		const char *conf, *rules, *address;
		enum action at_rcpt, at_end;
	} rows[] = {
	    {"", "fail.example may on-fail=defer\n", "a@fail.example", DEFER,
		NONE},
	    {"", "other.example may on-fail=defer\n", "a@fail.example", NONE,
		TAG},
	    {"", "* may on-fail=reject\n", "a@fail.example", REJECT, NONE},
	    {ALL("reject"), "fail.example may on-fail=none\n", "a@fail.example",
		NONE, NONE},
	    {ALL("reject"), "fail.example may on-temperror=none\n",
		"a@fail.example", REJECT, NONE},
	    {ALL("reject"), "temperror.example may on-temperror=hold\n",
		"a@temperror.example", NONE, HOLD},
	    {"", "temperror.example may on-temperror=reject\n",
		"a@temperror.example", DEFER, NONE},
	    {MESSAGE, "fail.example may on-fail=defer\n", "a@fail.example",
		NONE, DEFER},
	    /* what is not there in time has its rule none the less */
	    {"RcptWait 2s\n", "hang.example may on-temperror=defer\n",
		"a@hang.example", DEFER, NONE},
	    {"RcptWait 2s\n", "pass.example may on-temperror=defer\n",
		"a@hang.example", NONE, TAG},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session =
		    begin_with_rules(rows[i].conf, rows[i].rules);

		ROW(rows[i].rules,
		    rcpt_to(session, rows[i].address) == rows[i].at_rcpt);
		if (rows[i].at_rcpt == NONE) {
			struct session_end end = finish(session);

			ROW(rows[i].rules, end.action == rows[i].at_end);
			session_end_fini(&end);
		}
		session_free(session);
	}
}

/* A rule for hosts may come to apply wherever there is none for the domain. */
static void
who_may_be_refused_by_a_rule_is_waited_for(void **state)
{
	static const struct {
		const char *rules;
		int waited_s;
	} rows[] = {
	    {"", 5},
	    {"hang.example may on-fail=defer\n", 60},
	    {"other.example may on-fail=defer\n", 5},
	    {"mx:.hoster.example may on-fail=defer\n", 60},
	    {"mx:.hoster.example may on-fail=defer\nhang.example auto\n", 5},
	    {"mx:.hoster.example may on-fail=defer\n* auto\n", 60},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session =
		    begin_with_rules(MESSAGE, rows[i].rules);
		int64_t begun_ms = clock_mono_ms();

		rcpt_to(session, "a@hang.example");
		finish_and_free(session);
		ROW(rows[i].rules,
		    (clock_mono_ms() - begun_ms) / 1000 == rows[i].waited_s);
	}
}

static void
one_check_is_made_of_each_domain_and_next_hop(void **state)
{
	struct session *session = begin("");
	struct route_rcpt rcpt = {
	    .address = "<a@pass.example>", .mailer = "smtp"};
	struct reply reply;

	(void)state;
	rcpt.host = "pass.example";
	session_rcpt(session, &rcpt, &reply);
	rcpt.address = "<b@PASS.Example.>";
	session_rcpt(session, &rcpt, &reply);
	assert_int_equal(seen.started, 1);
	assert_string_equal(seen.last_hop, "pass.example");
	assert_int_equal(seen.last_port, 25);
	rcpt.host = "[Relay.Example]:587, [other.example]";
	session_rcpt(session, &rcpt, &reply);
	assert_int_equal(seen.started, 2);
	assert_string_equal(
	    seen.last_hop, "[relay.example]:587,[other.example]");
	rcpt.host = NULL;
	session_rcpt(session, &rcpt, &reply);
	assert_int_equal(seen.started, 3);
	assert_string_equal(seen.last_hop, "-");
	finish_and_free(session);
	assert_string_equal(seen.log, "Q1 check pass.example pass ok none 2\n"
				      "Q1 check pass.example pass ok none 1\n"
				      "Q1 check pass.example pass ok none 1\n"
				      "Q1 message pass none 3 4\n");
}

static void
some_recipients_are_not_looked_at(void **state)
{
	static const struct {
		const char *address, *mailer, *line;
	} rows[] = {
	    {"<a@fail.example>", "local", "skip fail.example internal none 1"},
	    {"<a@fail.example>", "*file*", "skip fail.example internal none 1"},
	    {"<a@fail.example>", "error", "skip fail.example internal none 1"},
	    {"<a@[192.0.2.1]>", "smtp", "skip [192.0.2.1] no-policy none 1"},
	    {"<a@[IPv6:2001:DB8::1]>", "smtp",
		"skip [ipv6:2001:db8::1] no-policy none 1"},
	    {"<a@gate.sender.example>", "smtp",
		"skip gate.sender.example internal none 1"},
	    {"<a@x.relay.example>", "smtp",
		"skip x.relay.example internal none 1"},
	    {"<a@free.example>", "smtp", "skip free.example exempt none 1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session =
		    begin(ALL("reject") "InternalDomains .relay.example\n"
					"ExemptDomains free.example\n");
		struct route_rcpt rcpt = {
		    .address = rows[i].address, .mailer = rows[i].mailer};
		struct reply reply;
		struct session_end end;
		char log[128];

		ROW(rows[i].line,
		    session_rcpt(session, &rcpt, &reply) == ACTION_NONE);
		end = finish(session);
		ROW(rows[i].line, end.action == NONE && end.tag == NULL);
		snprintf(log, sizeof(log), "Q1 %s\nQ1 message skip none 1 1\n",
		    rows[i].line);
		ROW_TEXT(rows[i].line, seen.log, log);
		ROW(rows[i].line, seen.started == 0);
		session_end_fini(&end);
		session_free(session);
	}
}

static void
every_other_mailer_is_looked_at(void **state)
{
	static const char *const mailers[] = {
	    "smtp", "relay", "esmtp", "smtp-slow", "Local", "", "locals"};

	(void)state;
	for (size_t i = 0; i < COUNT(mailers); i++) {
		struct session *session = begin("");
		struct route_rcpt rcpt = {
		    .address = "a@pass.example", .mailer = mailers[i]};
		struct reply reply;

		session_rcpt(session, &rcpt, &reply);
		ROW(mailers[i], seen.started == 1);
		session_free(session);
	}
}

static void
malformed_recipients_get_a_verdict(void **state)
{
	char longest[600];
	const char *rows[] = {"", "<>", "<postmaster>", "a@", "<a@>", "@",
	    "a@b..example", "a@.", "a@-\x01.example", "a@\xff\xfe.example",
	    "a@[192.0.2]", "a@[]", "a@exa mple", longest};

	(void)state;
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "a@", 2);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session = begin(ALL("reject"));
		struct session_end end;

		ROW(rows[i], rcpt_to(session, rows[i]) == NONE);
		end = finish(session);
		ROW(rows[i], end.action == NONE);
		ROW_TEXT(rows[i], seen.log,
		    "Q1 check  none name-invalid none 1\n"
		    "Q1 message none none 1 1\n");
		ROW(rows[i], strstr(end.tag, " d=") == NULL);
		session_end_fini(&end);
		session_free(session);
	}
}

static void
an_address_without_a_domain_takes_that_of_the_mta(void **state)
{
	struct session *session = begin("");
	struct route_rcpt rcpt = {
	    .address = "<user>", .addr = "user@pass.example", .mailer = "smtp"};
	struct reply reply;

	(void)state;
	session_rcpt(session, &rcpt, &reply);
	assert_int_equal(seen.started, 1);
	session_free(session);
}

/* Who types the address must not choose what is looked at. */
static void
the_address_counts_as_the_mta_reads_it(void **state)
{
	struct session *session = begin("InternalDomains here.example\n");
	struct route_rcpt rcpt = {.address = "<user%fail.example@here.example>",
	    .addr = "user@fail.example",
	    .mailer = "smtp",
	    .host = "fail.example"};
	struct reply reply;

	(void)state;
	session_rcpt(session, &rcpt, &reply);
	assert_int_equal(seen.started, 1);
	assert_string_equal(seen.last_hop, "fail.example");
	session_free(session);
}

static void
all_next_hops_are_asked(void **state)
{
	struct session *session = begin("");
	struct route_rcpt rcpt = {.address = "<user@fail.example>",
	    .mailer = "relay",
	    .host = "[a.example]:587, b.example"};
	struct reply reply;

	(void)state;
	session_rcpt(session, &rcpt, &reply);
	assert_string_equal(seen.last_hop, "[a.example]:587,b.example");
	session_free(session);
}

static void
an_international_domain_is_asked_by_its_a_label(void **state)
{
	struct session *session = begin("InternalDomains xn--mller-kva.org\n");

	(void)state;
	rcpt_to(session, "<a@m\xc3\xbcller.org>");
	finish_and_free(session);
	assert_string_equal(seen.log,
	    "Q1 skip xn--mller-kva.org internal none 1\n"
	    "Q1 message skip none 1 1\n");
}

static void
domains_beyond_the_maximum_are_not_looked_at(void **state)
{
	struct session *session =
	    begin("MaxDomains 3\nOn-TempError hold\nHeaderDomains none\n");
	struct session_end end;
	char address[32];

	(void)state;
	for (int i = 0; i < 5; i++) {
		snprintf(address, sizeof(address), "a@pass%d.example", i);
		rcpt_to(session, address);
		rcpt_to(session, address);
	}
	assert_int_equal(seen.started, 3);
	end = finish(session);
	assert_int_equal(end.action, HOLD);
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(seen.log,
	    "Q1 check pass0.example pass ok none 2\n"
	    "Q1 check pass1.example pass ok none 2\n"
	    "Q1 check pass2.example pass ok none 2\n"
	    "Q1 check pass3.example temperror queue-full hold 2\n"
	    "Q1 check pass4.example temperror queue-full hold 2\n"
	    "Q1 message temperror hold 5 10\n");
}

static void
domains_without_number_cost_bounded_memory(void **state)
{
	struct session *session =
	    begin("MaxDomains 1\nOn-TempError defer\nSyslog no\n");
	struct session_end end;
	char address[32];

	(void)state;
	assert_int_equal(rcpt_to(session, "a@pass.example"), NONE);
	for (int i = 0; i < LIMIT_MESSAGE_DOMAINS + 50; i++) {
		snprintf(address, sizeof(address), "a@%d.example", i);
		rcpt_without_macros(session, address);
	}
	/* what is known stays known */
	assert_int_equal(rcpt_to(session, "b@pass.example"), NONE);
	assert_int_equal(rcpt_to(session, "a@last.example"), DEFER);
	end = finish(session);
	assert_int_equal(end.action, DEFER);
	session_end_fini(&end);
	session_free(session);
}

static void
so_many_domains_are_told_apart(void **state)
{
	char address[32], more[32];

	(void)state;
	snprintf(more, sizeof(more), " more=%d",
	    LIMIT_MESSAGE_DOMAINS - LIMIT_TAG_ITEMS);
	for (int beyond = 0; beyond <= 50; beyond += 50) {
		struct session *session =
		    begin("MaxDomains 1\nSyslog no\nHeaderDomains all\n");
		struct session_end end;

		rcpt_without_macros(session, "a@pass.example");
		for (int i = 1; i < LIMIT_MESSAGE_DOMAINS + beyond; i++) {
			snprintf(address, sizeof(address), "a@%d.example", i);
			rcpt_without_macros(session, address);
		}
		end = finish(session);
		assert_int_equal(end.action, TAG);
		assert_string_equal(strrchr(end.tag, '\n') + 1, more);
		session_end_fini(&end);
		session_free(session);
	}
}

static char *
bcc_conf(const char *action, const char *more)
{
	static char conf[256];

	snprintf(conf, sizeof(conf),
	    "DecideAt message\nAuthservID gate.example\nOn-Fail %s\n%s", action,
	    more);
	return conf;
}

static struct session_end
send_with_bcc(const char *conf)
{
	struct session *session = begin(conf);
	struct session_end end;

	rcpt_to(session, "<a@pass.example>");
	rcpt_to(session, "<b@softfail.example>");
	rcpt_to(session, "<secret@fail.example>");
	session_header(session, "Subject", "x@fail.example");
	session_header(session, "to", "A <a@pass.example>");
	session_header(
	    session, "CC", "\"b@fail.example\" <b@SoftFail.Example>");
	session_header(session, "Bcc", "secret@fail.example");
	end = finish(session);
	session_free(session);
	return end;
}

static void
the_tag_names_only_what_the_message_names(void **state)
{
	struct session_end end = send_with_bcc(bcc_conf("tag", ""));

	(void)state;
	assert_string_equal(end.tag,
	    "gate.example; v=1; result=fail; action=tag; id=Q1;\n"
	    " d=softfail.example/softfail/no-policy-found/"
	    "validation-failure;\n"
	    " d=pass.example/pass/no-policy-found/ok");
	session_end_fini(&end);
}

static void
header_domains_may_be_all_or_none(void **state)
{
	struct session_end end =
	    send_with_bcc(bcc_conf("tag", "HeaderDomains none\n"));

	(void)state;
	assert_string_equal(
	    end.tag, "gate.example; v=1; result=fail; action=tag; id=Q1");
	session_end_fini(&end);
	end = send_with_bcc(bcc_conf("tag", "HeaderDomains all\n"));
	assert_non_null(strstr(end.tag, "id=Q1;\n d=fail.example/fail/"));
	session_end_fini(&end);
}

static void
replies_and_hold_reasons_keep_the_secret_too(void **state)
{
	struct session_end end = send_with_bcc(bcc_conf("defer", ""));

	(void)state;
	assert_string_equal(end.reply.text, "a recipient's domain: "
					    "validation-failure (outbound TLS "
					    "precheck)");
	session_end_fini(&end);
	end = send_with_bcc(bcc_conf("hold", ""));
	assert_string_equal(end.hold_reason,
	    "outbound TLS precheck: a recipient's domain: validation-failure");
	session_end_fini(&end);
	end =
	    send_with_bcc(bcc_conf("none", "On-SoftFail hold\nOn-None none\n"));
	assert_string_equal(end.hold_reason,
	    "outbound TLS precheck: softfail.example: validation-failure");
	session_end_fini(&end);
}

static void
what_is_behind_the_scanned_header_stays_secret(void **state)
{
	static const char visible[] = "a@pass.example";
	size_t room = LIMIT_MESSAGE_SCAN - strlen(visible);

	(void)state;
	for (size_t beyond = 0; beyond <= 1; beyond++) {
		struct session *session = begin("AuthservID gate.example\n");
		char *filler = xcalloc(room + beyond + 1, 1);
		struct session_end end;

		memset(filler, ' ', room + beyond);
		rcpt_to(session, visible);
		session_header(session, "Cc", filler);
		session_header(session, "To", visible);
		end = finish(session);
		assert_int_equal(strstr(end.tag, " d=") == NULL, beyond);
		session_end_fini(&end);
		session_free(session);
		free(filler);
	}
}

static void
what_is_behind_so_many_names_stays_secret(void **state)
{
	static const char name[] = "@x,";
	size_t length = strlen(name);

	(void)state;
	for (size_t beyond = 0; beyond <= 1; beyond++) {
		struct session *session = begin("AuthservID gate.example\n");
		size_t count = LIMIT_MESSAGE_NAMES - 1 + beyond;
		char *names = xcalloc(count * length + 1, 1);
		struct session_end end;

		for (size_t i = 0; i < count; i++)
			memcpy(names + i * length, name, length);
		rcpt_to(session, "a@pass.example");
		session_header(session, "Cc", names);
		session_header(session, "To", "a@pass.example");
		end = finish(session);
		assert_int_equal(strstr(end.tag, " d=") == NULL, beyond);
		session_end_fini(&end);
		session_free(session);
		free(names);
	}
}

static void
forged_copies_are_counted_whatever_their_case(void **state)
{
	static const char *const yes[] = {"X-TLS-Precheck", "x-tls-precheck",
	    "X-TLS-PRECHECK", "X-Tls-Precheck ", "X-TLS-Precheck\t"};
	static const char *const no[] = {
	    "X-TLS-Precheck2", "X-TLS-Prechec", "XX-TLS-Precheck", ""};
	struct session *session = begin("");
	struct session_end end;

	(void)state;
	rcpt_to(session, "a@pass.example");
	for (size_t i = 0; i < COUNT(yes); i++)
		session_header(session, yes[i], "forged");
	for (size_t i = 0; i < COUNT(no); i++)
		session_header(session, no[i], "other");
	end = finish(session);
	assert_int_equal(end.forged, COUNT(yes));
	session_end_fini(&end);
	session_free(session);
}

/* A message with copies of the tag, some behind so many octets of header. */
static struct session_end
send_forged(const char *conf, bool smtp, size_t copies, size_t filled)
{
	struct session *session = begin_as(conf, smtp && filled == 1);
	char *filler = xcalloc(filled + 1, 1);
	struct session_end end;

	memset(filler, 'x', filled);
	if (smtp) {
		rcpt_to(session, "a@pass.example");
		rcpt_to(session, "a@fail.example");
	} else {
		rcpt_without_macros(session, "a@hang.example");
	}
	session_header(session, "Subject", filler);
	for (size_t i = 0; i < copies; i++)
		session_header(session, "X-TLS-Precheck", "forged");
	end = finish(session);
	free(filler);
	session_free(session);
	return end;
}

static void
too_many_forged_copies_stop_the_message(void **state)
{
	static const struct {
		const char *conf;
		bool smtp;
		size_t copies, filled;
		enum action action;
		unsigned taken_out;
	} rows[] = {
	    {"", true, LIMIT_FORGED_TAGS, 0, TAG, LIMIT_FORGED_TAGS},
	    {"", true, LIMIT_FORGED_TAGS + 1, 0, REJECT, 0},
	    {ALL("none"), true, 11000, 0, REJECT, 0},
	    /* a bounce is refused too */
	    {"", true, LIMIT_FORGED_TAGS + 1, 1, REJECT, 0},
	    /* nobody to refuse it to */
	    {"", false, LIMIT_FORGED_TAGS + 1, 0, HOLD, 0},
	    {"HeaderName none\n", true, 11000, 0, TAG, 0},
	    {"HeaderName X-Other\n", true, 11000, 0, TAG, 0},
	    /* few, but each a long way from the begin */
	    {"", true, 10, LIMIT_FORGED_WALK / 10 - 2000, TAG, 10},
	    {"", true, 10, LIMIT_FORGED_WALK / 10, REJECT, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session_end end = send_forged(
		    rows[i].conf, rows[i].smtp, rows[i].copies, rows[i].filled);

		if (end.action != rows[i].action)
			fail_msg("row %zu: %s", i, action_text(end.action));
		ROW(rows[i].conf, end.forged == rows[i].taken_out);
		session_end_fini(&end);
	}
}

static void
a_message_that_is_stopped_for_forgery_is_told_so(void **state)
{
	struct session_end end = send_forged("On-Fail defer\n", true, 101, 0);

	(void)state;
	assert_string_equal(end.reply.code, "550");
	assert_string_equal(end.reply.status, "5.7.1");
	assert_string_equal(end.reply.text,
	    "X-TLS-Precheck: too many fields of this name (outbound TLS "
	    "precheck)");
	assert_null(end.tag);
	assert_string_equal(seen.log,
	    "NOQUEUE check fail.example fail validation-failure defer 1\n"
	    "Q1 message skip reject 1 1 overdone 101\n");
	end = send_forged("", false, 101, 0);
	assert_string_equal(end.hold_reason,
	    "outbound TLS precheck: X-TLS-Precheck: too many fields of this "
	    "name");
	assert_null(end.tag);
	assert_string_equal(
	    seen.log, "Q1 message skip hold 1 1 overdone 101\n");
}

static void
header_name_none_leaves_the_header_alone(void **state)
{
	struct session *session = begin("HeaderName none\n");
	struct session_end end;

	(void)state;
	rcpt_to(session, "a@fail.example");
	session_header(session, "X-TLS-Precheck", "somebody's");
	end = finish(session);
	assert_int_equal(end.action, TAG);
	assert_int_equal(end.forged, 0);
	assert_null(end.tag);
	session_free(session);
}

static void
local_mail_loses_forged_copies_and_gets_no_tag(void **state)
{
	struct session *session = begin("");
	struct route_rcpt rcpt = {
	    .address = "a@fail.example", .mailer = "local"};
	struct reply reply;
	struct session_end end;

	(void)state;
	session_rcpt(session, &rcpt, &reply);
	session_header(session, "X-TLS-Precheck", "forged");
	end = finish(session);
	assert_int_equal(end.forged, 1);
	assert_null(end.tag);
	session_free(session);
}

/* A message to a domain that fails and to one that hangs, decided at its end,
 * with up to two fields. */
struct waiver {
	const char *id;
	bool requiretls;
	const char *fields[2][2];
	bool waived;
};

static void
run_waiver(const struct waiver *row)
{
	struct session_mail mail = {.requiretls = row->requiretls};
	struct session *session = begin_mail(MESSAGE ALL("reject"), &mail);
	int64_t begun_ms = clock_mono_ms();
	struct session_end end;

	rcpt_to(session, "a@fail.example");
	rcpt_to(session, "a@hang.example");
	session_header(session, "Subject", "No");
	for (size_t i = 0; i < 2 && row->fields[i][0] != NULL; i++)
		session_header(session, row->fields[i][0], row->fields[i][1]);
	end = finish(session);
	ROW(row->id, end.action == (row->waived ? NONE : REJECT));
	ROW(row->id, (clock_mono_ms() - begun_ms < 900) == row->waived);
	ROW(row->id,
	    (strstr(seen.log, "tls-required-no") != NULL) == row->waived);
	session_end_fini(&end);
	session_free(session);
	ROW(row->id, seen.freed == seen.started);
}

static void
tls_required_no_lets_the_message_through(void **state)
{
	static const struct waiver rows[] = {
	    {"no field", false, {{NULL}}, false},
	    {"Q11", true, {{"TLS-Required", "No"}}, false},
	    {"Q12", false, {{"TLS-Required", "No"}}, true},
	    {"Q13 case", false, {{"tls-required", "no"}}, true},
	    {"Q13 case 2", false, {{"TLS-REQUIRED", "nO"}}, true},
	    {"Q13 fold", false, {{"TLS-Required", "\r\n No"}}, true},
	    {"Q13 fold, LF", false, {{"TLS-Required", " \n\tNo \t"}}, true},
	    {"Q13 name", false, {{"TLS-Required ", "No"}}, true},
	    {"Q14 yes", false, {{"TLS-Required", "Yes"}}, false},
	    {"Q14 empty", false, {{"TLS-Required", ""}}, false},
	    {"Q14 space", false, {{"TLS-Required", " \r\n "}}, false},
	    {"Q14 more", false, {{"TLS-Required", "No; x"}}, false},
	    {"Q14 comment", false, {{"TLS-Required", "No (x)"}}, false},
	    {"Q14 none", false, {{"TLS-Required", "None"}}, false},
	    {"Q14 n", false, {{"TLS-Required", "N"}}, false},
	    {"Q14 fold within", false, {{"TLS-Required", "N\r\n o"}}, false},
	    {"Q15", false, {{"TLS-Required", "No"}, {"TLS-Required", "No"}},
		false},
	    {"Q15 case", false,
		{{"TLS-Required", "No"}, {"tls-required", "no"}}, false},
	    {"Q15 yes, no", false,
		{{"TLS-Required", "Yes"}, {"TLS-Required", "No"}}, false},
	    {"Q15 no, yes", false,
		{{"TLS-Required", "No"}, {"TLS-Required", "Yes"}}, false},
	    {"other name", false, {{"X-TLS-Required", "No"}}, false},
	    {"other name 2", false, {{"TLS-Required-X", "No"}}, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		run_waiver(&rows[i]);
}

static void
tls_required_no_is_honoured_as_the_admin_wants(void **state)
{
	static const struct {
		const char *conf, *rules, *address;
		enum action action;
		int waited_s;
	} rows[] = {
	    {"", "", "a@fail.example", NONE, 0},
	    {"", "fail.example dane-only\n", "a@fail.example", REJECT, 0},
	    {"", ".example dane-only\n", "a@fail.example", REJECT, 0},
	    {"", "other.example dane-only\n", "a@fail.example", NONE, 0},
	    {"", "* dane-only\n", "a@fail.example", NONE, 0},
	    {"", "* dane-only\n", "a@hang.example", NONE, 0},
	    /* whose hosts these are is known after the check */
	    {"", "mx:mx.slow.example dane-only\n", "a@slow.example", REJECT,
		12},
	    {"", "mx:.slow.example encrypt\n", "a@slow.example", REJECT, 12},
	    {"", "mx:mx.other.example encrypt\n", "a@slow.example", NONE, 12},
	    {"", "mx:mx.hang.example encrypt\n", "a@hang.example", NONE, 60},
	    {"", "mx:mx.slow.example may\nslow.example auto\n",
		"a@slow.example", REJECT, 12},
	    {"HonorTLSRequiredNo no\n", "", "a@fail.example", REJECT, 0},
	    {"HonorTLSRequiredNo no\n", "", "a@hang.example", DEFER, 60},
	    {"HonorTLSRequiredNo yes\n", "fail.example dane-only\n",
		"a@fail.example", NONE, 0},
	    {"HonorTLSRequiredNo yes\n", "mx:mx.slow.example dane-only\n",
		"a@slow.example", NONE, 0},
	    {"HonorTLSRequiredNo unruled\n", "fail.example dane-only\n",
		"a@fail.example", REJECT, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char conf[256];
		int64_t begun_ms = clock_mono_ms();
		struct session *session;
		struct session_end end;
		int waited_s;

		snprintf(conf, sizeof(conf), MESSAGE ALL("reject") "%s",
		    rows[i].conf);
		session = begin_with_rules(conf, rows[i].rules);
		rcpt_to(session, rows[i].address);
		session_header(session, "TLS-Required", "No");
		end = finish(session);
		waited_s = (int)((clock_mono_ms() - begun_ms + 500) / 1000);
		if (end.action != rows[i].action ||
		    waited_s != rows[i].waited_s)
			fail_msg("row %zu: %s after %d s", i,
			    action_text(end.action), waited_s);
		ROW(rows[i].rules, (strstr(seen.log, "tls-required-no") !=
				       NULL) == (rows[i].action == NONE));
		session_end_fini(&end);
		session_free(session);
	}
}

static void
mail_without_smtp_to_this_host_is_internal(void **state)
{
	static const struct {
		const char *address;
		bool smtp;
		const char *line;
	} rows[] = {
	    {"a@none.home.example", false, "skip none.home.example internal"},
	    {"a@temperror.home.example", false,
		"skip temperror.home.example internal"},
	    {"a@none.house.example", false, "skip none.house.example internal"},
	    {"a@temperror.mirror.example", false,
		"skip temperror.mirror.example internal"},
	    /* what a policy says of it stands */
	    {"a@fail.home.example", false,
		"check fail.home.example fail validation-failure"},
	    {"a@pass.home.example", false, "check pass.home.example pass ok"},
	    /* the MTA said that it sends it elsewhere */
	    {"a@temperror.mirror.example", true,
		"check temperror.mirror.example temperror probe-timeout"},
	    {"a@temperror.home.example", true,
		"check temperror.home.example temperror probe-timeout"},
	    {"a@none.other.example", false,
		"check none.other.example none no-policy"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session = begin(
		    MESSAGE ALL("hold") "InternalDomains .inside.example\n");
		struct session_end end;
		bool internal = strstr(rows[i].line, "internal") != NULL;

		if (rows[i].smtp)
			rcpt_to(session, rows[i].address);
		else
			rcpt_without_macros(session, rows[i].address);
		end = finish(session);
		ROW(rows[i].line, strstr(seen.log, rows[i].line) != NULL);
		ROW(rows[i].line,
		    (end.action == NONE) ==
			(internal || strstr(rows[i].line, " pass ") != NULL));
		ROW(rows[i].line, !internal || end.tag == NULL);
		session_end_fini(&end);
		session_free(session);
	}
}

/* One recipient of a message under REQUIRETLS. */
struct demand_row {
	const char *id, *conf, *address;
	const char *how; /* as in struct row; "second": of two domains */
	enum action at_rcpt, at_end;
	const char *reply; /* of a refusal; else of the hold */
};

static void
check_demand_text(const struct demand_row *row, enum action action,
    const struct reply *reply, const char *held)
{
	char text[600] = "";

	if (action == DEFER || action == REJECT)
		snprintf(text, sizeof(text), "%s %s %s", reply->code,
		    reply->status, reply->text);
	if (action == HOLD)
		text_copy(text, sizeof(text), held);
	if (row->reply == NULL
		? text[0] != '\0'
		: strncmp(text, row->reply, strlen(row->reply)) != 0)
		fail_msg("%s: \"%s\"", row->id, text);
}

static void
run_demand(const struct demand_row *row)
{
	struct session_mail mail = {.requiretls = true,
	    .null_sender = strstr(row->how, "null") != NULL,
	    .mta_name = "gate.sender.example"};
	bool local = strstr(row->how, "local") != NULL;
	struct session *session = begin_mail(row->conf, &mail);
	struct route_rcpt rcpt = {
	    .address = row->address, .mailer = local ? NULL : "smtp"};
	struct reply reply;
	struct session_end end;
	enum action action;

	if (strstr(row->how, "second") != NULL)
		rcpt_to(session, "a@open.example");
	action = session_rcpt(session, &rcpt, &reply);
	ROW(row->id, action == row->at_rcpt);
	if (action != NONE) {
		check_demand_text(row, action, &reply, "");
	} else {
		session_header(session, "To", row->address);
		end = finish(session);
		if (end.action != row->at_end)
			fail_msg("%s: %s", row->id, action_text(end.action));
		check_demand_text(row, end.action, &end.reply, end.hold_reason);
		session_end_fini(&end);
	}
	session_free(session);
	ROW(row->id, seen.freed == seen.started);
}

#define UNMET " (outbound TLS precheck)"
static const struct demand_row demands[] = {
    {"Q01", "", "a@met.example", "", NONE, NONE, NULL},
    {"Q02", "", "a@unoffered.example", "", REJECT, NONE,
	"550 5.7.30 unoffered.example: requiretls-unmet" UNMET},
    {"Q02 at end", MESSAGE, "a@unoffered.example", "", NONE, REJECT,
	"550 5.7.30 unoffered.example: requiretls-unmet" UNMET},
    {"Q03", "", "a@open.example", "", REJECT, NONE,
	"550 5.7.10 open.example: requiretls-unmet" UNMET},
    {"Q03 at end", MESSAGE, "a@open.example", "", NONE, REJECT,
	"550 5.7.10 open.example: requiretls-unmet" UNMET},
    {"Q03 whatever the settings", ALL("none"), "a@open.example", "", REJECT,
	NONE, "550 5.7.10 "},
    {"Q03 a fail that is tagged", "", "a@fail.example", "", REJECT, NONE,
	"550 5.7.10 fail.example: requiretls-unmet" UNMET},
    {"Q03 a fail that is deferred", ALL("defer"), "a@fail.example", "", REJECT,
	NONE, "550 5.7.10 fail.example: requiretls-unmet"},
    {"Q05 no more than the settings say", "On-SoftFail defer\n",
	"a@metsoft.example", "", DEFER, NONE,
	"451 4.7.5 metsoft.example: validation-failure" UNMET},
    {"Q07", "", "a@unusable.example", "", REJECT, NONE, "550 5.7.10 "},
    {"Q08", "", "a@half.example", "", REJECT, NONE, "550 5.7.10 "},
    {"Q10", "", "a@unoffered.example", "null", NONE, NONE, NULL},
    {"Q10 unauthenticated", "", "a@fail.example", "null", NONE, TAG, NULL},
    {"Q10 not known", ALL("reject"), "a@servfail.example", "null", NONE, TAG,
	NULL},
    {"depth dns", "", "a@dns.example", "", NONE, NONE, NULL},
    {"not known", "", "a@unsure.example", "", DEFER, NONE,
	"451 4.7.5 unsure.example: requiretls-unmet" UNMET},
    {"not known at end", MESSAGE, "a@unsure.example", "", NONE, DEFER,
	"451 4.7.5 unsure.example: requiretls-unmet" UNMET},
    {"DNS trouble", "", "a@servfail.example", "", DEFER, NONE,
	"451 4.7.5 servfail.example: dns-servfail" UNMET},
    {"DNS trouble at end", MESSAGE, "a@bogus.example", "", NONE, DEFER,
	"451 4.7.5 bogus.example: dnssec-invalid" UNMET},
    {"deadline", "RcptWait 2s\n", "a@hang.example", "", DEFER, NONE,
	"451 4.7.5 hang.example: deadline" UNMET},
    {"deadline at end", MESSAGE "MessageWait 2s\n", "a@hang.example", "", NONE,
	DEFER, "451 4.7.5 hang.example: deadline" UNMET},
    /* the MTA's own to bounce */
    {"null MX", "", "a@nullmx.example", "", NONE, NONE, NULL},
    {"no such domain", "", "a@nxdomain.example", "", NONE, NONE, NULL},
    {"no name", "", "a@in..valid", "", NONE, NONE, NULL},
    /* nobody to refuse it to */
    {"no SMTP", "", "a@open.example", "local", NONE, HOLD,
	"outbound TLS precheck: open.example: requiretls-unmet"},
    {"no SMTP, not known", "", "a@unsure.example", "local", NONE, HOLD,
	"outbound TLS precheck: unsure.example: requiretls-unmet"},
    {"no SMTP, met", "", "a@met.example", "local", NONE, NONE, NULL},
    {"no SMTP, null", "", "a@open.example", "local null", NONE, NONE, NULL},
    /* not looked at */
    {"internal", "InternalDomains open.example\n", "a@open.example", "", NONE,
	NONE, NULL},
    {"exempt", "ExemptDomains open.example\n", "a@open.example", "", NONE, NONE,
	NULL},
    {"the MTA's own name", "", "a@gate.sender.example", "", NONE, NONE, NULL},
    {"a local mailer", "LocalMailers smtp\n", "a@open.example", "", NONE, NONE,
	NULL},
    {"beyond MaxDomains", "MaxDomains 1\n", "a@met.example", "second", DEFER,
	NONE, "451 4.7.5 met.example: queue-full"},
    /* nothing can vouch for an address */
    {"literal", "", "a@[192.0.2.1]", "", REJECT, NONE,
	"550 5.7.10 [192.0.2.1]: requiretls-unmet" UNMET},
};

static void
requiretls_is_refused_where_it_is_not_met(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(demands); i++)
		run_demand(&demands[i]);
}

static void
what_requiretls_refuses_is_logged_and_tagged_so(void **state)
{
	struct session_mail mail = {.requiretls = true};
	struct session *session =
	    begin_mail("HeaderDomains all\nAuthservID gate.example\n", &mail);
	struct session_end end;

	(void)state;
	assert_int_equal(rcpt_to(session, "a@met.example"), NONE);
	assert_int_equal(rcpt_to(session, "a@open.example"), REJECT);
	assert_int_equal(rcpt_to(session, "b@open.example"), REJECT);
	assert_int_equal(rcpt_to(session, "a@unsure.example"), DEFER);
	assert_int_equal(rcpt_to(session, "a@dns.example"), NONE);
	end = finish(session);
	assert_string_equal(end.tag,
	    "gate.example; v=1; result=none; action=none; id=Q1;\n"
	    " d=dns.example/none/no-policy-found/not-probed;\n"
	    " d=met.example/pass/no-policy-found/ok");
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(seen.log,
	    "Q1 check met.example pass ok none 1\n"
	    "NOQUEUE check open.example fail requiretls-unmet reject 2\n"
	    "NOQUEUE check unsure.example temperror requiretls-unmet defer 1\n"
	    "Q1 check dns.example none not-probed none 1\n"
	    "Q1 message none none 2 2\n");
}

/* RFC 8461 section 5: a new policy may be there when it is tried again. */
static void
what_mta_sts_refuses_is_deferred_under_requiretls(void **state)
{
	static const struct {
		const char *id;
		enum requiretls_state requiretls;
		enum sts_state sts;
		enum reason sts_reason;
		enum action action;
	} rows[] = {
	    {"not kept", REQUIRETLS_NO_AUTH, STS_STATE_FAIL,
		REASON_CERTIFICATE_EXPIRED, DEFER},
	    {"not fetched", REQUIRETLS_NO_AUTH, STS_STATE_ERROR,
		REASON_STS_POLICY_FETCH_ERROR, DEFER},
	    {"malformed", REQUIRETLS_NO_AUTH, STS_STATE_ERROR,
		REASON_STS_POLICY_INVALID, REJECT},
	    {"Q06", REQUIRETLS_NO_AUTH, STS_STATE_PASS, REASON_OK, REJECT},
	    {"kept, not offered", REQUIRETLS_NOT_OFFERED, STS_STATE_PASS,
		REASON_OK, REJECT},
	    {"kept long ago, not offered", REQUIRETLS_NOT_OFFERED,
		STS_STATE_PASS, REASON_STS_POLICY_FETCH_ERROR, REJECT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(verdict)
		struct verdict *verdict =
		    verdict_new(RESULT_FAIL, REASON_REQUIRETLS_UNMET);

		verdict->requiretls = rows[i].requiretls;
		verdict->sts = rows[i].sts;
		verdict->sts_reason = rows[i].sts_reason;
		ROW(rows[i].id, requiretls_action(verdict) == rows[i].action);
	}
}

/* A field in which Postfix keeps REQUIRETLS on its way through filters. */
static void
a_kept_requiretls_counts_if_it_is_to_be_believed(void **state)
{
	static const struct {
		const char *id, *name, *value;
		bool authenticated, local, smtp, null, required;
	} rows[] = {
	    {"a stranger", "Require-TLS-ESMTP", "yes", .smtp = true},
	    {"a user", "Require-TLS-ESMTP", "yes", .authenticated = true,
		.smtp = true, .required = true},
	    {"this host", "Require-TLS-ESMTP", "yes", .local = true,
		.smtp = true, .required = true},
	    {"no SMTP", "Require-TLS-ESMTP", "yes", .required = true},
	    {"case", "require-tls-esmtp", " \r\n YES ", .required = true},
	    {"no", "Require-TLS-ESMTP", "no", .required = false},
	    {"more", "Require-TLS-ESMTP", "yes; x", .required = false},
	    {"empty", "Require-TLS-ESMTP", "", .required = false},
	    {"other name", "Require-TLS", "yes", .required = false},
	    {"null sender", "Require-TLS-ESMTP", "yes", .null = true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session_mail mail = {.null_sender = rows[i].null,
		    .authenticated = rows[i].authenticated,
		    .local = rows[i].local};
		struct session *session = begin_mail("", &mail);
		struct session_end end;
		enum action wanted = NONE;

		if (rows[i].smtp)
			rcpt_to(session, "a@open.example");
		else
			rcpt_without_macros(session, "a@open.example");
		ROW(rows[i].id, !seen.last_required);
		session_header(session, rows[i].name, rows[i].value);
		ROW(rows[i].id, seen.last_required == rows[i].required);
		session_header(session, rows[i].name, rows[i].value);
		ROW(rows[i].id, seen.started == 1u + rows[i].required);
		if (rows[i].required)
			wanted = rows[i].smtp ? REJECT : HOLD;
		end = finish(session);
		ROW(rows[i].id, end.action == wanted);
		session_end_fini(&end);
		session_free(session);
		ROW(rows[i].id, seen.freed == seen.started);
	}
}

static void
a_kept_requiretls_wins_over_tls_required_no(void **state)
{
	struct session_mail mail = {.authenticated = true};
	struct session *session = begin_mail(MESSAGE, &mail);
	struct session_end end;

	(void)state;
	rcpt_to(session, "a@open.example");
	session_header(session, "TLS-Required", "No");
	session_header(session, "Require-TLS-ESMTP", "yes");
	end = finish(session);
	assert_int_equal(end.action, REJECT);
	session_end_fini(&end);
	session_free(session);
}

static void
a_waived_message_is_tagged_and_logged_so(void **state)
{
	struct session *session =
	    begin(MESSAGE ALL("defer") "HeaderDomains all\n"
				       "AuthservID gate.example\n"
				       "ExemptDomains free.example\n"
				       "MaxDomains 2\n");
	struct session_end end;

	(void)state;
	rcpt_to(session, "a@hang.example");
	rcpt_to(session, "a@pass.example");
	rcpt_to(session, "a@fail.example");
	rcpt_to(session, "a@free.example");
	rcpt_to(session, "a@in..valid");
	session_header(session, "X-TLS-Precheck", "forged");
	session_header(session, "TLS-Required", "No");
	end = finish(session);
	assert_string_equal(end.tag,
	    "gate.example; v=1; result=skip; action=none; id=Q1;\n"
	    " d=hang.example/skip/no-policy-found/tls-required-no;\n"
	    " d=pass.example/skip/no-policy-found/tls-required-no;\n"
	    " d=fail.example/skip/no-policy-found/tls-required-no;\n"
	    " d=free.example/skip/no-policy-found/exempt");
	assert_int_equal(end.forged, 1);
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(seen.log,
	    "Q1 skip hang.example tls-required-no none 1\n"
	    "Q1 skip pass.example tls-required-no none 1\n"
	    "Q1 skip fail.example tls-required-no none 1\n"
	    "Q1 skip free.example exempt none 1\n"
	    "Q1 skip  tls-required-no none 1\n"
	    "Q1 message skip none 5 5\n");
}

static void
what_was_refused_before_the_header_stays_refused(void **state)
{
	struct session *session = begin("On-Fail defer\nOn-TempError hold\n");
	struct session_end end;

	(void)state;
	assert_int_equal(rcpt_to(session, "a@fail.example"), DEFER);
	assert_int_equal(rcpt_to(session, "a@hang.example"), NONE);
	assert_int_equal(rcpt_to(session, "a@temperror.example"), NONE);
	session_header(session, "TLS-Required", "No");
	end = finish(session);
	assert_int_equal(end.action, NONE);
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(seen.log,
	    "NOQUEUE check fail.example fail validation-failure defer 1\n"
	    "Q1 skip hang.example tls-required-no none 1\n"
	    "Q1 skip temperror.example tls-required-no none 1\n"
	    "Q1 message skip none 2 2\n");
}

static void
local_mail_that_waives_tls_gets_no_tag(void **state)
{
	struct session *session = begin("InternalDomains in.example\n");
	struct session_end end;

	(void)state;
	rcpt_to(session, "a@in.example");
	session_header(session, "TLS-Required", "No");
	end = finish(session);
	assert_null(end.tag);
	session_free(session);
	assert_string_equal(seen.log, "Q1 skip in.example internal none 1\n"
				      "Q1 message skip none 1 1\n");
}

int
main(void)
{
	static const struct CMUnitTest session[] = {
	    cmocka_unit_test(each_action_is_done_where_it_belongs),
	    cmocka_unit_test(the_strictest_action_wins_at_the_end),
	    cmocka_unit_test(a_refused_recipient_is_out_of_the_message),
	    cmocka_unit_test(who_was_let_in_is_not_out_with_who_was_refused),
	    cmocka_unit_test(an_abandoned_message_logs_what_was_refused),
	    cmocka_unit_test(why_is_told_of_what_was_looked_at),
	    cmocka_unit_test(replies_are_as_promised),
	    cmocka_unit_test(a_reply_names_the_next_hop_that_is_at_fault),
	    cmocka_unit_test(a_reply_at_the_end_names_the_next_hop_as_well),
	    cmocka_unit_test(rcpt_waits_no_longer_than_told),
	    cmocka_unit_test(a_deadline_stays_the_verdict_of_the_message),
	    cmocka_unit_test(all_recipients_together_wait_a_minute),
	    cmocka_unit_test(who_is_beyond_the_minute_is_decided_at_the_end),
	    cmocka_unit_test(
		nobody_waits_at_rcpt_where_nothing_could_be_refused),
	    cmocka_unit_test(the_end_of_the_message_waits_as_long_as_told),
	    cmocka_unit_test(a_rule_has_its_own_actions),
	    cmocka_unit_test(who_may_be_refused_by_a_rule_is_waited_for),
	    cmocka_unit_test(one_check_is_made_of_each_domain_and_next_hop),
	    cmocka_unit_test(some_recipients_are_not_looked_at),
	    cmocka_unit_test(mail_without_smtp_to_this_host_is_internal),
	    cmocka_unit_test(every_other_mailer_is_looked_at),
	    cmocka_unit_test(malformed_recipients_get_a_verdict),
	    cmocka_unit_test(an_address_without_a_domain_takes_that_of_the_mta),
	    cmocka_unit_test(the_address_counts_as_the_mta_reads_it),
	    cmocka_unit_test(all_next_hops_are_asked),
	    cmocka_unit_test(an_international_domain_is_asked_by_its_a_label),
	    cmocka_unit_test(domains_beyond_the_maximum_are_not_looked_at),
	    cmocka_unit_test(domains_without_number_cost_bounded_memory),
	    cmocka_unit_test(so_many_domains_are_told_apart),
	    cmocka_unit_test(the_tag_names_only_what_the_message_names),
	    cmocka_unit_test(header_domains_may_be_all_or_none),
	    cmocka_unit_test(replies_and_hold_reasons_keep_the_secret_too),
	    cmocka_unit_test(what_is_behind_the_scanned_header_stays_secret),
	    cmocka_unit_test(what_is_behind_so_many_names_stays_secret),
	    cmocka_unit_test(forged_copies_are_counted_whatever_their_case),
	    cmocka_unit_test(too_many_forged_copies_stop_the_message),
	    cmocka_unit_test(a_message_that_is_stopped_for_forgery_is_told_so),
	    cmocka_unit_test(header_name_none_leaves_the_header_alone),
	    cmocka_unit_test(local_mail_loses_forged_copies_and_gets_no_tag),
	    cmocka_unit_test(tls_required_no_lets_the_message_through),
	    cmocka_unit_test(tls_required_no_is_honoured_as_the_admin_wants),
	    cmocka_unit_test(requiretls_is_refused_where_it_is_not_met),
	    cmocka_unit_test(what_requiretls_refuses_is_logged_and_tagged_so),
	    cmocka_unit_test(what_mta_sts_refuses_is_deferred_under_requiretls),
	    cmocka_unit_test(a_kept_requiretls_counts_if_it_is_to_be_believed),
	    cmocka_unit_test(a_kept_requiretls_wins_over_tls_required_no),
	    cmocka_unit_test(a_waived_message_is_tagged_and_logged_so),
	    cmocka_unit_test(what_was_refused_before_the_header_stays_refused),
	    cmocka_unit_test(local_mail_that_waives_tls_gets_no_tag),
	};

	return RUN_TESTS(session);
}
