/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/proto/x509.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/doctor_delivery.h"
#include "milter/cli/doctor/doctor_edit.h"
#include "milter/cli/host/postfix.h"
#include "milter/cli/host/postfix_map.h"

enum { SERVICES_MAX = 8, NAMES_SIZE = 160, PATH_SIZE = 600 };

#define CA_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define LEVEL "smtp_tls_security_level"
#define POLICY_MAPS "smtp_tls_policy_maps"

/* A name that no table has on purpose; RFC 6761 section 6.4 */
#define UNNAMED "postern.unnamed.invalid"

enum doctor_strength
doctor_strength_of(const char *level)
{
	static const struct {
		const char *level;
		enum doctor_strength strength;
	} words[] = {
	    {"none", DOCTOR_STRENGTH_NONE},
	    {"may", DOCTOR_STRENGTH_TRIES},
	    {"encrypt", DOCTOR_STRENGTH_FLOOR},
	    {"dane", DOCTOR_STRENGTH_CHECKS},
	    {"dane-only", DOCTOR_STRENGTH_CHECKS},
	    {"fingerprint", DOCTOR_STRENGTH_CHECKS},
	    {"verify", DOCTOR_STRENGTH_CHECKS_CA},
	    {"secure", DOCTOR_STRENGTH_CHECKS_CA},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(level, words[i].level) == 0)
			return words[i].strength;
	return DOCTOR_STRENGTH_UNKNOWN;
}

/* --- what mail goes out by --- */

struct sender {
	struct postfix_service service;
	const char *level;
	enum doctor_strength strength;
	bool by_default; /* default_transport or relay_transport names it */
};

struct senders {
	struct postfix *postfix;
	char names[2][POSTFIX_NAME_SIZE];
	bool too_many;
	size_t count;
	struct sender items[SERVICES_MAX];
};

static const char *
get_own(struct postfix *postfix, const struct postfix_service *service,
    const char *parameter)
{
	const char *value = postfix_get_of(postfix, service, parameter);

	return value == NULL ? "" : value;
}

static const char *
get_of(const struct senders *senders, const struct sender *sender,
    const char *parameter)
{
	return get_own(senders->postfix, &sender->service, parameter);
}

/* Where there is no level, the settings of before there was one count. */
const char *
doctor_level_of(struct postfix *postfix, const struct postfix_service *service,
    enum doctor_strength *strength)
{
	const char *level = postfix_get_of(postfix, service, LEVEL);

	*strength =
	    level == NULL ? DOCTOR_STRENGTH_UNKNOWN : doctor_strength_of(level);
	if (level == NULL)
		return "unknown";
	if (level[0] != '\0')
		return level;
	if (strcmp(get_own(postfix, service, "smtp_enforce_tls"), "yes") == 0)
		return "smtp_enforce_tls";
	if (strcmp(get_own(postfix, service, "smtp_use_tls"), "yes") == 0) {
		*strength = DOCTOR_STRENGTH_TRIES;
		return "may";
	}
	*strength = DOCTOR_STRENGTH_NONE;
	return level;
}

static void
note_sender(void *arg, const struct postfix_service *service)
{
	struct senders *senders = arg;
	struct sender *sender;

	if (senders->count == SERVICES_MAX) {
		senders->too_many = true;
		return;
	}
	sender = &senders->items[senders->count++];
	*sender = (struct sender){.service = *service,
	    .by_default = strcmp(service->name, senders->names[0]) == 0 ||
			  strcmp(service->name, senders->names[1]) == 0};
	sender->level =
	    doctor_level_of(senders->postfix, service, &sender->strength);
}

static void
find_senders(const struct doctor *doctor, struct senders *senders)
{
	static const char *const parameters[] = {
	    "default_transport", "relay_transport"};

	*senders = (struct senders){.postfix = doctor->postfix};
	for (size_t i = 0; i < 2; i++) {
		const char *value = postfix_get(doctor->postfix, parameters[i]);

		snprintf(senders->names[i], sizeof(senders->names[i]),
		    "%.*s/unix", (int)strcspn(value, ": \t"), value);
	}
	postfix_each(doctor->postfix, "smtp", "unix", note_sender, senders);
}

