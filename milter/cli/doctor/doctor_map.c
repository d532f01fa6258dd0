/*
 * How it works: each service of smtp(8) has a list of tables that it asks for
 * the level of a destination.  Those of its tables that are at a MapSocket of
 * ours are found first; the findings are then about them, and about what else
 * of Postfix's settings makes their answers come true.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/doctor_edit.h"
#include "milter/cli/doctor/doctor_map.h"
#include "milter/cli/host/postfix.h"
#include "milter/cli/host/postfix_map.h"

#define POLICY_MAPS "smtp_tls_policy_maps"
#define PROXY "proxy:"
#define TABLE "socketmap:"
#define PLAIN_NAME "QUERY"
#define TLSRPT_NAME "QUERYwithTLSRPT"

enum {
	/* Postfix's versions, as doctor_map_version has them */
	WITH_ATTRIBUTES = 31000,
	WITH_PATTERNS = 31005,
};

/* --- who asks --- */

/* "socketmap:unix:PATH:NAME" or "socketmap:inet:HOST:PORT:NAME", with "proxy:"
 * before it or not. */
static bool
read_socketmap(
    const char *table, struct map_asker *asker, struct postfix_milter *at)
{
	const char *address, *name;

	asker->proxied = strncmp(table, PROXY, strlen(PROXY)) == 0;
	address = table + (asker->proxied ? strlen(PROXY) : 0);
	if (strncmp(address, TABLE, strlen(TABLE)) != 0)
		return false;
	address += strlen(TABLE);
	name = strrchr(address, ':');
	if (name == NULL || !text_copy(asker->name, MAP_NAME_SIZE, name + 1))
		return false;
	*at = (struct postfix_milter){
	    .address = {address, (size_t)(name - address)}};
	return true;
}

/* Whether it is one of ours. */
static bool
match_table(
    const struct map_askers *all, const char *table, struct map_asker *asker)
{
	const struct settings_list *ours = &all->doctor->settings->map_sockets;
	struct postfix_milter at;
	bool chrooted;

	if (!read_socketmap(table, asker, &at))
		return false;
	chrooted =
	    asker->proxied ? all->proxy_chrooted : asker->service.chrooted;
	for (size_t i = 0; i < ours->count; i++) {
		enum postfix_reach reach = postfix_reach(
		    all->doctor->postfix, chrooted, &at, ours->items[i]);

		if (reach != POSTFIX_REACHES && reach != POSTFIX_SHUT_OUT)
			continue;
		asker->socket = ours->items[i];
		asker->shut_out = reach == POSTFIX_SHUT_OUT;
		text_copy(asker->table, MAP_TABLE_SIZE, table);
		return true;
	}
	return false;
}

/* The tables of one service, in their order. */
static void
look_at_tables(
    const struct map_askers *all, const char *maps, struct map_asker *asker)
{
	char *copy = xstrdup(maps), *rest = copy, *table;
	size_t count = 0;

	while ((table = postfix_map_cut(&rest)) != NULL) {
		struct map_asker scratch = *asker;
		struct postfix_milter at;

		count++;
		if (asker->socket == NULL && match_table(all, table, &scratch))
			*asker = scratch;
		else if (asker->socket == NULL && asker->before[0] == '\0')
			text_copy(asker->before, MAP_TABLE_SIZE, table);
		else if (asker->socket != NULL && asker->behind[0] == '\0' &&
			 read_socketmap(table, &scratch, &at))
			text_copy(asker->behind, MAP_TABLE_SIZE, table);
	}
	asker->alone = count == 1;
	free(copy);
}

static void
note_map_asker(void *arg, const struct postfix_service *service)
{
	struct map_askers *all = arg;
	const char *maps =
	    postfix_get_of(all->doctor->postfix, service, POLICY_MAPS);
	struct map_asker asker = {.service = *service};

	if (all->delivering++ == 0)
		all->first = *service;
	if (maps == NULL || all->count == MAP_ASKERS_MAX)
		return;
	look_at_tables(all, maps, &asker);
	if (asker.socket != NULL)
		all->items[all->count++] = asker;
}

static void
note_proxy(void *arg, const struct postfix_service *service)
{
	struct map_askers *all = arg;

	all->proxy_chrooted |= service->chrooted;
}

void
doctor_map_find(struct doctor *doctor, struct map_askers *all)
{
	*all = (struct map_askers){.doctor = doctor};
	postfix_each(doctor->postfix, "proxymap", NULL, note_proxy, all);
	postfix_each(doctor->postfix, "smtp", "unix", note_map_asker, all);
}

/* --- what mends it --- */

/* The table in the words of main.cf, for a socket of ours. */
static void
print_table(const char *socket, const char *name, char out[MAP_TABLE_SIZE])
{
	const char *rest = strchr(socket, ':') + 1;
	char copy[MAP_TABLE_SIZE];
	char *host;

	if (rest[0] == '/') {
		snprintf(
		    out, MAP_TABLE_SIZE, TABLE "unix:%.200s:%s", rest, name);
		return;
	}
	text_copy(copy, sizeof(copy), rest);
	host = settings_cut_host(copy);
	snprintf(out, MAP_TABLE_SIZE, TABLE "inet:%.120s:%.60s:%s",
	    host == NULL ? "127.0.0.1" : host, copy, name);
}

