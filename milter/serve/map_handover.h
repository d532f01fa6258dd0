/* map_handover - askings whose checks have ended in other threads, on their way
 * to the listener's. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_MAP_HANDOVER_H
#define MILTER_SERVE_MAP_HANDOVER_H

struct map_asking;

/*
 * map_handover_open - from here on, woken is called in the thread that puts
 *
 * map_handover_close: waits for those that call woken, which is not called any
 * more when it returns.  What was not taken is freed, and so is what is put
 * from then on.
 */
void map_handover_open(void (*woken)(void));
void map_handover_close(void);

/* map_handover_put - an asking with its reply; it is not the caller's any more
 */
void map_handover_put(struct map_asking *asking);

/* map_handover_take - all that were put, newest first, by their next; NULL for
 * none */
struct map_asking *map_handover_take(void);

#endif
