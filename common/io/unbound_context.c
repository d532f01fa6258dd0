/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/unbound_context.h"

#include <unbound.h>

#include "common/base/lock.h"

/*
 * The library keeps three mutexes for the whole process.  The first call that
 * needs what was set sets them up where they are not, ending any context
 * destroys them, and neither is locked: one engine may end in a thread of its
 * own while the next is made.  Nobody uses them here, they are for servers; but
 * two threads must not be at them at once.
 */
static struct lock context_lock = {PTHREAD_MUTEX_INITIALIZER};

struct ub_ctx *
unbound_context_new(void)
{
	struct ub_ctx *context;

	lock_take(&context_lock);
	context = ub_ctx_create();
	lock_drop(&context_lock);
	return context;
}

void
unbound_context_free(struct ub_ctx *context)
{
	lock_take(&context_lock);
	ub_ctx_delete(context);
	lock_drop(&context_lock);
}

/* Any call on zones makes the library read its files. */
int
unbound_context_ready(struct ub_ctx *context)
{
	int rc;

	lock_take(&context_lock);
	rc = ub_ctx_zone_remove(context, "postern.invalid.");
	lock_drop(&context_lock);
	return rc;
}
