/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/dns.h"

#include <stdlib.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

struct dns {
	enum dns_kind kind;
};

static const struct fake_dns *fake_resolver = &(const struct fake_dns){0};

void
fake_dns_use(const struct fake_dns *fake)
{
	fake_resolver = fake;
}

void
fake_dns_add(struct dns_answer *answer, const void *octets, size_t size)
{
	struct dns_rdata *record;

	answer->records = xrealloc(
	    answer->records, answer->count + 1, sizeof(*answer->records));
	record = &answer->records[answer->count++];
	record->data = octets;
	record->size = size;
	answer->lookup.state = LOOKUP_DATA;
}

struct dns *
dns_new(const struct dns_options *options, struct err *err)
{
	struct dns *dns = xcalloc(1, sizeof(*dns));

	(void)err;
	dns->kind = options->kind;
	return dns;
}

void
dns_free(struct dns *dns)
{
	free(dns);
}

struct dns_query *
dns_ask(
    struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms)
{
	struct dns_query *query = xcalloc(1, sizeof(*query));

	text_copy(query->name, sizeof(query->name), name);
	query->type = type;
	query->deadline_ms = deadline_ms;
	query->kind = dns == NULL ? DNS_EMBEDDED : dns->kind;
	if (fake_resolver->asked != NULL)
		fake_resolver->asked(query);
	return query;
}

void
dns_watch(struct dns_query *query, cache_ready *ready, void *arg)
{
	if (fake_resolver->watch != NULL)
		fake_resolver->watch(query, ready, arg);
	else
		ready(arg, NULL);
}

int64_t
dns_deadline(const struct dns_query *query)
{
	return query->deadline_ms;
}

struct dns_answer *
dns_await(struct dns_query *query)
{
	struct dns_answer *answer = xcalloc(1, sizeof(*answer));

	answer->lookup.state = LOOKUP_NODATA;
	text_copy(answer->owner, sizeof(answer->owner), query->name);
	if (fake_resolver->answer != NULL)
		fake_resolver->answer(query, answer);
	free(query);
	return answer;
}

void
dns_drop(struct dns_query *query)
{
	free(query);
}

int
dns_self_test(struct dns *dns, int64_t deadline_ms, struct err *err)
{
	(void)dns;
	return fake_resolver->self_test == NULL
		   ? 0
		   : fake_resolver->self_test(deadline_ms, err);
}
