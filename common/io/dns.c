/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/dns_algorithms.h"
#include "common/io/dns_embedded.h"
#include "common/io/dns_insecure.h"
#include "common/io/dns_nameserver.h"
#include "common/io/dns_pace.h"
#include "common/io/dns_servers.h"
#include "common/io/dns_system.h"
#include "common/io/dns_unvalidated.h"
#include "common/proto/domain.h"

/* Of the time-out, for the self-test of each of several nameservers, which have
 * the root's keys at hand, and for names whose DNSSEC is broken */
enum { SILENT_PART = 3 };

struct dns {
	enum dns_kind kind;
	int timeout_ms;
	struct dns_insecure *insecure;
	struct dns_embedded *embedded;
	struct dns_system *system;      /* DNS_EMBEDDED: those whose word counts
					   where it cannot validate, or NULL */
	struct dns_unvalidated *second; /* DNS_EMBEDDED: both together */
	struct dns_pace *pace;          /* of embedded, or NULL */
	struct counts *counts;          /* may be NULL */
	size_t broken_count;
	char broken[LIMIT_BROKEN_NAMES][LIMIT_DOMAIN_SIZE];
};

struct dns_query {
	struct dns *dns;
	enum dns_type type;
	int64_t deadline_ms;
	bool counts;                /* for who wants to know, no test */
	struct dns_answer *refusal; /* the answer if nothing was asked */
	struct dns_pending *pending;
};

/* Nameservers that cannot be used have been told of already. */
static void
open_second(struct dns *dns, const struct dns_options *options)
{
	struct dns_options second = *options;

	if (options->recurse)
		return;
	second.pace = NULL; /* its questions are those of the library */
	dns->system = dns_system_new(&second, dns->insecure, NULL);
	if (dns->system == NULL || dns_system_is_trusted(dns->system))
		return;
	dns_system_free(dns->system);
	dns->system = NULL;
}

/* All that the library asks is one nameserver: who recurses asks very many,
 * each of them seldom. */
static void
pace_library(const struct dns_options *options)
{
	struct dns_servers servers = {.count = 0};
	bool near = options->recurse;

	if (!near && dns_servers_set(&servers, options, NULL) == 0)
		near = servers.items[0].at.loopback;
	dns_pace_server(options->pace, 0, "the resolver", near);
}

static bool
open_kind(struct dns *dns, const struct dns_options *options, struct err *err)
{
	switch (dns->kind) {
	case DNS_EMBEDDED:
		dns_algorithms_learn();
		dns->pace = options->pace;
		pace_library(options);
		dns->embedded = dns_embedded_new(options, dns->insecure, err);
		if (dns->embedded == NULL)
			return false;
		open_second(dns, options);
		dns->second = dns_unvalidated_new(
		    dns->embedded, dns->system, options->counts);
		return true;
	case DNS_SYSTEM:
		dns->system = dns_system_new(options, dns->insecure, err);
		return dns->system != NULL;
	}
	return false;
}

static void
copy_broken(struct dns *dns, const struct dns_names *names)
{
	for (size_t i = 0; i < names->count && i < LIMIT_BROKEN_NAMES; i++)
		text_copy(dns->broken[dns->broken_count++], LIMIT_DOMAIN_SIZE,
		    names->items[i]);
}

struct dns *
dns_new(const struct dns_options *options, struct err *err)
{
	struct dns *dns = xcalloc(1, sizeof(*dns));

	dns->kind = options->kind;
	dns->timeout_ms = options->timeout_ms;
	dns->counts = options->counts;
	dns->insecure = dns_insecure_new(&options->insecure_zones);
	copy_broken(dns, &options->broken_names);
	if (open_kind(dns, options, err))
		return dns;
	dns_free(dns);
	return NULL;
}

