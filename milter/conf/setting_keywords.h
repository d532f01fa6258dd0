/* setting_keywords - the keywords of the configuration, a row each. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CONF_SETTING_KEYWORDS_H
#define MILTER_CONF_SETTING_KEYWORDS_H

#include <stddef.h>

#include "milter/conf/value.h"

struct settings;

enum setting_kind { SETTING_INT, SETTING_TEXT, SETTING_LIST };

/* What a change takes effect in. */
enum setting_effect {
	RESTART,  /* in nothing, until the daemon starts again */
	ENGINE,   /* in a new engine */
	INDIRECT, /* in the engine, as settings_engine_same() compares it */
	LIVE,     /* in the next message */
};

struct setting_keyword {
	const char *name;
	enum setting_effect effect;
	const char *fallback; /* as it could stand in the file; NULL: unset */
	value_reader *read;
	size_t at; /* of the field in struct settings */
	enum setting_kind kind;
	struct value_form form;
};

extern const struct setting_keyword setting_keywords[]; /* ends with no name */

/* In any case of letters; NULL: there is none of that name. */
const struct setting_keyword *setting_keyword_find(const char *name);

/* Where its value stands in these. */
void *setting_keyword_field(
    struct settings *settings, const struct setting_keyword *keyword);

#endif
