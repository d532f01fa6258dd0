/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "milter/cli/options.h"

/* Longer words are near to no verb. */
enum { NEAR_WORD = 24, FAR = CLI_NEAR_MAX + 1 };

static unsigned
least_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters to put in, take out or change (Levenshtein), and neighbours to swap,
 * as fingers do. */
static unsigned
word_distance(const char *a, const char *b)
{
	unsigned rows[NEAR_WORD + 1][NEAR_WORD + 1];
	size_t m = strlen(a), n = strlen(b);

	if (m > NEAR_WORD || n > NEAR_WORD)
		return FAR;
	for (size_t i = 0; i <= m; i++)
		for (size_t j = 0; j <= n; j++) {
			if (i == 0 || j == 0) {
				rows[i][j] = (unsigned)(i + j);
				continue;
			}
			rows[i][j] = least_of(
			    rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
			    least_of(rows[i - 1][j], rows[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				rows[i][j] = least_of(
				    rows[i][j], rows[i - 2][j - 2] + 1);
		}
	return rows[m][n];
}

/* With half of its letters wrong a short word is another. */
static unsigned
near_only(unsigned distance, const char *name)
{
	return 2UL * distance >= strlen(name) ? FAR : distance;
}

unsigned
cli_verb_distance(const struct cli_verb *verb, const struct cli_list *words)
{
	char name[NEAR_WORD + 1], typed[NEAR_WORD + 2];
	unsigned distance;

	if (words->count == 0)
		return FAR;
	if (verb->words[1] == NULL)
		return near_only(word_distance(verb->words[0], words->items[0]),
		    verb->words[0]);
	snprintf(name, sizeof(name), "%s %s", verb->words[0], verb->words[1]);
	snprintf(typed, sizeof(typed), "%s %s", words->items[0],
	    words->count > 1 ? words->items[1] : "");
	distance = near_only(word_distance(name, typed), name);
	distance = least_of(
	    distance, near_only(word_distance(name, words->items[0]), name));
	/* one who leaves a word out may mean another verb */
	return least_of(distance,
	    1 + near_only(word_distance(verb->words[1], words->items[0]),
		    verb->words[1]));
}
