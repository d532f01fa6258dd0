/* sendmail_filters - the filters of sendmail.cf, and which daemon has which. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DOCTOR_SENDMAIL_FILTERS_H
#define MILTER_CLI_DOCTOR_SENDMAIL_FILTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/cli/host/listener.h"

#define SENDMAIL_SPACE " \t\r\n"

enum {
	SENDMAIL_LIST_SIZE = 4096,
	SENDMAIL_NAME_SIZE = 64,
	SENDMAIL_FILTERS_MAX = 8,
	SENDMAIL_DAEMONS_MAX = 8,
};

/* A filter that is, or may be, at our socket. */
struct sendmail_filter {
	char name[SENDMAIL_NAME_SIZE];
	enum listener at;
	bool unclear; /* its times or flags are none that we know */
	int reply_ms, end_ms;
	char down; /* what becomes of mail: 'T', 'R', '4', or 0: it passes */
};

/* A daemon of Sendmail with filters of its own. */
struct sendmail_daemon {
	char name[SENDMAIL_NAME_SIZE];
	char list[SENDMAIL_LIST_SIZE];
};

struct sendmail_filters {
	const char *socket;
	bool too_many;
	size_t filter_count, daemon_count;
	size_t others; /* daemons that take the common list */
	struct sendmail_filter filters[SENDMAIL_FILTERS_MAX];
	struct sendmail_daemon daemons[SENDMAIL_DAEMONS_MAX];
	char list[SENDMAIL_LIST_SIZE]; /* of all other daemons */
};

/* sendmail_filters_read - zeroed, but for socket; 0, or -1 with errno */
int sendmail_filters_read(struct sendmail_filters *sendmail);

#endif
