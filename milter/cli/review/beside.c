/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a log tells beside decisions: messages that posternd was not asked of,
 * and what it told MTAs that ask what to enforce.
 */
#include <string.h>

#include "common/base/text.h"
#include "milter/cli/review/review.h"

void
review_unseen(struct review *review, const struct logline *line)
{
	if (review_is_within(review, review_time_of(review, line->when)))
		gaps_take(&review->unseen, line);
}

/* NULL: it is one of too many, and no word of posternd's. */
static struct review_told *
told_place(struct review *review, const char *word)
{
	struct review_told *told;

	for (size_t i = 0; i < review->told_count; i++)
		if (strcmp(review->told[i].word, word) == 0)
			return &review->told[i];
	if (review->told_count == REVIEW_TOLD)
		return NULL;
	told = &review->told[review->told_count++];
	text_copy(told->word, sizeof(told->word), word);
	return told;
}

void
review_told(struct review *review, const char *text, time_t at)
{
	char word[sizeof(review->told[0].word)], domain[LIMIT_DOMAIN_SIZE];
	struct review_told *told;

	logline_value(text, "answer", word, sizeof(word));
	logline_value(text, "domain", domain, sizeof(domain));
	if (word[0] == '\0' || domain[0] == '\0') {
		review->damaged++;
		return;
	}
	if (review->options.domain != NULL &&
	    strcmp(review->options.domain, domain) != 0)
		return;
	told = told_place(review, word);
	if (told == NULL)
		return;
	told->times++;
	if (at > told->last)
		told->last = at;
}
