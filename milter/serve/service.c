/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a generation has one engine, and counts who needs it: each
 * message between its begin and end, each answer at the control socket, and the
 * service while the engine is in force.  A message holds the settings and the
 * generation that were in force when it began.
 *
 * A reload puts others in their place under the lock.  Made and freed is
 * outside of it, since both take long: a thread of its own waits for the last
 * user of an old generation, and frees it.
 *
 * At the end no message may begin any more; the generation in force is retired
 * like any other.
 */
#include "milter/serve/service.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/engine/inventory.h"
#include "common/io/dns_nameserver.h"
#include "milter/conf/settings_engine.h"
#include "milter/serve/facts_keeper.h"
#include "milter/serve/report.h"
#include "milter/serve/sharing.h"
#include "milter/serve/trace.h"

#define RESOLV_CONF "/etc/resolv.conf"

enum { SELF_TEST_MS = 10 * 1000 };

/* An engine, and the settings that it was made by. */
struct service_generation {
	struct engine *engine;
	struct settings *settings;
	char *nameservers; /* those of resolv.conf when it was made, or NULL */
	unsigned refs;     /* under the lock: messages, and being in force */
};

/* All under the lock. */
static struct {
	struct lock lock;
	struct cond changed;
	struct settings *settings;
	struct service_generation *generation;
	unsigned active;   /* messages between MAIL and end */
	unsigned retiring; /* engines that are not in force, but there */
	bool stopping;
	struct counts
	    counts; /* needs no lock, nor has the turn one, nor have */
	struct policy_turns policies;
	_Atomic unsigned turn;
	bool answers_mtas;          /* to the end, whatever is read anew */
	struct service_watch watch; /* likewise */
} service;

static const char *
resolver_name(const struct settings *settings)
{
	if (settings->recurse)
		return "recurse";
	return settings->nameservers.count > 0 ? settings->nameservers.items[0]
					       : "resolv.conf";
}

/* What is not right with one that validates; "" if all is. */
static void
print_shortcomings(const struct settings *settings, char out[LIMIT_DETAIL_SIZE])
{
	char words[LIMIT_DETAIL_SIZE - sizeof("cannot validate ")];

	out[0] = '\0';
	dns_shortcomings(
	    (enum dns_kind)settings->resolver, words, sizeof(words));
	if (words[0] != '\0')
		snprintf(out, LIMIT_DETAIL_SIZE, "cannot validate %s", words);
}

static void
on_resolver(void *arg, bool validates, const char *why)
{
	char shortcomings[LIMIT_DETAIL_SIZE];
	struct report_resolver resolver = {.addr = resolver_name(arg),
	    .validating = validates,
	    .reason = validates ? REASON_OK : REASON_RESOLVER_NOT_VALIDATING,
	    .detail = why};

	if (validates) {
		print_shortcomings(arg, shortcomings);
		resolver.detail = shortcomings;
	}
	report_resolver(&resolver);
	/* what was answered before rests on the other */
	service_forget();
}

static void
on_reach(void *arg, bool open)
{
	const struct settings *settings = arg;

	report_reach((unsigned)settings->probe_port, open);
}

static void
on_store_failure(void *arg, const struct err *err)
{
	(void)arg;
	report_store(err == NULL ? NULL : err->text);
}

static void
on_flip(void *arg, const char *domain, const char *old, const char *result,
    const char *mx)
{
	struct report_change change = {
	    .domain = domain, .before = old, .after = result, .mx = mx};

	(void)arg;
	report_change(&change);
}

/* LogLevel changes while an engine goes on: those in force count. */
static void
on_looked(void *arg, const struct facts *facts, const struct check *check)
{
	struct settings *settings = service_settings();

	(void)arg;
	trace_check(settings, facts, check);
	settings_free(settings);
	if (service.watch.looked != NULL)
		service.watch.looked(facts, check);
}

static uint32_t
on_number(void *arg, const struct facts *facts, const struct judge_terms *terms,
    const struct check *check)
{
	struct settings *settings = service_settings();
	uint32_t number = facts_keeper_number(settings, facts, terms, check);

	(void)arg;
	settings_free(settings);
	return number;
}

static void
on_take(void *arg, const struct facts *facts, const struct judge_terms *terms,
    const struct check *check)
{
	(void)arg;
	facts_keeper_take(facts, terms, check);
}

static bool
uses_resolv_conf(const struct settings *settings)
{
	return !settings->recurse && settings->nameservers.count == 0;
}

/* The nameservers of resolv.conf; NULL where they do not count, or cannot be
 * read now. */
static char *
read_resolv_conf(const struct settings *settings)
{
	struct dns_nameserver servers[LIMIT_NAMESERVERS];
	char all[LIMIT_NAMESERVERS * sizeof(servers[0].text)];
	struct text text;
	int count;

	if (!uses_resolv_conf(settings))
		return NULL;
	count = dns_nameserver_load(RESOLV_CONF, servers, NULL);
	if (count < 0)
		return NULL;
	text_init(&text, all, sizeof(all));
	for (int i = 0; i < count; i++)
		text_addf(&text, "%s ", servers[i].text);
	return xstrdup(all);
}

