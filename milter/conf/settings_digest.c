/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/settings_digest.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/rules.h"
#include "milter/conf/destinations.h"
#include "milter/conf/settings_engine.h"

/* Where Debian has the CAs of the system. */
#define SYSTEM_CAS "/etc/ssl/certs/ca-certificates.crt"

enum {
	NUMBERS_SIZE = 256,
	CAS_OCTETS = 16 * 1024 * 1024,
};

/* Texts in a row, each of them ours. */
struct texts {
	size_t count, room;
	char **items;
};

static void
add_digest_text(struct texts *texts, const char *text)
{
	if (texts->count == texts->room) {
		texts->room = 2 * texts->room + 16;
		texts->items = xrealloc(
		    texts->items, texts->room, sizeof(texts->items[0]));
	}
	texts->items[texts->count++] = xstrdup(text);
}

static void
add_rule_texts(struct texts *texts, const struct rule_list *list)
{
	char line[LIMIT_CONF_LINE];

	for (size_t i = 0; i < list->count; i++) {
		destinations_print(list->rules[i], line, sizeof(line));
		add_digest_text(texts, line);
	}
}

static void
add_name_texts(struct texts *texts, const struct settings_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		add_digest_text(texts, list->items[i]);
	add_digest_text(texts, "");
}

static void
add_numbers(struct texts *texts, const struct settings *settings)
{
	const int numbers[] = {settings->default_level,
	    (int)settings_insecure_mx(
		settings, settings_answers_mtas(settings)),
	    settings->partial_dane, settings->probe, settings->probe_port,
	    settings->probe_addresses, settings->probe_families,
	    settings->probe_floor, settings->allow_private};
	char line[NUMBERS_SIZE];
	struct text text;

	text_init(&text, line, sizeof(line));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		text_addf(&text, "%d ", numbers[i]);
	add_digest_text(texts, line);
}

/* A file that cannot be read is none: the engine has more to say of that. */
static void
add_cas(struct texts *texts, const char *path)
{
	FILE *file = fopen(path == NULL ? SYSTEM_CAS : path, "re");
	char *octets = xcalloc(CAS_OCTETS, 1);

	if (file != NULL) {
		size_t size = fread(octets, 1, CAS_OCTETS - 1, file);

		octets[size] = '\0';
		fclose(file);
	}
	add_digest_text(texts, octets);
	free(octets);
}

void
settings_digest(const struct settings *settings, const char *version,
    char out[SHARED_DIGEST_SIZE])
{
	struct texts texts = {.count = 0};

	add_digest_text(&texts, version);
	add_numbers(&texts, settings);
	add_name_texts(&texts, &settings->insecure_domains);
	add_rule_texts(&texts, settings->destinations);
	add_cas(&texts, settings->ca_file);
	shared_digest((const char *const *)texts.items, texts.count, out);
	for (size_t i = 0; i < texts.count; i++)
		free(texts.items[i]);
	free(texts.items);
}
