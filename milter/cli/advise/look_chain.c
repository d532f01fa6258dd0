/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: SOA and DS records are asked for at the name and at each name
 * above it, side by side.  The zone is at the longest that has an SOA record.
 * Where validation fails, no SOA record is told; then the zone is at the
 * longest name that its parent has a DS record for.
 */
#include <string.h>

#include "common/base/text.h"
#include "milter/cli/advise/look.h"

/* Labels that are looked at: no zone of mail hosts lies deeper. */
enum { CUTS = 16 };

struct cut {
	const char *name;
	struct dns_query *soa_query, *ds_query;
	struct dns_answer *soa, *ds;
};

struct cuts {
	size_t count;
	struct cut items[CUTS]; /* the longest name first */
};

static void
ask_cuts(
    struct cuts *cuts, struct dns *dns, const char *name, int64_t deadline_ms)
{
	cuts->count = 0;
	while (name[0] != '\0' && cuts->count < CUTS) {
		struct cut *cut = &cuts->items[cuts->count++];

		cut->name = name;
		cut->soa_query = dns_ask(dns, name, DNS_SOA, deadline_ms);
		cut->ds_query = dns_ask(dns, name, DNS_DS, deadline_ms);
		name += strcspn(name, ".");
		name += *name == '.';
	}
	for (size_t i = 0; i < cuts->count; i++) {
		struct cut *cut = &cuts->items[i];

		cut->soa = dns_await(cut->soa_query);
		cut->ds = dns_await(cut->ds_query);
	}
}

static void
free_cuts(struct cuts *cuts)
{
	for (size_t i = 0; i < cuts->count; i++) {
		dns_answer_free(cuts->items[i].soa);
		dns_answer_free(cuts->items[i].ds);
	}
}

static bool
is_apex(const struct cut *cut)
{
	return cut->soa->lookup.state == LOOKUP_DATA &&
	       strcmp(cut->soa->owner, cut->name) == 0;
}

static bool
has_ds(const struct cut *cut)
{
	return cut->ds->lookup.state == LOOKUP_DATA && cut->ds->lookup.secure;
}

/* NULL where nothing answers. */
static const struct cut *
choose_cut(const struct cuts *cuts)
{
	const struct cut *failed = NULL;

	for (size_t i = 0; i < cuts->count; i++) {
		const struct cut *cut = &cuts->items[i];

		if (lookup_failed(&cut->soa->lookup)) {
			if (failed == NULL || (has_ds(cut) && !has_ds(failed)))
				failed = cut;
		} else if (is_apex(cut)) {
			return failed != NULL ? failed : cut;
		}
	}
	return failed;
}

struct chain_facts
look_chain(struct dns *dns, const char *name, int64_t deadline_ms)
{
	struct chain_facts facts = {.zone = ""};
	struct dns_answer *dnskey;
	const struct cut *cut;
	struct cuts cuts;

	ask_cuts(&cuts, dns, name, deadline_ms);
	cut = choose_cut(&cuts);
	if (cut == NULL) {
		free_cuts(&cuts);
		return facts;
	}
	text_copy(facts.zone, sizeof(facts.zone), cut->name);
	facts.soa = cut->soa->lookup;
	facts.ds = cut->ds->lookup;
	facts.ds_mismatch = chain_says_mismatch(cut->soa->why);
	free_cuts(&cuts);
	dnskey = dns_await(dns_ask(dns, facts.zone, DNS_DNSKEY, deadline_ms));
	facts.dnskey = dnskey->lookup;
	dns_answer_free(dnskey);
	return facts;
}
