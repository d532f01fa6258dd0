/*
 * Each question reads one setting of the MTA, for the service that mail goes
 * out by, and compares it with the one of posternd that stands for it.  A
 * setting that cannot be read, or that another service has otherwise where a
 * table may choose that service, is told as unknown and never as right.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/engine/engine_options.h"
#include "common/io/smtp_socket.h"
#include "common/proto/address.h"
#include "common/proto/domain.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/doctor_way.h"
#include "milter/cli/host/postfix.h"
#include "milter/conf/settings_engine.h"

enum { SERVICES_MAX = 16, NAMES_SIZE = 160 };

#define SEPARATORS ", \t\r\n"

/* --- what is found --- */

void
doctor_way_init(struct doctor_way *way, const struct doctor *doctor,
    struct doctor_finding *found)
{
	*way = (struct doctor_way){.doctor = doctor, .found = found};
	text_init(&way->other, way->other_array, sizeof(way->other_array));
	text_init(&way->remark, way->remark_array, sizeof(way->remark_array));
	text_init(
	    &way->unknown, way->unknown_array, sizeof(way->unknown_array));
}

void
doctor_way_unknown(struct doctor_way *way, const char *what)
{
	text_addf(
	    &way->unknown, "%s%s", way->unknown.len == 0 ? "" : ", ", what);
}

void
doctor_way_remark(struct doctor_way *way, const char *remark)
{
	text_addf(&way->remark, "; %s", remark);
}

void
doctor_way_other(struct doctor_way *way, const char *keyword)
{
	text_addf(
	    &way->other, "%s%s", way->other.len == 0 ? "" : ", ", keyword);
}

void
doctor_way_set(struct doctor_way *way, const char *keyword, const char *value,
    const char *because)
{
	const char *conf = way->doctor->conf_file == NULL
			       ? SETTINGS_PATH
			       : way->doctor->conf_file;

	doctor_way_other(way, keyword);
	way->ours = true;
	if (way->doctor->setting != NULL)
		way->doctor->setting(
		    way->doctor->setting_arg, keyword, value, because);
	if (value[0] != '\0')
		doctor_mend(way->found,
		    "%s %s    # in %s, in place of any there: %s", keyword,
		    value, conf, because);
	else
		doctor_mend(way->found, "# take %s out of %s: %s", keyword,
		    conf, because);
}

void
doctor_way_say(struct doctor_way *way, const char *mta)
{
	if (way->other.len > 0) {
		doctor_say(way->found, DOCTOR_WARN,
		    "%s sends mail another way than posternd looks: %s%s%s",
		    mta, way->other.s,
		    way->unknown.len == 0 ? "" : "; cannot tell ",
		    way->unknown.s);
		if (way->ours)
			doctor_mend(way->found, "systemctl reload posternd");
	} else if (way->unknown.len > 0) {
		doctor_blind(way->found,
		    "cannot tell whether %s has %s as "
		    "posternd",
		    mta, way->unknown.s);
	} else {
		doctor_say(way->found, DOCTOR_OK,
		    "posternd looks the way that %s sends mail%s", mta,
		    way->remark.s);
	}
}

/* --- sources, of any MTA --- */

void
doctor_way_sources(struct doctor_way *way, const char *ipv4, const char *ipv6,
    const char *because)
{
	struct engine_options options;
	struct smtp_source theirs = {ipv4, ipv6};
	char value[2 * INET6_ADDRSTRLEN + 2];

	settings_engine_options(way->doctor->settings, &options);
	if (smtp_source_equal(&options.probe_source, &theirs))
		return;
	snprintf(value, sizeof(value), "%s%s%s", ipv4 == NULL ? "" : ipv4,
	    ipv4 == NULL || ipv6 == NULL ? "" : ",", ipv6 == NULL ? "" : ipv6);
	doctor_way_set(way, "ProbeSource", value, because);
}

