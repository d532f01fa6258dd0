/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/judge/judge.h"
#include "milter/cli/check/json.h"
#include "milter/cli/check/steps.h"
#include "milter/cli/print.h"
#include "milter/view/json_facts.h"
#include "milter/view/json_put.h"

struct seen {
	char path[PATH_MAX];
	struct facts_file *file; /* NULL: err says why */
	struct verdict *verdict;
	struct err err;
};

/* --- the file --- */

/* Whoever may write there must not have us read, or wait for, anything else. */
static int
open_seen(const char *directory, const char *name, struct err *err)
{
	int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;
	int fd;

	if (folder < 0)
		return err_set(err, ERR_LOCAL, "%s", strerror(errno));
	fd = openat(
	    folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		err_set(err, ERR_LOCAL,
		    "it is not there any more, or was never finished");
	else if (fd < 0)
		err_set(err, ERR_LOCAL, "%s", strerror(errno));
	close(folder);
	if (fd < 0 || (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
			  status.st_size <= LIMIT_FACTS_OCTETS))
		return fd;
	close(fd);
	return err_set(err, ERR_DATA, "it is no file of facts");
}

/* All of it; NULL: it cannot be read, or a NUL is in it. */
static char *
read_seen(int fd)
{
	size_t length = 0;
	char *text = xmalloc(LIMIT_FACTS_OCTETS + 1);
	ssize_t got;

	while (length < LIMIT_FACTS_OCTETS &&
	       (got = read(fd, text + length, LIMIT_FACTS_OCTETS - length)) > 0)
		length += (size_t)got;
	text[length] = '\0';
	if (strlen(text) == length)
		return text;
	free(text);
	return NULL;
}

static struct facts_file *
load_seen(const char *directory, const char *name, struct err *err)
{
	int fd = open_seen(directory, name, err);
	struct facts_file *file;
	size_t used;
	char *text;

	if (fd < 0)
		return NULL;
	text = read_seen(fd);
	close(fd);
	if (text == NULL) {
		err_set(err, ERR_DATA, "it is no file of facts");
		return NULL;
	}
	file = facts_file_read(text, strlen(text), &used, err);
	free(text);
	return file;
}

static void
judge_seen(struct seen *seen, const struct story_check *check,
    const struct settings *settings)
{
	const char *directory = settings->facts_directory;

	memset(seen, 0, sizeof(*seen));
	if (directory == NULL) {
		err_set(&seen->err, ERR_LOCAL, "no FactsDirectory is set");
		return;
	}
	if (!facts_name_read(check->facts, NULL)) {
		err_set(&seen->err, ERR_DATA, "it is no name of such a file");
		return;
	}
	snprintf(
	    seen->path, sizeof(seen->path), "%s/%s", directory, check->facts);
	seen->file = load_seen(directory, check->facts, &seen->err);
	if (seen->file == NULL)
		return;
	if (strcmp(seen->file->facts->domain, check->domain) != 0) {
		facts_file_free(seen->file);
		seen->file = NULL;
		err_set(&seen->err, ERR_DATA, "it is of another domain");
		return;
	}
	facts_file_judge_at(seen->file, seen->file->judged_s);
	seen->verdict =
	    judge(seen->file->facts, &seen->file->terms, seen->file->judged_s);
}

static void
forget_seen(struct seen *seen)
{
	verdict_free(seen->verdict);
	facts_file_free(seen->file);
}

static bool
is_as_logged(const struct verdict *verdict, const struct story_check *check)
{
	return strcmp(result_text(verdict->result), check->result) == 0 &&
	       strcmp(reason_text(verdict->reason), check->reason) == 0;
}

/* --- text --- */

static void
print_seen(const struct seen *seen, const struct story_check *check,
    const struct settings *settings)
{
	char then[CLOCK_PRINT_SIZE], line[2 * CLOCK_PRINT_SIZE + 64];
	char command[PATH_MAX + sizeof("postern judge ")];
	const struct facts_file *file = seen->file;
	struct cli_view view = {.settings = settings,
	    .rules = file->terms.list,
	    .level = file->terms.level,
	    .judged = line};
	struct check judged = {.domain = file->facts->domain,
	    .verdict = seen->verdict,
	    .facts = file->facts};
	int64_t back_s = clock_wall_s() - file->judged_s;

	clock_print(file->judged_s, then);
	snprintf(line, sizeof(line), "learnt at %s: %s (%s)%s", then,
	    result_text(seen->verdict->result),
	    reason_text(seen->verdict->reason),
	    is_as_logged(seen->verdict, check)
		? ""
		: ", judged now; it was logged otherwise");
	/* what is said of dates goes by the clock */
	clock_shift(-back_s);
	cli_steps_all(stdout, &view, &judged);
	clock_shift(back_s);
	snprintf(command, sizeof(command), "postern judge %s", seen->path);
	cli_print_line(stdout, "again", command);
}

void
cli_seen_print(const struct story_check *check, const struct settings *settings)
{
	char line[sizeof(check->facts) + sizeof(struct err) + 2];
	struct seen seen;

	if (check->facts[0] == '\0')
		return;
	judge_seen(&seen, check, settings);
	if (seen.file != NULL) {
		print_seen(&seen, check, settings);
	} else {
		snprintf(
		    line, sizeof(line), "%s: %s", check->facts, seen.err.text);
		cli_print_text(stdout, "facts", line);
	}
	forget_seen(&seen);
}

/* --- JSON --- */

static json_t *
seen_json(const struct seen *seen)
{
	const struct verdict *verdict = seen->verdict;
	const struct facts *facts = seen->file->facts;
	json_t *object = json_object(), *hosts = json_array();

	json_put_text(object, "path", seen->path);
	json_put_time(object, "at", seen->file->judged_s);
	json_put_text(object, "result", result_text(verdict->result));
	json_put_text(object, "policy", policy_type_text(verdict->policy));
	json_put_text(object, "level", level_text(verdict->level));
	json_put_text(object, "reason", reason_text(verdict->reason));
	json_put_text(
	    object, "detail", verdict->detail == NULL ? "" : verdict->detail);
	for (size_t i = 0; i < verdict->host_count; i++)
		json_array_append_new(hosts,
		    cli_json_host(facts, &facts->hosts[i], &verdict->hosts[i]));
	json_object_set_new(object, "hosts", hosts);
	return object;
}

void
cli_seen_json(json_t *object, const struct story_check *check,
    const struct settings *settings)
{
	bool named = check->facts[0] != '\0';
	struct seen seen = {.file = NULL};

	if (named)
		judge_seen(&seen, check, settings);
	json_put_text(object, "facts", check->facts);
	json_object_set_new(
	    object, "seen", seen.file == NULL ? json_null() : seen_json(&seen));
	json_put_text(
	    object, "unread", named && seen.file == NULL ? seen.err.text : "");
	forget_seen(&seen);
}
