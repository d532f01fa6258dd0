/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/identity.h"
#include "milter/cli/doctor/doctor_delivery.h"
#include "milter/cli/doctor/doctor_edit.h"
#include "milter/cli/doctor/doctor_map.h"
#include "milter/conf/settings_engine.h"

/* --- whether it can --- */

static void
say_hidden(const struct map_askers *all, const struct map_asker *asker,
    struct doctor_finding *found)
{
	const struct doctor *doctor = all->doctor;
	const char *queue = postfix_get(doctor->postfix, "queue_directory");
	char table[MAP_TABLE_SIZE];

	doctor_say(found, DOCTOR_FAIL,
	    "%s: the chroot %s hides %s: all mail is deferred",
	    asker->proxied ? "proxymap" : asker->service.name, queue,
	    strchr(asker->socket, ':') + 1);
	if (!asker->proxied) {
		snprintf(table, sizeof(table), "proxy:%.280s", asker->table);
		doctor_map_mend(doctor, found, asker, table);
	}
	doctor_mend(found,
	    "# or MapSocket unix:%s/postern/map.sock, which smtp(8) asks "
	    "as socketmap:unix:postern/map.sock:%s",
	    queue, asker->name);
}

/* Who connects: smtp(8), or proxymap(8); both run as this user. */
static void
look_at_socket(
    const struct doctor *doctor, const char *path, struct doctor_finding *found)
{
	struct identity who;
	struct err err;
	int error;

	if (identity_find(
		postfix_get(doctor->postfix, "mail_owner"), &who, &err) != 0) {
		doctor_blind(found, "%s", err.text);
		return;
	}
	error = identity_connect(&who, path);
	if (error == IDENTITY_UNKNOWN) {
		doctor_blind(
		    found, "only root can see what %s may do", who.name);
	} else if (error == 0) {
		doctor_say(
		    found, DOCTOR_OK, "%s may connect to %s", who.name, path);
	} else {
		doctor_say(found, DOCTOR_FAIL,
		    "%s cannot connect to %s: %s: all mail is deferred",
		    who.name, path, strerror(error));
		if (error == EACCES || error == EPERM)
			doctor_mend(found,
			    "adduser %s postern    # the socket's group; then "
			    "postfix reload",
			    who.name);
		else
			doctor_mend(found, "systemctl restart posternd");
	}
}

void
doctor_map_socket(struct doctor *doctor, struct doctor_finding *found)
{
	const char *path;
	struct map_askers all;

	doctor_map_find(doctor, &all);
	if (all.count == 0) {
		doctor_say(found, DOCTOR_SKIP, "nobody asks it");
		return;
	}
	for (size_t i = 0; i < all.count; i++)
		if (all.items[i].shut_out) {
			say_hidden(&all, &all.items[i], found);
			return;
		}
	path = strchr(all.items[0].socket, ':') + 1;
	if (path[0] == '/')
		look_at_socket(doctor, path, found);
	else
		doctor_say(
		    found, DOCTOR_OK, "%s has no mode", all.items[0].socket);
}

/* --- whether its answers come true --- */

/* What an answer "dane" or "dane-only" needs. */
static bool
say_no_dane(const struct doctor *doctor, const struct map_asker *asker,
    struct doctor_finding *found)
{
	const char *cure, *hindrance = doctor_dane_hindrance(
			      doctor->postfix, &asker->service, &cure);

	if (hindrance == NULL)
		return false;
	doctor_say(found, DOCTOR_FAIL,
	    "%s, by %s: an answer \"dane\" does nothing, and \"dane-only\" "
	    "defers the mail",
	    asker->service.name, hindrance);
	if (cure == NULL) {
		doctor_mend(found, "# DANE needs %s = no", hindrance);
		return true;
	}
	doctor_edit_parameter(doctor, found, &asker->service, hindrance, cure);
	doctor_edit_reload(found);
	return true;
}

