/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_unvalidated.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/dns_algorithms.h"

/*
 * Where a chain of trust ends at a zone that the library cannot validate, its
 * answers look like those of a zone that is not signed.  So the DS records are
 * asked for, from the top down: the library has them in its cache already, for
 * it followed them.  Where they are insecure themselves nothing below is
 * signed, as far as can be known, and the search ends.
 *
 * How it works: a review is what answers a lookup, and asks others for it.
 * 1. It asks embedded.  take_first ends it, unless the answer is insecure.
 * 2. It asks for the DS records of one zone after the other, first of those
 *    above the name asked, then of those above the owner of the answer.
 *    take_cut ends it where that finds nothing.
 * 3. Otherwise it asks system, and choose_answer takes one of both answers.  So
 *    it does where there are no DS records to be had: it may be such a zone.
 * 4. What was not found out in time is no answer (end_untold): an insecure one
 *    would say that there is nothing to keep.
 * Each answer calls on_review, in the thread of a resolver, or in that which
 * asks if the answer is there at once; one thread at a time.  A review that
 * nobody waits for any more ends at its next answer.
 */

/* Labels of a name that are looked at: no zone of mail hosts lies deeper, and a
 * name may have 127, each of them a lookup. */
enum { CUTS = 16 };

/* The next longer ending of name after the one at, or NULL. */
static const char *
lengthen_zone(const char *name, const char *at)
{
	if (at == name)
		return NULL;
	for (at -= at[-1] == '.' ? 1 : 0; at > name && at[-1] != '.'; at--)
		;
	return at;
}

/* Whether the search for a zone goes on below one with this answer. */
static bool
goes_down(const struct dns_answer *answer)
{
	return answer->lookup.secure && !lookup_failed(&answer->lookup);
}

static void
say_why(struct dns_answer *answer, const char *zone, unsigned algorithm)
{
	char word[DNS_ALGORITHM_SIZE];
	char why[LIMIT_DOMAIN_SIZE + 80];

	dns_algorithms_print(algorithm, word);
	snprintf(why, sizeof(why),
	    "signed with %s, which cannot be validated here: %s", word, zone);
	text_clean(answer->why, sizeof(answer->why), why, strlen(why));
}

static struct dns_answer *
choose_answer(struct dns_answer *own, struct dns_answer *other)
{
	struct dns_answer *dropped = own;

	if (other->lookup.secure || lookup_failed(&other->lookup))
		own = other;
	else
		dropped = other;
	dns_answer_free(dropped);
	return own;
}

struct dns_unvalidated {
	struct dns_embedded *embedded;
	struct dns_system *system;
	struct counts *counts;
	struct dns_pending_list *results; /* that are under review */
};

struct review {
	struct dns_unvalidated *second;
	struct dns_pending *result;
	void (*take)(struct review *review, struct dns_answer *answer);
	struct dns_pending *asked; /* whose answer it waits for */
	struct dns_answer *answer; /* embedded's */
	const char *name;          /* above which it looks for a zone */
	const char *zone;          /* the last one that it asked about */
	int cuts;
};

/* Takes answer, and the review. */
static void
end_review(struct review *review, struct dns_answer *answer)
{
	dns_pending_finish(review->result, answer);
	free(review);
}

static void
on_review(void *arg, const void *nothing)
{
	struct review *review = arg;
	struct dns_answer *answer = dns_pending_await(review->asked);

	(void)nothing;
	review->asked = NULL;
	review->take(review, answer);
}

/* It may be gone after this. */
static void
await_review(struct review *review, struct dns_pending *asked,
    void (*take)(struct review *review, struct dns_answer *answer))
{
	assert(review->asked == NULL);
	review->asked = asked;
	review->take = take;
	dns_pending_watch(asked, on_review, review);
}

/* The answer that embedded gave, as it is. */
static void
end_as_is(struct review *review)
{
	struct dns_answer *answer = review->answer;

	review->answer = NULL;
	end_review(review, answer);
}

/* Whether it may be as it is was not found out. */
static void
end_untold(struct review *review, struct dns_answer *instead)
{
	if (review->second->system == NULL) {
		dns_answer_free(instead);
		end_as_is(review);
		return;
	}
	dns_answer_free(review->answer);
	end_review(review, instead);
}

static struct dns_answer *
say_refused(void)
{
	return dns_answer_failed(
	    LOOKUP_TIMEOUT, "too many lookups outstanding");
}

