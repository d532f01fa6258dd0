/* known - what is known of one policy domain, and its row of the store. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_KNOWN_H
#define COMMON_STS_KNOWN_H

#include <stdbool.h>
#include <time.h>

#include "common/base/own.h"
#include "common/io/store.h"
#include "common/judge/facts.h"

/* Immutable; a change is a new one.  No time in it was ever to come: what a
 * clock that was ahead has left counts as of now, with what it has to live. */
struct known {
	struct policy_facts *policy; /* NULL: none was ever fetched */
	time_t fetched_s; /* of it, as noted; policy->fetched_s is as counted */
	time_t expires_s;
	char failed_id[LIMIT_STS_ID + 1];
	time_t failed_s; /* 0: no failure since the last success */
	enum policy_fetch failed_how;
	char failed_detail[LIMIT_DETAIL_SIZE];
	time_t used_s; /* a check asked for it, to the day */
	bool again;    /* and not for the first time */
	struct policy_past past;
};

void known_free(struct known *known);
AUTO_DEFINE(known);

/*
 * known_from_row - NULL when the row's policy is none that we would have kept
 *
 * failures: take in the row's last failure as well.  Times that are to come
 * count as now; askew: the row is to be written again for it.  When a policy
 * was fetched stays noted as it was: if it was not that clock which was wrong
 * but this one is behind, the policy has its whole life again when it is set.
 */
struct known *known_from_row(const struct store_policy *row, bool failures,
    bool *askew) OWNED(known_free);

/* known_to_row - the row of a domain; its body is borrowed from known */
void known_to_row(
    const struct known *known, const char *domain, struct store_policy *row);

/*
 * known_learn - what is known after a fetch; before may be NULL
 *
 * RFC 8461 section 5.1: a policy replaces the one before; a failure leaves that
 * one as it is, under its own id and with its own end.
 */
struct known *known_learn(
    const struct known *before, struct policy_facts *fetched) OWNED(known_free);

/*
 * known_borrow - what is known once another host has told of its fetch: before
 * may be NULL
 *
 * Where a policy is in force it stays, and lives longer if fetched is the same
 * one, enforced, under the same id, fetched later.  Else fetched, which the
 * caller has found fit for that, is the one that is known.
 */
struct known *known_borrow(
    const struct known *before, struct policy_facts *fetched) OWNED(known_free);

/* known_differs - whether another policy counts than that of before, which may
 * be NULL */
bool known_differs(const struct known *known, const struct known *before);

/*
 * known_wants_note - whether its being asked for now is to be noted: for the
 * first time after it was learnt, and then once a day; or it has a time that is
 * to come, since the clock was set
 *
 * known_used - the same with that noted
 */
bool known_wants_note(const struct known *known);
struct known *known_used(const struct known *known) OWNED(known_free);

/* known_octets - that known_free gives back */
size_t known_octets(const struct known *known);

/* known_is_unexpired - whether there is a policy that counts now */
bool known_is_unexpired(const struct known *known);

/*
 * known_failed_lately - whether a fetch for this id must not be tried again yet
 *
 * RFC 8461 section 3.3: not at once, unless the record has a new id.
 */
bool known_failed_lately(const struct known *known, const char *id);

#endif
