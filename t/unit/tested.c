/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/tested.h"

#include <stdio.h>

#include "common/base/clock.h"
#include "t/unit/tap.h"

enum { LIFE_MS = 60 * 1000 };

static struct tlsrpt_session *
session_of(const char *domain, enum tlsrpt_policy_type type, bool failed)
{
	struct tlsrpt_session *session = tlsrpt_session_new(domain);

	tlsrpt_session_add(session, type)->failed = failed;
	return session;
}

/* What stands for a session to d.example of a kind: "-", or F or S. */
static const char *
ask(struct tested *tested, enum tlsrpt_policy_type type, bool failed,
    const char *line)
{
	AUTO(tlsrpt_session)
	struct tlsrpt_session *told = session_of("d.example", type, failed);
	struct cache_entry *entry;
	const struct tlsrpt_session *found;
	const char *word;

	if (line != NULL)
		tlsrpt_lines_add(&told->outcomes[0].strings, line);
	entry = tested_find(tested, told);
	if (entry == NULL)
		return "-";
	found = cache_value(entry);
	word = found->outcomes[0].failed ? "F" : "S";
	cache_release(entry);
	return word;
}

/* R43 */
static void
a_success_without_a_policy_in_force_is_what_was_found(void **state)
{
	struct tested *tested = tested_new();

	(void)state;
	assert_string_equal(ask(tested, TLSRPT_POLICY_NONE, false, NULL), "-");
	tested_learn(tested, "d.example",
	    session_of("d.example", TLSRPT_POLICY_STS, true), LIFE_MS);
	assert_string_equal(ask(tested, TLSRPT_POLICY_NONE, false, NULL), "F");
	assert_string_equal(
	    ask(tested, TLSRPT_POLICY_STS, false, "mode: testing"), "F");
	assert_string_equal(
	    ask(tested, TLSRPT_POLICY_STS, false, "mode: enforce"), "-");
	assert_string_equal(
	    ask(tested, TLSRPT_POLICY_STS, true, "mode: testing"), "-");
	assert_string_equal(ask(tested, TLSRPT_POLICY_NONE, true, NULL), "-");
	assert_string_equal(ask(tested, TLSRPT_POLICY_TLSA, false, NULL), "-");
	tested_learn(tested, "d.example",
	    session_of("d.example", TLSRPT_POLICY_STS, false), LIFE_MS);
	assert_string_equal(ask(tested, TLSRPT_POLICY_NONE, false, NULL), "S");
	tested_free(tested);
}

static void
it_is_good_for_its_time_and_until_the_policy_is_another(void **state)
{
	struct tested *tested = tested_new();

	(void)state;
	tested_learn(tested, "d.example", NULL, LIFE_MS);
	tested_learn(tested, "d.example",
	    session_of("d.example", TLSRPT_POLICY_STS, true), LIFE_MS);
	tested_learn(tested, "e.example", NULL, LIFE_MS);
	assert_string_equal(ask(tested, TLSRPT_POLICY_NONE, false, NULL), "F");
	tested_learn(tested, "d.example", NULL, LIFE_MS);
	assert_string_equal(ask(tested, TLSRPT_POLICY_NONE, false, NULL), "-");
	tested_learn(tested, "d.example",
	    session_of("d.example", TLSRPT_POLICY_STS, true), LIFE_MS);
	clock_shift(61);
	assert_string_equal(ask(tested, TLSRPT_POLICY_NONE, false, NULL), "-");
	tested_free(tested);
}

static void
so_many_are_kept(void **state)
{
	struct tested *tested = tested_new();
	char name[32];

	(void)state;
	tested_learn(tested, "d.example",
	    session_of("d.example", TLSRPT_POLICY_STS, true), LIFE_MS);
	for (int i = 0; i < LIMIT_TLSRPT_TESTED; i++) {
		snprintf(name, sizeof(name), "d%d.example", i);
		tested_learn(tested, name,
		    session_of(name, TLSRPT_POLICY_STS, true), LIFE_MS);
	}
	assert_string_equal(ask(tested, TLSRPT_POLICY_NONE, false, NULL), "-");
	tested_free(tested);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
	    cmocka_unit_test(
		a_success_without_a_policy_in_force_is_what_was_found),
	    cmocka_unit_test(
		it_is_good_for_its_time_and_until_the_policy_is_another),
	    cmocka_unit_test(so_many_are_kept),
	};

	return RUN_TESTS(all);
}
