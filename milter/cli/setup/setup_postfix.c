/*
 * First comes the socket.  If a service that is to ask posternd runs in the
 * chroot, and the socket of today is outside of it, the socket moves below the
 * queue directory, and every list that names it follows.  Such a move is made
 * whole or not at all: a list that cannot be read or written stops all of it.
 * Then posternd is added where nobody asks it: at the list of main.cf, and at
 * each service with a list of its own, but not where that list is empty, for
 * that is so on purpose.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/identity.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/host/askers.h"
#include "milter/cli/host/milter_edit.h"
#include "milter/cli/host/postfix.h"
#include "milter/cli/setup/setup.h"
#include "milter/cli/setup/setup_trial.h"

enum { NAMES_SIZE = 160 };

/* Who asks whom, by the socket of today and by the one that is meant to be. */
struct lists {
	struct setup *setup;
	struct postfix *postfix;
	struct askers smtpd, cleanup; /* today's */
	struct askers smtpd_meant, cleanup_meant;
	bool fresh; /* no smtpd asks posternd */
	bool moves; /* the socket */
	struct setup_edits edits;
};

static bool
asks_posternd(const struct asker *asker)
{
	return asker->asks == ASKER_US || asker->asks == ASKER_SHUT_OUT;
}

static bool
has_own(const struct lists *lists, const struct asker *asker)
{
	return postfix_own(lists->postfix, &asker->service, asker->parameter) !=
	       NULL;
}

/* Whether a list gets posternd. */
static bool
is_to_be_added(const struct lists *lists, const struct asker *asker)
{
	if (asker->asks != ASKER_OTHERS)
		return false;
	if (strcmp(asker->parameter, "smtpd_milters") != 0)
		return true;
	return lists->fresh &&
	       (!has_own(lists, asker) || asker->list[0] != '\0');
}

static bool
is_hidden_from(const struct lists *lists, const struct askers *askers)
{
	for (size_t i = 0; i < askers->count; i++)
		if (askers->items[i].service.chrooted &&
		    (asks_posternd(&askers->items[i]) ||
			is_to_be_added(lists, &askers->items[i])))
			return true;
	return false;
}

static bool
is_asked_by(const struct askers *askers)
{
	for (size_t i = 0; i < askers->count; i++)
		if (asks_posternd(&askers->items[i]))
			return true;
	return false;
}

static void
find_lists(struct lists *lists, struct setup *setup)
{
	const char *today = setup->doctor.settings->socket;
	struct postfix *postfix = setup->doctor.postfix;
	char below[SETUP_SOCKET_SIZE];

	*lists = (struct lists){.setup = setup, .postfix = postfix};
	snprintf(below, sizeof(below), "unix:%s/" MILTER_BELOW_QUEUE,
	    postfix_get(postfix, "queue_directory"));
	askers_smtpd(postfix, today, &lists->smtpd);
	askers_cleanup(postfix, today, &lists->cleanup);
	askers_smtpd(postfix, below, &lists->smtpd_meant);
	askers_cleanup(postfix, below, &lists->cleanup_meant);
	lists->fresh =
	    !is_asked_by(&lists->smtpd) && !is_asked_by(&lists->smtpd_meant);
	lists->moves = milter_edit_is_hidden(postfix, today) &&
		       (is_hidden_from(lists, &lists->smtpd) ||
			   is_hidden_from(lists, &lists->cleanup));
	text_copy(
	    setup->socket, sizeof(setup->socket), lists->moves ? below : today);
	if (!lists->moves) {
		lists->smtpd_meant = lists->smtpd;
		lists->cleanup_meant = lists->cleanup;
	}
}

/* --- what keeps from it --- */

static bool
is_in_doubt(struct lists *lists, const struct askers *askers)
{
	struct setup_plan *plan = &lists->setup->plan;
	bool stop = askers->too_many;

	if (askers->too_many)
		setup_plan_note(
		    plan, true, "master.cf has too many services to tell");
	for (size_t i = 0; i < askers->count; i++) {
		const struct asker *asker = &askers->items[i];

		if (asker->asks == ASKER_BROKEN) {
			setup_plan_note(plan, true,
			    "%s of %s is no list of milters: braces do not "
			    "match, and no mail comes in; mend that first",
			    asker->parameter, asker->service.name);
			stop = true;
		} else if (asker->asks == ASKER_UNSURE) {
			setup_plan_note(plan, true,
			    "%s: cannot tell %s; its lists stay as they are",
			    asker->service.name, asker->doubt);
			stop |= lists->moves;
		}
	}
	return stop;
}

/* What stays, and why. */
static void
tell_left_out(struct lists *lists)
{
	struct setup_plan *plan = &lists->setup->plan;
	const struct askers *askers = &lists->smtpd;

	for (size_t i = 0; i < askers->count; i++) {
		const struct asker *asker = &askers->items[i];

		if (asker->asks == ASKER_MUTED)
			setup_plan_note(plan, lists->fresh,
			    "%s asks no milter, by no_milters in its "
			    "receive_override_options; it stays so",
			    asker->service.name);
		else if (asker->asks == ASKER_OTHERS &&
			 !asks_posternd(&lists->smtpd_meant.items[i]) &&
			 !is_to_be_added(lists, asker))
			setup_plan_note(plan, false,
			    "%s has %s milters of its own, and not posternd; "
			    "it stays so. If mail goes out by it, name "
			    "posternd there",
			    asker->service.name,
			    asker->list[0] == '\0' ? "no" : "other");
	}
}

/* --- lists --- */

