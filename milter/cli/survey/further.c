/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: what is asked for somebody is a batch, of which each lookup is
 * a part; the last to end tells.  A lookup stands in a list until it has an
 * answer.  Then the resolver's thread takes it, or at its deadline the one that
 * looks for late ones; who comes second leaves it alone.
 *
 * Hosts that many domains share are kept in a cache: the first to want one asks
 * for it, and others wait for what comes of that.
 */
#include "milter/cli/survey/further.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/cache.h"
#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/io/dns_text.h"
#include "common/proto/domain.h"
#include "common/proto/public_suffix.h"

enum { SMTP_PORT = 25 };

TAILQ_HEAD(further_list, further_lookup);

struct further {
	struct dns *dns;
	int timeout_ms;
	bool extra;
	const struct providers *providers;
	struct cache *hosts; /* whether there are TLSA records */
	struct lock lock;
	struct further_list lookups; /* under the lock */
};

struct batch {
	struct further *further;
	struct further_answers *answers;
	further_done *done;
	void *arg;
	_Atomic unsigned parts;
};

/* Of an answer that is lent. */
typedef void further_take(const struct further *further,
    struct further_answers *answers, const struct dns_answer *answer);

struct further_lookup {
	TAILQ_ENTRY(further_lookup) next;
	struct further *further;
	struct dns_query *query;
	int64_t deadline_ms;
	atomic_flag taken;
	_Atomic bool watched;     /* it may be late now */
	_Atomic unsigned holders; /* who starts it, takes it, is told of it */
	struct batch *batch;      /* that it is a part of */
	further_take *take; /* what is made of the answer; or NULL, and: */
	struct cache_entry *entry; /* the host whose TLSA records it asks for */
};

/* A batch that waits for what a lookup finds of a host. */
struct host_wait {
	struct batch *batch;
	struct cache_entry *entry;
};

static char has_tlsa[] = "yes", has_none[] = "no";

static void
keep_word(void *word)
{
	(void)word;
}

struct further *
further_new(struct dns *dns, int timeout_ms, bool extra,
    const struct providers *providers)
{
	static const struct cache_kind kind = {.free = keep_word};
	struct further *further = xcalloc(1, sizeof(*further));

	further->dns = dns;
	further->timeout_ms = timeout_ms;
	further->extra = extra;
	further->providers = providers;
	further->hosts = cache_new(FURTHER_HOSTS, &kind, NULL);
	lock_init(&further->lock);
	TAILQ_INIT(&further->lookups);
	return further;
}

void
further_free(struct further *further)
{
	if (further == NULL)
		return;
	cache_free(further->hosts);
	lock_fini(&further->lock);
	free(further);
}

bool
further_has_extra(const struct further *further)
{
	return further->extra;
}

/* --- parts --- */

static struct batch *
begin_batch(struct further *further, struct further_answers *answers,
    further_done *done, void *arg)
{
	struct batch *batch = xcalloc(1, sizeof(*batch));

	*batch = (struct batch){
	    .further = further, .answers = answers, .done = done, .arg = arg};
	batch->parts = 1; /* who begins it */
	return batch;
}

static void
end_part(struct batch *batch)
{
	if (atomic_fetch_sub(&batch->parts, 1) != 1)
		return;
	batch->done(batch->arg);
	free(batch);
}

static void
drop_lookup(struct further_lookup *lookup)
{
	if (atomic_fetch_sub(&lookup->holders, 1) == 1)
		free(lookup);
}

/* --- lookups --- */

/* There is an answer, or no more time. */
static void
take_further_answer(struct further_lookup *lookup)
{
	struct further *further = lookup->further;
	struct dns_answer *answer = dns_await(lookup->query);
	bool found = answer->lookup.state == LOOKUP_DATA;

	lock_take(&further->lock);
	TAILQ_REMOVE(&further->lookups, lookup, next);
	lock_drop(&further->lock);
	if (lookup->entry != NULL) {
		cache_fill(
		    lookup->entry, found ? has_tlsa : has_none, INT64_MAX);
		cache_release(lookup->entry);
	} else {
		lookup->take(further, lookup->batch->answers, answer);
	}
	dns_answer_free(answer);
	end_part(lookup->batch); /* further may end now */
	drop_lookup(lookup);
}

static void
on_lookup(void *arg, const void *nothing)
{
	struct further_lookup *lookup = arg;

	(void)nothing;
	if (!atomic_flag_test_and_set(&lookup->taken))
		take_further_answer(lookup);
	drop_lookup(lookup);
}

static struct further_lookup *
next_late_lookup(struct further *further)
{
	struct further_lookup *lookup;
	int64_t now_ms = clock_mono_ms();

	lock_take(&further->lock);
	TAILQ_FOREACH (lookup, &further->lookups, next) {
		if (lookup->deadline_ms > now_ms) {
			lookup = NULL; /* all behind it began later */
			break;
		}
		if (lookup->watched &&
		    !atomic_flag_test_and_set(&lookup->taken))
			break;
	}
	lock_drop(&further->lock);
	return lookup;
}

void
further_end_late(struct further *further)
{
	struct further_lookup *lookup;

	while ((lookup = next_late_lookup(further)) != NULL)
		take_further_answer(lookup);
}

static void
start_lookup(struct further *further, const char *owner, enum dns_type type,
    struct further_lookup like)
{
	struct further_lookup *lookup = xcalloc(1, sizeof(*lookup));

