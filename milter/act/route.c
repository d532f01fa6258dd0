/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/route.h"

#include <string.h>

#include "common/base/text.h"
#include "common/proto/domain.h"

static void
settle_route(struct route *route, enum result result, enum reason reason)
{
	route->result = result;
	route->reason = reason;
}

/* The MTA's reading comes first: "user%far@here", as typed, may be mail to
 * "far", and who typed it must not choose which of the two is looked at. */
static int
find_domain(const struct route_rcpt *rcpt, char *text, size_t size)
{
	if (rcpt->addr != NULL &&
	    domain_of_address(rcpt->addr, text, size, NULL) == 0)
		return 0;
	return domain_of_address(rcpt->address, text, size, NULL);
}

static void
read_rcpt_domain(struct route *route, const struct route_rcpt *rcpt)
{
	char text[4 * LIMIT_DOMAIN];
	struct err err;

	if (find_domain(rcpt, text, sizeof(text)) < 0) {
		settle_route(route, RESULT_NONE, REASON_NAME_INVALID);
		text_copy(route->detail, sizeof(route->detail),
		    "no domain in the address, or one too long");
	} else if (domain_is_literal(text)) {
		settle_route(route, RESULT_SKIP, REASON_NO_POLICY);
		text_lower(text);
		text_copy(route->domain, sizeof(route->domain), text);
	} else if (domain_normalise(text, route->domain, &err) < 0) {
		settle_route(route, RESULT_NONE, REASON_NAME_INVALID);
		text_copy(route->detail, sizeof(route->detail), err.text);
	}
}

/* However it is spelled. */
static bool
is_way_of_domain(const struct route *route, const struct nexthop hops[],
    int count, uint16_t port)
{
	return count == 1 && hops[0].mx_lookup && hops[0].port == port &&
	       strcmp(hops[0].host, route->domain) == 0;
}

/* The canonical spelling names the check; a text that is no next hop is the
 * engine's to judge.  Nearly always it is the domain, which needs no next hop
 * of its own: it is looked at by itself, at the same port. */
static void
read_route_hop(
    const struct settings *settings, struct route *route, const char *host)
{
	struct nexthop hops[LIMIT_NEXTHOPS];
	uint16_t port = (uint16_t)settings->probe_port;
	int count;

	if (host == NULL || strcmp(host, route->domain) == 0)
		return;
	count = nexthop_parse(host, port, hops, NULL);
	if (is_way_of_domain(route, hops, count, port))
		return;
	if (count > 0)
		nexthop_print_list(hops, (size_t)count, route->hop);
	else
		text_copy(route->hop, sizeof(route->hop), host);
}

void
route_read(const struct settings *settings, const char *mta_name,
    const struct route_rcpt *rcpt, struct route *route)
{
	route->domain[0] = route->hop[0] = route->detail[0] = '\0';
	route->smtp = rcpt->mailer != NULL || rcpt->host != NULL;
	settle_route(route, RESULT_FAIL, REASON_OK);
	read_rcpt_domain(route, rcpt);
	if (rcpt->mailer != NULL &&
	    settings_lists_word(&settings->local_mailers, rcpt->mailer))
		settle_route(route, RESULT_SKIP, REASON_INTERNAL);
	if (route->reason != REASON_OK)
		return;
	if (strcmp(route->domain, mta_name) == 0 ||
	    settings_lists_domain(&settings->internal_domains, route->domain))
		settle_route(route, RESULT_SKIP, REASON_INTERNAL);
	else if (settings_lists_domain(
		     &settings->exempt_domains, route->domain))
		settle_route(route, RESULT_SKIP, REASON_EXEMPT);
	else
		read_route_hop(settings, route, rcpt->host);
}
