/*
 * Sendmail takes TLS where a host offers it, whoever that host is.  It
 * authenticates hosts by DANE, where it was built with that, or those that the
 * access map names with VERIFY, by a CA.  A Sendmail that was built without
 * DANE refuses a sendmail.cf that has that option, and all mail with it: so the
 * program is asked before anything is advised.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli/cli.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/doctor_sendmail_cf.h"

#define SENDMAIL_MC "/etc/mail/sendmail.mc"
#define SPACE " \t\r\n"

enum {
	PATH_SIZE = 512,

	ASK_MS = 10 * 1000,
	OUTPUT_SIZE = 8 * 1024,
	ACCESS_OCTETS = 1024 * 1024,
};

enum known { KNOWN_NOT, KNOWN_NO, KNOWN_YES };

struct sendmail_tls {
	bool dane;     /* the option is on */
	bool named_ca; /* a file or a folder */
	bool access_map;
	char access[PATH_SIZE];  /* its text, or "" */
	enum known has_access;   /* what follows was read */
	unsigned verified, bare; /* destinations that it names so */
};

/* --- sendmail.cf --- */

static bool
is_true(const char *value)
{
	/* "true", "yes", "1", and DANE's own "always", "secure" */
	return *value != '\0' && strchr("TtYy1AaSs", *value) != NULL;
}

/* "Kaccess hash -T<TMPF> -o /etc/mail/access.db": made of the text beside it */
static void
note_access(struct sendmail_tls *tls, char *line)
{
	static const char *const types[] = {
	    "hash", "btree", "dbm", "cdb", "text"};
	char *rest, *type, *path = NULL;
	size_t length;

	if (strcasecmp(strtok_r(line, SPACE, &rest), "access") != 0 ||
	    (type = strtok_r(NULL, SPACE, &rest)) == NULL)
		return;
	tls->access_map = true;
	tls->access[0] = '\0';
	for (char *word; (word = strtok_r(NULL, SPACE, &rest)) != NULL;)
		path = word;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (path != NULL && strcmp(type, types[i]) == 0)
			text_copy(tls->access, sizeof(tls->access), path);
	length = strlen(tls->access);
	if (length > 3 && strcmp(tls->access + length - 3, ".db") == 0)
		tls->access[length - 3] = '\0';
}

static void
note_tls_line(void *arg, char *line)
{
	struct sendmail_tls *tls = arg;
	const char *value;

	if (line[0] == 'K' && strspn(line + 1, SPACE) < strlen(line + 1))
		note_access(tls, line + 1);
	else if ((value = doctor_sendmail_option(line, "DANE")) != NULL)
		tls->dane = is_true(value + strspn(value, SPACE));
	else if ((value = doctor_sendmail_option(line, "CACertFile")) != NULL ||
		 (value = doctor_sendmail_option(line, "CACertPath")) != NULL)
		tls->named_ca |= value[strspn(value, SPACE)] != '\0';
}

/* --- the access map --- */

/* "TLS_Srv:host  VERIFY:128", "Try_TLS:host  NO" */
static void
note_rule(struct sendmail_tls *tls, const char *key, const char *value)
{
	if (strncasecmp(key, "Try_TLS:", 8) == 0)
		tls->bare += strncasecmp(value, "NO", 2) == 0;
	else if (strncasecmp(key, "TLS_Srv:", 8) == 0 ||
		 strncasecmp(key, "TLS_Rcpt:", 9) == 0)
		tls->verified += strstr(value, "VERIFY") != NULL;
}

static void
read_access(struct sendmail_tls *tls)
{
	size_t length;
	char *text, *rest;

	if (!tls->access_map) {
		tls->has_access = KNOWN_NO;
		return;
	}
	text = tls->access[0] == '\0'
		   ? NULL
		   : cli_read_file(tls->access, ACCESS_OCTETS, &length, NULL);
	if (text == NULL)
		return;
	tls->has_access = KNOWN_YES;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		size_t key = strcspn(line, SPACE);

		if (line[0] == '#' || line[key] == '\0')
			continue;
		line[key] = '\0';
		note_rule(tls, line, line + key + 1);
	}
	free(text);
}

/* --- the program --- */

/* It says so before it does anything, and then may look for its own name for
 * long. */
static enum known
is_built_with_dane(void)
{
	const char *const argv[] = {
	    "sendmail", "-C", "/dev/null", "-d0.1", "-bt", NULL};
	char said[OUTPUT_SIZE];
	struct process process;
	size_t length = 0;
	const char *list, *end = NULL;
	ssize_t got = 1;

	if (process_start(&process, argv, clock_mono_ms() + ASK_MS, NULL) != 0)
		return KNOWN_NOT;
	while (end == NULL && got > 0 && length < sizeof(said) - 1) {
		got = process_read(
		    &process, said + length, sizeof(said) - 1 - length, NULL);
		length += got > 0 ? (size_t)got : 0;
		said[length] = '\0';
		list = strstr(said, "Compiled with:");
		end = list == NULL ? NULL : strstr(list, "\n\n");
	}
	process.deadline_ms = 0;
	process_end(&process);
	if (length == 0 || (list = strstr(said, "Compiled with:")) == NULL)
		return KNOWN_NOT;
	for (const char *at = list; (at = strstr(at, "DANE")) != NULL; at++)
		if (strchr(SPACE, at[-1]) != NULL &&
		    (at[4] == '\0' || strchr(SPACE, at[4]) != NULL))
			return KNOWN_YES;
	return KNOWN_NO;
}

