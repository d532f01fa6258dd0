/* fleet_events - what all hosts that share are to do: told through the store,
 * and heard from it. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_FLEET_EVENTS_H
#define COMMON_ENGINE_FLEET_EVENTS_H

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/shared.h"
#include "common/proto/shared_record.h"
#include "common/sts/share.h"

struct fleet_events;

/* Another host wants this done; by the thread that listens. */
typedef void fleet_apply(void *arg, const struct shared_event *event);

struct fleet_events_options {
	struct shared *store; /* these outlive it */
	struct share *share;
	struct share_counts *counts;
	fleet_apply *apply;
	void *arg;
	const char *version; /* that this host tells; outlives it */
};

/*
 * fleet_events_new - make ready to listen, and to say that this host is there;
 * LOCAL for want of threads
 *
 * Without SHARE_FLUSHES in what is shared it listens to nobody.
 * An event is applied once, within ten minutes, and none of this host's own; at
 * most sixty a minute, and six an hour that are for all domains.  What was told
 * while this host or the store was away counts if that was within those ten
 * minutes.
 */
void fleet_events_free(struct fleet_events *events);
struct fleet_events *
fleet_events_new(const struct fleet_events_options *options, struct err *err)
    OWNED(fleet_events_free);

/* fleet_events_begin - listen from now on: what is told may be applied */
void fleet_events_begin(struct fleet_events *events);

/*
 * fleet_events_send - tell all others: 0, or -1 and TEMP where the store does
 * not take it
 *
 * domain NULL: all, to flush.  To forget also takes the policy out of the
 * store.
 */
int fleet_events_send(struct fleet_events *events, enum shared_event_kind kind,
    const char *domain, struct err *err);

#endif
