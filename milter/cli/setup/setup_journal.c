/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/setup/setup_journal.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

/* Root's own folder: what is read there is done as root. */
#define FOLDER "/etc/postern"
#define JOURNAL FOLDER "/journal.before-setup-"

enum { NAME_SIZE = 80, RUNS_MAX = 1000, FOLDER_MODE = 0755 };

static const char *const kinds[] = {[SETUP_FILE] = "file",
    [SETUP_FOLDER] = "folder",
    [SETUP_MEMBER] = "member",
    [SETUP_RUN] = "run"};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

void
setup_deeds_fini(struct setup_deeds *deeds)
{
	free(deeds->items);
	*deeds = (struct setup_deeds){.count = 0};
}

static void
print_name(unsigned number, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, JOURNAL "%u", number);
}

unsigned
setup_journal_last(void)
{
	char name[NAME_SIZE];
	unsigned last = 0;

	for (unsigned i = 1; i <= RUNS_MAX; i++) {
		print_name(i, name);
		if (access(name, F_OK) == 0)
			last = i;
	}
	return last;
}

void
setup_journal_remove(unsigned number)
{
	char name[NAME_SIZE];

	print_name(number, name);
	unlink(name);
}

static json_t *
deed_json(const struct setup_deed *deed)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "kind",
	    kinds[deed->kind], "path", deed->path, "backup", deed->backup,
	    "before", deed->before, "after", deed->after, "user", deed->user,
	    "group", deed->group, "command",
	    deed->kind == SETUP_RUN ? setup_command_text(deed->command) : "");
}

int
setup_journal_write(
    unsigned number, const struct setup_deeds *deeds, struct err *err)
{
	json_t *list = json_array();
	char name[NAME_SIZE];
	char *text;
	int rc;

	for (size_t i = 0; i < deeds->count; i++)
		if (json_array_append_new(list, deed_json(&deeds->items[i])) !=
		    0) {
			json_decref(list);
			return err_set(err, ERR_DATA, "%s: no UTF-8",
			    deeds->items[i].path);
		}
	text = json_dumps(list, JSON_INDENT(1));
	json_decref(list);
	print_name(number, name);
	if (number > RUNS_MAX)
		rc = err_set(err, ERR_LOCAL, FOLDER ": too many runs");
	else if (mkdir(FOLDER, FOLDER_MODE) != 0 && errno != EEXIST)
		rc = err_set(err, ERR_LOCAL, FOLDER ": %s", strerror(errno));
	else
		rc = setup_write(name, text, NULL, err);
	free(text);
	return rc == 0 ? setup_sync_folder(name, err) : -1;
}

/* --- reading --- */

/* False for what setup did not write. */
static bool
read_journal_text(const json_t *object, const char *key, char *out, size_t size)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL && text_copy(out, size, value);
}

static bool
read_deed(const json_t *object, struct setup_deed *deed)
{
	char kind[16], command[64];

	if (!read_journal_text(object, "kind", kind, sizeof(kind)) ||
	    !read_journal_text(
		object, "path", deed->path, sizeof(deed->path)) ||
	    !read_journal_text(
		object, "backup", deed->backup, sizeof(deed->backup)) ||
	    !read_journal_text(
		object, "before", deed->before, sizeof(deed->before)) ||
	    !read_journal_text(
		object, "after", deed->after, sizeof(deed->after)) ||
	    !read_journal_text(
		object, "user", deed->user, sizeof(deed->user)) ||
	    !read_journal_text(
		object, "group", deed->group, sizeof(deed->group)) ||
	    !read_journal_text(object, "command", command, sizeof(command)))
		return false;
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i], kind) == 0) {
			deed->kind = (enum setup_kind)i;
			return deed->kind != SETUP_RUN ||
			       setup_command_parse(command, &deed->command) ==
				   0;
		}
	return false;
}

static bool
is_roots(const char *name)
{
	struct stat status;

	return lstat(name, &status) == 0 && S_ISREG(status.st_mode) &&
	       status.st_uid == 0 && (status.st_mode & 022) == 0;
}

int
setup_journal_read(unsigned number, struct setup_deeds *deeds, struct err *err)
{
	char name[NAME_SIZE];
	json_t *list;
	bool good;

	print_name(number, name);
	list = is_roots(name) ? json_load_file(name, 0, NULL) : NULL;
	good = json_is_array(list);
	*deeds = (struct setup_deeds){
	    .items = xcalloc(json_array_size(list) + 1, sizeof(*deeds->items))};
	for (size_t i = 0; good && i < json_array_size(list); i++)
		good = read_deed(
		    json_array_get(list, i), &deeds->items[deeds->count++]);
	json_decref(list);
	if (good)
		return 0;
	setup_deeds_fini(deeds);
	return err_set(err, ERR_DATA, "%s is not what setup wrote", name);
}
