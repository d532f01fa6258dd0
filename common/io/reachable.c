/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/reachable.h"

#include "common/base/text.h"
#include "common/io/forbidden_address.h"
#include "common/proto/address.h"

/* Those that will do; how many there were. */
static size_t
add_reachable(struct reachable *out, const struct dns_answer *answer,
    bool allow_private, const struct nat64 *prefixes)
{
	size_t seen = 0;

	if (answer->lookup.state != LOOKUP_DATA)
		return 0;
	for (; seen < answer->count && seen < LIMIT_HOST_ADDRESSES; seen++) {
		const struct dns_rdata *rdata = &answer->records[seen];
		char *text = out->texts[out->count];

		if (address_from_rdata(rdata->data, rdata->size, text) == 0 &&
		    (allow_private || !forbidden_address_is(text, prefixes)))
			out->addresses[out->count++] = text;
	}
	return seen;
}

static enum reachable_outcome
reachable_outcome(struct reachable *out, size_t seen,
    const struct dns_answer *v4, const struct dns_answer *v6)
{
	const struct dns_answer *failed = lookup_failed(&v4->lookup) ? v4 : v6;

	if (out->count > 0)
		return REACHABLE_FOUND;
	if (lookup_failed(&failed->lookup)) {
		text_copy(out->why, sizeof(out->why),
		    failed->lookup.state == LOOKUP_TIMEOUT ? "no answer in time"
							   : failed->why);
		return REACHABLE_UNKNOWN;
	}
	return seen == 0 ? REACHABLE_NOWHERE : REACHABLE_BLOCKED;
}

void
reachable_find(struct reachable *out, const char *name,
    const struct reachable_by *by, int64_t deadline_ms)
{
	struct dns_query *gates = translation_ask(by->translation, deadline_ms);
	struct dns_query *a = dns_ask(by->dns, name, DNS_A, deadline_ms);
	struct dns_query *aaaa = dns_ask(by->dns, name, DNS_AAAA, deadline_ms);
	AUTO(dns_answer) struct dns_answer *v4 = dns_await(a);
	AUTO(dns_answer) struct dns_answer *v6 = dns_await(aaaa);
	struct nat64 prefixes;
	size_t seen;

	out->count = 0;
	out->why[0] = '\0';
	translation_learn(by->translation, gates, deadline_ms, &prefixes);
	seen = add_reachable(out, v4, by->allow_private, &prefixes);
	seen += add_reachable(out, v6, by->allow_private, &prefixes);
	out->outcome = reachable_outcome(out, seen, v4, v6);
}
