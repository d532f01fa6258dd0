/* probe - STARTTLS probes, one for each (address, port, SNI), remembered. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_PROBE_H
#define COMMON_GATHER_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cache.h"
#include "common/base/own.h"
#include "common/base/pool.h"
#include "common/base/counts.h"
#include "common/gather/manners.h"
#include "common/gather/outbound.h"
#include "common/io/smtp_socket.h"
#include "common/io/tls_client.h"
#include "common/judge/facts.h"
#include "common/sts/share.h"

struct prober;
struct probe;

struct prober_options {
	struct pool *leaves; /* where probes run; both outlive the prober */
	struct outbound *outbound; /* is told how they fare */
	const char *helo;          /* copied */
	struct smtp_source source; /* copied */
	enum tls_floor floor;
	int greeting_ms; /* see smtp_target */
	int timeout_ms;
	unsigned per_address;        /* connections to one address at once */
	struct cache_budget *budget; /* for what is remembered */
	uint32_t keep_s; /* how long a TLS session's facts are used again */
	uint32_t keep_failed_s; /* and those of a connection that failed */
	uint32_t share_s;       /* how long other hosts may use them */
	struct share *share;    /* outlives it; NULL: none is shared */
	struct counts *counts;  /* may be NULL */
	struct manners manners;
};

/* prober_new - LOCAL when the system gives no thread, which a survey wants */
void prober_free(struct prober *prober); /* no probe may be held or running */
struct prober *prober_new(const struct prober_options *options, struct err *err)
    OWNED(prober_free);

/*
 * probe_start - begin a probe, or join one that runs or is remembered
 * probe_again - the same, but what was seen will not do: begin a new one, or
 *     join one that is newer
 * probe_is_joined - whether it was begun for somebody else
 * probe_watch - see that ready is called once when it has ended; see
 *     cache_when_filled
 * probe_finish - its facts, a reference of the caller's; ends the probe
 *
 * Where an address has as many connections as it may, probes wait in turn, and
 * need no thread for that.  The wait ends at deadline_ms (mono) with
 * PROBE_TIMEOUT; a probe that runs goes on, for those that come later, and one
 * that has not begun when the last that waits for it is gone never does.
 *
 * Where hosts share, one that somebody else has made may do for probe_start;
 * one that is made again connects.
 *
 * seen: borrowed facts that probe_finish gave; NULL: any remembered failure to
 * connect.  Who asks for it in a row gets the same answer for ten seconds, so
 * that a host which is asked after by many is not connected to for each.
 */
struct probe *probe_start(
    struct prober *prober, const char *address, uint16_t port, const char *sni);
struct probe *probe_again(struct prober *prober, const char *address,
    uint16_t port, const char *sni, const struct probe_facts *seen);
bool probe_is_joined(const struct probe *probe);
void probe_watch(struct probe *probe, cache_ready *ready, void *arg);
struct probe_facts *
probe_finish(struct probe *probe, int64_t deadline_ms) OWNED(probe_facts_free);

/* prober_try_witnesses - connect to those that outbound wants, and wait for
 * none
 */
void prober_try_witnesses(struct prober *prober);

/* prober_end - of a survey, probes that wait for their turn are put off: see
 * pacing_end */
void prober_end(struct prober *prober);

/* prober_count_blocked - an address was not probed, for it is special */
void prober_count_blocked(struct prober *prober);

/* prober_cache - what is remembered: struct probe_facts, by address, port, SNI
 */
struct cache *prober_cache(struct prober *prober);

#endif
