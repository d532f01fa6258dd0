/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/item.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/conf/destinations.h"
#include "milter/serve/report.h"

enum { SMTP_PORT = 25 };

void
item_init(struct item *item, const struct route *route)
{
	*item = (struct item){.why = route->reason, .smtp = route->smtp};
	text_copy(item->domain, sizeof(item->domain), route->domain);
	if (route->hop[0] != '\0')
		item->hop = xstrdup(route->hop);
	if (route->reason == REASON_OK)
		return;
	item->own = verdict_new(route->result, route->reason);
	if (route->detail[0] != '\0')
		item->own->detail = xstrdup(route->detail);
}

void
item_fini(struct item *item)
{
	free(item->hop);
	engine_wait_free(item->wait);
	verdict_free(item->own);
}

bool
item_fits(const struct item *item, const struct route *route)
{
	return item->why == route->reason && item->smtp == route->smtp &&
	       strcmp(item->domain, route->domain) == 0 &&
	       strcmp(item->hop == NULL ? "" : item->hop, route->hop) == 0;
}

void
item_ask(struct item *item, const struct settings *settings,
    struct engine *engine, bool require_tls)
{
	struct engine_query query = {.domain = item->domain,
	    .next_hop = item->hop,
	    .rules = settings->destinations,
	    .require_tls = require_tls};

	/* a next hop as nexthop_print spells it has its port, or 25 */
	query.port =
	    item->hop != NULL ? SMTP_PORT : (uint16_t)settings->probe_port;
	engine_wait_free(item->wait);
	item->check = NULL;
	item->wait = engine_start(engine, &query);
}

const struct verdict *
item_verdict(const struct item *item)
{
	if (item->own != NULL)
		return item->own;
	return item->check == NULL ? NULL : item->check->verdict;
}

void
item_set(struct item *item, struct verdict *verdict)
{
	verdict_free(item->own);
	item->own = verdict;
}

void
item_give_up(struct item *item, enum reason reason)
{
	struct verdict *verdict = verdict_new(RESULT_TEMPERROR, reason);

	verdict->rule = rule_ref(item->rule);
	item_set(item, verdict);
}

/* "domain" and "domain:port" lead to the domain itself. */
static bool
has_own_hop(const struct item *item)
{
	size_t length = strlen(item->domain);

	return item->hop != NULL &&
	       (strncmp(item->hop, item->domain, length) != 0 ||
		   (item->hop[length] != '\0' && item->hop[length] != ':'));
}

const char *
item_name(const struct item *item)
{
	const struct verdict *verdict = item_verdict(item);

	if (item->own == NULL && verdict != NULL && verdict->mx != NULL &&
	    has_own_hop(item))
		return verdict->mx;
	return item->domain;
}

void
item_report(const struct item *item, const char *queue_id, bool why)
{
	struct report_check check = {.domain = item->domain,
	    .verdict = item_verdict(item),
	    .action = item->action,
	    .rcpts = item->rcpts,
	    .refused = item->refused};

	if (item->refused)
		queue_id = "NOQUEUE";
	if (check.verdict->result == RESULT_SKIP) {
		report_skip(queue_id, &check);
		return;
	}
	if (item->check != NULL) {
		check.looked = true;
		check.why = why;
		check.cached = engine_wait_cached(item->wait);
		check.ttl_s =
		    (uint32_t)((clock_left_ms(item->check->expires_ms) + 999) /
			       1000);
		check.ms = item->check->ms;
	}
	report_check(queue_id, &check);
}
