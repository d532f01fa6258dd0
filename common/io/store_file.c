/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

enum { MAX_ASIDE = 100 }; /* names tried for what is moved aside */

void
store_file_init(struct store_file *file, const char *path)
{
	memset(file, 0, sizeof(*file));
	file->path = xstrdup(path);
	file->name = xstrdup(path);
}

void
store_file_fini(struct store_file *file)
{
	free(file->path);
	free(file->name);
}

void
store_file_resolve(struct store_file *file)
{
	free(file->name);
	file->name = realpath(file->path, NULL);
	if (file->name == NULL)
		file->name = xstrdup(file->path);
}

void
store_file_rename(struct store_file *file, const char *name)
{
	free(file->name);
	file->name = xstrdup(name);
}

int
store_file_look(
    const struct store_file *file, const char *suffix, struct stat *out)
{
	size_t length = strlen(file->name);
	char *name = xmalloc(length + strlen(suffix) + 1);
	int number;

	memcpy(name, file->name, length);
	memcpy(name + length, suffix, strlen(suffix) + 1);
	number = stat(name, out) < 0 ? errno : 0;
	free(name);
	if (number != 0)
		memset(out, 0, sizeof(*out));
	return number;
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

void
store_file_note(struct store_file *file)
{
	store_file_look(file, "", &file->main);
	store_file_look(file, "-wal", &file->wal);
}

unsigned
store_file_replaced(const struct store_file *file)
{
	struct stat main, wal;

	store_file_look(file, "", &main);
	store_file_look(file, "-wal", &wal);
	return (is_same_file(&main, &file->main) ? 0U : STORE_FILE_MAIN) |
	       (is_same_file(&wal, &file->wal) ? 0U : STORE_FILE_WAL);
}

bool
store_file_is_written(const struct store_file *file)
{
	struct stat main;

	store_file_look(file, "", &main);
	return main.st_size != file->main.st_size ||
	       main.st_mtim.tv_sec != file->main.st_mtim.tv_sec ||
	       main.st_mtim.tv_nsec != file->main.st_mtim.tv_nsec;
}

static const char *const beside[] = {"-wal", "-shm", "-journal", ""};
enum { BESIDE = sizeof(beside) / sizeof(beside[0]) };

static bool
is_name_taken(const struct store_file *file, const char *mark)
{
	char suffix[64];
	struct stat st;

	for (int i = 0; i < BESIDE; i++) {
		snprintf(suffix, sizeof(suffix), "%s%s", mark, beside[i]);
		if (store_file_look(file, suffix, &st) != ENOENT)
			return true;
	}
	return false;
}

static int
move_aside(const struct store_file *file, const char *suffix, const char *mark)
{
	size_t size = strlen(file->name) + strlen(suffix) + strlen(mark) + 1;
	char *from = xmalloc(size);
	char *to = xmalloc(size);
	int number;

	snprintf(from, size, "%s%s", file->name, suffix);
	snprintf(to, size, "%s%s%s", file->name, mark, suffix);
	number = rename(from, to) < 0 ? errno : 0;
	free(from);
	free(to);
	return number == ENOENT ? 0 : number;
}

int
store_file_set_aside(
    const struct store_file *file, bool main_too, struct err *err)
{
	int count = main_too ? BESIDE : BESIDE - 1;
	time_t now = clock_wall_s();
	char mark[48];
	int number = 0;
	int tries = 0;

	do
		snprintf(mark, sizeof(mark), ".damaged-%lld",
		    (long long)now + tries);
	while (is_name_taken(file, mark) && ++tries < MAX_ASIDE);
	if (tries == MAX_ASIDE)
		number = EEXIST;
	for (int i = 0; i < count && number == 0; i++)
		number = move_aside(file, beside[i], mark);
	if (number == 0)
		return 0;
	return err_set(err, ERR_LOCAL, "%s: cannot be moved aside: %s",
	    file->path, strerror(number));
}
