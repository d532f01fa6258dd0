/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/advise/providers.h"

#include <assert.h>
#include <string.h>

#include "common/base/limits.h"
#include "t/fuzz/fuzz.h"

/* Name and suffix fit, whatever the table says. */
static void
check_provider(const struct provider *provider)
{
	if (provider == NULL)
		return;
	assert(provider->suffix[0] == '.' && provider->suffix[1] != '\0');
	assert(provider->name[0] != '\0' && strlen(provider->asof) == 7);
	assert(strcmp(provider_class_text(provider), "unknown") != 0);
}

/* The table of providers. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {.text = ""};
	AUTO(providers)
	struct providers *providers =
	    providers_parse((const char *)data, size, &err);

	if (providers == NULL) {
		assert(err.text[0] != '\0');
		return 0;
	}
	assert(providers_count(providers) <= LIMIT_PROVIDERS);
	check_provider(providers_find(providers, "mx.a.example"));
	check_provider(providers_find_dns(providers, "ns.a.example"));
	return 0;
}
