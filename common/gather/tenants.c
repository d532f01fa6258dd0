/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: an address that was connected to has a house, with the digest
 * of what it shows and the names that were shown it.  With TENANTS_NAMES of
 * them it has facts for further names.  The first that is shown something else
 * ends that for good.  Other houses stand in the order of their use; beyond
 * LIMIT_PACED_ADDRESSES the oldest of them is forgotten, and begins anew. Where
 * somebody was told what did not hold it never does, for he would be told it
 * again, without an end.  Where there are so many of those that no other has
 * room, nothing more is inferred.
 */
#include "common/gather/tenants.h"

#include <search.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/limits.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/x509.h"

enum { DIGEST_SIZE = 32 };

struct house {
	char address[INET6_ADDRSTRLEN]; /* first: the key of the index */
	TAILQ_ENTRY(house) next;
	enum probe_outcome outcome;
	uint8_t digest[DIGEST_SIZE];
	size_t count;
	char *names[TENANTS_NAMES];
	struct probe_facts *same; /* for further names, or NULL */
	unsigned inferred;        /* names that asked for it */
	bool differs;
};
TAILQ_HEAD(house_list, house);

struct tenants {
	struct lock lock;
	void *index; /* with lock, as all below: a tree, by address */
	struct house_list houses; /* the oldest first */
	struct house_list wrong;  /* these stay */
	size_t count;
};

