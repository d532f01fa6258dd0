/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/names.h"

#include <string.h>

#include "common/base/text.h"
#include "common/proto/domain.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static bool
read_weight(const char *word, int64_t *out)
{
	uint32_t number;

	if (text_uint(word, LIMIT_SURVEY_WEIGHT, &number) != 0 || number == 0)
		return false;
	*out = number;
	return true;
}

/* domain_normalise takes what DNS has, and so what no mail can be for. */
bool
names_domain(const char *word, char out[LIMIT_DOMAIN_SIZE])
{
	const char *at = strrchr(word, '@');

	if (at != NULL)
		word = at + 1;
	if (domain_is_literal(word) || domain_normalise(word, out, NULL) != 0)
		return false;
	if (out[0] == '\0' || out[0] == '-' || strstr(out, ".-") != NULL)
		return false;
	return strstr(out, "-.") == NULL && out[strlen(out) - 1] != '-';
}

enum names_line
names_read(const char *line, size_t length, struct named *out)
{
	char copy[LIMIT_SURVEY_LINE + 1], *word, *rest;

	if (length > LIMIT_SURVEY_LINE || memchr(line, '\0', length) != NULL)
		return NAMES_BAD;
	memcpy(copy, line, length);
	copy[length] = '\0';
	copy[strcspn(copy, "#")] = '\0';
	word = text_trim(copy);
	if (strncmp(word, BYTE_ORDER_MARK, 3) == 0)
		word = text_trim(word + 3);
	if (word[0] == '\0')
		return NAMES_BLANK;
	out->weight = 1;
	out->rank = 0;
	rest = word + strcspn(word, " \t,");
	if (*rest == '\0')
		return names_domain(word, out->domain) ? NAMES_DOMAIN
						       : NAMES_BAD;
	*rest++ = '\0';
	rest = text_trim(rest);
	if (read_weight(word, &out->rank))
		return names_domain(rest, out->domain) ? NAMES_DOMAIN
						       : NAMES_BAD;
	return names_domain(word, out->domain) &&
		       read_weight(rest, &out->weight)
		   ? NAMES_DOMAIN
		   : NAMES_BAD;
}
