/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/dns_embedded.h"
#include "common/io/dns_nameserver.h"
#include "common/io/dns_system.h"
#include "common/proto/domain.h"

/* Of the time-out, for the self-test of each of several nameservers: they have
 * the root's keys at hand */
enum { SILENT_PART = 3 };

struct dns {
	enum dns_kind kind;
	int timeout_ms;
	struct dns_embedded *embedded;
	struct dns_system *system;
};

struct dns_query {
	enum dns_kind kind;
	int64_t deadline_ms;
	struct dns_answer *refusal; /* the answer if nothing was asked */
	struct dns_request *embedded;
	struct dns_system_request *system;
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

static bool
open_kind(struct dns *dns, const struct dns_options *options, struct err *err)
{
	switch (dns->kind) {
	case DNS_EMBEDDED:
		dns->embedded = dns_embedded_new(options, err);
		return dns->embedded != NULL;
	case DNS_SYSTEM:
		dns->system = dns_system_new(options, err);
		return dns->system != NULL;
	}
	return false;
}

struct dns *
dns_new(const struct dns_options *options, struct err *err)
{
	struct dns *dns = xcalloc(1, sizeof(*dns));

	dns->kind = options->kind;
	dns->timeout_ms = options->timeout_ms;
	if (open_kind(dns, options, err))
		return dns;
	free(dns);
	return NULL;
}

void
dns_free(struct dns *dns)
{
	if (dns == NULL)
		return;
	dns_embedded_free(dns->embedded);
	dns_system_free(dns->system);
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

static struct dns_query *
ask(struct dns *dns, const char *name, enum dns_type type, int server,
    int64_t deadline_ms)
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
		query->embedded = dns_embedded_ask(dns->embedded, name, type);
		break;
	case DNS_SYSTEM:
		query->system = dns_system_ask(dns->system, name, type, server);
		break;
	}
	return query;
}

struct dns_query *
dns_ask(
    struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms)
{
	return ask(dns, name, type, DNS_SYSTEM_ANY, deadline_ms);
}

static struct dns_answer *
await_request(struct dns_query *query)
{
	switch (query->kind) {
	case DNS_EMBEDDED:
		return dns_embedded_await(query->embedded, query->deadline_ms);
	case DNS_SYSTEM:
		return dns_system_await(query->system, query->deadline_ms);
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

/* Of an answer about the root's DNSKEY. */
static int
judge_root(const struct dns_answer *answer, struct err *err)
{
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

static int
test_embedded(struct dns *dns, int64_t deadline_ms, struct err *err)
{
	AUTO(dns_answer)
	struct dns_answer *answer =
	    dns_await(dns_ask(dns, "", DNS_DNSKEY, deadline_ms));

	return judge_root(answer, err);
}

/* Ends the query. */
static int
judge_server(
    struct dns *dns, int server, struct dns_query *query, struct err *err)
{
	AUTO(dns_answer) struct dns_answer *answer = dns_await(query);
	bool trusted;
	const char *text = dns_system_server(dns->system, server, &trusted);
	struct err why;

	if (judge_root(answer, &why) == 0)
		return 0;
	if (!trusted && why.kind == ERR_LOCAL)
		return err_set(err, ERR_LOCAL,
		    "nameserver %s is not on this host, and not trusted "
		    "(TrustRemoteResolver)",
		    text);
	return err_set(err, why.kind, "nameserver %s: %s", text, why.text);
}

static int
test_system(struct dns *dns, int64_t deadline_ms, struct err *err)
{
	struct dns_query *queries[LIMIT_NAMESERVERS];
	struct err worst = {.kind = ERR_TEMP};
	bool secure = false;
	int count = 0;
	bool trusted;

	/* of several, one that is silent must not hold the others up */
	if (dns_system_server(dns->system, 1, &trusted) != NULL)
		deadline_ms =
		    clock_sooner_ms(deadline_ms, dns->timeout_ms / SILENT_PART);
	while (dns_system_server(dns->system, count, &trusted) != NULL) {
		queries[count] = ask(dns, "", DNS_DNSKEY, count, deadline_ms);
		count++;
	}
	for (int i = 0; i < count; i++) {
		struct err why;

		if (judge_server(dns, i, queries[i], &why) == 0)
			secure = true;
		else if (worst.kind == ERR_TEMP)
			worst = why;
	}
	if (secure && worst.kind == ERR_TEMP)
		return 0;
	return err_set(err, worst.kind, "%s", worst.text);
}

int
dns_self_test(struct dns *dns, int64_t deadline_ms, struct err *err)
{
	switch (dns->kind) {
	case DNS_EMBEDDED:
		return test_embedded(dns, deadline_ms, err);
	case DNS_SYSTEM:
		return test_system(dns, deadline_ms, err);
	}
	return -1;
}
