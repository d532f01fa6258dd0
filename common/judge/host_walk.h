/* host_walk - the hosts of a next hop, in the order in which a sender tries
 * them. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_HOST_WALK_H
#define COMMON_JUDGE_HOST_WALK_H

#include <stdbool.h>

#include "common/judge/facts.h"
#include "common/judge/host.h"

/* How the walk ended. */
struct host_walk {
	const struct host_verdict *taker;   /* the host that takes the mail */
	const struct host_verdict *failed;  /* last that failed its policy */
	const struct host_verdict *skipped; /* last that could not be used */
	enum reason failed_reason;
};

/*
 * host_walk - over hosts, one for each of facts
 *
 * RFC 7672 section 2.2.1: hosts are tried in the order of preference, and a
 * host of worse preference never pre-empts a better one for being more secure.
 */
struct host_walk
host_walk(const struct facts *facts, const struct host_verdict *hosts);

/* host_walk_decides - the host that takes the mail, or keeps it from being
 * taken; NULL without hosts */
const struct host_verdict *host_walk_decides(const struct host_walk *walk);

/* host_walk_text - "mx1.example/fail/certificate-expired,mx2.example/..." for
 * free(), and ",+3" for those that there is no room for; NULL without hosts */
char *
host_walk_text(const struct facts *facts, const struct host_verdict *hosts);

/* host_is_out_of_the_way - whether mail never comes there: none of what it is
 * like matters */
bool host_is_out_of_the_way(const struct host_verdict *host);

/* host_fails_test - whether a policy that is only tested would fail there, and
 * DANE does not make up for it */
bool host_fails_test(const struct host_verdict *host);

#endif
