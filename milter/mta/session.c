/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: each recipient belongs to a group, one for each domain and way
 * that mail goes, whose check starts at its first RCPT.
 *
 * At RCPT the group is waited for if it could be refused there. Then it has its
 * verdict for this message, a temperror if it took longer than RcptWait. Once
 * the time for waits at RCPT is used up, a group without a verdict is open: all
 * of its recipients are let in, and it is decided at the end.
 *
 * The header says whom the tag may name, what the sender wants of TLS, and how
 * many copies of the tag came with the message.
 *
 * At the end all groups that are left are waited for together. The strictest
 * action of them is that of the message.
 */
#include "milter/mta/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "milter/act/action.h"
#include "milter/act/requiretls.h"
#include "milter/act/tag.h"
#include "milter/conf/destinations.h"
#include "milter/mta/forged.h"
#include "milter/mta/recipient_group.h"
#include "milter/mta/message_outcome.h"
#include "milter/mta/waiver.h"
#include "milter/serve/own_mail.h"
#include "milter/serve/report.h"

enum {
	/* Waits at RCPT, all of a message together: MTAs and clients give up
	 * on a dialogue that stands still */
	RCPT_BUDGET_MS = 60 * 1000,

	/* MessageWait auto: worth a wait if the mail could be stopped */
	WAIT_TO_STOP_MS = 60 * 1000,
	WAIT_TO_TAG_MS = 5 * 1000,

	/* Mail that did not come by SMTP: Postfix's pickup(8) takes one after
	 * the other, and all wait for the first */
	WAIT_LOCAL_MS = 5 * 1000,

	/* Well within the shortest time-out of an MTA at end of message */
	PROGRESS_MS = 5 * 1000,
};

struct session {
	struct settings *settings;
	struct engine *engine;
	bool null_sender;
	bool authenticated;
	bool local; /* the client is on this host */
	bool reports;
	bool smtp; /* the MTA said where a recipient goes */
	struct requiretls tls;
	char mta_name[LIMIT_DOMAIN_SIZE];
	int rcpt_budget_ms;
	int64_t waited_ms;
	size_t scan_left;
	size_t names_left;
	bool tells; /* of a group that is more than left alone */
	struct forged forged;
	bool ended; /* nothing comes after session_end() */
	int looked; /* groups with a check */
	size_t count;
	size_t room;
	struct recipient_group *groups;
};

struct session *
session_new(struct settings *settings, struct engine *engine,
    const struct session_mail *mail)
{
	struct session *session = xcalloc(1, sizeof(*session));

	assert(settings != NULL && settings->destinations != NULL);
	session->settings = settings_ref(settings);
	session->engine = engine;
	session->null_sender = mail->null_sender;
	session->authenticated = mail->authenticated;
	session->local = mail->local;
	session->reports = mail->reports;
	session->tls.required = mail->requiretls;
	session->rcpt_budget_ms = RCPT_BUDGET_MS;
	session->scan_left = LIMIT_MESSAGE_SCAN;
	session->names_left = LIMIT_MESSAGE_NAMES;
	if (mail->mta_name != NULL)
		domain_normalise(mail->mta_name, session->mta_name, NULL);
	return session;
}

void
session_free(struct session *session)
{
	if (session == NULL)
		return;
	for (size_t i = 0; i < session->count; i++)
		recipient_group_fini(&session->groups[i]);
	free(session->groups);
	settings_free(session->settings);
	free(session);
}

/*
 * What the message as a whole allows: a bounce must get through (RFC 5321
 * section 6.1); mail that did not come by SMTP has nobody to refuse it to, the
 * MTA would try it for ever.
 */
static enum action
restrain_for_message(const struct session *session, enum action action)
{
	if (session->null_sender && action > ACTION_TAG)
		return ACTION_TAG;
	if (!session->smtp && action > ACTION_HOLD)
		return ACTION_HOLD;
	return action;
}

/* RFC 8689 section 5 - a bounce is not lost for want of REQUIRETLS. */
static bool
session_requires_tls(const struct session *session)
{
	return session->tls.required && !session->null_sender;
}

/*
 * Mail that did not come by SMTP has no mailer, so that the domains that this
 * host receives for are not known but by InternalDomains; those whose mail host
 * is the MTA itself, by its name or its addresses, are others of them.  If the
 * MTA does not know such a domain, it bounces the mail as a loop.  What fails
 * or passes stands: a stranger's DNS must not make it less.
 */
