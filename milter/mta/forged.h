/* forged - fields of our name that came with a message, and what it costs the
 * MTA to take them out. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_MTA_FORGED_H
#define MILTER_MTA_FORGED_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: nothing was read yet. */
struct forged {
	unsigned count;
	uint64_t read;   /* of the header so far, as the MTA walks over it */
	uint64_t walked; /* from its begin to each copy, all together */
};

/* forged_read - one field of the header; name: that of ours, NULL for none */
void forged_read(struct forged *forged, const char *name,
    const char *field_name, const char *value);

/* forged_is_too_much - whether the MTA must not be made to take out each:
 * LIMIT_FORGED_TAGS, LIMIT_FORGED_WALK */
bool forged_is_too_much(const struct forged *forged);

#endif
