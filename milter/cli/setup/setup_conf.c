/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "milter/cli/setup/setup.h"
#include "milter/cli/setup/setup_text.h"

int
setup_conf_begin(struct setup *setup, struct err *err)
{
	char path[SETUP_PATH_SIZE];

	setup->conf_path = setup->doctor.conf_file == NULL
			       ? SETTINGS_PATH
			       : setup->doctor.conf_file;
	if (setup_read_file(setup->conf_path, path, &setup->conf_before, err) !=
	    0)
		return -1;
	setup->conf_after =
	    xstrdup(setup->conf_before == NULL ? "" : setup->conf_before);
	return 0;
}

static void
set_keyword(struct setup *setup, const char *keyword, const char *value,
    const char *because)
{
	char *changed = setup_conf_set(setup->conf_after, keyword, value);
	size_t used = strlen(setup->why);

	free(setup->conf_after);
	setup->conf_after = changed;
	snprintf(setup->why + used, sizeof(setup->why) - used, "%s%s: %s.",
	    used == 0 ? "" : " ", keyword, because);
}

void
setup_conf_socket(struct setup *setup, const char *socket, const char *because)
{
	set_keyword(setup, "Socket", socket, because);
	setup->restart = true;
}

/* What somebody set stays: that is told. */
static void
take_setting(
    void *arg, const char *keyword, const char *value, const char *because)
{
	struct setup *setup = arg;

	if (setup_conf_has(setup->conf_after, keyword))
		setup_plan_note(&setup->plan, false,
		    "%s stays as %s has it, though the MTA has it otherwise: "
		    "%s; \"postern doctor\" has the line for it",
		    keyword, setup->conf_path, because);
	else if (value[0] != '\0')
		set_keyword(setup, keyword, value, because);
}

static void
ask_doctor(struct setup *setup, doctor_check *check)
{
	struct doctor_finding found = {.state = DOCTOR_SKIP};

	setup->doctor.setting = take_setting;
	setup->doctor.setting_arg = setup;
	check(&setup->doctor, &found);
	if (found.blind || found.state == DOCTOR_FAIL)
		setup_plan_note(&setup->plan, false, "%s", found.seen);
	setup->doctor.setting = NULL;
	free(found.mend);
}

void
setup_conf_way(struct setup *setup)
{
	ask_doctor(setup, doctor_probe_way);
	if (setup->doctor.postfix != NULL)
		ask_doctor(setup, doctor_internal_domains);
}

/* A name that only this host knows tells others nothing. */
static bool
is_known_outside(const char *name)
{
	static const char local[] = ".localdomain";
	size_t length = strlen(name), size = sizeof(local) - 1;

	return strchr(name, '.') != NULL &&
	       (length < size || strcmp(name + length - size, local) != 0);
}

void
setup_conf_name(struct setup *setup, const char *name, const char *where)
{
	char mtas[LIMIT_DOMAIN_SIZE], because[LIMIT_DOMAIN_SIZE + 64];

	if (setup_conf_has(setup->conf_after, "AuthservID") ||
	    domain_normalise(name, mtas, NULL) != 0 ||
	    !is_known_outside(mtas) ||
	    strcmp(mtas, setup->doctor.settings->authserv_id) == 0)
		return;
	snprintf(because, sizeof(because), "%s = %s", where, name);
	set_keyword(setup, "AuthservID", mtas, because);
}

/* Write the text to a file of its own, and read it as posternd would. */
static void
check_settings(const char *text, struct conf_faults *faults)
{
	char path[] = "/tmp/postern-setup.XXXXXX";
	size_t length = strlen(text);
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		conf_fault(faults, path, 0, "cannot be written");
	else
		settings_free(settings_load(path, NULL, 0, faults));
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
}

void
setup_conf_end(struct setup *setup)
{
	struct conf_faults faults = {.count = 0};
	char path[SETUP_PATH_SIZE];

	if (setup->conf_before == NULL && setup->conf_after[0] == '\0')
		return;
	check_settings(setup->conf_after, &faults);
	if (realpath(setup->conf_path, path) == NULL)
		text_copy(path, sizeof(path), setup->conf_path);
	if (faults.count > 0) {
		setup_plan_block(&setup->plan);
		setup_plan_note(&setup->plan, true,
		    "%s would have a mistake with what is to be in it: %s",
		    setup->conf_path, faults.texts[0]);
	} else {
		setup_plan_file(&setup->plan, path, setup->conf_before,
		    setup->conf_after, setup->why);
	}
	conf_faults_fini(&faults);
}
