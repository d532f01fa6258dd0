/* askers - the services of Postfix that may ask a milter, and which of
 * them ask posternd.  The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_HOST_ASKERS_H
#define MILTER_CLI_HOST_ASKERS_H

#include <stddef.h>

#include "milter/cli/host/postfix.h"

/* More smtpd services than that are no one host's */
enum { ASKERS_MAX = 32 };

enum asker_asks {
	ASKER_UNSURE, /* it cannot be told: why stands in doubt */
	ASKER_BROKEN, /* its list is: the service does not run */
	ASKER_MUTED,  /* it asks nobody: receive_override_options */
	ASKER_OTHERS,
	ASKER_SHUT_OUT, /* a chroot hides the socket */
	ASKER_US,
};

struct asker {
	struct postfix_service service;
	const char *parameter;        /* of its list of milters */
	const char *list;             /* its $names replaced; borrowed */
	struct postfix_milter milter; /* ours in it: US, SHUT_OUT */
	enum asker_asks asks;
	const char *doubt; /* or NULL; a constant */
};

struct askers {
	struct postfix *postfix;
	const char *socket;
	bool too_many;
	size_t count;
	struct asker items[ASKERS_MAX];
};

/*
 * askers_smtpd - all that take mail by SMTP
 *
 * socket: posternd's, as its Socket setting; it and postfix are borrowed.
 */
void askers_smtpd(
    struct postfix *postfix, const char *socket, struct askers *askers);

/* askers_cleanup - the one that takes mail by sendmail(1) */
void askers_cleanup(
    struct postfix *postfix, const char *socket, struct askers *askers);

/* askers_count - how many ask so; their names, cut to size */
size_t askers_count(const struct askers *askers, enum asker_asks asks,
    char *names, size_t size);

/* askers_first - the first of those that ask so, or NULL */
const struct asker *
askers_first(const struct askers *askers, enum asker_asks asks);

#endif
