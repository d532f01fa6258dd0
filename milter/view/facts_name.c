/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/facts_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"

enum {
	TIME_LENGTH = sizeof("20261130T002019Z") - 1,
	YEAR_LENGTH = sizeof("2026-11-30T00:20:19Z") - 1,
};

bool
facts_name_print(time_t judged_s, uint32_t number, char out[FACTS_NAME_SIZE])
{
	char date[CLOCK_PRINT_SIZE], *to = out;

	out[0] = '\0';
	if (!clock_print(judged_s, date) || strlen(date) != YEAR_LENGTH)
		return false;
	for (const char *at = date; *at != '\0'; at++)
		if (*at != '-' && *at != ':')
			*to++ = *at;
	snprintf(
	    to, FACTS_NAME_SIZE - TIME_LENGTH, "-%08" PRIx32 ".json", number);
	return true;
}

bool
facts_name_read(const char *name, time_t *judged_s)
{
	char date[CLOCK_PRINT_SIZE];
	time_t at;

	if (strlen(name) != FACTS_NAME_SIZE - 1 || name[TIME_LENGTH] != '-' ||
	    strspn(name + TIME_LENGTH + 1, "0123456789abcdef") != 8 ||
	    strcmp(name + TIME_LENGTH + 9, ".json") != 0 || name[8] != 'T' ||
	    strspn(name, "0123456789") != 8 ||
	    strspn(name + 9, "0123456789") != 6)
		return false;
	snprintf(date, sizeof(date), "%.4s-%.2s-%.2sT%.2s:%.2s:%.3s", name,
	    name + 4, name + 6, name + 9, name + 11, name + 13);
	if (clock_parse(date, &at) != 0)
		return false;
	if (judged_s != NULL)
		*judged_s = at;
	return true;
}
