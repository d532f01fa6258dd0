/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/enforcement.h"
#include "common/proto/domain.h"
#include "milter/act/mta_policy.h"

/*
 * Exim decides host by host, and where a host's TLSA records are usable it
 * ignores all that it is told of certificates of the WebPKI.  So each host is
 * told what is exactly its own, and no host is shut out for another's sake.
 */

/* The longest: all keys, a reason, a host name. */
enum { LINE_SIZE = 256 + LIMIT_DOMAIN_SIZE };

struct ruling_line {
	const char *answer; /* ok refuse temp */
	const char *tls;    /* no may must verify */
	const char *dane;   /* no try must */
	enum policy_type policy;
	enum reason reason;
};

static struct ruling_line
accept_line(const char *tls, const char *dane, enum policy_type policy)
{
	return (struct ruling_line){"ok", tls, dane, policy,
	    policy == POLICY_TYPE_NONE ? REASON_NO_POLICY : REASON_OK};
}

static struct ruling_line
refuse_line(enum policy_type policy, enum reason reason)
{
	return (struct ruling_line){"refuse", "verify", "try", policy, reason};
}

static struct ruling_line
defer_line(enum policy_type policy, enum reason reason)
{
	return (struct ruling_line){"temp", "verify", "try", policy, reason};
}

static char *
print_line(const struct ruling_line *line, uint32_t ttl_s, const char *mx)
{
	char *out = xmalloc(LINE_SIZE);
	struct text text;

	text_init(&text, out, LINE_SIZE);
	text_addf(&text, "answer=%s tls=%s dane=%s policy=%s reason=%s ttl=%u",
	    line->answer, line->tls, line->dane, policy_type_text(line->policy),
	    reason_text(line->reason), (unsigned)ttl_s);
	if (mx != NULL)
		text_addf(&text, " mx=%s", mx);
	return out;
}

/* One of ours, or NULL: Exim names it as it is in DNS. */
static const struct enforced_host *
find_line_host(const struct enforcement *e, const char *name)
{
	for (size_t i = 0; name != NULL && i < e->host_count; i++)
		if (strcmp(e->hosts[i].name, name) == 0)
			return &e->hosts[i];
	return NULL;
}

static bool
policy_names_host(const struct enforcement *e, const char *name)
{
	struct sts_policy policy = {.mx_count = e->name_count, .mx = e->names};

	return sts_policy_names(&policy, name);
}

static struct ruling_line
line_of_policy(const struct enforcement *e, const char *name,
    const struct enforced_host *host)
{
	const char *dane = e->wants_dane ? "try" : "no";

	if (name != NULL && !policy_names_host(e, name) &&
	    (host == NULL || !e->mx_secure || !e->wants_dane ||
		host->dane != ENFORCE_HOST_USABLE))
		return refuse_line(POLICY_TYPE_STS, REASON_STS_MX_MISMATCH);
	return accept_line("verify", dane, POLICY_TYPE_STS);
}

static struct ruling_line
line_of_auto(const struct enforcement *e, const char *name,
    const struct enforced_host *host)
{
	const char *dane = e->wants_dane ? "try" : "no";

	switch (e->sts) {
	case ENFORCE_STS_UNKNOWN:
		return defer_line(POLICY_TYPE_STS,
		    e->reason == REASON_OK ? REASON_DEADLINE : e->reason);
	case ENFORCE_STS_ENFORCE:
		if (e->reason == REASON_RESOLVER_NOT_VALIDATING)
			return defer_line(POLICY_TYPE_STS, e->reason);
		return line_of_policy(e, name, host);
	case ENFORCE_STS_ERROR:
	case ENFORCE_STS_NONE:
	case ENFORCE_STS_TESTING:
		break;
	}
	return accept_line(e->floor ? "must" : "may", dane,
	    e->floor ? POLICY_TYPE_LOCAL : POLICY_TYPE_NONE);
}

/* Exim bounces mail where it must have TLSA records and finds none: "must" only
 * where we have seen them. */
static struct ruling_line
line_of_dane_only(const struct enforcement *e, const char *name,
    const struct enforced_host *host)
{
	enum enforce_host dane = ENFORCE_HOST_NONE;

	if (host != NULL)
		dane = host->dane;
	else if (e->dane == ENFORCE_DANE_UNKNOWN)
		dane = ENFORCE_HOST_UNKNOWN;
	else if (e->dane == ENFORCE_DANE_ALL && name == NULL)
		dane = ENFORCE_HOST_USABLE;
	switch (dane) {
	case ENFORCE_HOST_UNKNOWN:
		return defer_line(POLICY_TYPE_TLSA, REASON_DNS_SERVFAIL);
	case ENFORCE_HOST_NONE:
	case ENFORCE_HOST_UNUSABLE:
		break;
	case ENFORCE_HOST_USABLE:
		if (e->mx_secure)
			return accept_line("may", "must", POLICY_TYPE_TLSA);
		break;
	}
	return refuse_line(POLICY_TYPE_TLSA, REASON_DANE_REQUIRED);
}

static struct ruling_line
line_of(const struct enforcement *e, const char *name,
    const struct enforced_host *host)
{
	switch (e->level) {
	case LEVEL_AUTO:
	case LEVEL_HALF_DANE:
		break;
	case LEVEL_NONE:
		return accept_line("no", "no", POLICY_TYPE_LOCAL);
	case LEVEL_MAY:
		return accept_line("may", "no", POLICY_TYPE_LOCAL);
	case LEVEL_ENCRYPT:
		return accept_line("must", "no", POLICY_TYPE_LOCAL);
	case LEVEL_DANE:
		return accept_line("may", "try", POLICY_TYPE_LOCAL);
	case LEVEL_DANE_ONLY:
		return line_of_dane_only(e, name, host);
	case LEVEL_SECURE:
		return accept_line("verify", "no", POLICY_TYPE_LOCAL);
	}
	return line_of_auto(e, name, host);
}

char *
mta_policy_line(const struct enforcement *e, const char *host, uint32_t ttl_s)
{
	char name[LIMIT_DOMAIN_SIZE] = "";
	const struct enforced_host *ours;
	struct ruling_line line;

	/* what is no name, such as an address, no policy names */
	if (host != NULL && domain_normalise(host, name, NULL) != 0)
		name[0] = '\0';
	ours = find_line_host(e, host == NULL ? NULL : name);
	line = line_of(e, host == NULL ? NULL : name, ours);
	return print_line(&line, ttl_s, ours == NULL ? NULL : ours->name);
}

char *
mta_policy_line_temp(enum reason reason)
{
	struct ruling_line line = defer_line(POLICY_TYPE_NONE, reason);

	return print_line(&line, 0, NULL);
}

char *
mta_policy_line_skip(enum reason reason)
{
	struct ruling_line line = accept_line("may", "try", POLICY_TYPE_NONE);

	line.reason = reason;
	return print_line(&line, 0, NULL);
}
