/*
 * sendmail.cf is made from sendmail.mc.  That is done here as well: the
 * sendmail.mc of today must give the sendmail.cf of today, or somebody changed
 * that by hand; and with our line it must give the same with one filter more.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/base/text.h"
#include "milter/cli/doctor/doctor_sendmail_cf.h"
#include "milter/cli/setup/setup.h"
#include "milter/cli/setup/setup_text.h"

#define SENDMAIL_MC "/etc/mail/sendmail.mc"
#define FILTER "postern"

enum { LINE_SIZE = 1000, OUTPUT_MAX = 1024 * 1024, M4_MS = 20 * 1000 };

/* Both files: as they are, and as they are to be. */
struct files {
	char mc_path[SETUP_PATH_SIZE], cf_path[SETUP_PATH_SIZE];
	char *mc, *cf, *mc_after, *cf_after;
};

static void
print_filter(const struct setup *setup, char out[LINE_SIZE])
{
	snprintf(out, LINE_SIZE,
	    "INPUT_MAIL_FILTER(`" FILTER "', `S=%s, "
	    "T=C:30s;S:30s;R:%ds;E:5m')dnl\n",
	    setup->socket, setup->doctor.settings->rcpt_wait_ms / 1000 + 10);
}

/* sendmail.cf of a text, for free(), or NULL with err. */
static char *
run_m4(const char *text, struct err *err)
{
	char path[] = "/tmp/postern-setup.XXXXXX";
	const char *const argv[] = {"m4", path, NULL};
	size_t length = strlen(text);
	int fd = mkostemp(path, O_CLOEXEC);
	char *made = NULL;

	if (fd >= 0 && write(fd, text, length) == (ssize_t)length)
		made = process_capture(
		    argv, clock_mono_ms() + M4_MS, OUTPUT_MAX, err);
	else
		err_set(err, ERR_LOCAL, "%s: %s", path, strerror(errno));
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	return made;
}

/* Whether the files can be made with one filter more, and nothing else. */
static int
make_files(struct files *files, const char *line, struct err *err)
{
	char *today;
	bool same;

	if (files->mc == NULL || files->cf == NULL)
		return err_set(
		    err, ERR_LOCAL, "there is no " SENDMAIL_MC " to change");
	if (strstr(files->mc, "m4/cf.m4") == NULL)
		return err_set(err, ERR_DATA,
		    SENDMAIL_MC " does not include Sendmail's cf.m4");
	files->mc_after = setup_mc_insert(files->mc, line);
	if (files->mc_after == NULL)
		return err_set(err, ERR_DATA,
		    "it is not clear where a filter goes in " SENDMAIL_MC);
	today = run_m4(files->mc, err);
	if (today == NULL)
		return -1;
	same = setup_cf_same(today, files->cf);
	free(today);
	if (!same)
		return err_set(err, ERR_DATA,
		    DOCTOR_SENDMAIL_CF " is not what m4 makes of " SENDMAIL_MC
				       ": it was changed by hand");
	files->cf_after = run_m4(files->mc_after, err);
	if (files->cf_after == NULL)
		return -1;
	return setup_cf_adds(files->cf, files->cf_after, FILTER)
		   ? 0
		   : err_set(err, ERR_DATA,
			 "the line would change something else in "
			 "sendmail.cf");
}

/* True if the steps are in the plan. */
static bool
plan_filter(struct setup *setup)
{
	struct files files = {.mc = NULL};
	char line[LINE_SIZE];
	struct err err;
	int rc = -1;

	print_filter(setup, line);
	if (setup_read_file(SENDMAIL_MC, files.mc_path, &files.mc, &err) == 0 &&
	    setup_read_file(
		DOCTOR_SENDMAIL_CF, files.cf_path, &files.cf, &err) == 0)
		rc = make_files(&files, line, &err);
	if (rc == 0) {
		setup_plan_file(&setup->plan, files.mc_path, files.mc,
		    files.mc_after,
		    "Sendmail asks posternd, behind the filters that are "
		    "there.");
		setup_plan_file(&setup->plan, files.cf_path, files.cf,
		    files.cf_after, "What m4 makes of it.");
	} else {
		line[strcspn(line, "\n")] = '\0';
		setup_plan_note(&setup->plan, true,
		    "%s. Put this before the mailers in " SENDMAIL_MC
		    ", behind other filters, and make sendmail.cf anew "
		    "(Debian: sendmailconfig): %s",
		    err.text, line);
	}
	free(files.mc);
	free(files.cf);
	free(files.mc_after);
	free(files.cf_after);
	return rc == 0;
}

/* What the doctor says of it, and of what mends it. */
static void
note_finding(struct setup *setup, const struct doctor_finding *found)
{
	const char *at = found->mend == NULL ? "" : found->mend;

	setup_plan_note(&setup->plan, true, "%s", found->seen);
	while (*at != '\0') {
		size_t length = strcspn(at, "\n");

		setup_plan_note(&setup->plan, false, "%.*s", (int)length, at);
		at += length;
		at += *at == '\n';
	}
}

/* "Djmail.example.org": its own name, where sendmail.cf has one. */
static void
note_name(void *arg, char *line)
{
	if (strncmp(line, "Dj", 2) == 0 && strchr(line, '$') == NULL)
		setup_conf_name(arg, text_trim(line + 2), "$j");
}

void
setup_sendmail(struct setup *setup)
{
	struct doctor_finding found = {.state = DOCTOR_SKIP};
	struct identity daemon;
	bool changed = false;

	text_copy(setup->socket, sizeof(setup->socket),
	    setup->doctor.settings->socket);
	if (!setup_find_user(setup, &daemon))
		return;
	setup_place(setup, &daemon);
	setup_conf_way(setup);
	doctor_sendmail_read(note_name, setup);
	setup_conf_end(setup);
	setup_posternd_anew(setup);
	doctor_sendmail(&setup->doctor, &found);
	if (found.state == DOCTOR_FAIL && setup->doctor.no_filter)
		changed = plan_filter(setup);
	else if (found.state != DOCTOR_OK)
		note_finding(setup, &found);
	free(found.mend);
	if (changed)
		setup_mta_anew(setup, SETUP_SENDMAIL);
}
