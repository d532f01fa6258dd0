/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/story.h"

#include <assert.h>
#include <string.h>

#include "milter/cli/log/refusals.h"
#include "t/fuzz/fuzz.h"

static void
check_text(const char *text)
{
	for (; *text != '\0'; text++)
		assert(*text >= ' ' && *text <= '~');
}

static void
check_checks(const struct story *story)
{
	for (size_t i = 0; i < story->check_count; i++) {
		const struct story_check *check = &story->checks[i];

		check_text(check->domain);
		check_text(check->result);
		check_text(check->policy);
		check_text(check->level);
		check_text(check->reason);
		check_text(check->action);
		check_text(check->mode);
		check_text(check->mx);
		check_text(check->rule);
		check_text(check->detail);
		check_text(check->dane);
		check_text(check->sts);
		check_text(check->sts_reason);
		check_text(check->requiretls);
		check_text(check->hosts);
		check_text(check->hop);
		check_text(check->count);
	}
}

static bool
is_unknown(const struct story *story, const struct story_rcpt *rcpt)
{
	for (size_t i = 0; i < story->check_count; i++)
		if (strcmp(story->checks[i].domain, rcpt->domain) == 0)
			return false;
	return true;
}

static void
check_refusals(const struct refusals *refusals)
{
	for (size_t i = 0; i < refusals->count; i++) {
		const struct refused *refused = refusals_at(refusals, i);

		check_text(refused->when);
		check_text(refused->id);
		check_text(refused->address);
		check_text(refused->reason);
	}
}

static void
check_rcpt(const struct story *story, const struct story_rcpt *rcpt)
{
	enum story_outcome outcome;
	const struct story_check *found = story_check_of(story, rcpt, &outcome);

	check_text(rcpt->domain);
	check_text(rcpt->address);
	check_text(rcpt->relay);
	check_text(rcpt->dsn);
	check_text(rcpt->said);
	check_text(rcpt->status);
	assert(rcpt->attempts > 0);
	check_text(story_outcome_text(outcome));
	assert((found == NULL) == is_unknown(story, rcpt));
	for (size_t i = 0; i < story->check_count; i++)
		check_text(
		    story_outcome_text(story_outcome(&story->checks[i], rcpt)));
}

/* Lines of a log, about the message F1 or another. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct refusals refusals;
	struct story story;
	char *rest = text;
	char *line;

	refusals_init(&refusals, "a.example", "posternd");
	story_init(&story, "F1", "posternd", NULL);
	while ((line = strsep(&rest, "\n")) != NULL) {
		time_t at;

		story_line(&story, line);
		refusals_line(&refusals, line);
		logline_time(line, 1800000000, &at);
	}
	check_refusals(&refusals);
	refusals_fini(&refusals);
	check_text(story.unreached);
	check_text(story.first);
	check_text(story.last);
	check_text(story.sender);
	check_text(story.client);
	check_text(story.result);
	check_text(story.action);
	check_text(story.wait_ms);
	check_checks(&story);
	for (size_t i = 0; i < story.rcpt_count; i++)
		check_rcpt(&story, &story.rcpts[i]);
	story_fini(&story);
	free(text);
	return 0;
}
