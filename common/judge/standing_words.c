/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/standing.h"

const char *
standing_mx_text(enum standing_mx mx)
{
	static const char *const words[] = {
	    [STANDING_MX_ERROR] = "error",
	    [STANDING_MX_RECORDS] = "mx",
	    [STANDING_MX_IMPLICIT] = "implicit",
	    [STANDING_MX_NULL] = "null-mx",
	    [STANDING_MX_NXDOMAIN] = "nxdomain",
	    [STANDING_MX_NO_ADDRESS] = "no-address",
	};

	return words[mx];
}

const char *
standing_share_text(enum standing_share share)
{
	static const char *const words[] = {
	    [STANDING_NA] = "na",
	    [STANDING_NOTHING] = "none",
	    [STANDING_SOME] = "some",
	    [STANDING_ALL] = "all",
	};

	return words[share];
}

const char *
standing_dane_text(enum standing_dane dane)
{
	static const char *const words[] = {
	    [STANDING_DANE_ERROR] = "error",
	    [STANDING_DANE_NONE] = "none",
	    [STANDING_DANE_MISPLACED] = "misplaced",
	    [STANDING_DANE_INSECURE] = "insecure",
	    [STANDING_DANE_UNUSABLE] = "unusable",
	    [STANDING_DANE_PARTIAL] = "partial",
	    [STANDING_DANE_HALF] = "half",
	    [STANDING_DANE_FULL] = "full",
	};

	return words[dane];
}

const char *
standing_health_text(enum standing_health health)
{
	static const char *const words[] = {
	    [STANDING_UNKNOWN] = "unknown",
	    [STANDING_BROKEN] = "broken",
	    [STANDING_DEGRADED] = "degraded",
	    [STANDING_NO_HEALTH] = "na",
	    [STANDING_OK] = "ok",
	};

	return words[health];
}

const char *
standing_record_text(enum standing_record record)
{
	static const char *const words[] = {
	    [STANDING_RECORD_ERROR] = "error",
	    [STANDING_RECORD_INVALID] = "invalid",
	    [STANDING_RECORD_NONE] = "none",
	    [STANDING_RECORD_VALID] = "valid",
	};

	return words[record];
}

const char *
standing_policy_text(enum standing_policy policy)
{
	static const char *const words[] = {
	    [STANDING_POLICY_NONE] = "none",
	    [STANDING_POLICY_SKIPPED] = "skipped",
	    [STANDING_POLICY_FAILED] = "failed",
	    [STANDING_POLICY_FETCHED] = "fetched",
	};

	return words[policy];
}

const char *
standing_protection_text(enum standing_protection protection)
{
	static const char *const words[] = {
	    [STANDING_PROTECTION_UNKNOWN] = "unknown",
	    [STANDING_NEITHER] = "neither",
	    [STANDING_PARTIAL] = "partial",
	    [STANDING_STS_TESTING] = "sts-testing",
	    [STANDING_STS] = "sts",
	    [STANDING_DANE] = "dane",
	    [STANDING_BOTH] = "both",
	    [STANDING_PROTECTION_NA] = "na",
	};

	return words[protection];
}
