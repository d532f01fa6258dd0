/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/setup/setup_do.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/identity.h"
#include "common/base/process.h"
#include "common/base/text.h"
#include "common/proto/x509.h"

/*
 * How it works, for a file, so that whatever ends it there is a whole one:
 * 1. Its digest is compared with the one that was planned for: somebody may
 *    have changed it since.
 * 2. What it shall be is written beside it as ".setup-new", with the owner and
 *    mode of the old one, and is on the disk.
 * 3. The old one gets a second name, that of its backup; then the new one takes
 *    its name, and the folder is on the disk.
 * To take it back is to rename the backup, or to remove the file where there
 * was none before, if it still has the digest of what was written.  If it has
 * that of before, step 3 did not end or was taken back already, and the backup
 * goes only where it is that second name.
 */

enum { RUN_MS = 120 * 1000, CONF_MODE = 0644, OUTPUT_SIZE = 4096 };

void
setup_digest(const char *text, char out[SETUP_DIGEST_SIZE])
{
	uint8_t octets[32];

	out[0] = '\0';
	if (text == NULL)
		return;
	x509_sha256((struct der){(const uint8_t *)text, strlen(text)}, octets);
	text_hex(out, SETUP_DIGEST_SIZE, octets, sizeof(octets));
}

static void
print_backup(
    const struct setup_step *step, unsigned number, char out[SETUP_PATH_SIZE])
{
	snprintf(out, SETUP_PATH_SIZE, "%.4000s.before-setup-%u", step->path,
	    number);
}

bool
setup_do_is_taken(const struct setup_step *step, unsigned number)
{
	char backup[SETUP_PATH_SIZE];
	struct stat status;

	if (step->before == NULL)
		return false;
	print_backup(step, number, backup);
	return lstat(backup, &status) == 0;
}

void
setup_deed_init(
    struct setup_deed *deed, const struct setup_step *step, unsigned number)
{
	*deed =
	    (struct setup_deed){.kind = step->kind, .command = step->command};
	if (step->path != NULL)
		text_copy(deed->path, sizeof(deed->path), step->path);
	if (step->before != NULL)
		print_backup(step, number, deed->backup);
	setup_digest(step->before, deed->before);
	setup_digest(step->after, deed->after);
	if (step->user != NULL)
		text_copy(deed->user, sizeof(deed->user), step->user);
	if (step->group != NULL)
		text_copy(deed->group, sizeof(deed->group), step->group);
}

/* --- files --- */

