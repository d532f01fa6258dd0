/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/put_off.h"

#include <stdio.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/judge/reasons.h"

static struct enforcement *
put_off_for(enum reason reason, const char *what, const char *name)
{
	struct enforcement *e = enforcement_new(ENFORCE_TEMP);
	size_t size;

	e->reason = reason;
	if (what == NULL)
		return e;
	size = strlen(what) + strlen(name) + 2;
	e->where = xmalloc(size);
	snprintf(e->where, size, "%s %s", what, name);
	return e;
}

struct enforcement *
put_off_mx(const struct facts *facts)
{
	return put_off_for(
	    lookup_reason(&facts->mx), "MX", facts->next_hop.host);
}

struct enforcement *
put_off_host(const struct facts *facts, const struct host_facts *host)
{
	char owner[LIMIT_DOMAIN_SIZE];
	const struct lookup *address;

	if (host == NULL)
		return put_off_for(
		    REASON_TOO_COSTLY, "MX", facts->next_hop.host);
	if (host->address_count == 0) {
		address = lookup_failed(&host->a) ? &host->a : &host->aaaa;
		return put_off_for(lookup_failed(address)
				       ? lookup_reason(address)
				       : REASON_DNS_SERVFAIL,
		    "address", host->name);
	}
	if (lookup_failed(&host->cname))
		return put_off_for(
		    lookup_reason(&host->cname), "CNAME", host->name);
	if (!lookup_failed(&host->tlsa) ||
	    !tlsa_owner(owner, facts->next_hop.port, host->name))
		return put_off_for(REASON_INTERNAL_ERROR, "TLSA", host->name);
	return put_off_for(lookup_reason(&host->tlsa), "TLSA", owner);
}

static enum reason
trouble_reason(const struct facts *facts)
{
	switch (facts->trouble) {
	case TROUBLE_DEADLINE:
		return REASON_DEADLINE;
	case TROUBLE_QUEUE_FULL:
		return REASON_QUEUE_FULL;
	case TROUBLE_NOT_VALIDATING:
		return REASON_RESOLVER_NOT_VALIDATING;
	case TROUBLE_NONE:
	case TROUBLE_NAME_INVALID:
	case TROUBLE_LITERAL:
	case TROUBLE_INTERNAL:
		break;
	}
	return REASON_INTERNAL_ERROR;
}

struct enforcement *
put_off_trouble(const struct facts *facts)
{
	return put_off_for(trouble_reason(facts), NULL, NULL);
}
