/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/refusals.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"

#define EVENT "event="
#define MARK "reject"

void
refusals_init(
    struct refusals *refusals, const char *domain, const char *program)
{
	memset(refusals, 0, sizeof(*refusals));
	text_copy(refusals->domain, sizeof(refusals->domain), domain);
	refusals->program = program;
}

void
refusals_fini(struct refusals *refusals)
{
	for (size_t i = 0; i < refusals->count; i++)
		free(refusals->items[i].address);
	free(refusals->items);
	free(refusals->checks);
}

const struct refused *
refusals_at(const struct refusals *refusals, size_t i)
{
	return &refusals->items[(refusals->first + i) % refusals->count];
}

/* A place for one more: when all are taken, that of the oldest. */
static struct refused *
next_place(struct refusals *refusals)
{
	struct refused *place;

	if (refusals->count < LIMIT_STORY_RCPTS) {
		refusals->items = xrealloc(refusals->items, refusals->count + 1,
		    sizeof(*refusals->items));
		return &refusals->items[refusals->count++];
	}
	place = &refusals->items[refusals->first];
	refusals->first = (refusals->first + 1) % refusals->count;
	refusals->cut = true;
	free(place->address);
	return place;
}

static bool
is_of_domain(const struct refusals *refusals, const char *address)
{
	char domain[LIMIT_RAW_DOMAIN_SIZE], name[LIMIT_DOMAIN_SIZE];

	return domain_of_address(address, domain, sizeof(domain), NULL) == 0 &&
	       domain_normalise(domain, name, NULL) == 0 &&
	       strcmp(name, refusals->domain) == 0;
}

static void
read_mta_refusal(struct refusals *refusals, const struct logline *line)
{
	struct logline_refusal refusal;
	struct refused *place;
	char address[LOGLINE_ADDRESS_SIZE];

	if (!logline_refusal(line->text, &refusal) ||
	    (strcmp(refusal.domain, refusals->domain) != 0 &&
		!is_of_domain(refusals, refusal.address)))
		return;
	text_escape(
	    address, sizeof(address), refusal.address, strlen(refusal.address));
	place = next_place(refusals);
	text_copy(place->when, sizeof(place->when), line->when);
	text_copy(place->id, sizeof(place->id), line->id);
	text_copy(place->reason, sizeof(place->reason), refusal.reason);
	place->permanent = refusal.permanent;
	place->address = xstrdup(address);
}

static bool
is_same_kind(const struct story_check *a, const struct story_check *b)
{
	return strcmp(a->result, b->result) == 0 &&
	       strcmp(a->reason, b->reason) == 0 &&
	       strcmp(a->action, b->action) == 0 && strcmp(a->mx, b->mx) == 0 &&
	       strcmp(a->hop, b->hop) == 0;
}

static void
read_found(struct refusals *refusals, const char *text)
{
	struct story_check check;

	story_read_check(&check, text);
	if (strcmp(check.domain, refusals->domain) != 0)
		return;
	check.refused = true;
	for (size_t i = 0; i < refusals->check_count; i++)
		if (is_same_kind(&refusals->checks[i], &check)) {
			refusals->checks[i] = check;
			return;
		}
	if (refusals->check_count == LIMIT_STORY_CHECKS) {
		refusals->cut = true;
		return;
	}
	refusals->checks = xrealloc(refusals->checks, refusals->check_count + 1,
	    sizeof(*refusals->checks));
	refusals->checks[refusals->check_count++] = check;
}

/* A line without a time may be of any. */
static bool
is_too_old(const struct refusals *refusals, const struct logline *line)
{
	time_t at;

	return refusals->since_given &&
	       logline_time(line->when, refusals->now, &at) &&
	       at < refusals->since;
}

void
refusals_line(struct refusals *refusals, const char *line)
{
	static const char found[] = EVENT "check ";
	struct logline parsed;
	bool ours;

	/* most lines are of others: do not even read them */
	if (strstr(line, MARK) == NULL && strstr(line, found) == NULL)
		return;
	if (!logline_parse(line, &parsed) || is_too_old(refusals, &parsed))
		return;
	ours = strcmp(parsed.program, refusals->program) == 0;
	if (!ours)
		read_mta_refusal(refusals, &parsed);
	else if (strcmp(parsed.id, "NOQUEUE") == 0 &&
		 strncmp(parsed.text, found, strlen(found)) == 0)
		read_found(refusals, parsed.text);
}
