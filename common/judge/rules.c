/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/rules.h"

#include <string.h>

static const char *const words[] = {
    [LEVEL_AUTO] = "auto",
    [LEVEL_NONE] = "none",
    [LEVEL_MAY] = "may",
    [LEVEL_ENCRYPT] = "encrypt",
    [LEVEL_DANE] = "dane",
    [LEVEL_DANE_ONLY] = "dane-only",
    [LEVEL_SECURE] = "secure",
    [LEVEL_HALF_DANE] = "half-dane",
};

const char *
level_text(enum level level)
{
	return words[level];
}

int
level_parse(const char *word, enum level *out)
{
	for (enum level level = LEVEL_AUTO; level < LEVEL_HALF_DANE; level++) {
		if (strcmp(word, words[level]) == 0) {
			*out = level;
			return 0;
		}
	}
	return -1;
}
