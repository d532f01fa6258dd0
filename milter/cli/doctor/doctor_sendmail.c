/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/sendmail_filters.h"

#define SENDMAIL_MC "/etc/mail/sendmail.mc"

/* session.c waits so long over all RCPTs of a message */
enum { MESSAGE_AUTO_MS = 60 * 1000 };

/* Names in a list, which Sendmail cuts at commas, a daemon's at semicolons. */
static bool
is_listed(const char *list, const char *separators, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list + strspn(list, separators); *at != '\0';) {
		size_t word = strcspn(at, separators);

		if (word == length && strncmp(at, name, word) == 0)
			return true;
		at += word;
		at += strspn(at, separators);
	}
	return false;
}

/* The first of our filters that a list has, or NULL; one that may be ours
 * counts only where no other does. */
static const struct sendmail_filter *
listed_filter(const struct sendmail_filters *sendmail, const char *list,
    const char *separators)
{
	const struct sendmail_filter *found = NULL;

	for (size_t i = 0; i < sendmail->filter_count; i++) {
		const struct sendmail_filter *filter = &sendmail->filters[i];

		if (is_listed(list, separators, filter->name) &&
		    (found == NULL || filter->at > found->at))
			found = filter;
	}
	return found;
}

/* What asks us, and what does not. */
struct askers {
	const struct sendmail_filter
	    *filter;         /* the first that is listed, or NULL */
	struct text without; /* daemons that leave it out */
	char without_array[160];
};

static void
note_list(const struct sendmail_filters *sendmail, struct askers *askers,
    const char *name, const char *list, const char *separators)
{
	const struct sendmail_filter *filter =
	    listed_filter(sendmail, list, separators);

	if (filter == NULL)
		text_addf(&askers->without, "%s%s",
		    askers->without.len == 0 ? "" : ", ", name);
	else if (askers->filter == NULL)
		askers->filter = filter;
}

static void
find_askers(const struct sendmail_filters *sendmail, struct askers *askers)
{
	*askers = (struct askers){.filter = NULL};
	text_init(&askers->without, askers->without_array,
	    sizeof(askers->without_array));
	if (sendmail->others > 0 || sendmail->daemon_count == 0)
		note_list(sendmail, askers, "InputMailFilters", sendmail->list,
		    "," SENDMAIL_SPACE);
	for (size_t i = 0; i < sendmail->daemon_count; i++)
		note_list(sendmail, askers, sendmail->daemons[i].name,
		    sendmail->daemons[i].list, ";" SENDMAIL_SPACE);
}

static void
say_no_filter(const struct doctor *doctor,
    const struct sendmail_filters *sendmail, const struct askers *askers,
    struct doctor_finding *found)
{
	if (sendmail->filter_count > 0) {
		doctor_say(found, DOCTOR_FAIL,
		    "Sendmail does not ask posternd: %s leaves it out",
		    askers->without.s);
		doctor_mend(found,
		    "# add %s to the filters that %s names, in " SENDMAIL_MC
		    ": behind the others, after \";\" at a daemon, else after "
		    "\",\"",
		    sendmail->filters[0].name, askers->without.s);
		return;
	}
	doctor_say(found, DOCTOR_FAIL,
	    "Sendmail does not ask posternd: no filter has its socket");
	doctor_mend(found,
	    "INPUT_MAIL_FILTER(`postern', `S=%s, T=C:30s;S:30s;R:%ds;E:5m')    "
	    "# in " SENDMAIL_MC ", behind the filters that are there",
	    doctor->settings->socket,
	    doctor->settings->rcpt_wait_ms / 1000 + 10);
	doctor_mend(found, "sendmailconfig");
	if (sendmail->daemon_count > 0)
		doctor_mend(found,
		    "# and add ;postern to the InputMailFilters of the daemon "
		    "that takes outgoing mail");
}

/* Sendmail must wait longer than posternd, or it takes it for dead. */
static bool
say_short(const struct doctor *doctor, const struct sendmail_filter *filter,
    struct doctor_finding *found)
{
	const struct settings *settings = doctor->settings;
	int rcpt_ms = settings->rcpt_wait_ms;
	int message_ms = settings->message_wait_ms == MESSAGE_WAIT_AUTO
			     ? MESSAGE_AUTO_MS
			     : settings->message_wait_ms;
	bool reply = filter->reply_ms <= rcpt_ms;

	if (!reply && filter->end_ms > message_ms)
		return false;
	doctor_say(found, DOCTOR_WARN,
	    "Sendmail waits %d s for a reply%s, posternd %d s for a verdict: "
	    "it gives up before posternd answers",
	    (reply ? filter->reply_ms : filter->end_ms) / 1000,
	    reply ? "" : " at the end", (reply ? rcpt_ms : message_ms) / 1000);
	doctor_mend(found,
	    "# in " SENDMAIL_MC ", the filter %s needs: "
	    "T=C:30s;S:30s;R:%ds;E:%ds",
	    filter->name, rcpt_ms / 1000 + 10, message_ms / 1000 + 240);
	doctor_mend(found, "sendmailconfig");
	return true;
}

static void
say_filter(const struct askers *askers, struct doctor_finding *found)
{
	const struct sendmail_filter *filter = askers->filter;
	const char *means = filter->down == 'R' ? "is refused for good"
			    : filter->down == 0 ? "goes out unseen"
						: "is refused for now";

	if (filter->down == 'R') {
		doctor_say(found, DOCTOR_WARN,
		    "%s has F=R: while posternd is down, mail %s", filter->name,
		    means);
		doctor_mend(found,
		    "# in " SENDMAIL_MC ", the filter %s needs: "
		    "F=T, or no F=",
		    filter->name);
		return;
	}
	doctor_say(found, DOCTOR_OK,
	    "Sendmail asks posternd%s%s%s; while that is down, mail %s",
	    askers->without.len == 0 ? "" : " (not ", askers->without.s,
	    askers->without.len == 0 ? "" : ")", means);
}

static void
say_sendmail(const struct doctor *doctor,
    const struct sendmail_filters *sendmail, struct doctor_finding *found)
{
	const struct sendmail_filter *filter;
	struct askers askers;

	find_askers(sendmail, &askers);
	filter = askers.filter;
	if (sendmail->too_many)
		doctor_blind(found, DOCTOR_SENDMAIL_CF " has too many to tell");
	else if (filter == NULL)
		say_no_filter(doctor, sendmail, &askers, found);
	else if (filter->at == LISTENER_UNSURE)
		doctor_blind(found, "cannot tell whether %s is at our socket",
		    filter->name);
	else if (filter->unclear)
		doctor_blind(
		    found, "cannot tell what %s has beside S=", filter->name);
	else if (!say_short(doctor, filter, found))
		say_filter(&askers, found);
}

void
doctor_sendmail(struct doctor *doctor, struct doctor_finding *found)
{
	struct sendmail_filters *sendmail = xcalloc(1, sizeof(*sendmail));

	sendmail->socket = doctor->settings->socket;
	if (sendmail_filters_read(sendmail) == 0) {
		doctor->no_filter =
		    sendmail->filter_count == 0 && !sendmail->too_many;
		say_sendmail(doctor, sendmail, found);
	} else if (errno == ENOENT)
		doctor_say(
		    found, DOCTOR_SKIP, "no " DOCTOR_SENDMAIL_CF " here");
	else
		doctor_blind(found, DOCTOR_SENDMAIL_CF ": %s", strerror(errno));
	free(sendmail);
}
