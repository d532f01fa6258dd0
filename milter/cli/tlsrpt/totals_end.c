/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "milter/cli/tlsrpt/totals.h"

/* For each domain a mark: whether it publishes a policy. */
static void
note_published(const struct totals *totals, struct names *published)
{
	for (size_t i = 0; i < totals->policy_count; i++)
		if (totals->policies[i].type == TLSRPT_POLICY_TLSA ||
		    totals->policies[i].type == TLSRPT_POLICY_STS)
			names_add(published, totals->policies[i].domain);
}

static bool
is_no_policy(const struct total_finding *finding)
{
	return strcmp(finding->word, "no-policy-found") == 0;
}

/* That no policy was found is odd only where there is one, and where nothing
 * failed for it. */
static bool
is_worth_telling(const struct totals *totals,
    const struct total_finding *finding, const struct names *published)
{
	const struct total_policy *policy = &totals->policies[finding->policy];

	return !is_no_policy(finding) ||
	       (policy->failed == 0 &&
		   names_find(published, policy->domain) != NAMES_NONE);
}

static void
drop_findings(struct totals *totals)
{
	struct names published;
	size_t kept = 0;

	names_init(&published, LIMIT_TLSRPT_ROWS);
	note_published(totals, &published);
	for (size_t i = 0; i < totals->finding_count; i++) {
		struct total_finding *finding = &totals->findings[i];

		if (is_worth_telling(totals, finding, &published)) {
			totals->findings[kept++] = *finding;
			continue;
		}
		free(finding->word);
		free(finding->mx);
		free(finding->reason);
		free(finding->reporters);
		free(finding->sender);
	}
	totals->finding_count = kept;
	names_fini(&published);
}

/* The result of most sessions of each policy. */
static void
find_worst(struct totals *totals)
{
	for (size_t i = 0; i < totals->finding_count; i++) {
		struct total_finding *finding = &totals->findings[i];
		struct total_policy *policy =
		    &totals->policies[finding->policy];

		if (finding->count <= policy->most || is_no_policy(finding))
			continue;
		policy->most = finding->count;
		free(policy->worst);
		policy->worst = xstrdup(finding->word);
	}
}

/* A domain and a result: whether several hosts have it. */
struct pair {
	const char *mx; /* of the first finding */
	bool several;
};

static uint32_t
pair_number(struct names *pairs, const struct totals *totals,
    const struct total_finding *finding)
{
	char key[2 * LIMIT_TLSRPT_SHOWN + 2];

	snprintf(key, sizeof(key), "%s\n%s",
	    totals->policies[finding->policy].domain, finding->word);
	return names_add(pairs, key);
}

static void
find_only_hosts(struct totals *totals)
{
	struct pair *pairs = xcalloc(totals->finding_count + 1, sizeof(*pairs));
	struct names keys;

	names_init(&keys, LIMIT_TLSRPT_ROWS);
	for (size_t i = 0; i < totals->finding_count; i++) {
		const struct total_finding *finding = &totals->findings[i];
		struct pair *pair = &pairs[pair_number(&keys, totals, finding)];

		if (pair->mx == NULL)
			pair->mx = finding->mx;
		else
			pair->several |= strcmp(pair->mx, finding->mx) != 0;
	}
	for (size_t i = 0; i < totals->finding_count; i++) {
		struct total_finding *finding = &totals->findings[i];

		finding->only_host =
		    finding->mx[0] != '\0' &&
		    !pairs[pair_number(&keys, totals, finding)].several;
	}
	free(pairs);
	names_fini(&keys);
}

/* For the sort, which has no argument of its own. */
struct weighed {
	struct total_finding finding;
	unsigned rank; /* 0 goes first */
	size_t at;
};

static unsigned
rank_finding(const struct totals *totals, const struct total_finding *finding)
{
	const struct total_policy *policy = &totals->policies[finding->policy];

	if (is_no_policy(finding))
		return 2;
	return policy->failed > 0 && total_policy_is_enforced(policy) ? 0 : 1;
}

static int
compare_weighed(const void *a, const void *b)
{
	const struct weighed *left = a, *right = b;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	if (left->finding.count != right->finding.count)
		return left->finding.count > right->finding.count ? -1 : 1;
	if (left->finding.reporter_count != right->finding.reporter_count)
		return left->finding.reporter_count >
			       right->finding.reporter_count
			   ? -1
			   : 1;
	return left->at < right->at ? -1 : 1;
}

static void
sort_findings(struct totals *totals)
{
	struct weighed *rows =
	    xcalloc(totals->finding_count + 1, sizeof(*rows));

	for (size_t i = 0; i < totals->finding_count; i++)
		rows[i] = (struct weighed){.finding = totals->findings[i],
		    .rank = rank_finding(totals, &totals->findings[i]),
		    .at = i};
	qsort(rows, totals->finding_count, sizeof(*rows), compare_weighed);
	for (size_t i = 0; i < totals->finding_count; i++)
		totals->findings[i] = rows[i].finding;
	free(rows);
}

/* For the sort, likewise. */
struct placed {
	const struct total_policy *policy;
	uint32_t number;
};

static int
compare_placed(const void *a, const void *b)
{
	const struct placed *left = a, *right = b;
	int order = strcmp(left->policy->domain, right->policy->domain);
	uint64_t more =
	    tlsrpt_count_add(left->policy->succeeded, left->policy->failed);
	uint64_t less =
	    tlsrpt_count_add(right->policy->succeeded, right->policy->failed);

	if (order != 0)
		return order;
	if (more != less)
		return more > less ? -1 : 1;
	return left->number < right->number ? -1 : 1;
}

uint32_t *
totals_policies(const struct totals *totals)
{
	struct placed *rows = xcalloc(totals->policy_count + 1, sizeof(*rows));
	uint32_t *numbers = xcalloc(totals->policy_count + 1, sizeof(*numbers));

	for (uint32_t i = 0; i < totals->policy_count; i++)
		rows[i] = (struct placed){
		    .policy = &totals->policies[i], .number = i};
	qsort(rows, totals->policy_count, sizeof(*rows), compare_placed);
	for (size_t i = 0; i < totals->policy_count; i++)
		numbers[i] = rows[i].number;
	free(rows);
	return numbers;
}

void
totals_end(struct totals *totals)
{
	drop_findings(totals);
	find_worst(totals);
	find_only_hosts(totals);
	sort_findings(totals);
}
