/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/base/identity.h"
#include "common/base/text.h"
#include "common/io/store.h"
#include "milter/cli/cli.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/conf/settings.h"

/* Octets: two policies at their largest, and what SQLite writes with them */
enum { DISK_LEAST = 256 * 1024 };

enum { NAME_SIZE = 33 };

void
doctor_configuration(struct doctor *doctor, struct doctor_finding *found)
{
	size_t count = doctor->faults.count;

	if (doctor->settings != NULL) {
		doctor_say(found, DOCTOR_OK, "%s%s", doctor_conf_file(doctor),
		    access(doctor_conf_file(doctor), F_OK) == 0
			? ""
			: " is not there: all defaults");
		return;
	}
	doctor_say(found, DOCTOR_FAIL, "%zu mistake%s, the first: %.200s",
	    count, count == 1 ? "" : "s",
	    count == 0 ? "" : doctor->faults.texts[0]);
	doctor_mend(found, "posternd -n -c %.200s    # tells each of them",
	    doctor_conf_file(doctor));
}

/* USER of USER:GROUP */
static void
user_name(const struct doctor *doctor, char name[NAME_SIZE])
{
	text_copy(name, NAME_SIZE, doctor->settings->user);
	name[strcspn(name, ":")] = '\0';
}

void
doctor_user(struct doctor *doctor, struct doctor_finding *found)
{
	struct identity who;
	struct err err;

	if (identity_find(doctor->settings->user, &who, &err) != 0) {
		char name[NAME_SIZE];

		user_name(doctor, name);
		doctor_say(found, DOCTOR_FAIL, "%s", err.text);
		doctor_mend(found, "adduser --system --group --home %s %s",
		    doctor->settings->state_directory, name);
	} else if (who.uid == 0) {
		doctor_say(found, DOCTOR_FAIL, "UserID %s is root",
		    doctor->settings->user);
		doctor_mend(found, "UserID postern    # in %s",
		    doctor_conf_file(doctor));
	} else {
		doctor_say(found, DOCTOR_OK, "%s, uid %u, gid %u", who.name,
		    (unsigned)who.uid, (unsigned)who.gid);
	}
}

static void
say_state_directory(const struct doctor *doctor, struct doctor_finding *found,
    const struct identity *who, int error)
{
	const char *directory = doctor->settings->state_directory;
	char group[NAME_SIZE + 1] = "";
	const struct group *entry = getgrgid(who->gid);

	if (entry != NULL)
		text_copy(group, sizeof(group), entry->gr_name);
	doctor_say(found, DOCTOR_FAIL,
	    "%s cannot write in %s: %s; policies are lost with the process",
	    who->name, directory, strerror(error));
	doctor_mend(found, "install -d -o %s -g %s -m 0750 %s", who->name,
	    group[0] == '\0' ? who->name : group, directory);
}

/* False when so little is left that not one policy is sure to fit. */
static bool
has_room(const char *directory)
{
	struct statvfs disk;

	return statvfs(directory, &disk) != 0 ||
	       disk.f_bavail * disk.f_frsize >= DISK_LEAST;
}

/* Of the posternd that runs, if one does. */
static void
say_kept(const struct doctor *doctor, struct doctor_finding *found,
    const char *path_is)
{
	const char *path = doctor->settings->store_path;
	struct cli_stats_store store = cli_stats_store(doctor->settings);
	char lost[80] = "";

	if (store.lost > 0)
		snprintf(lost, sizeof(lost),
		    "; %lld were lost before they could be written",
		    (long long)store.lost);
	if (store.unwritten == 0 && !store.failing) {
		doctor_say(found, DOCTOR_OK, "%s%s%s", path, path_is, lost);
		return;
	}
	if (store.unwritten == 0)
		doctor_say(found, DOCTOR_WARN,
		    "posternd could not use %s when it tried last%s", path,
		    lost);
	else
		doctor_say(found, DOCTOR_WARN,
		    "%s lacks %lld of the policies in memory%s", path,
		    (long long)store.unwritten, lost);
	doctor_mend(found,
	    "# posternd tries every minute; its log says why that failed, in "
	    "a line with event=store");
}

/* A file that is there must be the user's to write, and whole. */
static void
look_at_store(const struct doctor *doctor, struct doctor_finding *found,
    const struct identity *who)
{
	const char *path = doctor->settings->store_path;
	int error = identity_access(who, path, R_OK | W_OK);
	char path_is[4 * NAME_SIZE];
	struct err err;

	snprintf(path_is, sizeof(path_is), "%s%s",
	    error == ENOENT ? " can be made by " : ", written by ", who->name);
	if (error == ENOENT) {
		say_kept(doctor, found, path_is);
		return;
	}
	if (error > 0) {
		doctor_say(found, DOCTOR_FAIL, "%s cannot write %s: %s",
		    who->name, path, strerror(error));
		doctor_mend(found, "chown %s: %s*", who->name, path);
		return;
	}
	AUTO(store) struct store *store = store_open(path, true, NULL, &err);
	if (store == NULL) {
		doctor_say(found, DOCTOR_FAIL, "%s", err.text);
		doctor_mend(found,
		    "mv %s %s.old    # with posternd stopped; it makes "
		    "another",
		    path, path);
		return;
	}
	say_kept(doctor, found, path_is);
}

void
doctor_store(struct doctor *doctor, struct doctor_finding *found)
{
	const char *directory = doctor->settings->state_directory;
	struct identity who;
	struct err err;
	int error;

	if (doctor->settings->store_path == NULL) {
		doctor_say(found, DOCTOR_SKIP,
		    "Store none: policies are lost with the process");
		return;
	}
	if (identity_find(doctor->settings->user, &who, &err) != 0) {
		doctor_blind(found, "%s", err.text);
		return;
	}
	error = identity_access(&who, directory, W_OK | X_OK);
	if (error == IDENTITY_UNKNOWN)
		doctor_blind(
		    found, "only root can see what %s may do", who.name);
	else if (error != 0)
		say_state_directory(doctor, found, &who, error);
	else if (!has_room(directory)) {
		doctor_say(found, DOCTOR_FAIL,
		    "the disk of %s is full; policies are lost with the "
		    "process",
		    directory);
		doctor_mend(found,
		    "df -h %s    # make room: posternd writes then what it "
		    "could not",
		    directory);
	} else
		look_at_store(doctor, found, &who);
}
