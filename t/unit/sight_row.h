/* sight_row - what advice is given of, made of a few letters. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_SIGHT_ROW_H
#define T_UNIT_SIGHT_ROW_H

#include "common/base/clock.h"
#include "milter/cli/advise/groups.h"
#include "t/fake/destination.h"

enum { DAY_S = CLOCK_DAY_S, NOW = DESTINATION_NOW };

/*
 * What there is.  mx, hosts and policy as in fake/destination.h.  whose: a
 * letter for each host, o our own, x another's, m or M Microsoft's before and
 * after it moves, g Google's; zones: s secure, u unsigned.  rua: m mailto, h
 * https, - no record.
 */
struct case_row {
	const char *id, *mx, *hosts, *policy;
	enum chain_state chain;
	const char *whose, *zones, *rua;
	const struct provider *dns;
	struct advise_wish wish;
	/* expected */
	const char *scenarios, *dane, *steps, *says;
};

#define S CHAIN_SECURE
#define U CHAIN_UNSIGNED
#define PLAIN                      \
	{                          \
		.regulated = false \
	}

/* A sight, and what it borrows. */
struct seen {
	struct sight sight;
	struct facts *facts;
	struct verdict *verdict, *secure;
};

/* An MTA-STS policy that is tested, before a host with DANE. */
extern const struct case_row sight_tested;

void seen_make(struct seen *seen, const struct case_row *row);
void seen_fini(struct seen *seen);

#endif