static bool
would_come_back(
    const struct session *session, const struct recipient_group *group)
{
	const struct verdict *verdict = recipient_group_verdict(group);
	char host[LIMIT_DOMAIN_SIZE];

	if (session->smtp || verdict->mx == NULL ||
	    (verdict->result != RESULT_NONE &&
		verdict->result != RESULT_TEMPERROR) ||
	    domain_normalise(verdict->mx, host, NULL) < 0)
		return false;
	return verdict->comes_back || strcmp(host, session->mta_name) == 0 ||
	       settings_lists_domain(
		   &session->settings->internal_domains, host);
}

/* What REQUIRETLS has against a destination stands over the settings: it is the
 * sender who asked for it. */
static void
decide_group(const struct session *session, struct recipient_group *group)
{
	enum action action, least;
	struct verdict *objection = NULL;

	if (would_come_back(session, group))
		recipient_group_set(
		    group, verdict_new(RESULT_SKIP, REASON_INTERNAL));
	else if (session_requires_tls(session))
		objection = requiretls_object(recipient_group_verdict(group));
	if (objection != NULL)
		recipient_group_set(group, objection);
	action = action_for(session->settings, recipient_group_verdict(group));
	least = session_requires_tls(session)
		    ? requiretls_action(recipient_group_verdict(group))
		    : ACTION_NONE;
	group->action =
	    restrain_for_message(session, action > least ? action : least);
}

/* The strictest that any verdict of the group could come to. */
static enum action
strictest_possible(
    const struct session *session, const struct recipient_group *group)
{
	const struct verdict *verdict = recipient_group_verdict(group);

	if (session_requires_tls(session) &&
	    (verdict == NULL || requiretls_applies(verdict)))
		return restrain_for_message(session, ACTION_REJECT);
	return restrain_for_message(
	    session, action_strictest(session->settings, group->rule));
}

static bool
is_refusal(enum action action)
{
	return action == ACTION_DEFER || action == ACTION_REJECT;
}

static void
start_check(struct session *session, struct recipient_group *group)
{
	const struct settings *settings = session->settings;

	group->rule = destinations_rule(
	    settings->destinations, group->domain, group->hop, clock_wall_s());
	if (session->looked >= settings->max_domains) {
		recipient_group_give_up(group, REASON_QUEUE_FULL);
		return;
	}
	session->looked++;
	recipient_group_ask(
	    group, settings, session->engine, session_requires_tls(session));
}

static struct recipient_group *
add_group(struct session *session, const struct route *route)
{
	struct recipient_group *group;

	if (session->count == session->room) {
		session->room = session->room == 0 ? 2 : 2 * session->room;
		session->groups = xrealloc(
		    session->groups, session->room, sizeof(*session->groups));
	}
	group = &session->groups[session->count++];
	recipient_group_init(group, route);
	if (route->reason == REASON_OK)
		start_check(session, group);
	session->tells = session->tells || route->result != RESULT_SKIP;
	return group;
}

static struct recipient_group *
find_group(struct session *session, const struct route *route)
{
	for (size_t i = 0; i < session->count; i++)
		if (recipient_group_fits(&session->groups[i], route))
			return &session->groups[i];
	return NULL;
}

static struct recipient_group *
recipient_group_for(struct session *session, struct route *route)
{
	struct recipient_group *group = find_group(session, route);

	if (group == NULL && session->count >= LIMIT_MESSAGE_DOMAINS) {
		*route = (struct route){.smtp = route->smtp,
		    .result = RESULT_TEMPERROR,
		    .reason = REASON_QUEUE_FULL};
		group = find_group(session, route);
	}
	return group != NULL ? group : add_group(session, route);
}

/* The group's check, if it comes by the deadline. */
static void
await_group(
    struct session *session, struct recipient_group *group, int64_t deadline_ms)
{
	int64_t begun_ms = clock_mono_ms();

	group->check = engine_await(group->wait, deadline_ms);
	session->waited_ms += clock_mono_ms() - begun_ms;
}

/*
 * Whether the group has its verdict for this message.  A time that is used up
 * by others is no verdict on it: it stays open, also for recipients to come,
 * since who was let in cannot be refused alone any more.
 */
static bool
await_at_rcpt(struct session *session, struct recipient_group *group)
{
	int wait_ms = session->settings->rcpt_wait_ms;
	bool cut = wait_ms > session->rcpt_budget_ms;
	int64_t waited_ms = session->waited_ms;

	if (group->open || recipient_group_verdict(group) != NULL)
		return !group->open;
	if (cut)
		wait_ms = session->rcpt_budget_ms;
	await_group(session, group, clock_mono_ms() + wait_ms);
	waited_ms = session->waited_ms - waited_ms;
	report_wait((unsigned)waited_ms);
	session->rcpt_budget_ms = waited_ms < session->rcpt_budget_ms
				      ? session->rcpt_budget_ms - (int)waited_ms
				      : 0;
	if (group->check == NULL && !cut)
		recipient_group_give_up(group, REASON_DEADLINE);
	group->open = group->check == NULL && cut;
	return !group->open;
}

