/* SPDX-License-Identifier: BSD-2-Clause */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/setup/setup.h"
#include "milter/cli/setup/setup_text.h"

#define UNIT "posternd.service"
#define POSTFIX_UNIT "postfix@.service"
#define POSTFIX_INSTANCE "postfix@-.service"
#define DROP_IN_FOLDER "/etc/systemd/system/" UNIT ".d"
/* Behind the "override.conf" of systemctl edit, which may take lists back */
#define DROP_IN DROP_IN_FOLDER "/postern-setup.conf"

/* The first that has a unit wins; systemd.unit(5) */
static const char *const folders[] = {"/etc/systemd/system",
    "/run/systemd/system", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system"};

enum { FOLDERS = sizeof(folders) / sizeof(folders[0]) };

/* Where the unit is, or NULL. */
static const char *
find_unit(const char *name, char path[SETUP_PATH_SIZE])
{
	for (size_t i = 0; i < FOLDERS; i++) {
		snprintf(path, SETUP_PATH_SIZE, "%s/%s", folders[i], name);
		if (access(path, F_OK) == 0)
			return path;
	}
	return NULL;
}

/* Text that stands behind what there is. */
static void
append_file(char **text, const char *name)
{
	char path[SETUP_PATH_SIZE];
	char *more = NULL;
	size_t length = strlen(*text);

	if (setup_read_file(name, path, &more, NULL) != 0 || more == NULL)
		return;
	*text = xrealloc(*text, length + strlen(more) + 2, 1);
	snprintf(*text + length, strlen(more) + 2, "%s\n", more);
	free(more);
}

static int
compare_names(const void *a, const void *b)
{
	const char *left = strrchr(*(char *const *)a, '/');
	const char *right = strrchr(*(char *const *)b, '/');

	return strcmp(left, right);
}

/* All drop-ins, in the order of their names. */
static void
append_drop_ins(char **text)
{
	glob_t found = {.gl_pathc = 0};

	for (size_t i = 0; i < FOLDERS; i++) {
		char pattern[128];

		/* on a merged /usr they are the same folder */
		if (i == FOLDERS - 1 && access("/usr/lib/systemd", F_OK) == 0)
			break;
		snprintf(pattern, sizeof(pattern), "%s/" UNIT ".d/*.conf",
		    folders[i]);
		if (glob(pattern, i == 0 ? 0 : GLOB_APPEND, NULL, &found) ==
		    GLOB_NOSPACE)
			break;
	}
	if (found.gl_pathc > 0)
		qsort(found.gl_pathv, found.gl_pathc, sizeof(char *),
		    compare_names);
	for (size_t i = 0; i < found.gl_pathc; i++)
		append_file(text, found.gl_pathv[i]);
	globfree(&found);
}

/* Nothing that systemd would take for its own: "%" and white space. */
static bool
is_plain_path(const char *path)
{
	return path[strspn(path, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789/._-")] == '\0';
}

/* What the unit lacks, as lines; "" if nothing. */
static void
print_lacks(const char *text, const char *folder, char *out, size_t size)
{
	char path[SETUP_PATH_SIZE];
	struct text lines;

	text_init(&lines, out, size);
	if (find_unit(POSTFIX_UNIT, path) != NULL &&
	    !setup_unit_has(text, "Before", POSTFIX_INSTANCE))
		text_add(&lines, "[Unit]\nBefore=" POSTFIX_INSTANCE "\n");
	if (folder != NULL && !setup_unit_may_write(text, folder))
		text_addf(&lines, "[Service]\nReadWritePaths=%s\n", folder);
}

static void
plan_drop_in(struct setup *setup, const char *lacks)
{
	char path[SETUP_PATH_SIZE], *before = NULL;
	char after[2 * SETUP_PATH_SIZE];
	struct err err;

	if (setup_read_file(DROP_IN, path, &before, &err) != 0) {
		setup_plan_block(&setup->plan);
		setup_plan_note(&setup->plan, true, "%s", err.text);
		return;
	}
	snprintf(after, sizeof(after), "%s%s",
	    before == NULL ? "# by postern setup\n" : before, lacks);
	if (access(DROP_IN_FOLDER, F_OK) != 0)
		setup_plan_folder(&setup->plan, DROP_IN_FOLDER, "root", "root",
		    0755, "For what the unit of posternd lacks.");
	setup_plan_file(&setup->plan, DROP_IN, before, after,
	    "The unit lets posternd write in no folder that it does not "
	    "name, and must start it before Postfix.");
	if (setup->systemd)
		setup_plan_run(&setup->plan, SETUP_DAEMON_RELOAD,
		    "systemd reads its units.");
	free(before);
}

void
setup_unit(struct setup *setup, const char *folder)
{
	char path[SETUP_PATH_SIZE], lacks[2 * SETUP_PATH_SIZE - 100];
	char *text;

	setup->has_unit = find_unit(UNIT, path) != NULL;
	if (!setup->has_unit)
		return;
	if (folder != NULL && !is_plain_path(folder)) {
		setup_plan_note(&setup->plan, true,
		    "name %s at ReadWritePaths= of " UNIT
		    " by hand: systemctl edit posternd",
		    folder);
		folder = NULL;
	}
	text = xstrdup("");
	append_file(&text, path);
	append_drop_ins(&text);
	print_lacks(text, folder, lacks, sizeof(lacks));
	if (lacks[0] != '\0')
		plan_drop_in(setup, lacks);
	setup->restart |= folder != NULL && !setup_unit_may_write(text, folder);
	free(text);
}
