/*
 * Both files are copied to a folder, and postconf edits them there as it would
 * edit the real ones.  What it prints of the copies before and after must be
 * the same, line by line, but for the lines of what was edited.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/setup/setup_trial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/base/xalloc.h"
#include "milter/cli/cli.h"

enum {
	ASK_MS = 10 * 1000,
	OUTPUT_MAX = 1024 * 1024,
	FILE_MAX = 1024 * 1024,
	FOLDER_SIZE = 40,
	COPY_SIZE = FOLDER_SIZE + 16,
	PAST_S = 3600,
};

void
setup_edits_fini(struct setup_edits *edits)
{
	for (size_t i = 0; i < edits->count; i++) {
		free(edits->items[i].service);
		free(edits->items[i].parameter);
		free(edits->items[i].value);
	}
	free(edits->items);
	*edits = (struct setup_edits){.count = 0};
}

static bool
is_same_place(
    const struct setup_edit *edit, const char *service, const char *parameter)
{
	return strcmp(edit->parameter, parameter) == 0 &&
	       (edit->service == NULL) == (service == NULL) &&
	       (service == NULL || strcmp(edit->service, service) == 0);
}

void
setup_edits_add(struct setup_edits *edits, const char *service,
    const char *parameter, const char *value)
{
	for (size_t i = 0; i < edits->count; i++)
		if (is_same_place(&edits->items[i], service, parameter))
			return;
	edits->items =
	    xrealloc(edits->items, edits->count + 1, sizeof(*edits->items));
	edits->items[edits->count++] = (struct setup_edit){
	    .service = service == NULL ? NULL : xstrdup(service),
	    .parameter = xstrdup(parameter),
	    .value = xstrdup(value)};
}

bool
setup_edits_has(const struct setup_edits *edits, const char *parameter)
{
	for (size_t i = 0; i < edits->count; i++)
		if (is_same_place(&edits->items[i], NULL, parameter))
			return true;
	return false;
}

/* --- copies --- */

struct copies {
	char folder[FOLDER_SIZE], main[COPY_SIZE], master[COPY_SIZE];
};

/* Postfix waits before it reads a file that is young. */
static void
age_copies(const struct copies *copies)
{
	const struct timespec past = {.tv_sec = clock_wall_s() - PAST_S};
	const struct timespec times[2] = {past, past};

	utimensat(AT_FDCWD, copies->main, times, 0);
	utimensat(AT_FDCWD, copies->master, times, 0);
}

static int
write_copy(const char *path, const char *text, struct err *err)
{
	FILE *out = fopen(path, "wxe");
	bool failed = out == NULL || fputs(text, out) == EOF;

	if (out != NULL && fclose(out) != 0)
		failed = true;
	return failed ? err_set(err, ERR_LOCAL, "%s: %s", path, strerror(errno))
		      : 0;
}

static void
drop_copies(const struct copies *copies)
{
	unlink(copies->main);
	unlink(copies->master);
	rmdir(copies->folder);
}

static int
make_copies(
    struct copies *copies, const struct setup_trial *texts, struct err *err)
{
	snprintf(copies->folder, sizeof(copies->folder),
	    "/tmp/postern-setup.XXXXXX");
	if (mkdtemp(copies->folder) == NULL)
		return err_set(
		    err, ERR_LOCAL, "%s: %s", copies->folder, strerror(errno));
	snprintf(copies->main, COPY_SIZE, "%s/main.cf", copies->folder);
	snprintf(copies->master, COPY_SIZE, "%s/master.cf", copies->folder);
	if (write_copy(copies->main, texts->main, err) == 0 &&
	    write_copy(copies->master, texts->master, err) == 0) {
		age_copies(copies);
		return 0;
	}
	drop_copies(copies);
	return -1;
}

/* --- postconf --- */

static char *
run_postconf(const struct copies *copies, const char *option, const char *word,
    struct err *err)
{
	const char *const argv[] = {
	    "postconf", "-c", copies->folder, option, word, NULL};

	return process_capture(argv, clock_mono_ms() + ASK_MS, OUTPUT_MAX, err);
}

/* What Postfix reads in them. */
enum { VIEWS = 3 };
struct reading {
	char *views[VIEWS];
};

static const char *const views[VIEWS] = {NULL, "-F", "-P"};