/* X01: what we send ourselves goes, whatever becomes of it.  Who uses the
 * sender for other mail gains nothing. */
static void
exempt_report(const struct session *session, const struct route_rcpt *rcpt,
    struct route *route)
{
	const char *address = rcpt->addr != NULL ? rcpt->addr : rcpt->address;

	if (session->reports && route->reason == REASON_OK &&
	    own_mail_goes_to(address, (int64_t)clock_wall_s())) {
		route->result = RESULT_SKIP;
		route->reason = REASON_EXEMPT;
	}
}

enum action
session_rcpt(
    struct session *session, const struct route_rcpt *rcpt, struct reply *reply)
{
	struct route route;
	struct recipient_group *group;

	assert(!session->ended);
	route_read(session->settings, session->mta_name, rcpt, &route);
	exempt_report(session, rcpt, &route);
	session->smtp = session->smtp || route.smtp;
	group = recipient_group_for(session, &route);
	group->rcpts++;
	if (!group->smtp || session->settings->decide_at != DECIDE_AT_RCPT ||
	    !is_refusal(strictest_possible(session, group)) ||
	    !await_at_rcpt(session, group))
		return ACTION_NONE;
	decide_group(session, group);
	if (!is_refusal(group->action))
		return ACTION_NONE;
	group->refused = true;
	recipient_group_count_refusal(group);
	reply_write(reply, group->action, recipient_group_name(group),
	    recipient_group_verdict(group), session_requires_tls(session));
	return group->action;
}

static void
mark_visible(void *arg, const char *found)
{
	struct session *session = arg;
	char domain[LIMIT_DOMAIN_SIZE];

	if (session->names_left == 0)
		return;
	session->names_left--;
	if (domain_is_literal(found)) {
		text_copy(domain, sizeof(domain), found);
		text_lower(domain);
	} else if (domain_normalise(found, domain, NULL) < 0) {
		return;
	}
	for (size_t i = 0; i < session->count; i++)
		if (strcmp(session->groups[i].domain, domain) == 0)
			session->groups[i].visible = true;
}

/* Who may say that REQUIRETLS was demanded of another hop. */
static bool
may_require(const struct session *session)
{
	return session->authenticated || session->local || !session->smtp;
}

/* What is known only now to be under REQUIRETLS was asked too little of. */
static void
ask_again(struct session *session)
{
	for (size_t i = 0; i < session->count; i++) {
		struct recipient_group *group = &session->groups[i];

		if (group->wait != NULL && group->own == NULL &&
		    !group->refused)
			recipient_group_ask(
			    group, session->settings, session->engine, true);
	}
}

void
session_header(struct session *session, const char *name, const char *value)
{
	const char *ours = session->settings->header_name;
	size_t length = strlen(value);
	bool required = session_requires_tls(session);

	assert(!session->ended);
	forged_read(&session->forged, ours, name, value);
	requiretls_read(&session->tls, name, value, may_require(session));
	if (session_requires_tls(session) && !required)
		ask_again(session);
	if (!session->tells || !tag_is_recipients(name) ||
	    length > session->scan_left)
		return;
	session->scan_left -= length;
	tag_each_domain(value, mark_visible, session);
}

static bool
may_stop(const struct session *session)
{
	for (size_t i = 0; i < session->count; i++)
		if (strictest_possible(session, &session->groups[i]) >
		    ACTION_TAG)
			return true;
	return false;
}

static int
configured_wait_ms(const struct session *session)
{
	int wait_ms = session->settings->message_wait_ms;

	if (wait_ms != MESSAGE_WAIT_AUTO)
		return wait_ms;
	if (may_stop(session))
		return WAIT_TO_STOP_MS;
	return engine_congested(session->engine) ? 0 : WAIT_TO_TAG_MS;
}

static int
message_wait_ms(const struct session *session)
{
	int wait_ms = configured_wait_ms(session);

	return session->smtp || wait_ms < WAIT_LOCAL_MS ? wait_ms
							: WAIT_LOCAL_MS;
}

