/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/certname.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Whether length octets of presented are the name, ASCII case ignored. */
static bool
is_name(const char *presented, size_t length, const char *name)
{
	return strlen(name) == length &&
	       strncasecmp(presented, name, length) == 0;
}

/* ".example" covers every name that ends so, a wildcard among them. */
static bool
is_below(const char *presented, size_t length, const char *suffix)
{
	size_t end = strlen(suffix);

	return length > end && is_name(presented + length - end, end, suffix);
}

bool
certname_match(const char *presented, const char *name)
{
	size_t length = strlen(presented);
	const char *parent;

	if (length == 0)
		return false;
	if (name[0] == '.')
		return is_below(presented, length, name);
	/* a normalised name has no "*", so a "*" elsewhere never matches */
	if (strncmp(presented, "*.", 2) != 0)
		return is_name(presented, length, name);
	parent = strchr(name, '.');
	if (parent == NULL || strchr(parent + 1, '.') == NULL)
		return false;
	return is_name(presented + 2, length - 2, parent + 1);
}
