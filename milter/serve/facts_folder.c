/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: what is in the folder is read once, when it is opened, and kept
 * as a list by name, which is by time; from then on nobody else is expected to
 * write there.  Before a file is written those that have to make room for it
 * are removed, the oldest first.  The file gets another name until it is whole
 * and on the disk.
 *
 * After any failure, and when another folder stands at the path, the folder is
 * opened and read anew at the next call: nothing that went wrong is kept.
 */
#include "milter/serve/facts_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/view/facts_name.h"

#define UNFINISHED ".new"

struct kept_file {
	char name[FACTS_NAME_SIZE];
	uint64_t octets;
};

struct facts_folder {
	char *path;
	struct facts_folder_bounds bounds;
	int fd; /* -1: not open */
	size_t first, count, room;
	uint64_t octets;         /* of those from first on */
	struct kept_file *files; /* count of them, those before first gone */
};

struct facts_folder *
facts_folder_new(const char *path, const struct facts_folder_bounds *bounds)
{
	struct facts_folder *folder = xcalloc(1, sizeof(*folder));

	folder->path = xstrdup(path);
	folder->bounds = *bounds;
	folder->fd = -1;
	return folder;
}

static void
close_folder(struct facts_folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	free(folder->files);
	folder->files = NULL;
	folder->fd = -1;
	folder->first = folder->count = folder->room = 0;
	folder->octets = 0;
}

void
facts_folder_free(struct facts_folder *folder)
{
	if (folder == NULL)
		return;
	close_folder(folder);
	free(folder->path);
	free(folder);
}

static int
folder_failed(struct facts_folder *folder, struct err *err, const char *what)
{
	int error = errno;

	close_folder(folder);
	return err_set(err, ERR_TEMP, "%.60s: %s: %s", folder->path, what,
	    strerror(error));
}

/* --- what there is --- */

/* Dates do not go back but for a clock that was set: the place is mostly the
 * last. */
static void
add_kept_file(struct facts_folder *folder, const char *name, uint64_t octets)
{
	size_t at = folder->count;

	if (folder->count == folder->room) {
		folder->room = folder->room == 0 ? 64 : 2 * folder->room;
		folder->files = xrealloc(
		    folder->files, folder->room, sizeof(*folder->files));
	}
	while (
	    at > folder->first && strcmp(folder->files[at - 1].name, name) > 0)
		at--;
	memmove(&folder->files[at + 1], &folder->files[at],
	    (folder->count - at) * sizeof(*folder->files));
	text_copy(folder->files[at].name, FACTS_NAME_SIZE, name);
	folder->files[at].octets = octets;
	folder->count++;
	folder->octets += octets;
}

static int
drop_oldest(struct facts_folder *folder)
{
	const struct kept_file *oldest = &folder->files[folder->first];

	if (unlinkat(folder->fd, oldest->name, 0) != 0 && errno != ENOENT)
		return -1;
	folder->octets -= oldest->octets;
	folder->first++;
	if (folder->first < folder->count / 2)
		return 0;
	folder->count -= folder->first;
	memmove(folder->files, folder->files + folder->first,
	    folder->count * sizeof(*folder->files));
	folder->first = 0;
	return 0;
}

static bool
is_file_past(const struct facts_folder *folder, time_t now)
{
	time_t judged_s;

	return facts_name_read(folder->files[folder->first].name, &judged_s) &&
	       judged_s <= now - folder->bounds.age_s;
}

/* Make room for so many more. */
static int
prune_folder(
    struct facts_folder *folder, size_t files, uint64_t octets, time_t now)
{
	const struct facts_folder_bounds *bounds = &folder->bounds;

	while (folder->count > folder->first &&
	       (folder->count - folder->first + files > bounds->files ||
		   folder->octets + octets > bounds->octets ||
		   is_file_past(folder, now)))
		if (drop_oldest(folder) != 0)
			return -1;
	return 0;
}

