/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/doctor/doctor_hops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "milter/cli/cli.h"
#include "milter/cli/host/postfix.h"
#include "milter/cli/host/postfix_map.h"

enum {
	/* Of a file that is read: far more than one that people write by hand
	 */
	FILE_OCTETS = 1024 * 1024,
	SMTP_PORT = 25,
};

/* What an entry of a table, or a parameter with the key "", means. */
typedef void take_entry(struct doctor_hops *hops, const char *key, char *value);

static void
note_unread(struct doctor_hops *hops, const char *what)
{
	text_addf(
	    &hops->unread, "%s%.100s", hops->unread.len == 0 ? "" : ", ", what);
}

/* --- next hops --- */

/* Ports do not matter to a lookup. */
static bool
has_hop(const struct doctor_hops *hops, const struct nexthop *hop)
{
	for (size_t i = 0; i < hops->count; i++)
		if (strcmp(hops->items[i].hop.host, hop->host) == 0 &&
		    hops->items[i].hop.mx_lookup == hop->mx_lookup)
			return true;
	return false;
}

static void
add_hop(struct doctor_hops *hops, const struct nexthop *hop)
{
	struct doctor_hop *item;

	if (hop->literal || has_hop(hops, hop))
		return;
	if (hops->count == DOCTOR_HOPS_MAX) {
		hops->too_many = true;
		return;
	}
	item = &hops->items[hops->count++];
	item->hop = *hop;
	item->hop.port = SMTP_PORT;
	item->by_hosts = hops->by_hosts;
}

/* "[host]:port", or several; "DUNNO" is none (postconf(5),
 * sender_dependent_relayhost_maps). */
static void
take_hops(struct doctor_hops *hops, const char *key, char *value)
{
	struct nexthop out[LIMIT_NEXTHOPS];
	int count;

	(void)key;
	value = text_trim(value);
	if (*value == '\0' || strcasecmp(value, "DUNNO") == 0)
		return;
	count = nexthop_parse(value, SMTP_PORT, out, NULL);
	if (count < 0)
		note_unread(hops, value);
	for (int i = 0; i < count; i++)
		add_hop(hops, &out[i]);
}

/* A service of master.cf, and whether it was found. */
struct wanted {
	char name[POSTFIX_NAME_SIZE];
	bool found;
};

static void
match_service(void *arg, const struct postfix_service *service)
{
	struct wanted *wanted = arg;

	wanted->found |= strcmp(service->name, wanted->name) == 0;
}

static bool
goes_by_smtp(const struct doctor *doctor, const char *transport)
{
	struct wanted wanted;

	snprintf(wanted.name, sizeof(wanted.name), "%s/unix", transport);
	wanted.found = false;
	postfix_each(doctor->postfix, "smtp", "unix", match_service, &wanted);
	return wanted.found;
}

/* "transport:nexthop" of transport(5); either may be missing. */
static void
take_transport(struct doctor_hops *hops, const char *key, char *value)
{
	char *colon = strchr(value, ':');

	if (colon == NULL)
		return;
	*colon = '\0';
	value = text_trim(value);
	if (*value == '\0' || goes_by_smtp(hops->doctor, value))
		take_hops(hops, key, colon + 1);
}

/* Whether posternd does not look at mail to a domain of transport(5):
 * "example.org", ".example.org" for what is below it, "user@example.org". */
static bool
is_passed_over(const struct settings *settings, const char *key)
{
	const char *at = strrchr(key, '@');
	char below[LIMIT_RAW_DOMAIN_SIZE], name[LIMIT_DOMAIN_SIZE];

	key = at == NULL ? key : at + 1;
	snprintf(below, sizeof(below), "%s%s", key[0] == '.' ? "any" : "", key);
	return domain_normalise(below, name, NULL) == 0 &&
	       (settings_lists_domain(&settings->internal_domains, name) ||
		   settings_lists_domain(&settings->exempt_domains, name));
}

static void
take_route(struct doctor_hops *hops, const char *key, char *value)
{
	if (!is_passed_over(hops->doctor->settings, key))
		take_transport(hops, key, value);
}

/* --- tables of Postfix --- */

/* What stands in braces, if it does. */
static char *
strip_braces(char *text)
{
	size_t length;

	text = text_trim(text);
	length = strlen(text);
	if (length < 2 || text[0] != '{' || text[length - 1] != '}')
		return text;
	text[length - 1] = '\0';
	return text_trim(text + 1);
}

/* "{ key=value, { key = value, with comma } }" */
static void
read_inline(struct doctor_hops *hops, char *body, take_entry *take)
{
	char *rest = strip_braces(body);
	char *word;

	while ((word = postfix_map_cut(&rest)) != NULL) {
		char *key = strip_braces(word);
		char *value = strchr(key, '=');

		if (value == NULL)
			continue;
		*value = '\0';
		take(hops, text_trim(key), text_trim(value + 1));
	}
}

