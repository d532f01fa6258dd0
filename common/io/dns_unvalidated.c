/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_unvalidated.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/io/dns_algorithms.h"

/*
 * Where a chain of trust ends at a zone that the library cannot validate, its
 * answers look like those of a zone that is not signed.  So the DS records are
 * asked for, from the top down: the library has them in its cache already, for
 * it followed them.  Where they are insecure themselves nothing below is
 * signed, as far as can be known, and the search ends.
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

/* The zone above or at name that the library cannot validate, in name; or
 * NULL. */
static const char *
find_zone(struct dns_embedded *embedded, const char *name, int64_t deadline_ms,
    unsigned *algorithm)
{
	const char *zone = name + strlen(name);
	int cuts = 0;

	while (cuts++ < CUTS && (zone = lengthen_zone(name, zone)) != NULL) {
		AUTO(dns_answer)
		struct dns_answer *answer = dns_pending_await(
		    dns_embedded_ask(embedded, zone, DNS_DS, deadline_ms));

		if (!goes_down(answer))
			return NULL;
		if (dns_algorithms_lack(
			answer->records, answer->count, algorithm))
			return zone;
	}
	return NULL;
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

struct dns_answer *
dns_unvalidated_review(struct dns_embedded *embedded, struct dns_system *system,
    const struct dns_unvalidated_question *question, struct dns_answer *answer)
{
	unsigned algorithm;
	const char *zone = find_zone(
	    embedded, question->name, question->deadline_ms, &algorithm);

	if (zone == NULL && strcmp(answer->owner, question->name) != 0)
		zone = find_zone(
		    embedded, answer->owner, question->deadline_ms, &algorithm);
	if (zone == NULL)
		return answer;
	say_why(answer, zone, algorithm);
	if (system == NULL)
		return answer;
	return choose_answer(answer,
	    dns_pending_await(dns_system_ask(system, question->name,
		question->type, DNS_SYSTEM_ANY, question->deadline_ms)));
}