/* A file that was being written when somebody pulled the plug. */
static bool
is_unfinished(const char *name)
{
	char whole[FACTS_NAME_SIZE];
	size_t length = strlen(name);

	if (length != FACTS_NAME_SIZE - 1 + strlen(UNFINISHED) ||
	    strcmp(name + FACTS_NAME_SIZE - 1, UNFINISHED) != 0)
		return false;
	snprintf(whole, sizeof(whole), "%.*s", FACTS_NAME_SIZE - 1, name);
	return facts_name_read(whole, NULL);
}

static int
take_entry(struct facts_folder *folder, const char *name, time_t now)
{
	struct stat status;

	if (is_unfinished(name))
		unlinkat(folder->fd, name, 0);
	if (!facts_name_read(name, NULL) ||
	    fstatat(folder->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(status.st_mode))
		return 0;
	add_kept_file(folder, name, (uint64_t)status.st_size);
	return prune_folder(folder, 0, 0, now);
}

static int
read_kept_files(struct facts_folder *folder, time_t now)
{
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int rc = 0, error;

	if (entries == NULL) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (rc == 0 && (entry = readdir(entries)) != NULL)
		rc = take_entry(folder, entry->d_name, now);
	error = errno;
	closedir(entries);
	errno = error;
	return rc;
}

/* --- the folder itself --- */

static bool
is_still_there(const struct facts_folder *folder)
{
	struct stat opened, named;

	return fstat(folder->fd, &opened) == 0 &&
	       lstat(folder->path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static int
open_folder(struct facts_folder *folder, time_t now, struct err *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stat status;

	if (folder->fd >= 0 && is_still_there(folder))
		return 0;
	close_folder(folder);
	folder->fd = open(folder->path, flags);
	if (folder->fd < 0 && errno == ENOENT && mkdir(folder->path, 0750) == 0)
		folder->fd = open(folder->path, flags);
	if (folder->fd < 0 || fstat(folder->fd, &status) != 0)
		return folder_failed(folder, err, "cannot be opened");
	if (status.st_uid != geteuid() ||
	    (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		close_folder(folder);
		return err_set(err, ERR_TEMP,
		    "%.60s: belongs to another user, or others may write there",
		    folder->path);
	}
	if (read_kept_files(folder, now) != 0)
		return folder_failed(folder, err, "cannot be read");
	return 0;
}

/* --- a file --- */

static int
write_all_octets(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t done = write(fd, text, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		text += done;
		length -= (size_t)done;
	}
	return fsync(fd);
}

static int
write_kept_file(const struct facts_folder *folder, const char *name,
    const char *text, size_t length)
{
	char unfinished[FACTS_NAME_SIZE + sizeof(UNFINISHED)];
	int fd, rc, error;

	snprintf(unfinished, sizeof(unfinished), "%s" UNFINISHED, name);
	fd = openat(folder->fd, unfinished,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		return -1;
	rc = write_all_octets(fd, text, length);
	if (close(fd) != 0 || rc != 0)
		rc = -1;
	else
		rc = renameat(folder->fd, unfinished, folder->fd, name);
	if (rc == 0)
		return 0;
	error = errno;
	unlinkat(folder->fd, unfinished, 0);
	errno = error;
	return -1;
}

int
facts_folder_tidy(struct facts_folder *folder, time_t now, struct err *err)
{
	if (open_folder(folder, now, err) != 0)
		return -1;
	if (prune_folder(folder, 0, 0, now) != 0)
		return folder_failed(folder, err, "cannot remove a file");
	return 0;
}

int
facts_folder_put(struct facts_folder *folder, const char *name,
    const char *text, size_t length, time_t now, struct err *err)
{
	if (length > folder->bounds.octets)
		return err_set(err, ERR_TEMP,
		    "%.60s: a file is larger than all may be together",
		    folder->path);
	if (open_folder(folder, now, err) != 0)
		return -1;
	if (prune_folder(folder, 1, length, now) != 0)
		return folder_failed(folder, err, "cannot remove a file");
	if (write_kept_file(folder, name, text, length) != 0)
		return folder_failed(folder, err, "cannot write a file");
	add_kept_file(folder, name, length);
	return 0;
}
