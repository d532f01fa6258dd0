/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/chain.h"

#include <string.h>

#include "t/unit/tap.h"

#define SECURE(state)          \
	{                      \
		state, true, 1 \
	}
#define INSECURE(state)         \
	{                       \
		state, false, 1 \
	}

static const struct {
	const char *word;
	struct lookup soa, ds, dnskey;
	bool mismatch;
} rows[] = {
    {"secure", SECURE(LOOKUP_DATA), SECURE(LOOKUP_DATA), SECURE(LOOKUP_DATA),
	false},
    {"unsigned", INSECURE(LOOKUP_DATA), SECURE(LOOKUP_NODATA),
	INSECURE(LOOKUP_NODATA), false},
    /* A09 */
    {"island", INSECURE(LOOKUP_DATA), SECURE(LOOKUP_NODATA),
	INSECURE(LOOKUP_DATA), false},
    /* A10 */
    {"bogus-ds", INSECURE(LOOKUP_BOGUS), SECURE(LOOKUP_DATA),
	INSECURE(LOOKUP_BOGUS), true},
    {"bogus-sig", INSECURE(LOOKUP_BOGUS), SECURE(LOOKUP_DATA),
	SECURE(LOOKUP_DATA), false},
    {"parent-unsigned", INSECURE(LOOKUP_DATA), INSECURE(LOOKUP_NODATA),
	INSECURE(LOOKUP_NODATA), false},
    {"parent-unsigned", INSECURE(LOOKUP_DATA), INSECURE(LOOKUP_DATA),
	INSECURE(LOOKUP_DATA), false},
    {"unsupported", INSECURE(LOOKUP_DATA), SECURE(LOOKUP_DATA),
	INSECURE(LOOKUP_DATA), false},
    {"error", INSECURE(LOOKUP_SERVFAIL), SECURE(LOOKUP_DATA),
	SECURE(LOOKUP_DATA), false},
    {"error", INSECURE(LOOKUP_TIMEOUT), SECURE(LOOKUP_DATA),
	SECURE(LOOKUP_DATA), false},
    {"error", INSECURE(LOOKUP_DATA), INSECURE(LOOKUP_SERVFAIL),
	INSECURE(LOOKUP_DATA), false},
    {"error", INSECURE(LOOKUP_DATA), SECURE(LOOKUP_NODATA),
	INSECURE(LOOKUP_TIMEOUT), false},
    {"error", INSECURE(LOOKUP_DATA), INSECURE(LOOKUP_NOT_ASKED),
	INSECURE(LOOKUP_DATA), false},
    {"error", INSECURE(LOOKUP_NOT_ASKED), INSECURE(LOOKUP_NOT_ASKED),
	INSECURE(LOOKUP_NOT_ASKED), false},
};

static void
lookups_tell_where_the_chain_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct chain_facts facts = {.soa = rows[i].soa,
		    .ds = rows[i].ds,
		    .dnskey = rows[i].dnskey,
		    .ds_mismatch = rows[i].mismatch};
		enum chain_state found = chain_state_of(&facts);

		ROW_TEXT(rows[i].word, chain_state_text(found), rows[i].word);
		ROW(rows[i].word, chain_is_bogus(found) ==
				      (strncmp(rows[i].word, "bogus", 5) == 0));
	}
}

static void
a_resolver_says_that_no_key_fits(void **state)
{
	(void)state;
	assert_true(chain_says_mismatch(
	    "validation_failure_[d.example._MX_IN]:_DS_hash_mismatches_key"));
	assert_true(chain_says_mismatch("no keys have a DS with algorithm"));
	assert_true(chain_says_mismatch("no_keys_have_a_DS_with_algorithm"));
	assert_true(chain_says_mismatch("failure: DS hash mismatches key"));
	assert_false(chain_says_mismatch("signature expired"));
	assert_false(chain_says_mismatch(""));
}

int
main(void)
{
	const struct CMUnitTest chain[] = {
	    cmocka_unit_test(lookups_tell_where_the_chain_ends),
	    cmocka_unit_test(a_resolver_says_that_no_key_fits),
	};

	return RUN_TESTS(chain);
}
