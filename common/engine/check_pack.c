/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: the texts are put together first, each once, and one that is
 * the end of another as its tail: "example.org" stands in "mx.example.org".
 * Names of a policy are not looked for among them; they may be many, and none
 * stands there twice.  Then it is known how long all is.  The structs come
 * first, the arrays next, the texts last.
 *
 * What most domains have is an enforcement that speaks of no host, name or
 * rule.  There are few different ones: each of the first is kept once, to the
 * end of the process, and all checks point there.
 */
#include "common/engine/check_pack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/lock.h"
#include "common/base/xalloc.h"

enum { PLAIN_MAX = 64 };

static struct {
	struct lock lock;
	size_t count;
	struct enforcement items[PLAIN_MAX]; /* those before count stay */
} plain = {.lock = {PTHREAD_MUTEX_INITIALIZER}};

struct packed {
	struct check check;
	struct verdict verdict;
	struct enforcement enforcement; /* left out where it is not here */
};

struct texts {
	char *octets;
	size_t length;
};

/* Where the parts begin, and how long they are together. */
struct layout {
	size_t hosts, names, texts, name_texts, octets;
};

/* --- what many have --- */

static bool
is_plain_enforcement(const struct enforcement *e)
{
	return e->unheard == NULL && e->where == NULL && e->domain == NULL &&
	       e->name_count == 0 && e->host_count == 0;
}

static bool
are_alike(const struct enforcement *a, const struct enforcement *b)
{
	return a->answer == b->answer && a->level == b->level &&
	       a->reason == b->reason && a->sts == b->sts &&
	       a->dane == b->dane && a->ruled == b->ruled &&
	       a->wants_dane == b->wants_dane && a->floor == b->floor &&
	       a->mx_secure == b->mx_secure &&
	       a->mixed_rules == b->mixed_rules && a->max_age_s == b->max_age_s;
}

/* The one that says the same, or NULL. */
static struct enforcement *
find_shared(const struct enforcement *e)
{
	struct enforcement *found = NULL;
	size_t at = 0;

	if (e == NULL || !is_plain_enforcement(e))
		return NULL;
	lock_take(&plain.lock);
	while (at < plain.count && !are_alike(&plain.items[at], e))
		at++;
	if (at < PLAIN_MAX)
		found = &plain.items[at];
	if (at == plain.count && at < PLAIN_MAX) {
		*found = *e;
		found->names = NULL;
		found->hosts = NULL;
		plain.count++;
	}
	lock_drop(&plain.lock);
	return found;
}

/* --- texts --- */

static char *
find_text(const struct texts *texts, const char *text)
{
	return text == NULL ? NULL
			    : memmem(texts->octets, texts->length, text,
				  strlen(text) + 1);
}

static void
add_once(struct texts *texts, const char *text)
{
	size_t size;

	if (text == NULL || find_text(texts, text) != NULL)
		return;
	size = strlen(text) + 1;
	texts->octets = xrealloc(texts->octets, texts->length + size, 1);
	memcpy(texts->octets + texts->length, text, size);
	texts->length += size;
}

/* The longer first, as a rule. */
static void
take_texts(struct texts *texts, const struct check *check)
{
	const struct verdict *verdict = check->verdict;
	const struct enforcement *e = check->enforcement;

	*texts = (struct texts){.octets = xmalloc(1)};
	add_once(texts, verdict->walk);
	add_once(texts, verdict->detail);
	for (size_t i = 0; e != NULL && i < e->host_count; i++)
		add_once(texts, e->hosts[i].name);
	if (e != NULL)
		add_once(texts, e->where);
	add_once(texts, verdict->mx);
	if (e != NULL)
		add_once(texts, e->domain);
	add_once(texts, check->domain);
}

/* --- parts --- */

static size_t
names_length(const struct enforcement *e)
{
	size_t length = 0;

	for (size_t i = 0; i < e->name_count; i++)
		length += strlen(e->names[i]) + 1;
	return length;
}

static struct layout
plan_layout(const struct enforcement *e, const struct texts *texts)
{
	struct layout out;

	if (e == NULL) {
		out.hosts = offsetof(struct packed, enforcement);
		out.names = out.texts = out.hosts;
	} else {
		out.hosts = sizeof(struct packed);
		out.names = out.hosts + e->host_count * sizeof(*e->hosts);
		out.texts = out.names + e->name_count * sizeof(*e->names);
	}
	out.name_texts = out.texts + texts->length;
	out.octets = out.name_texts + (e == NULL ? 0 : names_length(e));
	return out;
}

static void
pack_verdict(
    struct verdict *to, const struct verdict *from, const struct texts *texts)
{
	*to = *from;
	to->mx = find_text(texts, from->mx);
	to->detail = find_text(texts, from->detail);
	to->walk = find_text(texts, from->walk);
}

static void
pack_names(struct enforcement *to, const struct enforcement *from, char *at)
{
	for (size_t i = 0; i < from->name_count; i++) {
		size_t size = strlen(from->names[i]) + 1;

		to->names[i] = memcpy(at, from->names[i], size);
		at += size;
	}
}

static void
pack_enforcement(struct packed *packed, const struct enforcement *from,
    const struct layout *layout, const struct texts *texts)
{
	struct enforcement *to = &packed->enforcement;
	char *base = (char *)packed;

	*to = *from;
	to->where = find_text(texts, from->where);
	to->domain = find_text(texts, from->domain);
	to->hosts = (void *)(base + layout->hosts);
	for (size_t i = 0; i < from->host_count; i++) {
		to->hosts[i] = from->hosts[i];
		to->hosts[i].name = find_text(texts, from->hosts[i].name);
	}
	to->names = (void *)(base + layout->names);
	pack_names(to, from, base + layout->name_texts);
}

/* What has gone over is not theirs any more. */
static void
drop_parts(const struct check *from)
{
	from->verdict->rule = NULL;
	from->verdict->hosts = NULL;
	from->verdict->host_count = 0;
	verdict_free(from->verdict);
	if (from->enforcement != NULL)
		from->enforcement->unheard = NULL;
	enforcement_free(from->enforcement);
}

struct check *
check_pack(const struct check *from)
{
	struct enforcement *shared = find_shared(from->enforcement);
	const struct enforcement *own =
	    shared == NULL ? from->enforcement : NULL;
	struct texts texts, placed;
	struct layout layout;
	struct packed *packed;

	assert(from->octets == 0);
	take_texts(&texts, from);
	layout = plan_layout(own, &texts);
	packed = xmalloc(layout.octets);
	placed = (struct texts){(char *)packed + layout.texts, texts.length};
	memcpy(placed.octets, texts.octets, texts.length);
	free(texts.octets);
	packed->check = *from;
	packed->check.octets = (uint32_t)layout.octets;
	packed->check.domain = find_text(&placed, from->domain);
	pack_verdict(&packed->verdict, from->verdict, &placed);
	packed->check.verdict = &packed->verdict;
	packed->check.enforcement = shared;
	if (own != NULL) {
		packed->check.enforcement = &packed->enforcement;
		pack_enforcement(packed, own, &layout, &placed);
	}
	drop_parts(from);
	return &packed->check;
}

void
check_free(struct check *check)
{
	if (check == NULL)
		return;
	assert(check->octets > 0);
	verdict_slim(check->verdict);
	rule_free(check->verdict->rule);
	if (check->enforcement != NULL)
		rule_free(check->enforcement->unheard);
	tls_refusal_free(check->refusal);
	facts_free(check->facts);
	free(check);
}

size_t
check_octets(const struct check *check)
{
	return check->octets + tls_refusal_octets(check->refusal);
}
