/*
 * How it works, for a destination: find the service and the next hop that
 * Postfix hands its mail to; ask the tables of smtp_tls_policy_maps for that
 * next hop, as smtp(8) does, with postmap(1); say what the level that is then
 * in force does about a host that is not who it should be.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/doctor_delivery.h"
#include "milter/cli/doctor/doctor_edit.h"
#include "milter/cli/host/postfix.h"
#include "milter/cli/host/postfix_map.h"

#define POLICY_MAPS "smtp_tls_policy_maps"
#define SEPARATORS ", \t\r\n"

enum { VALUE_SIZE = 300 };

/* The way that mail to a destination goes. */
struct way_out {
	struct doctor *doctor;
	struct doctor_finding *found;
	const char *domain;
	char name[POSTFIX_NAME_SIZE]; /* "smtp/unix" */
	struct postfix_service service;
	bool by_smtp;
	char hops[VALUE_SIZE];
};

/* --- the next hop --- */

static void
match_way_out(void *arg, const struct postfix_service *service)
{
	struct way_out *out = arg;

	if (strcmp(service->name, out->name) != 0)
		return;
	out->service = *service;
	out->by_smtp = true;
}

/* "transport:nexthop"; what is missing stays as it was. */
static void
take_way_out(struct way_out *out, const char *route)
{
	size_t length = strcspn(route, ":");
	const char *hops = route + length + (route[length] == ':');

	if (length > 0)
		snprintf(out->name, sizeof(out->name), "%.*s/unix", (int)length,
		    route);
	if (hops[0] != '\0')
		text_copy(out->hops, sizeof(out->hops), hops);
}

/* Which form of the domains above one is a key of transport(5). */
static const char *
mark_above(const struct way_out *out)
{
	const char *lists = postfix_get(
	    out->doctor->postfix, "parent_domain_matches_subdomains");

	return strstr(lists, "transport_maps") == NULL ? "." : "";
}

static enum postfix_map
ask_transport(const struct way_out *out, char *route, size_t size)
{
	const char *maps = postfix_get(out->doctor->postfix, "transport_maps");
	enum postfix_map found;

	if (maps[0] == '\0')
		return POSTFIX_MAP_ABSENT;
	/* patterns are held against whole addresses */
	if (strstr(maps, "regexp:") != NULL || strstr(maps, "pcre:") != NULL)
		return POSTFIX_MAP_UNKNOWN;
	found = postfix_map_ask_domain(
	    maps, out->domain, mark_above(out), route, size);
	return found == POSTFIX_MAP_ABSENT
		   ? postfix_map_ask(maps, "*", route, size)
		   : found;
}

/* transport(5): an entry with a transport and no next hop means the domain; one
 * without either is none. */
static bool
find_way_out(struct way_out *out)
{
	const struct postfix *postfix = out->doctor->postfix;
	char route[VALUE_SIZE];
	const char *relayhost = postfix_get(postfix, "relayhost");

	text_copy(out->hops, sizeof(out->hops),
	    relayhost[0] == '\0' ? out->domain : relayhost);
	take_way_out(out, postfix_get(postfix, "default_transport"));
	switch (ask_transport(out, route, sizeof(route))) {
	case POSTFIX_MAP_UNKNOWN:
		doctor_blind(out->found,
		    "%s: cannot tell what transport_maps says of it",
		    out->domain);
		return false;
	case POSTFIX_MAP_FOUND:
		if (route[0] != ':' && route[0] != '\0')
			text_copy(out->hops, sizeof(out->hops), out->domain);
		take_way_out(out, route);
		break;
	case POSTFIX_MAP_ABSENT:
		break;
	}
	postfix_each(postfix, "smtp", "unix", match_way_out, out);
	if (!out->by_smtp)
		doctor_say(out->found, DOCTOR_SKIP,
		    "%s: mail goes by %.*s, not by SMTP", out->domain,
		    (int)strcspn(out->name, "/"), out->name);
	return out->by_smtp;
}

/* --- what is in force --- */

/* "[host]", "host:port" and the like are looked up as they stand; domains also
 * by what they are in. */
static enum postfix_map
ask_policy(const char *maps, const char *hop, char *policy, size_t size)
{
	char name[LIMIT_DOMAIN_SIZE];

	if (maps[0] == '\0')
		return POSTFIX_MAP_ABSENT;
	if (domain_normalise(hop, name, NULL) != 0 || strchr(hop, ':') != NULL)
		return postfix_map_ask(maps, hop, policy, size);
	return postfix_map_ask_domain(maps, hop, ".", policy, size);
}

/* What one next hop comes to. */
struct force {
	const char *hop;
	char level[POSTFIX_NAME_SIZE];
	enum doctor_strength strength;
	bool by_table;
};

static void
say_weak_hop(const struct way_out *out, const struct force *force)
{
	bool none = force->strength == DOCTOR_STRENGTH_NONE;

	doctor_say(out->found, none ? DOCTOR_FAIL : DOCTOR_WARN,
	    "%s: %s, by %s: %s", force->hop,
	    force->level[0] == '\0' ? "no level" : force->level,
	    force->by_table ? POLICY_MAPS : "smtp_tls_security_level",
	    none ? "mail leaves without TLS, whatever posternd finds"
		 : "at delivery Postfix authenticates nobody");
	if (force->by_table)
		doctor_mend(out->found,
		    "# in " POLICY_MAPS ", take the entry for %s out, or let "
		    "it say what \"postern check %s\" prints for Postfix",
		    force->hop, out->domain);
	else
		doctor_mend(out->found,
		    "# see smtp_tls_security_level above; or for this "
		    "destination alone, in " POLICY_MAPS ", what \"postern "
		    "check %s\" prints for Postfix",
		    out->domain);
}

