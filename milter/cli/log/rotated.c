/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/rotated.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"

/* The place of "mail.log.3.gz" or "mail.log-20261122" in time, as a text that
 * sorts; "" for any other name.  The greater a number the older. */
enum { PLACE_SIZE = 40, NUMBER_MAX = 999999 };

static void
place_of(const char *name, const char *log, char place[PLACE_SIZE])
{
	size_t length = strlen(log), digits;

	place[0] = '\0';
	if (strncmp(name, log, length) != 0)
		return;
	name += length;
	digits = name[0] == '\0' ? 0 : strspn(name + 1, "0123456789-");
	if (digits == 0 || digits > 20)
		return;
	if (name[0] == '-' && digits >= 8)
		snprintf(place, PLACE_SIZE, "0%.*s", (int)digits, name + 1);
	else if (name[0] == '.' && digits <= 6)
		snprintf(place, PLACE_SIZE, "1%06ld",
		    NUMBER_MAX - strtol(name + 1, NULL, 10));
}

struct rotation {
	char place[PLACE_SIZE];
	char *path;
};

/* Of one place the shorter name: what is packed has an ending more. */
static int
compare_rotations(const void *a, const void *b)
{
	const struct rotation *left = a, *right = b;
	int order = strcmp(left->place, right->place);

	return order != 0 ? order : strcmp(left->path, right->path);
}

static bool
is_wanted_rotation(const char *path, time_t since)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode) &&
	       (since == 0 || info.st_mtime >= since);
}

static size_t
read_folder(const char *folder, const char *log, time_t since,
    struct rotation rows[LIMIT_REVIEW_DAYS])
{
	char place[PLACE_SIZE], path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(folder);
	size_t count = 0;

	while (dir != NULL && count < LIMIT_REVIEW_DAYS &&
	       (entry = readdir(dir)) != NULL) {
		place_of(entry->d_name, log, place);
		if (place[0] == '\0' ||
		    snprintf(path, sizeof(path), "%s%s", folder,
			entry->d_name) >= (int)sizeof(path) ||
		    !is_wanted_rotation(path, since))
			continue;
		memcpy(rows[count].place, place, sizeof(place));
		rows[count++].path = xstrdup(path);
	}
	if (dir != NULL)
		closedir(dir);
	return count;
}

void
rotated_list(const char *path, time_t since, struct rotated *out)
{
	struct rotation *rows = xcalloc(LIMIT_REVIEW_DAYS, sizeof(*rows));
	const char *log = strrchr(path, '/');
	char folder[PATH_MAX];
	size_t count;

	log = log == NULL ? path : log + 1;
	snprintf(folder, sizeof(folder), "%.*s",
	    log == path ? 2 : (int)(log - path), log == path ? "./" : path);
	count = read_folder(folder, log, since, rows);
	qsort(rows, count, sizeof(*rows), compare_rotations);
	*out = (struct rotated){.count = 0};
	out->paths = xcalloc(count + 1, sizeof(*out->paths));
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && strcmp(rows[i - 1].place, rows[i].place) == 0)
			free(rows[i].path);
		else
			out->paths[out->count++] = rows[i].path;
	}
	free(rows);
}

void
rotated_fini(struct rotated *rotated)
{
	for (size_t i = 0; i < rotated->count; i++)
		free(rotated->paths[i]);
	free(rotated->paths);
}
