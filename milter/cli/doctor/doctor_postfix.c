/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/host/askers.h"
#include "milter/cli/doctor/doctor_edit.h"
#include "milter/cli/host/postfix.h"

enum {
	NAMES_SIZE = 160,
	VALUE_SIZE = 64,

	/* session.c waits so long over all RCPTs of a message */
	MESSAGE_AUTO_MS = 60 * 1000,

	SPARE_S = 30, /* of a time-out that is proposed */
};

/* --- who asks posternd --- */

static const struct asker *
first_asker(const struct askers *askers, enum asker_asks asks)
{
	for (size_t i = 0; i < askers->count; i++)
		if (askers->items[i].asks == asks)
			return &askers->items[i];
	return NULL;
}

/* What keeps from an answer, if anything does. */
static bool
say_doubt(const struct askers *askers, struct doctor_finding *found)
{
	const struct asker *unsure = first_asker(askers, ASKER_UNSURE);
	char names[NAMES_SIZE];

	if (askers->too_many) {
		doctor_blind(found, "master.cf has too many services to tell");
		return true;
	}
	if (unsure == NULL)
		return false;
	askers_count(askers, ASKER_UNSURE, names, sizeof(names));
	doctor_blind(found, "%s: cannot tell %s", names, unsure->doubt);
	return true;
}

/* Such a service ends before it answers anyone. */
static bool
say_broken(const struct askers *askers, struct doctor_finding *found)
{
	const struct asker *broken = first_asker(askers, ASKER_BROKEN);
	char names[NAMES_SIZE];

	if (broken == NULL)
		return false;
	askers_count(askers, ASKER_BROKEN, names, sizeof(names));
	doctor_say(found, DOCTOR_FAIL,
	    "%s: %s is no list of milters: braces do not match, and no mail "
	    "comes in",
	    names, broken->parameter);
	doctor_mend(found, "# %s = %s", broken->parameter, broken->list);
	return true;
}

static bool
has_own_list(const struct doctor *doctor, const struct asker *asker)
{
	return postfix_own(
		   doctor->postfix, &asker->service, asker->parameter) != NULL;
}

/* Where several have lists of their own, an empty one is so on purpose. */
static bool
is_candidate(const struct asker *asker, bool only_filled)
{
	return asker->asks == ASKER_OTHERS &&
	       (!only_filled || asker->list[0] != '\0');
}

/* In main.cf, where a service takes its list from there; else at each service
 * that has one of its own. */
static void
mend_lists(const struct doctor *doctor, const struct askers *askers,
    struct doctor_finding *found)
{
	bool only_filled = askers->count > 1;
	bool said = false;

	for (size_t i = 0; i < askers->count && !said; i++)
		if (is_candidate(&askers->items[i], false) &&
		    !has_own_list(doctor, &askers->items[i])) {
			doctor_edit_add(doctor, found, &askers->items[i]);
			said = true;
		}
	for (size_t i = 0; i < askers->count && !said; i++)
		if (is_candidate(&askers->items[i], only_filled)) {
			doctor_edit_add(doctor, found, &askers->items[i]);
			said = !only_filled;
		}
	if (found->mend == NULL)
		doctor_mend(found,
		    "# each service leaves milters out on purpose: name "
		    "posternd at the one that takes outgoing mail");
	else
		doctor_edit_reload(found);
}

static void
say_nobody(const struct doctor *doctor, const struct askers *askers,
    struct doctor_finding *found)
{
	char muted[NAMES_SIZE], others[NAMES_SIZE];
	size_t others_count =
	    askers_count(askers, ASKER_OTHERS, others, sizeof(others));

	askers_count(askers, ASKER_MUTED, muted, sizeof(muted));
	doctor_say(found, DOCTOR_FAIL,
	    "no smtpd asks posternd: mail by SMTP is not looked at (%s)",
	    others_count > 0 ? others : muted);
	if (others_count > 0)
		mend_lists(doctor, askers, found);
	else
		doctor_mend(found, "# take no_milters out of "
				   "receive_override_options");
}

void
doctor_smtpd_milters(struct doctor *doctor, struct doctor_finding *found)
{
	struct askers askers;
	char us[NAMES_SIZE], others[NAMES_SIZE], hidden[NAMES_SIZE];
	size_t count;

	askers_smtpd(doctor->postfix, doctor->settings->socket, &askers);
	count = askers_count(&askers, ASKER_US, us, sizeof(us));
	askers_count(&askers, ASKER_OTHERS, others, sizeof(others));
	if (say_broken(&askers, found) || say_doubt(&askers, found))
		return;
	if (askers.count == 0)
		doctor_say(found, DOCTOR_SKIP, "master.cf has no smtpd");
	else if (count > 0)
		doctor_say(found, DOCTOR_OK, "%s ask%s posternd%s%s%s", us,
		    count == 1 ? "s" : "", others[0] == '\0' ? "" : " (not ",
		    others, others[0] == '\0' ? "" : ")");
	else if (askers_count(&askers, ASKER_SHUT_OUT, hidden, sizeof(hidden)) >
		 0)
		doctor_say(found, DOCTOR_SKIP, "%s: see chroot", hidden);
	else
		say_nobody(doctor, &askers, found);
}