/* Postfix's own words for what it does not understand: "client TLS
 * configuration problem". */
static void
say_no_level(const struct way_out *out, const struct force *force)
{
	if (!force->by_table) {
		doctor_blind(out->found, "%s: cannot tell what %s is",
		    force->hop, force->level);
		return;
	}
	doctor_say(out->found, DOCTOR_FAIL,
	    "%s: " POLICY_MAPS " says \"%s\", which is no level: Postfix "
	    "defers the mail",
	    force->hop, force->level);
	doctor_mend(out->found,
	    "# in " POLICY_MAPS ", %s needs one of none, may, encrypt, dane, "
	    "dane-only, fingerprint, verify, secure",
	    force->hop);
}

static bool
say_hindrance(const struct way_out *out, const struct force *force)
{
	struct doctor *doctor = out->doctor;
	const char *cure, *hindrance = doctor_dane_hindrance(
			      doctor->postfix, &out->service, &cure);

	if (strncmp(force->level, "dane", 4) != 0 || hindrance == NULL)
		return false;
	doctor_say(out->found, DOCTOR_FAIL,
	    "%s: %s, but Postfix's DANE does nothing, by %s", force->hop,
	    force->level, hindrance);
	if (cure != NULL) {
		doctor_edit_parameter(
		    doctor, out->found, &out->service, hindrance, cure);
		doctor_edit_reload(out->found);
	} else {
		doctor_mend(out->found, "# DANE needs %s = no", hindrance);
	}
	return true;
}

/* False when nothing more is to be said. */
static bool
look_at_hop(const struct way_out *out, struct force *force)
{
	const char *maps =
	    postfix_get_of(out->doctor->postfix, &out->service, POLICY_MAPS);
	char policy[POSTFIX_MAP_SIZE];

	switch (maps == NULL
		    ? POSTFIX_MAP_UNKNOWN
		    : ask_policy(maps, force->hop, policy, sizeof(policy))) {
	case POSTFIX_MAP_UNKNOWN:
		doctor_blind(out->found,
		    "%s: cannot tell what " POLICY_MAPS " says of it: %.100s",
		    force->hop, maps == NULL ? "" : maps);
		return false;
	case POSTFIX_MAP_FOUND:
		force->by_table = true;
		snprintf(force->level, sizeof(force->level), "%.*s",
		    (int)strcspn(policy, SEPARATORS), policy);
		force->strength = doctor_strength_of(force->level);
		break;
	case POSTFIX_MAP_ABSENT:
		text_copy(force->level, sizeof(force->level),
		    doctor_level_of(
			out->doctor->postfix, &out->service, &force->strength));
		break;
	}
	switch (force->strength) {
	case DOCTOR_STRENGTH_UNKNOWN:
		say_no_level(out, force);
		return false;
	case DOCTOR_STRENGTH_NONE:
	case DOCTOR_STRENGTH_TRIES:
	case DOCTOR_STRENGTH_FLOOR:
		say_weak_hop(out, force);
		return false;
	case DOCTOR_STRENGTH_CHECKS:
	case DOCTOR_STRENGTH_CHECKS_CA:
		break;
	}
	return !say_hindrance(out, force);
}

static bool
is_for_some_senders(const struct postfix *postfix)
{
	return postfix_get(postfix, "sender_dependent_relayhost_maps")[0] !=
		   '\0' ||
	       postfix_get(postfix,
		   "sender_dependent_default_transport_maps")[0] != '\0';
}

static void
look_at_way(const struct way_out *out)
{
	char hops[VALUE_SIZE];
	char *rest = hops, *hop;
	struct force force = {.hop = NULL};
	size_t count = 0;

	text_copy(hops, sizeof(hops), out->hops);
	while ((hop = postfix_map_cut(&rest)) != NULL) {
		force = (struct force){.hop = hop};
		if (!look_at_hop(out, &force))
			return;
		count++;
	}
	if (count == 0) {
		doctor_blind(
		    out->found, "cannot tell the next hop of %s", out->domain);
		return;
	}
	doctor_say(out->found, DOCTOR_OK, "%s: %s, by %s%s", out->hops,
	    force.level,
	    force.by_table ? POLICY_MAPS : "smtp_tls_security_level",
	    is_for_some_senders(out->doctor->postfix)
		? "; senders may have next hops of their own"
		: "");
}

void
doctor_tls_policy(struct doctor *doctor, struct doctor_finding *found)
{
	struct way_out out = {.doctor = doctor,
	    .found = found,
	    .domain = doctor->domain == NULL ? "" : doctor->domain};
	char name[LIMIT_DOMAIN_SIZE];

	if (doctor->domain == NULL) {
		doctor_say(found, DOCTOR_SKIP,
		    "no destination is named: \"postern doctor DOMAIN\" looks "
		    "what is in force for one");
		return;
	}
	if (domain_normalise(doctor->domain, name, NULL) != 0) {
		doctor_blind(found, "%s is no domain", doctor->domain);
		return;
	}
	out.domain = name;
	if (find_way_out(&out))
		look_at_way(&out);
}