/* What cannot be read is no news: it is in the making, or the resolvers that
 * were in it are as good as before. */
static bool
is_news(const struct service_generation *generation, const char *nameservers)
{
	return nameservers != NULL &&
	       (generation->nameservers == NULL ||
		   strcmp(generation->nameservers, nameservers) != 0);
}

static struct service_generation *
generation_new(struct settings *settings, struct err *err)
{
	struct service_generation *generation;
	struct engine_options options;
	struct engine *engine;
	char *nameservers = read_resolv_conf(settings);

	settings_engine_options(settings, &options);
	options.resolver_changed = on_resolver;
	options.resolver_arg = settings;
	options.outbound_changed = on_reach;
	options.outbound_arg = settings;
	options.refresh = true;
	options.store_failed = on_store_failure;
	options.flipped = on_flip;
	options.looked = on_looked;
	options.fetch_failed = service.watch.fetch_failed;
	options.keep_refusals = service.watch.keep_refusals;
	options.number_facts = on_number;
	options.take_facts = on_take;
	options.counts = &service.counts;
	options.turns = &service.policies;
	options.share = sharing_share();
	options.for_mtas = service.answers_mtas;
	options.keep_enforcement = service.answers_mtas;
	options.insecure_mx =
	    settings_insecure_mx(settings, service.answers_mtas);
	engine = engine_new(&options, err);
	if (engine == NULL) {
		free(nameservers);
		return NULL;
	}
	generation = xcalloc(1, sizeof(*generation));
	generation->engine = engine;
	generation->nameservers = nameservers;
	generation->settings = settings_ref(settings);
	generation->refs = 1;
	return generation;
}

static void
generation_free(struct service_generation *generation)
{
	assert(generation->refs == 0);
	engine_free(generation->engine);
	settings_free(generation->settings);
	free(generation->nameservers);
	free(generation);
}

/* A thread for one old engine: its last message may be long in coming to its
 * end, and so may its last check. */
static void *
retire_engine(void *arg)
{
	struct service_generation *generation = arg;

	lock_take(&service.lock);
	while (generation->refs > 0)
		cond_wait(&service.changed, &service.lock);
	lock_drop(&service.lock);
	generation_free(generation);
	lock_take(&service.lock);
	assert(service.retiring > 0);
	service.retiring--;
	cond_broadcast(&service.changed);
	lock_drop(&service.lock);
	return NULL;
}

/* If no thread can be started for it, it stays to the end of the process. */
static void
begin_to_retire(struct service_generation *generation)
{
	pthread_t thread;

	lock_take(&service.lock);
	assert(generation->refs > 0);
	generation->refs--;
	service.retiring++;
	lock_drop(&service.lock);
	if (pthread_create(&thread, NULL, retire_engine, generation) == 0)
		pthread_detach(thread);
}

void
service_watch(const struct service_watch *watch)
{
	service.watch = *watch;
}

static void
hold_locked(struct service_hold *held)
{
	assert(service.generation != NULL);
	service.generation->refs++;
	held->generation = service.generation;
	held->engine = service.generation->engine;
	held->settings = settings_ref(service.settings);
}

/* When the last engine has ended there is nothing to flush. */
static bool
hold_engine(struct service_hold *held)
{
	bool there;

	lock_take(&service.lock);
	there = service.generation != NULL;
	if (there)
		hold_locked(held);
	lock_drop(&service.lock);
	return there;
}

/* What another host wants done by all. */
static void
on_fleet_event(void *arg, const struct shared_event *event)
{
	const char *domain = event->domain[0] == '\0' ? NULL : event->domain;
	struct inventory_flushed flushed;
	struct service_hold held;
	struct err err;

	(void)arg;
	if (event->kind == SHARED_EVENT_FORGET)
		sharing_bury(event->domain, event->at_s);
	if (!hold_engine(&held))
		return;
	if (event->kind == SHARED_EVENT_FLUSH)
		inventory_renew(held.engine, domain, &flushed);
	else
		inventory_forget(
		    held.engine, domain, event->at_s, &flushed, &err);
	service_forget();
	service_let_go(&held);
}

int
service_open(struct settings *settings, struct err *err)
{
	struct service_generation *first;

	lock_init(&service.lock);
	cond_init(&service.changed);
	service.answers_mtas = settings_answers_mtas(settings);
	if (sharing_open(settings, on_fleet_event, err) != 0)
		return -1;
	first = generation_new(settings, err);
	if (first == NULL) {
		sharing_close();
		return -1;
	}
	lock_take(&service.lock);
	service.generation = first;
	service.settings = settings_ref(settings);
	lock_drop(&service.lock);
	sharing_begin();
	return 0;
}

