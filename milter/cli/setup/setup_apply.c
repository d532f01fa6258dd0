/*
 * What a plan will do is written to a journal first, so that it can be taken
 * back also when this process is killed half-way.  Then step after step is
 * done. When one fails, those before it are taken back in the other direction:
 * files and groups first, then the commands run once more, so that the old
 * files are in force, and folders at the end, when nobody is in them any more.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/setup/setup_apply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

/* In root's own folder, which lives as long as the system runs */
#define LOCK "/run/postern-setup.lock"

int
setup_lock(struct err *err)
{
	int fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_set(err, ERR_LOCAL, LOCK ": %s", strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return err_set(err, ERR_TEMP, "another \"postern setup\" is under way");
}

/* The first failure is the one that is told. */
static void
note_failure(int rc, const struct err *failure, int *worst, struct err *err)
{
	if (rc == 0)
		return;
	if (*worst == 0 && err != NULL)
		*err = *failure;
	*worst = -1;
}

static void
undo_kinds(
    const struct setup_deeds *deeds, bool folders, int *worst, struct err *err)
{
	for (size_t i = deeds->count; i-- > 0;) {
		const struct setup_deed *deed = &deeds->items[i];
		struct err failure;

		if ((deed->kind == SETUP_FOLDER) == folders)
			note_failure(setup_do_undo(deed, &failure), &failure,
			    worst, err);
	}
}

int
setup_take_back(const struct setup_deeds *deeds, struct err *err)
{
	int worst = 0;

	undo_kinds(deeds, false, &worst, err);
	for (size_t i = 0; i < deeds->count; i++) {
		const struct setup_deed *deed = &deeds->items[i];
		struct err failure;

		if (deed->kind == SETUP_RUN)
			note_failure(setup_do_run(deed->command, &failure),
			    &failure, &worst, err);
	}
	undo_kinds(deeds, true, &worst, err);
	return worst;
}

/* A file that failed may be in place all the same; a folder was there before,
 * then. */
static int
take_back_from(struct setup_deeds *deeds, size_t failed, unsigned number,
    const struct err *cause, struct err *err)
{
	struct err failure;

	deeds->count = failed;
	if (deeds->items[failed].kind == SETUP_FILE ||
	    deeds->items[failed].kind == SETUP_RUN)
		deeds->count++;
	if (setup_take_back(deeds, &failure) == 0) {
		setup_journal_remove(number);
		return err_set(err, ERR_LOCAL,
		    "%.300s; all that was done was taken back", cause->text);
	}
	return err_set(err, ERR_LOCAL,
	    "%.200s; and not all could be taken back: %.200s; when that is "
	    "mended: postern setup --undo",
	    cause->text, failure.text);
}

/* A purge of the package takes the journals away, and not what an MTA's folder
 * has: the number is one that no backup bears. */
static unsigned
find_number(const struct setup_plan *plan)
{
	unsigned number = setup_journal_last() + 1;
	size_t i = 0;

	while (i < plan->count)
		if (setup_do_is_taken(&plan->steps[i], number)) {
			number++;
			i = 0;
		} else {
			i++;
		}
	return number;
}

int
setup_apply(const struct setup_plan *plan, struct err *err)
{
	struct setup_deeds deeds = {.count = plan->count};
	unsigned number = find_number(plan);
	struct err cause;
	int rc;

	if (plan->count == 0)
		return 0;
	deeds.items = xcalloc(plan->count, sizeof(*deeds.items));
	for (size_t i = 0; i < plan->count; i++)
		setup_deed_init(&deeds.items[i], &plan->steps[i], number);
	rc = setup_journal_write(number, &deeds, err);
	for (size_t i = 0; rc == 0 && i < plan->count; i++)
		if (setup_do(&plan->steps[i], &deeds.items[i], &cause) != 0)
			rc = take_back_from(&deeds, i, number, &cause, err);
	setup_deeds_fini(&deeds);
	return rc;
}
