/* share - values that hosts share: asked for, verified, counted, put. Any
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
#include "common/proto/shared_record.h"
#include "common/proto/shared_value.h"
#include "common/sts/graves.h"
#include "common/sts/share_queue.h"

struct share;

/* What is shared, each a bit. */
enum share_content {
	SHARE_POLICIES = 1, /* of MTA-STS */
	SHARE_FLUSHES = 2,  /* what all hosts are to flush or forget */
	SHARE_PROBES = 4,   /* of mail hosts, where they ended well */
	SHARE_VERDICTS = 8, /* but for failures */
};

/* What became of a value that another host has put. */
enum share_what {
	SHARE_REJECTED,  /* for its fault */
	SHARE_SHUT,      /* too many are forged: nothing is asked for a while */
	SHARE_HINT,      /* it says that there is news, which is fetched here */
	SHARE_EXTENDED,  /* the policy that is known was fetched again */
	SHARE_CREATED,   /* a policy was not known here, and is now */
	SHARE_USED,      /* a probe or verdict, in place of one of our own */
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

/* Strings are borrowed for share_new alone. */
struct share_options {
	struct shared *store; /* outlives it */
	struct shared_keys keys;
	const char *prefix;          /* of all keys */
	const char *host;            /* this one's name */
	unsigned content;            /* of enum share_content */
	struct share_counts *counts; /* outlives it */
	share_told *told;            /* NULL: nobody */
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

/* share_has - whether that is shared; share NULL: nothing is */
bool share_has(const struct share *share, enum share_content content);

/* share_set_digest - of the settings that this host judges by, SHARED_DIGEST_-
 * SIZE; share_get_digest - that one; at first all of its digits are 0 */
void share_set_digest(struct share *share, const char *digest);
void share_get_digest(struct share *share, char out[SHARED_DIGEST_SIZE]);

/* share_graves - of policies, borrowed */
struct graves *share_graves(struct share *share);

/*
 * share_name - the key of something of a kind in the store: "p" for the policy
 * of a domain
 */
void share_name(const struct share *share, const char *kind, const char *rest,
    char out[SHARE_NAME_SIZE]);

/* share_name_of - the same of what several texts make up */
void share_name_of(const struct share *share, const char *kind,
    const char *const *fields, size_t count, char out[SHARE_NAME_SIZE]);

/*
 * share_get - the payload that stands under a name, signed for it, of *size
 * octets; NULL where there is none, or a *fault
 *
 * Borrowed from *reply, which is for resp_free in any case.  Waits as
 * shared_ask does.
 */
const char *share_get(struct share *share, const char *name,
    struct resp **reply, size_t *size, enum shared_fault *fault);

/* share_seek - what stands under a name, signed or not: found is called once,
 * as by shared_begin */
void share_seek(
    struct share *share, const char *name, shared_answered *found, void *arg);

/*
 * share_claim - whether this host is to do what the fields name, for all:
 * true; false where another is at it for now
 *
 * A courtesy: whoever does not heed it does it a second time.
 */
bool share_claim(struct share *share, const char *const *fields, size_t count);

/*
 * share_await - wait a while for what another host is at, before looking for it
 * the time that look says, from 0; false: that was often enough
 *
 * share_patience - until_ms for that: half of what is left to deadline_ms
 * (clock_mono_ms), and a second at most
 */
bool share_await(struct share *share, unsigned look, int64_t until_ms);
int64_t share_patience(int64_t deadline_ms);

/* share_add - have the thread sign a value and put it; what put has is the
 * share's from here on */
void share_add(struct share *share, const struct share_put *put);

/* share_tell - what happened, to whom the options name */
void share_tell(struct share *share, enum share_what what, const char *domain,
    const char *by, enum shared_fault fault);

/* share_reject - count and tell that a value does not count */
void share_reject(struct share *share, const char *domain, const char *by,
    enum shared_fault fault);

/*
 * share_open_value - the payload of a value, as shared_value_verify; whether a
 * fault is for share_reject, the caller knows
 *
 * share_sign - a value
 */
const char *share_open_value(struct share *share, const char *name,
    const struct resp *value, size_t *size, enum shared_fault *fault);
char *
share_sign(const struct share *share, const char *name, const char *payload);

#endif
