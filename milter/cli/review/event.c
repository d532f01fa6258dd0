/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/review/event.h"

#include <ctype.h>
#include <string.h>

#include "common/base/text.h"
#include "common/judge/action.h"
#include "common/judge/verdict.h"
#include "milter/cli/log/logline.h"
#include "milter/cli/log/story.h"
#include "milter/view/figures.h"

bool
event_begins(const char *text)
{
	return strncmp(text, EVENT, strlen(EVENT)) == 0;
}

int
event_action(const char *word)
{
	for (int i = 0; i < ACTIONS; i++)
		if (strcmp(action_text((enum action)i), word) == 0)
			return i;
	return -1;
}

int
event_policy_type(const char *word)
{
	for (int i = 0; i < POLICY_TYPES; i++)
		if (strcmp(policy_type_text((enum policy_type)i), word) == 0)
			return i;
	return -1;
}

/* A value has no "=", so that two lines that ran into each other are no line.
 */
bool
event_is_whole(const char *text)
{
	while (*text != '\0') {
		size_t key = 0;

		while (islower((unsigned char)text[key]))
			key++;
		if (key == 0 || text[key] != '=')
			return false;
		text += key + 1;
		key = strcspn(text, " =");
		if (key == 0 || text[key] == '=')
			return false;
		text += key;
		text += *text == ' ';
	}
	return true;
}

bool
event_is(const char *text, const char *name)
{
	size_t length = strlen(name);

	text += strlen(EVENT);
	return strncmp(text, name, length) == 0 &&
	       (text[length] == ' ' || text[length] == '\0');
}

uint64_t
event_number(const char *text, const char *key)
{
	char word[24];
	uint32_t number;

	return logline_value(text, key, word, sizeof(word)) &&
		       text_uint(word, UINT32_MAX, &number) == 0
		   ? number
		   : 0;
}

bool
event_value_is(const char *text, const char *key, const char *value)
{
	char word[STORY_WORD_SIZE];

	return logline_value(text, key, word, sizeof(word)) &&
	       strcmp(word, value) == 0;
}