static void
take_other(struct review *review, struct dns_answer *answer)
{
	struct dns_answer *own = review->answer;

	review->answer = NULL;
	end_review(review, choose_answer(own, answer));
}

/* A zone was found that embedded cannot validate, or that may be one. */
static void
ask_other(struct review *review)
{
	struct dns_pending *result = review->result;
	struct dns_pending *asked;

	if (review->second->system == NULL) {
		end_as_is(review);
		return;
	}
	asked = dns_system_ask(review->second->system, dns_pending_name(result),
	    dns_pending_type(result), DNS_SYSTEM_ANY,
	    dns_pending_deadline(result));
	if (!dns_pending_is_refused(asked)) {
		await_review(review, asked, take_other);
		return;
	}
	dns_pending_drop(asked);
	take_other(review, say_refused());
}

static void take_cut(struct review *review, struct dns_answer *answer);

/* Looks for a zone above the owner, if it was above the name asked before. */
static bool
turn_to_owner(struct review *review)
{
	const char *name = dns_pending_name(review->result);

	if (review->name != name || strcmp(review->answer->owner, name) == 0)
		return false;
	review->name = review->answer->owner;
	review->zone = review->name + strlen(review->name);
	review->cuts = 0;
	return true;
}

/* The zone that comes next, or NULL when all were asked about. */
static const char *
next_zone(struct review *review)
{
	if (review->cuts++ < CUTS)
		review->zone = lengthen_zone(review->name, review->zone);
	else
		review->zone = NULL;
	return review->zone;
}

static void
ask_cut(struct review *review)
{
	struct dns_pending *asked;

	while (next_zone(review) == NULL)
		if (!turn_to_owner(review)) {
			end_as_is(review);
			return;
		}
	asked = dns_embedded_ask(review->second->embedded, review->zone, DNS_DS,
	    dns_pending_deadline(review->result));
	if (!dns_pending_is_refused(asked)) {
		await_review(review, asked, take_cut);
		return;
	}
	dns_pending_drop(asked);
	end_untold(review, say_refused());
}

static void
take_cut(struct review *review, struct dns_answer *answer)
{
	bool failed = lookup_failed(&answer->lookup);
	bool down = goes_down(answer);
	unsigned algorithm;
	bool lacks = down && dns_algorithms_lack(
				 answer->records, answer->count, &algorithm);

	dns_answer_count(answer, DNS_DS, review->second->counts);
	dns_answer_free(answer);
	if (lacks)
		say_why(review->answer, review->zone, algorithm);
	if (!dns_pending_is_wanted(review->result))
		end_untold(review, NULL);
	else if (lacks || failed)
		ask_other(review);
	else if (down || turn_to_owner(review))
		ask_cut(review);
	else
		end_as_is(review);
}

static void
take_first(struct review *review, struct dns_answer *answer)
{
	review->answer = answer;
	if (answer->lookup.secure || lookup_failed(&answer->lookup)) {
		end_as_is(review);
		return;
	}
	if (!dns_pending_is_wanted(review->result)) {
		end_untold(review, NULL);
		return;
	}
	review->name = dns_pending_name(review->result);
	review->zone = review->name + strlen(review->name);
	ask_cut(review);
}

struct dns_pending *
dns_unvalidated_ask(struct dns_unvalidated *second, const char *name,
    enum dns_type type, int64_t deadline_ms)
{
	struct dns_pending *asked =
	    dns_embedded_ask(second->embedded, name, type, deadline_ms);
	struct dns_pending *result;
	struct review *review;

	if (dns_pending_is_refused(asked))
		return asked;
	result = dns_pending_new(second->results, name, type, deadline_ms);
	review = xcalloc(1, sizeof(*review));
	review->second = second;
	review->result = result;
	await_review(review, asked, take_first);
	return result;
}

struct dns_unvalidated *
dns_unvalidated_new(struct dns_embedded *embedded, struct dns_system *system,
    struct counts *counts)
{
	struct dns_unvalidated *second = xcalloc(1, sizeof(*second));

	assert(embedded != NULL);
	second->embedded = embedded;
	second->system = system;
	second->counts = counts;
	second->results = dns_pending_list_new(UINT_MAX, second);
	return second;
}

void
dns_unvalidated_free(struct dns_unvalidated *second)
{
	if (second == NULL)
		return;
	dns_pending_list_free(second->results);
	free(second);
}
