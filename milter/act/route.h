/* route - where a recipient's mail goes, and whether that is looked at. Pure.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_ACT_ROUTE_H
#define MILTER_ACT_ROUTE_H

#include <stdbool.h>

#include "common/base/limits.h"
#include "common/judge/verdict.h"
#include "common/proto/nexthop.h"
#include "milter/conf/settings.h"

/* What the MTA says of a recipient, NULL where it says nothing. */
struct route_rcpt {
	const char *address; /* as in RCPT TO, with or without "<>" */
	const char *addr;    /* {rcpt_addr} */
	const char *mailer;  /* {rcpt_mailer} */
	const char *host;    /* {rcpt_host} */
};

struct route {
	char domain[LIMIT_DOMAIN_SIZE]; /* normalised, a literal in lower case,
					   or "" if it is no name */
	char hop[NEXTHOP_LIST_SIZE];    /* "" where the MTA names none */
	bool smtp; /* the MTA says where it goes, as it does for mail that comes
		      by SMTP only */
	enum reason reason; /* REASON_OK: look; else why there is no need */
	enum result result; /* what that comes to; RESULT_FAIL until it is
			       looked at */
	char detail[LIMIT_DETAIL_SIZE];
};

/*
 * route_read - read one recipient
 *
 * mta_name: {j}, normalised, or "".  Of several next hops all stand in
 * hop, in the MTA's order.
 */
void route_read(const struct settings *settings, const char *mta_name,
    const struct route_rcpt *rcpt, struct route *route);

#endif
