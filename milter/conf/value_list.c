/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/shared_link.h"
#include "common/proto/address.h"
#include "common/proto/domain.h"
#include "milter/conf/settings_list.h"
#include "milter/conf/value.h"

void
value_read_words(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	struct settings_list *list = field;
	char *rest;

	(void)place;
	(void)form;
	settings_list_fini(list);
	for (char *word = strtok_r(value, ", \t", &rest); word != NULL;
	     word = strtok_r(NULL, ", \t", &rest))
		settings_list_add(list, word);
}

void
value_read_stores(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	struct settings_list *list = field;
	struct shared_address address;
	struct err err;

	value_read_words(place, form, field, value);
	if (list->count > LIMIT_SHARED_SERVERS)
		value_complain(
		    place, "more than %d servers", LIMIT_SHARED_SERVERS);
	for (size_t i = 0; i < list->count; i++)
		if (shared_address_parse(list->items[i], &address, &err) != 0)
			value_complain(place, "%s", err.text);
}

/* "name", or ".name" for what is below it. */
static void
add_domain(const struct value_place *place, struct settings_list *list,
    const char *item)
{
	char name[LIMIT_DOMAIN_SIZE + 1] = ".";
	bool below = item[0] == '.';
	struct err err;

	if (domain_normalise(item + below, name + 1, &err) < 0)
		value_complain(place, "%s", err.text);
	else
		settings_list_add(list, below ? name : name + 1);
}

static void
read_domain_file(const struct value_place *place, struct settings_list *list,
    const char *path)
{
	size_t before = place->faults->count;
	AUTO(conf) struct conf *file = NULL;

	if (path[0] != '/') {
		value_complain(
		    place, "\"file:%s\" is no path that begins with /", path);
		return;
	}
	file = conf_read(path, false, place->faults);
	if (file == NULL && place->faults->count > before) {
		char *why = conf_faults_take(place->faults);

		value_complain(place, "%s", why);
		free(why);
	}
	for (size_t i = 0; file != NULL && i < file->count; i++) {
		struct conf_entry *entry = &file->entries[i];
		struct value_place there = {.faults = place->faults,
		    .file = path,
		    .line = entry->line,
		    .keyword = place->keyword};

		if (entry->value[0] != '\0')
			value_complain(&there, "more than one word in a line");
		else
			add_domain(&there, list, entry->keyword);
	}
}

void
value_read_domains(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	struct settings_list *list = field;
	char *rest;

	(void)form;
	settings_list_fini(list);
	for (char *word = strtok_r(value, ", \t", &rest); word != NULL;
	     word = strtok_r(NULL, ", \t", &rest)) {
		if (strncmp(word, "file:", 5) == 0)
			read_domain_file(place, list, word + 5);
		else
			add_domain(place, list, word);
	}
	settings_list_sort(list);
}

void
value_read_names(const struct value_place *place, const struct value_form *form,
    void *field, char *value)
{
	struct settings_list *list = field;
	bool none = strcasecmp(value, "none") == 0;

	settings_list_fini(list);
	if (!none)
		value_read_domains(place, form, field, value);
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i][0] == '.')
			value_complain(place,
			    "\"%s\": a name holds for all below it, without a "
			    "dot in front",
			    list->items[i]);
	if (form->max > 0 && list->count > (size_t)form->max)
		value_complain(place, "more than %d names", form->max);
}

/* ADDRESS or ADDRESS@PORT */
static bool
is_nameserver(char *text)
{
	char *at = strchr(text, '@');
	struct address address;
	uint32_t port;
	bool good;

	if (at != NULL)
		*at = '\0';
	good = address_parse(text, &address) == 0 &&
	       (at == NULL ||
		   (text_uint(at + 1, UINT16_MAX, &port) == 0 && port > 0));
	if (at != NULL)
		*at = '@';
	return good;
}

void
value_read_nameservers(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	struct settings_list *list = field;

	value_read_words(place, form, field, value);
	for (size_t i = 0; i < list->count; i++) {
		bool alone = list->count == 1;

		if (!is_nameserver(list->items[i]) &&
		    !(alone && strcmp(list->items[i], "recurse") == 0))
			value_complain(place,
			    "\"%s\" is no address, or the word recurse alone",
			    list->items[i]);
	}
}

/* No host has it, or it stands for any. */
static bool
is_nobodys(const struct address *address)
{
	static const uint8_t any[sizeof(address->octets)];
	uint8_t first = address->octets[0];

	return memcmp(address->octets, any, address->size) == 0 ||
	       (address->family == AF_INET ? first >= 224 : first == 255);
}

void
value_read_sources(const struct value_place *place,
    const struct value_form *form, void *field, char *value)
{
	struct settings_list *list = field;
	bool seen[2] = {false, false};

	value_read_words(place, form, field, value);
	for (size_t i = 0; i < list->count; i++) {
		struct address address;
		bool *same;

		if (address_parse(list->items[i], &address) != 0 ||
		    is_nobodys(&address)) {
			value_complain(place, "\"%s\" is no address of a host",
			    list->items[i]);
			continue;
		}
		same = &seen[address.family == AF_INET6];
		if (*same)
			value_complain(place,
			    "\"%s\" is the second address of its family",
			    list->items[i]);
		*same = true;
	}
}
