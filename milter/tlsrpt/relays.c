/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/relays.h"

#include <string.h>

#include "common/base/text.h"

void
relays_init(struct relays *relays)
{
	memset(relays, 0, sizeof(*relays));
	lock_init(&relays->lock);
}

void
relays_fini(struct relays *relays)
{
	lock_fini(&relays->lock);
}

static bool
has_locked(const struct relays *relays, const char *name) HOLDS(relays->lock)
{
	for (size_t i = 0; i < relays->count; i++)
		if (strcmp(relays->names[i], name) == 0)
			return true;
	return false;
}

void
relays_add(struct relays *relays, const char *name)
{
	lock_take(&relays->lock);
	if (!has_locked(relays, name)) {
		text_copy(relays->names[relays->next], LIMIT_DOMAIN_SIZE, name);
		relays->next = (relays->next + 1) % LIMIT_TLSRPT_RELAYS;
		if (relays->count < LIMIT_TLSRPT_RELAYS)
			relays->count++;
	}
	lock_drop(&relays->lock);
}

bool
relays_has(struct relays *relays, const char *name)
{
	bool has;

	lock_take(&relays->lock);
	has = has_locked(relays, name);
	lock_drop(&relays->lock);
	return has;
}
