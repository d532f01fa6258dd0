/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/watch/watch.h"

#include <jansson.h>
#include <string.h>

#include "common/base/text.h"

static void
keep_stats(void *arg, const json_t *row)
{
	struct watch *watch = arg;

	json_decref(watch->stats);
	watch->stats = json_deep_copy(row);
}

static void
keep_domain(void *arg, const json_t *row)
{
	struct watch *watch = arg;

	json_array_append_new(watch->domains, json_deep_copy(row));
}

enum cli_daemon_outcome
watch_ask(struct watch *watch, const struct settings *settings,
    bool with_domains, struct err *err)
{
	struct json_request figures = {.ask = JSON_ASK_STATS};
	struct json_request recent = {.ask = JSON_ASK_RECENT};
	enum cli_daemon_outcome outcome;

	*watch = (struct watch){.domains = json_array()};
	outcome = cli_daemon_ask(settings, &figures, keep_stats, watch, err);
	if (outcome != CLI_DAEMON_ANSWERED || !with_domains)
		return outcome;
	return cli_daemon_ask(settings, &recent, keep_domain, watch, err);
}

void
watch_fini(struct watch *watch)
{
	json_decref(watch->stats);
	json_decref(watch->domains);
}

static const json_t *
value_at_path(const struct watch *watch, const char *path)
{
	const json_t *value = watch->stats;
	char word[40];

	while (*path != '\0') {
		size_t length = strcspn(path, ".");

		if (length >= sizeof(word))
			return NULL;
		text_copy(word, length + 1, path);
		value = json_object_get(value, word);
		path += length + (path[length] == '.');
	}
	return value;
}

int64_t
watch_number(const struct watch *watch, const char *path)
{
	return json_integer_value(value_at_path(watch, path));
}

const char *
watch_text(const struct watch *watch, const char *path)
{
	const char *text = json_string_value(value_at_path(watch, path));

	return text == NULL ? "" : text;
}

const char *
watch_cell(const struct watch *watch, size_t row, const char *key)
{
	const char *text = json_string_value(
	    json_object_get(json_array_get(watch->domains, row), key));

	return text == NULL ? "" : text;
}

int64_t
watch_messages(const struct watch *watch, size_t row)
{
	return cli_daemon_number(
	    json_array_get(watch->domains, row), "messages");
}

size_t
watch_rows(const struct watch *watch)
{
	return json_array_size(watch->domains);
}
