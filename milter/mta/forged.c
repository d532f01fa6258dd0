/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/forged.h"

#include <string.h>

#include "common/base/limits.h"
#include "milter/act/tag.h"

/* What a field costs beside its octets: a record of the queue file, two reads
 * and a comparison of names. */
enum { FIELD_COST = 64 };

void
forged_read(struct forged *forged, const char *name, const char *field_name,
    const char *value)
{
	forged->read += FIELD_COST + strlen(field_name) + strlen(value);
	if (name == NULL || !tag_is_field(field_name, name))
		return;
	forged->count++;
	forged->walked += forged->read;
}

bool
forged_is_too_much(const struct forged *forged)
{
	return forged->count > LIMIT_FORGED_TAGS ||
	       forged->walked > LIMIT_FORGED_WALK;
}
