/* All lookups of all next hops are asked side by side, as posternd would ask
 * them one after another, and then awaited until one common deadline.  Where
 * one is bogus, the zone that is to blame is found the same way: of the names
 * above the next hop, the highest that is bogus itself. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/judge/action.h"
#include "common/proto/domain.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/doctor_hops.h"

enum {
	NAMES_SIZE = 90,
	ZONES_SIZE = DOCTOR_HOPS_MAX * (LIMIT_DOMAIN_SIZE + 1),
	LABELS_MAX = 128, /* of a name of LIMIT_DOMAIN octets */
	ABOVE_MAX = 8,    /* names above a next hop that are asked for */
};

/* What became of a next hop.  The worse the earlier. */
enum fate { FATE_FORGED, FATE_UNANSWERED, FATE_ABSENT, FATE_HOSTS, FATE_FOUND };
enum { FATES = FATE_FOUND + 1 };

struct hop_queries {
	struct dns_query *mx; /* NULL: not asked */
	struct dns_query *a, *aaaa;
};

struct nexthops {
	struct doctor_hops hops;
	enum fate fates[DOCTOR_HOPS_MAX];
	struct text names[FATES]; /* as they are shown */
	char names_arrays[FATES][NAMES_SIZE];
};

/* --- lookups --- */

static struct lookup
await_lookup(struct dns_query *query)
{
	AUTO(dns_answer) struct dns_answer *answer = dns_await(query);

	return answer->lookup;
}

/* Behind an MX record, the addresses of the name are not asked for. */
static enum fate
fate_of(const struct doctor_hop *hop, const struct hop_queries *queries)
{
	struct lookup lookups[3] = {{.state = LOOKUP_NOT_ASKED}};
	bool failed = false, found = false;

	if (queries->mx != NULL)
		lookups[0] = await_lookup(queries->mx);
	lookups[1] = await_lookup(queries->a);
	lookups[2] = await_lookup(queries->aaaa);
	for (size_t i = 0; i < 3; i++) {
		if (lookups[i].state == LOOKUP_BOGUS)
			return FATE_FORGED;
		if (i == 0 && lookup_failed(&lookups[i]))
			return FATE_UNANSWERED;
		found |= lookups[i].state == LOOKUP_DATA;
		failed |= lookup_failed(&lookups[i]);
		if (i == 0 && found)
			return FATE_FOUND;
	}
	if (found)
		return FATE_FOUND;
	if (failed)
		return FATE_UNANSWERED;
	return hop->by_hosts ? FATE_HOSTS : FATE_ABSENT;
}

static void
look_up_hops(const struct doctor *doctor, struct nexthops *nexthops)
{
	const struct doctor_hops *hops = &nexthops->hops;
	int64_t deadline = clock_mono_ms() + doctor->settings->dns_timeout_ms;
	struct hop_queries queries[DOCTOR_HOPS_MAX];

	for (size_t i = 0; i < hops->count; i++) {
		const struct nexthop *hop = &hops->items[i].hop;
		struct dns *dns = doctor->dns;

		queries[i].mx = hop->mx_lookup
				    ? dns_ask(dns, hop->host, DNS_MX, deadline)
				    : NULL;
		queries[i].a = dns_ask(dns, hop->host, DNS_A, deadline);
		queries[i].aaaa = dns_ask(dns, hop->host, DNS_AAAA, deadline);
	}
	for (size_t i = 0; i < hops->count; i++)
		nexthops->fates[i] = fate_of(&hops->items[i], &queries[i]);
}

/* --- the zone of one that is bogus --- */

/* The highest of the names above host that is bogus; else host itself. */
static const char *
find_bogus_zone(const struct doctor *doctor, const char *host, int64_t deadline)
{
	const char *names[LABELS_MAX];
	struct dns_query *queries[ABOVE_MAX];
	const char *zone = host;
	size_t count = 0, first;

	for (const char *dot = strchr(host, '.'); dot != NULL;
	     dot = strchr(dot + 1, '.'))
		names[count++] = dot + 1;
	first = count > ABOVE_MAX ? count - ABOVE_MAX : 0;
	for (size_t i = first; i < count; i++)
		queries[i - first] =
		    dns_ask(doctor->dns, names[i], DNS_A, deadline);
	for (size_t i = first; i < count; i++)
		if (await_lookup(queries[i - first]).state == LOOKUP_BOGUS)
			zone = names[i];
	return zone;
}

/* Each once, with a comma between. */
static void
find_zones(const struct doctor *doctor, const struct nexthops *nexthops,
    char out[ZONES_SIZE])
{
	const struct doctor_hops *hops = &nexthops->hops;
	int64_t deadline = clock_mono_ms() + doctor->settings->dns_timeout_ms;
	const char *zones[DOCTOR_HOPS_MAX];
	size_t count = 0;
	struct text text;

	text_init(&text, out, ZONES_SIZE);
	for (size_t i = 0; i < hops->count; i++) {
		const char *host = hops->items[i].hop.host;
		bool known = nexthops->fates[i] != FATE_FORGED;

		for (size_t j = 0; j < count && !known; j++)
			known = domain_under(host, zones[j]);
		if (known)
			continue;
		zones[count] = find_bogus_zone(doctor, host, deadline);
		text_addf(&text, "%s%s", count == 0 ? "" : ",", zones[count]);
		count++;
	}
}

/* --- what is said --- */

static void
mend_forged(const struct doctor *doctor, const struct nexthops *nexthops,
    struct doctor_finding *found)
{
	const struct settings *settings = doctor->settings;
	const char *conf =
	    doctor->conf_file == NULL ? SETTINGS_PATH : doctor->conf_file;
	char zones[ZONES_SIZE];

