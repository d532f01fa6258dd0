/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "common/base/text.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/host/askers.h"
#include "milter/cli/doctor/doctor_edit.h"
#include "milter/cli/host/postfix.h"

enum { NAMES_SIZE = 160 };

/* What keeps from an answer, if anything does. */
static bool
say_doubt(const struct askers *askers, struct doctor_finding *found)
{
	const struct asker *unsure = askers_first(askers, ASKER_UNSURE);
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
	const struct asker *broken = askers_first(askers, ASKER_BROKEN);
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
	if (askers_first(&askers, ASKER_SHUT_OUT) == NULL)
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
