/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_measure.h"

#include <stdbool.h>
#include <string.h>

/* Where in the text the eye is. */
struct gauge {
	size_t depth, values;
	bool in_string;
	bool escaped; /* by the octet before */
};

static void
gauge_string(struct gauge *g, char c)
{
	if (g->escaped)
		g->escaped = false;
	else if (c == '\\')
		g->escaped = true;
	else if (c == '"')
		g->in_string = false;
}

/* Outside of strings; a bracket too many ends the object as well. */
static void
gauge_octet(struct gauge *g, char c)
{
	switch (c) {
	case '"':
		g->in_string = true;
		break;
	case '{':
	case '[':
		g->depth++;
		g->values++;
		break;
	case '}':
	case ']':
		g->depth--;
		break;
	case ',':
	case ':':
		g->values++;
		break;
	default:
		break;
	}
}

static bool
is_json_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

size_t
json_measure(const char *text, size_t length, const struct json_bounds *most,
    struct err *err)
{
	struct gauge g = {.depth = 0};
	size_t begin = 0;

	while (begin < length && is_json_blank(text[begin]))
		begin++;
	if (begin == length || text[begin] != '{') {
		err_set(err, ERR_DATA, "not a JSON object");
		return 0;
	}
	for (size_t i = begin; i < length; i++) {
		if (i - begin >= most->octets)
			break;
		if (g.in_string)
			gauge_string(&g, text[i]);
		else
			gauge_octet(&g, text[i]);
		if (g.depth == 0)
			return i + 1;
		if (g.depth > most->depth || g.values > most->values) {
			err_set(err, ERR_DATA, "too %s",
			    g.depth > most->depth ? "deep" : "many values");
			return 0;
		}
	}
	err_set(err, ERR_DATA,
	    length - begin > most->octets ? "over %zu octets"
					  : "it does not end",
	    most->octets);
	return 0;
}