/* The weakest that is in use for sure; NULL: none is. */
static const struct sender *
weakest_sender(const struct senders *senders)
{
	const struct sender *weakest = NULL;

	for (size_t i = 0; i < senders->count; i++)
		if (senders->items[i].by_default &&
		    (weakest == NULL ||
			senders->items[i].strength < weakest->strength))
			weakest = &senders->items[i];
	return weakest;
}

/* One that a table may choose, and that is weaker. */
static const struct sender *
weaker_sender(const struct senders *senders, const struct sender *than)
{
	static const char *const tables[] = {
	    "transport_maps", "sender_dependent_default_transport_maps"};
	bool chosen = false;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		chosen |= postfix_get(senders->postfix, tables[i])[0] != '\0';
	for (size_t i = 0; chosen && i < senders->count; i++)
		if (!senders->items[i].by_default &&
		    senders->items[i].strength < than->strength &&
		    senders->items[i].strength < DOCTOR_STRENGTH_CHECKS)
			return &senders->items[i];
	return NULL;
}

/* --- the level --- */

/* DANE does nothing without DNSSEC. */
static void
mend_levels(const struct doctor *doctor, struct doctor_finding *found,
    const struct senders *senders)
{
	for (size_t i = 0; i < senders->count; i++) {
		const struct sender *sender = &senders->items[i];

		if (!sender->by_default ||
		    sender->strength >= DOCTOR_STRENGTH_FLOOR)
			continue;
		doctor_edit_parameter(
		    doctor, found, &sender->service, LEVEL, "dane");
		doctor_edit_parameter(doctor, found, &sender->service,
		    "smtp_dns_support_level", "dnssec");
	}
	doctor_edit_reload(found);
}

static void
say_weak(const struct doctor *doctor, struct doctor_finding *found,
    const struct senders *senders, const struct sender *weakest)
{
	char name[NAMES_SIZE] = "";
	const char *level =
	    weakest->level[0] == '\0' ? "not set" : weakest->level;

	if (postfix_own(senders->postfix, &weakest->service, LEVEL) != NULL)
		snprintf(name, sizeof(name), "%s, ", weakest->service.name);
	if (weakest->strength == DOCTOR_STRENGTH_NONE) {
		doctor_say(found, DOCTOR_FAIL,
		    "%s%s: mail leaves without TLS, whatever posternd finds",
		    name, level);
		mend_levels(doctor, found, senders);
		return;
	}
	doctor_say(found, DOCTOR_WARN,
	    "%s%s: posternd looks before the mail goes out, but at delivery "
	    "Postfix authenticates nobody",
	    name, level);
	if (weakest->strength == DOCTOR_STRENGTH_TRIES)
		mend_levels(doctor, found, senders);
	else
		doctor_mend(found,
		    "# \"dane\" authenticates hosts that have TLSA records, "
		    "but sends in plain text to those that offer no TLS: to "
		    "have both, name destinations in " POLICY_MAPS);
}

/* Of a destination that no table names. */
static enum postfix_map
ask_of_others(const char *maps, char *level)
{
	if (maps[0] == '\0')
		return POSTFIX_MAP_ABSENT;
	return postfix_map_ask_domain(
	    maps, UNNAMED, ".", level, POSTFIX_MAP_SIZE);
}