/* A line that begins with white space goes on with the one before, unless it is
 * a comment (postmap(1)). */
static void
join_lines(char *text)
{
	for (char *at = strchr(text, '\n'); at != NULL;
	     at = strchr(at + 1, '\n')) {
		size_t space = strspn(at + 1, " \t");

		if (space == 0)
			continue;
		*at = ' ';
		if (at[1 + space] == '#')
			memset(at + 1, ' ', strcspn(at + 1, "\n"));
	}
}

static char *
read_text(const char *path)
{
	struct stat info;
	size_t length;

	/* A pipe might never end */
	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
		return NULL;
	return cli_read_file(path, FILE_OCTETS, &length, NULL);
}

/* "key   value" */
static void
read_lines(struct doctor_hops *hops, char *text, take_entry *take)
{
	char *rest;

	join_lines(text);
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *value;

		line = text_trim(line);
		if (*line == '#')
			continue;
		value = line + strcspn(line, " \t");
		if (*value != '\0')
			*value++ = '\0';
		take(hops, line, value);
	}
}

/* The file of a table, or the one that postmap(1) made it of; else NULL. */
static const char *
source_of(const char *table)
{
	static const char *const types[] = {
	    "texthash", "hash", "btree", "lmdb", "cdb", "dbm", "sdbm"};
	const char *colon = strchr(table, ':');

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (colon != NULL && colon[1] == '/' &&
		    strlen(types[i]) == (size_t)(colon - table) &&
		    strncmp(table, types[i], strlen(types[i])) == 0)
			return colon + 1;
	return NULL;
}

static void
read_map(struct doctor_hops *hops, char *table, take_entry *take)
{
	const char *path;
	char *text;

	if (strncmp(table, "proxy:", 6) == 0)
		table += 6;
	if (strncmp(table, "static:", 7) == 0) {
		take(hops, "", strip_braces(table + 7));
		return;
	}
	if (strncmp(table, "inline:", 7) == 0) {
		read_inline(hops, table + 7, take);
		return;
	}
	path = source_of(table);
	text = path == NULL ? NULL : read_text(path);
	if (text == NULL)
		note_unread(hops, table);
	else
		read_lines(hops, text, take);
	free(text);
}

static void
find_in_postfix(struct doctor_hops *hops)
{
	static const struct {
		const char *parameter;
		bool maps;
		take_entry *take;
	} places[] = {
	    {"relayhost", false, take_hops},
	    {"default_transport", false, take_transport},
	    {"relay_transport", false, take_transport},
	    {"sender_dependent_relayhost_maps", true, take_hops},
	    {"sender_dependent_default_transport_maps", true, take_transport},
	    {"transport_maps", true, take_route},
	};

	hops->by_hosts =
	    strstr(postfix_get(hops->doctor->postfix, "smtp_host_lookup"),
		"native") != NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char *value = xstrdup(
		    postfix_get(hops->doctor->postfix, places[i].parameter));
		char *rest = value;
		char *table;

		if (!places[i].maps)
			places[i].take(hops, "", value);
		while (
		    places[i].maps && (table = postfix_map_cut(&rest)) != NULL)
			read_map(hops, table, places[i].take);
		free(value);
	}
}

/* --- Sendmail --- */

/* "DSsmart.example", "DSesmtp:[smart.example]": one word before a ":" is a
 * mailer, any but these carry mail by other ways than SMTP. */
static void
take_smart_host(struct doctor_hops *hops, char *value)
{
	static const char *const mailers[] = {
	    "smtp", "esmtp", "smtp8", "dsmtp", "relay"};
	size_t length = strcspn(value, ".[:");

	if (value[length] != ':') {
		take_hops(hops, "", value);
		return;
	}
	value[length] = '\0';
	for (size_t i = 0; i < sizeof(mailers) / sizeof(mailers[0]); i++)
		if (strcasecmp(value, mailers[i]) == 0)
			take_hops(hops, "", value + length + 1);
}

/* The last one counts. */
static void
find_in_sendmail(struct doctor_hops *hops)
{
	char *text, *rest, *smart_host = NULL;
	struct stat info;

	if (stat(DOCTOR_SENDMAIL_CF, &info) != 0)
		return;
	text = read_text(DOCTOR_SENDMAIL_CF);
	if (text == NULL) {
		note_unread(hops, DOCTOR_SENDMAIL_CF);
		return;
	}
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, "DS", 2) == 0)
			smart_host = line + 2;
	hops->by_hosts = true;
	if (smart_host != NULL)
		take_smart_host(hops, text_trim(smart_host));
	free(text);
}

void
doctor_hops_find(const struct doctor *doctor, struct doctor_hops *hops)
{
	*hops = (struct doctor_hops){.doctor = doctor};
	text_init(
	    &hops->unread, hops->unread_array, sizeof(hops->unread_array));
	if (doctor->postfix != NULL)
		find_in_postfix(hops);
	find_in_sendmail(hops);
}
