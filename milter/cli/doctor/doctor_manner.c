/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/doctor_edit.h"
#include "milter/cli/host/askers.h"
#include "milter/cli/host/postfix.h"

enum {
	VALUE_SIZE = 64,

	/* session.c waits so long over all RCPTs of a message */
	MESSAGE_AUTO_MS = 60 * 1000,

	SPARE_S = 30, /* of a time-out that is proposed */
};

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
	if (askers_first(&smtpd, ASKER_SHUT_OUT) != NULL ||
	    askers_first(&cleanup, ASKER_SHUT_OUT) != NULL) {
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
