/* SPDX-License-Identifier: BSD-2-Clause */
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "milter/cli/setup/setup.h"

const char *
setup_group(const struct identity *who)
{
	const struct group *group = getgrgid(who->gid);

	return group == NULL ? who->name : group->gr_name;
}

bool
setup_find_user(struct setup *setup, struct identity *daemon)
{
	struct err err;

	if (identity_find(setup->doctor.settings->user, daemon, &err) == 0)
		return true;
	setup_plan_note(&setup->plan, true,
	    "%s: make the user of posternd first", err.text);
	return false;
}

/* A folder of its own, and none below /run: that its unit makes at each start.
 */
static bool
is_elsewhere(const char *path)
{
	return path[0] == '/' && strrchr(path, '/') > path &&
	       strncmp(path, "/run/", 5) != 0;
}

void
setup_place(struct setup *setup, const struct identity *daemon)
{
	const char *path = strchr(setup->socket, ':') + 1;
	char folder[SETUP_SOCKET_SIZE];
	struct stat status;

	if (!is_elsewhere(path)) {
		setup_unit(setup, NULL);
		return;
	}
	snprintf(folder, sizeof(folder), "%.*s",
	    (int)(strrchr(path, '/') - path), path);
	if (stat(folder, &status) < 0) {
		setup_plan_folder(&setup->plan, folder, daemon->name,
		    setup_group(daemon), 0750,
		    "For the socket; services of Postfix in the chroot see "
		    "nothing outside of the queue directory.");
		setup->restart = true;
	} else if (status.st_uid != daemon->uid) {
		setup_plan_note(&setup->plan, true,
		    "%s is not of user %s, who makes the socket there", folder,
		    daemon->name);
	}
	setup_unit(setup, folder);
}
