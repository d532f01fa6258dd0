/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/setup/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/text.h"
#include "milter/cli/cli.h"

enum { FILE_MAX = 1024 * 1024 };

int
setup_read_file(const char *name, char *path, char **text, struct err *err)
{
	struct stat status;
	size_t length;

	*text = NULL;
	if (realpath(name, path) == NULL) {
		text_copy(path, SETUP_PATH_SIZE, name);
		return errno == ENOENT ? 0
				       : err_set(err, ERR_LOCAL, "%s: %s", name,
					     strerror(errno));
	}
	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return err_set(err, ERR_DATA, "%s is no file", name);
	*text = cli_read_file(path, FILE_MAX, &length, err);
	if (*text == NULL)
		return -1;
	if (strlen(*text) == length)
		return 0;
	free(*text);
	*text = NULL;
	return err_set(err, ERR_DATA, "%s is no text", name);
}

/* --- the commands --- */

void
setup_posternd_anew(struct setup *setup)
{
	const char *before = setup->conf_before;
	bool changed =
	    strcmp(before == NULL ? "" : before, setup->conf_after) != 0;

	if (!changed && !setup->restart)
		return;
	if (!setup->systemd || !setup->has_unit)
		setup_plan_note(&setup->plan, false,
		    "systemd does not run posternd here: start it anew "
		    "afterwards");
	else if (setup->restart)
		setup_plan_run(&setup->plan, SETUP_RESTART,
		    "posternd takes another socket only at its start.");
	else
		setup_plan_run(
		    &setup->plan, SETUP_RELOAD, "posternd reads its settings.");
}

void
setup_mta_anew(struct setup *setup, enum setup_command command)
{
	if (command == SETUP_SENDMAIL && !setup->systemd)
		setup_plan_note(&setup->plan, false,
		    "systemd does not run Sendmail here: have it start anew "
		    "afterwards");
	else
		setup_plan_run(&setup->plan, command,
		    command == SETUP_POSTFIX
			? "Postfix reads its files; where it does not run, "
			  "it does so at its start."
			: "Sendmail reads its file.");
}