bool
doctor_way_address(const char *text, int family, char out[INET6_ADDRSTRLEN])
{
	static const uint8_t any[16];
	char inside[INET6_ADDRSTRLEN + 2];
	struct address address;

	out[0] = '\0';
	if (text[0] == '\0')
		return true;
	snprintf(inside, sizeof(inside), "%s", text + (text[0] == '['));
	if (text[0] == '[') {
		size_t length = strlen(inside);

		if (length == 0 || inside[length - 1] != ']')
			return false;
		inside[length - 1] = '\0';
	}
	if (strlen(text) >= sizeof(inside) ||
	    address_parse(inside, &address) != 0 || address.family != family)
		return false;
	if (memcmp(address.octets, any, address.size) != 0)
		address_from_rdata(address.octets, address.size, out);
	return true;
}

void
doctor_way_helo(struct doctor_way *way, const char *name, const char *parameter)
{
	char ours[LIMIT_DOMAIN_SIZE], because[LIMIT_DOMAIN_SIZE + 64];

	if (domain_normalise(name, ours, NULL) != 0) {
		doctor_way_unknown(way, parameter);
		return;
	}
	snprintf(because, sizeof(because), "%s = %s", parameter, name);
	if (strcasecmp(ours, way->doctor->settings->probe_helo) != 0)
		doctor_way_set(way, "ProbeHelo", ours, because);
}

/* --- the services of Postfix --- */

struct ways {
	struct doctor_way way;
	struct postfix *postfix;
	char name[POSTFIX_NAME_SIZE]; /* of the one that mail goes out by */
	const struct postfix_service *service;
	bool too_many;
	size_t count;
	struct postfix_service items[SERVICES_MAX];
};

static void
note_way(void *arg, const struct postfix_service *service)
{
	struct ways *ways = arg;

	if (ways->count == SERVICES_MAX) {
		ways->too_many = true;
		return;
	}
	ways->items[ways->count] = *service;
	if (strcmp(service->name, ways->name) == 0)
		ways->service = &ways->items[ways->count];
	ways->count++;
}

static void
find_ways(const struct doctor *doctor, struct ways *ways)
{
	const char *value = postfix_get(doctor->postfix, "default_transport");

	ways->postfix = doctor->postfix;
	snprintf(ways->name, sizeof(ways->name), "%.*s/unix",
	    (int)strcspn(value, ": \t"), value);
	postfix_each(doctor->postfix, "smtp", "unix", note_way, ways);
}

/* Whether a table may choose a service but the default one. */
static bool
may_choose(const struct ways *ways)
{
	static const char *const tables[] = {
	    "transport_maps", "sender_dependent_default_transport_maps"};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (postfix_get(ways->postfix, tables[i])[0] != '\0')
			return true;
	return false;
}

/* A parameter of the service that mail goes out by; NULL, and that is noted, if
 * it cannot be told, or if it is not the same for all that mail may go by. */
static const char *
way_value(struct ways *ways, const char *parameter)
{
	const char *value =
	    postfix_get_of(ways->postfix, ways->service, parameter);

	for (size_t i = 0; value != NULL && i < ways->count; i++) {
		const char *other =
		    postfix_get_of(ways->postfix, &ways->items[i], parameter);

		if (may_choose(ways) &&
		    (other == NULL || strcmp(other, value) != 0))
			value = NULL;
	}
	if (value == NULL)
		doctor_way_unknown(&ways->way, parameter);
	return value;
}

/* --- one question each --- */

static bool
read_families(const char *value, enum families *out)
{
	bool ipv4 = false, ipv6 = false;

	for (const char *at = value + strspn(value, SEPARATORS); *at != '\0';) {
		size_t length = strcspn(at, SEPARATORS);
		bool all = length == 3 && strncasecmp(at, "all", 3) == 0;
		bool four = length == 4 && strncasecmp(at, "ipv4", 4) == 0;
		bool six = length == 4 && strncasecmp(at, "ipv6", 4) == 0;

		if (!all && !four && !six)
			return false;
		ipv4 |= all || four;
		ipv6 |= all || six;
		at += length;
		at += strspn(at, SEPARATORS);
	}
	*out = ipv4 && ipv6 ? FAMILIES_ALL
	       : ipv6       ? FAMILIES_IPV6
			    : FAMILIES_IPV4;
	return ipv4 || ipv6;
}

