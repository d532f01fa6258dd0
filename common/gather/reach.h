/* reach - whether any mail host can be connected to. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_REACH_H
#define COMMON_GATHER_REACH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/own.h"

struct reach;

/* The way out is open once more, or it is shut; by whoever notes it.  It must
 * not block. */
typedef void reach_changed(void *arg, bool open);

/*
 * reach_new - watch connections to port; it counts as open
 *
 * changed may be NULL.
 */
void reach_free(struct reach *reach);
struct reach *
reach_new(uint16_t port, reach_changed *changed, void *arg) OWNED(reach_free);

/*
 * reach_note - a connection to address was tried, and came about or not
 *
 * It is shut when none has come about for five minutes, to several addresses,
 * and open as soon as one does.  Other ports than the watched one say nothing.
 */
void reach_note(
    struct reach *reach, const char *address, uint16_t port, bool connected);

bool reach_is_shut(struct reach *reach);

/* reach_wants_trial - it is shut, and time to try whether it still is: true
 * once a minute */
bool reach_wants_trial(struct reach *reach);

#endif
