/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/review/domains.h"

#include <assert.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"

void
review_domains_init(struct review_domains *domains)
{
	memset(domains, 0, sizeof(*domains));
	names_init(&domains->names, LIMIT_REVIEW_DOMAINS);
}

void
review_domains_fini(struct review_domains *domains)
{
	for (uint32_t i = 0; i < domains->names.count; i++) {
		free(domains->items[i].mx);
		free(domains->items[i].flips);
	}
	free(domains->items);
	names_fini(&domains->names);
}

/* The names' room is the domains' too. */
static struct review_domain *
take_domain(struct review_domains *domains, const char *name, uint32_t *number)
{
	uint32_t before = domains->names.count;

	*number = names_add(&domains->names, name);
	if (*number == NAMES_NONE) {
		domains->beyond++;
		return NULL;
	}
	if (domains->room < domains->names.room) {
		domains->room = domains->names.room;
		domains->items = xrealloc(
		    domains->items, domains->room, sizeof(*domains->items));
	}
	assert(*number < domains->room);
	if (domains->names.count > before)
		memset(&domains->items[*number], 0, sizeof(*domains->items));
	return &domains->items[*number];
}

static void
add_flip(struct review_domain *domain, enum result after, time_t at)
{
	if (domain->flip_count < LIMIT_REVIEW_FLIPS) {
		domain->flips = xrealloc(domain->flips, domain->flip_count + 1,
		    sizeof(*domain->flips));
		domain->flips[domain->flip_count] = (struct review_flip){
		    .at = at, .before = domain->settled, .after = after};
	}
	domain->flip_count++;
}

/* What could not be decided, or was not looked at, is no change. */
static void
settle_result(struct review_domain *domain, enum result result, time_t at)
{
	if (result == RESULT_TEMPERROR || result == RESULT_SKIP)
		return;
	if (domain->known && domain->settled != result)
		add_flip(domain, result, at);
	domain->known = true;
	domain->settled = result;
}

static bool
is_trouble(enum result result)
{
	return result == RESULT_FAIL || result == RESULT_TEMPERROR ||
	       result == RESULT_SOFTFAIL;
}

static void
note_trouble(
    struct review_domain *domain, const struct review_check *check, time_t at)
{
	if (at != 0 && (domain->first == 0 || at < domain->first))
		domain->first = at;
	if (at > domain->last)
		domain->last = at;
	domain->troubled = true;
	domain->result = check->result;
	domain->reason = check->reason;
	if (check->result == RESULT_FAIL)
		domain->fail_reason = check->reason;
	if (check->mx[0] == '\0' ||
	    (domain->mx != NULL && strcmp(domain->mx, check->mx) == 0))
		return;
	free(domain->mx);
	domain->mx = xstrdup(check->mx);
}

uint32_t
review_domains_note(struct review_domains *domains, const char *name,
    const struct review_check *check, time_t at)
{
	uint32_t number;
	struct review_domain *domain = take_domain(domains, name, &number);

	if (domain == NULL)
		return number;
	domain->results[check->result]++;
	domain->actions[check->action]++;
	domain->policies[check->policy]++;
	if (is_trouble(check->result))
		note_trouble(domain, check, at);
	if (check->result != RESULT_SKIP)
		domain->well = !is_trouble(check->result);
	settle_result(domain, check->result, at);
	return number;
}

void
review_domains_change(struct review_domains *domains, const char *name,
    enum result after, time_t at)
{
	uint32_t number;
	struct review_domain *domain = take_domain(domains, name, &number);

	if (domain == NULL)
		return;
	domain->well = !is_trouble(after);
	settle_result(domain, after, at);
}

bool
review_domain_is_mended(const struct review_domain *domain)
{
	return domain->troubled && domain->well;
}
