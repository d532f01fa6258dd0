/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a request is read, and answered by itself where nothing needs
 * to be looked up: it cannot be read, its domain is our own or exempt, or a
 * rule says all there is to say.  Otherwise the check that was made for it
 * becomes the reply.  That lives as long as the verdict does, and no longer
 * than the rules for it; it says from when on another should be made in
 * advance.
 */
#include "milter/serve/map_asking.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/judge/enforce.h"
#include "milter/act/action.h"
#include "milter/serve/map_report.h"
#include "milter/serve/report_line.h"

enum {
	MSEC_PER_SEC = 1000,

	/* A reply is made anew in the last part of its life, of so many */
	LAST_PART = 10,
};

enum figures_asker
map_asking_dialect(enum mta_dialect dialect)
{
	switch (dialect) {
	case MTA_POSTFIX_TLSRPT:
		return FIGURES_TLSRPT;
	case MTA_SENDMAIL:
		return FIGURES_SENDMAIL;
	case MTA_POSTFIX:
		break;
	}
	return FIGURES_PLAIN;
}

enum figures_asker
map_asking_asker(const struct map_asking *asking)
{
	return asking->protocol == MAP_PROTOCOL_LINE
		   ? FIGURES_LINE
		   : map_asking_dialect(asking->request.dialect);
}

void
map_asking_free(struct map_asking *asking)
{
	service_let_go(&asking->held);
	free(asking->reply);
	free(asking->key);
	free(asking);
}

/* The turn is taken first: rules that are put in force meanwhile are another
 * turn's, and the check is made once more. */
void
map_asking_hold(struct map_asking *asking)
{
	asking->turn = service_turn();
	service_hold(&asking->held);
}

void
map_asking_read(struct map_asking *asking, const struct map_payload *payload)
{
	uint16_t port = (uint16_t)asking->held.settings->probe_port;

	if (asking->protocol == MAP_PROTOCOL_TABLE)
		asking->ask = map_request_read(
		    payload->data, payload->length, port, &asking->request);
	else
		asking->ask = line_request_read(
		    payload->data, payload->length, port, &asking->request);
}

/* For "CHECK": what the log would say of it, from the domain on, but for what
 * others wrote. */
static char *
print_checked(const struct map_asking *asking, const struct check *check)
{
	struct report_check report = {.domain = check->domain,
	    .verdict = check->verdict,
	    .action = action_for(asking->held.settings, check->verdict),
	    .looked = true,
	    .ttl_s = check->verdict->ttl_s,
	    .ms = check->ms,
	    .detail = ""};
	char line[REPORT_SIZE];
	const char *begin;

	report_check_line(line, "-", &report);
	begin = strstr(line, "domain=");
	return xstrdup(begin == NULL ? "" : begin);
}

static char *
print_enforcement(const struct map_asking *asking, const struct enforcement *e,
    uint32_t ttl_s)
{
	const struct map_request *request = &asking->request;

	if (asking->protocol == MAP_PROTOCOL_TABLE)
		return mta_policy_reply(request->dialect, e, request->hop.host);
	return mta_policy_line(
	    e, request->has_host ? request->host : NULL, ttl_s);
}

/* What the terms decide alone, or is not looked at: NULL if there is more to
 * it. */
static struct map_reply *
answer_at_once(struct map_asking *asking)
{
	const struct settings *settings = asking->held.settings;
	const char *host = asking->request.hop.host;
	struct judge_terms terms = {.level = LEVEL_AUTO};
	AUTO(enforcement) struct enforcement *e = NULL;
	time_t now = clock_wall_s();

	if (strcmp(host, settings->authserv_id) == 0 ||
	    settings_lists_domain(&settings->internal_domains, host))
		return map_reply_skip(
		    map_asking_asker(asking), REASON_INTERNAL);
	if (settings_lists_domain(&settings->exempt_domains, host))
		return map_reply_skip(map_asking_asker(asking), REASON_EXEMPT);
	terms_set(&terms, settings->destinations, host, now);
	asking->rules_end_s = terms_end(&terms, now);
	if (asking->ask == MAP_ASK_CHECK)
		return NULL;
	map_report_rule(map_asking_asker(asking), terms.rule);
	e = enforce_by_terms(&terms, now);
	/* a host is told of DANE by what it has */
	if (e == NULL || (asking->protocol == MAP_PROTOCOL_LINE &&
			     e->level == LEVEL_DANE_ONLY))
		return NULL;
	return map_reply_owned(
	    map_asking_asker(asking), print_enforcement(asking, e, 0));
}

static struct map_reply *
answer_misread(enum figures_asker asker, enum map_ask ask)
{
	switch (ask) {
	case MAP_ASK_INVALID:
		return map_reply_temp(asker, REASON_INTERNAL_ERROR);
	case MAP_ASK_MISPLACED:
		return map_reply_new(
		    asker, "PERM map sts is for Sendmail, use QUERY");
	case MAP_ASK_NOTHING:
		return map_reply_skip(asker, REASON_NAME_INVALID);
	case MAP_ASK_POLICY:
	case MAP_ASK_CHECK:
		break;
	}
	return NULL;
}

struct map_reply *
map_asking_simple(struct map_asking *asking)
{
	struct map_reply *reply =
	    answer_misread(map_asking_asker(asking), asking->ask);

	return reply == NULL ? answer_at_once(asking) : reply;
}

/* A reply lives as long as the verdict, and no longer than the rules that it
 * rests on; 0: it is not kept. */
static int64_t
life_end(const struct map_asking *asking, const struct check *check)
{
	int64_t end_ms, left_s;

	if (check->verdict->reason == REASON_DEADLINE ||
	    check->verdict->reason == REASON_QUEUE_FULL || check->ran_out)
		return 0;
	/* what was found before is good to its own end */
	if (asking->ahead && check->verdict->result == RESULT_TEMPERROR)
		return 0;
	if (asking->rules_end_s == 0)
		return check->expires_ms;
	left_s = asking->rules_end_s - clock_wall_s();
	end_ms = clock_mono_ms() + left_s * MSEC_PER_SEC;
	return end_ms < check->expires_ms ? end_ms : check->expires_ms;
}

/* How long before its end it is made anew.  One that was made ahead, and is in
 * the last part of its life for all that, is not made again: 0. */
static uint32_t
time_ahead(const struct map_asking *asking, const struct check *check)
{
	int64_t part_ms =
	    (int64_t)check->verdict->ttl_s * MSEC_PER_SEC / LAST_PART;

	if (asking->ahead && asking->expires_ms - part_ms <= clock_mono_ms())
		return 0;
	return part_ms < INT32_MAX ? (uint32_t)part_ms : INT32_MAX;
}

void
map_asking_make(
    struct map_asking *asking, const struct check *check, bool cached)
{
	enum figures_asker asker = map_asking_asker(asking);
	char *text;

	assert(asking->reply == NULL);
	if (asking->ask == MAP_ASK_CHECK) {
		text = print_checked(asking, check);
	} else if (check->enforcement == NULL) {
		text = mta_policy_temp(REASON_INTERNAL_ERROR);
	} else {
		text = print_enforcement(
		    asking, check->enforcement, check->verdict->ttl_s);
		map_report_answer(asker, check, text, cached);
	}
	asking->reply = map_reply_owned(asker, text);
	asking->reply->policy = check->policy;
	asking->expires_ms = life_end(asking, check);
	asking->reply->expires_ms = asking->expires_ms;
	asking->reply->ahead_ms = time_ahead(asking, check);
}
