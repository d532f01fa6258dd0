/* attempts - the domains that a mail log tells of deliveries to, once for each
 * message. Bounded, whatever the log holds; of addresses nothing is kept. Pure.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_ATTEMPTS_H
#define MILTER_CLI_SURVEY_ATTEMPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "milter/cli/review/names.h"
#include "milter/cli/survey/pairs.h"
#include "milter/conf/settings.h"

/* A normalised domain, lent, and so many messages more. */
typedef void attempts_found(void *arg, const char *domain, int64_t messages);

enum { ATTEMPTS_TRANSPORTS = 64, ATTEMPTS_TRANSPORT_SIZE = 64 };

struct attempts {
	const char *program;                       /* posternd's in the log */
	const struct settings_list *local_mailers; /* these two borrowed */
	attempts_found *found;
	void *arg;

	/* Exim: whether a transport ever named a host, and what waits for that
	 * to be known, by "TRANSPORT DOMAIN" */
	struct {
		char name[ATTEMPTS_TRANSPORT_SIZE];
		bool remote;
	} transports[ATTEMPTS_TRANSPORTS];
	size_t transport_count;
	struct names waiting;
	int64_t *waiting_messages;

	struct pairs pairs; /* full: the rest counts by line */
	uint64_t bad;       /* deliveries without a domain */
	uint64_t passed;    /* of Exim: no room for them */
};

void attempts_init(struct attempts *attempts, const struct settings *settings,
    attempts_found *found, void *arg);
void attempts_line(struct attempts *attempts, const char *line);

/* attempts_end - what waited, and all memory */
void attempts_end(struct attempts *attempts);

#endif
