/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/chain.h"

#include <string.h>

bool
chain_is_bogus(enum chain_state state)
{
	return state == CHAIN_BOGUS_DS || state == CHAIN_BOGUS_SIG;
}

bool
chain_says_mismatch(const char *why)
{
	return strstr(why, "DS_hash_mismatches") != NULL ||
	       strstr(why, "DS hash mismatches") != NULL ||
	       strstr(why, "no_keys_have_a_DS") != NULL ||
	       strstr(why, "no keys have a DS") != NULL;
}

/* The zone answers, and nothing vouches for it. */
static enum chain_state
insecure_state(const struct chain_facts *facts)
{
	if (facts->ds.state == LOOKUP_NOT_ASKED || lookup_failed(&facts->ds))
		return CHAIN_ERROR;
	if (!facts->ds.secure)
		return CHAIN_PARENT_UNSIGNED;
	if (facts->ds.state == LOOKUP_DATA)
		return CHAIN_UNSUPPORTED;
	if (lookup_failed(&facts->dnskey))
		return CHAIN_ERROR;
	return facts->dnskey.state == LOOKUP_DATA ? CHAIN_ISLAND
						  : CHAIN_UNSIGNED;
}

enum chain_state
chain_state_of(const struct chain_facts *facts)
{
	switch (facts->soa.state) {
	case LOOKUP_DATA:
		return facts->soa.secure ? CHAIN_SECURE : insecure_state(facts);
	case LOOKUP_BOGUS:
		return facts->ds_mismatch ? CHAIN_BOGUS_DS : CHAIN_BOGUS_SIG;
	case LOOKUP_NOT_ASKED:
	case LOOKUP_NODATA:
	case LOOKUP_NXDOMAIN:
	case LOOKUP_SERVFAIL:
	case LOOKUP_TIMEOUT:
		break;
	}
	return CHAIN_ERROR;
}

const char *
chain_state_text(enum chain_state state)
{
	static const char *const words[] = {
	    [CHAIN_ERROR] = "error",
	    [CHAIN_BOGUS_DS] = "bogus-ds",
	    [CHAIN_BOGUS_SIG] = "bogus-sig",
	    [CHAIN_PARENT_UNSIGNED] = "parent-unsigned",
	    [CHAIN_UNSIGNED] = "unsigned",
	    [CHAIN_ISLAND] = "island",
	    [CHAIN_UNSUPPORTED] = "unsupported",
	    [CHAIN_SECURE] = "secure",
	};

	return words[state];
}
