/* relays - next hops that mail to other domains goes to: the admin's own. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_RELAYS_H
#define MILTER_TLSRPT_RELAYS_H

#include <stdbool.h>

#include "common/base/limits.h"
#include "common/base/lock.h"

/* Of more than LIMIT_TLSRPT_RELAYS the oldest are forgotten. */
struct relays {
	struct lock lock;
	/* with lock */
	size_t count, next;
	char names[LIMIT_TLSRPT_RELAYS][LIMIT_DOMAIN_SIZE];
};

void relays_init(struct relays *relays);
void relays_fini(struct relays *relays);

/* relays_add - mail to another domain goes there; name is normalised
 * relays_has - whether that was ever so */
void relays_add(struct relays *relays, const char *name);
bool relays_has(struct relays *relays, const char *name);

#endif