void
doctor_chroot(struct doctor *doctor, struct doctor_finding *found)
{
	struct askers askers;
	char names[NAMES_SIZE];

	askers_smtpd(doctor->postfix, doctor->settings->socket, &askers);
	if (first_asker(&askers, ASKER_SHUT_OUT) == NULL)
		askers_cleanup(
		    doctor->postfix, doctor->settings->socket, &askers);
	if (askers_count(&askers, ASKER_SHUT_OUT, names, sizeof(names)) == 0) {
		doctor_say(found, DOCTOR_OK,
		    "no chroot hides the socket from a service that asks");
		return;
	}
	doctor_say(found, DOCTOR_FAIL,
	    "%s: the chroot %s hides %s; a socket below it is seen", names,
	    postfix_get(doctor->postfix, "queue_directory"),
	    strchr(doctor->settings->socket, ':') + 1);
	doctor_edit_unhide(doctor, found);
	doctor_edit_reload(found);
}

static void
say_unseen(const struct asker *asker, const struct doctor *doctor,
    struct doctor_finding *found)
{
	doctor_say(found, DOCTOR_WARN,
	    "mail by sendmail(1) on this host is not looked at");
	if (asker->asks == ASKER_MUTED) {
		doctor_mend(found, "# take no_milters out of "
				   "receive_override_options of pickup");
		return;
	}
	if (milter_edit_follows(doctor->postfix, asker)) {
		doctor_mend(found, "# its list is $smtpd_milters: see there");
		return;
	}
	doctor_edit_add(doctor, found, asker);
	doctor_edit_reload(found);
}

void
doctor_non_smtpd_milters(struct doctor *doctor, struct doctor_finding *found)
{
	struct askers askers;
	const struct asker *asker;

	askers_cleanup(doctor->postfix, doctor->settings->socket, &askers);
	if (say_broken(&askers, found) || say_doubt(&askers, found))
		return;
	if (askers.count == 0) {
		doctor_blind(
		    found, "cannot tell who takes mail by sendmail(1)");
		return;
	}
	asker = &askers.items[0];
	if (asker->asks == ASKER_US)
		doctor_say(
		    found, DOCTOR_OK, "%s asks posternd", asker->service.name);
	else if (asker->asks == ASKER_SHUT_OUT)
		doctor_say(
		    found, DOCTOR_SKIP, "%s: see chroot", asker->service.name);
	else
		say_unseen(asker, doctor, found);
}

/* --- what Postfix makes of posternd --- */

/* What posternd has of a setting: its own, or the service's for all milters. */
static bool
get_setting(const struct doctor *doctor, const struct asker *asker,
    const char *name, struct postfix_word *value)
{
	char parameter[VALUE_SIZE];
	const char *common;

	switch (postfix_list_attribute(&asker->milter, name, value)) {
	case POSTFIX_ATTRIBUTE_SET:
		return true;
	case POSTFIX_ATTRIBUTE_UNKNOWN:
		return false;
	case POSTFIX_ATTRIBUTE_ABSENT:
		break;
	}
	snprintf(parameter, sizeof(parameter), "milter_%s", name);
	common = postfix_get_of(doctor->postfix, &asker->service, parameter);
	if (common == NULL)
		return false;
	*value = (struct postfix_word){common, strlen(common)};
	return true;
}

/* --- how it asks --- */

enum { CURES_MAX = 3 };

/* What is wrong with one that asks us, and what mends all of it. */
struct manner {
	const char *unknown;       /* a setting that cannot be told, or NULL */
	bool refuses;              /* default_action */
	const char *short_name;    /* a time-out, or NULL */
	struct postfix_word value; /* of that */
	int wait_ms;               /* what it is no longer than */
	struct postfix_word action;
	size_t count;
	struct milter_cure cures[CURES_MAX];
};

