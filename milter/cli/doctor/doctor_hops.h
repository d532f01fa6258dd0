/* doctor_hops - the next hops that the MTAs of this host hand mail to, by their
 * own configuration.  The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DOCTOR_DOCTOR_HOPS_H
#define MILTER_CLI_DOCTOR_DOCTOR_HOPS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/text.h"
#include "common/proto/nexthop.h"
#include "milter/cli/doctor/doctor.h"

enum {
	/* Next hops that are looked up: more are those of many customers, and
	 * each costs three lookups */
	DOCTOR_HOPS_MAX = 16,
	DOCTOR_HOPS_UNREAD_SIZE = 160,
};

struct doctor_hop {
	struct nexthop hop;
	bool by_hosts; /* the MTA finds it in /etc/hosts as well */
};

struct doctor_hops {
	const struct doctor *doctor;
	bool by_hosts; /* of those that are added next */
	bool too_many;
	size_t count;
	struct doctor_hop items[DOCTOR_HOPS_MAX];
	struct text unread; /* what may name more, and cannot be read */
	char unread_array[DOCTOR_HOPS_UNREAD_SIZE];
};

/*
 * doctor_hops_find - those of Postfix, where there is one, and Sendmail's smart
 * host, without addresses; each once
 *
 * Of Postfix: relayhost, default_transport, relay_transport and the tables that
 * name others for some domains or senders, as far as these are text; but none
 * for domains whose mail posternd does not look at.
 */
void doctor_hops_find(const struct doctor *doctor, struct doctor_hops *hops);

#endif
