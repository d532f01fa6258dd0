/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/hops.h"

#include <assert.h>

void
hops_init(struct hops *hops, size_t count)
{
	assert(count > 0);
	*hops = (struct hops){.count = count, .ttl_s = UINT32_MAX};
}

/* RFC 8689 section 4.2.1 - mail that demands TLS goes on until a host does. */
static bool
keeps_tls(enum requiretls_state requiretls)
{
	return requiretls == REQUIRETLS_NOT_ASKED ||
	       requiretls == REQUIRETLS_MET ||
	       requiretls == REQUIRETLS_UNPROBED;
}

static bool
takes_mail(const struct verdict *verdict)
{
	if (!keeps_tls(verdict->requiretls))
		return false;
	switch (verdict->result) {
	case RESULT_PASS:
	case RESULT_SOFTFAIL:
	case RESULT_SKIP:
		return true;
	case RESULT_NONE:
		return !reason_is_nowhere(verdict->reason);
	case RESULT_TEMPERROR:
	case RESULT_FAIL:
		return false;
	}
	assert(false);
	return false;
}

/* What was given up may do at the next attempt. */
static void
add_passed(const struct hops *hops, struct verdict *verdict)
{
	if (hops->ttl_s < verdict->ttl_s)
		verdict->ttl_s = hops->ttl_s;
	if (hops->maybe_require && !keeps_tls(verdict->requiretls))
		verdict->requiretls = REQUIRETLS_UNKNOWN;
}

bool
hops_settle(struct hops *hops, struct verdict *verdict)
{
	assert(hops->passed < hops->count);
	if (hops->passed + 1 == hops->count || takes_mail(verdict)) {
		add_passed(hops, verdict);
		return true;
	}
	hops->passed++;
	if (verdict->ttl_s < hops->ttl_s)
		hops->ttl_s = verdict->ttl_s;
	if (verdict->requiretls == REQUIRETLS_UNKNOWN)
		hops->maybe_require = true;
	return false;
}