static void
compare_families(struct ways *ways)
{
	static const char *const words[] = {[FAMILIES_ALL] = "all",
	    [FAMILIES_IPV4] = "ipv4",
	    [FAMILIES_IPV6] = "ipv6"};
	const char *value = way_value(ways, "inet_protocols");
	char because[NAMES_SIZE];
	enum families families;

	if (value == NULL)
		return;
	if (!read_families(value, &families)) {
		doctor_way_unknown(&ways->way, "inet_protocols");
		return;
	}
	snprintf(because, sizeof(because), "inet_protocols = %s", value);
	if ((int)families != ways->way.doctor->settings->probe_families)
		doctor_way_set(
		    &ways->way, "ProbeFamilies", words[families], because);
}

/* postconf(5), inet_interfaces: an address that is the only one of its family
 * is where mail leaves from as well.  False for names of hosts. */
static bool
read_interfaces(const char *value, char out[2][INET6_ADDRSTRLEN])
{
	unsigned count[2] = {0, 0};

	out[0][0] = out[1][0] = '\0';
	for (const char *at = value + strspn(value, SEPARATORS); *at != '\0';) {
		size_t length = strcspn(at, SEPARATORS);
		char word[NAMES_SIZE], text[INET6_ADDRSTRLEN];
		bool six;

		snprintf(word, sizeof(word), "%.*s", (int)length, at);
		at += length;
		at += strspn(at, SEPARATORS);
		if (strcasecmp(word, "all") == 0)
			count[0] = count[1] = 2;
		if (strcasecmp(word, "all") == 0 ||
		    strcasecmp(word, "loopback-only") == 0 ||
		    strcasecmp(word, "localhost") == 0)
			continue;
		six = strchr(word, ':') != NULL;
		if (!doctor_way_address(word, six ? AF_INET6 : AF_INET, text))
			return false;
		if (++count[six] == 1)
			text_copy(out[six], INET6_ADDRSTRLEN, text);
	}
	for (size_t i = 0; i < 2; i++)
		if (count[i] > 1 || strncmp(out[i], "127.", 4) == 0 ||
		    strcmp(out[i], "::1") == 0)
			out[i][0] = '\0';
	return true;
}

static void
compare_sources(struct ways *ways)
{
	static const char *const parameters[] = {
	    "smtp_bind_address", "smtp_bind_address6"};
	static const int families[] = {AF_INET, AF_INET6};
	const char *interfaces = way_value(ways, "inet_interfaces");
	char by_interface[2][INET6_ADDRSTRLEN];
	char sources[2][INET6_ADDRSTRLEN];
	bool known =
	    interfaces != NULL && read_interfaces(interfaces, by_interface);

	for (size_t i = 0; i < 2; i++) {
		const char *value = way_value(ways, parameters[i]);

		if (value == NULL)
			return;
		if (!doctor_way_address(value, families[i], sources[i])) {
			doctor_way_unknown(&ways->way, parameters[i]);
			return;
		}
		if (value[0] != '\0')
			continue;
		if (!known) {
			if (interfaces != NULL)
				doctor_way_unknown(
				    &ways->way, "inet_interfaces");
			return;
		}
		text_copy(sources[i], INET6_ADDRSTRLEN, by_interface[i]);
	}
	doctor_way_sources(&ways->way,
	    sources[0][0] == '\0' ? NULL : sources[0],
	    sources[1][0] == '\0' ? NULL : sources[1],
	    "mail leaves from there, by smtp_bind_address or "
	    "inet_interfaces");
}

static void
compare_helo(struct ways *ways)
{
	const char *value = way_value(ways, "smtp_helo_name");

	if (value != NULL)
		doctor_way_helo(&ways->way, value, "smtp_helo_name");
}

