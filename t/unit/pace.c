/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/pace.h"

#include <stdio.h>

#include "t/unit/tap.h"

enum { NOW = 100000 };

/* S03 */
static void
a_host_is_tried_once_a_second(void **state)
{
	static struct pace pace;

	(void)state;
	assert_true(pace_allows(&pace, "a.ex", NOW));
	pace_note(&pace, "a.ex", NOW);
	assert_false(pace_allows(&pace, "a.ex", NOW));
	assert_false(pace_allows(&pace, "a.ex", NOW + 999));
	assert_true(pace_allows(&pace, "b.ex", NOW));
	assert_true(pace_allows(&pace, "a.ex", NOW + 1000));
}

static void
where_all_places_are_taken_none_is_tried(void **state)
{
	static struct pace pace;
	char host[16];

	(void)state;
	for (int i = 0; i < PACE_HOSTS; i++) {
		snprintf(host, sizeof(host), "h%d.ex", i);
		assert_true(pace_allows(&pace, host, NOW + i));
		pace_note(&pace, host, NOW + i);
	}
	assert_false(pace_allows(&pace, "other.ex", NOW + PACE_HOSTS));
	assert_true(pace_allows(&pace, "other.ex", NOW + 1000));
	assert_false(pace_allows(&pace, "h1.ex", NOW + 1000));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_host_is_tried_once_a_second),
	    cmocka_unit_test(where_all_places_are_taken_none_is_tried),
	};

	return RUN_TESTS(tests);
}
