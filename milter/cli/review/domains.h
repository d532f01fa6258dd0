/* domains - what a log tells of each recipient domain: how often, since when,
 * and when its result changed. Bounded. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_REVIEW_DOMAINS_H
#define MILTER_CLI_REVIEW_DOMAINS_H

#include <stdbool.h>
#include <time.h>

#include "common/judge/action.h"
#include "common/judge/verdict.h"
#include "milter/cli/review/names.h"
#include "milter/view/figures.h"

/* What a change of the settings would have stopped. */
enum review_would {
	WOULD_FAIL,      /* On-Fail defer, or reject */
	WOULD_TEMPERROR, /* On-TempError defer */
	WOULD_ENCRYPT,   /* DefaultLevel encrypt: may have stopped */
};
enum { WOULDS = WOULD_ENCRYPT + 1 };

/* Another result than the one before. */
struct review_flip {
	time_t at; /* 0: not known */
	enum result before, after;
};

/* One domain; what is counted is messages. */
struct review_domain {
	uint32_t results[RESULTS];
	uint32_t actions[ACTIONS];
	uint32_t policies[POLICY_TYPES];
	uint32_t would[WOULDS];

	/* of what is no pass, none or skip: the last one */
	bool troubled;
	time_t first, last;
	enum result result;
	enum reason reason;
	enum reason fail_reason; /* of the last fail */
	char *mx;                /* or NULL */

	bool well;  /* what came last is no trouble */
	bool known; /* settled is its last result, but for temperror */
	enum result settled;
	uint32_t flip_count; /* more than are kept, perhaps */
	struct review_flip *flips;
};

struct review_domains {
	struct names names; /* by the same number */
	struct review_domain *items;
	uint32_t room;
	uint64_t beyond; /* checks of domains that found no room */
};

/* What a check line says. */
struct review_check {
	enum result result;
	enum reason reason;
	enum policy_type policy;
	enum action action;
	const char *mx; /* or "" */
};

void review_domains_init(struct review_domains *domains);
void review_domains_fini(struct review_domains *domains);

/* review_domains_note - one check of a domain at a time, 0 if that is not
 * known; its number, or NAMES_NONE */
uint32_t review_domains_note(struct review_domains *domains, const char *name,
    const struct review_check *check, time_t at);

/* review_domains_change - the result is told to be another from now on */
void review_domains_change(struct review_domains *domains, const char *name,
    enum result after, time_t at);

/* review_domain_is_mended - it had trouble, and has none any more */
bool review_domain_is_mended(const struct review_domain *domain);

#endif