static void
await_all(struct session *session, session_progress *progress, void *arg)
{
	int64_t deadline_ms = clock_mono_ms() + message_wait_ms(session);

	for (size_t i = 0; i < session->count; i++) {
		struct recipient_group *group = &session->groups[i];

		while (recipient_group_verdict(group) == NULL) {
			await_group(session, group,
			    clock_sooner_ms(deadline_ms, PROGRESS_MS));
			if (group->check != NULL)
				break;
			if (clock_left_ms(deadline_ms) == 0)
				recipient_group_give_up(group, REASON_DEADLINE);
			else
				progress(arg);
		}
	}
}

static void
decide_all(struct session *session)
{
	for (size_t i = 0; i < session->count; i++)
		if (!session->groups[i].refused)
			decide_group(session, &session->groups[i]);
}

static void
fill_end(const struct session *session, const struct message_outcome *outcome,
    const char *queue_id, struct session_end *end)
{
	const struct settings *settings = session->settings;

	*end = (struct session_end){
	    .action = outcome->action, .forged = session->forged.count};
	if (is_refusal(outcome->action)) {
		reply_write(&end->reply, outcome->action,
		    message_outcome_name(outcome, settings),
		    recipient_group_verdict(outcome->worst),
		    session_requires_tls(session));
		return;
	}
	if (outcome->action == ACTION_HOLD)
		reply_hold(end->hold_reason,
		    message_outcome_name(outcome, settings),
		    recipient_group_verdict(outcome->worst));
	if (settings->header_name != NULL && outcome->tagged)
		end->tag = message_outcome_tag(outcome, settings, queue_id);
}

/* Also those that are refused with others: the MTA tries none of them. */
static void
count_refusals(
    const struct session *session, const struct message_outcome *outcome)
{
	if (!is_refusal(outcome->action))
		return;
	for (size_t i = 0; i < session->count; i++)
		if (!session->groups[i].refused)
			recipient_group_count_refusal(&session->groups[i]);
}

static void
settle_all(struct session *session, session_progress *progress, void *arg)
{
	bool waived = requiretls_is_waived(&session->tls);

	if (waived)
		waiver_apply(
		    session->settings, session->groups, session->count);
	await_all(session, progress, arg);
	if (waived)
		waiver_apply(
		    session->settings, session->groups, session->count);
	decide_all(session);
}

static void
report_end(const struct session *session, const char *id,
    const struct message_outcome *outcome, bool overdone)
{
	struct report_message message = {.result = outcome->result,
	    .action = outcome->action,
	    .domains = outcome->domains,
	    .rcpts = outcome->rcpts,
	    .authenticated = session->authenticated,
	    .ms = (unsigned)session->waited_ms,
	    .forged = session->forged.count,
	    .overdone = overdone};

	report_message(id, &message);
}

/* Each copy that is taken out costs the MTA a walk over its queue file, so that
 * none is, and nobody is waited for. */
static void
end_overdone(
    const struct session *session, const char *id, struct session_end *end)
{
	const char *name = session->settings->header_name;
	struct message_outcome outcome = {.result = RESULT_SKIP,
	    .action = session->smtp ? ACTION_REJECT : ACTION_HOLD};

	*end = (struct session_end){.action = outcome.action};
	if (session->smtp)
		reply_write_forged(&end->reply, name);
	else
		reply_hold_forged(end->hold_reason, name);
	for (size_t i = 0; i < session->count; i++) {
		outcome.domains += !session->groups[i].refused;
		outcome.rcpts +=
		    session->groups[i].refused ? 0 : session->groups[i].rcpts;
	}
	session_abandon(session);
	report_end(session, id, &outcome, true);
}

void
session_end(struct session *session, const char *queue_id,
    session_progress *progress, void *arg, struct session_end *end)
{
	char id[TAG_QUEUE_ID_SIZE];
	struct message_outcome outcome;

	assert(!session->ended);
	session->ended = true;
	tag_queue_id(id, queue_id);
	if (forged_is_too_much(&session->forged)) {
		end_overdone(session, id, end);
		return;
	}
	settle_all(session, progress, arg);
	for (size_t i = 0; i < session->count; i++)
		recipient_group_report(
		    &session->groups[i], id, session->settings->log_why);
	outcome = message_outcome_of(session->groups, session->count);
	count_refusals(session, &outcome);
	fill_end(session, &outcome, id, end);
	report_end(session, id, &outcome, false);
}

void
session_end_fini(struct session_end *end)
{
	free(end->tag);
	end->tag = NULL;
}

void
session_abandon(const struct session *session)
{
	for (size_t i = 0; i < session->count; i++)
		if (session->groups[i].refused)
			recipient_group_report(&session->groups[i], NULL,
			    session->settings->log_why);
}
