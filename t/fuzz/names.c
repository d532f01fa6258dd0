/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/names.h"

#include <assert.h>
#include <string.h>

#include "common/proto/domain.h"
#include "t/fuzz/fuzz.h"

/* A line of a list for a survey. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_string(data, size), again[LIMIT_DOMAIN_SIZE];
	struct named named;

	if (names_read((const char *)data, size, &named) == NAMES_DOMAIN) {
		assert(strlen(line) == size && size <= LIMIT_SURVEY_LINE);
		assert(domain_normalise(named.domain, again, NULL) == 0);
		assert(strcmp(named.domain, again) == 0);
		assert(named.domain[0] != '-' && named.domain[0] != '\0');
		assert(
		    named.weight >= 1 && named.weight <= LIMIT_SURVEY_WEIGHT);
		assert(named.rank >= 0 && named.rank <= LIMIT_SURVEY_WEIGHT);
	}
	free(line);
	return 0;
}
