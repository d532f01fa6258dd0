/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/cli/cli.h"
#include "milter/cli/host/postfix.h"
#include "milter/cli/setup/setup.h"
#include "milter/cli/setup/setup_apply.h"
#include "milter/cli/setup/setup_view.h"

enum { POSTFIX_MS = 20 * 1000 };

#define SYSTEMD "/run/systemd/system"

/* --- the verb --- */

static void
make_plan(struct setup *setup)
{
	struct err err;

	if (setup_conf_begin(setup, &err) != 0) {
		setup_plan_note(&setup->plan, true, "%s", err.text);
		return;
	}
	setup->doctor.postfix = postfix_ask(clock_mono_ms() + POSTFIX_MS, &err);
	if (setup->doctor.postfix != NULL) {
		text_copy(setup->mta, sizeof(setup->mta), "postfix");
		setup_postfix(setup);
	} else if (access(DOCTOR_SENDMAIL_CF, F_OK) == 0) {
		text_copy(setup->mta, sizeof(setup->mta), "sendmail");
		setup_sendmail(setup);
	} else {
		setup_plan_note(&setup->plan, true,
		    "neither Postfix (%s) nor " DOCTOR_SENDMAIL_CF " here",
		    err.text);
	}
}

static int
setup_exit_status(const struct setup *setup, bool done)
{
	if (strcmp(setup->mta, "none") == 0)
		return 3;
	if (setup_plan_must(&setup->plan))
		return 2;
	return done || setup->plan.count == 0 ? 0 : 1;
}

static int
show_or_apply(struct setup *setup, const struct cli_options *options)
{
	struct err err;

	if (options->apply && setup_apply(&setup->plan, &err) != 0)
		return cli_fail(EX_CANTCREAT, "%s", err.text);
	if (options->json)
		setup_view_json(setup, options->apply);
	else
		setup_view_text(setup, options->apply);
	return setup_exit_status(setup, options->apply);
}

static int
plan_and_go(const struct cli_options *options)
{
	struct setup setup = {.doctor.conf_file = options->conf_file,
	    .mta = "none",
	    .systemd = access(SYSTEMD, F_OK) == 0};
	struct conf_faults *faults = &setup.doctor.faults;
	int status;

	setup.doctor.settings =
	    settings_load(options->conf_file, NULL, 0, faults);
	if (setup.doctor.settings == NULL) {
		status = cli_fail(EX_CONFIG, "%s",
		    faults->count == 0 ? "no settings" : faults->texts[0]);
	} else {
		make_plan(&setup);
		status = show_or_apply(&setup, options);
	}
	free(setup.conf_before);
	free(setup.conf_after);
	setup_plan_fini(&setup.plan);
	postfix_free(setup.doctor.postfix);
	settings_free(setup.doctor.settings);
	conf_faults_fini(faults);
	return status;
}

/* --- and back --- */

static void
print_undone(const struct cli_options *options, const struct setup_deeds *deeds,
    const char *result)
{
	json_t *paths = json_array(), *object;

	for (size_t i = 0; i < deeds->count; i++) {
		const struct setup_deed *deed = &deeds->items[i];

		if (deed->path[0] == '\0' ||
		    (strcmp(result, "changed") == 0 && !setup_do_changed(deed)))
			continue;
		if (!options->json)
			printf("%s: %s%s\n", deed->path, result,
			    strcmp(result, "changed") == 0
				? " since; nothing was taken back"
				: "");
		json_array_append_new(paths, json_string(deed->path));
	}
	object = json_pack(
	    "{s:i, s:s, s:o}", "schema", 1, "result", result, "paths", paths);
	if (options->json) {
		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
	}
	json_decref(object);
}

static bool
is_any_changed(const struct setup_deeds *deeds)
{
	for (size_t i = 0; i < deeds->count; i++)
		if (setup_do_changed(&deeds->items[i]))
			return true;
	return false;
}

static int
undo_last(const struct cli_options *options)
{
	unsigned number = setup_journal_last();
	struct setup_deeds deeds = {.count = 0};
	struct err err;
	int status = 0;

	if (number == 0) {
		if (!options->json)
			puts("Nothing that setup did is left to take back.");
		print_undone(options, &deeds, "nothing");
		return 0;
	}
	if (setup_journal_read(number, &deeds, &err) != 0)
		return cli_fail(EX_DATAERR, "%s", err.text);
	if (is_any_changed(&deeds)) {
		print_undone(options, &deeds, "changed");
		if (!options->json)
			printf("The files of before are beside, as "
			       "*.before-setup-%u.\n",
			    number);
		status = 2;
	} else if (setup_take_back(&deeds, &err) != 0) {
		status = cli_fail(EX_CANTCREAT, "%s", err.text);
	} else {
		setup_journal_remove(number);
		print_undone(options, &deeds, "taken back");
	}
	setup_deeds_fini(&deeds);
	return status;
}

int
cli_setup(const struct cli_options *options)
{
	struct err err;
	int lock, status;

	if (options->apply && options->undo)
		return cli_fail(EX_USAGE, "--apply or --undo, not both");
	if (!options->apply && !options->undo)
		return plan_and_go(options);
	if (geteuid() != 0)
		return cli_fail(EX_NOPERM, "only root can change the MTA");
	lock = setup_lock(&err);
	if (lock < 0)
		return cli_fail(
		    err.kind == ERR_TEMP ? EX_TEMPFAIL : EX_CANTCREAT, "%s",
		    err.text);
	status = options->undo ? undo_last(options) : plan_and_go(options);
	close(lock);
	return status;
}
