/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/recipient_group.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/conf/destinations.h"
#include "milter/serve/report.h"
#include "milter/tlsrpt/own_sessions.h"
#include "milter/view/facts_name.h"

enum { SMTP_PORT = 25 };

void
recipient_group_init(struct recipient_group *group, const struct route *route)
{
	*group =
	    (struct recipient_group){.why = route->reason, .smtp = route->smtp};
	text_copy(group->domain, sizeof(group->domain), route->domain);
	if (route->hop[0] != '\0')
		group->hop = xstrdup(route->hop);
	if (route->reason == REASON_OK)
		return;
	group->own = verdict_new(route->result, route->reason);
	if (route->detail[0] != '\0')
		group->own->detail = xstrdup(route->detail);
}

void
recipient_group_fini(struct recipient_group *group)
{
	free(group->hop);
	engine_wait_free(group->wait);
	verdict_free(group->own);
}

bool
recipient_group_fits(
    const struct recipient_group *group, const struct route *route)
{
	return group->why == route->reason && group->smtp == route->smtp &&
	       strcmp(group->domain, route->domain) == 0 &&
	       strcmp(group->hop == NULL ? "" : group->hop, route->hop) == 0;
}

void
recipient_group_ask(struct recipient_group *group,
    const struct settings *settings, struct engine *engine, bool requiretls)
{
	struct engine_query query = {.domain = group->domain,
	    .next_hop = group->hop,
	    .rules = settings->destinations,
	    .requiretls = requiretls};

	/* a next hop as nexthop_print spells it has its port, or 25 */
	query.port =
	    group->hop != NULL ? SMTP_PORT : (uint16_t)settings->probe_port;
	engine_wait_free(group->wait);
	group->check = NULL;
	group->wait = engine_start(engine, &query);
}

const struct verdict *
recipient_group_verdict(const struct recipient_group *group)
{
	if (group->own != NULL)
		return group->own;
	return group->check == NULL ? NULL : group->check->verdict;
}

void
recipient_group_set(struct recipient_group *group, struct verdict *verdict)
{
	verdict_free(group->own);
	group->own = verdict;
}

void
recipient_group_give_up(struct recipient_group *group, enum reason reason)
{
	struct verdict *verdict = verdict_new(RESULT_TEMPERROR, reason);

	verdict->rule = rule_ref(group->rule);
	recipient_group_set(group, verdict);
}

/* "domain" and "domain:port" lead to the domain itself. */
static bool
has_own_hop(const struct recipient_group *group)
{
	size_t length = strlen(group->domain);

	return group->hop != NULL &&
	       (strncmp(group->hop, group->domain, length) != 0 ||
		   (group->hop[length] != '\0' && group->hop[length] != ':'));
}

const char *
recipient_group_name(const struct recipient_group *group)
{
	const struct verdict *verdict = recipient_group_verdict(group);

	if (group->own == NULL && verdict != NULL && verdict->mx != NULL &&
	    has_own_hop(group))
		return verdict->mx;
	return group->domain;
}

void
recipient_group_count_refusal(const struct recipient_group *group)
{
	if (group->own == NULL && group->check != NULL &&
	    !engine_wait_cached(group->wait))
		own_sessions_refused(group->check);
}

void
recipient_group_report(
    const struct recipient_group *group, const char *queue_id, bool why)
{
	char facts[FACTS_NAME_SIZE];
	struct report_check check = {.domain = group->domain,
	    .verdict = recipient_group_verdict(group),
	    .action = group->action,
	    .rcpts = group->rcpts,
	    .refused = group->refused};

	if (group->refused)
		queue_id = "NOQUEUE";
	if (check.verdict->result == RESULT_SKIP) {
		report_skip(queue_id, &check);
		return;
	}
	if (group->check != NULL) {
		check.looked = true;
		check.why = why;
		check.cached = engine_wait_cached(group->wait);
		check.shared = group->check->shared;
		check.joined = engine_wait_joined(group->wait);
		check.ttl_s =
		    (uint32_t)((clock_left_ms(group->check->expires_ms) + 999) /
			       1000);
		check.ms = group->check->ms;
		if (group->check->facts_number != 0 &&
		    facts_name_print(group->check->judged_s,
			group->check->facts_number, facts))
			check.facts = facts;
	}
	report_check(queue_id, &check);
}
