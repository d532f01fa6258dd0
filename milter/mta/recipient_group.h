/* recipient_group - recipients of one message that have one domain and go one
 * way. One thread at a time, not always the same. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_MTA_RECIPIENT_GROUP_H
#define MILTER_MTA_RECIPIENT_GROUP_H

#include <stdbool.h>

#include "common/engine/engine.h"
#include "common/judge/action.h"
#include "milter/act/route.h"
#include "milter/conf/settings.h"

struct recipient_group {
	char domain[LIMIT_DOMAIN_SIZE]; /* "" if it is no name */
	char *hop;                      /* the next hop, or NULL */
	bool smtp;       /* as its route: only such are refused at RCPT */
	enum reason why; /* REASON_OK, or why it is not looked at */
	unsigned rcpts;
	bool visible; /* the message's own header names it */
	bool refused; /* at RCPT: out of the message */
	bool open;    /* past RCPT without a verdict: decided at the end */
	enum action action;
	struct rule *rule;         /* of its next hop, or NULL; the settings' */
	struct engine_wait *wait;  /* NULL: nothing to look at */
	const struct check *check; /* of wait, once it is there */
	struct verdict *own;       /* ours, over or for want of the check's */
};

/* recipient_group_init - for the first recipient that goes that way; not
 * counted yet */
void
recipient_group_init(struct recipient_group *group, const struct route *route);
void recipient_group_fini(struct recipient_group *group);

/* recipient_group_fits - whether the recipient is one more of the group's */
bool recipient_group_fits(
    const struct recipient_group *group, const struct route *route);

/* recipient_group_ask - start its check; or, with requiretls, start it again,
 * for what was asked before was less */
void recipient_group_ask(struct recipient_group *group,
    const struct settings *settings, struct engine *engine, bool requiretls);

/* recipient_group_verdict - borrowed; NULL until there is one */
const struct verdict *
recipient_group_verdict(const struct recipient_group *group);

/* recipient_group_name - whom a reply names: the host that was judged, where
 * the mail goes to a next hop of the MTA's choice and that is at fault; else
 * the domain */
const char *recipient_group_name(const struct recipient_group *group);

/* recipient_group_set - the verdict for this message, whatever the check comes
 * to; the group's from here on */
void
recipient_group_set(struct recipient_group *group, struct verdict *verdict);

/* recipient_group_give_up - the same: a temperror; the rule has a word in what
 * it does */
void recipient_group_give_up(struct recipient_group *group, enum reason reason);

/* recipient_group_count_refusal - the MTA will not try: what the check has seen
 * fail counts for TLS reports, if it was made for this message */
void recipient_group_count_refusal(const struct recipient_group *group);

/* recipient_group_report - log what it came to, and with why what led there;
 * what was refused has no queue id */
void recipient_group_report(
    const struct recipient_group *group, const char *queue_id, bool why);

#endif