	find_zones(doctor, nexthops, zones);
	if (settings->resolver == DNS_SYSTEM)
		doctor_mend(found,
		    "# the nameserver itself finds %s forged: if that is the "
		    "local network's own on purpose (split DNS), say so there; "
		    "Unbound: domain-insecure",
		    zones);
	else if (settings->insecure_domains.count == 0)
		doctor_mend(found,
		    "InsecureDomains %s    # in %s, then reload posternd: if "
		    "that is the local resolver's own on purpose (split DNS)",
		    zones, conf);
	else
		doctor_mend(found,
		    "# if that is the local resolver's own on purpose (split "
		    "DNS), add to InsecureDomains in %s, then reload posternd: "
		    "%s",
		    conf, zones);
	doctor_mend(found,
	    "# it means that no answer there is validated, and that no TLSA "
	    "record there counts; if it is not so on purpose, delv shows where "
	    "DNSSEC breaks");
}

static void
mend_hops(const struct doctor *doctor, const struct nexthops *nexthops,
    struct doctor_finding *found)
{
	if (nexthops->names[FATE_FORGED].len > 0)
		mend_forged(doctor, nexthops, found);
	for (size_t i = 0; i < nexthops->hops.count; i++)
		if (nexthops->fates[i] == FATE_UNANSWERED)
			doctor_mend(found,
			    "dig %s    # must be answered without SERVFAIL",
			    nexthops->hops.items[i].hop.host);
	if (nexthops->names[FATE_ABSENT].len > 0)
		doctor_mend(found,
		    "# name a next hop that has an address, or give it one in "
		    "DNS");
}

static void
add_names(struct text *seen, const char *words, const struct text *names)
{
	if (names->len > 0)
		text_addf(seen, "%s%s: %s%s", seen->len > 0 ? "; " : "", words,
		    names->s, names->cut ? "..." : "");
}

static void
say_hop_trouble(const struct doctor *doctor, const struct nexthops *nexthops,
    struct doctor_finding *found)
{
	bool stops = doctor->settings->on_temperror >= ACTION_HOLD;
	char array[DOCTOR_SEEN_SIZE];
	struct text seen;
	bool failed;

	text_init(&seen, array, sizeof(array));
	add_names(&seen, "forged, as DNSSEC has it (dnssec-invalid)",
	    &nexthops->names[FATE_FORGED]);
	add_names(&seen, "no answer", &nexthops->names[FATE_UNANSWERED]);
	failed = seen.len > 0;
	if (failed)
		text_add(&seen,
		    stops ? ": no mail goes there that posternd looks at"
			  : ": all mail there that posternd looks at is a "
			    "temperror");
	add_names(&seen, "no address", &nexthops->names[FATE_ABSENT]);
	doctor_say(
	    found, failed && stops ? DOCTOR_FAIL : DOCTOR_WARN, "%s", seen.s);
	mend_hops(doctor, nexthops, found);
}

static void
say_hops(const struct doctor *doctor, const struct nexthops *nexthops,
    struct doctor_finding *found)
{
	const struct doctor_hops *hops = &nexthops->hops;

	if (nexthops->names[FATE_FORGED].len > 0 ||
	    nexthops->names[FATE_UNANSWERED].len > 0 ||
	    nexthops->names[FATE_ABSENT].len > 0)
		say_hop_trouble(doctor, nexthops, found);
	else if (hops->too_many)
		doctor_blind(found,
		    "%zu next hops can be looked up; cannot tell of the others",
		    hops->count);
	else if (hops->unread.len > 0)
		doctor_blind(found,
		    "cannot tell what next hops there are by %s",
		    hops->unread.s);
	else if (nexthops->names[FATE_HOSTS].len > 0)
		doctor_blind(found,
		    "not in DNS, cannot tell whether in /etc/hosts: %s",
		    nexthops->names[FATE_HOSTS].s);
	else
		doctor_say(found, DOCTOR_OK, "posternd's resolver finds %s%s",
		    nexthops->names[FATE_FOUND].s,
		    nexthops->names[FATE_FOUND].cut ? "..." : "");
}

static void
name_hops(struct nexthops *nexthops)
{
	for (size_t i = 0; i < FATES; i++)
		text_init(
		    &nexthops->names[i], nexthops->names_arrays[i], NAMES_SIZE);
	for (size_t i = 0; i < nexthops->hops.count; i++) {
		struct text *names = &nexthops->names[nexthops->fates[i]];
		char hop[NEXTHOP_TEXT_SIZE];

		nexthop_print(&nexthops->hops.items[i].hop, hop);
		text_addf(names, "%s%s", names->len == 0 ? "" : ", ", hop);
	}
}

void
doctor_next_hops(struct doctor *doctor, struct doctor_finding *found)
{
	struct nexthops nexthops;
	const struct doctor_hops *hops = &nexthops.hops;

	doctor_hops_find(doctor, &nexthops.hops);
	if (hops->count == 0 && hops->unread.len > 0) {
		doctor_blind(found,
		    "cannot tell what next hops there are by %s",
		    hops->unread.s);
	} else if (hops->count == 0) {
		doctor_say(found, DOCTOR_SKIP, "%s",
		    doctor->postfix == NULL && !doctor->sendmail_only
			? doctor->no_postfix
			: "none is configured by name");
	} else if (doctor->dns == NULL || !doctor->validates) {
		doctor_blind(found, "see resolver first");
	} else {
		look_up_hops(doctor, &nexthops);
		name_hops(&nexthops);
		say_hops(doctor, &nexthops, found);
	}
}
