/* share - what hosts share of MTA-STS policies: asked for, judged, put. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_SHARE_H
#define COMMON_STS_SHARE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/shared.h"
#include "common/judge/facts.h"
#include "common/proto/shared_record.h"
#include "common/proto/shared_value.h"

struct share;

/* What became of a value that another host has put. */
enum share_what {
	SHARE_REJECTED,  /* for its fault */
	SHARE_SHUT,      /* too many are forged: nothing is asked for a while */
	SHARE_HINT,      /* it says that there is news, which is fetched here */
	SHARE_EXTENDED,  /* the policy that is known was fetched again */
	SHARE_CREATED,   /* a policy was not known here, and is now */
	SHARE_FLUSHED,   /* what is known is looked at anew, as it wants */
	SHARE_FORGOTTEN, /* the policy is forgotten, likewise */
};

/* For the log; by: "" where nobody is known.  Must not block. */
typedef void share_told(void *arg, enum share_what what, const char *domain,
    const char *by, enum shared_fault fault);

/* What became of what all hosts are to do. */
enum share_event { SHARE_EVENT_FORGED, SHARE_EVENT_OLD, SHARE_EVENT_APPLIED };
enum { SHARE_EVENTS = SHARE_EVENT_APPLIED + 1 };

struct share_counts {
	_Atomic uint64_t rejected[SHARED_FAULTS];
	_Atomic uint64_t events[SHARED_EVENTS][SHARE_EVENTS];
	_Atomic uint64_t dropped; /* that were to be put, for want of room */
};

enum { SHARE_PREFIX_SIZE = 65 };

/* Strings are borrowed for share_new alone. */
struct share_options {
	struct shared *store; /* outlives it */
	struct shared_keys keys;
	const char *prefix;          /* of all keys */
	const char *host;            /* this one's name */
	struct share_counts *counts; /* outlives it */
	share_told *told;
	void *arg;
};

/*
 * share_new - start the thread that puts; NULL where there is none to be had
 */
void share_free(struct share *share);
struct share *share_new(const struct share_options *options, struct err *err)
    OWNED(share_free);

/* share_is_open - whether it is of use to ask now */
bool share_is_open(struct share *share);

/* share_host - the name of this host, borrowed */
const char *share_host(const struct share *share);

/*
 * share_name - the key of a domain's policy ("p"), or another, in the store
 */
enum { SHARE_NAME_SIZE = SHARE_PREFIX_SIZE + LIMIT_DOMAIN_SIZE + 8 };
void share_name(const struct share *share, const char *kind, const char *rest,
    char out[SHARE_NAME_SIZE]);

/*
 * share_ask - the policy of a domain as the store has it, NULL where it has
 * none that counts
 *
 * What is returned is signed, of this domain, a policy by our own parser, not
 * over, and not older than when it was forgotten here.  Waits as shared_ask
 * does.
 */
struct shared_policy *
share_ask(struct share *share, const char *domain) OWNED(shared_policy_free);

/*
 * share_may_create - whether a host that knows nothing may take the policy: it
 * is to be enforced, and was fetched within a week, as one that is in force
 * still is
 */
bool share_may_create(const struct shared_policy *policy, time_t now);

/* share_facts - as facts of a policy, with the host that has fetched it */
struct policy_facts *
share_facts(struct shared_policy *policy) OWNED(policy_facts_free);

/*
 * share_claim - whether this host is to fetch a policy: true; false where
 * another is at it for now
 *
 * A courtesy: whoever does not heed it costs a second fetch.
 */
bool share_claim(struct share *share, const char *domain);

/* share_put - have the thread put a policy that this host has fetched */
void share_put(
    struct share *share, const char *domain, const struct policy_facts *policy);

/*
 * share_bury - copies of a domain's policy that were fetched by then count no
 * more, for a day
 */
void share_bury(struct share *share, const char *domain, time_t at);

/* share_tell - what happened, to whom the options name */
void share_tell(struct share *share, enum share_what what, const char *domain,
    const char *by, enum shared_fault fault);

/* share_reject - count and tell that a value does not count */
void share_reject(struct share *share, const char *domain, const char *by,
    enum shared_fault fault);

/* share_open_value - the payload of a value, as shared_value_verify; a fault is
 * rejected.  share_sign - a value */
const char *share_open_value(struct share *share, const char *name,
    const struct resp *value, size_t *size, enum shared_fault *fault);
char *
share_sign(const struct share *share, const char *name, const char *payload);

#endif
