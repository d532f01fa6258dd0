/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/stale.h"

#include <assert.h>

static bool
is_failure(enum result result)
{
	return result == RESULT_FAIL || result == RESULT_SOFTFAIL;
}

/* What the policy says of the host's name, no probe can change. */
static bool
rests_on_probe(const struct address_verdict *judged)
{
	if (judged->outcome == HOST_FAIL &&
	    judged->reason != REASON_STS_MX_MISMATCH)
		return true;
	return judged->sts_reason != REASON_OK &&
	       judged->sts_reason != REASON_STS_MX_MISMATCH;
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
	if (is_failure(verdict->result) && rests_on_probe(judged))
		return true;
	/* mail that demands TLS all the way would be refused for good */
	return verdict->requiretls == REQUIRETLS_NOT_OFFERED &&
	       judged->requiretls == REQUIRETLS_NOT_OFFERED;
}