static const char *
consequence_of(const struct postfix_word *action)
{
	static const struct {
		const char *action, *means;
	} words[] = {
	    {"accept", "goes out unseen"},
	    {"tempfail", "waits at the client"},
	    {"quarantine", "is kept on hold"},
	    {"reject", "is refused for good"},
	    {"shutdown", "waits at the client"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (postfix_word_is(action, words[i].action))
			return words[i].means;
	return NULL;
}

static void
add_cure(struct manner *manner, const char *name, const char *value)
{
	struct milter_cure *cure = &manner->cures[manner->count++];

	cure->name = name;
	text_copy(cure->value, sizeof(cure->value), value);
}

static void
look_at_action(const struct doctor *doctor, const struct asker *asker,
    struct manner *manner)
{
	if (!get_setting(doctor, asker, "default_action", &manner->action))
		return;
	manner->refuses = postfix_word_is(&manner->action, "reject");
	if (manner->refuses)
		add_cure(manner, "default_action", "tempfail");
}

/* Postfix must wait longer for an answer than posternd for a verdict. */
static void
look_at_timeout(const struct doctor *doctor, const struct asker *asker,
    const char *name, int wait_ms, struct manner *manner)
{
	struct postfix_word value;
	char proposed[VALUE_SIZE];
	int ms = get_setting(doctor, asker, name, &value)
		     ? postfix_time_ms(&value)
		     : -1;

	if (ms < 0) {
		manner->unknown = name;
	} else if (ms <= wait_ms) {
		snprintf(proposed, sizeof(proposed), "%ds",
		    wait_ms / 1000 + SPARE_S);
		add_cure(manner, name, proposed);
		if (manner->short_name == NULL) {
			manner->short_name = name;
			manner->value = value;
			manner->wait_ms = wait_ms;
		}
	}
}

static void
look_at_asker(const struct doctor *doctor, const struct asker *asker,
    struct manner *manner)
{
	const struct settings *settings = doctor->settings;
	int message_ms = settings->message_wait_ms == MESSAGE_WAIT_AUTO
			     ? MESSAGE_AUTO_MS
			     : settings->message_wait_ms;

	*manner = (struct manner){.count = 0};
	look_at_action(doctor, asker, manner);
	/* posternd takes a connection at once: any time is enough for that */
	look_at_timeout(doctor, asker, "connect_timeout", 0, manner);
	look_at_timeout(
	    doctor, asker, "command_timeout", settings->rcpt_wait_ms, manner);
	look_at_timeout(doctor, asker, "content_timeout", message_ms, manner);
}

/* What is said of one that asks us. */
typedef void say_asker(struct doctor_finding *found, const struct asker *asker,
    const struct manner *manner);

/* What cannot be told is worse than what is right. */
static int
severity_of(const struct doctor_finding *found)
{
	if (found->seen[0] == '\0')
		return 0;
	if (found->blind)
		return 2;
	return found->state > DOCTOR_OK ? 1 + (int)found->state : 1;
}

static void
look_at_list(const struct doctor *doctor, const struct askers *askers,
    struct doctor_finding *found, say_asker *say)
{
	for (size_t i = 0; i < askers->count; i++) {
		const struct asker *asker = &askers->items[i];
		struct doctor_finding one = {.state = DOCTOR_SKIP};
		struct manner manner;

		if (asker->asks != ASKER_US)
			continue;
		look_at_asker(doctor, asker, &manner);
		say(&one, asker, &manner);
		if (severity_of(&one) > severity_of(found)) {
			one.mend = found->mend;
			*found = one;
		}
		if (one.state > DOCTOR_OK &&
		    !milter_edit_follows(doctor->postfix, asker))
			doctor_edit_set(
			    doctor, found, asker, manner.cures, manner.count);
	}
}

/* The worst of all that ask us, and what mends all of them.  Where a chroot
 * hides the socket from some, that comes first. */
static void
look_at_all(struct doctor *doctor, struct doctor_finding *found, say_asker *say)
{
	struct askers smtpd, cleanup;

	askers_smtpd(doctor->postfix, doctor->settings->socket, &smtpd);
	askers_cleanup(doctor->postfix, doctor->settings->socket, &cleanup);
	if (first_asker(&smtpd, ASKER_SHUT_OUT) != NULL ||
	    first_asker(&cleanup, ASKER_SHUT_OUT) != NULL) {
		doctor_blind(found, "see chroot first");
		return;
	}
	look_at_list(doctor, &smtpd, found, say);
	look_at_list(doctor, &cleanup, found, say);
	if (found->seen[0] == '\0')
		doctor_say(found, DOCTOR_SKIP, "no service asks posternd");
	else if (found->mend != NULL)
		doctor_edit_reload(found);
}

static void
say_action(struct doctor_finding *found, const struct asker *asker,
    const struct manner *manner)
{
	const char *means = consequence_of(&manner->action);

	if (means == NULL)
		doctor_blind(found,
		    "%s: cannot tell its default_action for "
		    "posternd",
		    asker->service.name);
	else
		doctor_say(found, manner->refuses ? DOCTOR_WARN : DOCTOR_OK,
		    "%s, %.*s: while posternd is down, mail %s",
		    asker->service.name, (int)manner->action.length,
		    manner->action.text, means);
}

void
doctor_default_action(struct doctor *doctor, struct doctor_finding *found)
{
	look_at_all(doctor, found, say_action);
}

static void
say_timeouts(struct doctor_finding *found, const struct asker *asker,
    const struct manner *manner)
{
	if (manner->short_name != NULL)
		doctor_say(found, DOCTOR_WARN,
		    "%s: %s = %.*s is no longer than posternd's wait, %d s: "
		    "Postfix gives up before it answers",
		    asker->service.name, manner->short_name,
		    (int)manner->value.length, manner->value.text,
		    manner->wait_ms / 1000);
	else if (manner->unknown != NULL)
		doctor_blind(found, "%s: cannot tell its %s for posternd",
		    asker->service.name, manner->unknown);
	else
		doctor_say(
		    found, DOCTOR_OK, "Postfix waits longer than posternd");
}

void
doctor_timeouts(struct doctor *doctor, struct doctor_finding *found)
{
	look_at_all(doctor, found, say_timeouts);
}
