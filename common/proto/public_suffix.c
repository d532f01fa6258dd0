/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/public_suffix.h"

#include <libpsl.h>
#include <string.h>

#include "common/base/text.h"

bool
public_suffix_is_known(void)
{
	return psl_builtin() != NULL && psl_suffix_count(psl_builtin()) != 0;
}

static const char *
drop_label(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot == NULL ? NULL : dot + 1;
}

static bool
is_suffix(const char *name)
{
	return public_suffix_is_known() ? psl_is_public_suffix2(psl_builtin(),
					      name, PSL_TYPE_ICANN) != 0
					: strchr(name, '.') == NULL;
}

void
public_suffix_site(const char *name, char out[LIMIT_DOMAIN_SIZE])
{
	const char *site = name;

	for (const char *above = drop_label(name);
	     above != NULL && !is_suffix(above); above = drop_label(above))
		site = above;
	text_copy(out, LIMIT_DOMAIN_SIZE, site);
}
