/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/change.h"

#include <string.h>

#include "common/base/text.h"

const char *
change_text(enum change change)
{
	switch (change) {
	case CHANGE_QUEUED:
	case CHANGE_LOST:
		return "worse";
	case CHANGE_BETTER:
		return "better";
	case CHANGE_OTHER:
		return "other";
	case CHANGE_NEW:
		return "new";
	case CHANGE_GONE:
		return "gone";
	case CHANGE_SAME:
		return "same";
	}
	return "same";
}

static bool
is_known_word(const char *word)
{
	return strcmp(word, "unknown") != 0 && strcmp(word, "u") != 0;
}

bool
change_differs(enum survey_compared which, const char *const then[],
    const char *const now[])
{
	if (which == COMPARED_DEPTH || strcmp(then[which], now[which]) == 0)
		return false;
	return strcmp(then[COMPARED_DEPTH], now[COMPARED_DEPTH]) == 0 ||
	       (is_known_word(then[which]) && is_known_word(now[which]));
}

/* How well a word protects; 0: that cannot be said. */
static int
protection_rank(const char *word)
{
	static const char *const words[] = {
	    "neither", "partial", "sts-testing", "sts", "dane", "both"};
	static const int ranks[] = {1, 2, 2, 3, 3, 4};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return ranks[i];
	return 0;
}

static int
health_rank(const char *word)
{
	static const char *const words[] = {"broken", "degraded", "ok"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return (int)i + 1;
	return 0;
}

/* Less than 0: worse; more: better. */
static int
compare_ranks(
    const char *const then[], const char *const now[], enum survey_compared at)
{
	int (*rank)(const char *) =
	    at == COMPARED_PROTECTION ? protection_rank : health_rank;

	if (!change_differs(at, then, now) || rank(then[at]) == 0 ||
	    rank(now[at]) == 0)
		return 0;
	return rank(now[at]) - rank(then[at]);
}

static bool
is_any_other(const char *const then[], const char *const now[])
{
	for (int i = 0; i < COMPARED_FIELDS; i++)
		if (change_differs((enum survey_compared)i, then, now))
			return true;
	return false;
}

int
change_of(const char *const then[], const char *const now[])
{
	static const enum survey_compared ranked[] = {
	    COMPARED_PROTECTION, COMPARED_DANE_HEALTH, COMPARED_STS_HEALTH};

	if (then == NULL)
		return CHANGE_NEW;
	if (now == NULL)
		return CHANGE_GONE;
	if (change_differs(COMPARED_AUTO, then, now)) {
		if (strcmp(now[COMPARED_AUTO], "q") == 0)
			return CHANGE_QUEUED;
		if (strcmp(then[COMPARED_AUTO], "q") == 0 &&
		    strcmp(now[COMPARED_AUTO], "d") == 0)
			return CHANGE_BETTER;
	}
	for (size_t i = 0; i < sizeof(ranked) / sizeof(ranked[0]); i++) {
		int by = compare_ranks(then, now, ranked[i]);

		if (by != 0)
			return by < 0 ? CHANGE_LOST : CHANGE_BETTER;
	}
	return is_any_other(then, now) ? CHANGE_OTHER : CHANGE_SAME;
}

void
change_print(const struct survey_pair *pair, char *out, size_t size)
{
	static const struct {
		enum survey_compared which;
		const char *name;
	} names[] = {
	    {COMPARED_AUTO, "auto"},
	    {COMPARED_PROTECTION, "protection"},
	    {COMPARED_DANE, "TLSA"},
	    {COMPARED_DANE_HEALTH, "DANE"},
	    {COMPARED_STS_MODE, "mode"},
	    {COMPARED_STS_HEALTH, "MTA-STS"},
	};
	struct text text;

	text_init(&text, out, size);
	if (pair->kind == CHANGE_NEW || pair->kind == CHANGE_GONE) {
		text_add(&text, pair->kind == CHANGE_NEW
				    ? pair->now[COMPARED_PROTECTION]
				    : pair->then[COMPARED_PROTECTION]);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *then = pair->then[names[i].which];
		const char *now = pair->now[names[i].which];

		if (change_differs(names[i].which, pair->then, pair->now))
			text_addf(&text, "%s%s %s -> %s",
			    out[0] == '\0' ? "" : ", ", names[i].name,
			    then[0] == '\0' ? "none" : then,
			    now[0] == '\0' ? "none" : now);
	}
}