void
dns_free(struct dns *dns)
{
	if (dns == NULL)
		return;
	dns_embedded_free(dns->embedded);
	dns_system_free(dns->system);
	dns_unvalidated_free(dns->second);
	dns_insecure_free(dns->insecure);
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

/* DANE rests on these: insecure, they end it.  The SOA tells how a zone is. */
static bool
decides_dane(enum dns_type type)
{
	return type == DNS_A || type == DNS_AAAA || type == DNS_MX ||
	       type == DNS_CNAME || type == DNS_TLSA || type == DNS_SOA;
}

static struct dns_pending *
ask_embedded(
    struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms)
{
	if (decides_dane(type) && !dns_insecure_has(dns->insecure, name))
		return dns_unvalidated_ask(
		    dns->second, name, type, deadline_ms);
	return dns_embedded_ask(dns->embedded, name, type, deadline_ms);
}

static struct dns_query *
ask_resolver(struct dns *dns, const char *name, enum dns_type type, int server,
    int64_t deadline_ms)
{
	struct dns_query *query = xcalloc(1, sizeof(*query));
	struct err err;

	query->dns = dns;
	query->type = type;
	query->deadline_ms = clock_sooner_ms(deadline_ms, dns->timeout_ms);
	if (check_name(name, &err) < 0) {
		query->refusal = dns_answer_failed(LOOKUP_SERVFAIL, err.text);
		return query;
	}
	switch (dns->kind) {
	case DNS_EMBEDDED:
		query->pending =
		    ask_embedded(dns, name, type, query->deadline_ms);
		break;
	case DNS_SYSTEM:
		query->pending = dns_system_ask(
		    dns->system, name, type, server, query->deadline_ms);
		break;
	}
	return query;
}

struct dns_query *
dns_ask(
    struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms)
{
	struct dns_query *query =
	    ask_resolver(dns, name, type, DNS_SYSTEM_ANY, deadline_ms);

	query->counts = true;
	return query;
}

void
dns_watch(struct dns_query *query, cache_ready *ready, void *arg)
{
	if (query->refusal != NULL)
		ready(arg, NULL);
	else
		dns_pending_watch(query->pending, ready, arg);
}

int64_t
dns_deadline(const struct dns_query *query)
{
	return query->deadline_ms;
}

struct dns_answer *
dns_await(struct dns_query *query)
{
	struct dns_answer *answer = query->refusal;

	if (answer == NULL)
		answer = dns_pending_await(query->pending);
	/* the system's resolver tells of each question */
	if (answer->lookup.state == LOOKUP_TIMEOUT &&
	    query->dns->kind == DNS_EMBEDDED)
		dns_pace_heard(query->dns->pace, 0, DNS_PACE_SILENT);
	if (query->counts)
		dns_answer_count(answer, query->type, query->dns->counts);
	free(query);
	return answer;
}

void
dns_drop(struct dns_query *query)
{
	if (query->refusal == NULL)
		dns_pending_drop(query->pending);
	dns_answer_free(query->refusal);
	free(query);
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

/* The queries of a test to one nameserver. */
struct trial {
	struct dns_query *root;
	struct dns_query *broken[LIMIT_BROKEN_NAMES];
};

static void
start_trial(
    struct dns *dns, int server, int64_t deadline_ms, struct trial *trial)
{
	trial->root = ask_resolver(dns, "", DNS_DNSKEY, server, deadline_ms);
	/* what they show is worth no more waiting than that */
	deadline_ms =
	    clock_sooner_ms(deadline_ms, dns->timeout_ms / SILENT_PART);
	for (size_t i = 0; i < dns->broken_count; i++)
		trial->broken[i] = ask_resolver(
		    dns, dns->broken[i], DNS_A, server, deadline_ms);
}

/* Of names whose DNSSEC is broken: what fails shows that the nameserver looks,
 * and what is not there or gives no answer shows nothing. */
static int
judge_broken(struct dns *dns, struct trial *trial, struct err *err)
{
	const char *taken = NULL;
	bool failed = false;

	for (size_t i = 0; i < dns->broken_count; i++) {
		AUTO(dns_answer)
		struct dns_answer *answer = dns_await(trial->broken[i]);
		enum lookup_state state = answer->lookup.state;

		if (state == LOOKUP_BOGUS || state == LOOKUP_SERVFAIL)
			failed = true;
		else if (state == LOOKUP_DATA)
			taken = dns->broken[i];
	}
	if (failed || taken == NULL)
		return 0;
	return err_set(
	    err, ERR_LOCAL, "%s has an address, but is bogus", taken);
}

static int
test_embedded(struct dns *dns, int64_t deadline_ms, struct err *err)
{
	AUTO(dns_answer)
	struct dns_answer *answer =
	    dns_await(dns_ask(dns, "", DNS_DNSKEY, deadline_ms));

	return judge_root(answer, err);
}

/* Ends the queries. */
static int
judge_server(struct dns *dns, int server, struct trial *trial, struct err *err)
{
	AUTO(dns_answer) struct dns_answer *answer = dns_await(trial->root);
	bool trusted;
	const char *text = dns_system_server(dns->system, server, &trusted);
	struct err why, broken;
	int takes_all = judge_broken(dns, trial, &broken);

	if (judge_root(answer, &why) == 0) {
		if (takes_all == 0)
			return 0;
		why = broken;
	} else if (!trusted && why.kind == ERR_LOCAL) {
		return err_set(err, ERR_LOCAL,
		    "nameserver %s is not on this host, and not trusted "
		    "(TrustRemoteResolver)",
		    text);
	}
	return err_set(err, why.kind, "nameserver %s: %s", text, why.text);
}

static int
test_system(struct dns *dns, int64_t deadline_ms, struct err *err)
{
	struct trial trials[LIMIT_NAMESERVERS];
	struct err worst = {.kind = ERR_TEMP};
	bool secure = false;
	int count = 0;
	bool trusted;

	/* of several, one that is silent must not hold the others up */
	if (dns_system_server(dns->system, 1, &trusted) != NULL)
		deadline_ms =
		    clock_sooner_ms(deadline_ms, dns->timeout_ms / SILENT_PART);
	while (dns_system_server(dns->system, count, &trusted) != NULL) {
		start_trial(dns, count, deadline_ms, &trials[count]);
		count++;
	}
	for (int i = 0; i < count; i++) {
		struct err why;

		if (judge_server(dns, i, &trials[i], &why) == 0)
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

void
dns_shortcomings(enum dns_kind kind, char *out, size_t size)
{
	out[0] = '\0';
	if (kind == DNS_EMBEDDED)
		dns_algorithms_list(out, size);
}
