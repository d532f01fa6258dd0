/* doctor_map - which services of Postfix ask a MapSocket of ours.  The main
 * thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_DOCTOR_DOCTOR_MAP_H
#define MILTER_CLI_DOCTOR_DOCTOR_MAP_H

#include "milter/cli/doctor/doctor.h"
#include "milter/cli/host/postfix.h"

enum { MAP_ASKERS_MAX = 8, MAP_TABLE_SIZE = 300, MAP_NAME_SIZE = 64 };

/* A service of smtp(8) that asks a map of ours. */
struct map_asker {
	struct postfix_service service;
	bool alone; /* ours is the only table */
	char table[MAP_TABLE_SIZE];
	char name[MAP_NAME_SIZE]; /* of the map */
	bool proxied;
	bool shut_out;               /* by a chroot */
	const char *socket;          /* of ours, borrowed */
	char before[MAP_TABLE_SIZE]; /* the first table before it, or "" */
	char behind[MAP_TABLE_SIZE]; /* a socketmap behind it, or "" */
};

struct map_askers {
	struct doctor *doctor;
	bool proxy_chrooted;
	struct postfix_service first; /* of all that deliver */
	size_t delivering;
	size_t count;
	struct map_asker items[MAP_ASKERS_MAX];
};

/* doctor_map_find - all of them, as Postfix has its settings now */
void doctor_map_find(struct doctor *doctor, struct map_askers *all);

/* doctor_map_mend - another table in the place of the one that it asks: a
 * command where that is its only one, else words */
void doctor_map_mend(const struct doctor *doctor, struct doctor_finding *found,
    const struct map_asker *asker, const char *table);

/* doctor_map_version - Postfix's, "3.10.5" as 31005; 0 for what is none */
unsigned doctor_map_version(const struct doctor *doctor);

#endif