static void
say_overruled(struct doctor_finding *found, const char *policy)
{
	char level[NAMES_SIZE];

	snprintf(
	    level, sizeof(level), "%.*s", (int)strcspn(policy, " \t,"), policy);
	if (doctor_strength_of(level) >= DOCTOR_STRENGTH_CHECKS) {
		doctor_say(found, DOCTOR_OK,
		    "%.100s, by " POLICY_MAPS ", of destinations that it does "
		    "not name",
		    level);
		return;
	}
	doctor_say(found,
	    doctor_strength_of(level) <= DOCTOR_STRENGTH_NONE ? DOCTOR_FAIL
							      : DOCTOR_WARN,
	    POLICY_MAPS " says \"%.100s\" of destinations that it does not "
			"name: at delivery Postfix authenticates none of them",
	    level);
	doctor_mend(found,
	    "# take the entry out of " POLICY_MAPS " that every destination "
	    "matches (static:, a pattern)");
}

static void
say_strong(struct doctor_finding *found, const struct senders *senders,
    const struct sender *weakest)
{
	const struct sender *other = weaker_sender(senders, weakest);
	const char *maps = get_of(senders, weakest, POLICY_MAPS);
	char policy[POSTFIX_MAP_SIZE];

	if (other != NULL) {
		doctor_blind(found,
		    "%s; cannot tell what goes by %s, where it is %s",
		    weakest->level, other->service.name,
		    other->level[0] == '\0' ? "not set" : other->level);
		return;
	}
	switch (ask_of_others(maps, policy)) {
	case POSTFIX_MAP_UNKNOWN:
		doctor_blind(found,
		    "%s; cannot tell what " POLICY_MAPS " makes of it: %.100s",
		    weakest->level, maps);
		break;
	case POSTFIX_MAP_FOUND:
		say_overruled(found, policy);
		break;
	case POSTFIX_MAP_ABSENT:
		doctor_say(found, DOCTOR_OK, "%s%s", weakest->level,
		    maps[0] == '\0' ? ""
				    : ", where " POLICY_MAPS
				      " says nothing else");
	}
}

void
doctor_tls_level(struct doctor *doctor, struct doctor_finding *found)
{
	struct senders senders;
	const struct sender *weakest;

	find_senders(doctor, &senders);
	weakest = weakest_sender(&senders);
	if (weakest == NULL || senders.too_many)
		doctor_blind(found, "cannot tell which service of master.cf "
				    "mail goes out by");
	else if (weakest->strength == DOCTOR_STRENGTH_UNKNOWN)
		doctor_blind(found, "%s: cannot tell what %s is",
		    weakest->service.name, weakest->level);
	else if (weakest->strength < DOCTOR_STRENGTH_CHECKS)
		say_weak(doctor, found, &senders, weakest);
	else
		say_strong(found, &senders, weakest);
}

/* --- CAs --- */

/* OpenSSL finds certificates in a folder by names like "5ad8a5d6.0". */
static bool
has_hashed_names(const char *path)
{
	DIR *folder = opendir(path);
	bool found = false;
	const struct dirent *entry;

	if (folder == NULL)
		return false;
	while (!found && (entry = readdir(folder)) != NULL)
		found = strspn(entry->d_name, "0123456789abcdef") == 8 &&
			entry->d_name[8] == '.';
	closedir(folder);
	return found;
}

static bool
is_loadable(const char *file)
{
	AUTO(x509_store) struct x509_store *store = x509_store_load(file, NULL);

	return store != NULL;
}

/* smtp(8) reads the file before it enters a chroot, and the folder after. */
static bool
has_ca(const struct senders *senders, const struct sender *sender)
{
	const char *file = get_of(senders, sender, "smtp_tls_CAfile");
	const char *folder = get_of(senders, sender, "smtp_tls_CApath");
	char path[PATH_SIZE];

	if (strcmp(get_of(senders, sender, "tls_append_default_CA"), "yes") ==
	    0)
		return true;
	if (file[0] != '\0' && is_loadable(file))
		return true;
	snprintf(path, sizeof(path), "%s%s%s",
	    sender->service.chrooted
		? postfix_get(senders->postfix, "queue_directory")
		: "",
	    sender->service.chrooted ? "/" : "", folder);
	return folder[0] != '\0' && has_hashed_names(path);
}

