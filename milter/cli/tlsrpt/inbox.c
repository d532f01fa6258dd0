/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/inbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "common/proto/gzip.h"
#include "common/proto/tlsrpt_json.h"
#include "milter/cli/tlsrpt/mailbox.h"

enum { HEAD_SIZE = 512, ROOM_FIRST = 4 * HEAD_SIZE };

/* The most of a file that is read, by how it begins; 0: it is a mailbox. */
static size_t
limit_of_head(const char *head, size_t size, bool *is_mail)
{
	*is_mail = false;
	if (gzip_is(head, size) || (size >= 2 && memcmp(head, "PK", 2) == 0))
		return LIMIT_TLSRPT_PACKED;
	if (tlsrpt_json_begins(head, size))
		return LIMIT_TLSRPT_JSON;
	if (mailbox_begins(head, size))
		return 0;
	*is_mail = size > 0 && head[0] != '<';
	return LIMIT_MESSAGE_OCTETS;
}

/* All of a stream behind its head, or what there is up to one octet over most:
 * that is too much. */
static char *
read_rest(
    FILE *in, const char *head, size_t head_size, size_t most, size_t *size)
{
	size_t room = ROOM_FIRST;
	char *octets = xmalloc(room);

	memcpy(octets, head, head_size);
	*size = head_size;
	while (*size <= most) {
		size_t got;

		if (*size == room) {
			room = room > most / 2 ? most + 1 : 2 * room;
			octets = xrealloc(octets, room, 1);
		}
		got = fread(octets + *size, 1, room - *size, in);
		*size += got;
		if (got == 0)
			break;
	}
	return octets;
}

static void
take_whole(struct reading *reading, const char *source, FILE *in,
    const char *head, size_t head_size)
{
	bool is_mail;
	size_t most = limit_of_head(head, head_size, &is_mail), size;
	char *octets, why[64];

	octets = read_rest(in, head, head_size, most, &size);
	/* stopped while it was read, it may be half of it */
	if (!reading_goes_on(reading, size)) {
		free(octets);
		return;
	}
	if (ferror(in)) {
		reading_refuse(reading, source, "cannot be read");
	} else if (size > most) {
		snprintf(why, sizeof(why), "over %zu MiB", most >> 20);
		reading_refuse(reading, source, why);
	} else if (is_mail) {
		reading_message(reading, source, octets, size);
	} else {
		reading_take(reading, source, octets, size);
	}
	free(octets);
}

struct box_reading {
	struct reading *reading;
	const char *source;
};

static bool
take_of_mailbox(
    void *arg, unsigned number, const char *octets, size_t size, bool too_large)
{
	struct box_reading *box = arg;
	char source[PATH_MAX + 32];

	/* stopped while it was read, it may be half of it */
	if (!reading_goes_on(box->reading, size))
		return false;
	snprintf(source, sizeof(source), "%s, message %u", box->source, number);
	if (too_large)
		reading_refuse(box->reading, source, "over 32 MiB");
	else
		reading_message(box->reading, source, octets, size);
	return true;
}

void
inbox_stream(struct reading *reading, const char *source, FILE *in)
{
	struct box_reading box = {.reading = reading, .source = source};
	char head[HEAD_SIZE];
	size_t size = fread(head, 1, sizeof(head), in);
	bool is_mail;

	if (limit_of_head(head, size, &is_mail) != 0)
		take_whole(reading, source, in, head, size);
	else if (mailbox_read(in, head, size, take_of_mailbox, &box) != 0 &&
		 reading_goes_on(reading, 0))
		reading_refuse(reading, source, "cannot be read to its end");
}

/* A file of a folder: a plain one, and nothing that waits to be opened. */
static void
take_file_of(struct reading *reading, const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	FILE *in;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ELOOP)
			reading_refuse(reading, path, "cannot be opened");
		return;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return;
	}
	in = fdopen(fd, "r");
	if (in == NULL) {
		close(fd);
		return;
	}
	inbox_stream(reading, path, in);
	fclose(in);
}

static int
is_no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 &&
	       strcmp(entry->d_name, "..") != 0;
}

/* In the order of names: the same every time. */
static int
read_files_of(struct reading *reading, const char *folder, struct err *err)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_no_dots, alphasort);

	if (count < 0)
		return err_set(
		    err, ERR_LOCAL, "%.200s: %s", folder, strerror(errno));
	for (int i = 0; i < count; i++) {
		if (!reading->full && !reading->stopped)
			take_file_of(reading, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

/* Of a Maildir "new" and "cur", and not "tmp"; false: it is none. */
static bool
maildir_folders(const char *path, char out[2][PATH_MAX])
{
	static const char *const names[] = {"new", "cur"};
	struct stat st;

	for (size_t i = 0; i < 2; i++)
		if (snprintf(out[i], PATH_MAX, "%s/%s", path, names[i]) >=
			PATH_MAX ||
		    lstat(out[i], &st) != 0 || !S_ISDIR(st.st_mode))
			return false;
	return true;
}

static uint64_t
size_of_files(const char *folder)
{
	DIR *listed = opendir(folder);
	struct dirent *entry;
	struct stat st;
	uint64_t octets = 0;

	while (listed != NULL && (entry = readdir(listed)) != NULL)
		if (fstatat(dirfd(listed), entry->d_name, &st,
			AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			octets += (uint64_t)st.st_size;
	if (listed != NULL)
		closedir(listed);
	return octets;
}

uint64_t
inbox_size(const char *path)
{
	char folders[2][PATH_MAX];
	struct stat st;

	if (stat(path, &st) != 0)
		return 0;
	if (!S_ISDIR(st.st_mode))
		return S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	if (!maildir_folders(path, folders))
		return size_of_files(path);
	return size_of_files(folders[0]) + size_of_files(folders[1]);
}

int
inbox_read(struct reading *reading, const char *path, struct err *err)
{
	char folders[2][PATH_MAX];
	struct stat st;
	FILE *in;

	if (strcmp(path, "-") == 0) {
		inbox_stream(reading, "-", stdin);
		return 0;
	}
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (!maildir_folders(path, folders))
			return read_files_of(reading, path, err);
		return read_files_of(reading, folders[0], err) != 0 ||
			       read_files_of(reading, folders[1], err) != 0
			   ? -1
			   : 0;
	}
	in = fopen(path, "re");
	if (in == NULL)
		return err_set(
		    err, ERR_LOCAL, "%.200s: %s", path, strerror(errno));
	inbox_stream(reading, path, in);
	fclose(in);
	return 0;
}
