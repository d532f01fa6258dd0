/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_insecure.h"

#include <string.h>

#include "common/base/xalloc.h"
#include "common/proto/domain.h"

struct dns_insecure {
	size_t count;
	char **zones;
};

/* The first are for nobody to ask about. */
static const char *const special[] = {"invalid", "localhost", "onion", "alt",
    "home.arpa", "internal", "local", "test"};

enum {
	SPECIAL = sizeof(special) / sizeof(special[0]),
	ANSWERED_HERE = 3,
};

struct dns_insecure *
dns_insecure_new(const struct dns_names *zones)
{
	struct dns_insecure *insecure = xcalloc(1, sizeof(*insecure));

	insecure->count = zones->count + SPECIAL;
	insecure->zones = xcalloc(insecure->count, sizeof(*insecure->zones));
	for (size_t i = 0; i < insecure->count; i++)
		insecure->zones[i] = xstrdup(
		    i < SPECIAL ? special[i] : zones->items[i - SPECIAL]);
	return insecure;
}

void
dns_insecure_free(struct dns_insecure *insecure)
{
	if (insecure == NULL)
		return;
	for (size_t i = 0; i < insecure->count; i++)
		free(insecure->zones[i]);
	free(insecure->zones);
	free(insecure);
}

const char *
dns_insecure_zone(const struct dns_insecure *insecure, size_t number)
{
	return number < insecure->count ? insecure->zones[number] : NULL;
}

bool
dns_insecure_has(const struct dns_insecure *insecure, const char *name)
{
	for (size_t i = 0; i < insecure->count; i++)
		if (domain_under(name, insecure->zones[i]))
			return true;
	return false;
}

bool
dns_insecure_is_answered_here(const char *zone)
{
	for (size_t i = 0; i < ANSWERED_HERE; i++)
		if (strcmp(zone, special[i]) == 0)
			return true;
	return false;
}