static void
compare_limit(struct ways *ways)
{
	const char *value = way_value(ways, "smtp_mx_address_limit");
	const char *balance = way_value(ways, "smtp_balance_inet_protocols");
	char because[NAMES_SIZE], number[16];
	uint32_t limit;

	if (value == NULL || balance == NULL)
		return;
	if (text_uint(value, INT32_MAX, &limit) != 0) {
		doctor_way_unknown(&ways->way, "smtp_mx_address_limit");
		return;
	}
	if (limit > LIMIT_TRIED_ADDRESSES)
		limit = 0;
	snprintf(number, sizeof(number), "%u", limit);
	snprintf(because, sizeof(because), "smtp_mx_address_limit = %s", value);
	if ((int)limit != ways->way.doctor->settings->probe_addresses)
		doctor_way_set(&ways->way, "ProbeAddresses", number, because);
	if (limit > 0 && strcmp(balance, "no") == 0) {
		doctor_way_other(&ways->way, "ProbeAddresses");
		doctor_mend(ways->way.found,
		    "# smtp_balance_inet_protocols = no: hosts with many "
		    "addresses of one family keep mail from those of the "
		    "other, and posternd looks at both; Postfix has yes by "
		    "default");
	}
}

/* postconf(5), smtp_tls_mandatory_ciphers: a grade has a list. */
static void
compare_ciphers(struct ways *ways)
{
	static const char *const parameters[] = {
	    "smtp_tls_exclude_ciphers", "smtp_tls_mandatory_exclude_ciphers"};
	const char *grade = way_value(ways, "smtp_tls_mandatory_ciphers");
	const char *excluded[2];
	struct doctor_cipher_settings settings = {.service = ways->service};
	char list_name[NAMES_SIZE];

	if (grade == NULL)
		return;
	snprintf(list_name, sizeof(list_name), "tls_%s_cipherlist", grade);
	settings.list_name = list_name;
	settings.list = way_value(ways, list_name);
	for (size_t i = 0; i < 2; i++)
		excluded[i] = way_value(ways, parameters[i]);
	settings.exclude = excluded[0];
	settings.mandatory_exclude = excluded[1];
	if (settings.list == NULL || excluded[0] == NULL || excluded[1] == NULL)
		return;
	if (settings.list[0] == '\0')
		doctor_way_unknown(&ways->way, "smtp_tls_mandatory_ciphers");
	else
		doctor_way_ciphers(&ways->way, &settings);
}

/* --- the check --- */

static void
look_at_postfix(const struct doctor *doctor, struct doctor_finding *found)
{
	struct ways ways = {.service = NULL};

	doctor_way_init(&ways.way, doctor, found);
	find_ways(doctor, &ways);
	if (ways.service == NULL || ways.too_many) {
		doctor_blind(found, "cannot tell which service of master.cf "
				    "mail goes out by");
		return;
	}
	compare_families(&ways);
	compare_sources(&ways);
	compare_helo(&ways);
	compare_limit(&ways);
	doctor_way_protocols(
	    &ways.way, way_value(&ways, "smtp_tls_mandatory_protocols"));
	compare_ciphers(&ways);
	doctor_way_say(&ways.way, "Postfix");
}

/* Whether this host has the addresses that it is to leave from. */
static bool
can_leave(const struct doctor *doctor, struct doctor_finding *found)
{
	const struct settings_list *list = &doctor->settings->probe_source;

	for (size_t i = 0; i < list->count; i++) {
		int family =
		    strchr(list->items[i], ':') == NULL ? AF_INET : AF_INET6;
		int fd = smtp_socket_open(family);
		bool bound =
		    fd >= 0 && smtp_socket_bind(fd, list->items[i]) == 0;

		if (!bound)
			doctor_say(found, DOCTOR_FAIL, "ProbeSource %s: %s",
			    list->items[i], strerror(errno));
		if (fd >= 0)
			close(fd);
		if (!bound) {
			doctor_mend(found,
			    "# name addresses of this host at ProbeSource, or "
			    "leave it out");
			return false;
		}
	}
	return true;
}

void
doctor_probe_way(struct doctor *doctor, struct doctor_finding *found)
{
	if (!doctor->settings->probe)
		doctor_say(found, DOCTOR_SKIP, "Probe no");
	else if (!can_leave(doctor, found))
		return;
	else if (doctor->postfix != NULL)
		look_at_postfix(doctor, found);
	else
		doctor_way_sendmail(doctor, found);
}
