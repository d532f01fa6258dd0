/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/host/postfix_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/process.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

#define SEPARATORS ", \t\r\n"

/* postmap(1) ends alike where it finds nothing and where it fails: one more
 * table, in which everything is found, tells the two apart. */
#define NOTHING "postern: nothing"
#define LAST_TABLE "static:{" NOTHING "}"

enum { TABLES_MAX = 32, ASK_MS = 10 * 1000, ANSWER_MAX = 64 * 1024 };

char *
postfix_map_cut(char **rest)
{
	char *word = *rest + strspn(*rest, SEPARATORS);
	char *end = word;
	int depth = 0;

	if (*word == '\0')
		return NULL;
	for (; *end != '\0'; end++) {
		if (depth == 0 && strchr(SEPARATORS, *end) != NULL)
			break;
		depth += *end == '{';
		depth -= *end == '}' && depth > 0;
	}
	*rest = end + (*end != '\0');
	*end = '\0';
	return word;
}

enum postfix_map
postfix_map_ask(const char *maps, const char *key, char *out, size_t size)
{
	const char *argv[TABLES_MAX + 5] = {"postmap", "-q", key};
	size_t argc = 3;
	char *copy = xstrdup(maps);
	char *rest = copy, *answer = NULL, *table;

	while (
	    argc < TABLES_MAX + 3 && (table = postfix_map_cut(&rest)) != NULL)
		argv[argc++] = table;
	argv[argc++] = LAST_TABLE;
	if (postfix_map_cut(&rest) == NULL)
		answer = process_capture(
		    argv, clock_mono_ms() + ASK_MS, ANSWER_MAX, NULL);
	free(copy);
	if (answer == NULL)
		return POSTFIX_MAP_UNKNOWN;
	answer[strcspn(answer, "\n")] = '\0';
	text_copy(out, size, answer);
	free(answer);
	return strcmp(out, NOTHING) == 0 ? POSTFIX_MAP_ABSENT
					 : POSTFIX_MAP_FOUND;
}

enum postfix_map
postfix_map_ask_domain(const char *maps, const char *domain, const char *above,
    char *out, size_t size)
{
	enum postfix_map found = postfix_map_ask(maps, domain, out, size);

	while (found == POSTFIX_MAP_ABSENT &&
	       (domain = strchr(domain, '.')) != NULL && domain[1] != '\0') {
		char key[LIMIT_RAW_DOMAIN_SIZE];

		domain++;
		if (snprintf(key, sizeof(key), "%s%s", above, domain) >=
		    (int)sizeof(key))
			return POSTFIX_MAP_UNKNOWN;
		found = postfix_map_ask(maps, key, out, size);
	}
	return found;
}