int
setup_sync_folder(const char *path, struct err *err)
{
	char copy[SETUP_PATH_SIZE];
	int fd, rc;

	text_copy(copy, sizeof(copy), path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = fd < 0 || fsync(fd) != 0 ? -1 : 0;
	if (rc != 0)
		err_set(err, ERR_LOCAL, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
write_whole(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t done = write(fd, text, left);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		text += done;
		left -= (size_t)done;
	}
	return fsync(fd);
}

int
setup_write(const char *path, const char *text, const struct stat *like,
    struct err *err)
{
	int fd, rc = -1;

	/* of a run that was cut short */
	unlink(path);
	fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 &&
	    (like == NULL || fchown(fd, like->st_uid, like->st_gid) == 0) &&
	    fchmod(fd, like == NULL ? CONF_MODE : like->st_mode & 07777) == 0)
		rc = write_whole(fd, text);
	if (rc != 0)
		err_set(err, ERR_LOCAL, "%s: %s", path, strerror(errno));
	if (fd >= 0 && close(fd) != 0 && rc == 0)
		rc = err_set(err, ERR_LOCAL, "%s: %s", path, strerror(errno));
	if (fd >= 0 && rc != 0)
		unlink(path);
	return rc;
}

/* What stands in the file now. */
static void
digest_now(const char *path, char out[SETUP_DIGEST_SIZE])
{
	char real[SETUP_PATH_SIZE];
	char *text = NULL;

	out[0] = '\0';
	if (setup_read_file(path, real, &text, NULL) == 0)
		setup_digest(text, out);
	else
		text_copy(out, SETUP_DIGEST_SIZE, "unreadable");
	free(text);
}

static int
take_its_name(const struct setup_deed *deed, const char *made, struct err *err)
{
	if (deed->backup[0] != '\0' && link(deed->path, deed->backup) != 0)
		return err_set(
		    err, ERR_LOCAL, "%s: %s", deed->backup, strerror(errno));
	if (rename(made, deed->path) == 0)
		return setup_sync_folder(deed->path, err);
	err_set(err, ERR_LOCAL, "%s: %s", deed->path, strerror(errno));
	if (deed->backup[0] != '\0')
		unlink(deed->backup);
	return -1;
}

static int
do_file(const struct setup_step *step, const struct setup_deed *deed,
    struct err *err)
{
	char made[SETUP_PATH_SIZE], now[SETUP_DIGEST_SIZE];
	struct stat status;
	bool there = stat(deed->path, &status) == 0;

	digest_now(deed->path, now);
	if (strcmp(now, deed->before) != 0)
		return err_set(err, ERR_LOCAL,
		    "%s was changed while this ran: try again", deed->path);
	snprintf(made, sizeof(made), "%.4000s.setup-new", deed->path);
	if (setup_write(made, step->after, there ? &status : NULL, err) != 0)
		return -1;
	if (take_its_name(deed, made, err) == 0)
		return 0;
	unlink(made);
	return -1;
}

bool
setup_do_changed(const struct setup_deed *deed)
{
	char now[SETUP_DIGEST_SIZE];

	if (deed->kind != SETUP_FILE)
		return false;
	digest_now(deed->path, now);
	return strcmp(now, deed->before) != 0 && strcmp(now, deed->after) != 0;
}

static bool
is_one_file(const char *path, const char *other)
{
	struct stat a, b;

	return lstat(path, &a) == 0 && lstat(other, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* A backup is taken away only where it is a second name of the file: another
 * one is of an earlier run, and may be all that is left of what was there. */
static int
undo_file(const struct setup_deed *deed, struct err *err)
{
	char now[SETUP_DIGEST_SIZE];

	digest_now(deed->path, now);
	if (strcmp(now, deed->after) == 0) {
		int rc = deed->backup[0] == '\0'
			     ? unlink(deed->path)
			     : rename(deed->backup, deed->path);

		if (rc != 0)
			return err_set(err, ERR_LOCAL, "%s: %s", deed->path,
			    strerror(errno));
	} else if (strcmp(now, deed->before) != 0) {
		return err_set(err, ERR_LOCAL,
		    "%s was changed meanwhile, and stays as it is", deed->path);
	} else if (deed->backup[0] != '\0' &&
		   is_one_file(deed->path, deed->backup)) {
		unlink(deed->backup);
	}
	return setup_sync_folder(deed->path, err);
}

/* --- folders --- */

static int
do_folder(const struct setup_step *step, struct err *err)
{
	const struct passwd *user = getpwnam(step->user);
	const struct group *group = getgrnam(step->group);

	if (user == NULL || group == NULL)
		return err_set(err, ERR_LOCAL, "no user %s or no group %s",
		    step->user, step->group);
	if (mkdir(step->path, 0700) != 0)
		return err_set(
		    err, ERR_LOCAL, "%s: %s", step->path, strerror(errno));
	if (chown(step->path, user->pw_uid, group->gr_gid) == 0 &&
	    chmod(step->path, step->mode) == 0)
		return setup_sync_folder(step->path, err);
	err_set(err, ERR_LOCAL, "%s: %s", step->path, strerror(errno));
	rmdir(step->path);
	return -1;
}

/* A socket that nobody listens at any more is no reason to keep it. */
static int
undo_folder(const struct setup_deed *deed, struct err *err)
{
	char path[SETUP_PATH_SIZE];
	struct stat status;

	snprintf(path, sizeof(path), "%.4000s/milter.sock", deed->path);
	if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
		unlink(path);
	return rmdir(deed->path) == 0 || errno == ENOENT
		   ? 0
		   : err_set(
			 err, ERR_LOCAL, "%s: %s", deed->path, strerror(errno));
}

/* --- commands --- */

static int
run_program(const char *const argv[], struct err *err)
{
	struct process process;
	char drop[OUTPUT_SIZE];
	ssize_t got;
	int status;

	if (process_start(&process, argv, clock_mono_ms() + RUN_MS, err) != 0)
		return -1;
	while ((got = process_read(&process, drop, sizeof(drop), err)) > 0)
		continue;
	status = process_end(&process);
	if (got < 0)
		return -1;
	return status == 0 ? 0
			   : err_set(err, ERR_LOCAL, "%s %s: exit status %d",
				 argv[0], argv[1], status);
}

static bool
is_in_group(const struct setup_deed *deed)
{
	const struct group *group = getgrnam(deed->group);
	struct identity who;
	gid_t gid;

	if (group == NULL)
		return false;
	gid = group->gr_gid;
	if (identity_find(deed->user, &who, NULL) != 0)
		return false;
	for (int i = 0; i < who.count; i++)
		if (who.groups[i] == gid)
			return true;
	return false;
}

static int
join_group(const struct setup_deed *deed, struct err *err)
{
	const char *const argv[] = {
	    "usermod", "-a", "-G", deed->group, deed->user, NULL};

	return run_program(argv, err);
}

static int
leave_group(const struct setup_deed *deed, struct err *err)
{
	const char *const argv[] = {
	    "gpasswd", "-d", deed->user, deed->group, NULL};

	return is_in_group(deed) ? run_program(argv, err) : 0;
}

int
setup_do_run(enum setup_command command, struct err *err)
{
	static const char *const status[] = {"postfix", "status", NULL};

	if (command == SETUP_POSTFIX && run_program(status, NULL) != 0)
		return 0;
	return run_program(setup_command_argv(command), err);
}

/* --- any step --- */

int
setup_do(const struct setup_step *step, const struct setup_deed *deed,
    struct err *err)
{
	switch (deed->kind) {
	case SETUP_FILE:
		return do_file(step, deed, err);
	case SETUP_FOLDER:
		return do_folder(step, err);
	case SETUP_MEMBER:
		return join_group(deed, err);
	case SETUP_RUN:
		break;
	}
	return setup_do_run(deed->command, err);
}

int
setup_do_undo(const struct setup_deed *deed, struct err *err)
{
	switch (deed->kind) {
	case SETUP_FILE:
		return undo_file(deed, err);
	case SETUP_FOLDER:
		return undo_folder(deed, err);
	case SETUP_MEMBER:
		return leave_group(deed, err);
	case SETUP_RUN:
		break;
	}
	return 0;
}
