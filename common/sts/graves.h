/* graves - policies that were forgotten, and of which no copy counts any more,
 * for a day. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_GRAVES_H
#define COMMON_STS_GRAVES_H

#include <stdbool.h>
#include <time.h>

#include "common/base/own.h"

struct graves;
void graves_free(struct graves *graves);
struct graves *graves_new(void) OWNED(graves_free);

/* graves_bury - copies of a domain's policy that were fetched by then count no
 * more; of LIMIT_SHARED_GRAVES domains, the last ones */
void graves_bury(struct graves *graves, const char *domain, time_t at);

/* graves_hold - whether one that was fetched then is such a copy */
bool graves_hold(
    struct graves *graves, const char *domain, time_t fetched_s, time_t now);

#endif
