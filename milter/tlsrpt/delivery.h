/* delivery - one try to send a report to one destination. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_DELIVERY_H
#define MILTER_TLSRPT_DELIVERY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/engine/engine.h"
#include "common/io/store_outbox.h"
#include "milter/conf/settings.h"

enum delivery_outcome {
	DELIVERY_LATER,
	DELIVERY_REFUSED,
	DELIVERY_TAKEN,
};

struct delivery_end {
	enum delivery_outcome outcome;
	bool untrusted;  /* TAKEN by who shows no good certificate */
	int64_t asked_s; /* LATER: the other side wants so long; or 0 */
	char why[LIMIT_DETAIL_SIZE]; /* not TAKEN; cleaned */
};

/* a report packed by gzip */
struct delivery_body {
	const void *octets;
	size_t size;
};

/*
 * delivery_try - send body to item's rua
 *
 * Takes a minute at most; true in ended has it given up.
 * RFC 8460 section 5
 */
void delivery_try(const struct settings *settings, struct engine *engine,
    const struct outbox_item *item, const struct delivery_body *body,
    const atomic_bool *ended, struct delivery_end *end);

#endif