	lookup->further = further;
	lookup->batch = like.batch;
	lookup->take = like.take;
	lookup->entry = like.entry;
	atomic_flag_clear(&lookup->taken);
	lookup->holders = 3;
	atomic_fetch_add(&lookup->batch->parts, 1);
	lookup->query = dns_ask(
	    further->dns, owner, type, clock_mono_ms() + further->timeout_ms);
	lookup->deadline_ms = dns_deadline(lookup->query);
	lock_take(&further->lock);
	TAILQ_INSERT_TAIL(&further->lookups, lookup, next);
	lock_drop(&further->lock);
	dns_watch(lookup->query, on_lookup, lookup);
	lookup->watched = true;
	drop_lookup(lookup);
}

/* --- of a domain --- */

static void
take_reports(const struct further *further, struct further_answers *answers,
    const struct dns_answer *answer)
{
	struct standing_extra extra = {.tlsrpt = answer->lookup};
	struct standing standing = {.tlsrpt_why = ""};
	struct dns_texts texts = {.count = 0};

	(void)further;
	dns_texts_take(&texts, answer);
	extra.tlsrpt_record =
	    tlsrpt_record_select(texts.texts, texts.count, NULL, NULL);
	dns_texts_fini(&texts);
	standing_add_reports(&standing, &extra);
	answers->reports = standing.tlsrpt_record;
	answers->reports_why = standing.tlsrpt_why;
	for (size_t i = 0; i < extra.tlsrpt_record.count; i++)
		switch (extra.tlsrpt_record.rua[i].scheme) {
		case TLSRPT_MAILTO:
			answers->by_mail = true;
			break;
		case TLSRPT_HTTPS:
			answers->by_https = true;
			break;
		}
}

static void
take_own_tlsa(const struct further *further, struct further_answers *answers,
    const struct dns_answer *answer)
{
	(void)further;
	answers->own_tlsa = answer->lookup.state == LOOKUP_DATA;
}

static void
take_ds(const struct further *further, struct further_answers *answers,
    const struct dns_answer *answer)
{
	(void)further;
	answers->ds = answer->lookup;
}

/* A provider that is known, or else the site of the first. */
static void
take_name_servers(const struct further *further,
    struct further_answers *answers, const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		const struct provider *provider;
		char name[LIMIT_DOMAIN_SIZE];
		struct wire wire;

		wire_init(
		    &wire, answer->records[i].data, answer->records[i].size);
		if (domain_from_wire(&wire, name, NULL) != 0)
			continue;
		provider = providers_find_dns(further->providers, name);
		if (provider != NULL) {
			text_copy(answers->dns_host, sizeof(answers->dns_host),
			    provider->name);
			return;
		}
		if (answers->dns_host[0] == '\0')
			public_suffix_site(name, answers->dns_host);
	}
}

static void
ask_part(struct batch *batch, const char *prefix, const char *domain,
    enum dns_type type, further_take *take)
{
	char owner[LIMIT_DOMAIN_SIZE];

	/* what has no room there is not there */
	if ((size_t)snprintf(owner, sizeof(owner), "%s%s", prefix, domain) >=
	    sizeof(owner))
		return;
	start_lookup(batch->further, owner, type,
	    (struct further_lookup){.batch = batch, .take = take});
}

void
further_ask(struct further *further, const char *domain,
    struct further_answers *answers, further_done *done, void *arg)
{
	struct batch *batch = begin_batch(further, answers, done, arg);

	answers->reports = STANDING_RECORD_NONE;
	answers->reports_why = "";
	ask_part(batch, "_smtp._tls.", domain, DNS_TXT, take_reports);
	if (further->extra) {
		ask_part(batch, "_25._tcp.", domain, DNS_TLSA, take_own_tlsa);
		ask_part(batch, "", domain, DNS_DS, take_ds);
		ask_part(batch, "", domain, DNS_NS, take_name_servers);
	}
	end_part(batch);
}

static void
take_whether_heard(const struct further *further,
    struct further_answers *answers, const struct dns_answer *answer)
{
	(void)further;
	answers->heard_of = answer->lookup.state == LOOKUP_DATA ||
			    lookup_denied(&answer->lookup);
}

void
further_ask_alias(struct further *further, const char *domain,
    struct further_answers *answers, further_done *done, void *arg)
{
	struct batch *batch = begin_batch(further, answers, done, arg);

	ask_part(batch, "", domain, DNS_CNAME, take_whether_heard);
	end_part(batch);
}

/* --- of its hosts --- */

static void
take_host(void *arg, const void *word)
{
	struct host_wait *wait = arg;

	if (word == has_tlsa)
		wait->batch->answers->insecure_tlsa = true;
	cache_release(wait->entry);
	end_part(wait->batch);
	free(wait);
}

static void
ask_host(struct batch *batch, const char *name)
{
	struct further *further = batch->further;
	char owner[LIMIT_DOMAIN_SIZE];
	struct host_wait *wait;
	bool mine;

	if (!tlsa_owner(owner, SMTP_PORT, name))
		return;
	wait = xcalloc(1, sizeof(*wait));
	wait->batch = batch;
	wait->entry = cache_claim(further->hosts, name, &mine);
	atomic_fetch_add(&batch->parts, 1);
	if (mine)
		start_lookup(further, owner, DNS_TLSA,
		    (struct further_lookup){
			.batch = batch, .entry = cache_hold(wait->entry)});
	cache_when_filled(wait->entry, take_host, wait);
}

void
further_ask_hosts(struct further *further, const struct facts *facts,
    struct further_answers *answers, further_done *done, void *arg)
{
	struct batch *batch = begin_batch(further, answers, done, arg);

	for (size_t i = 0; i < facts->host_count; i++) {
		const struct host_facts *host = &facts->hosts[i];

		if (host->tlsa.state == LOOKUP_NOT_ASKED && !host->literal &&
		    host->address_count > 0)
			ask_host(batch, host->name);
	}
	end_part(batch);
}
