/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/findings.h"

#include <jansson.h>
#include <stdarg.h>

#include "common/base/xalloc.h"
#include "milter/cli/print.h"

enum { TEXT_SIZE = 512 };

void
findings_fini(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].host);
		free(findings->items[i].text);
	}
	free(findings->items);
}

void
findings_add(struct findings *findings, enum finding_level level,
    const char *code, const char *host, const char *format, ...)
{
	struct finding *finding;
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	findings->items = xrealloc(
	    findings->items, findings->count + 1, sizeof(*findings->items));
	finding = &findings->items[findings->count++];
	finding->level = level;
	finding->code = code;
	finding->host = xstrdup(host);
	finding->text = xstrdup(text);
}

enum finding_level
findings_worst(const struct findings *findings)
{
	enum finding_level worst = FINDING_NOTE;

	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].level > worst)
			worst = findings->items[i].level;
	return worst;
}

int
findings_status(const struct findings *findings)
{
	switch (findings_worst(findings)) {
	case FINDING_NOTE:
		return 0;
	case FINDING_WARNING:
		return 1;
	case FINDING_FAIL:
		return 2;
	case FINDING_UNKNOWN:
		break;
	}
	return 3;
}

const char *
finding_word(enum finding_level level)
{
	switch (level) {
	case FINDING_NOTE:
		return "note";
	case FINDING_WARNING:
		return "warning";
	case FINDING_UNKNOWN:
		return "unknown";
	case FINDING_FAIL:
		return "fail";
	}
	return "";
}

void
findings_print(FILE *out, const struct findings *findings)
{
	for (int level = FINDING_FAIL; level >= FINDING_NOTE; level--)
		for (size_t i = 0; i < findings->count; i++) {
			const struct finding *f = &findings->items[i];
			char text[TEXT_SIZE + 300];

			if ((int)f->level != level)
				continue;
			snprintf(text, sizeof(text), "%s%s%s", f->host,
			    f->host[0] == '\0' ? "" : ": ", f->text);
			cli_print_text(out, finding_word(f->level), text);
		}
}

json_t *
findings_json(const struct findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *f = &findings->items[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:s}", "severity",
			      finding_word(f->level), "code", f->code, "host",
			      f->host, "text", f->text));
	}
	return list;
}
