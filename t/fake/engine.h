/* engine - in place of common/engine/engine: a domain says what becomes of its
 * check. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_ENGINE_H
#define T_FAKE_ENGINE_H

#include "common/base/limits.h"
#include "common/engine/engine.h"

/*
 * The first label of a domain is a row of the table in engine.c: "fail",
 * "temperror", "slow", ...; digits behind it do not count.  No thread, no wait:
 * the clock is shifted while a check is awaited.
 */
struct engine {
	bool congested; /* what engine_congested says */
};

extern struct engine fake_engine;

/* What it was asked; a test clears it. */
extern struct fake_engine_seen {
	unsigned started;
	unsigned freed;
	char last_hop[300]; /* of the last query, "-" for none */
	bool last_required;
	unsigned last_port;
} fake_engine_seen;

#endif