/* It decides where there is no answer, and "dane" takes its place. */
static bool
say_other_level(const struct doctor *doctor, const struct map_asker *asker,
    struct doctor_finding *found)
{
	bool floor = doctor->settings->default_level == LEVEL_ENCRYPT;
	enum doctor_strength strength;
	const char *level =
	    doctor_level_of(doctor->postfix, &asker->service, &strength);
	const char *wanted = floor ? "encrypt" : "dane";

	if (strcmp(level, "dane") == 0 || strcmp(level, wanted) == 0)
		return false;
	doctor_say(found, DOCTOR_WARN,
	    strength > DOCTOR_STRENGTH_FLOOR
		? "%s: smtp_tls_security_level = %s is more than posternd "
		  "answers: \"dane\" lowers it"
		: "%s: smtp_tls_security_level = %s counts where posternd has "
		  "no answer, and authenticates nobody",
	    asker->service.name, level[0] == '\0' ? "(not set)" : level);
	if (strength >= DOCTOR_STRENGTH_FLOOR)
		doctor_mend(found, "# %s, or smtp_tls_security_level = %s",
		    strength == DOCTOR_STRENGTH_FLOOR
			? "DefaultLevel encrypt in postern.conf"
			: "rules of that level in postern.conf",
		    wanted);
	else {
		doctor_edit_parameter(doctor, found, &asker->service,
		    "smtp_tls_security_level", wanted);
		doctor_edit_reload(found);
	}
	return true;
}

/* What Postfix makes of TLSA records under an MX that is not signed. */
static bool
say_insecure_mx(const struct doctor *doctor, const struct map_asker *asker,
    struct doctor_finding *found)
{
	static const char parameter[] = "smtp_tls_dane_insecure_mx_policy";
	static const char *const words[] = {[INSECURE_MX_DANE] = "dane",
	    [INSECURE_MX_ENCRYPT] = "encrypt",
	    [INSECURE_MX_MAY] = "may",
	    [INSECURE_MX_POLICY] = "dane"};
	const char *wanted =
	    words[settings_insecure_mx(doctor->settings, true)];
	const char *value =
	    postfix_get_of(doctor->postfix, &asker->service, parameter);

	if (value == NULL || strcmp(value, wanted) == 0)
		return false;
	doctor_say(found, DOCTOR_WARN,
	    "%s: %s = %s, where posternd's InsecureMX means %s",
	    asker->service.name, parameter, value, wanted);
	doctor_edit_parameter(
	    doctor, found, &asker->service, parameter, wanted);
	doctor_edit_reload(found);
	return true;
}

/* Postfix 3.10.5 and later compares the names of mail hosts, unless told
 * otherwise. */
static bool
say_no_patterns(const struct doctor *doctor, const struct map_asker *asker,
    struct doctor_finding *found)
{
	static const char parameter[] = "smtp_tls_enforce_sts_mx_patterns";
	const char *value =
	    postfix_get_of(doctor->postfix, &asker->service, parameter);

	if (value == NULL || strcasecmp(value, "no") != 0)
		return false;
	doctor_say(found, DOCTOR_WARN,
	    "%s: %s = no: the names of mail hosts are not compared with the "
	    "policy",
	    asker->service.name, parameter);
	doctor_edit_parameter(doctor, found, &asker->service, parameter, "yes");
	doctor_edit_reload(found);
	return true;
}

void
doctor_map_settings(struct doctor *doctor, struct doctor_finding *found)
{
	struct map_askers all;

	doctor_map_find(doctor, &all);
	if (all.count == 0) {
		doctor_say(found, DOCTOR_SKIP, "nobody asks it");
		return;
	}
	for (size_t i = 0; i < all.count; i++) {
		const struct map_asker *asker = &all.items[i];

		if (say_no_dane(doctor, asker, found) ||
		    say_other_level(doctor, asker, found) ||
		    say_insecure_mx(doctor, asker, found) ||
		    say_no_patterns(doctor, asker, found))
			return;
	}
	doctor_say(found, DOCTOR_OK, "Postfix enforces what posternd answers");
}