/* --- what it comes to --- */

static void
say_dane(enum known built, struct doctor_finding *found)
{
	if (built == KNOWN_NOT) {
		doctor_blind(found,
		    "O DANE is on; cannot tell whether this Sendmail was built "
		    "with DANE");
	} else if (built == KNOWN_NO) {
		doctor_say(found, DOCTOR_FAIL,
		    "O DANE is on, but this Sendmail was built without DANE: "
		    "it "
		    "refuses " DOCTOR_SENDMAIL_CF);
		doctor_mend(found, "# take confDANE out of " SENDMAIL_MC
				   ", then: sendmailconfig");
	} else {
		doctor_say(found, DOCTOR_OK,
		    "Sendmail authenticates hosts that have TLSA records; of "
		    "MTA-STS it knows nothing");
	}
}

static void
mend_open(const struct sendmail_tls *tls, enum known built,
    struct doctor_finding *found)
{
	if (built == KNOWN_YES) {
		doctor_mend(
		    found, "define(`confDANE', `true')    # in " SENDMAIL_MC);
		doctor_mend(found, "sendmailconfig");
		return;
	}
	if (built == KNOWN_NO)
		doctor_mend(found,
		    "# this Sendmail was built without DANE; it would refuse "
		    "its configuration with confDANE");
	doctor_mend(found,
	    "# for hosts that must be authenticated: \"TLS_Srv:HOST  VERIFY\" "
	    "in the access map%s%s",
	    tls->access_map ? "" : ", by FEATURE(`access_db')",
	    tls->named_ca ? ""
			  : ", with define(`confCACERT', "
			    "`/etc/ssl/certs/ca-certificates.crt')");
}

/* Only those that the access map names are authenticated. */
static void
say_open(const struct sendmail_tls *tls, enum known built,
    struct doctor_finding *found)
{
	char named[120] = "";

	if (tls->has_access == KNOWN_NOT)
		snprintf(named, sizeof(named),
		    " but those that the access map may name, which cannot be "
		    "read");
	else if (tls->verified > 0)
		snprintf(named, sizeof(named),
		    " but %u that the access map names", tls->verified);
	doctor_say(found, DOCTOR_WARN,
	    "posternd looks before the mail goes out, but at delivery Sendmail "
	    "authenticates nobody%s",
	    named);
	mend_open(tls, built, found);
}

static void
say_more(const struct sendmail_tls *tls, struct doctor_finding *found)
{
	size_t length = strlen(found->seen);

	if (tls->bare > 0)
		snprintf(found->seen + length, sizeof(found->seen) - length,
		    "; %u destinations get no TLS at all, by Try_TLS in the "
		    "access map",
		    tls->bare);
	if (tls->bare > 0 && found->state == DOCTOR_OK) {
		found->state = DOCTOR_WARN;
		doctor_mend(found,
		    "# take the lines with Try_TLS and NO out of %s",
		    tls->access);
	}
}

static void
say_sendmail_tls(const struct sendmail_tls *tls, struct doctor_finding *found)
{
	enum known built = is_built_with_dane();

	if (tls->verified > 0 && !tls->named_ca) {
		doctor_say(found, DOCTOR_FAIL,
		    "%s says VERIFY of %u destinations, but there is no "
		    "CACertFile or CACertPath: none is believed, and all mail "
		    "to them is deferred",
		    tls->access, tls->verified);
		doctor_mend(found, "define(`confCACERT', "
				   "`/etc/ssl/certs/ca-certificates.crt')    # "
				   "in " SENDMAIL_MC);
		doctor_mend(found, "sendmailconfig");
	} else if (tls->dane) {
		say_dane(built, found);
	} else {
		say_open(tls, built, found);
	}
	say_more(tls, found);
}

void
doctor_sendmail_tls(struct doctor *doctor, struct doctor_finding *found)
{
	struct sendmail_tls *tls = xcalloc(1, sizeof(*tls));

	(void)doctor;
	if (doctor_sendmail_read(note_tls_line, tls) == 0) {
		read_access(tls);
		say_sendmail_tls(tls, found);
	} else if (errno == ENOENT) {
		doctor_say(
		    found, DOCTOR_SKIP, "no " DOCTOR_SENDMAIL_CF " here");
	} else {
		doctor_blind(found, DOCTOR_SENDMAIL_CF ": %s", strerror(errno));
	}
	free(tls);
}
