/* share_queue - what waits to be put into the store that hosts share, and the
 * thread that puts it. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_SHARE_QUEUE_H
#define COMMON_STS_SHARE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/proto/shared_record.h"

enum { SHARE_PREFIX_SIZE = 65 };
enum { SHARE_NAME_SIZE = SHARE_PREFIX_SIZE + LIMIT_DOMAIN_SIZE + 8 };

struct share;
typedef bool
share_obsolete(struct share *share, const struct shared_policy *policy);

/* A value that is to be signed and put; owned by the queue once it is in it. */
struct share_put {
	char name[SHARE_NAME_SIZE];
	char *payload;
	time_t until_s;               /* that it is kept there */
	struct shared_policy *policy; /* of payload, or NULL */
	share_obsolete *is_old;       /* whether policy makes way for another
					 that is there */
};

typedef void share_putter(void *arg, const struct share_put *put);

struct share_queue;

/*
 * share_queue_new - start its thread, which calls putter for one value after
 * the other; LOCAL for want of a thread
 *
 * Beyond LIMIT_SHARED_PUTS and LIMIT_SHARED_PUT_OCTETS the oldest goes, and is
 * counted in dropped.  share_queue_free: those that wait are dropped.
 */
void share_queue_free(struct share_queue *queue);
struct share_queue *share_queue_new(share_putter *putter, void *arg,
    _Atomic uint64_t *dropped, struct err *err) OWNED(share_queue_free);

/* share_queue_add - put later; the contents of put are the queue's from here
 * on */
void share_queue_add(struct share_queue *queue, const struct share_put *put);

#endif
