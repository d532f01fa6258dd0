/* tenants - addresses that show the same certificates whatever name is asked
 * for, as those that give each customer a name. For surveys. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_TENANTS_H
#define COMMON_GATHER_TENANTS_H

#include <stdbool.h>

#include "common/base/own.h"
#include "common/judge/facts.h"

enum {
	/* Names that must have been shown the same, and of those that come
	 * after them one of so many is asked for all the same */
	TENANTS_NAMES = 5,
	TENANTS_EVERY = 50,
};

struct tenants;
void tenants_free(struct tenants *tenants);
struct tenants *tenants_new(void) OWNED(tenants_free);

/*
 * tenants_note - what a connection to the address showed for a name
 *
 * True if that differs from what others were told by tenants_infer: what they
 * were told does not hold, and nobody will be told any more.
 */
bool tenants_note(struct tenants *tenants, const char *address,
    const char *name, const struct probe_facts *facts);

/* tenants_infer - what a connection would show for another name, marked as
 * inferred, or NULL: look */
struct probe_facts *tenants_infer(struct tenants *tenants, const char *address)
    OWNED(probe_facts_free);

/* tenants_differ - whether names were seen to differ at the address */
bool tenants_differ(struct tenants *tenants, const char *address);

#endif