static void
mend_ca(const struct doctor *doctor, struct doctor_finding *found,
    const struct sender *sender)
{
	if (!is_loadable(CA_BUNDLE))
		doctor_mend(found, "apt-get install ca-certificates");
	doctor_edit_parameter(
	    doctor, found, &sender->service, "smtp_tls_CAfile", CA_BUNDLE);
	doctor_edit_reload(found);
}

void
doctor_tls_ca(struct doctor *doctor, struct doctor_finding *found)
{
	bool needed = false;
	struct senders senders;

	find_senders(doctor, &senders);
	for (size_t i = 0; i < senders.count; i++) {
		const struct sender *sender = &senders.items[i];
		bool by_level = sender->strength == DOCTOR_STRENGTH_CHECKS_CA;

		if (!by_level &&
		    get_of(&senders, sender, POLICY_MAPS)[0] == '\0')
			continue;
		needed = true;
		if (has_ca(&senders, sender))
			continue;
		if (by_level)
			doctor_say(found, DOCTOR_FAIL,
			    "%s has no CA: at level %s no host is believed, "
			    "and all mail is deferred",
			    sender->service.name, sender->level);
		else
			doctor_say(found, DOCTOR_WARN,
			    "%s has no CA: where " POLICY_MAPS
			    " says secure or verify, as for MTA-STS, mail is "
			    "deferred",
			    sender->service.name);
		mend_ca(doctor, found, sender);
		return;
	}
	doctor_say(found, DOCTOR_OK, "%s",
	    needed ? "Postfix has CA certificates"
		   : "Postfix needs none: no host is believed by a CA");
}

/* --- DNS --- */

/* The parameter that keeps DANE from working, or NULL, and what mends it; NULL:
 * that is up to the admin, who has turned DNS off. */
const char *
doctor_dane_hindrance(struct postfix *postfix,
    const struct postfix_service *service, const char **cure)
{
	*cure = NULL;
	if (strcmp(get_own(postfix, service, "disable_dns_lookups"), "yes") ==
	    0)
		return "disable_dns_lookups";
	if (strcmp(get_own(postfix, service, "smtp_dns_support_level"),
		"dnssec") != 0) {
		*cure = "dnssec";
		return "smtp_dns_support_level";
	}
	if (strstr(get_own(postfix, service, "smtp_host_lookup"), "dns") ==
	    NULL) {
		*cure = "dns,native";
		return "smtp_host_lookup";
	}
	return NULL;
}

static void
mend_hindrance(const struct doctor *doctor, struct doctor_finding *found,
    const struct sender *sender, const char *hindrance, const char *cure)
{
	if (cure == NULL) {
		doctor_mend(found,
		    "# with %s = no, mail goes out by MX records, and DANE "
		    "can work",
		    hindrance);
		return;
	}
	doctor_edit_parameter(doctor, found, &sender->service, hindrance, cure);
	doctor_edit_reload(found);
}

void
doctor_dns_support(struct doctor *doctor, struct doctor_finding *found)
{
	struct senders senders;
	bool dane = false;

	find_senders(doctor, &senders);
	for (size_t i = 0; i < senders.count; i++) {
		const struct sender *sender = &senders.items[i];
		const char *hindrance, *cure, *value;

		if (strncmp(sender->level, "dane", 4) != 0)
			continue;
		dane = true;
		hindrance = doctor_dane_hindrance(
		    senders.postfix, &sender->service, &cure);
		if (hindrance == NULL)
			continue;
		value = get_of(&senders, sender, hindrance);
		doctor_say(found, DOCTOR_FAIL,
		    "%s: %s = %s: so Postfix's DANE does nothing",
		    sender->service.name, hindrance,
		    value[0] == '\0' ? "(not set)" : value);
		mend_hindrance(doctor, found, sender, hindrance, cure);
		return;
	}
	if (dane)
		doctor_say(found, DOCTOR_OK, "dnssec");
	else
		doctor_say(found, DOCTOR_SKIP, LEVEL " is not dane");
}
