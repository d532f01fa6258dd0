/* doctor_askers - the services of Postfix that may ask a milter, and which of
 * them ask posternd.  The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DOCTOR_DOCTOR_ASKERS_H
#define MILTER_CLI_DOCTOR_DOCTOR_ASKERS_H

#include <stddef.h>

#include "milter/cli/doctor/doctor.h"
#include "milter/cli/doctor/postfix.h"

/* More smtpd services than that are no one host's */
enum { DOCTOR_ASKERS_MAX = 32 };

enum doctor_asks {
	DOCTOR_ASKS_UNSURE, /* it cannot be told: why stands in doubt */
	DOCTOR_ASKS_BROKEN, /* its list is: the service does not run */
	DOCTOR_ASKS_MUTED,  /* it asks nobody: receive_override_options */
	DOCTOR_ASKS_OTHERS,
	DOCTOR_ASKS_SHUT_OUT, /* a chroot hides the socket */
	DOCTOR_ASKS_US,
};

struct doctor_asker {
	struct postfix_service service;
	const char *parameter;        /* of its list of milters */
	const char *list;             /* its $names replaced; borrowed */
	struct postfix_milter milter; /* ours in it: US, SHUT_OUT */
	enum doctor_asks asks;
	const char *doubt; /* or NULL; a constant */
};

struct doctor_askers {
	const struct doctor *doctor;
	bool too_many;
	size_t count;
	struct doctor_asker items[DOCTOR_ASKERS_MAX];
};

/* doctor_askers_smtpd - all that take mail by SMTP */
void
doctor_askers_smtpd(const struct doctor *doctor, struct doctor_askers *askers);

/* doctor_askers_cleanup - the one that takes mail by sendmail(1) */
void doctor_askers_cleanup(
    const struct doctor *doctor, struct doctor_askers *askers);

/* doctor_askers_count - how many ask so; their names, cut to size */
size_t doctor_askers_count(const struct doctor_askers *askers,
    enum doctor_asks asks, char *names, size_t size);

#endif