/* None but the main thread changes what is in force, so that it may read it
 * without the lock. */
static void
put_in_place(struct settings *settings, struct service_generation *generation)
{
	struct service_generation *old = service.generation;
	struct settings *before = service.settings;

	settings_ref(settings);
	lock_take(&service.lock);
	service.settings = settings;
	service.generation = generation;
	service.turn++;
	lock_drop(&service.lock);
	settings_free(before);
	sharing_renew(settings);
	if (generation != old)
		begin_to_retire(old);
}

static bool
is_up_to_date(const struct service_generation *generation,
    const struct settings *settings)
{
	char *nameservers = read_resolv_conf(settings);
	bool good = settings_engine_same(settings, generation->settings) &&
		    !is_news(generation, nameservers);

	free(nameservers);
	return good;
}

int
service_reload(struct settings *settings, bool *renewed, struct err *err)
{
	struct service_generation *generation = service.generation;

	*renewed = !is_up_to_date(generation, settings);
	if (*renewed)
		generation = generation_new(settings, err);
	if (generation == NULL)
		return -1;
	put_in_place(settings, generation);
	return 0;
}

bool
service_follow(bool *renewed, struct err *err)
{
	struct service_generation *old = service.generation;
	struct service_generation *generation;
	char *nameservers = read_resolv_conf(service.settings);

	if (!is_news(old, nameservers)) {
		free(nameservers);
		return false;
	}
	free(old->nameservers);
	old->nameservers = nameservers;
	generation = generation_new(service.settings, err);
	*renewed = generation != NULL;
	if (generation != NULL)
		put_in_place(service.settings, generation);
	return true;
}

bool
service_follows(void)
{
	return uses_resolv_conf(service.settings);
}

/* One that does not validate is told by on_resolver. */
void
service_test_resolver(void)
{
	const struct service_generation *generation = service.generation;
	struct report_resolver resolver = {
	    .addr = resolver_name(generation->settings),
	    .reason = REASON_DNS_TIMEOUT};
	struct err err;

	if (engine_self_test(generation->engine, clock_mono_ms() + SELF_TEST_MS,
		&err) == 0 ||
	    err.kind != ERR_TEMP)
		return;
	resolver.detail = err.text;
	report_resolver(&resolver);
}

unsigned
service_turn(void)
{
	return service.turn;
}

const struct policy_turns *
service_policies(void)
{
	return &service.policies;
}

void
service_forget(void)
{
	service.turn++;
}

bool
service_begin(struct service_hold *held)
{
	bool may;

	lock_take(&service.lock);
	may = !service.stopping;
	if (may) {
		service.active++;
		hold_locked(held);
	}
	lock_drop(&service.lock);
	return may;
}

void
service_end(struct service_hold *held)
{
	settings_free(held->settings);
	lock_take(&service.lock);
	assert(service.active > 0 && held->generation->refs > 0);
	service.active--;
	held->generation->refs--;
	if (service.active == 0 || held->generation->refs == 0)
		cond_broadcast(&service.changed);
	lock_drop(&service.lock);
}

void
service_hold(struct service_hold *held)
{
	lock_take(&service.lock);
	hold_locked(held);
	lock_drop(&service.lock);
}

void
service_let_go(struct service_hold *held)
{
	settings_free(held->settings);
	lock_take(&service.lock);
	assert(held->generation->refs > 0);
	if (--held->generation->refs == 0)
		cond_broadcast(&service.changed);
	lock_drop(&service.lock);
}

bool
service_accepts(void)
{
	bool may;

	lock_take(&service.lock);
	may = !service.stopping;
	lock_drop(&service.lock);
	return may;
}

unsigned
service_active(void)
{
	unsigned active;

	lock_take(&service.lock);
	active = service.active;
	lock_drop(&service.lock);
	return active;
}

const struct counts *
service_tally(void)
{
	return &service.counts;
}

struct settings *
service_settings(void)
{
	struct settings *settings;

	lock_take(&service.lock);
	settings = settings_ref(service.settings);
	lock_drop(&service.lock);
	return settings;
}

bool
service_drain(int64_t deadline_ms)
{
	bool idle;

	lock_take(&service.lock);
	service.stopping = true;
	while (service.active > 0)
		if (!cond_wait_until(
			&service.changed, &service.lock, deadline_ms))
			break;
	idle = service.active == 0;
	lock_drop(&service.lock);
	return idle;
}

bool
service_close(int64_t deadline_ms)
{
	struct service_generation *last;
	bool closed;

	lock_take(&service.lock);
	last = service.generation;
	service.generation = NULL; /* nobody holds it anew */
	lock_drop(&service.lock);
	begin_to_retire(last);
	lock_take(&service.lock);
	while (service.retiring > 0)
		if (!cond_wait_until(
			&service.changed, &service.lock, deadline_ms))
			break;
	closed = service.retiring == 0;
	lock_drop(&service.lock);
	if (closed)
		sharing_close();
	return closed;
}
