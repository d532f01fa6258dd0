/* translation - the prefixes of this network's NAT64 gates, asked for from time
 * to time. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_TRANSLATION_H
#define COMMON_IO_TRANSLATION_H

#include <stdint.h>

#include "common/base/cache.h"
#include "common/base/own.h"
#include "common/io/dns.h"
#include "common/proto/nat64.h"

struct translation;

/*
 * translation_new - nothing is known yet; dns is borrowed
 *
 * It must be one that nameservers make addresses of a gate for: they make none
 * for a resolver that validates by itself (RFC 6147 section 5.5).
 */
void translation_free(struct translation *translation);
struct translation *translation_new(struct dns *dns) OWNED(translation_free);
AUTO_DEFINE(translation);

/*
 * translation_ask, translation_learn - the prefixes that are known
 *
 * Ask first, together with what else is asked, then learn with what came of it.
 * translation_ask gives a query where one is due and nobody else waits for one:
 * at first, then when the TTL is over, a minute at least and an hour at most,
 * and ten seconds after a failure; else NULL.  translation_learn ends it.
 * There are no prefixes until the first answer, for which TRANSLATION_WAIT_MS
 * is waited, though not past deadline_ms (mono).  A later failure changes
 * nothing. translation may be NULL: no prefixes.
 *
 * translation_watch - see that ready is called, with arg and NULL, when the
 * first answer has come for which another waits: 1, or 0 where
 * translation_learn would not wait
 */
enum { TRANSLATION_WAIT_MS = 1000 }; /* less than a job in a hurry has */
struct dns_query *
translation_ask(struct translation *translation, int64_t deadline_ms);
void translation_learn(struct translation *translation, struct dns_query *query,
    int64_t deadline_ms, struct nat64 *out);
unsigned translation_watch(
    struct translation *translation, cache_ready *ready, void *arg);

#endif