/* What stands beside it is not ours. */
void
doctor_map_mend(const struct doctor *doctor, struct doctor_finding *found,
    const struct map_asker *asker, const char *table)
{
	if (!asker->alone) {
		doctor_mend(found,
		    "# in " POLICY_MAPS ", write %s instead of "
		    "%s",
		    table, asker->table);
		return;
	}
	doctor_edit_parameter(
	    doctor, found, &asker->service, POLICY_MAPS, table);
	doctor_edit_reload(found);
}

static void
mend_name(const struct doctor *doctor, struct doctor_finding *found,
    const struct map_asker *asker, const char *name)
{
	char table[MAP_TABLE_SIZE];

	snprintf(table, sizeof(table), "%.*s%s",
	    (int)(strrchr(asker->table, ':') + 1 - asker->table), asker->table,
	    name);
	doctor_map_mend(doctor, found, asker, table);
}

unsigned
doctor_map_version(const struct doctor *doctor)
{
	const char *text = postfix_get(doctor->postfix, "mail_version");
	unsigned parts[3] = {0, 0, 0};

	for (size_t i = 0; i < 3; i++) {
		char *end;
		unsigned long part = strtoul(text, &end, 10);

		if (end == text || part > 99)
			return 0;
		parts[i] = (unsigned)part;
		if (*end != '.')
			break;
		text = end + 1;
	}
	return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

/* --- findings --- */

/* Whoever asks nobody of ours enforces what main.cf says alone. */
static void
say_no_asker(const struct map_askers *all, struct doctor_finding *found)
{
	const struct doctor *doctor = all->doctor;
	const char *maps =
	    all->delivering == 0
		? NULL
		: postfix_get_of(doctor->postfix, &all->first, POLICY_MAPS);
	char table[MAP_TABLE_SIZE];

	if (maps == NULL) {
		doctor_blind(found, "cannot tell what smtp(8) asks");
		return;
	}
	print_table(doctor->settings->map_sockets.items[0], PLAIN_NAME, table);
	doctor_say(found, DOCTOR_WARN,
	    "MapSocket is set, but no smtp of master.cf asks it: what was "
	    "forecast is not enforced");
	if (maps[0] != '\0') {
		doctor_mend(found, "# in " POLICY_MAPS ", add %s", table);
		return;
	}
	doctor_edit_parameter(doctor, found, &all->first, POLICY_MAPS, table);
	doctor_edit_reload(found);
}

/* What is wrong with the name by which it asks. */
static bool
say_name(const struct map_askers *all, const struct map_asker *asker,
    struct doctor_finding *found)
{
	const struct doctor *doctor = all->doctor;
	unsigned version = doctor_map_version(doctor);

	if (strcasecmp(asker->name, "sts") == 0) {
		doctor_say(found, DOCTOR_FAIL,
		    "%s asks the map \"%s\", which is Sendmail's: it is told "
		    "nothing of DANE",
		    asker->service.name, asker->name);
		mend_name(doctor, found, asker, PLAIN_NAME);
		return true;
	}
	if (strcasecmp(asker->name, TLSRPT_NAME) != 0 || version == 0 ||
	    version >= WITH_ATTRIBUTES)
		return false;
	doctor_say(found, DOCTOR_FAIL,
	    "%s asks " TLSRPT_NAME ", which Postfix %s does not understand: "
	    "mail under an MTA-STS policy is deferred",
	    asker->service.name, postfix_get(doctor->postfix, "mail_version"));
	mend_name(doctor, found, asker, PLAIN_NAME);
	return true;
}

/* What another policy server makes of a domain that ours has nothing for. */
static bool
say_behind(const struct map_asker *asker, struct doctor_finding *found)
{
	if (asker->behind[0] == '\0')
		return false;
	doctor_say(found, DOCTOR_WARN,
	    "%s asks %.120s too, where posternd has no answer: one that knows "
	    "nothing of DANE then decides",
	    asker->service.name, asker->behind);
	doctor_mend(found, "# take %s out of " POLICY_MAPS, asker->behind);
	return true;
}

static void
say_asks(const struct map_askers *all, struct doctor_finding *found)
{
	const struct map_asker *asker = &all->items[0];
	bool hint = doctor_map_version(all->doctor) >= WITH_PATTERNS &&
		    strcasecmp(asker->name, TLSRPT_NAME) != 0;

	doctor_say(found, DOCTOR_OK, "%s asks %.120s%s%.80s%s",
	    asker->service.name, asker->table,
	    asker->before[0] == '\0' ? "" : ", after ", asker->before,
	    hint ? "; by " TLSRPT_NAME
		   " it would compare the names of mail hosts as well"
		 : "");
}

void
doctor_map(struct doctor *doctor, struct doctor_finding *found)
{
	struct map_askers all;

	doctor_map_find(doctor, &all);
	if (all.count == 0) {
		say_no_asker(&all, found);
		return;
	}
	for (size_t i = 0; i < all.count; i++)
		if (say_name(&all, &all.items[i], found) ||
		    say_behind(&all.items[i], found))
			return;
	say_asks(&all, found);
}
