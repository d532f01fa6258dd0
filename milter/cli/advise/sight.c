/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/advise/sight.h"

#include <string.h>

#include "common/base/text.h"

bool
sight_has_provider(const struct sight *sight, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const struct provider *provider = sight->hosts[i].provider;

		if (provider != NULL &&
		    strncmp(provider->name, name, length) == 0 &&
		    (provider->name[length] == '\0' ||
			strcmp(provider->name + length, "-dnssec") == 0))
			return true;
	}
	return false;
}

bool
sight_hosts_secure(const struct sight *sight)
{
	for (size_t i = 0; i < sight->facts->host_count; i++)
		if (sight->hosts[i].chain != CHAIN_SECURE)
			return false;
	return sight->facts->host_count > 0;
}

const char *
sight_hosts_text(
    const struct sight *sight, sight_pick *pick, char out[SIGHT_NAMES_SIZE])
{
	const char *separator = "";
	struct text text;

	text_init(&text, out, SIGHT_NAMES_SIZE);
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		const char *name = sight->facts->hosts[i].name;

		if (pick != NULL && !pick(sight, i))
			continue;
		if (text.len + strlen(name) + sizeof(", ...") >= text.size) {
			text_add(&text, ", ...");
			break;
		}
		text_addf(&text, "%s%s", separator, name);
		separator = ", ";
	}
	return out;
}

bool
sight_lacks_tlsa(const struct sight *sight, size_t host)
{
	return !standing_host_has_dane(&sight->facts->hosts[host]);
}

bool
sight_lacks_own_tlsa(const struct sight *sight, size_t host)
{
	return sight->hosts[host].own && sight_lacks_tlsa(sight, host);
}

bool
sight_lacks_others_tlsa(const struct sight *sight, size_t host)
{
	return !sight->hosts[host].own && sight_lacks_tlsa(sight, host);
}

bool
sight_is_unchained(const struct sight *sight, size_t host)
{
	return sight->hosts[host].chain != CHAIN_SECURE;
}

bool
sight_fails_secure(const struct sight *sight, size_t host)
{
	const struct verdict *verdict = sight->secure;

	return verdict->hosts != NULL &&
	       (verdict->hosts[host].outcome == HOST_FAIL ||
		   verdict->hosts[host].mixed);
}

bool
sight_is_unseen(const struct sight *sight, size_t host)
{
	const struct verdict *verdict = sight->secure;

	return verdict->hosts == NULL || !verdict->hosts[host].probed ||
	       verdict->hosts[host].outcome == HOST_SKIP;
}