static void
free_reading(struct reading *reading)
{
	for (size_t i = 0; i < VIEWS; i++)
		free(reading->views[i]);
}

static int
read_copies(
    const struct copies *copies, struct reading *reading, struct err *err)
{
	*reading = (struct reading){.views = {NULL}};
	for (size_t i = 0; i < VIEWS; i++) {
		reading->views[i] = run_postconf(copies, views[i], NULL, err);
		if (reading->views[i] == NULL)
			return -1;
	}
	return 0;
}

static int
make_edits(const struct copies *copies, const struct setup_edits *edits,
    struct err *err)
{
	for (size_t i = 0; i < edits->count; i++) {
		const struct setup_edit *edit = &edits->items[i];
		const char *service = edit->service;
		size_t size = strlen(edit->parameter) + strlen(edit->value) +
			      (service == NULL ? 0 : strlen(service)) + 8;
		char *word = xmalloc(size), *said;

		snprintf(word, size, "%s%s%s%s%s",
		    service == NULL ? "" : service, service == NULL ? "" : "/",
		    edit->parameter, service == NULL ? " = " : "=",
		    edit->value);
		said = run_postconf(
		    copies, service == NULL ? "-e" : "-P", word, err);
		free(word);
		if (said == NULL)
			return -1;
		free(said);
		age_copies(copies);
	}
	return 0;
}

/* --- what differs --- */

static bool
begins_name(const char *line, size_t length, const char *name)
{
	return length >= strlen(name) && strncmp(line, name, strlen(name)) == 0;
}

/* "parameter = ..." or "service/parameter = ...", which stands in the command
 * of the service as well; and postconf's own number. */
static bool
may_differ(const struct setup_edits *edits, const char *line, size_t length)
{
	if (begins_name(line, length, "process_id ="))
		return true;
	for (size_t i = 0; i < edits->count; i++) {
		const struct setup_edit *edit = &edits->items[i];
		char name[200], command[200];

		snprintf(command, sizeof(command),
		    "%s/command =", edit->service == NULL ? "" : edit->service);
		snprintf(name, sizeof(name),
		    "%s%s%s =", edit->service == NULL ? "" : edit->service,
		    edit->service == NULL ? "" : "/", edit->parameter);
		if (begins_name(line, length, name) ||
		    begins_name(line, length, command))
			return true;
	}
	return false;
}

static bool
is_same_view(
    const struct setup_edits *edits, const char *before, const char *after)
{
	while (*before != '\0' && *after != '\0') {
		size_t a = strcspn(before, "\n"), b = strcspn(after, "\n");
		bool same = a == b && memcmp(before, after, a) == 0;

		if (!same && !(may_differ(edits, before, a) &&
				 may_differ(edits, after, b)))
			return false;
		before += a + (before[a] == '\n');
		after += b + (after[b] == '\n');
	}
	return *before == *after;
}

static int
compare_readings(const struct setup_edits *edits, const struct reading *before,
    const struct reading *after, struct err *err)
{
	for (size_t i = 0; i < VIEWS; i++)
		if (!is_same_view(edits, before->views[i], after->views[i]))
			return err_set(err, ERR_DATA,
			    "Postfix would read something else otherwise, too");
	return 0;
}

static int
try_copies(const struct copies *copies, const struct setup_edits *edits,
    struct err *err)
{
	struct reading before = {.views = {NULL}}, after = {.views = {NULL}};
	int rc = -1;

	if (read_copies(copies, &before, err) == 0 &&
	    make_edits(copies, edits, err) == 0 &&
	    read_copies(copies, &after, err) == 0)
		rc = compare_readings(edits, &before, &after, err);
	free_reading(&before);
	free_reading(&after);
	return rc;
}

int
setup_trial(const struct setup_trial *before, const struct setup_edits *edits,
    struct setup_trial *after, struct err *err)
{
	struct copies copies = {.folder = ""};
	size_t length;
	int rc = -1;

	*after = (struct setup_trial){.main = NULL};
	if (make_copies(&copies, before, err) != 0)
		return -1;
	if (try_copies(&copies, edits, err) == 0) {
		after->main =
		    cli_read_file(copies.main, FILE_MAX, &length, err);
		after->master =
		    cli_read_file(copies.master, FILE_MAX, &length, err);
		rc = after->main == NULL || after->master == NULL ? -1 : 0;
	}
	drop_copies(&copies);
	return rc;
}
