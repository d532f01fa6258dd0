/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/dns_embedded.h"
#include "common/proto/domain.h"

enum dns_kind {
	DNS_EMBEDDED,
};

struct dns {
	enum dns_kind kind;
	int timeout_ms;
	struct dns_embedded *embedded;
};

struct dns_query {
	enum dns_kind kind;
	int64_t deadline_ms;
	struct dns_answer *refusal; /* the answer if nothing was asked */
	struct dns_request *request;
};

struct dns_answer *
dns_answer_failed(enum lookup_state state, const char *why)
{
	struct dns_answer *answer = xcalloc(1, sizeof(*answer));

	answer->lookup.state = state;
	text_clean(answer->why, sizeof(answer->why), why, strlen(why));
	return answer;
}

void
dns_answer_free(struct dns_answer *answer)
{
	if (answer == NULL)
		return;
	free(answer->records);
	free(answer);
}

struct dns *
dns_new(const struct dns_options *options, struct err *err)
{
	struct dns_embedded *embedded = dns_embedded_new(options, err);
	struct dns *dns;

	if (embedded == NULL)
		return NULL;
	dns = xcalloc(1, sizeof(*dns));
	dns->kind = DNS_EMBEDDED;
	dns->timeout_ms = options->timeout_ms;
	dns->embedded = embedded;
	return dns;
}

void
dns_free(struct dns *dns)
{
	if (dns == NULL)
		return;
	switch (dns->kind) {
	case DNS_EMBEDDED:
		dns_embedded_free(dns->embedded);
		break;
	}
	free(dns);
}

static int
check_name(const char *name, struct err *err)
{
	char normal[LIMIT_DOMAIN_SIZE];

	if (*name == '\0')
		return 0;
	if (domain_normalise(name, normal, err) < 0)
		return -1;
	if (strcmp(name, normal) != 0)
		return err_set(err, ERR_DATA, "name is not normalised");
	return 0;
}

struct dns_query *
dns_ask(
    struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms)
{
	struct dns_query *query = xcalloc(1, sizeof(*query));
	struct err err;

	query->kind = dns->kind;
	query->deadline_ms = clock_sooner_ms(deadline_ms, dns->timeout_ms);
	if (check_name(name, &err) < 0) {
		query->refusal = dns_answer_failed(LOOKUP_SERVFAIL, err.text);
		return query;
	}
	switch (dns->kind) {
	case DNS_EMBEDDED:
		query->request = dns_embedded_ask(dns->embedded, name, type);
		break;
	}
	return query;
}

static struct dns_answer *
await_request(struct dns_query *query)
{
	switch (query->kind) {
	case DNS_EMBEDDED:
		return dns_embedded_await(query->request, query->deadline_ms);
	}
	return NULL;
}

struct dns_answer *
dns_await(struct dns_query *query)
{
	struct dns_answer *answer = query->refusal;

	if (answer == NULL)
		answer = await_request(query);
	free(query);
	return answer;
}

int
dns_self_test(struct dns *dns, int64_t deadline_ms, struct err *err)
{
	AUTO(dns_answer)
	struct dns_answer *answer =
	    dns_await(dns_ask(dns, "", DNS_DNSKEY, deadline_ms));

	switch (answer->lookup.state) {
	case LOOKUP_DATA:
		if (answer->lookup.secure)
			return 0;
		return err_set(err, ERR_LOCAL, "the root is not secure");
	case LOOKUP_NODATA:
	case LOOKUP_NXDOMAIN:
		return err_set(err, ERR_LOCAL, "the root has no DNSKEY");
	case LOOKUP_BOGUS:
		return err_set(
		    err, ERR_LOCAL, "the root is bogus: %s", answer->why);
	case LOOKUP_NOT_ASKED:
	case LOOKUP_SERVFAIL:
	case LOOKUP_TIMEOUT:
		break;
	}
	return err_set(
	    err, ERR_TEMP, "no answer about the root: %s", answer->why);
}
