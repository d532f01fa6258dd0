/* setup - what is common to the parts of "postern setup".  The main thread
 * only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SETUP_SETUP_H
#define MILTER_CLI_SETUP_SETUP_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/identity.h"
#include "milter/cli/doctor/doctor.h"
#include "milter/cli/setup/setup_plan.h"

enum { SETUP_PATH_SIZE = 4096, SETUP_SOCKET_SIZE = 600 };

/* What is known of this host, and what is planned.  The doctor's functions read
 * both MTAs. */
struct setup {
	struct doctor doctor; /* its settings are those of today */
	struct setup_plan plan;
	char mta[16]; /* "postfix", "sendmail", or "none" */
	const char *conf_path;
	char *conf_before; /* NULL: there is no file */
	char *conf_after;
	char why[2000];                 /* of its changes */
	char socket[SETUP_SOCKET_SIZE]; /* the Socket that is meant to be */
	bool systemd;                   /* it runs this host */
	bool has_unit;                  /* of posternd */
	bool restart;                   /* posternd must start anew */
};

/*
 * setup_read_file - a file of text, with links followed to path, of
 * SETUP_PATH_SIZE
 *
 * 0 and *text for free(), NULL where there is no such file; -1 and err, DATA
 * for one that is no text or too large.
 */
int setup_read_file(const char *name, char *path, char **text, struct err *err);

/* setup_postfix - the steps for Postfix; setup_sendmail - for Sendmail */
void setup_postfix(struct setup *setup);
void setup_sendmail(struct setup *setup);

/* setup_find_user - that of posternd; false, and it is noted, where there is
 * none. setup_group - the name of its group, borrowed. */
bool setup_find_user(struct setup *setup, struct identity *daemon);
const char *setup_group(const struct identity *who);

/* setup_place - the folder of the socket, and the unit that lets posternd write
 * there */
void setup_place(struct setup *setup, const struct identity *daemon);

/* setup_unit - what systemd must let posternd do: write in folder, or NULL, and
 * start before Postfix */
void setup_unit(struct setup *setup, const char *folder);

/* setup_conf_begin - read postern.conf; -1 with err.
 * setup_conf_socket - another Socket.
 * setup_conf_way - settings by which the MTA's mail goes.
 * setup_conf_name - the name in the tag is the MTA's, where nobody gave it
 * another; where: what of the MTA has it.
 * setup_conf_end - the step that writes them. */
int setup_conf_begin(struct setup *setup, struct err *err);
void
setup_conf_socket(struct setup *setup, const char *socket, const char *because);
void setup_conf_way(struct setup *setup);
void setup_conf_name(struct setup *setup, const char *name, const char *where);
void setup_conf_end(struct setup *setup);

/* setup_posternd_anew - posternd takes its new settings.
 * setup_mta_anew - the MTA does, by that command. */
void setup_posternd_anew(struct setup *setup);
void setup_mta_anew(struct setup *setup, enum setup_command command);

#endif
