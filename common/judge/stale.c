/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/stale.h"

#include <assert.h>

static bool
is_failure(enum result result)
{
	return result == RESULT_FAIL || result == RESULT_SOFTFAIL;
}

bool
stale_probe(const struct facts *facts, const struct verdict *verdict,
    size_t host, size_t address)
{
	const struct address_verdict *judged;

	assert(host < verdict->host_count && host < facts->host_count);
	assert(address < verdict->hosts[host].address_count);
	if (!facts->hosts[host].addresses[address].remembered)
		return false;
	judged = &verdict->hosts[host].addresses[address];
	if (is_failure(verdict->result) &&
	    (judged->outcome == HOST_FAIL || judged->sts_reason != REASON_OK))
		return true;
	/* mail that demands TLS all the way would be refused for good */
	return verdict->requiretls == REQUIRETLS_NOT_OFFERED &&
	       judged->requiretls == REQUIRETLS_NOT_OFFERED;
}
