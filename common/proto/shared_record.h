/* shared_record - the payloads of values that hosts share: policies, events,
 * and what a host says of itself.  Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_SHARED_RECORD_H
#define COMMON_PROTO_SHARED_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/proto/shared_value.h"
#include "common/proto/sts_policy.h"

enum {
	SHARED_BOOT_SIZE = 17, /* 16 hex digits, and a NUL */
	SHARED_VERSION_SIZE = 32,

	/* By which clocks of hosts may differ: of what is read */
	SHARED_SKEW_S = 300,
	/* How long an event counts */
	SHARED_EVENT_S = 600,
};

/* A policy, as the host that has fetched it says. */
struct shared_policy {
	char domain[LIMIT_DOMAIN_SIZE];
	char id[LIMIT_STS_ID + 1];
	char *body;
	struct sts_policy *policy; /* the body, parsed here */
	time_t fetched_s;
	time_t expires_s; /* by the body's max_age, whatever the value says */
	char by[LIMIT_DOMAIN_SIZE];
};

/*
 * shared_policy_read - the policy of domain in a payload
 *
 * What is in it may be anything that JSON can hold: all keys there once, of
 * their types and limits, the domain this one, the body a policy.  now: one
 * that is over, or is fetched more than SHARED_SKEW_S from now, is a fault of
 * TIME.  NULL with *fault.
 */
void shared_policy_free(struct shared_policy *policy);
struct shared_policy *
shared_policy_read(const char *payload, size_t size, const char *domain,
    time_t now, enum shared_fault *fault) OWNED(shared_policy_free);
AUTO_DEFINE(shared_policy);

/* shared_policy_print - its payload, for free(); NULL where the body is no
 * UTF-8, or the payload would be too large */
char *shared_policy_print(const struct shared_policy *policy);

/* What all hosts are to do. */
enum shared_event_kind { SHARED_EVENT_FLUSH, SHARED_EVENT_FORGET };
enum { SHARED_EVENTS = SHARED_EVENT_FORGET + 1 };

struct shared_event {
	enum shared_event_kind kind;
	char domain[LIMIT_DOMAIN_SIZE]; /* "": all */
	char by[LIMIT_DOMAIN_SIZE];
	char boot[SHARED_BOOT_SIZE]; /* of that host's process */
	int64_t number;              /* of the event, by that process */
	time_t at_s;
};

/* shared_event_read - SHARED_NO_FAULT, or what is wrong; TIME if it is not of
 * within SHARED_EVENT_S from now */
enum shared_fault shared_event_read(
    const char *payload, size_t size, time_t now, struct shared_event *event);
char *shared_event_print(const struct shared_event *event);

/* A host that shares. */
struct shared_host {
	char version[SHARED_VERSION_SIZE];
	char digest[SHARED_DIGEST_SIZE]; /* of what settings it judges by */
	time_t at_s;
};

enum shared_fault
shared_host_read(const char *payload, size_t size, struct shared_host *host);
char *shared_host_print(const struct shared_host *host);

#endif
