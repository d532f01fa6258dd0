/* members - two hosts that share, and a real store between them; their policy
 * host is one. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_MEMBERS_H
#define T_UNIT_MEMBERS_H

#include "common/proto/shared_value.h"
#include "common/sts/share.h"
#include "common/sts/share_policy.h"
#include "t/fake/redis.h"
#include "t/unit/house.h"
#include "t/unit/store_client.h"

enum { MEMBERS_PATIENT_MS = 30 * 1000, MEMBERS_LOOK_US = 10 * 1000 };

/* One host: its client, what it shares, and what it was told. */
struct member {
	struct store_client client;
	struct share_counts counts;
	struct share *share;
	_Atomic unsigned told[SHARE_FORGOTTEN + 1];
	struct house house;
};

extern struct redis *members_store;
extern struct member member_a, member_b;

/* members_begin, members_end - set-up of a test: both, with houses whose stores
 * are files of their own */
int members_begin(void **state);
int members_end(void **state);

/* members_join - one more, without a house */
void members_join(struct member *member, const char *host, const char *key);
void members_leave(struct member *member);

/* members_set, members_get - what stands in the store; heap, or NULL */
void members_set(const char *name, const char *value);
char *members_get(const char *name);

/* members_put - a member that has the key puts what it likes */
void members_put(
    const char *domain, const char *id, const char *body, time_t fetched_s);

/* members_await_puts - until this member has put so many, and no more; what is
 * put can be seen before that is counted */
void members_await_puts(const struct member *member, uint64_t count);

/* members_await - until the policy that was fetched has been put; heap */
struct shared_policy *members_await(const char *domain, const char *body);

#endif