static int
compare_houses(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool
has_misled(const struct house *house)
{
	return house->differs && house->inferred > 0;
}

static struct house *
known_house_locked(struct tenants *tenants, const char *address)
    HOLDS(tenants->lock)
{
	struct house **node = tfind(address, &tenants->index, compare_houses);

	if (node == NULL)
		return NULL;
	if (!has_misled(*node)) {
		TAILQ_REMOVE(&tenants->houses, *node, next);
		TAILQ_INSERT_TAIL(&tenants->houses, *node, next);
	}
	return *node;
}

static void
drop_names(struct house *house)
{
	for (size_t i = 0; i < house->count; i++)
		free(house->names[i]);
	house->count = 0;
}

static void
drop_house_locked(struct tenants *tenants, struct house *house)
    HOLDS(tenants->lock)
{
	tdelete(house, &tenants->index, compare_houses);
	TAILQ_REMOVE(has_misled(house) ? &tenants->wrong : &tenants->houses,
	    house, next);
	tenants->count--;
	drop_names(house);
	probe_facts_free(house->same);
	free(house);
}

/* NULL where there is no room. */
static struct house *
house_locked(struct tenants *tenants, const char *address) HOLDS(tenants->lock)
{
	struct house *house = known_house_locked(tenants, address);

	if (house != NULL)
		return house;
	if (tenants->count >= LIMIT_PACED_ADDRESSES) {
		house = TAILQ_FIRST(&tenants->houses);
		if (house == NULL)
			return NULL;
		drop_house_locked(tenants, house);
	}
	house = xcalloc(1, sizeof(*house));
	text_copy(house->address, sizeof(house->address), address);
	if (tsearch(house, &tenants->index, compare_houses) == NULL)
		abort(); /* no memory: as xalloc */
	TAILQ_INSERT_TAIL(&tenants->houses, house, next);
	tenants->count++;
	return house;
}

static void
digest_chain(const struct probe_facts *facts, uint8_t digest[DIGEST_SIZE])
{
	struct der all = {.data = facts->octets, .size = 0};

	memset(digest, 0, DIGEST_SIZE);
	for (size_t i = 0; i < facts->cert_count; i++)
		all.size += facts->certs[i].size;
	if (all.size > 0)
		x509_sha256(all, digest);
}

static struct probe_facts *
copy_as_inferred(const struct probe_facts *facts, const char *name)
{
	struct probe_facts *copy = probe_facts_new(facts->outcome);

	copy->connected = facts->connected;
	copy->starttls = facts->starttls;
	copy->tls_ehlo = facts->tls_ehlo;
	copy->tls_answered = facts->tls_answered;
	copy->requiretls = facts->requiretls;
	memcpy(copy->tls, facts->tls, sizeof(copy->tls));
	copy->sight = facts->sight;
	copy->inferred = true;
	copy->shown_to = xstrdup(name);
	probe_facts_set_certs(copy, facts->certs, facts->cert_count);
	return copy;
}

static void
note_tenant(
    struct house *house, const char *name, const struct probe_facts *facts)
{
	for (size_t i = 0; i < house->count; i++)
		if (strcmp(house->names[i], name) == 0)
			return;
	house->names[house->count++] = xstrdup(name);
	if (house->count < TENANTS_NAMES)
		return;
	house->same = copy_as_inferred(facts, name);
	drop_names(house);
}

/* Whether others were told what does not hold. */
static bool
end_inference_locked(struct tenants *tenants, struct house *house)
    HOLDS(tenants->lock)
{
	if (house->differs)
		return false;
	house->differs = true;
	drop_names(house);
	probe_facts_free(house->same);
	house->same = NULL;
	if (!has_misled(house))
		return false;
	TAILQ_REMOVE(&tenants->houses, house, next);
	TAILQ_INSERT_TAIL(&tenants->wrong, house, next);
	return true;
}

static bool
note_at_house_locked(struct tenants *tenants, struct house *house,
    const char *name, const struct probe_facts *facts) HOLDS(tenants->lock)
{
	uint8_t digest[DIGEST_SIZE];

	digest_chain(facts, digest);
	if (house->count == 0 && house->same == NULL && !house->differs) {
		house->outcome = facts->outcome;
		memcpy(house->digest, digest, DIGEST_SIZE);
	}
	if (house->outcome != facts->outcome ||
	    memcmp(house->digest, digest, DIGEST_SIZE) != 0)
		return end_inference_locked(tenants, house);
	if (house->same == NULL && !house->differs)
		note_tenant(house, name, facts);
	return false;
}

bool
tenants_note(struct tenants *tenants, const char *address, const char *name,
    const struct probe_facts *facts)
{
	bool differed = false;
	struct house *house;

	if (!probe_outcome_lasts(facts->outcome))
		return false;
	lock_take(&tenants->lock);
	house = house_locked(tenants, address);
	if (house != NULL)
		differed = note_at_house_locked(tenants, house, name, facts);
	lock_drop(&tenants->lock);
	return differed;
}

struct probe_facts *
tenants_infer(struct tenants *tenants, const char *address)
{
	struct probe_facts *facts = NULL;
	struct house *house;

	lock_take(&tenants->lock);
	house = known_house_locked(tenants, address);
	if (house != NULL && house->same != NULL &&
	    ++house->inferred % TENANTS_EVERY != 0)
		facts = probe_facts_ref(house->same);
	lock_drop(&tenants->lock);
	return facts;
}

bool
tenants_differ(struct tenants *tenants, const char *address)
{
	const struct house *house;
	bool differs;

	lock_take(&tenants->lock);
	house = known_house_locked(tenants, address);
	differs = house != NULL && house->differs;
	lock_drop(&tenants->lock);
	return differs;
}

struct tenants *
tenants_new(void)
{
	struct tenants *tenants = xcalloc(1, sizeof(*tenants));

	lock_init(&tenants->lock);
	TAILQ_INIT(&tenants->houses);
	TAILQ_INIT(&tenants->wrong);
	return tenants;
}

void
tenants_free(struct tenants *tenants)
{
	struct house *house;

	if (tenants == NULL)
		return;
	lock_take(&tenants->lock);
	while ((house = TAILQ_FIRST(&tenants->houses)) != NULL ||
	       (house = TAILQ_FIRST(&tenants->wrong)) != NULL)
		drop_house_locked(tenants, house);
	lock_drop(&tenants->lock);
	lock_fini(&tenants->lock);
	free(tenants);
}