static void
tell_by_hand(struct lists *lists, const struct asker *asker, const char *text)
{
	bool own = has_own(lists, asker);

	setup_plan_note(&lists->setup->plan, true, "%s %s by hand%s%s: %s",
	    lists->moves && asks_posternd(asker) ? "change" : "add to",
	    asker->parameter, own ? ", in master.cf at " : ", in main.cf",
	    own ? asker->service.name : "", text);
}

/* False where it cannot be, and nothing else may be done without it. */
static bool
edit_list(struct lists *lists, const struct asker *asker)
{
	char address[MILTER_ADDRESS_SIZE], milter[MILTER_SIZE];
	struct milter_change change = {.count = 0};
	bool moves = asks_posternd(asker);
	char *written;

	milter_edit_address(lists->postfix, lists->setup->socket, address);
	milter_edit_print(
	    address, lists->setup->doctor.settings->rcpt_wait_ms, milter);
	if (moves)
		change.move_to = address;
	else
		change.add = milter;
	written = milter_edit_list(lists->postfix, asker, &change);
	if (written == NULL) {
		tell_by_hand(lists, asker, moves ? address : milter);
		return !moves;
	}
	setup_edits_add(&lists->edits,
	    has_own(lists, asker) ? asker->service.name : NULL,
	    asker->parameter, written);
	free(written);
	return true;
}

static bool
edit_lists(struct lists *lists, const struct askers *askers,
    const struct askers *meant)
{
	for (size_t i = 0; i < askers->count; i++) {
		const struct asker *asker = &askers->items[i];
		bool moves = lists->moves && asks_posternd(asker);

		if (asks_posternd(&meant->items[i]) ||
		    !(moves || is_to_be_added(lists, asker)))
			continue;
		if (milter_edit_follows(lists->postfix, asker) &&
		    setup_edits_has(&lists->edits, "smtpd_milters"))
			continue;
		if (!edit_list(lists, asker))
			return false;
	}
	return true;
}

/* --- files --- */

static int
read_postfix_file(struct lists *lists, const char *name, char *path,
    char **text, struct err *err)
{
	char full[SETUP_PATH_SIZE];

	snprintf(full, sizeof(full), "%s/%s",
	    postfix_get(lists->postfix, "config_directory"), name);
	if (setup_read_file(full, path, text, err) != 0)
		return -1;
	return *text == NULL ? err_set(err, ERR_LOCAL, "%s is not there", full)
			     : 0;
}

static void
plan_files(struct lists *lists)
{
	struct setup_plan *plan = &lists->setup->plan;
	struct setup_trial before = {0}, after = {0};
	char main_cf[SETUP_PATH_SIZE], master_cf[SETUP_PATH_SIZE];
	struct err err;

	if (lists->edits.count == 0)
		return;
	if (read_postfix_file(lists, "main.cf", main_cf, &before.main, &err) ==
		0 &&
	    read_postfix_file(
		lists, "master.cf", master_cf, &before.master, &err) == 0 &&
	    setup_trial(&before, &lists->edits, &after, &err) == 0) {
		setup_plan_file(plan, main_cf, before.main, after.main,
		    "Postfix asks posternd, behind the filters that are "
		    "there.");
		setup_plan_file(plan, master_cf, before.master, after.master,
		    "These services have lists of their own.");
	} else {
		setup_plan_block(plan);
		setup_plan_note(plan, true, "nothing is sure: %s", err.text);
	}
	free(before.main);
	free(before.master);
	free(after.main);
	free(after.master);
}

/* --- the way to the socket --- */

static bool
is_member(const struct identity *who, gid_t gid)
{
	for (int i = 0; i < who->count; i++)
		if (who->groups[i] == gid)
			return true;
	return who->gid == gid;
}

/* True if its user joins the group of the socket. */
static bool
plan_member(struct setup *setup, const struct identity *daemon)
{
	const char *path = strchr(setup->socket, ':') + 1;
	struct identity owner;
	struct err err;

	if (path[0] != '/')
		return false;
	if (identity_find(postfix_get(setup->doctor.postfix, "mail_owner"),
		&owner, &err) != 0) {
		setup_plan_note(&setup->plan, true, "%s", err.text);
		return false;
	}
	if (is_member(&owner, daemon->gid) ||
	    identity_connect(&owner, path) == 0)
		return false;
	setup_plan_member(&setup->plan, owner.name, setup_group(daemon),
	    "The socket is for members of its group.");
	return true;
}

static void
plan_all(struct lists *lists)
{
	struct setup *setup = lists->setup;
	struct identity daemon;
	bool joins;

	if (!setup_find_user(setup, &daemon))
		return;
	tell_left_out(lists);
	if (!edit_lists(lists, &lists->smtpd, &lists->smtpd_meant) ||
	    !edit_lists(lists, &lists->cleanup, &lists->cleanup_meant))
		return;
	setup_place(setup, &daemon);
	joins = plan_member(setup, &daemon);
	if (lists->moves)
		setup_conf_socket(setup, setup->socket,
		    "the chroot of Postfix hides the one of today");
	setup->doctor.local_mail = lists->cleanup.count > 0 &&
				   lists->cleanup.items[0].asks != ASKER_MUTED;
	setup_conf_way(setup);
	setup_conf_name(
	    setup, postfix_get(lists->postfix, "myhostname"), "myhostname");
	setup_conf_end(setup);
	setup_posternd_anew(setup);
	plan_files(lists);
	if (joins || lists->edits.count > 0)
		setup_mta_anew(setup, SETUP_POSTFIX);
}

void
setup_postfix(struct setup *setup)
{
	struct lists lists;

	find_lists(&lists, setup);
	if (!is_in_doubt(&lists, &lists.smtpd) &&
	    !is_in_doubt(&lists, &lists.cleanup))
		plan_all(&lists);
	setup_edits_fini(&lists.edits);
}
